//! Containers killed because they used more memory than allowed.

use kubegraf_ipc::incident::Severity;

use super::super::{
    containers::{self, Seen},
    graph::Graph,
    signal::{Place, Signal},
    snapshot::Kind,
};
use super::{Detector, Earlier};
use crate::objects::Object;

/// `oom_killed`
pub(super) struct OomKilled;

/// A kill older than this counts only while the container is not ready again; seconds.
const RECENT: i64 = 3_600;

impl Detector for OomKilled {
    fn r#type(&self) -> &'static str {
        "oom_killed"
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
        "a container's present or last end is OOMKilled, within the last hour or while it is still not ready"
    }
    fn detect<'a>(&self, graph: &Graph<'a>, _: Earlier<'_, 'a>) -> Vec<Signal<'a>> {
        let pods = graph
            .suspects()
            .filter(|pod| !containers::quiet(pod, self.r#type()));
        pods.flat_map(containers::of)
            .filter_map(|container| find(graph, container))
            .collect()
    }
}

fn find<'a>(graph: &Graph<'a>, container: Seen<'a>) -> Option<Signal<'a>> {
    let (path, end) = container
        .ended()
        .filter(|(_, end)| end.reason == "OOMKilled")?;
    let recent = container.ended_within(graph, RECENT);
    if !recent && container.status.ready {
        return None;
    }
    let at = end.finished_at;
    let mut evidence = vec![
        container.observed(&format!("{path}.reason"), &end.reason, at),
        container.observed(&format!("{path}.exitCode"), end.exit_code, at),
        container.observed("restartCount", container.status.restart_count, at),
    ];
    if let Some(limit) = container
        .spec
        .and_then(|spec| spec.resources.limits.get("memory"))
    {
        evidence.push(container.asked("resources.limits.memory", limit));
    }
    let pod = container.pod;
    Some(Signal {
        r#type: OomKilled.r#type(),
        object: pod.reference(),
        owner: graph.owner(pod),
        container: Some(container.name()),
        first_seen: at.unwrap_or_else(|| graph.now()),
        evidence,
        place: Place::Pod(pod),
    })
}

#[cfg(test)]
mod tests {
    use super::super::super::fixtures::{self, Scene, pod};

    /// Covers: INC-07
    #[test]
    fn a_kill_counts_for_an_hour_or_until_the_container_is_ready_again() {
        let killed = |ago| pod("web").running(5).ended_before("OOMKilled", 137, ago, 1);
        assert_eq!(
            fixtures::types(&Scene::of([killed(10).into()])),
            ["oom_killed"]
        );
        assert!(Scene::of([killed(3_700).into()]).evaluate().is_empty());
        let down = pod("web").ended("OOMKilled", 137, 3_700, 1);
        assert_eq!(fixtures::types(&Scene::of([down.into()])), ["oom_killed"]);
        assert!(
            Scene::of([killed(10).deleted(1).into()])
                .evaluate()
                .is_empty()
        );
    }
}
