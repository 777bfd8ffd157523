//! Probes that fail.

use super::super::{
    containers::Seen,
    evidence,
    probes::{self, Which},
    signal::Signal,
    snapshot::Kind,
};
use super::{Look, detector};
use crate::objects::Event;

/// Failures that have stopped longer ago than this are over; seconds.
const RECENT: i64 = 900;

detector!(
    LivenessProbeFailing,
    "liveness_probe_failing",
    High,
    [Pods],
    60,
    "Unhealthy events name the liveness probe as often as it takes to restart the container, or the kubelet restarted it for that",
    liveness
);
detector!(
    ReadinessProbeFailing,
    "readiness_probe_failing",
    Medium,
    [Pods],
    30,
    "a running container is not ready and Unhealthy events name its readiness probe, for longer than its budget; at once where its port is wrong",
    readiness
);
detector!(
    StartupProbeFailing,
    "startup_probe_failing",
    High,
    [Pods],
    0,
    "a container was restarted and Unhealthy events name its startup probe",
    startup
);

fn liveness<'a>(look: Look<'_, 'a>) -> Vec<Signal<'a>> {
    failing(look, Which::Liveness)
}

fn readiness<'a>(look: Look<'_, 'a>) -> Vec<Signal<'a>> {
    failing(look, Which::Readiness)
}

fn startup<'a>(look: Look<'_, 'a>) -> Vec<Signal<'a>> {
    failing(look, Which::Startup)
}

fn failing<'a>(look: Look<'_, 'a>, which: Which) -> Vec<Signal<'a>> {
    look.containers()
        .filter(|one| !one.pod.node_name.is_empty())
        .filter(|one| one.spec.is_some_and(|spec| which.of(spec).is_some()))
        .filter_map(|one| find(look, one, which))
        .collect()
}

fn find<'a>(look: Look<'_, 'a>, container: Seen<'a>, which: Which) -> Option<Signal<'a>> {
    let graph = look.graph;
    let status = container.status;
    // What is ready now has passed; only its restarts can tell of an earlier failure.
    if status.ready && which == Which::Readiness {
        return None;
    }
    let events: Vec<&Event> = container
        .events(graph)
        .filter(|event| look.present(event))
        .collect();
    let failures: Vec<&&Event> = events
        .iter()
        .filter(|event| event.reason == "Unhealthy" && which.named(&event.message))
        .collect();
    let killed = events
        .iter()
        .find(|event| event.reason == "Killing" && which.named(&event.message));
    let probe = which.of(container.spec?)?;
    let last = failures.last().copied().or(killed);
    // A container that runs, has started and is not ready fails its readiness probe: nothing else
    // keeps it from being ready. The other probes leave no trace in the status.
    let unseen = which == Which::Readiness
        && !graph.knows(Kind::Events)
        && status.started == Some(true)
        && status.state.running.is_some();
    if last.is_none() && !unseen {
        return None;
    }
    let times: u32 = failures.iter().map(|event| event.times()).sum();
    let first = failures.iter().filter_map(|event| event.first_seen()).min();
    let lasted = first.is_none_or(|at| graph.passed(at, 60));
    let limit = u32::try_from(probe.failure_threshold.unwrap_or(3)).unwrap_or(u32::MAX);
    let shown = match which {
        Which::Liveness => {
            killed.is_some() || times >= limit && (status.restart_count > 0 || lasted)
        }
        Which::Startup => {
            status.started != Some(true) && (status.restart_count > 0 || killed.is_some())
        }
        Which::Readiness => {
            let budget = probes::budget(probe, 2).max(30);
            let since = status
                .state
                .running
                .as_ref()
                .and_then(|run| run.started_at)
                .or(first);
            let late = since.is_none_or(|at| graph.passed(at, budget));
            status.state.running.is_some()
                && (late || probes::computed(graph, container, which).is_some())
        }
    };
    // A container that runs, is ready and was restarted long ago has healed.
    let healed = status.ready && !container.ended_within(graph, RECENT);
    if !shown || healed {
        return None;
    }
    let mut evidence: Vec<_> = last.map(|last| evidence::event(last)).into_iter().collect();
    evidence.push(container.observed("ready", status.ready, None));
    if which != Which::Readiness {
        evidence.push(container.observed("restartCount", status.restart_count, None));
    }
    let begun = first.or(last.and_then(|last| last.first_seen())).or(status
        .state
        .running
        .as_ref()
        .and_then(|run| run.started_at));
    Some(look.container(container, begun, evidence))
}
