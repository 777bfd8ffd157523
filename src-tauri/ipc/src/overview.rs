//! A cluster at a glance: counts, health, capacity and what lately went wrong.

use serde::{Deserialize, Serialize};

use crate::{
    incident::IncidentSummary,
    object::{Freshness, ObjectRef, Tone},
};

/// Streams the overview of a cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct WatchOverview {
    /// [`crate::cluster::ClusterEntry::id`].
    pub cluster: String,
}

/// The overview; each event is whole.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct Overview {
    /// Cluster time it was made, epoch seconds.
    pub at: i64,
    /// What it was made from, and how fresh each was.
    #[cfg_attr(test, proptest(strategy = "crate::roundtrip::few()"))]
    pub sources: Vec<Source>,
    /// Pods by STATUS.
    pub pods: Counts,
    /// Deployments by how complete they are.
    pub deployments: Counts,
    /// Nodes by STATUS.
    pub nodes: Counts,
    /// Services by TYPE.
    pub services: Counts,
    /// Namespaces by STATUS.
    pub namespaces: Counts,
    /// Incidents that are not resolved; `None` before the engine has judged.
    pub incidents: Option<IncidentSummary>,
    /// How the cluster is; `None` while pods, nodes or incidents are not known.
    pub health: Option<Health>,
    /// CPU, memory and pods, over all nodes.
    #[cfg_attr(test, proptest(strategy = "crate::roundtrip::few()"))]
    pub capacity: Vec<Capacity>,
    /// What the nodes used lately.
    pub usage: Usage,
    /// The same per node, the fullest first; at most 200.
    #[cfg_attr(test, proptest(strategy = "crate::roundtrip::few()"))]
    pub per_node: Vec<NodeLoad>,
    /// Namespaces with the most pods first; at most 50.
    #[cfg_attr(test, proptest(strategy = "crate::roundtrip::few()"))]
    pub per_namespace: Vec<NamespaceLoad>,
    /// Warnings seen in the last five minutes.
    pub warnings: u64,
    /// Warning events, alike ones together, the latest first; at most 12.
    #[cfg_attr(test, proptest(strategy = "crate::roundtrip::few()"))]
    pub events: Vec<WarningGroup>,
}

/// One kind the overview reads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct Source {
    /// [`crate::table::KindInfo::id`].
    pub kind: String,
    /// Whether it is what the cluster holds.
    pub freshness: Freshness,
}

/// How many there are, and in which states.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct Counts {
    /// All of them: the kind's table has as many rows.
    pub total: u64,
    /// Of those, how many are as they should be, on their way, worth a look, broken.
    #[cfg_attr(test, proptest(strategy = "crate::roundtrip::few()"))]
    pub states: Vec<StateCount>,
}

/// One state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct StateCount {
    /// As the kind's table words it: a value of its facet column.
    pub word: String,
    /// How good that is.
    pub tone: Tone,
    /// How many are in it.
    pub count: u64,
}

/// How a cluster is, 100 being well, and what it lost points for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct Health {
    /// 0 to 100: 100 less the points of `losses`.
    pub score: u32,
    /// The heaviest first.
    #[cfg_attr(test, proptest(strategy = "crate::roundtrip::few()"))]
    pub losses: Vec<Loss>,
}

/// Why points were lost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct Loss {
    /// What for.
    pub reason: LossReason,
    /// How many are concerned.
    pub count: u64,
    /// Of how many.
    pub of: u64,
    /// Points lost.
    pub points: u32,
}

/// What points are lost for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "snake_case")]
pub enum LossReason {
    /// Nodes that are not ready: up to 40 points.
    NodesNotReady,
    /// Pods that fail, of those that should run: up to 30 points.
    PodsFailing,
    /// Deployments without a single available pod: up to 20 points.
    DeploymentsDown,
    /// Critical incidents: 8 points each, up to 24.
    CriticalIncidents,
    /// High incidents: 3 points each, up to 12.
    HighIncidents,
    /// CPU or memory requested beyond nine tenths of what there is: 5 points.
    NearlyFull,
}

/// One resource over all nodes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct Capacity {
    /// Which.
    pub resource: Resource,
    /// What pods may use: the sum of the nodes' allocatable.
    #[cfg_attr(test, proptest(strategy = "crate::overview::amount()"))]
    pub allocatable: u64,
    /// What running pods have asked for.
    #[cfg_attr(test, proptest(strategy = "crate::overview::amount()"))]
    pub requested: u64,
    /// What running pods may grow to.
    #[cfg_attr(test, proptest(strategy = "crate::overview::amount()"))]
    pub limits: u64,
    /// What is used; `None` where nothing measures it.
    #[cfg_attr(
        test,
        proptest(strategy = "proptest::option::of(crate::overview::amount())")
    )]
    pub used: Option<u64>,
}

/// A resource and its unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "snake_case")]
pub enum Resource {
    /// Thousandths of a core.
    Cpu,
    /// Bytes.
    Memory,
    /// Pods.
    Pods,
}

/// What the metrics server says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase", tag = "state")]
pub enum Usage {
    /// Not asked yet.
    Waiting,
    /// It answers; the samples are at most an hour old, oldest first.
    Measured {
        /// One per look.
        #[cfg_attr(test, proptest(strategy = "crate::roundtrip::few()"))]
        samples: Vec<UsageSample>,
    },
    /// The cluster serves no metrics.k8s.io, or it does not answer.
    Unmeasured {
        /// The server's own words.
        reason: String,
    },
}

/// What all nodes used at one time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct UsageSample {
    /// Cluster time, epoch seconds.
    pub at: i64,
    /// Thousandths of a core.
    #[cfg_attr(test, proptest(strategy = "crate::overview::amount()"))]
    pub cpu: u64,
    /// Bytes.
    #[cfg_attr(test, proptest(strategy = "crate::overview::amount()"))]
    pub memory: u64,
}

/// How full a node is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct NodeLoad {
    /// Its name.
    pub name: String,
    /// Its STATUS.
    pub status: String,
    /// How good that is.
    pub tone: Tone,
    /// CPU, memory and pods.
    #[cfg_attr(test, proptest(strategy = "crate::roundtrip::few()"))]
    pub capacity: Vec<Capacity>,
}

/// What a namespace holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct NamespaceLoad {
    /// Its name.
    pub name: String,
    /// Pods in it.
    pub pods: u64,
    /// Of those, broken ones.
    pub failing: u64,
    /// Thousandths of a core its running pods have asked for.
    #[cfg_attr(test, proptest(strategy = "crate::overview::amount()"))]
    pub cpu: u64,
    /// Bytes its running pods have asked for.
    #[cfg_attr(test, proptest(strategy = "crate::overview::amount()"))]
    pub memory: u64,
}

/// Warnings of one reason about one kind in one namespace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct WarningGroup {
    /// `BackOff`.
    pub reason: String,
    /// What the latest of them is about.
    pub object: ObjectRef,
    /// How many objects have it.
    pub objects: u64,
    /// How often it was seen.
    pub times: u64,
    /// When it was last seen.
    pub last_seen: Option<i64>,
    /// The latest one's message.
    pub message: String,
}

/// Whole numbers a float of the window holds exactly.
#[cfg(test)]
fn amount() -> impl proptest::strategy::Strategy<Value = u64> {
    0..(1_u64 << 53)
}
