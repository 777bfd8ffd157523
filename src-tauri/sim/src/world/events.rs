//! The event recorder: what components write about objects, repeated notes counted instead of repeated.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::World;
use crate::clock::{HOUR, Millis, stamp};
use crate::kinds;
use crate::object::{self, Fields};
use crate::store::Key;

/// Events are forgotten this long after they were last seen.
pub(crate) const EVENT_LIFE: Millis = HOUR;

/// One thing a component has to say about an object.
#[derive(Debug, Clone)]
pub(crate) struct Note<'a> {
    pub about: &'a Value,
    /// Container the note is about, as `spec.containers{app}`; empty for the whole object.
    pub field_path: String,
    pub warning: bool,
    pub reason: &'a str,
    pub message: String,
    pub component: &'a str,
    pub host: &'a str,
}

impl<'a> Note<'a> {
    pub(crate) fn normal(
        about: &'a Value,
        component: &'a str,
        reason: &'a str,
        message: impl Into<String>,
    ) -> Self {
        Self {
            about,
            field_path: String::new(),
            warning: false,
            reason,
            message: message.into(),
            component,
            host: "",
        }
    }

    pub(crate) fn warning(
        about: &'a Value,
        component: &'a str,
        reason: &'a str,
        message: impl Into<String>,
    ) -> Self {
        Self {
            warning: true,
            ..Self::normal(about, component, reason, message)
        }
    }
}

#[derive(Debug, Default)]
pub(crate) struct Recorder {
    seen: HashMap<(String, String, String, String), Key>,
    /// Nothing older than this is worth writing (set while history is replayed).
    pub not_before: Millis,
    written: u64,
}

impl World {
    /// Writes an event, or counts it up when the same was said before.
    pub(crate) fn note(&mut self, note: Note<'_>) {
        let now = self.now();
        if now < self.events.not_before {
            return;
        }
        let Note {
            about,
            field_path,
            warning,
            reason,
            message,
            component,
            host,
        } = note;
        let signature = (
            object::uid(about).to_owned(),
            reason.to_owned(),
            message.clone(),
            field_path.clone(),
        );
        let when = stamp(now);
        if let Some(key) = self.events.seen.get(&signature).cloned() {
            let counted = self.modify(kinds::EVENTS, &key, |e| {
                e.put("/count", e.int("/count").unwrap_or(1) + 1);
                e.put("/lastTimestamp", when.clone());
            });
            if counted {
                return;
            }
        }
        let namespace = match object::namespace(about) {
            "" => "default",
            own => own,
        };
        self.events.written += 1;
        let name = format!(
            "{}.{:x}",
            object::name(about),
            now * 1_000_000 + i64::try_from(self.events.written).unwrap_or(0)
        );
        let mut involved = json!({
            "kind": about.text("/kind"), "apiVersion": about.text("/apiVersion"), "name": object::name(about),
            "uid": object::uid(about), "resourceVersion": about.text("/metadata/resourceVersion"),
        });
        if !object::namespace(about).is_empty() {
            involved["namespace"] = json!(namespace);
        }
        if !field_path.is_empty() {
            involved["fieldPath"] = json!(field_path);
        }
        let mut source = json!({"component": component});
        if !host.is_empty() {
            source["host"] = json!(host);
        }
        let event = json!({
            "apiVersion": "v1", "kind": "Event",
            "metadata": {"name": name, "namespace": namespace, "uid": self.rng.uid(), "creationTimestamp": when},
            "involvedObject": involved, "reason": reason, "message": message, "source": source,
            "firstTimestamp": when, "lastTimestamp": when, "count": 1, "eventTime": null,
            "type": if warning { "Warning" } else { "Normal" },
            "reportingComponent": component, "reportingInstance": host,
        });
        let key = Key::of(&event);
        self.store.put(kinds::EVENTS, event);
        self.events.seen.insert(signature, key);
    }

    /// Takes away events not seen for an hour. Returns when the next one is due.
    pub(crate) fn expire_events(&mut self) -> Option<Millis> {
        let oldest = self.now() - EVENT_LIFE;
        let last = |e: &Value| {
            crate::clock::parse_stamp(e.text("/lastTimestamp"))
                .or_else(|| crate::clock::parse_stamp(e.text("/metadata/creationTimestamp")))
                .unwrap_or(0)
        };
        let stale: Vec<Key> = self
            .store
            .all(kinds::EVENTS)
            .filter(|(_, e)| last(e) < oldest)
            .map(|(k, _)| k.clone())
            .collect();
        for key in &stale {
            self.store.remove(kinds::EVENTS, key);
        }
        if !stale.is_empty() {
            let store = &self.store;
            self.events
                .seen
                .retain(|_, key| store.get(kinds::EVENTS, key).is_some());
        }
        self.store
            .all(kinds::EVENTS)
            .map(|(_, e)| last(e) + EVENT_LIFE)
            .min()
    }
}
