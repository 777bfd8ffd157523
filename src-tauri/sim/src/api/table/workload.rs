//! Rows of the workload kinds.

use serde_json::{Value, json};

use super::{Column, age, containers, duration, selector, since};
use crate::clock::{Millis, parse_stamp};
use crate::kinds::{self, KindId};
use crate::object::{self, Fields};

pub(super) const DEPLOYMENT: &[Column] = &[
    ("Name", "string", 0),
    ("Ready", "string", 0),
    ("Up-to-date", "string", 0),
    ("Available", "string", 0),
    ("Age", "string", 0),
    ("Containers", "string", 1),
    ("Images", "string", 1),
    ("Selector", "string", 1),
];
pub(super) const REPLICA_SET: &[Column] = &[
    ("Name", "string", 0),
    ("Desired", "integer", 0),
    ("Current", "integer", 0),
    ("Ready", "integer", 0),
    ("Age", "string", 0),
    ("Containers", "string", 1),
    ("Images", "string", 1),
    ("Selector", "string", 1),
];
pub(super) const STATEFUL_SET: &[Column] = &[
    ("Name", "string", 0),
    ("Ready", "string", 0),
    ("Age", "string", 0),
    ("Containers", "string", 1),
    ("Images", "string", 1),
];
pub(super) const DAEMON_SET: &[Column] = &[
    ("Name", "string", 0),
    ("Desired", "integer", 0),
    ("Current", "integer", 0),
    ("Ready", "integer", 0),
    ("Up-to-date", "integer", 0),
    ("Available", "integer", 0),
    ("Node Selector", "string", 0),
    ("Age", "string", 0),
    ("Containers", "string", 1),
    ("Images", "string", 1),
    ("Selector", "string", 1),
];
pub(super) const JOB: &[Column] = &[
    ("Name", "string", 0),
    ("Status", "string", 0),
    ("Completions", "string", 0),
    ("Duration", "string", 0),
    ("Age", "string", 0),
    ("Containers", "string", 1),
    ("Images", "string", 1),
    ("Selector", "string", 1),
];
pub(super) const CRON_JOB: &[Column] = &[
    ("Name", "string", 0),
    ("Schedule", "string", 0),
    ("Timezone", "string", 0),
    ("Suspend", "string", 0),
    ("Active", "integer", 0),
    ("Last Schedule", "string", 0),
    ("Age", "string", 0),
    ("Containers", "string", 1),
    ("Images", "string", 1),
    ("Selector", "string", 1),
];

pub(super) fn cells(kind: KindId, o: &Value, now: Millis) -> Vec<Value> {
    let n = |field: &str| o.int(field).unwrap_or(0);
    let name = json!(object::name(o));
    let (names, images) = containers(o, "/spec/template/spec/containers");
    let chosen = selector(o, "/spec/selector");
    match kind {
        kinds::DEPLOYMENTS => vec![
            name,
            json!(format!(
                "{}/{}",
                n("/status/readyReplicas"),
                n("/spec/replicas")
            )),
            json!(n("/status/updatedReplicas")),
            json!(n("/status/availableReplicas")),
            age(o, now),
            names,
            images,
            chosen,
        ],
        kinds::REPLICA_SETS => vec![
            name,
            json!(n("/spec/replicas")),
            json!(n("/status/replicas")),
            json!(n("/status/readyReplicas")),
            age(o, now),
            names,
            images,
            chosen,
        ],
        kinds::STATEFUL_SETS => vec![
            name,
            json!(format!(
                "{}/{}",
                n("/status/readyReplicas"),
                n("/spec/replicas")
            )),
            age(o, now),
            names,
            images,
        ],
        kinds::DAEMON_SETS => vec![
            name,
            json!(n("/status/desiredNumberScheduled")),
            json!(n("/status/currentNumberScheduled")),
            json!(n("/status/numberReady")),
            json!(n("/status/updatedNumberScheduled")),
            json!(n("/status/numberAvailable")),
            selector(o, "/spec/template/spec/nodeSelector"),
            age(o, now),
            names,
            images,
            chosen,
        ],
        kinds::JOBS => vec![
            name,
            json!(job_status(o)),
            completions(o),
            job_duration(o, now),
            age(o, now),
            names,
            images,
            chosen,
        ],
        _ => cron_job(o, now),
    }
}

fn job_status(o: &Value) -> &'static str {
    let is = |t| object::condition_is_true(o, t);
    match () {
        () if is("Complete") => "Complete",
        () if is("Failed") => "Failed",
        () if object::deleting(o) => "Terminating",
        () if is("Suspended") => "Suspended",
        () if is("FailureTarget") => "FailureTarget",
        () if is("SuccessCriteriaMet") => "SuccessCriteriaMet",
        () => "Running",
    }
}

fn completions(o: &Value) -> Value {
    let done = o.int("/status/succeeded").unwrap_or(0);
    match (
        o.int("/spec/completions"),
        o.int("/spec/parallelism").unwrap_or(1),
    ) {
        (Some(wanted), _) => json!(format!("{done}/{wanted}")),
        (None, p) if p > 1 => json!(format!("{done}/1 of {p}")),
        _ => json!(format!("{done}/1")),
    }
}

fn job_duration(o: &Value, now: Millis) -> Value {
    match (
        parse_stamp(o.text("/status/startTime")),
        parse_stamp(o.text("/status/completionTime")),
    ) {
        (None, _) => json!(""),
        (Some(start), Some(end)) => json!(duration(end - start)),
        (Some(start), None) => json!(duration(now - start)),
    }
}

fn cron_job(o: &Value, now: Millis) -> Vec<Value> {
    let (names, images) = containers(o, "/spec/jobTemplate/spec/template/spec/containers");
    let zone = match o.text("/spec/timeZone") {
        "" => "<none>",
        given => given,
    };
    let last = match o.text("/status/lastScheduleTime") {
        "" => "<none>".to_owned(),
        at => since(at, now),
    };
    vec![
        json!(object::name(o)),
        json!(o.text("/spec/schedule")),
        json!(zone),
        json!(if o.flag("/spec/suspend") {
            "True"
        } else {
            "False"
        }),
        json!(o.items("/status/active").len()),
        json!(last),
        age(o, now),
        names,
        images,
        selector(o, "/spec/jobTemplate/spec/selector"),
    ]
}
