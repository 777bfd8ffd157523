//! Jobs: runs to completion, counted failures, a limit and a deadline.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::{Controller, pods};
use crate::clock::{Millis, SECOND, parse_stamp};
use crate::kinds::{JOBS, PODS};
use crate::object::{self, Fields, set_condition};
use crate::store::{Change, Key, Object};
use crate::world::{DeleteRequest, Note, World};

const COMPONENT: &str = "job-controller";

#[derive(Default)]
pub(super) struct Jobs {
    /// When a failed Job may make its next pod.
    resume: HashMap<String, (i64, Millis)>,
}

impl Controller for Jobs {
    fn touched(&mut self, _: &World, change: &Change, keys: &mut Vec<Key>) {
        match change.kind {
            JOBS if change.removed => drop(self.resume.remove(object::uid(&change.object))),
            JOBS => keys.push(change.key.clone()),
            PODS => keys.extend(pods::owner_key(&change.object, "Job")),
            _ => {}
        }
    }

    fn reconcile(&mut self, w: &mut World, key: &Key) -> Option<Millis> {
        let job = w.store.get(JOBS, key).cloned()?;
        if object::deleting(&job) {
            return None;
        }
        if let Some(finished) = finished_at(&job) {
            let ttl = job.int("/spec/ttlSecondsAfterFinished")?;
            let due = finished + ttl * SECOND;
            if w.now() < due {
                return Some(due);
            }
            drop(w.delete(JOBS, key, &DeleteRequest::default()));
            return None;
        }
        let all = pods::of_owner(w, object::uid(&job));
        let phase = |p: &Value, wanted: &str| p.text("/status/phase") == wanted;
        let count = |test: &dyn Fn(&Value) -> bool| {
            i64::try_from(all.iter().filter(|p| test(p)).count()).unwrap_or(0)
        };
        let tally = Tally {
            // Pods that are gone stay counted.
            succeeded: count(&|p| phase(p, "Succeeded"))
                .max(job.int("/status/succeeded").unwrap_or(0)),
            failed: count(&|p| phase(p, "Failed")).max(job.int("/status/failed").unwrap_or(0)),
            restarts: all
                .iter()
                .flat_map(|p| p.items("/status/containerStatuses"))
                .filter_map(|s| s.int("/restartCount"))
                .sum(),
            active: pods::active(&all),
        };
        if job.flag("/spec/suspend") {
            return suspend(w, &job, key, &tally);
        }
        let now = w.now();
        let start = parse_stamp(job.text("/status/startTime")).unwrap_or(now);
        let limit = job.int("/spec/backoffLimit").unwrap_or(6);
        let deadline = job
            .int("/spec/activeDeadlineSeconds")
            .map(|s| start + s * SECOND);
        let completions = job.int("/spec/completions");
        let enough = completions.map_or(tally.succeeded > 0 && tally.active.is_empty(), |c| {
            tally.succeeded >= c
        });
        let on_failure = job.text("/spec/template/spec/restartPolicy") == "OnFailure";
        let verdict = if enough {
            Some((
                "Complete",
                "CompletionsReached",
                "Reached expected number of succeeded pods",
            ))
        } else if tally.failed > limit || (on_failure && tally.restarts > limit) {
            Some((
                "Failed",
                "BackoffLimitExceeded",
                "Job has reached the specified backoff limit",
            ))
        } else if deadline.is_some_and(|d| now >= d) {
            Some((
                "Failed",
                "DeadlineExceeded",
                "Job was active longer than specified deadline",
            ))
        } else {
            None
        };
        if let Some(verdict) = verdict {
            conclude(w, &job, key, &tally, verdict);
            return job
                .int("/spec/ttlSecondsAfterFinished")
                .map(|s| now + s * SECOND);
        }
        let again = self.fill(w, &job, &tally, completions);
        status(w, key, start, &tally);
        [again, deadline].into_iter().flatten().min()
    }
}

struct Tally {
    succeeded: i64,
    failed: i64,
    restarts: i64,
    active: Vec<Object>,
}

fn finished_at(job: &Value) -> Option<Millis> {
    ["Complete", "Failed"]
        .iter()
        .find_map(|t| object::condition(job, t).filter(|c| c.text("/status") == "True"))
        .and_then(|c| parse_stamp(c.text("/lastTransitionTime")))
}

impl Jobs {
    /// Makes pods up to the parallelism, with growing pauses after failures.
    fn fill(
        &mut self,
        w: &mut World,
        job: &Value,
        tally: &Tally,
        completions: Option<i64>,
    ) -> Option<Millis> {
        let now = w.now();
        let mut wanted = job.int("/spec/parallelism").unwrap_or(1);
        if let Some(c) = completions {
            wanted = wanted.min(c - tally.succeeded);
        }
        let uid = object::uid(job).to_owned();
        let active = i64::try_from(tally.active.len()).unwrap_or(0);
        if active >= wanted {
            return None;
        }
        if tally.failed > 0 {
            let pause = ((10 * SECOND) << (tally.failed - 1).min(6)).min(600 * SECOND);
            let (failures, at) = self
                .resume
                .entry(uid)
                .or_insert((tally.failed, now + pause));
            if *failures != tally.failed {
                (*failures, *at) = (tally.failed, now + pause);
            }
            if now < *at {
                return Some(*at);
            }
        }
        for _ in active..wanted {
            let pod = pods::from_template(
                job,
                &job["spec"]["template"],
                &format!("{}-", object::name(job)),
            );
            if pods::create(w, job, COMPONENT, pod).is_err() {
                return Some(now + 10 * SECOND);
            }
        }
        None
    }
}

fn status(w: &mut World, key: &Key, start: Millis, tally: &Tally) {
    let Some(job) = w.store.get(JOBS, key).cloned() else {
        return;
    };
    let active = pods::active(&pods::of_owner(w, object::uid(&job)));
    let ready = i64::try_from(active.iter().filter(|p| pods::is_ready(p)).count()).unwrap_or(0);
    w.modify(JOBS, key, |o| {
        o.default_to("/status/startTime", crate::clock::stamp(start));
        pods::put_count(o, "active", i64::try_from(active.len()).unwrap_or(0));
        pods::put_count(o, "succeeded", tally.succeeded);
        pods::put_count(o, "failed", tally.failed);
        o.put("/status/ready", ready);
        o.put("/status/terminating", 0);
        o.put("/status/uncountedTerminatedPods", json!({}));
    });
}

fn suspend(w: &mut World, job: &Value, key: &Key, tally: &Tally) -> Option<Millis> {
    for pod in &tally.active {
        pods::delete(w, job, COMPONENT, pod);
    }
    let stamp = w.stamp();
    w.modify(JOBS, key, |o| {
        if !object::condition_is_true(o, "Suspended") {
            set_condition(o, json!({"type": "Suspended", "status": "True", "reason": "JobSuspended", "message": "Job suspended", "lastProbeTime": stamp}), &stamp);
        }
        pods::put_count(o, "active", 0);
    });
    None
}

fn conclude(
    w: &mut World,
    job: &Value,
    key: &Key,
    tally: &Tally,
    (kind, reason, message): (&str, &str, &str),
) {
    let stamp = w.stamp();
    for pod in &tally.active {
        pods::delete(w, job, COMPONENT, pod);
    }
    let first = if kind == "Complete" {
        "SuccessCriteriaMet"
    } else {
        "FailureTarget"
    };
    w.modify(JOBS, key, |o| {
        for t in [first, kind] {
            set_condition(o, json!({"type": t, "status": "True", "reason": reason, "message": message, "lastProbeTime": stamp}), &stamp);
        }
        o.default_to("/status/startTime", stamp.clone());
        if kind == "Complete" {
            o.put("/status/completionTime", stamp.clone());
        }
        pods::put_count(o, "active", 0);
        pods::put_count(o, "succeeded", tally.succeeded);
        pods::put_count(o, "failed", tally.failed);
        o.put("/status/ready", 0);
        o.put("/status/terminating", 0);
        o.put("/status/uncountedTerminatedPods", json!({}));
    });
    if kind == "Complete" {
        w.note(Note::normal(job, COMPONENT, "Completed", "Job completed"));
    } else {
        w.note(Note::warning(job, COMPONENT, reason, message));
    }
}
