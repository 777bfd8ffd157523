//! Controllers that cannot make their pods.

use std::collections::BTreeSet;

use kubegraf_ipc::incident::{Evidence, EvidenceSource};

use super::super::{
    evidence::{self, masked, seen},
    graph::Graph,
    signal::{Place, Signal},
    snapshot::Kind,
    workloads::Workload,
};
use super::{Look, detector};
use crate::objects::{Condition, Deployment, Object, condition};

/// Refusals that have not stopped within this are not overtaken; seconds.
const RECENT: i64 = 3_600;
/// So many refusals are no passing one.
const OFTEN: u32 = 3;

detector!(
    ReplicaCreationFailed,
    "replica_creation_failed",
    High,
    [],
    60,
    "ReplicaFailure is True, or FailedCreate events of a controller that lacks pods, for one minute or three times",
    detect
);

fn detect<'a>(look: Look<'_, 'a>) -> Vec<Signal<'a>> {
    let graph = look.graph;
    let refused: BTreeSet<(&str, &str)> = graph
        .events()
        .filter(|event| matches!(&*event.reason, "FailedCreate" | "ReplicaSetCreateError"))
        .map(|event| {
            let about = &event.involved_object;
            (&*about.namespace, &*about.name)
        })
        .collect();
    graph
        .workloads()
        .filter(|one| hinted(graph, one, &refused))
        .filter(|one| one.desired != Some(0) && !look.ignores(&one.meta.annotations))
        .filter_map(|one| find(look, one))
        .collect()
}

/// Whether anything at all says that pods were refused; nearly nowhere does it.
fn hinted(graph: &Graph<'_>, one: &Workload<'_>, refused: &BTreeSet<(&str, &str)>) -> bool {
    let says = |conditions: &[Condition]| condition(conditions, "ReplicaFailure").is_some();
    let named = |name: &str| refused.contains(&(&*one.meta.namespace, name));
    named(&one.object.name)
        || graph.deployment(&one.object).is_some_and(|deployment| {
            says(&deployment.status.conditions)
                || graph
                    .revisions(deployment)
                    .iter()
                    .any(|set| says(&set.status.conditions) || named(&set.metadata.name))
        })
}

fn find<'a>(look: Look<'_, 'a>, workload: &Workload<'a>) -> Option<Signal<'a>> {
    let graph = look.graph;
    let deployment = graph.deployment(&workload.object);
    let sets = deployment
        .map(|one| graph.revisions(one))
        .unwrap_or_default();
    let mut evidence: Vec<Evidence> = Vec::new();
    let mut since: Option<i64> = None;
    let mut certain = false;
    let mut failure = |object, conditions: &[Condition]| {
        let Some(failure) =
            condition(conditions, "ReplicaFailure").filter(|failure| failure.status == "True")
        else {
            return;
        };
        let at = failure.last_transition_time;
        certain |= look.lasted(at);
        since = since.or(at);
        for (name, value) in [("reason", &failure.reason), ("message", &failure.message)] {
            let field = format!("status.conditions[type=ReplicaFailure].{name}");
            let object = kubegraf_ipc::object::ObjectRef::clone(&object);
            evidence.push(seen(
                object,
                field,
                masked(value),
                EvidenceSource::Status,
                at,
            ));
        }
    };
    if let Some(deployment) = deployment {
        failure(workload.object.clone(), &deployment.status.conditions);
    }
    for set in sets.iter().filter(|set| set.spec.replicas != Some(0)) {
        failure(set.reference(), &set.status.conditions);
    }
    let controllers =
        std::iter::once(workload.object.clone()).chain(sets.iter().map(|set| set.reference()));
    let events: Vec<_> = controllers
        .flat_map(|object| graph.events_about(&object).collect::<Vec<_>>())
        .filter(|event| matches!(&*event.reason, "FailedCreate" | "ReplicaSetCreateError"))
        .filter(|event| {
            event
                .last_seen()
                .is_none_or(|at| !graph.passed(at, RECENT + 1))
        })
        .collect();
    let times: u32 = events.iter().map(|event| event.times()).sum();
    let first = events.iter().filter_map(|event| event.first_seen()).min();
    if evidence.is_empty() && events.is_empty() {
        return None;
    }
    let lacking = lacks(graph, workload);
    let old = look.lasted(first);
    let refused = lacking && !events.is_empty() && (times >= OFTEN || old);
    if !lacking || !(certain || refused) {
        return None;
    }
    evidence.extend(events.last().map(|event| evidence::event(event)));
    let begun = since.or(first);
    let place = deployment.map_or(Place::Other, |one: &'a Deployment| Place::Deployment(one));
    Some(Signal {
        place,
        ..look.object(workload.object.clone(), begun, evidence)
    })
}

/// Whether the workload has fewer pods than it wants; a later creation overtakes a refusal.
fn lacks(graph: &Graph<'_>, workload: &Workload<'_>) -> bool {
    let there = || u32::try_from(graph.pods_under(workload).len()).unwrap_or(u32::MAX);
    match (graph.deployment(&workload.object), workload.desired) {
        (Some(deployment), Some(desired)) => {
            let newest = super::newest(graph, deployment);
            let wanted = newest.map_or(desired, |set| set.spec.replicas.unwrap_or(1).min(desired));
            let have = newest.map_or(deployment.status.replicas, |set| set.status.replicas);
            have < wanted.max(1) || deployment.status.updated_replicas < desired
        }
        (None, Some(desired)) if graph.knows(Kind::Pods) => there() < desired,
        (None, None) if graph.knows(Kind::Pods) => there() == 0,
        _ => true,
    }
}
