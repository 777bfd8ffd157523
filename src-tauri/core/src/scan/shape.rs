//! Objects written by hand are laxer than what an API server prints: nulls, numbers where quantities
//! or labels stand, no namespace. This brings them into the server's shape.

use serde_json::{Map, Value};

/// Maps from text to text: a number or boolean in them is its text.
const TEXTS: &[&str] = &[
    "labels",
    "annotations",
    "matchLabels",
    "nodeSelector",
    "requests",
    "limits",
    "capacity",
    "allocatable",
    "hard",
    "used",
    "default",
    "defaultRequest",
    "min",
    "max",
    "data",
    "overhead",
];
/// Fields that hold a time that lies in the past.
const TIMES: &[&str] = &[
    "lastTransitionTime",
    "lastUpdateTime",
    "lastHeartbeatTime",
    "lastProbeTime",
    "startedAt",
    "finishedAt",
    "startTime",
    "completionTime",
    "firstTimestamp",
    "lastTimestamp",
    "deprecatedFirstTimestamp",
    "deprecatedLastTimestamp",
    "eventTime",
    "lastObservedTime",
    "renewTime",
    "lastScheduleTime",
    "creationTimestamp",
];

/// Brings one object into shape.
pub(super) fn tidy(object: &mut Value) {
    prune(object, false);
    let Some(object) = object.as_object_mut() else {
        return;
    };
    if object.get("kind").and_then(Value::as_str) == Some("Service")
        && let Some(selector) = object
            .get_mut("spec")
            .and_then(|spec| spec.get_mut("selector"))
    {
        texts(selector);
    }
    controlled(object);
}

/// Kinds that control what they own.
const CONTROLLERS: &[&str] = &[
    "ReplicaSet",
    "Deployment",
    "StatefulSet",
    "DaemonSet",
    "Job",
    "CronJob",
];

/// The only owner of an object written by hand is its controller, also where nobody says so.
fn controlled(object: &mut Map<String, Value>) {
    let owners = object
        .get_mut("metadata")
        .and_then(|meta| meta.get_mut("ownerReferences"))
        .and_then(Value::as_array_mut);
    if let Some([Value::Object(owner)]) = owners.map(Vec::as_mut_slice)
        && !owner.contains_key("controller")
        && owner
            .get("kind")
            .and_then(Value::as_str)
            .is_some_and(|kind| CONTROLLERS.contains(&kind))
    {
        owner.insert("controller".into(), true.into());
    }
}

/// Puts a namespaced object without a namespace where kubectl would put it.
pub(super) fn place(object: &mut Value) {
    let Some(meta) = object.get_mut("metadata").and_then(Value::as_object_mut) else {
        return;
    };
    let there = meta.get("namespace").and_then(Value::as_str);
    if there.is_none_or(str::is_empty) {
        meta.insert("namespace".into(), "default".into());
    }
}

/// An event of the newer API in the words of the older one, which the engine reads.
pub(super) fn older_event(object: &mut Value) {
    let Some(object) = object.as_object_mut() else {
        return;
    };
    for (new, old) in [
        ("regarding", "involvedObject"),
        ("note", "message"),
        ("deprecatedCount", "count"),
        ("deprecatedFirstTimestamp", "firstTimestamp"),
        ("deprecatedLastTimestamp", "lastTimestamp"),
        ("deprecatedSource", "source"),
        ("reportingController", "reportingComponent"),
    ] {
        if let Some(value) = object.remove(new) {
            object.entry(old).or_insert(value);
        }
    }
}

/// The newest time in an object, epoch seconds.
pub(super) fn newest(value: &Value) -> Option<i64> {
    match value {
        Value::Object(fields) => fields
            .iter()
            // Other objects' times are copied into annotations and data.
            .filter(|(key, _)| !matches!(key.as_str(), "annotations" | "data" | "managedFields"))
            .filter_map(|(key, value)| match value {
                Value::String(text) if TIMES.contains(&key.as_str()) => {
                    crate::objects::times::parse(text)
                }
                _ => newest(value),
            })
            .max(),
        Value::Array(items) => items.iter().filter_map(newest).max(),
        _ => None,
    }
}

/// Takes nulls out and turns scalars in maps of texts into texts.
fn prune(value: &mut Value, text: bool) {
    match value {
        Value::Object(fields) => {
            fields.retain(|_, value| !value.is_null());
            for (key, value) in fields.iter_mut() {
                prune(value, TEXTS.contains(&key.as_str()));
            }
            if text {
                scalars(fields);
            }
        }
        Value::Array(items) => {
            items.retain(|item| !item.is_null());
            for item in items {
                prune(item, false);
            }
        }
        _ => {}
    }
}

fn texts(value: &mut Value) {
    if let Some(fields) = value.as_object_mut() {
        scalars(fields);
    }
}

fn scalars(fields: &mut Map<String, Value>) {
    for value in fields.values_mut() {
        if matches!(value, Value::Number(_) | Value::Bool(_)) {
            *value = Value::String(value.to_string());
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn hand_written_objects_come_into_shape() {
        let mut object = json!({"kind": "Service", "metadata": {"name": "s", "labels": {"v": 1}},
            "spec": {"selector": {"v": 2, "on": true}, "ports": null,
                "x": [{"resources": {"requests": {"cpu": 1, "memory": 1.5}}}, null]}});
        tidy(&mut object);
        place(&mut object);
        assert_eq!(
            object,
            json!({"kind": "Service", "metadata": {"name": "s", "namespace": "default", "labels": {"v": "1"}},
                "spec": {"selector": {"v": "2", "on": "true"},
                    "x": [{"resources": {"requests": {"cpu": "1", "memory": "1.5"}}}]}})
        );
    }

    #[test]
    fn the_newest_time_is_found_and_a_deletion_to_come_is_not_it() {
        let object = json!({"metadata": {"creationTimestamp": "2026-01-01T00:00:00Z",
            "deletionTimestamp": "2027-01-01T00:00:00Z",
            "annotations": {"startTime": "2028-01-01T00:00:00Z"}},
            "status": {"conditions": [{"lastTransitionTime": "2026-01-01T00:00:05.5Z"}]}});
        assert_eq!(newest(&object), Some(1_767_225_605));
        assert_eq!(newest(&json!({"startTime": "soon"})), None);
    }
}
