//! StatefulSets: numbered pods in order, each with its claims, updated from the highest number down.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{Controller, pods};
use crate::clock::{MINUTE, Millis};
use crate::kinds::{CLAIMS, CONTROLLER_REVISIONS, PODS, STATEFUL_SETS};
use crate::object::{self, Fields};
use crate::rng::template_hash;
use crate::store::{Change, Key, Object};
use crate::world::{DeleteRequest, Note, World};

const COMPONENT: &str = "statefulset-controller";
const HASH: &str = "controller-revision-hash";

pub(super) struct StatefulSets;

impl Controller for StatefulSets {
    fn touched(&mut self, _: &World, change: &Change, keys: &mut Vec<Key>) {
        match change.kind {
            STATEFUL_SETS if !change.removed => keys.push(change.key.clone()),
            PODS => keys.extend(pods::owner_key(&change.object, "StatefulSet")),
            _ => {}
        }
    }

    fn reconcile(&mut self, w: &mut World, key: &Key) -> Option<Millis> {
        let set = w.store.get(STATEFUL_SETS, key).cloned()?;
        if object::deleting(&set) {
            return None;
        }
        let revision = format!("{}-{}", key.name(), ensure_revision(w, &set));
        let again = step(w, &set, &revision);
        status(w, key, &revision);
        again
    }
}

/// The recorded revision of a set's template, made when it is new. Shared with DaemonSets.
pub(super) fn ensure_revision(w: &mut World, set: &Value) -> String {
    let hash = template_hash(&pods::template_text(&set["spec"]["template"]));
    let name = format!("{}-{hash}", object::name(set));
    let key = Key::new(object::namespace(set), &name);
    let all = w.store.controlled(CONTROLLER_REVISIONS, object::uid(set));
    let last = all
        .iter()
        .filter_map(|r| r.int("/revision"))
        .max()
        .unwrap_or(0);
    match w.store.get(CONTROLLER_REVISIONS, &key).cloned() {
        Some(known) if known.int("/revision") == Some(last) => {}
        Some(_) => drop(w.modify(CONTROLLER_REVISIONS, &key, |o| o.put("/revision", last + 1))),
        None => {
            let mut labels = set["spec"]["template"]["metadata"]["labels"].clone();
            labels.put(&format!("/{HASH}"), hash.clone());
            let record = json!({
                "metadata": {"name": name, "namespace": key.namespace(), "labels": labels, "ownerReferences": [pods::owner_reference(set)]},
                "data": {"spec": {"template": set["spec"]["template"]}}, "revision": last + 1,
            });
            drop(w.create(CONTROLLER_REVISIONS, record));
        }
    }
    hash
}

fn ordinal(pod: &Value) -> i64 {
    object::name(pod)
        .rsplit_once('-')
        .and_then(|(_, n)| n.parse().ok())
        .unwrap_or(-1)
}

/// Does the one thing that is next.
fn step(w: &mut World, set: &Value, revision: &str) -> Option<Millis> {
    let wanted = set.int("/spec/replicas").unwrap_or(1);
    let parallel = set.text("/spec/podManagementPolicy") == "Parallel";
    let mut existing: Vec<Object> = pods::of_owner(w, object::uid(set));
    existing.sort_by_key(|p| ordinal(p));
    let at = |n: i64| existing.iter().find(|p| ordinal(p) == n);
    for n in 0..wanted {
        match at(n) {
            None => {
                if let Err(()) = create(w, set, n, revision) {
                    return Some(w.now() + MINUTE / 6);
                }
                if !parallel {
                    return None;
                }
            }
            Some(p)
                if matches!(p.text("/status/phase"), "Failed" | "Succeeded")
                    && !object::deleting(p) =>
            {
                pods::delete(w, set, COMPONENT, p);
                return None;
            }
            Some(p) if !parallel && (object::deleting(p) || !pods::is_ready(p)) => {
                return repair(w, set, p, revision);
            }
            Some(_) => {}
        }
    }
    for p in existing.iter().rev().filter(|p| ordinal(p) >= wanted) {
        if !object::deleting(p) {
            delete(w, set, p);
        }
        if !parallel {
            return None;
        }
    }
    if set.text("/spec/updateStrategy/type") != "RollingUpdate" {
        return None;
    }
    let partition = set
        .int("/spec/updateStrategy/rollingUpdate/partition")
        .unwrap_or(0);
    for p in existing
        .iter()
        .rev()
        .filter(|p| (partition..wanted).contains(&ordinal(p)))
    {
        if object::deleting(p) {
            return None;
        }
        if object::label(p, HASH) != revision {
            delete(w, set, p);
            return None;
        }
        if !pods::is_ready(p) {
            return None;
        }
    }
    None
}

/// A pod that does not become ready blocks the rest. The real controller leaves a broken pod of an old revision
/// alone ("forced rollback"); here it is replaced once the template changed, so that a fix needs no manual deletion.
fn repair(w: &mut World, set: &Value, pod: &Object, revision: &str) -> Option<Millis> {
    let outdated = object::label(pod, HASH) != revision;
    if outdated
        && !object::deleting(pod)
        && set.text("/spec/updateStrategy/type") == "RollingUpdate"
    {
        delete(w, set, pod);
    }
    None
}

fn create(w: &mut World, set: &Value, n: i64, revision: &str) -> Result<(), ()> {
    let name = format!("{}-{n}", object::name(set));
    let mut pod = pods::from_template(set, &set["spec"]["template"], &name);
    pod.put(
        "/metadata/labels/apps.kubernetes.io~1pod-index",
        n.to_string(),
    );
    pod.put(
        "/metadata/labels/statefulset.kubernetes.io~1pod-name",
        name.clone(),
    );
    pod.put(&format!("/metadata/labels/{HASH}"), revision);
    pod.put("/spec/hostname", name.clone());
    pod.put("/spec/subdomain", set.text("/spec/serviceName"));
    let mut volumes = pod.items("/spec/volumes").to_vec();
    for template in set.items("/spec/volumeClaimTemplates") {
        let claim_name = format!("{}-{name}", object::name(template));
        let key = Key::new(object::namespace(set), &claim_name);
        if w.store.get(CLAIMS, &key).is_none() {
            let mut claim = json!({"metadata": {"name": claim_name, "namespace": object::namespace(set)}, "spec": template["spec"]});
            if let Some(labels) = set.pointer("/spec/selector/matchLabels") {
                claim.put("/metadata/labels", labels.clone());
            }
            let told = match w.create(CLAIMS, claim) {
                Ok(_) => format!(
                    "create Claim {claim_name} Pod {name} in StatefulSet {} success",
                    object::name(set)
                ),
                Err(_) => return Err(()),
            };
            w.note(Note::normal(set, COMPONENT, "SuccessfulCreate", told));
        }
        volumes.push(json!({"name": object::name(template), "persistentVolumeClaim": {"claimName": claim_name}}));
    }
    if !volumes.is_empty() {
        pod.put("/spec/volumes", Value::Array(volumes));
    }
    match w.create(PODS, pod) {
        Ok(_) => {
            let told = format!(
                "create Pod {name} in StatefulSet {} successful",
                object::name(set)
            );
            w.note(Note::normal(set, COMPONENT, "SuccessfulCreate", told));
            Ok(())
        }
        Err(status) => {
            let told = format!(
                "create Pod {name} in StatefulSet {} failed error: {}",
                object::name(set),
                status.message()
            );
            w.note(Note::warning(set, COMPONENT, "FailedCreate", told));
            Err(())
        }
    }
}

fn delete(w: &mut World, set: &Value, pod: &Object) {
    if w.delete(PODS, &Key::of(pod), &DeleteRequest::default())
        .is_ok()
    {
        let told = format!(
            "delete Pod {} in StatefulSet {} successful",
            object::name(pod),
            object::name(set)
        );
        w.note(Note::normal(set, COMPONENT, "SuccessfulDelete", told));
    }
}

fn status(w: &mut World, key: &Key, revision: &str) {
    let Some(set) = w.store.get(STATEFUL_SETS, key).map(Arc::clone) else {
        return;
    };
    let all = pods::of_owner(w, object::uid(&set));
    let wanted = set.int("/spec/replicas").unwrap_or(1);
    let count = |test: &dyn Fn(&Value) -> bool| {
        i64::try_from(all.iter().filter(|p| test(p)).count()).unwrap_or(0)
    };
    let ready = count(&|p| pods::is_ready(p));
    let updated = count(&|p| object::label(p, HASH) == revision);
    let total = count(&|_| true);
    let update = revision.to_owned();
    w.modify(STATEFUL_SETS, key, |o| {
        let done = updated == wanted && ready == wanted && total == wanted;
        let current = match o.text("/status/currentRevision") {
            old if !old.is_empty() && !done => old.to_owned(),
            _ => update.clone(),
        };
        o.put(
            "/status/observedGeneration",
            o.int("/metadata/generation").unwrap_or(0),
        );
        o.put("/status/replicas", total);
        o.put("/status/collisionCount", 0);
        pods::put_count(o, "readyReplicas", ready);
        o.put("/status/availableReplicas", ready);
        pods::put_count(o, "updatedReplicas", updated);
        pods::put_count(
            o,
            "currentReplicas",
            if current == update {
                updated
            } else {
                total - updated
            },
        );
        o.put("/status/currentRevision", current);
        o.put("/status/updateRevision", update);
    });
}
