//! Containers killed because they used more memory than allowed.

use super::super::{containers::Seen, signal::Signal};
use super::{Look, detector};

/// A kill older than this counts only while the container is not ready again; seconds.
const RECENT: i64 = 3_600;

detector!(
    OomKilled,
    "oom_killed",
    High,
    [Pods],
    0,
    "a container's present or last end is OOMKilled, within the last hour or while it is still not ready",
    detect
);

fn detect<'a>(look: Look<'_, 'a>) -> Vec<Signal<'a>> {
    look.containers()
        .filter_map(|container| find(look, container))
        .collect()
}

fn find<'a>(look: Look<'_, 'a>, container: Seen<'a>) -> Option<Signal<'a>> {
    let (path, end) = container
        .ended()
        .filter(|(_, end)| end.reason == "OOMKilled")?;
    let recent = container.ended_within(look.graph, RECENT);
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
    Some(look.container(container, at, evidence))
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
