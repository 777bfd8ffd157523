//! Files on their way between a container and this machine. Each copy is a stream: ending it ends
//! the copy.

use serde::{Deserialize, Serialize};

/// The most names that are told of what was left out.
pub const MOST_LEFT_OUT: usize = 100;

/// A container, as copies name it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct InContainer {
    /// [`crate::cluster::ClusterEntry::id`].
    pub cluster: String,
    /// Namespace of the pod.
    pub namespace: String,
    /// The pod.
    pub pod: String,
    /// Its identity: another pod of the same name is never entered.
    pub uid: Option<String>,
    /// The container; `None` is the pod's default one.
    pub container: Option<String>,
}

/// Copies a file or a folder of a container into a new folder among the downloads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct CopyFromPod {
    /// The container.
    pub from: InContainer,
    /// What is copied: an absolute path.
    pub path: String,
}

/// Copies a file or a folder of this machine into a folder of a container.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct CopyToPod {
    /// The container.
    pub to: InContainer,
    /// What is copied: an absolute path of this machine.
    pub local: String,
    /// The folder that it is put into: an absolute path.
    pub folder: String,
}

/// How far a copy is; the last one has an end.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct CopyEvent {
    /// Files copied.
    #[cfg_attr(test, proptest(strategy = "0..(1_u64 << 53)"))]
    pub files: u64,
    /// Bytes of them.
    #[cfg_attr(test, proptest(strategy = "0..(1_u64 << 53)"))]
    pub bytes: u64,
    /// How it ended.
    pub end: Option<CopyEnd>,
}

/// How a copy ended.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct CopyEnd {
    /// Where the copy is.
    pub path: String,
    /// Why it is not whole, if so.
    pub failure: Option<String>,
    /// What was left out and why, at most [`MOST_LEFT_OUT`]: links, devices, names that lead
    /// elsewhere.
    #[cfg_attr(test, proptest(strategy = "crate::roundtrip::few()"))]
    pub left_out: Vec<String>,
    /// How many were left out.
    #[cfg_attr(test, proptest(strategy = "0..(1_u64 << 53)"))]
    pub left_out_count: u64,
}
