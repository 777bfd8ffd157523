//! Pods that are ended, refused or lost, and those that do not end.

use std::collections::BTreeMap;

use kubegraf_ipc::{
    incident::{Evidence, EvidenceSource},
    object::ObjectRef,
};

use super::super::{
    containers,
    evidence::{self, masked, seen},
    signal::Signal,
};
use super::{Look, detector, high_restart_count, persistent_failure::replaced, pod_crash_loop};
use crate::objects::{Object, Pod, condition};

detector!(
    ContainerKilled,
    "container_killed",
    Medium,
    [Pods],
    0,
    "a container has been killed twice (exit code 137 or 139) or asked to end three times (143) within an hour, not for its memory, and neither loops nor is counted as restarted often",
    killed
);
detector!(
    PodRejectedByNode,
    "pod_rejected_by_node",
    Medium,
    [Pods],
    0,
    "a kubelet refused a pod (OutOfcpu, OutOfmemory, OutOfpods, NodeShutdown and the like) that was not replaced; of a controller's pods at least two",
    rejected
);
detector!(
    PodDeadlineExceeded,
    "pod_deadline_exceeded",
    Medium,
    [Pods],
    0,
    "a pod outside a Job was ended by its activeDeadlineSeconds and not replaced",
    deadline
);
detector!(
    PodStatusUnknown,
    "pod_status_unknown",
    High,
    [Pods],
    300,
    "a pod's phase is Unknown, or the state of a container is lost, for five minutes",
    unknown
);
detector!(
    PodStuckTerminating,
    "pod_stuck_terminating",
    Medium,
    [Pods],
    120,
    "a pod is still there two minutes after it was to be gone",
    terminating
);
detector!(
    PodKillFailed,
    "pod_kill_failed",
    Medium,
    [Pods, Events],
    0,
    "FailedKillPod or ExceededGracePeriod events of a pod, twice, or a container that cannot be ended",
    kill_failed
);
detector!(
    PodPreemptedRepeatedly,
    "pod_preempted_repeatedly",
    Medium,
    [Pods],
    0,
    "three pods of one owner had to make room for others of higher priority within an hour",
    preempted
);

const HOUR: i64 = 3_600;
/// Reasons for which a kubelet refuses a pod it was given.
const REFUSALS: &[&str] = &[
    "OutOfcpu",
    "OutOfmemory",
    "OutOfpods",
    "OutOfephemeral-storage",
    "UnexpectedAdmissionError",
    "TopologyAffinityError",
    "SysctlForbidden",
    "AppArmor",
    "NodeShutdown",
    "NodeAffinity",
    "PodOSSelectorNodeLabelDoesNotMatch",
];
/// Pods of one owner that were preempted until it is no single disruption.
const MANY: usize = 3;

fn status(pod: &Pod, field: &str, value: &str, at: Option<i64>) -> Evidence {
    seen(pod.reference(), field, value, EvidenceSource::Status, at)
}

fn killed<'a>(look: Look<'_, 'a>) -> Vec<Signal<'a>> {
    let graph = look.graph;
    look.pods()
        .filter(|pod| {
            // All its restarts lie within the hour: only the last one has a time of its own.
            let since = pod.status.start_time.or(pod.metadata.created);
            since.is_none_or(|at| !graph.passed(at, HOUR + 1))
        })
        .flat_map(containers::of)
        .filter(|one| {
            (2..high_restart_count::MANY).contains(&one.status.restart_count)
                && one.ended_within(graph, HOUR)
                && !pod_crash_loop::loops(graph, *one)
        })
        .filter_map(|one| {
            let end = one.status.last_state.terminated.as_deref()?;
            // Being asked to end is milder than being killed.
            let enough = match end.exit_code {
                137 | 139 => 2,
                143 => 3,
                _ => return None,
            };
            if end.reason == "OOMKilled" || one.status.restart_count < enough {
                return None;
            }
            let at = end.finished_at;
            let evidence = vec![
                one.observed("lastState.terminated.exitCode", end.exit_code, at),
                one.observed("lastState.terminated.reason", &end.reason, at),
                one.observed("restartCount", one.status.restart_count, None),
            ];
            Some(look.container(one, end.started_at, evidence))
        })
        .collect()
}

/// A failed pod's reason and message.
fn failed(pod: &Pod) -> Vec<Evidence> {
    vec![
        status(pod, "status.reason", &pod.status.reason, None),
        status(pod, "status.message", &masked(&pod.status.message), None),
    ]
}

fn rejected<'a>(look: Look<'_, 'a>) -> Vec<Signal<'a>> {
    let graph = look.graph;
    let all: Vec<&Pod> = look
        .pods()
        .filter(|pod| pod.status.phase == "Failed" && REFUSALS.contains(&&*pod.status.reason))
        .filter(|pod| !replaced(graph, pod))
        .collect();
    let mut times: BTreeMap<ObjectRef, usize> = BTreeMap::new();
    for pod in &all {
        *times.entry(graph.owner(pod)).or_default() += 1;
    }
    all.into_iter()
        .filter(|pod| pod.metadata.controller().is_none() || times[&graph.owner(pod)] >= 2)
        .map(|pod| look.pod(pod, pod.metadata.created, failed(pod)))
        .collect()
}

fn deadline<'a>(look: Look<'_, 'a>) -> Vec<Signal<'a>> {
    let graph = look.graph;
    let of_job = |pod: &Pod| {
        let owner = pod.metadata.controller();
        owner.is_some_and(|owner| owner.kind == "Job")
    };
    look.pods()
        .filter(|pod| pod.status.phase == "Failed" && pod.status.reason == "DeadlineExceeded")
        .filter(|pod| !of_job(pod) && !replaced(graph, pod))
        .map(|pod| look.pod(pod, pod.metadata.created, failed(pod)))
        .collect()
}

fn unknown<'a>(look: Look<'_, 'a>) -> Vec<Signal<'a>> {
    let graph = look.graph;
    look.pods()
        .filter_map(|pod| {
            let phase = pod.status.phase == "Unknown";
            let lost = containers::of(pod).find(|one| {
                let end = one.status.state.terminated.as_deref();
                end.is_some_and(|end| end.reason == "ContainerStatusUnknown")
            });
            if !phase && lost.is_none() || replaced(graph, pod) {
                return None;
            }
            let ready = condition(&pod.status.conditions, "Ready");
            let at = ready.and_then(|one| one.last_transition_time);
            if !look.lasted(at) {
                return None;
            }
            let mut evidence = vec![status(pod, "status.phase", &pod.status.phase, at)];
            evidence.extend(lost.map(|one| {
                one.observed("state.terminated.reason", "ContainerStatusUnknown", None)
            }));
            Some(look.pod(pod, at, evidence))
        })
        .collect()
}

fn terminating<'a>(look: Look<'_, 'a>) -> Vec<Signal<'a>> {
    look.graph
        .leaving()
        .filter(|pod| !look.ignores(&pod.metadata.annotations))
        .filter_map(|pod| {
            // The API writes when it is to be gone, grace included.
            let at = pod.metadata.deleted.filter(|at| look.lasted(Some(*at)))?;
            let object = pod.reference();
            let meta = |field: &str, value: serde_json::Value| {
                seen(
                    object.clone(),
                    field,
                    value,
                    EvidenceSource::Status,
                    Some(at),
                )
            };
            let mut evidence = vec![meta("metadata.deletionTimestamp", at.into())];
            let held: Vec<&str> = pod.metadata.finalizers.iter().map(|one| &**one).collect();
            if !held.is_empty() {
                evidence.push(meta("metadata.finalizers", held.into()));
            }
            Some(look.pod(pod, Some(at), evidence))
        })
        .collect()
}

fn kill_failed<'a>(look: Look<'_, 'a>) -> Vec<Signal<'a>> {
    let graph = look.graph;
    graph
        .suspects()
        .chain(graph.leaving())
        .filter(|pod| !look.ignores(&pod.metadata.annotations))
        .filter_map(|pod| {
            let told = look.told(&pod.reference(), &["FailedKillPod", "ExceededGracePeriod"]);
            let waits = containers::of(pod).find(|one| {
                let waiting = one.waiting();
                waiting.is_some_and(|waiting| waiting.reason == "KillContainerError")
            });
            if told.times < 2 && waits.is_none() {
                return None;
            }
            let mut evidence: Vec<Evidence> = told.last.map(evidence::event).into_iter().collect();
            evidence.extend(
                waits.map(|one| one.observed("state.waiting.reason", "KillContainerError", None)),
            );
            Some(look.pod(pod, told.first, evidence))
        })
        .collect()
}

fn preempted<'a>(look: Look<'_, 'a>) -> Vec<Signal<'a>> {
    let graph = look.graph;
    let mut by_owner: BTreeMap<ObjectRef, Vec<(&Pod, Option<i64>)>> = BTreeMap::new();
    for pod in graph.suspects().chain(graph.leaving()) {
        let target = condition(&pod.status.conditions, "DisruptionTarget")
            .filter(|one| one.status == "True" && one.reason == "PreemptionByScheduler");
        let Some(target) = target else {
            continue;
        };
        let at = target.last_transition_time;
        if at.is_none_or(|at| !graph.passed(at, HOUR + 1)) {
            by_owner
                .entry(graph.owner(pod))
                .or_default()
                .push((pod, at));
        }
    }
    by_owner
        .into_iter()
        .filter(|(_, pods)| pods.len() >= MANY)
        .map(|(owner, pods)| {
            let field = "status.conditions[type=DisruptionTarget].reason";
            let evidence = pods
                .iter()
                .take(4)
                .map(|(pod, at)| status(pod, field, "PreemptionByScheduler", *at))
                .collect();
            let begun = pods.iter().filter_map(|(_, at)| *at).min();
            look.object(owner, begun, evidence)
        })
        .collect()
}
