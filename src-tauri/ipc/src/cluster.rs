//! Clusters the user can reach, and the state of the active one.

use serde::{Deserialize, Serialize};

/// Lists every context of every known kubeconfig, and the demo cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
pub struct ListClusters {}

/// Reply to [`ListClusters`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct ClusterList {
    /// Contexts in the order of their files, the demo cluster last.
    #[cfg_attr(test, proptest(strategy = "crate::roundtrip::few()"))]
    pub clusters: Vec<ClusterEntry>,
    /// Id of the active entry.
    pub current_cluster: Option<String>,
    /// Kubeconfig files that could not be read; the others still work.
    #[cfg_attr(test, proptest(strategy = "crate::roundtrip::few()"))]
    pub problems: Vec<KubeconfigProblem>,
}

/// One cluster the user may switch to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct ClusterEntry {
    /// Opaque id, stable while the context's file and name are.
    pub id: String,
    /// What a person calls it: the context's name, or "Demo cluster".
    pub name: String,
    /// The kubeconfig context; empty for the demo cluster.
    pub context_name: String,
    /// The context's own namespace; "default" when it names none.
    pub namespace: String,
    /// Address of the API server, without credentials.
    pub server: String,
    /// Whether it is the active one.
    pub is_active: bool,
    /// Result of the last attempt to reach it; `None` before the first.
    pub is_reachable: Option<bool>,
    /// The file the context comes from; empty for the demo cluster.
    pub kubeconfig_path: String,
    /// Why it cannot be reached or used.
    pub error: Option<String>,
    /// True for the embedded demo cluster.
    pub is_demo: bool,
}

/// A kubeconfig file that was left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct KubeconfigProblem {
    /// The file.
    pub path: String,
    /// What is wrong with it, and where.
    pub message: String,
}

/// Makes another cluster the active one, if it answers; else the previous one stays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct SwitchCluster {
    /// Unique per intended switch.
    pub request_id: String,
    /// [`ClusterEntry::id`].
    pub cluster: String,
}

/// Asks for the state of the active cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
pub struct GetStatus {}

/// Streams the state of the active cluster: once at the start and on every change.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
pub struct WatchStatus {}

/// State of the active cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct ClusterStatus {
    /// Whether the last contact with the API server succeeded.
    pub connected: bool,
    /// Id of the active cluster; `None` while there is none.
    pub cluster: Option<String>,
    /// Its name; empty while there is none.
    pub cluster_name: String,
    /// Version of the app.
    pub version: String,
    /// Version of the API server, `v1.36.3`.
    pub kube_version: Option<String>,
    /// Nodes in the cluster; `None` when they may not be listed.
    pub node_count: Option<u64>,
    /// Namespaces in the cluster; `None` when they may not be listed.
    pub namespace_count: Option<u64>,
    /// True for the embedded demo cluster.
    pub is_demo: bool,
    /// Why it is not connected.
    pub error: Option<String>,
}

/// Lists the namespaces of a cluster, sorted; the context's own when they may not be listed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct ListNamespaces {
    /// [`ClusterEntry::id`].
    pub cluster: String,
}
