//! Why a container does not start or does not stay up.

use kubegraf_ipc::incident::EvidenceSource;

use super::{Candidate, Class, Rule};
use crate::incidents::{
    containers::{self, Seen},
    evidence::{masked, seen},
    graph::Graph,
    logs,
    messages::{self, Family},
    signal::Signal,
    snapshot::Kind,
};
use crate::objects::Object;

/// The table.
pub(super) const RULES: &[Rule] = &[
    Rule {
        cause: "memory_limit_too_low",
        explains: &[
            "oom_killed",
            "container_start_error",
            "pod_crash_loop",
            "container_killed",
        ],
        class: Class::Enumerated,
        needs: &[Kind::Pods],
        in_spec: false,
        actions: &["increase_memory_limit", "plan"],
        doc: "a container with a memory limit was OOMKilled, or was killed while it was being started",
        decide: memory_limit,
    },
    Rule {
        cause: "node_memory_exhausted",
        explains: &["oom_killed", "pod_evicted"],
        class: Class::Computed,
        needs: &[Kind::Pods, Kind::Nodes],
        in_spec: false,
        actions: &["plan"],
        doc: "a container without a memory limit was OOMKilled, or the kubelet evicted pods for memory: the node had no more",
        decide: node_memory,
    },
    Rule {
        cause: "command_not_found",
        explains: &[
            "container_start_error",
            "init_container_failed",
            "pod_crash_loop",
        ],
        class: Class::Enumerated,
        needs: &[Kind::Pods],
        in_spec: true,
        actions: &["rollback_workload", "plan"],
        doc: "exit code 127, or the runtime says that the program is not in the image",
        decide: command_not_found,
    },
    Rule {
        cause: "command_not_executable",
        explains: &[
            "container_start_error",
            "init_container_failed",
            "pod_crash_loop",
        ],
        class: Class::Enumerated,
        needs: &[Kind::Pods],
        in_spec: true,
        actions: &["rollback_workload", "plan"],
        doc: "exit code 126, or the runtime says that the program may not be executed",
        decide: command_not_executable,
    },
    Rule {
        cause: "segmentation_fault",
        explains: &[
            "init_container_failed",
            "pod_crash_loop",
            "high_restart_count",
            "container_killed",
            "persistent_failure",
        ],
        class: Class::Enumerated,
        needs: &[Kind::Pods],
        in_spec: false,
        actions: &["rollback_workload", "plan"],
        doc: "exit code 139",
        decide: segmentation_fault,
    },
    Rule {
        cause: "application_error",
        explains: &[
            "init_container_failed",
            "pod_crash_loop",
            "high_restart_count",
            "persistent_failure",
        ],
        class: Class::Elimination,
        needs: &[Kind::Pods],
        in_spec: false,
        actions: &["rollback_workload", "plan"],
        doc: "exit code 1 to 125 or 255, and nothing finer fits",
        decide: application_error,
    },
];

fn memory_limit<'a>(_: &Graph<'a>, signal: &Signal<'a>) -> Option<Candidate> {
    let container = container(signal)?;
    let ended = container.ended();
    let killed = ended.is_some_and(|(_, end)| end.reason == "OOMKilled");
    if matches!(signal.r#type, "pod_crash_loop" | "container_killed") {
        return killed_at_limit(container, signal);
    }
    if !killed && !messages::is(Family::OomAtStart, start_words(container), "") {
        return None;
    }
    let limit = container.spec?.resources.limits.get("memory")?;
    let name = container.name();
    let mut candidate = Candidate::new(
        &signal.owner,
        format!("memory limit of {limit} is too low for container \"{name}\""),
        format!("container \"{name}\" was killed for using more than its memory limit of {limit}"),
    );
    let ran = ended.and_then(|(path, end)| Some((path, end.started_at?, end.finished_at?)));
    if let Some((path, from, to)) = ran.filter(|(_, from, to)| (0..=60).contains(&(to - from))) {
        candidate.explanation += &format!(", {} s after its start", to - from);
        let field = container.path(&format!("{path}.startedAt"));
        let object = container.pod.reference();
        candidate.evidence.push(seen(
            object,
            field,
            from,
            EvidenceSource::Computed,
            Some(to),
        ));
    }
    Some(candidate)
}

/// Killed from outside again and again, with a limit and without a probe that would: nobody else
/// kills. Not every runtime tells that it was for the memory.
fn killed_at_limit(container: Seen<'_>, signal: &Signal<'_>) -> Option<Candidate> {
    let spec = container.spec?;
    let limit = spec.resources.limits.get("memory")?;
    let probed = spec.liveness_probe.is_some() || spec.startup_probe.is_some();
    if code(container) != Some(137) || probed {
        return None;
    }
    let name = container.name();
    let mut candidate = Candidate::new(
        &signal.owner,
        format!("memory limit of {limit} may be too low for container \"{name}\""),
        format!(
            "container \"{name}\" is killed from outside (exit code 137), has a memory limit of {limit} and no probe that would kill it"
        ),
    );
    candidate.base = Some(0.6);
    Some(candidate)
}

fn node_memory<'a>(graph: &Graph<'a>, signal: &Signal<'a>) -> Option<Candidate> {
    if signal.r#type == "pod_evicted" {
        return evicted(graph, signal);
    }
    let container = container(signal)?;
    if container.spec?.resources.limits.contains_key("memory") {
        return None;
    }
    let node = graph.node(&container.pod.node_name)?;
    let name = &node.metadata.name;
    Some(Candidate::new(
        &node.reference(),
        format!("node \"{name}\" ran out of memory"),
        format!(
            "container \"{}\" has no memory limit and was killed, so node \"{name}\" itself had no more memory",
            container.name()
        ),
    ))
}

fn evicted<'a>(graph: &Graph<'a>, signal: &Signal<'a>) -> Option<Candidate> {
    let pod = signal.pod()?;
    let memory = pod.status.message.contains("low on resource: memory");
    let node = graph.node(&pod.node_name).filter(|_| memory)?;
    let name = &node.metadata.name;
    Some(Candidate::new(
        &node.reference(),
        format!("node \"{name}\" ran out of memory"),
        format!(
            "the kubelet of node \"{name}\" evicted pods to get memory back: they ask for less than they use"
        ),
    ))
}

fn command_not_found<'a>(_: &Graph<'a>, signal: &Signal<'a>) -> Option<Candidate> {
    let container = container(signal)?;
    let words = start_words(container);
    // A missing directory is worded like a missing program.
    let said = messages::is(Family::CommandNotFound, words, "")
        && !messages::is(Family::MountOrWorkdir, words, "");
    if code(container) != Some(127) && !said {
        return None;
    }
    Some(start(container, signal, said, "is not in the image"))
}

fn command_not_executable<'a>(_: &Graph<'a>, signal: &Signal<'a>) -> Option<Candidate> {
    let container = container(signal)?;
    let said = signal.r#type == "container_start_error"
        && messages::is(Family::NotExecutable, start_words(container), "");
    if code(container) != Some(126) && !said {
        return None;
    }
    Some(start(container, signal, said, "may not be executed"))
}

fn start(container: Seen<'_>, signal: &Signal<'_>, said: bool, what: &str) -> Candidate {
    let command = container
        .spec
        .and_then(|spec| spec.command.first().or(spec.args.first()))
        .map_or_else(
            || "the image's own command".to_owned(),
            |command| format!("command \"{command}\""),
        );
    let image = container.image();
    let mut candidate = Candidate::new(
        &signal.owner,
        format!("{command} {what}"),
        format!(
            "{command} of container \"{}\" {what}; image \"{image}\"",
            container.name()
        ),
    );
    // The code alone may come from a shell of the image's own.
    candidate.base = (!said).then(|| Class::Message.base());
    candidate
}

fn segmentation_fault<'a>(_: &Graph<'a>, signal: &Signal<'a>) -> Option<Candidate> {
    let container = container(signal).filter(|container| code(*container) == Some(139))?;
    Some(Candidate::new(
        &signal.owner,
        format!(
            "container \"{}\" crashes with a segmentation fault",
            container.name()
        ),
        format!(
            "the process of container \"{}\" accessed memory it does not own (exit code 139); image \"{}\"",
            container.name(),
            container.image()
        ),
    ))
}

fn application_error<'a>(graph: &Graph<'a>, signal: &Signal<'a>) -> Option<Candidate> {
    let container = container(signal)?;
    let code = code(container).filter(|code| matches!(code, 1..=125 | 134 | 255))?;
    let name = container.name();
    let mut candidate = Candidate::new(
        &signal.owner,
        format!("container \"{name}\" exits with code {code}"),
        format!("the process of container \"{name}\" ends by itself with code {code}"),
    );
    match logs::said(graph, container) {
        Some((_, line, source)) => {
            candidate.explanation += &format!("; its last words: {}", masked(line));
            candidate
                .evidence
                .push(super::logs::evidence(container, line, source));
        }
        None => candidate.explanation += "; its log says why",
    }
    Some(candidate)
}

fn container<'a>(signal: &Signal<'a>) -> Option<Seen<'a>> {
    containers::named(signal.pod()?, signal.container?)
}

fn code(container: Seen<'_>) -> Option<i32> {
    container.ended().map(|(_, end)| end.exit_code)
}

/// What the runtime said about a start that failed.
pub(super) fn start_words(container: Seen<'_>) -> &str {
    let waits = container
        .waiting()
        .filter(|waiting| waiting.reason.ends_with("ContainerError"))
        .map(|waiting| waiting.message.as_str());
    let ended = container
        .ended()
        .filter(|(_, end)| matches!(end.reason.as_str(), "StartError" | "ContainerCannotRun"))
        .map(|(_, end)| end.message.as_str());
    waits.or(ended).unwrap_or_default()
}
