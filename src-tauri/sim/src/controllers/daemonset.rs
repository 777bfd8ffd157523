//! DaemonSets: one pod on every node that fits, replaced one at a time when the template changes.

use serde_json::{Value, json};

use super::{Controller, pods, statefulset};
use crate::clock::{Millis, SECOND};
use crate::kinds::{DAEMON_SETS, NODES, PODS};
use crate::object::{self, Fields};
use crate::store::{Change, Key, Object};
use crate::world::World;

const COMPONENT: &str = "daemonset-controller";
const HASH: &str = "controller-revision-hash";

pub(super) struct DaemonSets;

impl Controller for DaemonSets {
    fn touched(&mut self, w: &World, change: &Change, keys: &mut Vec<Key>) {
        match change.kind {
            DAEMON_SETS if !change.removed => keys.push(change.key.clone()),
            PODS => keys.extend(pods::owner_key(&change.object, "DaemonSet")),
            NODES => {
                let same = change.before.as_ref().is_some_and(|b| {
                    !change.removed
                        && b.get("spec") == change.object.get("spec")
                        && b.pointer("/metadata/labels")
                            == change.object.pointer("/metadata/labels")
                });
                if !same {
                    keys.extend(w.store.all(DAEMON_SETS).map(|(k, _)| k.clone()));
                }
            }
            _ => {}
        }
    }

    fn reconcile(&mut self, w: &mut World, key: &Key) -> Option<Millis> {
        let set = w.store.get(DAEMON_SETS, key).cloned()?;
        if object::deleting(&set) {
            return None;
        }
        let revision = statefulset::ensure_revision(w, &set);
        let nodes: Vec<Object> = w
            .store
            .all(NODES)
            .filter(|(_, n)| fits(&set, n))
            .map(|(_, n)| n.clone())
            .collect();
        let all = pods::of_owner(w, object::uid(&set));
        let mut again = None;
        for node in &nodes {
            let here: Vec<&Object> = all
                .iter()
                .filter(|p| home(p) == object::name(node))
                .collect();
            if here.is_empty() && create(w, &set, object::name(node), &revision).is_err() {
                again = Some(w.now() + 10 * SECOND);
            }
            for p in here.iter().filter(|p| {
                matches!(p.text("/status/phase"), "Failed" | "Succeeded") && !object::deleting(p)
            }) {
                pods::delete(w, &set, COMPONENT, p);
            }
        }
        for p in &all {
            if !nodes.iter().any(|n| object::name(n) == home(p)) && !object::deleting(p) {
                pods::delete(w, &set, COMPONENT, p);
            }
        }
        if set.text("/spec/updateStrategy/type") == "RollingUpdate" {
            replace_outdated(w, &set, &all, nodes.len(), &revision);
        }
        status(w, key, nodes.len(), &revision);
        again
    }
}

/// The node a daemon pod belongs to, placed or not.
fn home(pod: &Value) -> &str {
    match pod.text("/spec/nodeName") {
        "" => pod.text("/spec/affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution/nodeSelectorTerms/0/matchFields/0/values/0"),
        name => name,
    }
}

fn fits(set: &Value, node: &Value) -> bool {
    let labels = node.map("/metadata/labels");
    let template = "/spec/template/spec";
    let selected = set
        .map(&format!("{template}/nodeSelector"))
        .is_none_or(|s| {
            s.iter()
                .all(|(k, v)| labels.and_then(|l| l.get(k)) == Some(v))
        });
    let own = |key: &str| key.starts_with("node.kubernetes.io/");
    let tolerated = node.items("/spec/taints").iter().all(|taint| {
        own(taint.text("/key"))
            || taint.text("/effect") == "PreferNoSchedule"
            || set
                .items(&format!("{template}/tolerations"))
                .iter()
                .any(|t| {
                    (t.text("/key").is_empty() || t.text("/key") == taint.text("/key"))
                        && (t.text("/operator") == "Exists"
                            || t.text("/value") == taint.text("/value"))
                })
    });
    selected && tolerated
}

fn create(w: &mut World, set: &Value, node: &str, revision: &str) -> Result<Object, String> {
    let mut pod = pods::from_template(
        set,
        &set["spec"]["template"],
        &format!("{}-", object::name(set)),
    );
    pod.put(&format!("/metadata/labels/{HASH}"), revision);
    pod.put(
        "/metadata/labels/pod-template-generation",
        set.int("/metadata/generation").unwrap_or(1).to_string(),
    );
    pod.put(
        "/spec/affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution/nodeSelectorTerms",
        json!([{"matchFields": [{"key": "metadata.name", "operator": "In", "values": [node]}]}]),
    );
    let mut tolerations = pod.items("/spec/tolerations").to_vec();
    for (key, effect) in [
        ("not-ready", "NoExecute"),
        ("unreachable", "NoExecute"),
        ("disk-pressure", "NoSchedule"),
        ("memory-pressure", "NoSchedule"),
        ("pid-pressure", "NoSchedule"),
        ("unschedulable", "NoSchedule"),
    ] {
        tolerations.push(json!({"key": format!("node.kubernetes.io/{key}"), "operator": "Exists", "effect": effect}));
    }
    pod.put("/spec/tolerations", Value::Array(tolerations));
    pods::create(w, set, COMPONENT, pod)
}

fn replace_outdated(w: &mut World, set: &Value, all: &[Object], nodes: usize, revision: &str) {
    let total = i64::try_from(nodes).unwrap_or(0);
    let allowed = pods::portion(
        set.pointer("/spec/updateStrategy/rollingUpdate/maxUnavailable"),
        total,
        true,
    )
    .max(1);
    let mut down = i64::try_from(
        all.iter()
            .filter(|p| !pods::is_ready(p) || object::deleting(p))
            .count(),
    )
    .unwrap_or(0);
    let outdated = all
        .iter()
        .filter(|p| object::label(p, HASH) != revision && !object::deleting(p));
    // Pods that do not serve go first and cost no availability.
    let (broken, serving): (Vec<&Object>, Vec<&Object>) =
        outdated.partition(|p| !pods::is_ready(p));
    for p in broken {
        pods::delete(w, set, COMPONENT, p);
    }
    for p in serving {
        if down >= allowed {
            return;
        }
        down += 1;
        pods::delete(w, set, COMPONENT, p);
    }
}

fn status(w: &mut World, key: &Key, nodes: usize, revision: &str) {
    let Some(set) = w.store.get(DAEMON_SETS, key).cloned() else {
        return;
    };
    let all = pods::active(&pods::of_owner(w, object::uid(&set)));
    let count = |test: &dyn Fn(&Value) -> bool| {
        i64::try_from(all.iter().filter(|p| test(p)).count()).unwrap_or(0)
    };
    let ready = count(&|p| pods::is_ready(p));
    let updated = count(&|p| object::label(p, HASH) == revision);
    let (current, desired) = (count(&|_| true), i64::try_from(nodes).unwrap_or(0));
    w.modify(DAEMON_SETS, key, |o| {
        o.put("/status/currentNumberScheduled", current);
        o.put("/status/desiredNumberScheduled", desired);
        o.put("/status/numberMisscheduled", 0);
        o.put("/status/numberReady", ready);
        o.put(
            "/status/observedGeneration",
            o.int("/metadata/generation").unwrap_or(0),
        );
        pods::put_count(o, "updatedNumberScheduled", updated);
        pods::put_count(o, "numberAvailable", ready);
        pods::put_count(o, "numberUnavailable", desired - ready);
    });
}
