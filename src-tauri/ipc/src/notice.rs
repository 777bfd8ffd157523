//! What happened while nobody looked: kept until a person deletes it, 1,000 of them at most.

use serde::{Deserialize, Serialize};

/// Streams the notices: once at the start and on every change.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
pub struct WatchNotices {}

/// The notices as they are now.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct NoticeList {
    /// How many are unread, shown here or not.
    pub unread: u32,
    /// How many there are.
    pub total: u32,
    /// The newest 200, newest first.
    #[cfg_attr(test, proptest(strategy = "crate::roundtrip::few()"))]
    pub notices: Vec<Notice>,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct Notice {
    /// Names it.
    pub id: u32,
    /// When, epoch seconds of this machine.
    pub at: i64,
    /// How good or bad.
    pub level: NoticeLevel,
    /// What it comes from.
    pub source: NoticeSource,
    /// What the cluster it is about is called; empty when it is about none.
    pub cluster: String,
    /// What happened, a sentence.
    pub title: String,
    /// The raw cause, secrets masked.
    pub detail: Option<String>,
    /// Where it leads in the window, `#/incidents/…`.
    pub route: Option<String>,
    /// Whether a person has seen it.
    pub read: bool,
}

/// How good or bad a notice is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "snake_case")]
pub enum NoticeLevel {
    /// Something worked.
    Success,
    /// Worth knowing.
    Info,
    /// Worth a look.
    Warning,
    /// Something failed or broke.
    Error,
}

/// What a notice comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "snake_case")]
pub enum NoticeSource {
    /// The way to a cluster.
    Cluster,
    /// An incident.
    Incident,
    /// A change of a cluster.
    Execution,
    /// Something else that was asked for.
    Command,
}

/// Adds a notice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct AddNotice {
    /// Unique per intended change.
    pub request_id: String,
    /// What must not be told twice, `incident/ID`; a notice with a key that was there is not added,
    /// not even after it was deleted and the window was loaded anew. Empty means always.
    pub key: String,
    /// How good or bad.
    pub level: NoticeLevel,
    /// What it comes from.
    pub source: NoticeSource,
    /// What the cluster it is about is called.
    pub cluster: String,
    /// What happened, a sentence of at most 500 characters.
    pub title: String,
    /// The raw cause, at most 4,000 characters.
    pub detail: Option<String>,
    /// Where it leads in the window.
    pub route: Option<String>,
}

/// Marks notices as read or unread.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct MarkNotices {
    /// Unique per intended change.
    pub request_id: String,
    /// [`Notice::id`]; empty means all.
    #[cfg_attr(test, proptest(strategy = "crate::roundtrip::few()"))]
    pub ids: Vec<u32>,
    /// Read or unread.
    pub read: bool,
}

/// Deletes notices.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct DeleteNotices {
    /// Unique per intended change.
    pub request_id: String,
    /// [`Notice::id`]; empty means all that are read.
    #[cfg_attr(test, proptest(strategy = "crate::roundtrip::few()"))]
    pub ids: Vec<u32>,
}
