//! Port-forwards: a port of this machine's loopback that leads to a port of a pod.

use serde::{Deserialize, Serialize};

use crate::object::ObjectRef;

/// Lists the ports that an object offers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct ListPorts {
    /// [`crate::cluster::ClusterEntry::id`].
    pub cluster: String,
    /// A pod, a Service or a workload.
    pub object: ObjectRef,
}

/// A port that is declared; others can be forwarded too.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct OfferedPort {
    /// The object's port: of a Service its own, else the container's.
    pub port: u16,
    /// Its name; may be empty.
    pub name: String,
    /// The container that declares it; empty for a Service.
    pub container: String,
}

/// Begins to forward.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct StartForward {
    /// A resent request begins nothing new.
    pub request_id: String,
    /// [`crate::cluster::ClusterEntry::id`].
    pub cluster: String,
    /// A pod, a Service or a workload.
    pub object: ObjectRef,
    /// Number or name of a port: of a Service its own, else the container's.
    pub port: String,
    /// The port of this machine; 0 is any free one.
    pub local_port: u16,
}

/// Stops forwarding: the port is closed, and every connection through it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct StopForward {
    /// A resent request stops nothing new.
    pub request_id: String,
    /// [`Forward::id`].
    pub id: String,
    /// Whether it leaves the list too.
    pub forget: bool,
}

/// Begins again with what was stopped or has failed, on the same local port.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct RestartForward {
    /// A resent request begins nothing new.
    pub request_id: String,
    /// [`Forward::id`].
    pub id: String,
}

/// Says whether a forward is there again, and begun, when the app starts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct KeepForward {
    /// A resent request changes nothing new.
    pub request_id: String,
    /// [`Forward::id`].
    pub id: String,
    /// Whether it is kept.
    pub kept: bool,
}

/// Opens a forward's address in the system's browser.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct OpenForward {
    /// [`Forward::id`].
    pub id: String,
}

/// Lists all forwards, of every cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct ListForwards {}

/// Streams the list of all forwards; each event is whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct WatchForwards {}

/// A forward.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct Forward {
    /// Names it.
    pub id: String,
    /// [`crate::cluster::ClusterEntry::id`] of the cluster it leads into, whatever is active.
    pub cluster: String,
    /// What that cluster is called.
    pub cluster_name: String,
    /// What it leads to.
    pub object: ObjectRef,
    /// The port as it was asked for, a number or a name.
    pub port: String,
    /// The port of this machine.
    pub local_port: u16,
    /// `http://localhost:8080`.
    pub url: String,
    /// How it is.
    pub state: ForwardState,
    /// When it was last begun, epoch seconds.
    pub started_at: i64,
    /// Whether it is there again when the app starts.
    pub kept: bool,
    /// Connections that are open.
    pub open: u32,
    /// Connections there were.
    #[cfg_attr(test, proptest(strategy = "0..(1_u64 << 53)"))]
    pub connections: u64,
    /// Connections that failed.
    #[cfg_attr(test, proptest(strategy = "0..(1_u64 << 53)"))]
    pub failed: u64,
    /// Bytes sent to pods.
    #[cfg_attr(test, proptest(strategy = "0..(1_u64 << 53)"))]
    pub sent: u64,
    /// Bytes received from pods.
    #[cfg_attr(test, proptest(strategy = "0..(1_u64 << 53)"))]
    pub received: u64,
    /// Why the last connection that failed did.
    pub last_error: Option<String>,
}

/// How a forward is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase", tag = "state")]
pub enum ForwardState {
    /// A connection would reach this pod.
    Active {
        /// The pod.
        pod: String,
        /// Its port.
        port: u16,
    },
    /// The port is open, but no pod is ready: connections wait a moment.
    Waiting {
        /// Why.
        reason: String,
    },
    /// The port is closed because of a fault.
    Failed {
        /// Why.
        reason: String,
    },
    /// The port is closed because somebody wanted it.
    Stopped,
}
