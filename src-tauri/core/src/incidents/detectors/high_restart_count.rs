//! Containers that run, but do not stay up.

use kubegraf_ipc::incident::Severity;

use super::super::{
    containers,
    graph::Graph,
    signal::{Place, Signal},
    snapshot::Kind,
};
use super::{Detector, Earlier, pod_crash_loop};
use crate::objects::Object;

/// `high_restart_count`
pub(super) struct HighRestartCount;

/// Fewer restarts are nothing to tell about.
pub(super) const MANY: u32 = 5;
/// The last one at most this long ago; seconds.
const RECENT: i64 = 3_600;

impl Detector for HighRestartCount {
    fn r#type(&self) -> &'static str {
        "high_restart_count"
    }
    fn severity(&self) -> Severity {
        Severity::Medium
    }
    fn reads(&self) -> &'static [Kind] {
        &[Kind::Pods]
    }
    fn threshold(&self) -> i64 {
        0
    }
    fn doc(&self) -> &'static str {
        "a container was restarted at least five times, once within the last hour, and runs now without looping"
    }
    fn detect<'a>(&self, graph: &Graph<'a>, _: Earlier<'_, 'a>) -> Vec<Signal<'a>> {
        let pods = graph
            .suspects()
            .filter(|pod| !containers::quiet(pod, self.r#type()));
        pods.flat_map(containers::of)
            .filter(|container| {
                container.status.restart_count >= MANY
                    && container.status.state.running.is_some()
                    && container.ended_within(graph, RECENT)
                    && container.ended().is_some_and(|(_, end)| end.exit_code != 0)
                    && !pod_crash_loop::loops(graph, *container)
            })
            .map(|container| {
                let (path, end) = container.ended().expect("its last end was just looked at");
                let at = end.finished_at;
                Signal {
                    r#type: self.r#type(),
                    object: container.pod.reference(),
                    owner: graph.owner(container.pod),
                    container: Some(container.name()),
                    first_seen: at.unwrap_or_else(|| graph.now()),
                    evidence: vec![
                        container.observed("restartCount", container.status.restart_count, None),
                        container.observed(&format!("{path}.exitCode"), end.exit_code, at),
                        container.observed(&format!("{path}.reason"), &end.reason, at),
                    ],
                    place: Place::Pod(container.pod),
                }
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::fixtures::{self, Scene, pod};

    /// Covers: INC-07
    #[test]
    fn many_restarts_count_while_the_last_is_recent() {
        let pod = |restarts, ago| {
            pod("web")
                .running(ago)
                .ended_before("Error", 2, ago, restarts)
        };
        let types = |scene: Scene| fixtures::types(&scene);
        assert_eq!(
            types(Scene::of([pod(5, 1_800).into()])),
            ["high_restart_count"]
        );
        assert_eq!(types(Scene::of([pod(5, 600).into()])), ["pod_crash_loop"]);
        assert!(types(Scene::of([pod(4, 1_800).into()])).is_empty());
        assert!(types(Scene::of([pod(50, 3_700).into()])).is_empty());
    }
}
