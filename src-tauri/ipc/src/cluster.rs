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
    /// The files that are looked at, in kubectl's order, those added in the app last.
    #[cfg_attr(test, proptest(strategy = "crate::roundtrip::few()"))]
    pub files: Vec<KubeconfigFile>,
    /// Names that a later file defines again: the first file's definition is used.
    #[cfg_attr(test, proptest(strategy = "crate::roundtrip::few()"))]
    pub shadowed: Vec<ShadowedName>,
}

/// A kubeconfig file that is looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct KubeconfigFile {
    /// The file.
    pub path: String,
    /// Why it is looked at.
    pub origin: FileOrigin,
    /// Whether it is there; one that is not is no problem, as with kubectl.
    pub exists: bool,
    /// Contexts it defines, shadowed ones included.
    pub contexts: u32,
}

/// Why a kubeconfig file is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "snake_case")]
pub enum FileOrigin {
    /// `KUBECONFIG`, or `~/.kube/config` without it.
    Environment,
    /// [`AddKubeconfig`]: it can be removed again.
    Added,
}

/// A name that stands in two files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct ShadowedName {
    /// What is named twice.
    pub part: KubeconfigPart,
    /// The name.
    pub name: String,
    /// The file whose definition is used.
    pub used: String,
    /// The file whose definition is not.
    pub ignored: String,
}

/// What a kubeconfig names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "snake_case")]
pub enum KubeconfigPart {
    /// A context.
    Context,
    /// A cluster.
    Cluster,
    /// A user.
    User,
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
    /// Whether a connection to it is open, active or not.
    pub is_connected: bool,
    /// The server's certificate is not verified (`insecure-skip-tls-verify`) or there is no TLS:
    /// to be shown loudly.
    pub insecure: bool,
    /// Changes want the cluster's name typed; see [`SetProtected`].
    pub protected: bool,
    /// The program that gives its credentials; `None` when the kubeconfig holds them itself.
    pub exec: Option<ExecPlugin>,
    /// The namespaces last chosen here; empty means all. See [`SelectNamespaces`].
    #[cfg_attr(test, proptest(strategy = "crate::roundtrip::few()"))]
    pub namespaces: Vec<String>,
    /// What the last look at it found; `None` before the first.
    pub health: Option<ClusterHealth>,
}

/// What a look at a cluster found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct ClusterHealth {
    /// When it was looked at, epoch seconds.
    pub checked_at: i64,
    /// Whether it answered and took the credentials.
    pub reachable: bool,
    /// Version of the API server, `v1.36.3`; of an earlier look when this one failed.
    pub version: Option<String>,
    /// Milliseconds the answer took; `None` when there was none.
    pub latency_ms: Option<u32>,
    /// When it last answered, epoch seconds.
    pub last_seen: Option<i64>,
    /// Why it did not.
    pub error: Option<String>,
}

/// A program that a kubeconfig wants run for credentials. Values of its environment stay in core.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct ExecPlugin {
    /// The command as it would be started.
    pub command: String,
    /// Its arguments.
    #[cfg_attr(test, proptest(strategy = "crate::roundtrip::few()"))]
    pub args: Vec<String>,
    /// Names of the variables the kubeconfig sets for it.
    #[cfg_attr(test, proptest(strategy = "crate::roundtrip::few()"))]
    pub env: Vec<String>,
    /// What to do when it is not installed, in the kubeconfig's own words.
    pub install_hint: Option<String>,
    /// Changes when command, arguments or environment do: what [`AllowExec`] allows.
    pub hash: String,
    /// Whether a person has allowed it to run.
    pub allowed: bool,
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
    /// The line, counted from 1, where it is known.
    pub line: Option<u32>,
}

/// Reads the kubeconfigs again and looks at every cluster at once, 5 s each at most. Programs for
/// credentials that nobody has allowed are not run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
pub struct RefreshClusters {}

/// Streams the list of clusters: once at the start, and whenever a kubeconfig, a connection or
/// what is known of a cluster's health changes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
pub struct WatchClusters {}

/// Looks at one cluster without switching to it. A cluster that does not answer is an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct TestCluster {
    /// [`ClusterEntry::id`].
    pub cluster: String,
}

/// Adds a kubeconfig file to those the environment names. It is read, never written or copied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct AddKubeconfig {
    /// Unique per intended change.
    pub request_id: String,
    /// Absolute path; one that cannot be read as a kubeconfig is refused.
    pub path: String,
}

/// Stops looking at a file that was added in the app; open connections stay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct RemoveKubeconfig {
    /// Unique per intended change.
    pub request_id: String,
    /// [`KubeconfigFile::path`] of one with [`FileOrigin::Added`].
    pub path: String,
}

/// Lets a cluster's program for credentials run, now and later, for as long as it stays the same.
/// Until then whatever needs it fails with [`crate::Code::ConsentNeeded`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct AllowExec {
    /// Unique per intended change.
    pub request_id: String,
    /// [`ClusterEntry::id`].
    pub cluster: String,
    /// [`ExecPlugin::hash`] of what was shown; another one is refused as a conflict.
    pub hash: String,
}

/// Protects a cluster, or ends that: changes of a protected one want its name typed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct SetProtected {
    /// Unique per intended change.
    pub request_id: String,
    /// [`ClusterEntry::id`].
    pub cluster: String,
    /// Whether it is protected from now on.
    pub protected: bool,
}

/// Remembers the namespaces chosen for a cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct SelectNamespaces {
    /// Unique per intended change.
    pub request_id: String,
    /// [`ClusterEntry::id`].
    pub cluster: String,
    /// Their names, at most 1000; empty means all.
    #[cfg_attr(test, proptest(strategy = "crate::roundtrip::few()"))]
    pub namespaces: Vec<String>,
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
