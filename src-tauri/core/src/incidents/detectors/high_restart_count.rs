//! Containers that run, but do not stay up.

use super::super::signal::Signal;
use super::{Look, detector, pod_crash_loop};

/// Fewer restarts are nothing to tell about.
pub(super) const MANY: u32 = 5;
/// The last one at most this long ago; seconds.
const RECENT: i64 = 3_600;

detector!(
    HighRestartCount,
    "high_restart_count",
    Medium,
    [Pods],
    0,
    "a container was restarted at least five times, once within the last hour, and runs now without looping",
    detect
);

fn detect<'a>(look: Look<'_, 'a>) -> Vec<Signal<'a>> {
    look.containers()
        .filter(|one| one.status.restart_count >= MANY && one.status.state.running.is_some())
        .filter(|one| one.ended_within(look.graph, RECENT))
        .filter(|one| !pod_crash_loop::loops(look.graph, *one))
        .filter_map(|one| {
            let (path, end) = one.ended().filter(|(_, end)| end.exit_code != 0)?;
            let at = end.finished_at;
            let evidence = vec![
                one.observed("restartCount", one.status.restart_count, None),
                one.observed(&format!("{path}.exitCode"), end.exit_code, at),
                one.observed(&format!("{path}.reason"), &end.reason, at),
            ];
            Some(look.container(one, at, evidence))
        })
        .collect()
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
