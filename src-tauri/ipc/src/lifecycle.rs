//! What a person says about an incident, and what is remembered of earlier ones.

use serde::{Deserialize, Serialize};

use crate::incident::IncidentRow;

/// Whether a person has seen an incident, or does not want to hear of it for now.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct Attention {
    /// When it was acknowledged, epoch seconds of this machine. Ends when the incident reopens.
    pub acknowledged_at: Option<i64>,
    /// By whom.
    pub acknowledged_by: Option<String>,
    /// Until when it stays quiet, epoch seconds of this machine.
    pub snoozed_until: Option<i64>,
}

/// The last fix of this app that was applied for an incident.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct AppliedFix {
    /// Action id.
    pub action: String,
    /// What it did, as a verb phrase with the names and values.
    pub description: String,
    /// When, epoch seconds of the cluster.
    pub at: i64,
}

/// Acknowledges an incident, or takes that back: repeated notifications stop, nothing else does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct AcknowledgeIncident {
    /// Unique per intended change.
    pub request_id: String,
    /// [`crate::cluster::ClusterEntry::id`].
    pub cluster: String,
    /// [`IncidentRow::id`].
    pub id: String,
    /// `false` takes it back.
    pub acknowledged: bool,
}

/// Keeps an incident quiet until a time, unless it becomes more severe.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct SnoozeIncident {
    /// Unique per intended change.
    pub request_id: String,
    /// [`crate::cluster::ClusterEntry::id`].
    pub cluster: String,
    /// [`IncidentRow::id`].
    pub id: String,
    /// For how many seconds from now, at most 30 days; 0 wakes it.
    pub seconds: u32,
}

/// What a person thinks of what the app said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The cause is right.
    Correct,
    /// It is another cause.
    WrongCause,
    /// Nothing is broken.
    NotAnIncident,
    /// The fix helped.
    FixWorked,
    /// The fix did not help.
    FixFailed,
}

/// Says what one thinks of an incident; kept beside it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct GiveFeedback {
    /// Unique per intended change.
    pub request_id: String,
    /// [`crate::cluster::ClusterEntry::id`].
    pub cluster: String,
    /// [`IncidentRow::id`].
    pub id: String,
    /// `None` for a note alone.
    pub verdict: Option<Verdict>,
    /// The right cause, with [`Verdict::WrongCause`].
    pub correct_cause: Option<String>,
    /// In the person's words, at most 4,000 characters; may be empty beside a verdict.
    pub note: String,
}

/// Asks what was said about an incident, oldest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct ListFeedback {
    /// [`crate::cluster::ClusterEntry::id`].
    pub cluster: String,
    /// [`IncidentRow::id`].
    pub id: String,
}

/// One thing that was said about an incident.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct Feedback {
    /// When, epoch seconds of this machine.
    pub at: i64,
    /// By whom.
    pub who: String,
    /// `None` for a note alone.
    pub verdict: Option<Verdict>,
    /// The right cause, if one was named.
    pub correct_cause: Option<String>,
    /// In the person's words.
    pub note: String,
}

/// Asks for earlier incidents that resemble this one, the most alike first, five at most.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct SimilarIncidents {
    /// [`crate::cluster::ClusterEntry::id`].
    pub cluster: String,
    /// [`IncidentRow::id`].
    pub id: String,
}

/// An earlier incident that resembles another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct SimilarIncident {
    /// The earlier one.
    pub row: IncidentRow,
    /// 0.5 to 1, two decimals.
    #[cfg_attr(test, proptest(strategy = "crate::incident::hundredths()"))]
    pub similarity: f64,
    /// How it ended: `auto`, `fix`, `object_gone`; `None` while it lasts.
    pub resolution: Option<String>,
    /// What was applied for it.
    pub applied_fix: Option<AppliedFix>,
}

/// Writes an incident as Markdown to the downloads folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct ExportIncident {
    /// [`crate::cluster::ClusterEntry::id`].
    pub cluster: String,
    /// [`IncidentRow::id`].
    pub id: String,
}

/// An incident as Markdown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct ExportedIncident {
    /// The file that was written.
    pub path: String,
    /// What is in it.
    pub markdown: String,
}
