//! Why a Job has given up.

use super::{Candidate, Class, Rule};
use crate::incidents::{graph::Graph, signal::Signal, snapshot::Kind};
use crate::objects::Job;

/// The table.
pub(super) const RULES: &[Rule] = &[
    Rule {
        cause: "deadline_too_short",
        explains: &["job_failed", "pod_deadline_exceeded"],
        class: Class::Enumerated,
        needs: &[Kind::Jobs],
        in_spec: false,
        actions: &["plan"],
        doc: "the Job did not end within its activeDeadlineSeconds",
        decide: deadline,
    },
    Rule {
        cause: "job_backoff_exhausted",
        explains: &["job_failed"],
        class: Class::Enumerated,
        needs: &[Kind::Jobs],
        in_spec: false,
        actions: &["recreate_job"],
        doc: "the Job's pods failed more often than its backoffLimit allows, and nothing finer is known of them",
        decide: backoff,
    },
];

fn job<'a>(graph: &Graph<'a>, signal: &Signal<'a>) -> Option<&'a Job> {
    graph.get::<Job>(&signal.object.namespace, &signal.object.name)
}

fn reason(job: &Job) -> &str {
    crate::incidents::detectors::gave_up(job).map_or("", |failure| &failure.reason)
}

fn deadline<'a>(graph: &Graph<'a>, signal: &Signal<'a>) -> Option<Candidate> {
    if signal.pod().is_some() {
        return Some(Candidate::new(
            &signal.owner,
            "its pod did not end within its deadline",
            format!(
                "pod \"{}\" was ended by its activeDeadlineSeconds",
                signal.object.name
            ),
        ));
    }
    let job = job(graph, signal).filter(|job| reason(job) == "DeadlineExceeded")?;
    let name = &signal.object.name;
    let limit = job.spec.active_deadline_seconds;
    let within = limit.map_or_else(
        || "its deadline".to_owned(),
        |limit| format!("its deadline of {limit} s"),
    );
    Some(Candidate::new(
        &signal.object,
        format!("did not end within {within}"),
        format!("Job \"{name}\" was ended because it took longer than {within}"),
    ))
}

fn backoff<'a>(graph: &Graph<'a>, signal: &Signal<'a>) -> Option<Candidate> {
    let job = job(graph, signal).filter(|job| reason(job) != "DeadlineExceeded")?;
    let name = &signal.object.name;
    let why = match reason(job) {
        "PodFailurePolicy" => "its podFailurePolicy gave it up".to_owned(),
        "FailedIndexes" | "MaxFailedIndexesExceeded" => "too many of its indexes failed".to_owned(),
        _ => format!(
            "its pods failed more often than backoffLimit {} allows",
            job.spec.backoff_limit.unwrap_or(6)
        ),
    };
    Some(Candidate::new(
        &signal.object,
        format!("gave up: {why}"),
        format!("Job \"{name}\" has failed: {why}; the log of its last pod says why"),
    ))
}
