//! Containers of a pod's spec.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Probe, SecurityContext, pod_rules};
use crate::wire::{self, wire};

/// A port by number or by name.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(untagged)]
pub enum IntOrString {
    /// A number.
    Int(i64),
    /// A name.
    Text(String),
}

impl Default for IntOrString {
    fn default() -> Self {
        Self::Int(0)
    }
}

/// One container.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Container {
    /// Its name.
    pub name: String,
    /// The image reference as written.
    pub image: String,
    /// Overrides the image's entrypoint.
    pub command: Vec<String>,
    /// Arguments.
    pub args: Vec<String>,
    /// Declared ports.
    pub ports: Vec<ContainerPort>,
    /// Environment; values of plain variables are kept, references by name only.
    pub env: Vec<EnvVar>,
    /// Environment taken from whole objects.
    pub env_from: Vec<EnvFrom>,
    /// Requests and limits.
    pub resources: Resources,
    /// Restarts the container when it fails.
    pub liveness_probe: Option<Probe>,
    /// Takes the pod out of Services when it fails.
    pub readiness_probe: Option<Probe>,
    /// Holds the other probes back until it succeeds.
    pub startup_probe: Option<Probe>,
    /// "Always" on an init container makes it a sidecar.
    pub restart_policy: String,
    /// `Always`, `IfNotPresent`, `Never`.
    pub image_pull_policy: String,
    /// As whom its processes run, where it differs from the pod.
    pub security_context: SecurityContext,
}

/// One declared port.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ContainerPort {
    /// Its name; may be empty.
    pub name: String,
    /// 1 to 65535.
    pub container_port: u16,
    /// `TCP`, `UDP` or `SCTP`; empty means TCP.
    pub protocol: String,
    /// The node's port; 0 for none.
    pub host_port: u16,
}

/// One environment variable.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct EnvVar {
    /// Its name.
    pub name: String,
    /// Its plain value.
    pub value: String,
    /// Where the value comes from instead.
    pub value_from: Option<EnvSource>,
}

/// Where an environment variable's value comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct EnvSource {
    /// A key of a ConfigMap.
    pub config_map_key_ref: Option<KeyRef>,
    /// A key of a Secret.
    pub secret_key_ref: Option<KeyRef>,
}

/// A key of a named object.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct KeyRef {
    /// The object.
    pub name: String,
    /// The key.
    pub key: String,
    /// Whether it may be missing.
    pub optional: bool,
}

/// Environment taken from a whole object.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct EnvFrom {
    /// A ConfigMap.
    pub config_map_ref: Option<NameRef>,
    /// A Secret.
    pub secret_ref: Option<NameRef>,
}

/// A named object of the same namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NameRef {
    /// Its name.
    pub name: String,
    /// Whether it may be missing.
    pub optional: bool,
}

/// Requests and limits, as written (`500m`, `128Mi`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Resources {
    /// Per resource name.
    pub requests: BTreeMap<String, String>,
    /// Per resource name.
    pub limits: BTreeMap<String, String>,
}

wire!(Container {
    1 => name,
    2 => image,
    3 => command,
    4 => args,
    6 => ports,
    7 => env,
    8 => resources,
    10 => liveness_probe,
    11 => readiness_probe,
    14 => image_pull_policy,
    15 => security_context via pod_rules::of_container,
    19 => env_from,
    22 => startup_probe,
    24 => restart_policy,
});
wire!(ContainerPort { 1 => name, 2 => host_port, 3 => container_port, 4 => protocol });
wire!(EnvVar { 1 => name, 2 => value, 3 => value_from });
wire!(EnvSource { 3 => config_map_key_ref, 4 => secret_key_ref });
wire!(KeyRef { 1 => name via wire::local_name, 2 => key, 3 => optional });
wire!(EnvFrom { 2 => config_map_ref, 3 => secret_ref });
// `ConfigMapEnvSource` and `SecretEnvSource` nest the name.
wire!(NameRef { 1 => name via wire::local_name, 2 => optional });
wire!(Resources {
    1 => limits via wire::quantities,
    2 => requests via wire::quantities,
});
