//! Events.

use serde::Deserialize;

use super::{Meta, object, times};

/// An event about another object.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Event {
    /// Metadata.
    pub metadata: Meta,
    /// What it is about.
    pub involved_object: InvolvedObject,
    /// `Normal` or `Warning`.
    pub r#type: String,
    /// CamelCase word: `BackOff`.
    pub reason: String,
    /// For people.
    pub message: String,
    /// How often it was seen; 0 where `series` counts.
    pub count: u32,
    /// The first time.
    #[serde(deserialize_with = "times::deserialize")]
    pub first_timestamp: Option<i64>,
    /// The last time.
    #[serde(deserialize_with = "times::deserialize")]
    pub last_timestamp: Option<i64>,
    /// The time, in events of the newer API.
    #[serde(deserialize_with = "times::deserialize")]
    pub event_time: Option<i64>,
    /// Repetition, in events of the newer API.
    pub series: Option<EventSeries>,
    /// Who saw it.
    pub source: EventSource,
    /// Who saw it, in events of the newer API.
    pub reporting_component: String,
}

object!(Event, "", "v1", "events", NamespaceResourceScope);

/// What an event is about.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct InvolvedObject {
    /// `v1`.
    pub api_version: String,
    /// `Pod`.
    pub kind: String,
    /// Empty for a cluster-scoped kind.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its uid; may be empty.
    pub uid: String,
    /// `spec.containers{app}`; may be empty.
    pub field_path: String,
}

/// Repetition of an event.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct EventSeries {
    /// How often.
    pub count: u32,
    /// The last time.
    #[serde(deserialize_with = "times::deserialize")]
    pub last_observed_time: Option<i64>,
}

/// Who saw an event.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct EventSource {
    /// `kubelet`.
    pub component: String,
    /// The node.
    pub host: String,
}

impl Event {
    /// When it was last seen.
    #[must_use]
    pub fn last_seen(&self) -> Option<i64> {
        self.series
            .as_ref()
            .and_then(|series| series.last_observed_time)
            .or(self.last_timestamp)
            .or(self.event_time)
            .or(self.metadata.created)
    }

    /// When it was first seen.
    #[must_use]
    pub fn first_seen(&self) -> Option<i64> {
        self.first_timestamp
            .or(self.event_time)
            .or(self.metadata.created)
    }

    /// How often it was seen, at least once.
    #[must_use]
    pub fn times(&self) -> u32 {
        self.series
            .as_ref()
            .map_or(self.count, |series| series.count)
            .max(1)
    }
}
