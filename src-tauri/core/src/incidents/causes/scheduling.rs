//! Why no node takes a pod: computed fit, one row per obstacle.

mod obstacles;

use std::collections::BTreeSet;

use kubegraf_ipc::incident::EvidenceSource;

use super::{Candidate, Class, Rule};
use crate::{
    incidents::{
        evidence::seen,
        fit::{self, Blame, Obstacle},
        graph::Graph,
        messages::{self, Family},
        signal::Signal,
        snapshot::Kind,
    },
    objects::{Object, Pod},
};
use obstacles::{blamed, names};

const NEEDS: &[Kind] = &[Kind::Pods, Kind::Nodes];

macro_rules! row {
    ($cause:literal, $family:ident, $actions:expr, $doc:literal) => {
        row!(
            $cause,
            $family,
            $actions,
            $doc,
            &["pod_unschedulable", "pod_rejected_by_node"]
        )
    };
    ($cause:literal, $family:ident, $actions:expr, $doc:literal, $explains:expr) => {
        Rule {
            cause: $cause,
            explains: $explains,
            class: Class::Computed,
            needs: NEEDS,
            in_spec: false,
            actions: $actions,
            doc: $doc,
            decide: |graph, signal| decide(graph, signal, $cause, Family::$family),
        }
    };
}

/// What keeps a pod off a node and makes one that is there a stray.
const PLACED: &[&str] = &[
    "pod_unschedulable",
    "pod_rejected_by_node",
    "daemonset_incomplete",
];

/// The table.
pub(super) const RULES: &[Rule] = &[
    row!(
        "insufficient_cpu",
        NoCpu,
        &["lower_requests", "plan"],
        "the nodes the pod may use have less CPU left than it requests"
    ),
    row!(
        "insufficient_memory",
        NoMemory,
        &["lower_requests", "plan"],
        "the nodes the pod may use have less memory left than it requests"
    ),
    row!(
        "insufficient_ephemeral_storage",
        NoEphemeral,
        &["lower_requests", "plan"],
        "the nodes have less local storage left than the pod requests"
    ),
    row!(
        "insufficient_extended_resource",
        Nothing,
        &["plan"],
        "no node has enough left of a device or other extended resource"
    ),
    row!(
        "too_many_pods",
        TooManyPods,
        &["plan"],
        "the nodes run as many pods as they may"
    ),
    row!(
        "node_selector_mismatch",
        NoSelector,
        &["fix_node_selector", "label_node", "plan"],
        "no node has the labels of the pod's nodeSelector",
        PLACED
    ),
    row!(
        "node_affinity_mismatch",
        NoAffinity,
        &["relax_affinity", "plan"],
        "no node satisfies the pod's required node affinity",
        PLACED
    ),
    row!(
        "node_name_mismatch",
        Nothing,
        &["plan"],
        "the pod is pinned to a node that cannot take it"
    ),
    row!(
        "taint_not_tolerated",
        Untolerated,
        &["add_toleration", "plan"],
        "every node the pod could use has a taint that it does not tolerate",
        PLACED
    ),
    row!(
        "node_cordoned",
        Cordoned,
        &["uncordon_node", "plan"],
        "the node that could take the pod is cordoned"
    ),
    row!(
        "pod_affinity_unsatisfied",
        NoPodAffinity,
        &["relax_affinity", "plan"],
        "no node has the pod near which this one must run"
    ),
    row!(
        "pod_anti_affinity_unsatisfied",
        PodAntiAffinity,
        &["relax_affinity", "plan"],
        "every node has a pod from which this one must stay away"
    ),
    row!(
        "topology_spread_unsatisfied",
        Spread,
        &["relax_spread", "plan"],
        "the pod would be spread too unevenly on every node"
    ),
    row!(
        "host_port_conflict",
        HostPort,
        &["plan"],
        "the host port is taken on every node the pod may use"
    ),
    row!(
        "pvc_missing",
        ClaimMissing,
        &["fix_reference", "plan"],
        "a claim of the pod does not exist"
    ),
    row!(
        "pvc_unbound",
        ClaimUnbound,
        &["plan"],
        "a claim of the pod is not bound to a volume"
    ),
    row!(
        "volume_node_affinity_conflict",
        VolumeElsewhere,
        &["plan"],
        "the pod's volume cannot be reached from any node that could take it"
    ),
    row!(
        "volume_count_exceeded",
        TooManyVolumes,
        &["plan"],
        "the storage driver attaches no more volumes to the nodes the pod may use"
    ),
    row!(
        "volume_rwop_in_use",
        Nothing,
        &["plan"],
        "another pod has the claim, which only one pod can have (ReadWriteOncePod)"
    ),
    row!(
        "volume_zone_conflict",
        Nothing,
        &["plan"],
        "the zone of the pod's volume is none of the nodes' that could take it"
    ),
    row!(
        "rollout_no_surge_room",
        Nothing,
        &["set_strategy_recreate", "plan"],
        "maxUnavailable is 0, and the pod would fit if one of the revision it replaces were gone"
    ),
    Rule {
        cause: "no_node_available",
        explains: &["pod_unschedulable"],
        class: Class::Computed,
        needs: NEEDS,
        in_spec: false,
        actions: &["plan"],
        doc: "there is no node, or every node is ill",
        decide: no_node,
    },
];

fn decide<'a>(
    graph: &Graph<'a>,
    signal: &Signal<'a>,
    cause: &str,
    family: Family,
) -> Option<Candidate> {
    if signal.r#type == "daemonset_incomplete" {
        return stray(graph, signal, cause);
    }
    let pod = signal.pod()?;
    if signal.r#type == "pod_rejected_by_node" {
        return rejected(signal, pod, cause);
    }
    if !graph.knows(Kind::Nodes) {
        return told(signal, cause, family);
    }
    let blame = graph.fit(pod);
    let full = no_surge_room(graph, pod, &blame);
    if full.is_some() || cause == "rollout_no_surge_room" {
        return full.filter(|_| cause == "rollout_no_surge_room");
    }
    let names = |one: &Obstacle| names(graph, pod, &blame, one);
    let position = |set: &[Obstacle]| set.iter().position(|one| names(one) == cause);
    if let Some(place) = position(&blame.obstacles) {
        let mut candidate = blamed(graph, signal, pod, &blame, &blame.obstacles[place]);
        if blame.obstacles.len() > 1 {
            let others: Vec<_> = blame.obstacles.iter().map(names).collect();
            candidate.explanation +=
                &format!("; all of these keep the pod off: {}", others.join(", "));
            // One of them alone would not do; the first is named.
            candidate.base = Some(if place == 0 {
                Class::Computed.base() * 0.8
            } else {
                0.45
            });
        }
        return Some(candidate);
    }
    let set = blame
        .alternatives
        .iter()
        .find(|set| position(set).is_some())?;
    let mut candidate = blamed(graph, signal, pod, &blame, &set[position(set)?]);
    candidate.base = Some(0.4);
    Some(candidate)
}

/// What speaks against the node of a DaemonSet's pod.
fn stray<'a>(graph: &Graph<'a>, signal: &Signal<'a>, cause: &str) -> Option<Candidate> {
    let placed = signal
        .evidence
        .iter()
        .find(|seen| seen.field == "spec.nodeName")?;
    let pod = graph.pod(&placed.object.namespace, &placed.object.name)?;
    let node = graph.node(&pod.node_name)?;
    let words = match (fit::unwelcome(graph, pod).into_iter().next()?, cause) {
        (Obstacle::Taint, "taint_not_tolerated") => {
            let taint = fit::untolerated(node, pod).into_iter().next()?;
            format!("taint {}:{}", taint.key, taint.effect)
        }
        (Obstacle::Selector, "node_selector_mismatch") => {
            format!("labels other than {}", pod.spec.node_selector)
        }
        (Obstacle::Affinity, "node_affinity_mismatch") => {
            "labels that its node affinity does not allow".into()
        }
        _ => return None,
    };
    let (pod, node) = (&pod.metadata.name, &node.metadata.name);
    Some(Candidate::new(
        &signal.owner,
        format!("pods run on nodes with {words}"),
        format!("node \"{node}\" of pod \"{pod}\" has {words}, so the pod no longer belongs there"),
    ))
}

/// The kubelet's own count, which the scheduler's may be behind.
fn rejected(signal: &Signal<'_>, pod: &Pod, cause: &str) -> Option<Candidate> {
    let (of, what) = match &*pod.status.reason {
        "OutOfcpu" => ("insufficient_cpu", "CPU"),
        "OutOfmemory" => ("insufficient_memory", "memory"),
        "OutOfephemeral-storage" => ("insufficient_ephemeral_storage", "local storage"),
        "OutOfpods" => ("too_many_pods", "places for pods"),
        "NodeAffinity" => ("node_affinity_mismatch", "the labels it asks for"),
        _ => return None,
    };
    let node = &pod.node_name;
    (of == cause).then(|| {
        let mut candidate = Candidate::new(
            &signal.owner,
            format!("node \"{node}\" has not enough {what} for it"),
            format!(
                "the kubelet of node \"{node}\" refused pod \"{}\" for its lack of {what}",
                pod.metadata.name
            ),
        );
        candidate.base = Some(Class::Enumerated.base());
        candidate
    })
}

/// Whether a pod of a new revision would fit in the place of one of the old, which must stay until it
/// runs.
fn no_surge_room(graph: &Graph<'_>, pod: &Pod, blame: &Blame<'_>) -> Option<Candidate> {
    let deployment = graph.deployment_of(pod)?;
    let strategy = &deployment.spec.strategy;
    let bound = strategy.rolling_update.as_ref()?.max_unavailable.as_ref()?;
    let none = match bound {
        crate::objects::IntOrString::Int(number) => *number == 0,
        crate::objects::IntOrString::Text(text) => text == "0" || text == "0%",
    };
    let only_room = !blame.obstacles.is_empty()
        && blame
            .obstacles
            .iter()
            .all(|one| matches!(one, Obstacle::Room(_) | Obstacle::HostPort));
    if strategy.r#type == "Recreate" || !none || !only_room {
        return None;
    }
    let mine = graph.replica_set_of(pod)?;
    let usage = graph.usage();
    let old = graph
        .revisions(deployment)
        .iter()
        .filter(|set| set.metadata.name != mine.metadata.name)
        .flat_map(|set| graph.pods_of(set))
        .find(|old| {
            let node = blame
                .nodes
                .iter()
                .find(|(node, _)| node.metadata.name == old.node_name);
            node.is_some_and(|(node, found)| {
                let used = usage.get(&*node.metadata.name);
                found.iter().all(|one| match one {
                    Obstacle::Room(resource) => {
                        let free = fit::free(node, resource, used).unwrap_or_default();
                        free + fit::asked(&old.spec, resource) >= fit::asked(&pod.spec, resource)
                    }
                    Obstacle::HostPort => true,
                    _ => false,
                })
            })
        })?;
    let name = &deployment.metadata.name;
    let mut candidate = Candidate::new(
        &deployment.reference(),
        "its rollout has no room for one pod more",
        format!(
            "Deployment \"{name}\" may not go below its replicas (maxUnavailable 0), and there is no room for one more; the new pod would fit in the place of \"{}\"",
            old.metadata.name
        ),
    );
    candidate.evidence.push(seen(
        deployment.reference(),
        "spec.strategy.rollingUpdate.maxUnavailable",
        0,
        EvidenceSource::Spec,
        None,
    ));
    Some(candidate)
}

/// The label of a node that was most probably meant: the same key with another value, or a key that
/// is a slip away with the same value.
pub(in super::super) fn near_label(blame: &Blame<'_>, key: &str, value: &str) -> Option<String> {
    let mut values: BTreeSet<&str> = BTreeSet::new();
    let mut keys: BTreeSet<&str> = BTreeSet::new();
    for (node, _) in &blame.nodes {
        for (other, held) in node.metadata.labels.iter() {
            if **other == *key {
                values.insert(held);
            } else if **held == *value {
                keys.insert(other);
            }
        }
    }
    let near = crate::incidents::nearest::nearest(value, values.iter().copied());
    let only = (values.len() == 1)
        .then(|| values.first().copied())
        .flatten();
    if let Some(held) = near.or(only) {
        return Some(format!("{key}={held}"));
    }
    crate::incidents::nearest::nearest(key, keys.iter().copied())
        .map(|other| format!("{other}={value}"))
}

fn no_node<'a>(graph: &Graph<'a>, signal: &Signal<'a>) -> Option<Candidate> {
    let pod = signal.pod()?;
    if !graph.knows(Kind::Nodes) {
        return None;
    }
    let blame = graph.fit(pod);
    if blame.nodes.is_empty() {
        return Some(Candidate::new(
            &signal.owner,
            "the cluster has no node",
            "there is no node that could take the pod",
        ));
    }
    let ill = blame
        .obstacles
        .iter()
        .position(|one| *one == Obstacle::NotReady)?;
    let mut candidate = blamed(graph, signal, pod, &blame, &blame.obstacles[ill]);
    if blame.obstacles.len() > 1 {
        candidate.base = Some(if ill == 0 { 0.76 } else { 0.45 });
    }
    Some(candidate)
}

/// The scheduler's own words, where the nodes were not read.
fn told(signal: &Signal<'_>, cause: &str, family: Family) -> Option<Candidate> {
    let says = signal
        .evidence
        .iter()
        .filter(|seen| seen.field.ends_with("message"))
        .any(|seen| messages::is(family, &seen.observed, ""));
    if family == Family::Nothing || !says {
        return None;
    }
    // The scheduler has one message for both; the pod says which it can be.
    let spec = signal.pod().map(|pod| &pod.spec);
    let impossible = spec.is_some_and(|spec| match family {
        Family::NoSelector => spec.node_selector.is_empty(),
        Family::NoAffinity => {
            !spec.node_selector.is_empty() && spec.affinity.node_affinity.required.is_none()
        }
        _ => false,
    });
    if impossible {
        return None;
    }
    let words = cause.replace('_', " ");
    let mut candidate = Candidate::new(
        &signal.owner,
        words.clone(),
        format!("the scheduler says: {words}"),
    );
    candidate.base = Some(Class::Message.base());
    Some(candidate)
}
