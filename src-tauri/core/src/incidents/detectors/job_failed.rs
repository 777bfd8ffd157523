//! Jobs that have given up.

use std::collections::BTreeMap;

use kubegraf_ipc::{incident::EvidenceSource, object::ObjectRef};

use super::super::{
    evidence::{self, seen},
    signal::Signal,
};
use super::{Look, detector};
use crate::objects::{Condition, Job, Object, condition};

/// A failure older than this is history; seconds.
const RECENT: i64 = 86_400;

detector!(
    JobFailed,
    "job_failed",
    High,
    [Jobs],
    0,
    "a Job has the condition Failed, within the last day and without a later success of the same CronJob",
    detect
);

fn detect<'a>(look: Look<'_, 'a>) -> Vec<Signal<'a>> {
    let graph = look.graph;
    let mut last_success: BTreeMap<ObjectRef, i64> = BTreeMap::new();
    for job in graph.all::<Job>() {
        if let (Some(at), Some(owner)) = (succeeded(job), graph.top(job)) {
            let known = last_success.entry(owner).or_insert(at);
            *known = at.max(*known);
        }
    }
    look.all::<Job>()
        .filter_map(|job| Some((job, failed(job)?)))
        .filter(|(job, failure)| {
            let at = failure.last_transition_time;
            let overtaken = graph
                .top(*job)
                .and_then(|owner| last_success.get(&owner).copied())
                .is_some_and(|success| at.is_none_or(|at| success > at));
            !overtaken && at.is_none_or(|at| !graph.passed(at, RECENT + 1))
        })
        .map(|(job, failure)| signal(look, job, failure))
        .collect()
}

/// The condition that says that a Job has given up.
pub(in super::super) fn failed(job: &Job) -> Option<&Condition> {
    let conditions = &job.status.conditions;
    condition(conditions, "Failed").filter(|failure| failure.status == "True")
}

fn succeeded(job: &Job) -> Option<i64> {
    let complete = condition(&job.status.conditions, "Complete");
    complete
        .filter(|complete| complete.status == "True")
        .and_then(|complete| job.status.completion_time.or(complete.last_transition_time))
}

fn signal<'a>(look: Look<'_, 'a>, job: &'a Job, failure: &Condition) -> Signal<'a> {
    let object = job.reference();
    let at = failure.last_transition_time;
    let mut evidence = evidence::condition(&object, failure);
    evidence.push(seen(
        object.clone(),
        "status.failed",
        job.status.failed,
        EvidenceSource::Status,
        at,
    ));
    Signal {
        owner: look.graph.top(job).unwrap_or_else(|| object.clone()),
        ..look.object(object, at, evidence)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::super::fixtures::{Object, Scene, text, types};

    fn job(name: &str, condition: &str, reason: &str, seconds_ago: i64) -> Object {
        let cron = json!([{"apiVersion": "batch/v1", "kind": "CronJob", "name": "nightly", "uid": "c", "controller": true}]);
        Object(json!({
            "kind": "Job", "apiVersion": "batch/v1",
            "metadata": {"name": name, "namespace": "shop", "uid": name, "ownerReferences": cron},
            "spec": {"template": {"spec": {"containers": [{"name": "app", "image": "a"}]}}},
            "status": {"failed": 3, "conditions": [{"type": condition, "status": "True",
                "reason": reason, "lastTransitionTime": text(seconds_ago)}]}
        }))
    }

    #[test]
    fn a_job_that_gave_up_is_seen_until_the_next_run_succeeds() {
        let failed = |ago| job("nightly-1", "Failed", "BackoffLimitExceeded", ago);
        assert_eq!(types(&Scene::of([failed(60)])), ["job_failed"]);
        assert_eq!(types(&Scene::of([failed(90_000)])), [""; 0]);
        let later = job("nightly-2", "Complete", "", 30);
        assert_eq!(types(&Scene::of([failed(60), later])), [""; 0]);
        let earlier = job("nightly-0", "Complete", "", 90);
        assert_eq!(types(&Scene::of([failed(60), earlier])), ["job_failed"]);
        let below: Value = {
            let mut job = failed(60).0;
            job["status"]["conditions"] = json!([]);
            job
        };
        assert_eq!(types(&Scene::of([Object(below)])), [""; 0]);
    }
}
