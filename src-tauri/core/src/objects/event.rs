//! Events.

use serde::Deserialize;

use super::{Meta, Text, object, times};
use crate::wire::{self, wire};

/// An event about another object.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Event {
    /// Metadata.
    pub metadata: Meta,
    /// What it is about.
    pub involved_object: InvolvedObject,
    /// `Normal` or `Warning`.
    pub r#type: Text,
    /// CamelCase word: `BackOff`.
    pub reason: Text,
    /// For people.
    pub message: Text,
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
    pub reporting_component: Text,
    /// Which one of them, in events of the newer API.
    pub reporting_instance: Text,
}

object!(Event, "", "v1", "events", protobuf);

type Parts = Event;

wire!(Event {
    1 => metadata,
    2 => involved_object,
    3 => reason,
    4 => message,
    5 => source,
    6 => first_timestamp via wire::time,
    7 => last_timestamp via wire::time,
    8 => count,
    9 => r#type,
    10 => event_time via wire::time,
    11 => series,
    14 => reporting_component,
    15 => reporting_instance,
});
wire!(InvolvedObject {
    1 => kind,
    2 => namespace,
    3 => name,
    4 => uid,
    5 => api_version,
    7 => field_path,
});
wire!(EventSeries { 1 => count, 2 => last_observed_time via wire::time });
wire!(EventSource { 1 => component, 2 => host });

/// What an event is about.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct InvolvedObject {
    /// `v1`.
    pub api_version: Text,
    /// `Pod`.
    pub kind: Text,
    /// Empty for a cluster-scoped kind.
    pub namespace: Text,
    /// Its name.
    pub name: Text,
    /// Its uid; may be empty.
    pub uid: Text,
    /// `spec.containers{app}`; may be empty.
    pub field_path: Text,
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
    pub component: Text,
    /// The node.
    pub host: Text,
}

impl Event {
    /// When it was last seen.
    #[must_use]
    pub fn last_seen(&self) -> Option<i64> {
        self.said_last().or(self.metadata.created)
    }

    /// When it was first seen.
    #[must_use]
    pub fn first_seen(&self) -> Option<i64> {
        self.said_first().or(self.metadata.created)
    }

    /// When the event itself says it was last seen, as kubectl reads it.
    #[must_use]
    pub fn said_last(&self) -> Option<i64> {
        let series = self.series.as_ref();
        series
            .and_then(|series| series.last_observed_time)
            .or(self.last_timestamp)
            .or(self.said_first())
    }

    /// When the event itself says it was first seen, as kubectl reads it.
    #[must_use]
    pub fn said_first(&self) -> Option<i64> {
        self.first_timestamp.or(self.event_time)
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
