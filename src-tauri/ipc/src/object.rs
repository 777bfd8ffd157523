//! How an object of a cluster is named, and how good or bad a thing is.

use serde::{Deserialize, Serialize};

/// Names one object of one cluster.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct ObjectRef {
    /// `v1`, `apps/v1` …
    pub api_version: String,
    /// `Pod`, `Deployment` …
    pub kind: String,
    /// Empty for a cluster-scoped kind.
    pub namespace: String,
    /// Object name.
    pub name: String,
    /// Absent when the object does not exist (a missing reference).
    pub uid: Option<String>,
}

/// How a state is shown: always shape and word, never colour alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "snake_case")]
pub enum Tone {
    /// Working as meant.
    Ok,
    /// On its way: pending, creating, terminating.
    Pending,
    /// Finished, or of no interest.
    #[default]
    Neutral,
    /// Worth a look.
    Warn,
    /// Broken.
    Bad,
}

/// Whether what is shown is what the cluster holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase", tag = "state")]
pub enum Freshness {
    /// The first list is still arriving; `seen` objects so far.
    Loading {
        /// Objects received so far.
        seen: u64,
    },
    /// Every change arrives as it happens.
    Live,
    /// The watch broke and is being resumed; the data is as of `since`.
    Reconnecting {
        /// When the watch was last known to be good, epoch seconds.
        since: i64,
        /// Why it broke.
        error: String,
        /// Until when the server asked to be left alone (a 429, at most 30 s), epoch seconds.
        #[serde(default)]
        throttled_until: Option<i64>,
    },
    /// The user may not read this.
    Forbidden {
        /// The refused verb, `list` or `watch`.
        verb: String,
        /// The refused resource, as RBAC names it.
        resource: String,
        /// The server's own words.
        message: String,
    },
}

/// A change of a keyed set of rows, as the watch that feeds it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase", tag = "op")]
pub enum Delta<T> {
    /// Forget everything; these are the rows now.
    Reset {
        /// All rows the receiver holds from here on, in order.
        rows: Vec<T>,
    },
    /// New rows, and rows that replace the one with the same id.
    Apply {
        /// The changed rows.
        rows: Vec<T>,
    },
    /// Rows that are gone (or have left the slice).
    Delete {
        /// Ids of the rows to drop.
        #[cfg_attr(test, proptest(strategy = "crate::roundtrip::few()"))]
        ids: Vec<String>,
    },
}
