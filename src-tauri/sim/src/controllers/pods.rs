//! What all workload controllers share: making pods from a template, judging and counting them.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::clock::{Millis, SECOND, parse_stamp};
use crate::kinds;
use crate::object::{self, Fields};
use crate::store::{Key, Object};
use crate::world::{DeleteRequest, Note, World};

/// A pod of `owner` from its template, under a given name or (when it ends in `-`) a generated one.
pub(super) fn from_template(owner: &Value, template: &Value, name: &str) -> Value {
    let mut pod =
        json!({"metadata": {"namespace": object::namespace(owner)}, "spec": template.get("spec")});
    for field in ["labels", "annotations"] {
        if let Some(v) = template.pointer(&format!("/metadata/{field}")) {
            pod.put(&format!("/metadata/{field}"), v.clone());
        }
    }
    pod.put(
        if name.ends_with('-') {
            "/metadata/generateName"
        } else {
            "/metadata/name"
        },
        name,
    );
    pod.put("/metadata/ownerReferences", json!([owner_reference(owner)]));
    pod
}

pub(super) fn owner_reference(owner: &Value) -> Value {
    json!({
        "apiVersion": owner.text("/apiVersion"), "kind": owner.text("/kind"), "name": object::name(owner),
        "uid": object::uid(owner), "controller": true, "blockOwnerDeletion": true,
    })
}

/// Creates a pod for its owner and says so in an event.
///
/// # Errors
/// The API's refusal, already told as an event.
pub(super) fn create(
    w: &mut World,
    owner: &Value,
    component: &str,
    pod: Value,
) -> Result<Object, String> {
    match w.create(kinds::PODS, pod) {
        Ok(pod) => {
            w.note(Note::normal(
                owner,
                component,
                "SuccessfulCreate",
                format!("Created pod: {}", object::name(&pod)),
            ));
            Ok(pod)
        }
        Err(status) => {
            let message = status.message().to_owned();
            w.note(Note::warning(
                owner,
                component,
                "FailedCreate",
                format!("Error creating: {message}"),
            ));
            Err(message)
        }
    }
}

/// Deletes a pod for its owner and says so in an event.
pub(super) fn delete(w: &mut World, owner: &Value, component: &str, pod: &Value) {
    if w.delete(kinds::PODS, &Key::of(pod), &DeleteRequest::default())
        .is_ok()
    {
        w.note(Note::normal(
            owner,
            component,
            "SuccessfulDelete",
            format!("Deleted pod: {}", object::name(pod)),
        ));
    }
}

/// Neither done nor on its way out.
pub(super) fn is_active(pod: &Value) -> bool {
    !object::deleting(pod) && !matches!(pod.text("/status/phase"), "Succeeded" | "Failed")
}

pub(super) fn is_ready(pod: &Value) -> bool {
    object::condition_is_true(pod, "Ready")
}

/// Whether a pod has been ready for long enough, or else when it will have been.
pub(super) fn availability(
    pod: &Value,
    min_ready_seconds: i64,
    now: Millis,
) -> Result<(), Option<Millis>> {
    let Some(ready) = object::condition(pod, "Ready").filter(|c| c.text("/status") == "True")
    else {
        return Err(None);
    };
    let since = parse_stamp(ready.text("/lastTransitionTime")).unwrap_or(now);
    let available = since + min_ready_seconds * SECOND;
    if min_ready_seconds == 0 || available <= now {
        Ok(())
    } else {
        Err(Some(available))
    }
}

/// Pods to lose first: unscheduled, then pending, then not ready, then the youngest.
pub(super) fn sacrifice_order(pods: &mut [Object]) {
    pods.sort_by_key(|p| {
        let phase = i32::from(p.text("/status/phase") != "Pending");
        let young = parse_stamp(p.text("/metadata/creationTimestamp")).unwrap_or(0);
        (
            !p.text("/spec/nodeName").is_empty(),
            phase,
            is_ready(p),
            std::cmp::Reverse(young),
            object::name(p).to_owned(),
        )
    });
}

/// Whether two templates ask for the same pods; the hash label is the controller's own.
pub(super) fn same_template(a: &Value, b: &Value) -> bool {
    let labels = |t: &Value| -> Vec<(String, Value)> {
        let all = t.map("/metadata/labels").into_iter().flatten();
        all.filter(|(k, _)| *k != "pod-template-hash")
            .map(|(k, v)| (k.clone(), v.clone()))
            .collect()
    };
    a.get("spec") == b.get("spec")
        && a.pointer("/metadata/annotations") == b.pointer("/metadata/annotations")
        && labels(a) == labels(b)
}

/// The template of a revision, as text that is equal for equal templates.
pub(super) fn template_text(template: &Value) -> String {
    let mut plain = template.clone();
    plain.cut("/metadata/labels/pod-template-hash");
    plain.to_string()
}

/// Sets an integer status field; the API leaves zeros out.
pub(super) fn put_count(o: &mut Value, field: &str, n: i64) {
    let at = format!("/status/{field}");
    if n == 0 {
        drop(o.cut(&at))
    } else {
        o.put(&at, n)
    }
}

/// `n` or `p%` of `total`, rounded up or down.
pub(super) fn portion(v: Option<&Value>, total: i64, up: bool) -> i64 {
    match v {
        Some(Value::Number(n)) => n.as_i64().unwrap_or(0),
        Some(Value::String(s)) => {
            let percent: i64 = s.trim_end_matches('%').parse().unwrap_or(0);
            if up {
                (total * percent + 99) / 100
            } else {
                total * percent / 100
            }
        }
        _ => 0,
    }
}

/// The key of the controller of a changed object, when it is of that kind.
pub(super) fn owner_key(o: &Value, kind: &str) -> Option<Key> {
    let owner = object::controller(o).filter(|c| c.text("/kind") == kind)?;
    Some(Key::new(object::namespace(o), owner.text("/name")))
}

/// Pods a controller counts, cloned out of the store.
pub(super) fn of_owner(w: &World, uid: &str) -> Vec<Object> {
    w.store.controlled(kinds::PODS, uid)
}

pub(super) fn active(pods: &[Object]) -> Vec<Object> {
    pods.iter()
        .filter(|p| is_active(p))
        .map(Arc::clone)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn portions_round_as_asked() {
        assert_eq!(portion(Some(&json!("25%")), 10, true), 3);
        assert_eq!(portion(Some(&json!("25%")), 10, false), 2);
        assert_eq!(portion(Some(&json!(2)), 10, false), 2);
    }
}
