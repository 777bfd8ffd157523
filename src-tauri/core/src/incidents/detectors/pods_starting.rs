//! Pods that do not get going: not given to a node, held back, not set up, never ready.

use std::collections::BTreeSet;

use kubegraf_ipc::{
    incident::{Evidence, EvidenceSource},
    object::ObjectRef,
};

use super::super::{
    containers,
    evidence::{self, masked, seen},
    graph::Graph,
    signal::Signal,
};
use super::{Look, detector};
use crate::objects::{Condition, Event, Object, Pod, condition};

detector!(
    PodNotScheduled,
    "pod_not_scheduled",
    Critical,
    [Pods],
    60,
    "no scheduler has looked at a pod for one minute: it has no node and no PodScheduled condition, or the scheduler reports an error of its own",
    not_scheduled
);
detector!(
    PodSchedulingGated,
    "pod_scheduling_gated",
    Low,
    [Pods],
    900,
    "a pod has been held back by scheduling gates for fifteen minutes",
    gated
);
detector!(
    PodSandboxFailed,
    "pod_sandbox_failed",
    High,
    [Pods, Events],
    60,
    "FailedCreatePodSandBox or NetworkNotReady events of a pod whose containers wait to be created, twice or for one minute",
    sandbox
);
detector!(
    VolumeAttachFailed,
    "volume_attach_failed",
    High,
    [Pods, Events],
    120,
    "FailedAttachVolume events of a pod whose containers wait to be created, twice or for two minutes",
    attach
);
detector!(
    InitContainerStuck,
    "init_container_stuck",
    Medium,
    [Pods],
    600,
    "an init container that is no sidecar has run for ten minutes without an end or a restart",
    init_stuck
);
detector!(
    LifecycleHookFailed,
    "lifecycle_hook_failed",
    Medium,
    [Pods],
    0,
    "a container waits with PostStartHookError, or FailedPostStartHook or FailedPreStopHook events tell of it within 15 minutes",
    hook
);
detector!(
    PodNotReady,
    "pod_not_ready",
    Medium,
    [Pods],
    900,
    "no type above or of its controller, and a pod has run without being ready, a readiness gate of it has not been set, or its containers have waited to be created, for fifteen minutes",
    not_ready
);

/// A condition of a pod, as it was observed.
fn said(pod: &Pod, one: &Condition) -> Vec<Evidence> {
    let object = pod.reference();
    let field = format!("status.conditions[type={}].status", one.r#type);
    let at = one.last_transition_time;
    let mut evidence = vec![seen(
        object.clone(),
        field,
        &one.status,
        EvidenceSource::Status,
        at,
    )];
    evidence.extend(evidence::condition(&object, one));
    evidence
}

fn not_scheduled<'a>(look: Look<'_, 'a>) -> Vec<Signal<'a>> {
    let graph = look.graph;
    let waiting = look
        .pods()
        .filter(|pod| pod.node_name.is_empty() && matches!(&*pod.status.phase, "Pending" | ""));
    waiting
        .filter_map(|pod| {
            let placed = condition(&pod.status.conditions, "PodScheduled");
            let failed = placed.is_some_and(|one| one.reason == "SchedulerError");
            if placed.is_some() && !failed || !pod.spec.scheduling_gates.is_empty() {
                return None;
            }
            // An object that no controller has seen tells nothing of one that should have.
            if pod.status.phase.is_empty() {
                return None;
            }
            // The scheduler may have said it in an event only.
            let tried = graph
                .events_about(&pod.reference())
                .any(|event| matches!(&*event.reason, "FailedScheduling" | "Scheduled"));
            let begun = placed
                .and_then(|one| one.last_transition_time)
                .or(pod.metadata.created);
            if tried && !failed || !look.lasted(begun) {
                return None;
            }
            let object = pod.reference();
            let mut evidence = vec![
                seen(
                    object.clone(),
                    "status.phase",
                    &pod.status.phase,
                    EvidenceSource::Status,
                    begun,
                ),
                seen(
                    object,
                    "spec.schedulerName",
                    &pod.spec.scheduler_name,
                    EvidenceSource::Spec,
                    None,
                ),
            ];
            evidence.extend(placed.into_iter().flat_map(|one| said(pod, one)));
            Some(look.pod(pod, begun, evidence))
        })
        .collect()
}

fn gated<'a>(look: Look<'_, 'a>) -> Vec<Signal<'a>> {
    look.pods()
        .filter(|pod| pod.node_name.is_empty())
        .filter_map(|pod| {
            let held = condition(&pod.status.conditions, "PodScheduled")
                .filter(|one| one.reason == "SchedulingGated")?;
            let at = held.last_transition_time.or(pod.metadata.created);
            look.lasted(at).then(|| look.pod(pod, at, said(pod, held)))
        })
        .collect()
}

/// Pods whose containers wait to be created while events of these reasons keep coming.
pub(super) fn held_up<'a>(look: Look<'_, 'a>, reasons: &[&str]) -> Vec<Signal<'a>> {
    let waits = |pod: &Pod| {
        pod.status.container_statuses.is_empty()
            || containers::of(pod).any(|one| {
                one.waiting().is_some_and(|waiting| {
                    matches!(&*waiting.reason, "ContainerCreating" | "PodInitializing")
                })
            })
    };
    look.pods()
        .filter(|pod| !pod.node_name.is_empty() && pod.status.phase == "Pending" && waits(pod))
        .filter_map(|pod| {
            let told = look.told(&pod.reference(), reasons);
            let last = told
                .last
                .filter(|_| told.times >= 2 || look.lasted(told.first))?;
            Some(look.pod(pod, told.first, vec![evidence::event(last)]))
        })
        .collect()
}

fn sandbox<'a>(look: Look<'_, 'a>) -> Vec<Signal<'a>> {
    held_up(look, &["FailedCreatePodSandBox", "NetworkNotReady"])
}

fn attach<'a>(look: Look<'_, 'a>) -> Vec<Signal<'a>> {
    held_up(look, &["FailedAttachVolume"])
}

fn init_stuck<'a>(look: Look<'_, 'a>) -> Vec<Signal<'a>> {
    look.containers()
        .filter(|one| one.runs_first() && one.status.restart_count == 0)
        .filter_map(|one| {
            let since = one.status.state.running.as_ref()?.started_at;
            if !look.lasted(since) {
                return None;
            }
            let running = one.observed("state.running.startedAt", since, since);
            let mut evidence = vec![running];
            if let Some(spec) = one.spec.filter(|spec| !spec.command.is_empty()) {
                evidence.push(one.asked("command", &spec.command));
            }
            Some(look.container(one, since, evidence))
        })
        .collect()
}

fn hook<'a>(look: Look<'_, 'a>) -> Vec<Signal<'a>> {
    let graph = look.graph;
    look.containers()
        .filter_map(|one| {
            let waits = one
                .waiting()
                .filter(|waiting| waiting.reason == "PostStartHookError");
            let told = one
                .events(graph)
                .filter(|event| {
                    matches!(&*event.reason, "FailedPostStartHook" | "FailedPreStopHook")
                        && look.present(event)
                })
                .last();
            if waits.is_none() && told.is_none() {
                return None;
            }
            let mut evidence = Vec::new();
            if let Some(waiting) = waits {
                evidence.push(one.observed("state.waiting.reason", &waiting.reason, None));
                let message = masked(&waiting.message);
                evidence.push(one.observed("state.waiting.message", message, None));
            }
            evidence.extend(told.map(evidence::event));
            let begun = told
                .and_then(Event::first_seen)
                .or(one.pod.status.start_time);
            Some(look.container(one, begun, evidence))
        })
        .collect()
}

/// Whether the pod's controller has a type of its own for pods that do not get ready.
fn told_by_owner(graph: &Graph<'_>, pod: &Pod) -> bool {
    let owner = graph.owner(pod);
    let gated = !pod.spec.readiness_gates.is_empty();
    !gated
        && match &*owner.kind {
            "StatefulSet" | "DaemonSet" => true,
            "Deployment" => graph.deployment(&owner).is_some_and(|deployment| {
                let available = condition(&deployment.status.conditions, "Available");
                available.is_some_and(|one| one.status == "False")
            }),
            _ => false,
        }
}

fn not_ready<'a>(look: Look<'_, 'a>) -> Vec<Signal<'a>> {
    let graph = look.graph;
    let known: BTreeSet<&ObjectRef> = look
        .earlier()
        .flat_map(|signal| [&signal.object, &signal.owner])
        .collect();
    let fresh =
        |pod: &&Pod| !known.contains(&pod.reference()) && !known.contains(&graph.owner(pod));
    look.pods()
        .filter(|pod| !pod.node_name.is_empty())
        .filter(|pod| {
            // A Job's pod is measured by its end.
            let of_job = pod.metadata.controller();
            of_job.is_none_or(|owner| owner.kind != "Job")
        })
        .filter_map(|pod| {
            let ready =
                condition(&pod.status.conditions, "Ready").filter(|one| one.status == "False")?;
            let running = pod.status.phase == "Running";
            let creating = pod.status.phase == "Pending"
                && containers::of(pod).all(|one| {
                    one.waiting()
                        .is_some_and(|waiting| waiting.reason == "ContainerCreating")
                });
            let at = ready.last_transition_time.or(pod.metadata.created);
            let lasted = look.lasted(at);
            (lasted && (running || creating)).then_some((pod, ready, at))
        })
        .filter(|(pod, ..)| fresh(pod) && !told_by_owner(graph, pod))
        .map(|(pod, ready, at)| look.pod(pod, at, said(pod, ready)))
        .collect()
}
