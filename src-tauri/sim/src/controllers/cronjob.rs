//! CronJobs: a Job at each due time, and no more finished ones than wanted.

use serde_json::{Value, json};

use super::{Controller, pods};
use crate::clock::{HOUR, MINUTE, Millis, parse_stamp, stamp};
use crate::kinds::{CRON_JOBS, JOBS};
use crate::object::{self, Fields};
use crate::schedule::Schedule;
use crate::store::{Change, Key, Object};
use crate::world::{DeleteRequest, Note, Propagation, World};

const COMPONENT: &str = "cronjob-controller";

pub(super) struct CronJobs;

impl Controller for CronJobs {
    fn touched(&mut self, _: &World, change: &Change, keys: &mut Vec<Key>) {
        match change.kind {
            CRON_JOBS if !change.removed => keys.push(change.key.clone()),
            JOBS => keys.extend(pods::owner_key(&change.object, "CronJob")),
            _ => {}
        }
    }

    fn reconcile(&mut self, w: &mut World, key: &Key) -> Option<Millis> {
        let cron = w.store.get(CRON_JOBS, key).cloned()?;
        if object::deleting(&cron) {
            return None;
        }
        let mut jobs = w.store.controlled(JOBS, object::uid(&cron));
        jobs.sort_by_key(|j| parse_stamp(j.text("/metadata/creationTimestamp")));
        settle_finished(w, &cron, key, &jobs);
        if cron.flag("/spec/suspend") {
            return None;
        }
        let schedule = Schedule::parse(cron.text("/spec/schedule"))?;
        let born = parse_stamp(cron.text("/metadata/creationTimestamp")).unwrap_or(0);
        let last = parse_stamp(cron.text("/status/lastScheduleTime")).unwrap_or(born);
        // Only the newest missed time is made up for, and none from before the window played or lived through.
        let now = w.now();
        let mut due = None;
        let mut next = schedule.next(last.max(now - HOUR))?;
        while next <= now {
            due = Some(next);
            next = schedule.next(next)?;
        }
        let Some(due) = due else { return Some(next) };
        let active: Vec<Object> = jobs.into_iter().filter(|j| !is_finished(j)).collect();
        match cron.text("/spec/concurrencyPolicy") {
            "Forbid" if !active.is_empty() => {
                w.note(Note::normal(&cron, COMPONENT, "JobAlreadyActive", "Not starting job because prior execution is running and concurrency policy is Forbid"));
                return Some(next);
            }
            "Replace" => active.iter().for_each(|j| remove(w, j)),
            _ => {}
        }
        launch(w, &cron, key, due);
        Some(next)
    }
}

fn is_finished(job: &Value) -> bool {
    ["Complete", "Failed"]
        .iter()
        .any(|t| object::condition_is_true(job, t))
}

fn launch(w: &mut World, cron: &Value, key: &Key, due: Millis) {
    let name = format!("{}-{}", key.name(), due / MINUTE);
    let template = &cron["spec"]["jobTemplate"];
    let mut job = json!({"metadata": {"name": name, "namespace": key.namespace(), "ownerReferences": [pods::owner_reference(cron)]}, "spec": template["spec"]});
    if let Some(labels) = template.pointer("/metadata/labels") {
        job.put("/metadata/labels", labels.clone());
    }
    job.put(
        "/metadata/annotations/batch.kubernetes.io~1cronjob-scheduled-timestamp",
        stamp(due),
    );
    match w.create(JOBS, job) {
        Ok(made) => {
            w.note(Note::normal(
                cron,
                COMPONENT,
                "SuccessfulCreate",
                format!("Created job {name}"),
            ));
            let reference = json!({"apiVersion": "batch/v1", "kind": "Job", "name": name, "namespace": key.namespace(), "uid": object::uid(&made), "resourceVersion": made.text("/metadata/resourceVersion")});
            w.modify(CRON_JOBS, key, |o| {
                o.put("/status/lastScheduleTime", stamp(due));
                let mut active = o.items("/status/active").to_vec();
                active.push(reference);
                o.put("/status/active", Value::Array(active));
            });
        }
        Err(status) => w.note(Note::warning(
            cron,
            COMPONENT,
            "FailedCreate",
            format!("Error creating job: {}", status.message()),
        )),
    }
}

fn settle_finished(w: &mut World, cron: &Value, key: &Key, jobs: &[Object]) {
    let listed: Vec<String> = cron
        .items("/status/active")
        .iter()
        .map(|a| a.text("/uid").to_owned())
        .collect();
    for job in jobs
        .iter()
        .filter(|j| is_finished(j) && listed.iter().any(|u| u == object::uid(j)))
    {
        let ok = object::condition_is_true(job, "Complete");
        let verdict = if ok { "Complete" } else { "Failed" };
        let message = format!(
            "Saw completed job: {}, condition: {verdict}",
            object::name(job)
        );
        w.note(Note::normal(cron, COMPONENT, "SawCompletedJob", message));
        let done = job.text("/status/completionTime").to_owned();
        w.modify(CRON_JOBS, key, |o| {
            if ok {
                o.put("/status/lastSuccessfulTime", done);
            }
        });
    }
    let alive: Vec<&str> = jobs
        .iter()
        .filter(|j| !is_finished(j))
        .map(|j| object::uid(j))
        .collect();
    w.modify(CRON_JOBS, key, |o| {
        let kept: Vec<Value> = o
            .items("/status/active")
            .iter()
            .filter(|a| alive.contains(&a.text("/uid")))
            .cloned()
            .collect();
        if kept.is_empty() {
            o.cut("/status/active");
            o.default_to("/status", json!({}));
        } else {
            o.put("/status/active", Value::Array(kept));
        }
    });
    for (ok, field, default) in [
        (true, "successfulJobsHistoryLimit", 3),
        (false, "failedJobsHistoryLimit", 1),
    ] {
        let limit =
            usize::try_from(cron.int(&format!("/spec/{field}")).unwrap_or(default)).unwrap_or(0);
        let finished: Vec<&Object> = jobs
            .iter()
            .filter(|j| {
                is_finished(j)
                    && object::condition_is_true(j, "Complete") == ok
                    && !object::deleting(j)
            })
            .collect();
        for job in finished.iter().take(finished.len().saturating_sub(limit)) {
            remove(w, job);
            w.note(Note::normal(
                cron,
                COMPONENT,
                "SuccessfulDelete",
                format!("Deleted job {}", object::name(job)),
            ));
        }
    }
}

fn remove(w: &mut World, job: &Object) {
    let request = DeleteRequest {
        propagation: Some(Propagation::Background),
        ..DeleteRequest::default()
    };
    drop(w.delete(JOBS, &Key::of(job), &request));
}
