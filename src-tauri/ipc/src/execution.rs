//! Plans and executions: the one way anything changes a cluster.

use serde::{Deserialize, Serialize};

use crate::{
    incident::{Impact, Safety},
    object::ObjectRef,
};

/// Plans a fix: nothing changes in the cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct PreviewFix {
    /// [`crate::cluster::ClusterEntry::id`].
    pub cluster: String,
    /// [`crate::incident::IncidentRow::id`].
    pub incident: String,
    /// Position in [`crate::incident::Incident::recommended_fixes`].
    pub fix: u32,
}

/// Plans the way back from an execution: nothing changes in the cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct PreviewRevert {
    /// [`Execution::id`].
    pub execution: String,
}

/// What an execution would do, and all that must be known before saying yes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    /// Id to approve it by.
    pub id: String,
    /// Fingerprint of everything below; an approval repeats it.
    pub hash: String,
    /// [`crate::cluster::ClusterEntry::id`].
    pub cluster: String,
    /// Its name, repeated on the button.
    pub cluster_name: String,
    /// What will be done, as a verb phrase.
    pub title: String,
    /// Action id.
    pub action: String,
    /// What will change.
    pub target: ObjectRef,
    /// How much it touches.
    pub impact: Impact,
    /// Who may let it run.
    pub safety: Safety,
    /// The fix's own preview text.
    pub preview: String,
    /// Live object against the server's dry run, without server-owned fields.
    #[cfg_attr(test, proptest(strategy = "crate::roundtrip::few()"))]
    pub diff: Vec<DiffLine>,
    /// What the server said to the dry run.
    pub dry_run: DryRun,
    /// Every permission it needs.
    #[cfg_attr(test, proptest(strategy = "crate::roundtrip::few()"))]
    pub permissions: Vec<Permission>,
    /// Who and what is affected, one sentence each.
    #[cfg_attr(test, proptest(strategy = "crate::roundtrip::few()"))]
    pub blast_radius: Vec<String>,
    /// Whether it can be applied: the dry run was accepted and every permission is there.
    pub applicable: bool,
    /// What the user must do beyond a click.
    pub consent: Consent,
}

/// What consent an execution needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase", tag = "kind")]
pub enum Consent {
    /// The button is enough.
    Click,
    /// A protected context: this text must be typed.
    Type {
        /// The cluster's name.
        text: String,
    },
}

/// One line of a diff.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct DiffLine {
    /// Whether it stays, goes or comes.
    pub tag: DiffTag,
    /// Line number in the live object.
    pub old: Option<u32>,
    /// Line number in the changed object.
    pub new: Option<u32>,
    /// The YAML line.
    pub text: String,
}

/// What happens to a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "snake_case")]
pub enum DiffTag {
    /// It stays.
    Same,
    /// It goes.
    Delete,
    /// It comes.
    Insert,
    /// Unchanged lines are left out here.
    Gap,
}

/// What the server said to the dry run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase", tag = "result")]
pub enum DryRun {
    /// It would do it.
    Accepted,
    /// It would not.
    Refused {
        /// The server's own words.
        message: String,
    },
}

/// One permission a plan needs, as asked of the server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct Permission {
    /// `patch`, `delete` …
    pub verb: String,
    /// API group; empty for the core group.
    pub group: String,
    /// Lowercase plural.
    pub resource: String,
    /// Empty for a cluster-scoped kind.
    pub namespace: String,
    /// What the server answered.
    pub allowed: bool,
}

/// Approves a plan: what runs is exactly what was shown, or nothing.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct ApplyPlan {
    /// Unique per intended change.
    pub request_id: String,
    /// [`Plan::id`].
    pub plan: String,
    /// [`Plan::hash`] of what was shown.
    pub hash: String,
    /// What was typed, where [`Consent::Type`] asks for it.
    pub typed: Option<String>,
}

/// An execution was accepted and runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct ExecutionStarted {
    /// [`Execution::id`], to watch it by.
    pub execution: String,
}

/// Where an execution stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "snake_case")]
pub enum ExecutionStatus {
    /// Nothing is planned.
    Idle,
    /// A preview is ready.
    Planned,
    /// It runs.
    Running,
    /// Exit code 0.
    Succeeded,
    /// Any other exit code.
    Failed,
}

/// How a finished execution ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Applied, and the condition it was for is gone.
    Healed,
    /// Applied, but the condition was still there at the deadline.
    AppliedNotHealed,
    /// Nothing was changed.
    NotApplied,
    /// The user stopped watching it; what was applied stays.
    Cancelled,
    /// The app ended while it ran; what was sent may have been applied.
    Interrupted,
}

/// One execution.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct Execution {
    /// Opaque id.
    pub id: String,
    /// [`crate::cluster::ClusterEntry::id`].
    pub cluster: String,
    /// What is done, as a verb phrase.
    pub title: String,
    /// Action id.
    pub action: String,
    /// What changes.
    pub target: ObjectRef,
    /// The incident it is for.
    pub incident: Option<String>,
    /// Where it stands.
    pub status: ExecutionStatus,
    /// How it ended.
    pub outcome: Option<Outcome>,
    /// When it began, epoch seconds.
    pub started_at: i64,
    /// How long it took, in seconds.
    #[cfg_attr(
        test,
        proptest(strategy = "proptest::option::of(crate::incident::hundredths())")
    )]
    pub duration: Option<f64>,
    /// 0 for success.
    pub exit_code: Option<i32>,
    /// Objects that were changed.
    #[cfg_attr(test, proptest(strategy = "crate::roundtrip::few()"))]
    pub resources_changed: Vec<ObjectRef>,
    /// Whether a way back is known.
    pub revertible: bool,
}

/// Lists executions, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct ListExecutions {
    /// Only this cluster's.
    pub cluster: Option<String>,
    /// How many at most, 1 to 500.
    pub limit: u32,
}

/// Streams one execution from its first line, whenever one attaches.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct WatchExecution {
    /// [`Execution::id`].
    pub execution: String,
}

/// What the stream of an execution carries.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase", tag = "type")]
#[allow(
    clippy::large_enum_variant,
    reason = "one event exists at a time, on its way to the wire"
)]
pub enum ExecutionEvent {
    /// The execution as it stands: first of all, and whenever its status changes.
    Status {
        /// All but the lines.
        execution: Execution,
    },
    /// A line of progress.
    Stdout {
        /// The line, without its end.
        data: String,
        /// When, epoch seconds.
        at: i64,
    },
    /// A line about trouble.
    Stderr {
        /// The line, without its end.
        data: String,
        /// When, epoch seconds.
        at: i64,
    },
    /// The end; nothing follows.
    #[serde(rename_all = "camelCase")]
    Complete {
        /// 0 for success.
        exit_code: i32,
        /// In seconds.
        #[cfg_attr(test, proptest(strategy = "crate::incident::hundredths()"))]
        duration: f64,
        /// How it ended.
        outcome: Outcome,
    },
}

/// Stops watching for the outcome, or stops what has not been sent yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct CancelExecution {
    /// Unique per intended cancel.
    pub request_id: String,
    /// [`Execution::id`].
    pub execution: String,
}
