//! Jobs that do not end.

use kubegraf_ipc::incident::{Evidence, EvidenceSource};

use super::super::{
    containers,
    evidence::{against, seen},
    graph::Graph,
    signal::Signal,
};
use super::{Look, detector, gave_up};
use crate::objects::{Job, Object, Pod};

detector!(
    JobStuck,
    "job_stuck",
    Medium,
    [Jobs],
    3_600,
    "a Job has run for an hour and five times as long as its CronJob's runs do, or its main container is done and another still runs",
    job_stuck
);

fn job_stuck<'a>(look: Look<'_, 'a>) -> Vec<Signal<'a>> {
    let graph = look.graph;
    let active = look
        .all::<Job>()
        .filter(|job| job.status.active > 0 && !job.spec.suspend && gave_up(job).is_none());
    active
        .filter_map(|job| {
            let started = job.status.start_time;
            let usual =
                usual(graph, job).map_or(look.threshold, |usual| (5 * usual).max(look.threshold));
            let late = started.is_some_and(|at| graph.passed(at, usual + 1));
            let left = left_over(graph, job);
            let object = job.reference();
            let (begun, evidence) = match (left, late) {
                (Some(evidence), _) => (evidence.at, vec![evidence]),
                (None, true) => {
                    let active = seen(
                        object.clone(),
                        "status.active",
                        job.status.active,
                        EvidenceSource::Status,
                        started,
                    );
                    let since = seen(
                        object.clone(),
                        "status.startTime",
                        started,
                        EvidenceSource::Status,
                        started,
                    );
                    (
                        started,
                        vec![active, against(since, format!("at most {usual} s"))],
                    )
                }
                (None, false) => return None,
            };
            let begun = begun.or(started);
            Some(Signal {
                owner: graph.top(job).unwrap_or_else(|| object.clone()),
                ..look.object(object, begun, evidence)
            })
        })
        .collect()
}

/// How long the finished runs of the same CronJob took, seconds: the one in the middle.
fn usual(graph: &Graph<'_>, job: &Job) -> Option<i64> {
    let cron = job.metadata.controller()?;
    let jobs = graph.of::<Job>(&job.metadata.namespace).iter();
    let mut took: Vec<i64> = jobs
        .filter(|other| {
            let owner = other.metadata.controller();
            owner.is_some_and(|owner| owner.kind == cron.kind && owner.name == cron.name)
        })
        .filter_map(|other| Some(other.status.completion_time? - other.status.start_time?))
        .collect();
    took.sort_unstable();
    took.get(took.len() / 2).copied()
}

/// A container that keeps a Job's pod from its end though the first one is done.
fn left_over(graph: &Graph<'_>, job: &Job) -> Option<Evidence> {
    let (namespace, name) = job.metadata.key();
    let pods = graph.of::<Pod>(namespace).iter().filter(|pod| {
        let owner = pod.metadata.controller();
        pod.metadata.deleted.is_none()
            && owner.is_some_and(|owner| owner.kind == "Job" && owner.name == *name)
    });
    pods.into_iter().find_map(|pod| {
        let mut main = containers::of(pod).filter(|one| !one.init);
        let done = main.find_map(|one| {
            let end = one.status.state.terminated.as_deref()?;
            let at = end.finished_at;
            let over = end.exit_code == 0 && at.is_none_or(|at| graph.passed(at, 60));
            over.then_some(at)
        })?;
        let others = containers::of(pod).filter(|one| !one.init);
        let mut running = others.filter(|one| one.status.state.running.is_some());
        running
            .next()
            .map(|one| one.observed("state.running", true, done))
    })
}
