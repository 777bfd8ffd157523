//! One object in full, and what the core holds and has asked: caches, watches, API calls.

use serde::{Deserialize, Serialize};

use crate::object::ObjectRef;

/// Reads one object in full. Values of Secrets are masked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct GetObject {
    /// [`crate::cluster::ClusterEntry::id`].
    pub cluster: String,
    /// Which; the uid, when given, must be the found object's.
    pub object: ObjectRef,
    /// How it is written.
    pub format: ObjectFormat,
    /// Ask the server even if a fresh copy is at hand (the refresh button).
    pub refresh: bool,
}

/// How an object is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "snake_case")]
pub enum ObjectFormat {
    /// As `kubectl get -o yaml` does, without managedFields.
    #[default]
    Yaml,
    /// Indented JSON, without managedFields.
    Json,
}

/// Reply to [`GetObject`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct ObjectText {
    /// Which it is, with its uid.
    pub object: ObjectRef,
    /// Its version.
    pub resource_version: String,
    /// The object in the format asked for.
    pub text: String,
    /// Whether values of a Secret were masked in it.
    pub redacted: bool,
    /// When the server gave it, epoch seconds.
    pub fetched_at: i64,
}

/// What the core holds in memory and has asked of the clusters.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
pub struct GetCacheStats {}

/// Reply to [`GetCacheStats`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct CacheStats {
    /// The cache of single reads.
    pub reads: ReadCache,
    /// Every open connection.
    #[cfg_attr(test, proptest(strategy = "crate::roundtrip::few()"))]
    pub connections: Vec<ConnectionStats>,
}

/// The cache of single reads: at most `capacity` entries, the one unused longest goes first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct ReadCache {
    /// Entries it may hold.
    pub capacity: u32,
    /// Entries it holds.
    pub entries: u32,
    /// Bytes of the values it holds.
    pub bytes: u64,
    /// Reads it answered.
    pub hits: u64,
    /// Reads it could not answer.
    pub misses: u64,
    /// Entries that were pushed out for lack of room.
    pub evictions: u64,
    /// Entries that were dropped because of a change, a refresh or a switch.
    pub invalidations: u64,
}

/// One open connection.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct ConnectionStats {
    /// [`crate::cluster::ClusterEntry::id`].
    pub cluster: String,
    /// [`crate::cluster::ClusterEntry::name`].
    pub name: String,
    /// Whether it is the active one.
    pub active: bool,
    /// Streams and executions that use it now.
    pub users: u32,
    /// Watches that run.
    pub watches: u32,
    /// Objects held per kind ([`crate::table::KindInfo::id`]), of the watches that run.
    #[cfg_attr(test, proptest(strategy = "crate::roundtrip::few()"))]
    pub held: Vec<HeldKind>,
    /// What was asked of its API server.
    pub calls: ApiCalls,
}

/// Objects of one kind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct HeldKind {
    /// [`crate::table::KindInfo::id`].
    pub kind: String,
    /// How many.
    pub objects: u64,
}

/// What was asked of an API server since the connection was opened.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct ApiCalls {
    /// Requests sent, repeated ones counted each.
    pub sent: u64,
    /// Of those, requests sent again after a failure.
    pub repeated: u64,
    /// Answers of 400 and more, and requests without an answer.
    pub failed: u64,
    /// Answers of 429: the server asked to slow down.
    pub throttled: u64,
    /// Milliseconds waited because of that.
    pub throttled_ms: u64,
    /// When it last did, epoch seconds.
    pub throttled_at: Option<i64>,
    /// Requests that wait for their answer now; an open watch has its answer.
    pub in_flight: u32,
    /// Requests in the last 60 seconds.
    pub last_minute: u32,
    /// Half of the answers began within this many milliseconds (upper bound of a bucket).
    pub p50_ms: Option<u32>,
    /// 95 of 100 did.
    pub p95_ms: Option<u32>,
    /// 99 of 100 did.
    pub p99_ms: Option<u32>,
    /// Times that credentials were renewed.
    pub renewals: u64,
}

/// Writes a file for an issue: how the app is and what it did, with no name of a cluster, an object, a person
/// or a place.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
pub struct ExportDiagnostics {}

/// What this installation and a cluster can do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct GetCapabilities {
    /// [`crate::cluster::ClusterEntry::id`] of an open connection.
    pub cluster: String,
}

/// Reply to [`GetCapabilities`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct Capabilities {
    /// Version of the app.
    pub version: String,
    /// Whether what is stored survives the app's end; without that nothing can be applied.
    pub durable_store: bool,
    /// Version of the API server.
    pub kube_version: Option<String>,
    /// Whether usage of nodes and pods is served (`metrics.k8s.io`).
    pub metrics: bool,
    /// API groups with the version the server prefers, `apps/v1`; the core group is `v1`.
    #[cfg_attr(test, proptest(strategy = "crate::roundtrip::few()"))]
    pub api_groups: Vec<String>,
}
