//! Containers that end badly again and again.

use super::super::{containers::Seen, evidence, graph::Graph, signal::Signal};
use super::{Look, detector};

/// How long after its last bad end a container still counts as looping; seconds.
const BETWEEN: i64 = 900;
/// Clean ends are normal up to this many restarts.
const CLEAN_RESTARTS: u32 = 5;

detector!(
    PodCrashLoop,
    "pod_crash_loop",
    High,
    [Pods],
    0,
    "a container waits with CrashLoopBackOff; or, as newer kubelets seldom show that reason, it was restarted three times (or is held back by the kubelet's BackOff event) and ended with a code other than 0 within 15 minutes",
    crash_loops
);

fn crash_loops<'a>(look: Look<'_, 'a>) -> Vec<Signal<'a>> {
    look.containers()
        .filter(|container| !container.runs_first() && loops(look.graph, *container))
        .map(|container| signal(look, container))
        .collect()
}

detector!(
    InitContainerFailed,
    "init_container_failed",
    High,
    [Pods],
    0,
    "an init container that is no sidecar waits with CrashLoopBackOff, or its last end has a code other than 0 and it was restarted or never will be",
    failed_init
);

fn failed_init<'a>(look: Look<'_, 'a>) -> Vec<Signal<'a>> {
    look.containers()
        .filter(|container| container.runs_first() && stops(look.graph, *container))
        .map(|container| signal(look, container))
        .collect()
}

/// Whether an init container keeps its pod from starting.
fn stops<'a>(graph: &Graph<'a>, container: Seen<'a>) -> bool {
    let state = container.status.state.terminated.as_deref();
    let down = state.is_some_and(|end| end.exit_code != 0);
    let again = container.status.restart_count > 0 || container.pod.spec.restart_policy == "Never";
    loops(graph, container) || down && again
}

/// Whether the container is crash looping.
pub(super) fn loops<'a>(graph: &Graph<'a>, container: Seen<'a>) -> bool {
    let restarts = container.status.restart_count;
    let code = container.ended().map(|(_, end)| end.exit_code);
    let waits = container
        .waiting()
        .is_some_and(|waiting| waiting.reason == "CrashLoopBackOff");
    if waits {
        return code != Some(0) || restarts >= CLEAN_RESTARTS;
    }
    if code.is_none_or(|code| code == 0) || !container.ended_within(graph, BETWEEN) {
        return false;
    }
    let never = container.pod.spec.restart_policy == "Never";
    let down = container.status.state.terminated.is_some() && !never;
    restarts >= 3 || (down && restarts >= 1 && held_back(graph, container))
}

fn held_back<'a>(graph: &Graph<'a>, container: Seen<'a>) -> bool {
    container.events(graph).any(|event| {
        event.reason == "BackOff"
            && event.message.contains("restarting")
            && event
                .last_seen()
                .is_none_or(|at| !graph.passed(at, BETWEEN + 1))
    })
}

fn signal<'a>(look: Look<'_, 'a>, container: Seen<'a>) -> Signal<'a> {
    let mut evidence = Vec::new();
    if let Some(waiting) = container.waiting() {
        evidence.push(container.observed("state.waiting.reason", &waiting.reason, None));
    }
    evidence.push(container.observed("restartCount", container.status.restart_count, None));
    if let Some((path, end)) = container.ended() {
        let at = end.finished_at;
        evidence.push(container.observed(&format!("{path}.exitCode"), end.exit_code, at));
        evidence.push(container.observed(&format!("{path}.reason"), &end.reason, at));
        if !end.message.is_empty() {
            evidence.push(container.observed(
                &format!("{path}.message"),
                evidence::masked(&end.message),
                at,
            ));
        }
    }
    let back_off: Vec<_> = container
        .events(look.graph)
        .filter(|event| event.reason == "BackOff" && event.message.contains("restarting"))
        .collect();
    evidence.extend(back_off.last().map(|event| evidence::event(event)));
    let begun = back_off
        .first()
        .and_then(|event| event.first_seen())
        .or_else(|| container.ended().and_then(|(_, end)| end.started_at));
    look.container(container, begun, evidence)
}

#[cfg(test)]
mod tests {
    use super::super::super::fixtures::{self, Scene, event, pod};

    fn check(scene: &Scene, expected: &[&str]) {
        assert_eq!(fixtures::types(scene), expected);
    }

    /// Covers: INC-07, INC-02
    #[test]
    fn a_loop_is_seen_with_and_without_its_waiting_reason() {
        let waits = pod("web")
            .waiting("CrashLoopBackOff", "back-off 10s")
            .last_end("Error", 1, 20, 2);
        check(&Scene::of([waits.into()]), &["pod_crash_loop"]);
        let between = pod("web").ended("Error", 1, 20, 3);
        check(&Scene::of([between.into()]), &["pod_crash_loop"]);
        let runs = pod("web").running(2).ended_before("Error", 1, 20, 4);
        check(&Scene::of([runs.into()]), &["pod_crash_loop"]);
        let held = [
            pod("web").ended("Error", 1, 20, 1).into(),
            event(
                "web",
                "BackOff",
                "Back-off restarting failed container app in pod web",
            )
            .seen(15, 3, 2)
            .into(),
        ];
        check(&Scene::of(held), &["pod_crash_loop"]);
    }

    /// Covers: INC-07
    #[test]
    fn single_ends_old_ends_and_clean_ends_stay_quiet() {
        check(
            &Scene::of([pod("web").ended("Error", 1, 20, 1).into()]),
            &[],
        );
        check(
            &Scene::of([pod("web")
                .running(1_000)
                .ended_before("Error", 1, 1_000, 4)
                .into()]),
            &[],
        );
        check(
            &Scene::of([pod("web")
                .running(2)
                .ended_before("Completed", 0, 20, 4)
                .into()]),
            &[],
        );
        let clean = pod("web")
            .waiting("CrashLoopBackOff", "")
            .last_end("Completed", 0, 20, 4);
        check(&Scene::of([clean.into()]), &[]);
        let leaving = pod("web").ended("Error", 143, 2, 3).deleted(10);
        check(&Scene::of([leaving.into()]), &[]);
        check(
            &Scene::of([pod("job")
                .phase("Succeeded")
                .ended("Completed", 0, 20, 3)
                .into()]),
            &[],
        );
    }
}
