//! Pods that the kubelet has ended because its node ran short of something.

use std::collections::BTreeSet;

use kubegraf_ipc::incident::EvidenceSource;

use super::super::{
    containers,
    evidence::{masked, seen},
    signal::Signal,
};
use super::{Look, detector, persistent_failure::replaced};
use crate::objects::{Object, Pod, condition};

/// So many evictions on one node …
const MANY: usize = 3;
/// … within this count though the pods were replaced; seconds.
const WITHIN: i64 = 3_600;

detector!(
    PodEvicted,
    "pod_evicted",
    High,
    [Pods],
    0,
    "a pod was evicted by its kubelet and not replaced, or three were on one node within an hour",
    detect
);

fn detect<'a>(look: Look<'_, 'a>) -> Vec<Signal<'a>> {
    let graph = look.graph;
    let evicted: Vec<&Pod> = look.pods().filter(|pod| was_evicted(pod)).collect();
    let lately = |pod: &Pod| when(pod).is_none_or(|at| !graph.passed(at, WITHIN + 1));
    let nodes: BTreeSet<&str> = evicted
        .iter()
        .filter(|pod| lately(pod))
        .map(|pod| &*pod.node_name)
        .filter(|node| {
            let there = graph.pods_on(node).into_iter();
            there.filter(|pod| was_evicted(pod) && lately(pod)).count() >= MANY
        })
        .collect();
    evicted
        .into_iter()
        .filter(|pod| !replaced(graph, pod) || lately(pod) && nodes.contains(&*pod.node_name))
        .map(|pod| {
            let object = pod.reference();
            let at = when(pod);
            let status = |field: &str, value: String| {
                seen(object.clone(), field, value, EvidenceSource::Status, at)
            };
            let evidence = vec![
                status("status.reason", pod.status.reason.to_string()),
                status("status.message", masked(&pod.status.message)),
            ];
            look.pod(pod, at, evidence)
        })
        .collect()
}

fn was_evicted(pod: &Pod) -> bool {
    pod.status.phase == "Failed"
        && (pod.status.reason == "Evicted"
            || condition(&pod.status.conditions, "DisruptionTarget").is_some_and(|target| {
                target.status == "True" && target.reason == "TerminationByKubelet"
            }))
}

fn when(pod: &Pod) -> Option<i64> {
    let target = condition(&pod.status.conditions, "DisruptionTarget");
    let ended = || {
        let ends = containers::of(pod).filter_map(|one| one.ended()?.1.finished_at);
        ends.max()
    };
    target
        .and_then(|target| target.last_transition_time)
        .or_else(ended)
        .or(pod.metadata.created)
}
