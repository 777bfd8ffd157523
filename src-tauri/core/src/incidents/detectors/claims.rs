//! Claims that get no volume, or have lost theirs.

use kubegraf_ipc::incident::EvidenceSource;

use super::super::{
    evidence::{self, seen},
    fit,
    signal::Signal,
    snapshot::Kind,
};
use super::{Look, detector};
use crate::objects::{Event, Node, Object, PersistentVolumeClaim, Pod, condition};

/// Reasons a provisioner or the binder gives for not serving a claim.
const REFUSALS: &[&str] = &["ProvisioningFailed", "FailedBinding"];
/// How long a provisioner outside the cluster may take; seconds.
const EXTERNAL: i64 = 300;

detector!(
    PvcPending,
    "pvc_pending",
    High,
    [Claims],
    60,
    "a claim is Pending for one minute (five while a provisioner works) and a pod uses it, or its class binds at once; a claim that waits for its first consumer does not count while nothing failed",
    pending
);

fn pending<'a>(look: Look<'_, 'a>) -> Vec<Signal<'a>> {
    let graph = look.graph;
    let mut signals = Vec::new();
    for claim in look.all::<PersistentVolumeClaim>() {
        let meta = &claim.metadata;
        if claim.status.phase != "Pending" {
            continue;
        }
        let object = claim.reference();
        let events: Vec<_> = graph.events_about(&object).collect();
        let last = |reasons: &[&str]| {
            let about = events.iter().copied();
            about
                .filter(|event| reasons.contains(&&*event.reason))
                .max_by_key(|event| event.last_seen())
        };
        // The class may have come after the claim: what was refused then waits since.
        let waiting = last(&["WaitForFirstConsumer"]).and_then(Event::last_seen);
        let refused = last(REFUSALS).filter(|event| event.last_seen() >= waiting);
        let external = events
            .iter()
            .any(|event| event.reason == "ExternalProvisioning");
        let limit = if external && refused.is_none() {
            EXTERNAL
        } else {
            look.threshold
        };
        let young = meta.created.is_some_and(|at| !graph.passed(at, limit));
        let used = graph.of::<Pod>(&meta.namespace).iter().any(|pod| {
            pod.node_name.is_empty() && fit::claims(pod).any(|name| *name == *meta.name)
        });
        let waits = fit::waits(graph, claim);
        if young
            || waits && refused.is_none() && !external
            || !used && refused.is_none() && !graph.knows(Kind::StorageClasses)
        {
            continue;
        }
        let mut evidence = vec![seen(
            object.clone(),
            "status.phase",
            &claim.status.phase,
            EvidenceSource::Status,
            meta.created,
        )];
        evidence.extend(refused.map(evidence::event));
        let begun = meta.created;
        signals.push(look.object(object, begun, evidence));
    }
    signals
}

detector!(
    PvcLost,
    "pvc_lost",
    Critical,
    [Claims],
    0,
    "a claim has lost its volume",
    lost_claims
);

fn lost_claims<'a>(look: Look<'_, 'a>) -> Vec<Signal<'a>> {
    let lost = look
        .all::<PersistentVolumeClaim>()
        .filter(|claim| claim.status.phase == "Lost");
    lost.map(|claim| {
        let object = claim.reference();
        let status = seen(
            object.clone(),
            "status.phase",
            "Lost",
            EvidenceSource::Status,
            None,
        );
        let begun = claim.metadata.created;
        look.object(object, begun, vec![status])
    })
    .collect()
}

detector!(
    NodePressure,
    "node_pressure",
    High,
    [Nodes],
    60,
    "a node that reports has MemoryPressure, DiskPressure, PIDPressure or NetworkUnavailable for one minute",
    pressure
);

fn pressure<'a>(look: Look<'_, 'a>) -> Vec<Signal<'a>> {
    let mut signals = Vec::new();
    for node in look.all::<Node>() {
        let object = node.reference();
        if look.earlier().any(|signal| signal.object == object) {
            continue;
        }
        let found = [
            "MemoryPressure",
            "DiskPressure",
            "PIDPressure",
            "NetworkUnavailable",
        ]
        .iter()
        .filter_map(|name| condition(&node.status.conditions, name))
        .find(|one| {
            let at = one.last_transition_time;
            one.status == "True" && look.lasted(at)
        });
        if let Some(one) = found {
            let field = format!("status.conditions[type={}].status", one.r#type);
            let at = one.last_transition_time;
            let evidence = vec![seen(
                object.clone(),
                field,
                "True",
                EvidenceSource::Status,
                at,
            )];
            signals.push(look.node(node, at, evidence));
        }
    }
    signals
}
