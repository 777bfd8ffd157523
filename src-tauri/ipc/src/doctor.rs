//! The context doctor: why a cluster cannot be reached, step by step, and what to try.

use serde::{Deserialize, Serialize};

/// Walks the way to a cluster step by step and says where it ends. It switches to nothing, and
/// runs a program for credentials only when that was allowed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct DiagnoseCluster {
    /// [`crate::cluster::ClusterEntry::id`].
    pub cluster: String,
}

/// Reply to [`DiagnoseCluster`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct Diagnosis {
    /// The cluster.
    pub cluster: String,
    /// When it was looked at, epoch seconds.
    pub at: i64,
    /// The steps, in the order of the way.
    #[cfg_attr(test, proptest(strategy = "crate::roundtrip::few()"))]
    pub checks: Vec<Check>,
}

/// One step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct Check {
    /// Which.
    pub step: Step,
    /// What it is called on screen: "Kubeconfig entry".
    pub name: String,
    /// How it went.
    pub state: CheckState,
    /// What was found: file, binary and PATH, exit code, certificate chain … one fact per line,
    /// secrets masked.
    pub detail: String,
    /// What to try; empty when there is nothing to do.
    pub advice: String,
    /// Milliseconds it took.
    pub took_ms: u32,
}

/// The steps of the way to a cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// The context, its cluster and its user are there and complete.
    Kubeconfig,
    /// The program for credentials: which binary on which PATH, exit code, end of its stderr.
    ExecPlugin,
    /// The proxy between, if any.
    Proxy,
    /// The name's addresses.
    Dns,
    /// A connection to the port.
    Tcp,
    /// The handshake and the server's certificate chain.
    Tls,
    /// `GET /version`.
    Http,
    /// Whether the credentials are taken, and until when they are good.
    Credentials,
    /// This machine's clock against the server's.
    Clock,
}

/// How a step went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "snake_case")]
pub enum CheckState {
    /// As it should be.
    Ok,
    /// It works, but not for long or not safely.
    Warning,
    /// This is (part of) the reason.
    Failed,
    /// Not looked at: an earlier step failed, or it does not apply.
    Skipped,
}
