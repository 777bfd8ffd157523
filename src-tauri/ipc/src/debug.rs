//! Looking where there is no shell: a debug container in a pod, or a shell on a node.
//!
//! Both change the cluster, so both are a [`crate::execution::Plan`] first. What was approved is begun by
//! opening [`crate::terminal::TerminalPlace::Debug`]: the terminal is what keeps it.

use serde::{Deserialize, Serialize};

/// The image that is offered: small, with a shell and the usual tools.
pub const DEBUG_IMAGE: &str = "busybox:1.37";
/// The namespace that is offered for the pod of a shell on a node.
pub const DEBUG_NAMESPACE: &str = "default";
/// Hours after which the cluster itself ends the pod of a shell on a node.
pub const NODE_SHELL_HOURS: u64 = 12;

/// Plans a look into a pod or at a node: nothing changes in the cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct PreviewDebug {
    /// [`crate::cluster::ClusterEntry::id`].
    pub cluster: String,
    /// What is looked at.
    pub of: DebugTarget,
    /// The image it is done with; it needs a `sh`.
    pub image: String,
}

/// What is looked at.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase", tag = "kind")]
pub enum DebugTarget {
    /// A pod, from an ephemeral container. It cannot be taken away again.
    Pod {
        /// Its namespace.
        namespace: String,
        /// Its name.
        pod: String,
        /// Its identity: another pod of the same name is never changed.
        uid: Option<String>,
        /// The container whose processes are seen; `None` sees its own only.
        container: Option<String>,
    },
    /// A node, from a privileged pod on it. The pod goes with the terminal.
    Node {
        /// Its name.
        node: String,
        /// Where the pod is made.
        namespace: String,
    },
}
