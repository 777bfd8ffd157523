//! Incidents: what is broken, why, the evidence, and the fixes.
//!
//! Ids of types, causes and actions are stable API, listed in docs/incidents.md.

use serde::{Deserialize, Serialize};

use crate::{
    lifecycle::{AppliedFix, Attention},
    object::{Delta, Freshness, ObjectRef},
};

/// Streams the incidents of a cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct WatchIncidents {
    /// [`crate::cluster::ClusterEntry::id`].
    pub cluster: String,
}

/// What the stream of incidents carries.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct IncidentsEvent {
    /// Counts of unresolved incidents.
    pub summary: IncidentSummary,
    /// The worst state of the watches the engine reads.
    pub freshness: Freshness,
    /// The kinds (plural, `secrets`) that may not or cannot be read, sorted: what only they would show is not found.
    #[cfg_attr(test, proptest(strategy = "crate::roundtrip::few()"))]
    pub unread: Vec<String>,
    /// Cluster time of the last evaluation, epoch seconds.
    pub evaluated_at: i64,
    /// Changes; ids are incident ids.
    #[cfg_attr(test, proptest(strategy = "crate::roundtrip::few()"))]
    pub deltas: Vec<Delta<IncidentRow>>,
    /// Ids in rank order, the most probable root first, resolved ones last.
    #[cfg_attr(test, proptest(strategy = "crate::roundtrip::few()"))]
    pub order: Vec<String>,
}

/// Counts of unresolved incidents; `total` is the sum of the severities.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct IncidentSummary {
    /// All of them.
    pub total: u32,
    /// Per severity.
    pub by_severity: SeverityCounts,
}

/// A count per severity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct SeverityCounts {
    /// Critical.
    pub critical: u32,
    /// High.
    pub high: u32,
    /// Medium.
    pub medium: u32,
    /// Low.
    pub low: u32,
}

/// How bad an incident is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Users are hit, or data is at risk.
    Critical,
    /// Something does not work.
    High,
    /// Something works badly.
    Medium,
    /// Worth knowing.
    Low,
}

/// Where an incident stands in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "snake_case")]
pub enum IncidentState {
    /// Its signal is there.
    Open,
    /// Its signal is gone, but not yet for long enough.
    Resolving,
    /// Its signal stayed away for the quiet time, or its object is gone.
    Resolved,
}

/// One line of the incident list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct IncidentRow {
    /// `inc-<type>-<10-digit epoch second>`, opaque.
    pub id: String,
    /// Type id, `image_pull_error`.
    pub r#type: String,
    /// How bad.
    pub severity: Severity,
    /// Where in its life.
    pub state: IncidentState,
    /// In words a colleague would say.
    pub title: String,
    /// The object it is about, lifted to its owner.
    pub resource: ObjectRef,
    /// Cause id, `image_tag_not_found`.
    pub cause: String,
    /// 0.05 to 0.99, two decimals.
    #[cfg_attr(test, proptest(strategy = "crate::incident::hundredths()"))]
    pub confidence: f64,
    /// When the symptom began, epoch seconds of the cluster.
    pub first_seen: i64,
    /// When it was last true.
    pub last_seen: i64,
    /// Whether a fix exists that the app can apply.
    pub fix_ready: bool,
    /// How often it came back within a day of its end.
    #[serde(default)]
    pub reopened: u32,
    /// What a person said about it.
    #[serde(default)]
    pub attention: Attention,
}

/// Asks for one incident in full.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct GetIncident {
    /// [`crate::cluster::ClusterEntry::id`].
    pub cluster: String,
    /// [`IncidentRow::id`].
    pub id: String,
}

/// One incident in full.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct Incident {
    /// The line of the list.
    #[serde(flatten)]
    pub row: IncidentRow,
    /// What is broken, a sentence or two.
    pub description: String,
    /// Why.
    pub root_cause: Cause,
    /// How the cause reaches the symptoms, cause first.
    #[cfg_attr(test, proptest(strategy = "crate::roundtrip::few()"))]
    pub chain: Vec<Link>,
    /// Everything the cause explains.
    #[cfg_attr(test, proptest(strategy = "crate::roundtrip::few()"))]
    pub symptoms: Vec<Signal>,
    /// The flat summary of the worst pod.
    pub facts: Facts,
    /// The last change before the onset, when one is known; a trigger is not a cause.
    pub trigger: Option<Trigger>,
    /// Best first.
    #[cfg_attr(test, proptest(strategy = "crate::roundtrip::few()"))]
    pub recommended_fixes: Vec<Fix>,
    /// When the incident was created, RFC 3339 UTC.
    pub timestamp: String,
    /// Why it was resolved: `auto`, `fix`, `object_gone`; `None` before.
    pub resolution: Option<String>,
    /// The last fix of this app that was applied for it.
    #[serde(default)]
    pub applied_fix: Option<AppliedFix>,
}

/// Why something is broken.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct Cause {
    /// Cause id; `unknown` is an honest answer.
    pub cause: String,
    /// The object that has to change.
    pub target: ObjectRef,
    /// The container concerned.
    pub container: Option<String>,
    /// 0.05 to 0.99, two decimals.
    #[cfg_attr(test, proptest(strategy = "crate::incident::hundredths()"))]
    pub confidence: f64,
    /// In words, with the names and values.
    pub explanation: String,
    /// What was observed, where.
    #[cfg_attr(test, proptest(strategy = "crate::roundtrip::few()"))]
    pub evidence: Vec<Evidence>,
    /// Other causes considered.
    #[cfg_attr(test, proptest(strategy = "crate::roundtrip::few()"))]
    pub alternatives: Vec<Alternative>,
}

/// A cause that was considered and ranked lower.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct Alternative {
    /// Cause id.
    pub cause: String,
    /// The object that would have to change.
    pub target: ObjectRef,
    /// 0.05 to 0.99, two decimals.
    #[cfg_attr(test, proptest(strategy = "crate::incident::hundredths()"))]
    pub confidence: f64,
}

/// One observation. Never holds a secret value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct Evidence {
    /// The object looked at.
    pub object: ObjectRef,
    /// Exact path from the object root, `status.containerStatuses[name=app].state.waiting.reason`.
    pub field: String,
    /// The value seen, as JSON text.
    pub observed: String,
    /// What would have been right, as JSON text.
    pub expected: Option<String>,
    /// Where it was read.
    pub source: EvidenceSource,
    /// When, epoch seconds of the cluster.
    pub at: Option<i64>,
}

/// Where an observation comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "snake_case")]
pub enum EvidenceSource {
    /// The object's spec.
    Spec,
    /// The object's status.
    Status,
    /// An Event.
    Event,
    /// Computed from several objects.
    Computed,
    /// A log line.
    Log,
}

/// One detected symptom on one object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct Signal {
    /// Type id.
    pub r#type: String,
    /// The object that shows it.
    pub object: ObjectRef,
    /// The container that shows it.
    pub container: Option<String>,
    /// When it began, epoch seconds of the cluster.
    pub first_seen: i64,
    /// When it was last true.
    pub last_seen: i64,
    /// What was observed, where.
    #[cfg_attr(test, proptest(strategy = "crate::roundtrip::few()"))]
    pub evidence: Vec<Evidence>,
}

/// One step of the causal chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct Link {
    /// Nearer to the cause.
    pub from: ObjectRef,
    /// `owns`, `runs_on`, `selects`, `refers` …
    pub link: String,
    /// Nearer to the symptom.
    pub to: ObjectRef,
}

/// The flat summary of the worst pod.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct Facts {
    /// Its name.
    pub pod_name: Option<String>,
    /// Its namespace.
    pub namespace: Option<String>,
    /// The failing container.
    pub container_name: Option<String>,
    /// Its last exit code.
    pub exit_code: Option<i32>,
    /// Its restarts.
    pub restart_count: Option<u32>,
    /// Message of the last Warning event.
    pub last_event: Option<String>,
}

/// The last change before an incident began.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct Trigger {
    /// What changed.
    pub object: ObjectRef,
    /// When, epoch seconds of the cluster.
    pub at: i64,
    /// How, in words.
    pub what: String,
}

/// A typed action that should heal an incident.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct Fix {
    /// Action id, `rollback_workload`.
    pub action: String,
    /// What it does, as a verb phrase with the names and values.
    pub description: String,
    /// What it changes.
    pub target: ObjectRef,
    /// How much it touches.
    pub impact: Impact,
    /// Who may let it run.
    pub safety: Safety,
    /// Field path with old and new value, or the steps of a plan.
    pub preview: String,
    /// The change itself; `None` for a plan.
    pub patch: Option<Patch>,
    /// How probably it works, per cent: what is expected of its kind, drawn towards how it went before,
    /// here and elsewhere; 0 where nobody has judged it.
    #[serde(default)]
    pub expected: u8,
    /// How it went before for this cause and workload; `None` where it was never tried.
    #[serde(default)]
    pub record: Option<FixRecord>,
}

/// How often a fix has worked: "worked 5 of 6 times here".
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct FixRecord {
    /// Times it worked.
    pub worked: u32,
    /// Times its outcome is known.
    pub times: u32,
}

/// How much a change touches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "snake_case")]
pub enum Impact {
    /// Nothing that works stops.
    Low,
    /// Pods are replaced one by one.
    Medium,
    /// Something that works may stop.
    High,
}

/// Who may let a fix run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "snake_case")]
pub enum Safety {
    /// Reversible and cannot lower capacity.
    Safe,
    /// A person confirms.
    NeedsApproval,
    /// Steps for a person; the app never applies it.
    PlanOnly,
}

/// A change of one object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct Patch {
    /// How the body is to be read.
    pub r#type: PatchType,
    /// The body, as JSON text.
    pub body: String,
}

/// How a patch body is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "snake_case")]
pub enum PatchType {
    /// RFC 7386.
    Merge,
    /// Kubernetes' strategic merge.
    Strategic,
    /// RFC 6902.
    Json,
    /// The whole object, to be created.
    Create,
}

#[cfg(test)]
pub(crate) fn hundredths() -> impl proptest::strategy::Strategy<Value = f64> {
    use proptest::strategy::Strategy;
    (0_u8..=100).prop_map(|n| f64::from(n) / 100.0)
}
