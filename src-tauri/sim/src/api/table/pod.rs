//! The pod row: READY, STATUS and RESTARTS exactly as kubectl shows them.

use serde_json::{Value, json};

use super::{Column, age, since};
use crate::clock::{Millis, parse_stamp};
use crate::object::{self, Fields};

pub(super) const COLUMNS: &[Column] = &[
    ("Name", "string", 0),
    ("Ready", "string", 0),
    ("Status", "string", 0),
    ("Restarts", "string", 0),
    ("Age", "string", 0),
    ("IP", "string", 1),
    ("Node", "string", 1),
    ("Nominated Node", "string", 1),
    ("Readiness Gates", "string", 1),
];

pub(super) fn cells(pod: &Value, now: Millis) -> Vec<Value> {
    let total = pod.items("/spec/containers").len();
    let ready = pod
        .items("/status/containerStatuses")
        .iter()
        .filter(|s| s.flag("/ready") && s.has("/state/running"))
        .count();
    let none = |text: &str| {
        if text.is_empty() {
            json!("<none>")
        } else {
            json!(text)
        }
    };
    vec![
        json!(object::name(pod)),
        json!(format!("{ready}/{total}")),
        json!(status(pod)),
        json!(restarts(pod, now)),
        age(pod, now),
        none(pod.text("/status/podIP")),
        none(pod.text("/spec/nodeName")),
        none(pod.text("/status/nominatedNodeName")),
        json!("<none>"),
    ]
}

fn restarts(pod: &Value, now: Millis) -> String {
    let statuses = pod.items("/status/containerStatuses");
    let count: i64 = statuses.iter().filter_map(|s| s.int("/restartCount")).sum();
    let last = statuses
        .iter()
        .map(|s| s.text("/lastState/terminated/finishedAt"))
        .filter(|t| !t.is_empty())
        .max_by_key(|t| parse_stamp(t));
    match last {
        Some(at) if count > 0 => format!("{count} ({} ago)", since(at, now)),
        _ => count.to_string(),
    }
}

fn status(pod: &Value) -> String {
    let mut reason = match pod.text("/status/reason") {
        "" => pod.text("/status/phase").to_owned(),
        given => given.to_owned(),
    };
    if let Some(c) = object::condition(pod, "PodScheduled")
        && c.text("/reason") == "SchedulingGated"
    {
        reason = "SchedulingGated".into();
    }
    let init = pod.items("/status/initContainerStatuses");
    let initializing = init
        .iter()
        .enumerate()
        .find_map(|(i, s)| init_reason(pod, i, s));
    if let Some(shown) = initializing {
        reason = shown;
    } else {
        let mut running = false;
        for s in pod.items("/status/containerStatuses").iter().rev() {
            if !s.text("/state/waiting/reason").is_empty() {
                reason = s.text("/state/waiting/reason").into();
            } else if s.has("/state/terminated") {
                reason = ended(s);
            } else if s.flag("/ready") && s.has("/state/running") {
                running = true;
            }
        }
        if reason == "Completed" && running {
            reason = if object::condition_is_true(pod, "Ready") {
                "Running".into()
            } else {
                "NotReady".into()
            };
        }
    }
    if object::deleting(pod) {
        if pod.text("/status/reason") == "NodeLost" {
            return "Unknown".into();
        }
        if !matches!(pod.text("/status/phase"), "Succeeded" | "Failed") {
            return "Terminating".into();
        }
    }
    reason
}

fn init_reason(pod: &Value, i: usize, s: &Value) -> Option<String> {
    if s.has("/state/terminated") {
        if s.int("/state/terminated/exitCode") == Some(0) {
            return None;
        }
        return Some(format!("Init:{}", ended(s)));
    }
    let sidecar = pod
        .items("/spec/initContainers")
        .get(i)
        .is_some_and(|c| c.text("/restartPolicy") == "Always");
    if sidecar && s.flag("/started") {
        return None;
    }
    match s.text("/state/waiting/reason") {
        "" | "PodInitializing" => Some(format!(
            "Init:{i}/{}",
            pod.items("/spec/initContainers").len()
        )),
        why => Some(format!("Init:{why}")),
    }
}

fn ended(s: &Value) -> String {
    let t = |f: &str| s.int(&format!("/state/terminated/{f}")).unwrap_or(0);
    match s.text("/state/terminated/reason") {
        "" if t("signal") != 0 => format!("Signal:{}", t("signal")),
        "" => format!("ExitCode:{}", t("exitCode")),
        why => why.to_owned(),
    }
}
