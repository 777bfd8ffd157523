//! Containers whose process cannot be started.

use super::super::{containers::Seen, evidence, signal::Signal};
use super::{Look, detector};

const WAITING: &[&str] = &[
    "RunContainerError",
    "CreateContainerError",
    "PreCreateHookError",
    "PreStartHookError",
];
const ENDED: &[&str] = &["StartError", "ContainerCannotRun"];
/// A start older than this was overtaken by whatever came after; seconds.
const RECENT: i64 = 3_600;

detector!(
    ContainerStartError,
    "container_start_error",
    High,
    [Pods],
    0,
    "a container waits with RunContainerError, CreateContainerError, PreCreateHookError or PreStartHookError, or its last end is a StartError, ContainerCannotRun or exit code 126, 127 or 128, and it does not run",
    detect
);

fn detect<'a>(look: Look<'_, 'a>) -> Vec<Signal<'a>> {
    look.containers()
        .filter_map(|container| find(look, container))
        .collect()
}

fn find<'a>(look: Look<'_, 'a>, container: Seen<'a>) -> Option<Signal<'a>> {
    let mut evidence = Vec::new();
    let waiting = container
        .waiting()
        .filter(|waiting| WAITING.contains(&waiting.reason.as_str()));
    if let Some(waiting) = waiting {
        evidence.push(container.observed("state.waiting.reason", &waiting.reason, None));
        evidence.push(container.observed(
            "state.waiting.message",
            evidence::masked(&waiting.message),
            None,
        ));
    }
    let ended = container.ended().filter(|(_, end)| {
        let never_ran = ENDED.contains(&end.reason.as_str()) || matches!(end.exit_code, 126..=128);
        never_ran && container.ended_within(look.graph, RECENT)
    });
    if let Some((path, end)) = ended.filter(|_| container.status.state.running.is_none()) {
        let at = end.finished_at;
        evidence.push(container.observed(&format!("{path}.reason"), &end.reason, at));
        evidence.push(container.observed(&format!("{path}.exitCode"), end.exit_code, at));
        if !end.message.is_empty() {
            evidence.push(container.observed(
                &format!("{path}.message"),
                evidence::masked(&end.message),
                at,
            ));
        }
    }
    if evidence.is_empty() {
        return None;
    }
    if let Some(spec) = container.spec.filter(|spec| !spec.command.is_empty()) {
        evidence.push(container.asked("command", &spec.command));
    }
    let pod = container.pod;
    let begun = pod.status.start_time.or(pod.metadata.created);
    Some(look.container(container, begun, evidence))
}

#[cfg(test)]
mod tests {
    use super::super::super::fixtures::{self, Scene, pod};

    #[test]
    fn a_process_that_cannot_start_is_seen() {
        let start = pod("web").ended("StartError", 128, 5, 3);
        assert_eq!(
            fixtures::types(&Scene::of([start.into()])),
            ["container_start_error"]
        );
        let waits = pod("web").waiting(
            "RunContainerError",
            "exec: \"x\": executable file not found in $PATH",
        );
        assert_eq!(
            fixtures::types(&Scene::of([waits.into()])),
            ["container_start_error"]
        );
    }

    #[test]
    fn a_container_that_runs_again_is_not_one_that_cannot_start() {
        let running = pod("web").running(30).ended_before("Error", 127, 40, 1);
        assert!(Scene::of([running.into()]).evaluate().is_empty());
    }
}
