//! Workloads that a NetworkPolicy keeps from what they need.

use std::collections::BTreeSet;

use kubegraf_ipc::{incident::EvidenceSource, object::ObjectRef};

use super::super::{
    barriers::{self, Barrier},
    containers,
    evidence::seen,
    graph::Graph,
    probes::{self, Which},
    signal::Signal,
};
use super::{Look, detector};
use crate::objects::{NetworkPolicy, Object};

/// Symptoms that a closed way can bring about.
const KEPT_BACK: &[&str] = &[
    "pod_crash_loop",
    "high_restart_count",
    "init_container_failed",
    "init_container_stuck",
    "readiness_probe_failing",
    "liveness_probe_failing",
    "startup_probe_failing",
    "pod_not_ready",
];

detector!(
    NetworkPolicyBlocking,
    "network_policy_blocking",
    High,
    [NetworkPolicies, Pods, Services],
    60,
    "a workload's pods crash or are not ready and show nothing else that explains it, and the NetworkPolicies that select them, or the pods they call, let neither those calls nor their questions for names through",
    detect
);

fn detect<'a>(look: Look<'_, 'a>) -> Vec<Signal<'a>> {
    let graph = look.graph;
    if graph.every::<NetworkPolicy>().next().is_none() {
        return Vec::new();
    }
    let mut signals = Vec::new();
    for (owner, begun) in kept_back(look) {
        let Some(workload) = graph.workload(&owner) else {
            continue;
        };
        if look.ignores(&workload.meta.annotations) {
            continue;
        }
        if let Some(barrier) = barriers::of(graph, workload) {
            let evidence = observed(&owner, &barrier);
            signals.push(look.object(owner, Some(begun), evidence));
        }
    }
    signals
}

/// The workloads that fail as if they could not reach someone, and since when.
fn kept_back(look: Look<'_, '_>) -> Vec<(ObjectRef, i64)> {
    let graph = look.graph;
    let explained: BTreeSet<&ObjectRef> = look
        .earlier()
        .filter(|signal| !KEPT_BACK.contains(&signal.r#type) || contradicted(graph, signal))
        .map(|signal| &signal.owner)
        .collect();
    let mut found: Vec<(ObjectRef, i64)> = Vec::new();
    for signal in look.earlier() {
        let Some(pod) = signal
            .pod()
            .filter(|_| KEPT_BACK.contains(&signal.r#type) && !explained.contains(&signal.owner))
        else {
            continue;
        };
        // A loop's last round is young; the pod that goes round is not.
        let since = pod.metadata.created.unwrap_or(signal.first_seen);
        if !look.lasted(Some(since.min(signal.first_seen))) {
            continue;
        }
        match found.iter_mut().find(|(owner, _)| *owner == signal.owner) {
            Some((_, begun)) => *begun = signal.first_seen.min(*begun),
            None => found.push((signal.owner.clone(), signal.first_seen)),
        }
    }
    found
}

/// Whether a probe fails because it asks at the wrong place.
fn contradicted(graph: &Graph<'_>, signal: &Signal<'_>) -> bool {
    let which = match signal.r#type {
        "readiness_probe_failing" => Which::Readiness,
        "liveness_probe_failing" => Which::Liveness,
        "startup_probe_failing" => Which::Startup,
        _ => return false,
    };
    let container = signal
        .pod()
        .zip(signal.container)
        .and_then(|(pod, name)| containers::named(pod, name));
    container.is_some_and(|one| probes::computed(graph, one, which).is_some())
}

fn observed(owner: &ObjectRef, barrier: &Barrier<'_, '_>) -> Vec<kubegraf_ipc::incident::Evidence> {
    let policy = barrier.blocked.policy;
    let rules = match barrier.blocked.direction.field() {
        "egress" => policy.spec.egress.len(),
        _ => policy.spec.ingress.len(),
    };
    let spec = |field: String, value: serde_json::Value| {
        seen(policy.reference(), field, value, EvidenceSource::Spec, None)
    };
    let mut evidence = vec![
        spec(
            "spec.podSelector".into(),
            policy.spec.pod_selector.to_string().into(),
        ),
        spec(
            format!("spec.{}", barrier.blocked.direction.field()),
            format!(
                "{rules} rules, none for {}/{}",
                barrier.port.protocol, barrier.port.number
            )
            .into(),
        ),
    ];
    match barrier.call {
        Some(call) => evidence.push(seen(
            call.holder.clone(),
            call.field.clone(),
            &call.value,
            EvidenceSource::Spec,
            None,
        )),
        None => evidence.push(seen(
            owner.clone(),
            "spec.template.spec.dnsPolicy",
            &*barrier.from.spec.dns_policy,
            EvidenceSource::Spec,
            None,
        )),
    }
    evidence
}
