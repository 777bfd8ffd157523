//! Probes that fail.

use kubegraf_ipc::incident::Severity;

use super::super::{
    containers::{self, Seen},
    evidence,
    graph::Graph,
    probes::{self, Which},
    signal::{Place, Signal},
    snapshot::Kind,
};
use super::{Detector, Earlier};
use crate::objects::{Event, Object};

/// Failures that have stopped longer ago than this are over; seconds.
const RECENT: i64 = 900;

macro_rules! detector {
    ($name:ident, $id:literal, $which:ident, $severity:ident, $threshold:literal, $doc:literal) => {
        #[doc = concat!("`", $id, "`")]
        pub(super) struct $name;

        impl Detector for $name {
            fn r#type(&self) -> &'static str {
                $id
            }
            fn severity(&self) -> Severity {
                Severity::$severity
            }
            fn reads(&self) -> &'static [Kind] {
                &[Kind::Pods]
            }
            fn threshold(&self) -> i64 {
                $threshold
            }
            fn doc(&self) -> &'static str {
                $doc
            }
            fn detect<'a>(&self, graph: &Graph<'a>, _: Earlier<'_, 'a>) -> Vec<Signal<'a>> {
                find(graph, $id, Which::$which)
            }
        }
    };
}

detector!(
    LivenessProbeFailing,
    "liveness_probe_failing",
    Liveness,
    High,
    60,
    "Unhealthy events name the liveness probe as often as it takes to restart the container, or the kubelet restarted it for that"
);
detector!(
    ReadinessProbeFailing,
    "readiness_probe_failing",
    Readiness,
    Medium,
    30,
    "a running container is not ready and Unhealthy events name its readiness probe, for longer than its budget; at once where its port is wrong"
);
detector!(
    StartupProbeFailing,
    "startup_probe_failing",
    Startup,
    High,
    0,
    "a container was restarted and Unhealthy events name its startup probe"
);

fn find<'a>(graph: &Graph<'a>, r#type: &'static str, which: Which) -> Vec<Signal<'a>> {
    graph
        .suspects()
        .filter(|pod| !pod.node_name.is_empty() && !containers::quiet(pod, r#type))
        .flat_map(containers::of)
        .filter(|container| container.spec.is_some_and(|spec| which.of(spec).is_some()))
        .filter_map(|container| signal(graph, container, r#type, which))
        .collect()
}

fn signal<'a>(
    graph: &Graph<'a>,
    container: Seen<'a>,
    r#type: &'static str,
    which: Which,
) -> Option<Signal<'a>> {
    let status = container.status;
    // What is ready now has passed; only its restarts can tell of an earlier failure.
    if status.ready && which == Which::Readiness {
        return None;
    }
    let recent = |event: &&Event| {
        event
            .last_seen()
            .is_none_or(|at| !graph.passed(at, RECENT + 1))
    };
    let events: Vec<&Event> = container.events(graph).filter(recent).collect();
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
    let pod = container.pod;
    let mut evidence: Vec<_> = last.map(|last| evidence::event(last)).into_iter().collect();
    evidence.push(container.observed("ready", status.ready, None));
    if which != Which::Readiness {
        evidence.push(container.observed("restartCount", status.restart_count, None));
    }
    Some(Signal {
        r#type,
        object: pod.reference(),
        owner: graph.owner(pod),
        container: Some(container.name()),
        first_seen: first
            .or(last.and_then(|last| last.first_seen()))
            .or(status.state.running.as_ref().and_then(|run| run.started_at))
            .unwrap_or_else(|| graph.now()),
        evidence,
        place: Place::Pod(pod),
    })
}
