//! Nodes: heartbeats of those whose kubelet lives, and what the node controller does about the others.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::Controller;
use crate::clock::{MINUTE, Millis, SECOND, micro_stamp, parse_stamp};
use crate::kinds::{LEASES, NODES, PODS};
use crate::object::{self, Fields, set_condition};
use crate::store::{Change, Key, Object};
use crate::world::{DeleteRequest, Note, World};

const HEARTBEAT: Millis = 10 * SECOND;
/// A lease older than this makes the node Unknown.
const GRACE: Millis = 50 * SECOND;
const STATUS_EVERY: Millis = 5 * MINUTE;
/// How long the machine pool takes to replace a node that was deleted.
const REPLACEMENT: Millis = 30 * SECOND;
const UNREACHABLE: &str = "node.kubernetes.io/unreachable";

#[derive(Default)]
pub(super) struct Nodes {
    /// Nodes somebody deleted, as they were, and when they went.
    deleted: BTreeMap<Key, (Object, Millis)>,
}

impl Controller for Nodes {
    fn touched(&mut self, w: &World, change: &Change, keys: &mut Vec<Key>) {
        if change.kind != NODES {
            return;
        }
        if change.removed {
            if w.machines.contains(object::name(&change.object)) {
                self.deleted
                    .insert(change.key.clone(), (change.object.clone(), w.now()));
            }
            keys.push(change.key.clone());
        } else if change.before.is_none()
            || change
                .before
                .as_ref()
                .is_some_and(|b| b.get("spec") != change.object.get("spec"))
        {
            keys.push(change.key.clone());
        }
    }

    fn reconcile(&mut self, w: &mut World, key: &Key) -> Option<Millis> {
        let now = w.now();
        let Some(node) = w.store.get(NODES, key).cloned() else {
            let (old, since) = self.deleted.get(key)?.clone();
            orphaned_pods(w, key.name());
            if now < since + REPLACEMENT {
                return Some(since + REPLACEMENT);
            }
            self.deleted.remove(key);
            replace(w, &old);
            return None;
        };
        if w.replaying {
            return None;
        }
        if w.dead_kubelets.contains(key.name()) {
            return self.judge(w, &node, key);
        }
        renew(w, key.name());
        let beat = object::condition(&node, "Ready")
            .and_then(|c| parse_stamp(c.text("/lastHeartbeatTime")))
            .unwrap_or(0);
        if beat + STATUS_EVERY <= now || !object::condition_is_true(&node, "Ready") {
            revive(w, key);
        }
        Some(now + HEARTBEAT)
    }
}

impl Nodes {
    /// What becomes of a node whose kubelet is silent.
    fn judge(&self, w: &mut World, node: &Value, key: &Key) -> Option<Millis> {
        let now = w.now();
        let renewed = w
            .store
            .find(LEASES, "kube-node-lease", key.name())
            .and_then(|l| parse_stamp(l.text("/spec/renewTime")))
            .unwrap_or(now);
        if now < renewed + GRACE {
            return Some(renewed + GRACE);
        }
        if object::condition(node, "Ready").is_none_or(|c| c.text("/status") != "Unknown") {
            mark_unknown(w, key);
        }
        evict(w, key.name())
    }
}

pub(crate) fn mark_unknown(w: &mut World, key: &Key) {
    let stamp = w.stamp();
    w.modify(NODES, key, |o| {
        for kind in ["MemoryPressure", "DiskPressure", "PIDPressure", "Ready"] {
            let beat = object::condition(o, kind).map_or_else(String::new, |c| c.text("/lastHeartbeatTime").to_owned());
            let c = json!({"type": kind, "status": "Unknown", "reason": "NodeStatusUnknown", "message": "Kubelet stopped posting node status.", "lastHeartbeatTime": beat});
            set_condition(o, c, &stamp);
        }
        o.put("/spec/taints", json!([
            {"key": UNREACHABLE, "effect": "NoSchedule", "timeAdded": stamp},
            {"key": UNREACHABLE, "effect": "NoExecute", "timeAdded": stamp},
        ]));
    });
    let Some(node) = w.store.get(NODES, key).cloned() else {
        return;
    };
    w.note(Note::normal(
        &node,
        "node-controller",
        "NodeNotReady",
        format!("Node {} status is now: NodeNotReady", key.name()),
    ));
    for pod in pods_on(w, key.name()) {
        w.modify(PODS, &Key::of(&pod), |o| {
            let mut c = object::condition(o, "Ready")
                .cloned()
                .unwrap_or_else(|| json!({"type": "Ready"}));
            c["status"] = json!("False");
            set_condition(o, c, &stamp);
        });
        w.note(Note::warning(
            &pod,
            "node-controller",
            "NodeNotReady",
            "Node is not ready",
        ));
    }
}

/// Deletes pods that have tolerated an unreachable node for long enough; returns when the next one will have.
pub(crate) fn evict(w: &mut World, node: &str) -> Option<Millis> {
    let now = w.now();
    let since = w.store.find(NODES, "", node).and_then(|n| {
        n.items("/spec/taints")
            .iter()
            .find(|t| t.text("/effect") == "NoExecute")
            .and_then(|t| parse_stamp(t.text("/timeAdded")))
    })?;
    let mut next = None;
    for pod in pods_on(w, node) {
        if object::deleting(&pod) {
            continue;
        }
        let tolerated = pod.items("/spec/tolerations").iter().find(|t| {
            (t.text("/key") == UNREACHABLE
                || (t.text("/key").is_empty() && t.text("/operator") == "Exists"))
                && matches!(t.text("/effect"), "" | "NoExecute")
        });
        let until = match tolerated {
            None => now,
            Some(t) => match t.int("/tolerationSeconds") {
                Some(s) => since + s * SECOND,
                None => continue,
            },
        };
        if until > now {
            next = [next, Some(until)].into_iter().flatten().min();
            continue;
        }
        let message = format!(
            "Marking for deletion Pod {}/{}",
            object::namespace(&pod),
            object::name(&pod)
        );
        w.note(Note::normal(
            &pod,
            "taint-eviction-controller",
            "TaintManagerEviction",
            message,
        ));
        drop(w.delete(PODS, &Key::of(&pod), &DeleteRequest::default()));
    }
    next
}

fn pods_on(w: &World, node: &str) -> Vec<Object> {
    w.store
        .all(PODS)
        .filter(|(_, p)| p.text("/spec/nodeName") == node)
        .map(|(_, p)| p.clone())
        .collect()
}

/// Pods of a node that no longer exists are gone with it.
fn orphaned_pods(w: &mut World, node: &str) {
    for pod in pods_on(w, node) {
        drop(w.delete(
            PODS,
            &Key::of(&pod),
            &DeleteRequest {
                grace: Some(0),
                ..DeleteRequest::default()
            },
        ));
    }
}

/// The pool's new machine registers under the old name.
fn replace(w: &mut World, old: &Value) {
    let name = object::name(old).to_owned();
    w.dead_kubelets.remove(&name);
    let mut node = old.clone();
    node.cut("/spec/taints");
    node.cut("/spec/unschedulable");
    node.cut("/status/conditions");
    if let Ok(made) = w.create(NODES, node) {
        let message = format!("Node {name} event: Registered Node {name} in Controller");
        w.note(Note::normal(
            &made,
            "node-controller",
            "RegisteredNode",
            message,
        ));
        revive(w, &Key::of(&made));
    }
}

pub(crate) fn renew(w: &mut World, node: &str) {
    let now = micro_stamp(w.now());
    let key = Key::new("kube-node-lease", node);
    if w.store.get(LEASES, &key).is_some() {
        w.modify(LEASES, &key, |l| l.put("/spec/renewTime", now));
    } else {
        let lease = json!({"metadata": {"name": node, "namespace": "kube-node-lease"}, "spec": {"holderIdentity": node, "leaseDurationSeconds": 40, "renewTime": now}});
        // Without its namespace (a bare sim) there is no lease to keep.
        drop(w.create(LEASES, lease));
    }
}

/// A living kubelet's view of its node.
pub(crate) fn revive(w: &mut World, key: &Key) {
    let stamp = w.stamp();
    w.modify(NODES, key, |o| {
        for (kind, status, reason, message) in [
            ("MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
            ("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
            ("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
            ("Ready", "True", "KubeletReady", "kubelet is posting ready status"),
        ] {
            let c = json!({"type": kind, "status": status, "reason": reason, "message": message, "lastHeartbeatTime": stamp});
            set_condition(o, c, &stamp);
        }
        if let Some(Value::Array(taints)) = o.pointer_mut("/spec/taints") {
            taints.retain(|t| t.text("/key") != UNREACHABLE);
            if taints.is_empty() {
                o.cut("/spec/taints");
            }
        }
    });
}
