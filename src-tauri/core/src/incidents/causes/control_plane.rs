//! Whether the scheduler and the controller manager work: by their Leases, and by what they do.

use kubegraf_ipc::{incident::EvidenceSource, object::ObjectRef};

use super::{Candidate, Class, Rule};
use crate::{
    incidents::{evidence::seen, graph::Graph, signal::Signal, snapshot::Kind},
    objects::{Event, Lease, Object, Pod, ReplicaSet, condition},
};

/// A controller renews its Lease within this; seconds.
const STALE: i64 = 30;
/// The scheduler that every cluster has.
const DEFAULT: &str = "default-scheduler";
/// Who places pods.
const SCHEDULER: &str = "kube-scheduler";
/// Who runs the controllers.
pub(in super::super) const MANAGER: &str = "kube-controller-manager";
/// The parts that have a Lease.
pub(in super::super) const PARTS: &[&str] = &[SCHEDULER, MANAGER];

/// The table.
pub(super) const RULES: &[Rule] = &[
    Rule {
        cause: "scheduler_name_unknown",
        explains: &["pod_not_scheduled"],
        class: Class::Computed,
        needs: &[Kind::Pods],
        in_spec: false,
        actions: &["set_scheduler_name", "plan"],
        doc: "no scheduled pod has the pod's schedulerName, which is not the default",
        decide: scheduler_name,
    },
    Rule {
        cause: "scheduler_down",
        explains: &["pod_not_scheduled", "control_plane_degraded"],
        class: Class::Enumerated,
        needs: &[Kind::Leases],
        in_spec: false,
        actions: &["plan"],
        doc: "the scheduler's Lease is stale, or it has decided nothing since the pod was made",
        decide: scheduler,
    },
    Rule {
        cause: "controller_manager_down",
        explains: &["control_plane_degraded", "controller_lagging"],
        class: Class::Enumerated,
        needs: &[Kind::Leases],
        in_spec: false,
        actions: &["plan"],
        doc: "the controller manager's Lease is stale",
        decide: controller_manager,
    },
];

fn asks_for(pod: &Pod) -> &str {
    match &*pod.spec.scheduler_name {
        "" => DEFAULT,
        name => name,
    }
}

fn scheduler_name<'a>(graph: &Graph<'a>, signal: &Signal<'a>) -> Option<Candidate> {
    let name = asks_for(signal.pod()?);
    let known = graph
        .every::<Pod>()
        .any(|pod| !pod.node_name.is_empty() && asks_for(pod) == name);
    let leads = || {
        let mut leases = graph.every::<Lease>();
        leases.any(|lease| lease.metadata.name == name)
    };
    (name != DEFAULT && !known && !leads()).then(|| {
        Candidate::new(
            &signal.owner,
            format!("there is no scheduler \"{name}\""),
            format!(
                "the pod waits for scheduler \"{name}\", which has never placed a pod here; others are placed by \"{DEFAULT}\""
            ),
        )
    })
}
/// A part of the control plane without an object of its own.
pub(in super::super) fn component(name: &str) -> ObjectRef {
    ObjectRef {
        api_version: "v1".into(),
        kind: "Component".into(),
        namespace: "kube-system".into(),
        name: name.into(),
        uid: None,
    }
}

/// When a part of the control plane last renewed its Lease, where that is too long ago.
pub(in super::super) fn stale(graph: &Graph<'_>, name: &str) -> Option<i64> {
    let lease = graph.get::<Lease>("kube-system", name)?;
    let at = lease.spec.renew_time?;
    // Looked at once, kinds are read one after the other: only other leases tell what time it was.
    let newest = graph.still().then(|| {
        graph
            .every::<Lease>()
            .filter(|other| other.metadata.key() != lease.metadata.key())
            .filter_map(|other| other.spec.renew_time)
            .max()
    });
    let late = match newest.flatten() {
        Some(newest) => newest - at > STALE,
        None => graph.passed(at, STALE + 1),
    };
    (late && !works_since(graph, name, at)).then_some(at)
}

/// Whether a part of the control plane has worked later: then its Lease is left over from another set-up.
fn works_since(graph: &Graph<'_>, name: &str, at: i64) -> bool {
    let later = |when: Option<i64>| when.is_some_and(|when| when > at + STALE);
    match name {
        SCHEDULER => graph.every::<Pod>().any(|pod| {
            let placed = condition(&pod.status.conditions, "PodScheduled");
            let placed = placed.filter(|one| one.status == "True");
            asks_for(pod) == DEFAULT && later(placed.and_then(|one| one.last_transition_time))
        }),
        _ => graph
            .every::<ReplicaSet>()
            .any(|set| later(set.metadata.created)),
    }
}

fn lease(graph: &Graph<'_>, name: &str, words: &str) -> Option<Candidate> {
    let at = stale(graph, name)?;
    let target = component(name);
    let mut candidate = Candidate::new(
        &target,
        words,
        format!(
            "{words}: it has not renewed its Lease \"kube-system/{name}\" for more than {STALE} s"
        ),
    );
    let object = graph.get::<Lease>("kube-system", name)?.reference();
    candidate.evidence.push(seen(
        object,
        "spec.renewTime",
        at,
        EvidenceSource::Status,
        Some(at),
    ));
    Some(candidate)
}

fn scheduler<'a>(graph: &Graph<'a>, signal: &Signal<'a>) -> Option<Candidate> {
    let by_lease = || lease(graph, SCHEDULER, "the scheduler does not work");
    let Some(pod) = signal.pod() else {
        return (signal.object.name == SCHEDULER).then(by_lease).flatten();
    };
    if asks_for(pod) != DEFAULT {
        return None;
    }
    if let Some(candidate) = by_lease() {
        return Some(candidate);
    }
    // One that has placed or refused another since is at work.
    let made = pod.metadata.created;
    let decided = graph.every::<Event>().any(|event| {
        matches!(&*event.reason, "Scheduled" | "FailedScheduling")
            && event
                .last_seen()
                .zip(made)
                .is_some_and(|(at, made)| at > made)
    });
    let placed = graph.every::<Pod>().any(|other| {
        let placed = condition(&other.status.conditions, "PodScheduled");
        let at = placed.and_then(|one| one.last_transition_time);
        at.zip(made).is_some_and(|(at, made)| at > made)
    });
    let fresh = graph.get::<Lease>("kube-system", SCHEDULER).is_some();
    if decided || placed || fresh {
        return None;
    }
    let mut candidate = Candidate::new(
        &component(SCHEDULER),
        "the scheduler does not work",
        "no pod has been placed or refused since this one was made",
    );
    candidate.base = Some(0.75);
    Some(candidate)
}

fn controller_manager<'a>(graph: &Graph<'a>, signal: &Signal<'a>) -> Option<Candidate> {
    let about = signal.r#type == "controller_lagging" || signal.object.name == MANAGER;
    about
        .then(|| lease(graph, MANAGER, "the controller manager does not work"))
        .flatten()
}
