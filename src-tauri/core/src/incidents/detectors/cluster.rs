//! The control plane, nodes with problems of their own, namespaces that do not go, controllers behind.

use kubegraf_ipc::{
    incident::{Evidence, EvidenceSource},
    object::ObjectRef,
};

use super::super::{
    causes::control_plane::{MANAGER, PARTS, component, stale},
    evidence::{self, against, masked, seen},
    graph::Graph,
    signal::Signal,
};
use super::{Look, detector};
use crate::objects::{
    DaemonSet, Deployment, Event, Lease, Meta, Namespace, Node, Object, StatefulSet, condition,
};

detector!(
    ControlPlaneDegraded,
    "control_plane_degraded",
    Critical,
    [Leases],
    30,
    "the Lease of the scheduler or of the controller manager is more than 30 seconds late: by the cluster's clock while it is watched, behind all other Leases in a scan",
    control_plane
);
detector!(
    NodeProblem,
    "node_problem",
    Medium,
    [Nodes],
    300,
    "a condition of a problem daemon (KernelDeadlock, ReadonlyFilesystem, KubeletUnhealthy and the like) has been True for five minutes, or a node was rebooted twice within a day",
    node_problem
);
detector!(
    NamespaceStuckTerminating,
    "namespace_stuck_terminating",
    Medium,
    [Namespaces],
    600,
    "a deleted namespace is still there after ten minutes and says what keeps it",
    namespace
);
detector!(
    ControllerLagging,
    "controller_lagging",
    Medium,
    [],
    300,
    "a workload's controller has not looked at its newest generation, while the controller manager's Lease is stale, or in a cluster that is looked at once",
    lagging
);

/// Conditions by which a problem daemon says that a node is ill; others may be good news.
const PROBLEMS: &[&str] = &[
    "KernelDeadlock",
    "ReadonlyFilesystem",
    "XfsShutdown",
    "CorruptDockerOverlay2",
    "KubeletUnhealthy",
    "KubeletProblem",
    "ContainerRuntimeUnhealthy",
    "FrequentKubeletRestart",
    "FrequentContainerdRestart",
    "FrequentDockerRestart",
    "FrequentUnregisterNetDevice",
];
const DAY: i64 = 86_400;
/// Reboots within a day until they are no plan.
const REBOOTS: u32 = 2;

fn control_plane<'a>(look: Look<'_, 'a>) -> Vec<Signal<'a>> {
    let graph = look.graph;
    let mine = graph
        .own::<Lease>()
        .filter(|lease| lease.metadata.namespace == "kube-system");
    let parts = mine.filter(|lease| PARTS.contains(&&*lease.metadata.name));
    parts
        .filter_map(|lease| {
            let name = &*lease.metadata.name;
            let at = stale(graph, name)?;
            let renewed = seen(
                lease.reference(),
                "spec.renewTime",
                at,
                EvidenceSource::Status,
                Some(at),
            );
            Some(look.object(component(name), Some(at), vec![renewed]))
        })
        .collect()
}

fn node_problem<'a>(look: Look<'_, 'a>) -> Vec<Signal<'a>> {
    let graph = look.graph;
    look.all::<Node>()
        .filter_map(|node| {
            let object = node.reference();
            let ill = PROBLEMS
                .iter()
                .filter_map(|name| condition(&node.status.conditions, name))
                .find(|one| {
                    let at = one.last_transition_time;
                    one.status == "True" && look.lasted(at)
                });
            let (begun, evidence) = match ill {
                Some(one) => {
                    let field = format!("status.conditions[type={}].status", one.r#type);
                    let at = one.last_transition_time;
                    let status = EvidenceSource::Status;
                    let mut evidence = vec![seen(object.clone(), field, "True", status, at)];
                    evidence.extend(evidence::condition(&object, one));
                    (at, evidence)
                }
                None => rebooted(graph, node)?,
            };
            Some(look.node(node, begun, evidence))
        })
        .collect()
}

fn rebooted(graph: &Graph<'_>, node: &Node) -> Option<(Option<i64>, Vec<Evidence>)> {
    let events: Vec<&Event> = graph
        .events_about(&node.reference())
        .filter(|event| event.reason == "Rebooted")
        .filter(|event| {
            event
                .last_seen()
                .is_none_or(|at| !graph.passed(at, DAY + 1))
        })
        .collect();
    let times: u32 = events.iter().map(|event| event.times()).sum();
    let first = events.iter().filter_map(|event| event.first_seen()).min();
    (times >= REBOOTS).then(|| {
        let evidence = events.iter().map(|event| evidence::event(event)).collect();
        (first, evidence)
    })
}

fn namespace<'a>(look: Look<'_, 'a>) -> Vec<Signal<'a>> {
    const HELD: &[&str] = &[
        "NamespaceFinalizersRemaining",
        "NamespaceContentRemaining",
        "NamespaceDeletionDiscoveryFailure",
        "NamespaceDeletionContentFailure",
        "NamespaceDeletionGroupVersionParsingFailure",
    ];
    let gone = look.graph.own::<Namespace>().filter(|one| {
        let meta = &one.metadata;
        meta.deleted.is_some() && look.lasted(meta.deleted) && !look.ignores(&meta.annotations)
    });
    gone.filter_map(|one| {
        let object = one.reference();
        let conditions = HELD
            .iter()
            .filter_map(|name| condition(&one.status.conditions, name))
            .filter(|one| one.status == "True");
        let evidence: Vec<Evidence> = conditions
            .map(|held| {
                let field = format!("status.conditions[type={}].message", held.r#type);
                let at = held.last_transition_time;
                let message = masked(&held.message);
                seen(object.clone(), field, message, EvidenceSource::Status, at)
            })
            .collect();
        let begun = one.metadata.deleted?;
        (!evidence.is_empty()).then(|| look.object(object, Some(begun), evidence))
    })
    .collect()
}

fn lagging<'a>(look: Look<'_, 'a>) -> Vec<Signal<'a>> {
    let graph = look.graph;
    // When the spec was last changed is not told; a moment's lag is every change's.
    if !graph.still() && stale(graph, MANAGER).is_none() {
        return Vec::new();
    }
    let mut signals = Vec::new();
    let mut judge = |object: ObjectRef, meta: &Meta, observed: i64| {
        let behind = observed > 0 && observed < meta.generation;
        if !behind || !look.lasted(meta.created) {
            return;
        }
        let observed = seen(
            object.clone(),
            "status.observedGeneration",
            observed,
            EvidenceSource::Status,
            None,
        );
        let evidence = vec![against(observed, meta.generation)];
        signals.push(look.object(object, None, evidence));
    };
    for one in look.all::<Deployment>() {
        judge(
            one.reference(),
            &one.metadata,
            one.status.observed_generation,
        );
    }
    for one in look.all::<StatefulSet>() {
        let observed = one.status.observed_generation.unwrap_or_default();
        judge(one.reference(), &one.metadata, observed);
    }
    for one in look.all::<DaemonSet>() {
        let observed = one.status.observed_generation.unwrap_or_default();
        judge(one.reference(), &one.metadata, observed);
    }
    signals
}
