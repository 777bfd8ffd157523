//! Pods no node takes.

use kubegraf_ipc::incident::{EvidenceSource, Severity};

use super::super::{
    containers,
    evidence::{self, masked, seen},
    graph::Graph,
    signal::{Place, Signal},
    snapshot::Kind,
};
use super::{Detector, Earlier};
use crate::objects::{Object, condition};

/// `pod_unschedulable`
pub(super) struct PodUnschedulable;

impl Detector for PodUnschedulable {
    fn r#type(&self) -> &'static str {
        "pod_unschedulable"
    }
    fn severity(&self) -> Severity {
        Severity::High
    }
    fn reads(&self) -> &'static [Kind] {
        &[Kind::Pods]
    }
    fn threshold(&self) -> i64 {
        60
    }
    fn doc(&self) -> &'static str {
        "the scheduler reports a pod Unschedulable for one minute; at once where no node can ever take it"
    }
    fn detect<'a>(&self, graph: &Graph<'a>, _: Earlier<'_, 'a>) -> Vec<Signal<'a>> {
        let pods = graph
            .suspects()
            .filter(|pod| pod.node_name.is_empty() && !containers::quiet(pod, self.r#type()));
        pods.filter_map(|pod| {
            let held = condition(&pod.status.conditions, "PodScheduled")
                .filter(|held| held.status == "False" && held.reason == "Unschedulable")?;
            let at = held.last_transition_time;
            let young = at.is_some_and(|at| !graph.passed(at, self.threshold()));
            if young && (!graph.knows(Kind::Nodes) || graph.fit(pod).may_pass(graph, pod)) {
                return None;
            }
            let object = pod.reference();
            let status = |name: &str, value: &str| {
                let field = format!("status.conditions[type=PodScheduled].{name}");
                seen(object.clone(), field, value, EvidenceSource::Status, at)
            };
            let mut evidence = vec![
                status("reason", &held.reason),
                status("message", &masked(&held.message)),
            ];
            let last = graph
                .events_about(&object)
                .filter(|event| event.reason == "FailedScheduling")
                .last();
            evidence.extend(last.map(evidence::event));
            Some(Signal {
                r#type: self.r#type(),
                owner: graph.owner(pod),
                object,
                container: None,
                first_seen: at.unwrap_or_else(|| graph.now()),
                evidence,
                place: Place::Pod(pod),
            })
        })
        .collect()
    }
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
