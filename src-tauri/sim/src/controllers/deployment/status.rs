//! The status of a Deployment and its conditions Available, Progressing and ReplicaFailure.

use serde_json::{Value, json};

use super::{Sets, size};
use crate::clock::{Millis, SECOND, parse_stamp};
use crate::controllers::pods::put_count;
use crate::kinds::DEPLOYMENTS;
use crate::object::{self, Fields, set_condition};
use crate::store::Key;
use crate::world::World;

/// Notes that a new ReplicaSet was made.
pub(super) fn found_new(w: &mut World, d: &Value, set: &str) {
    let now = w.stamp();
    w.modify(DEPLOYMENTS, &Key::of(d), |o| {
        progressing(
            o,
            "True",
            "NewReplicaSetCreated",
            &format!("Created new replica set {set:?}"),
            &now,
        );
    });
}

fn progressing(o: &mut Value, status: &str, reason: &str, message: &str, now: &str) {
    let condition = json!({"type": "Progressing", "status": status, "reason": reason, "message": message, "lastUpdateTime": now});
    set_condition(o, condition, now);
}

/// Writes the status; returns when the progress deadline would pass.
pub(super) fn write(w: &mut World, d: &Value, sets: &Sets) -> Option<Millis> {
    let sum = |field: &str| -> i64 { sets.all().map(|rs| rs.int(field).unwrap_or(0)).sum() };
    let wanted = size(d);
    let (total, ready, available) = (
        sum("/status/replicas"),
        sum("/status/readyReplicas"),
        sum("/status/availableReplicas"),
    );
    let updated = sets
        .new
        .as_ref()
        .map_or(0, |rs| rs.int("/status/replicas").unwrap_or(0));
    let complete =
        updated == wanted && total == wanted && available == wanted && !object::deleting(d);
    let failure = sets
        .all()
        .find_map(|rs| object::condition(rs, "ReplicaFailure").cloned());
    let newest = sets
        .new
        .as_ref()
        .map(|rs| object::name(rs).to_owned())
        .unwrap_or_default();
    let (now, stamp) = (w.now(), w.stamp());
    let deadline = d.int("/spec/progressDeadlineSeconds");
    let mut again = None;
    w.modify(DEPLOYMENTS, &Key::of(d), |o| {
        let count = |f: &str| o.int(&format!("/status/{f}")).unwrap_or(0);
        let advanced = updated > count("updatedReplicas")
            || total - updated < count("replicas") - count("updatedReplicas")
            || ready > count("readyReplicas")
            || available > count("availableReplicas");
        o.put("/status/observedGeneration", o.int("/metadata/generation").unwrap_or(0));
        put_count(o, "replicas", total);
        put_count(o, "updatedReplicas", updated);
        put_count(o, "readyReplicas", ready);
        put_count(o, "availableReplicas", available);
        put_count(o, "unavailableReplicas", (total.max(wanted) - available).max(0));
        availability(o, available, &stamp);
        again = progress(o, &Progress { complete, advanced, newest: &newest, deadline }, now, &stamp);
        match &failure {
            Some(c) => {
                let condition = json!({"type": "ReplicaFailure", "status": "True", "reason": c.text("/reason"), "message": c.text("/message"), "lastUpdateTime": stamp});
                if object::condition(o, "ReplicaFailure").is_none_or(|old| old.text("/message") != c.text("/message")) {
                    set_condition(o, condition, &stamp);
                }
            }
            None => {
                if let Some(Value::Array(list)) = o.pointer_mut("/status/conditions") {
                    list.retain(|c| c.text("/type") != "ReplicaFailure");
                }
            }
        }
    });
    again
}

fn availability(o: &mut Value, available: i64, stamp: &str) {
    let wanted = size(o);
    let allowed = if o.text("/spec/strategy/type") == "RollingUpdate" {
        crate::controllers::pods::portion(
            o.pointer("/spec/strategy/rollingUpdate/maxUnavailable"),
            wanted,
            false,
        )
    } else {
        0
    };
    let (status, reason, message) = if available >= wanted - allowed {
        (
            "True",
            "MinimumReplicasAvailable",
            "Deployment has minimum availability.",
        )
    } else {
        (
            "False",
            "MinimumReplicasUnavailable",
            "Deployment does not have minimum availability.",
        )
    };
    if object::condition(o, "Available").is_none_or(|c| c.text("/status") != status) {
        let condition = json!({"type": "Available", "status": status, "reason": reason, "message": message, "lastUpdateTime": stamp});
        set_condition(o, condition, stamp);
    }
}

struct Progress<'a> {
    complete: bool,
    advanced: bool,
    newest: &'a str,
    deadline: Option<i64>,
}

fn progress(o: &mut Value, p: &Progress<'_>, now: Millis, stamp: &str) -> Option<Millis> {
    let paused = o.flag("/spec/paused");
    let (reason, since) = object::condition(o, "Progressing").map_or((String::new(), None), |c| {
        (
            c.text("/reason").to_owned(),
            parse_stamp(c.text("/lastUpdateTime")),
        )
    });
    if paused {
        if reason != "DeploymentPaused" {
            progressing(
                o,
                "Unknown",
                "DeploymentPaused",
                "Deployment is paused",
                stamp,
            );
        }
        return None;
    }
    if reason == "DeploymentPaused" {
        progressing(
            o,
            "Unknown",
            "DeploymentResumed",
            "Deployment is resumed",
            stamp,
        );
    }
    if p.complete {
        if reason != "NewReplicaSetAvailable" {
            let message = format!("ReplicaSet {:?} has successfully progressed.", p.newest);
            progressing(o, "True", "NewReplicaSetAvailable", &message, stamp);
        }
        return None;
    }
    let deadline = p.deadline?;
    if p.advanced {
        let message = format!("ReplicaSet {:?} is progressing.", p.newest);
        progressing(o, "True", "ReplicaSetUpdated", &message, stamp);
        return Some(now + deadline * SECOND);
    }
    if matches!(
        reason.as_str(),
        "NewReplicaSetAvailable" | "ProgressDeadlineExceeded"
    ) || reason.is_empty()
    {
        // A finished rollout that lost pods is not a rollout; a failed one stays failed until it advances.
        return None;
    }
    let over = since.unwrap_or(now) + deadline * SECOND;
    if now < over {
        return Some(over);
    }
    let message = format!("ReplicaSet {:?} has timed out progressing.", p.newest);
    progressing(o, "False", "ProgressDeadlineExceeded", &message, stamp);
    None
}
