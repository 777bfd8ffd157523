//! The scheduler, lite: requests, node selectors and affinity, taints, cordons, unbound claims. Picks the emptiest
//! node that has the fewest siblings, and explains itself as the real one does.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::{Value, json};

use super::Controller;
use crate::clock::{MINUTE, Millis};
use crate::kinds::{CLAIMS, NODES, PODS, STORAGE_CLASSES};
use crate::object::{self, Fields, set_condition};
use crate::quantity;
use crate::selector::expressions_hold;
use crate::store::{Change, Key, Object};
use crate::world::{Note, World};

const COMPONENT: &str = "default-scheduler";
/// The real scheduler retries unschedulable pods at least this often.
const RETRY: Millis = 5 * MINUTE;

/// What pods take or nodes offer: CPU in millicores, memory in bytes, pods.
#[derive(Debug, Clone, Copy, Default)]
struct Room {
    cpu: i64,
    memory: i64,
    pods: i64,
}

#[derive(Default)]
pub(super) struct Scheduler {
    /// Where each placed pod sits, what it takes and which family it belongs to.
    placed: HashMap<String, (String, Room, String)>,
    taken: BTreeMap<String, Room>,
    siblings: HashMap<(String, String), u32>,
    waiting: BTreeSet<Key>,
}

impl Controller for Scheduler {
    fn touched(&mut self, _: &World, change: &Change, keys: &mut Vec<Key>) {
        match change.kind {
            PODS => {
                let pod = &change.object;
                let freed = self.account(pod, change.removed);
                if change.removed || !pod.text("/spec/nodeName").is_empty() {
                    self.waiting.remove(&change.key);
                } else {
                    keys.push(change.key.clone());
                }
                if freed {
                    keys.extend(self.waiting.iter().cloned());
                }
            }
            NODES | CLAIMS | STORAGE_CLASSES => {
                let same = change.before.as_ref().is_some_and(|b| {
                    !change.removed
                        && b.get("spec") == change.object.get("spec")
                        && b.pointer("/metadata/labels")
                            == change.object.pointer("/metadata/labels")
                        && b.pointer("/status/phase") == change.object.pointer("/status/phase")
                });
                if !same {
                    keys.extend(self.waiting.iter().cloned());
                }
            }
            _ => {}
        }
    }

    fn reconcile(&mut self, w: &mut World, key: &Key) -> Option<Millis> {
        let pod = w.store.get(PODS, key).cloned()?;
        let foreign = pod.text("/spec/schedulerName") != COMPONENT;
        if foreign
            || !pod.text("/spec/nodeName").is_empty()
            || object::deleting(&pod)
            || !pod.items("/spec/schedulingGates").is_empty()
        {
            return None;
        }
        match self.choose(w, &pod) {
            Ok(node) => {
                self.waiting.remove(key);
                let message = format!(
                    "Successfully assigned {}/{} to {node}",
                    key.namespace(),
                    key.name()
                );
                w.note(Note::normal(&pod, COMPONENT, "Scheduled", message));
                assign(w, key, &node);
                // At once, not with the next round of changes: the next pod must see it sit there.
                if let Some(placed) = w.store.get(PODS, key).cloned() {
                    self.account(&placed, false);
                }
                None
            }
            Err(why) => {
                let stamp = w.stamp();
                let condition = json!({"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": why,
                    "lastProbeTime": null, "observedGeneration": pod.int("/metadata/generation")});
                w.modify(PODS, key, |o| set_condition(o, condition, &stamp));
                w.note(Note::warning(&pod, COMPONENT, "FailedScheduling", why));
                self.waiting.insert(key.clone());
                Some(w.now() + RETRY)
            }
        }
    }
}

/// Binds a pod to a node.
pub(crate) fn assign(w: &mut World, key: &Key, node: &str) {
    let Some(old) = w.store.get(PODS, key).cloned() else {
        return;
    };
    let mut pod = (*old).clone();
    pod.put("/spec/nodeName", node);
    let generation = pod.int("/metadata/generation");
    set_condition(
        &mut pod,
        json!({"type": "PodScheduled", "status": "True", "lastProbeTime": null, "observedGeneration": generation}),
        &w.stamp(),
    );
    // Committed as it is: binding is not a change of intent, so the generation stays.
    w.commit(PODS, pod);
}

impl Scheduler {
    /// Keeps the books of who sits where; true when room became free.
    fn account(&mut self, pod: &Value, removed: bool) -> bool {
        let uid = object::uid(pod);
        let node = pod.text("/spec/nodeName");
        let sits = !removed
            && !node.is_empty()
            && !matches!(pod.text("/status/phase"), "Succeeded" | "Failed");
        match (sits, self.placed.contains_key(uid)) {
            (true, false) => {
                let (needs, family) = (needs(pod), family(pod));
                let t = self.taken.entry(node.to_owned()).or_default();
                *t = Room {
                    cpu: t.cpu + needs.cpu,
                    memory: t.memory + needs.memory,
                    pods: t.pods + 1,
                };
                *self
                    .siblings
                    .entry((node.to_owned(), family.clone()))
                    .or_default() += 1;
                self.placed
                    .insert(uid.to_owned(), (node.to_owned(), needs, family));
                false
            }
            (false, true) => {
                if let Some((node, needs, family)) = self.placed.remove(uid) {
                    let t = self.taken.entry(node.clone()).or_default();
                    *t = Room {
                        cpu: t.cpu - needs.cpu,
                        memory: t.memory - needs.memory,
                        pods: t.pods - 1,
                    };
                    if let Some(n) = self.siblings.get_mut(&(node, family)) {
                        *n = n.saturating_sub(1);
                    }
                }
                true
            }
            _ => false,
        }
    }

    fn choose(&mut self, w: &World, pod: &Value) -> Result<String, String> {
        let nodes: Vec<Object> = w.store.all(NODES).map(|(_, n)| n.clone()).collect();
        let total = nodes.len();
        if let Some(why) = unbound_claims(w, pod) {
            return Err(format!(
                "0/{total} nodes are available: {why}. preemption: 0/{total} nodes are available: {total} Preemption is not helpful for scheduling."
            ));
        }
        let (needs, family) = (needs(pod), family(pod));
        let mut best: Option<(i64, String)> = None;
        let mut reasons: BTreeMap<String, usize> = BTreeMap::new();
        let (mut victims, mut hopeless) = (0, 0);
        for node in &nodes {
            let name = object::name(node);
            match self.fits(node, pod, needs) {
                Ok(score) => {
                    let crowd = self
                        .siblings
                        .get(&(name.to_owned(), family.clone()))
                        .copied()
                        .unwrap_or(0);
                    let score = score + i64::from(crowd) * 400;
                    if best.as_ref().is_none_or(|(b, _)| score < *b) {
                        best = Some((score, name.to_owned()));
                    }
                }
                Err(whys) => {
                    let for_room = whys
                        .iter()
                        .all(|r| r.starts_with("Insufficient") || r == "Too many pods");
                    if for_room {
                        victims += 1
                    } else {
                        hopeless += 1
                    }
                    for why in whys {
                        *reasons.entry(why).or_default() += 1;
                    }
                }
            }
        }
        if let Some((_, name)) = best {
            return Ok(name);
        }
        if total == 0 {
            return Err("no nodes available to schedule pods".into());
        }
        let mut parts: Vec<String> = reasons
            .iter()
            .map(|(why, n)| format!("{n} {why}"))
            .collect();
        parts.sort();
        let mut preemption = Vec::new();
        if victims > 0 {
            preemption.push(format!(
                "{victims} No preemption victims found for incoming pod"
            ));
        }
        if hopeless > 0 {
            preemption.push(format!(
                "{hopeless} Preemption is not helpful for scheduling"
            ));
        }
        preemption.sort();
        Err(format!(
            "0/{total} nodes are available: {}. preemption: 0/{total} nodes are available: {}.",
            parts.join(", "),
            preemption.join(", ")
        ))
    }

    /// How full the node would be (lower is better), or every reason why not. Filters run in the real order: the
    /// first that fails speaks, and only resources may name several reasons.
    fn fits(&self, node: &Value, pod: &Value, needs: Room) -> Result<i64, Vec<String>> {
        let tolerates = |taint: &Value| {
            pod.items("/spec/tolerations")
                .iter()
                .any(|t| tolerated(t, taint))
        };
        if node.flag("/spec/unschedulable")
            && !tolerates(
                &json!({"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}),
            )
        {
            return Err(vec!["node(s) were unschedulable".into()]);
        }
        let pinned = pod.text("/spec/affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution/nodeSelectorTerms/0/matchFields/0/values/0");
        if !pinned.is_empty() && pinned != object::name(node) {
            return Err(vec![
                "node(s) didn't satisfy plugin(s) [NodeAffinity]".into(),
            ]);
        }
        let bad = node
            .items("/spec/taints")
            .iter()
            .any(|t| matches!(t.text("/effect"), "NoSchedule" | "NoExecute") && !tolerates(t));
        if bad {
            return Err(vec!["node(s) had untolerated taint(s)".into()]);
        }
        if !affine(node, pod) {
            return Err(vec![
                "node(s) didn't match Pod's node affinity/selector".into(),
            ]);
        }
        let offered = Room {
            cpu: quantity::milli(node.text("/status/allocatable/cpu")).unwrap_or(0),
            memory: quantity::whole(node.text("/status/allocatable/memory")).unwrap_or(0),
            pods: quantity::whole(node.text("/status/allocatable/pods")).unwrap_or(110),
        };
        let taken = self
            .taken
            .get(object::name(node))
            .copied()
            .unwrap_or_default();
        let mut short = Vec::new();
        if taken.pods + 1 > offered.pods {
            short.push("Too many pods".to_owned());
        }
        if needs.cpu > 0 && taken.cpu + needs.cpu > offered.cpu {
            short.push("Insufficient cpu".to_owned());
        }
        if needs.memory > 0 && taken.memory + needs.memory > offered.memory {
            short.push("Insufficient memory".to_owned());
        }
        if !short.is_empty() {
            return Err(short);
        }
        let share = |used: i64, all: i64| used * 1000 / all.max(1);
        Ok(share(taken.cpu + needs.cpu, offered.cpu)
            + share(taken.memory + needs.memory, offered.memory)
            + taken.pods * 4)
    }
}

fn affine(node: &Value, pod: &Value) -> bool {
    let labels = node.map("/metadata/labels");
    let plain = pod.map("/spec/nodeSelector").is_none_or(|s| {
        s.iter()
            .all(|(k, v)| labels.and_then(|l| l.get(k)) == Some(v))
    });
    let terms = pod.items("/spec/affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution/nodeSelectorTerms");
    plain
        && (terms.is_empty()
            || terms
                .iter()
                .any(|t| expressions_hold(t.items("/matchExpressions"), labels)))
}

fn tolerated(toleration: &Value, taint: &Value) -> bool {
    let (key, effect) = (toleration.text("/key"), toleration.text("/effect"));
    if !effect.is_empty() && effect != taint.text("/effect") {
        return false;
    }
    if toleration.text("/operator") == "Exists" {
        return key.is_empty() || key == taint.text("/key");
    }
    key == taint.text("/key") && toleration.text("/value") == taint.text("/value")
}

/// Claims that must be bound before scheduling and are not.
fn unbound_claims(w: &World, pod: &Value) -> Option<String> {
    for volume in pod.items("/spec/volumes") {
        let name = volume.text("/persistentVolumeClaim/claimName");
        if name.is_empty() {
            continue;
        }
        let Some(claim) = w.store.find(CLAIMS, object::namespace(pod), name) else {
            return Some(format!("persistentvolumeclaim {name:?} not found"));
        };
        let class = w
            .store
            .find(STORAGE_CLASSES, "", claim.text("/spec/storageClassName"));
        let waits = class.is_some_and(|c| c.text("/volumeBindingMode") == "WaitForFirstConsumer");
        if claim.text("/status/phase") != "Bound" && !waits {
            return Some("pod has unbound immediate PersistentVolumeClaims".into());
        }
    }
    None
}

fn needs(pod: &Value) -> Room {
    let request = |c: &Value, r: &str| c.text(&format!("/resources/requests/{r}")).to_owned();
    let sum = |r: &str, read: fn(&str) -> Option<i64>| -> i64 {
        let main: i64 = pod
            .items("/spec/containers")
            .iter()
            .filter_map(|c| read(&request(c, r)))
            .sum();
        let init = pod
            .items("/spec/initContainers")
            .iter()
            .filter_map(|c| read(&request(c, r)))
            .max()
            .unwrap_or(0);
        main.max(init)
    };
    Room {
        cpu: sum("cpu", quantity::milli),
        memory: sum("memory", quantity::whole),
        pods: 1,
    }
}

/// Pods that should not sit together: those of one controller.
fn family(pod: &Value) -> String {
    object::controller(pod).map_or_else(
        || object::uid(pod).to_owned(),
        |c| c.text("/uid").to_owned(),
    )
}
