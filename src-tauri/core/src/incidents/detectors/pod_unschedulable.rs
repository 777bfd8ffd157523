//! Pods no node takes.

use super::super::{
    evidence::{self},
    signal::Signal,
    snapshot::Kind,
};
use super::{Look, detector};
use crate::objects::{Object, condition};

detector!(
    PodUnschedulable,
    "pod_unschedulable",
    High,
    [Pods],
    60,
    "the scheduler reports a pod Unschedulable for one minute; at once where no node can ever take it",
    detect
);

fn detect<'a>(look: Look<'_, 'a>) -> Vec<Signal<'a>> {
    let graph = look.graph;
    look.pods()
        .filter(|pod| pod.node_name.is_empty())
        .filter_map(|pod| {
            let held = condition(&pod.status.conditions, "PodScheduled")
                .filter(|held| held.status == "False" && held.reason == "Unschedulable")?;
            let at = held.last_transition_time;
            let may_pass = || !graph.knows(Kind::Nodes) || graph.fit(pod).may_pass(graph, pod);
            if !look.lasted(at) && may_pass() {
                return None;
            }
            let object = pod.reference();
            let mut evidence = evidence::condition(&object, held);
            let last = graph
                .events_about(&object)
                .filter(|event| event.reason == "FailedScheduling")
                .last();
            evidence.extend(last.map(evidence::event));
            Some(look.pod(pod, at, evidence))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::super::fixtures::{self, Scene, pod};

    #[test]
    fn the_scheduler_is_given_a_minute() {
        let held =
            |ago| pod("web").unschedulable("0/3 nodes are available: 3 Insufficient cpu.", ago);
        assert_eq!(
            fixtures::types(&Scene::of([held(60).into()])),
            ["pod_unschedulable"]
        );
        assert!(Scene::of([held(59).into()]).evaluate().is_empty());
        assert!(
            Scene::of([held(90).deleted(3).into()])
                .evaluate()
                .is_empty()
        );
    }
}
