//! What is read of a pod's spec, in a pod and in a workload's template.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

/// A pod's spec.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodSpec {
    /// The containers, in order.
    pub containers: Vec<Container>,
    /// The init containers, in order; a sidecar has `restart_policy` "Always".
    pub init_containers: Vec<Container>,
    /// The node it runs on; empty before it is scheduled.
    pub node_name: String,
    /// Labels the node must have.
    pub node_selector: BTreeMap<String, String>,
    /// Affinity rules as served.
    pub affinity: Option<Value>,
    /// Tolerated taints.
    pub tolerations: Vec<Toleration>,
    /// Volumes that refer to other objects.
    pub volumes: Vec<Volume>,
    /// `Always`, `OnFailure` or `Never`; empty means `Always`.
    pub restart_policy: String,
    /// ServiceAccount it runs as.
    pub service_account_name: String,
    /// Secrets with registry credentials.
    pub image_pull_secrets: Vec<NameRef>,
    /// Conditions that must be True for Ready.
    pub readiness_gates: Vec<Value>,
    /// What holds the scheduling.
    pub scheduling_gates: Vec<NameRef>,
    /// Which scheduler places it.
    pub scheduler_name: String,
    /// Priority class.
    pub priority_class_name: String,
    /// Shares the node's network.
    pub host_network: bool,
}

/// One container.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
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
}

/// One declared port.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ContainerPort {
    /// Its name; may be empty.
    pub name: String,
    /// 1 to 65535.
    pub container_port: u16,
    /// `TCP`, `UDP` or `SCTP`; empty means TCP.
    pub protocol: String,
}

/// One environment variable.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
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
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct EnvSource {
    /// A key of a ConfigMap.
    pub config_map_key_ref: Option<KeyRef>,
    /// A key of a Secret.
    pub secret_key_ref: Option<KeyRef>,
}

/// A key of a named object.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
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
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct EnvFrom {
    /// A ConfigMap.
    pub config_map_ref: Option<NameRef>,
    /// A Secret.
    pub secret_ref: Option<NameRef>,
}

/// A named object of the same namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NameRef {
    /// Its name.
    pub name: String,
    /// Whether it may be missing.
    pub optional: bool,
}

/// Requests and limits, as written (`500m`, `128Mi`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Resources {
    /// Per resource name.
    pub requests: BTreeMap<String, String>,
    /// Per resource name.
    pub limits: BTreeMap<String, String>,
}

/// A probe; the handler stays as served.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Probe {
    /// HTTP handler.
    pub http_get: Option<Value>,
    /// TCP handler.
    pub tcp_socket: Option<Value>,
    /// gRPC handler.
    pub grpc: Option<Value>,
    /// Command handler.
    pub exec: Option<Value>,
    /// Seconds before the first probe.
    pub initial_delay_seconds: Option<i64>,
    /// Seconds between probes; 10 when absent.
    pub period_seconds: Option<i64>,
    /// Seconds before a probe counts as failed; 1 when absent.
    pub timeout_seconds: Option<i64>,
    /// Failures in a row that count; 3 when absent.
    pub failure_threshold: Option<i64>,
}

/// A volume, as far as it refers to another object.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Volume {
    /// Its name in the pod.
    pub name: String,
    /// A ConfigMap.
    pub config_map: Option<NameRef>,
    /// A Secret.
    pub secret: Option<SecretVolume>,
    /// A claim.
    pub persistent_volume_claim: Option<ClaimVolume>,
}

/// A Secret as a volume.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SecretVolume {
    /// The Secret.
    pub secret_name: String,
    /// Whether it may be missing.
    pub optional: bool,
}

/// A claim as a volume.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ClaimVolume {
    /// The PersistentVolumeClaim.
    pub claim_name: String,
}

/// One toleration.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Toleration {
    /// Empty with `Exists` tolerates all.
    pub key: String,
    /// `Equal` (also when empty) or `Exists`.
    pub operator: String,
    /// Compared with `Equal`.
    pub value: String,
    /// Empty matches all effects.
    pub effect: String,
}

/// A port by number or by name.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum IntOrString {
    /// A number.
    Int(i64),
    /// A name.
    Text(String),
}
