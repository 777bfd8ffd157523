//! Pods that the kubelet has ended because its node ran short of something.

use std::collections::BTreeSet;

use kubegraf_ipc::incident::{EvidenceSource, Severity};

use super::super::{
    containers,
    evidence::{masked, seen},
    graph::Graph,
    signal::{Place, Signal},
    snapshot::Kind,
};
use super::{Detector, Earlier, persistent_failure::replaced};
use crate::objects::{Object, Pod, condition};

/// `pod_evicted`
pub(super) struct PodEvicted;

/// So many evictions on one node …
const MANY: usize = 3;
/// … within this count though the pods were replaced; seconds.
const WITHIN: i64 = 3_600;

impl Detector for PodEvicted {
    fn r#type(&self) -> &'static str {
        "pod_evicted"
    }
    fn severity(&self) -> Severity {
        Severity::High
    }
    fn reads(&self) -> &'static [Kind] {
        &[Kind::Pods]
    }
    fn threshold(&self) -> i64 {
        0
    }
    fn doc(&self) -> &'static str {
        "a pod was evicted by its kubelet and not replaced, or three were on one node within an hour"
    }
    fn detect<'a>(&self, graph: &Graph<'a>, _: Earlier<'_, 'a>) -> Vec<Signal<'a>> {
        let evicted: Vec<&Pod> = graph
            .suspects()
            .filter(|pod| was_evicted(pod) && !containers::quiet(pod, self.r#type()))
            .collect();
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
                Signal {
                    owner: graph.owner(pod),
                    place: Place::Pod(pod),
                    ..Signal::of(
                        self.r#type(),
                        object,
                        at.unwrap_or_else(|| graph.now()),
                        evidence,
                    )
                }
            })
            .collect()
    }
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
