//! Nodes.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Condition, Meta, object};

/// A node.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Node {
    /// Metadata.
    pub metadata: Meta,
    /// What was asked for.
    pub spec: NodeSpec,
    /// What is.
    pub status: NodeStatus,
}

object!(Node, "", "v1", "nodes");

/// A node's spec.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NodeSpec {
    /// Whether it is cordoned.
    pub unschedulable: bool,
    /// What keeps pods off.
    pub taints: Vec<Taint>,
    /// The cloud's name for it.
    #[serde(rename = "providerID")]
    pub provider_id: String,
}

/// One taint.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Taint {
    /// Its key.
    pub key: String,
    /// Its value; may be empty.
    pub value: String,
    /// `NoSchedule`, `PreferNoSchedule`, `NoExecute`.
    pub effect: String,
}

/// A node's status.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NodeStatus {
    /// What the machine has, as written.
    pub capacity: BTreeMap<String, String>,
    /// What pods may use, as written.
    pub allocatable: BTreeMap<String, String>,
    /// `Ready`, `MemoryPressure` …
    pub conditions: Vec<Condition>,
    /// Addresses by type.
    pub addresses: Vec<NodeAddress>,
    /// Versions.
    pub node_info: NodeInfo,
}

/// One address of a node.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct NodeAddress {
    /// `InternalIP`, `ExternalIP`, `Hostname`.
    pub r#type: String,
    /// The address.
    pub address: String,
}

/// Versions a node reports.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NodeInfo {
    /// `v1.36.3`.
    pub kubelet_version: String,
    /// `Debian GNU/Linux 12 (bookworm)`.
    pub os_image: String,
    /// `6.1.0-18-amd64`.
    pub kernel_version: String,
    /// `containerd://1.6.20`.
    pub container_runtime_version: String,
    /// `amd64`.
    pub architecture: String,
    /// `linux`.
    pub operating_system: String,
}
