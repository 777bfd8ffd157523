//! The shape of a pod's status: container statuses, conditions and phase, as the kubelet writes them.

use serde_json::{Value, json};

use crate::clock::{Millis, stamp};
use crate::kinds::NODES;
use crate::object::{self, Fields, set_condition};
use crate::world::World;

/// The first status of a pod on its node.
pub(super) fn begin(w: &World, pod: &mut Value, node: &str) {
    let host = w
        .store
        .find(NODES, "", node)
        .and_then(|n| {
            n.items("/status/addresses")
                .iter()
                .find(|a| a.text("/type") == "InternalIP")
                .map(|a| a.text("/address").to_owned())
        })
        .unwrap_or_default();
    pod.put("/status/startTime", w.stamp());
    pod.put("/status/hostIP", host.clone());
    pod.put("/status/hostIPs", json!([{"ip": host}]));
    let has_init = !pod.items("/spec/initContainers").is_empty();
    let waiting = |c: &Value, reason: &str| {
        json!({"name": c.text("/name"), "image": c.text("/image"), "imageID": "", "ready": false, "restartCount": 0,
            "started": false, "lastState": {}, "state": {"waiting": {"reason": reason}}})
    };
    if has_init {
        let list: Vec<Value> = pod
            .items("/spec/initContainers")
            .iter()
            .map(|c| waiting(c, "PodInitializing"))
            .collect();
        pod.put("/status/initContainerStatuses", json!(list));
    }
    let reason = if has_init {
        "PodInitializing"
    } else {
        "ContainerCreating"
    };
    let list: Vec<Value> = pod
        .items("/spec/containers")
        .iter()
        .map(|c| waiting(c, reason))
        .collect();
    pod.put("/status/containerStatuses", json!(list));
    conclude(pod, &w.stamp());
}

fn list(init: bool) -> &'static str {
    if init {
        "/status/initContainerStatuses"
    } else {
        "/status/containerStatuses"
    }
}

pub(super) fn status_of<'a>(pod: &'a Value, name: &str, init: bool) -> &'a Value {
    pod.items(list(init))
        .iter()
        .find(|s| s.text("/name") == name)
        .unwrap_or(&Value::Null)
}

pub(super) fn change(pod: &mut Value, name: &str, init: bool, edit: impl FnOnce(&mut Value)) {
    if let Some(Value::Array(statuses)) = pod.pointer_mut(list(init))
        && let Some(s) = statuses.iter_mut().find(|s| s.text("/name") == name)
    {
        edit(s);
    }
}

/// Ends every running container of a pod that is being stopped.
pub(super) fn all_ended(pod: &mut Value, now: Millis) {
    for init in [true, false] {
        let names: Vec<String> = pod
            .items(list(init))
            .iter()
            .map(|s| s.text("/name").to_owned())
            .collect();
        for name in names {
            change(pod, &name, init, |s| {
                if s.has("/state/running") {
                    let started = s.text("/state/running/startedAt").to_owned();
                    let id = s.text("/containerID").to_owned();
                    s["state"] = json!({"terminated": {"exitCode": 143, "reason": "Error", "startedAt": started, "finishedAt": stamp(now), "containerID": id}});
                    s["ready"] = json!(false);
                    s["started"] = json!(false);
                }
            });
        }
    }
}

/// Derives conditions and phase from the container statuses.
pub(super) fn conclude(pod: &mut Value, now: &str) {
    let init_done = initialized(pod);
    let unready: Vec<String> = pod
        .items("/status/containerStatuses")
        .iter()
        .filter(|s| !s.flag("/ready"))
        .map(|s| s.text("/name").to_owned())
        .collect();
    let phase = phase(pod, init_done);
    let done = matches!(phase, "Succeeded" | "Failed");
    let generation = pod.int("/metadata/generation").unwrap_or(1);
    let sandbox = !pod.text("/status/podIP").is_empty() && !done;
    let set = |pod: &mut Value, kind: &str, ok: bool, reason: &str, message: String| {
        let mut c = json!({"type": kind, "status": if ok { "True" } else { "False" }, "lastProbeTime": null, "observedGeneration": generation});
        if !reason.is_empty() {
            c["reason"] = json!(reason);
        }
        if !message.is_empty() {
            c["message"] = json!(message);
        }
        set_condition(pod, c, now);
    };
    set(pod, "PodReadyToStartContainers", sandbox, "", String::new());
    if done {
        let why = if phase == "Succeeded" {
            "PodCompleted"
        } else {
            "PodFailed"
        };
        let reason = if phase == "Succeeded" { why } else { "" };
        set(pod, "Initialized", true, reason, String::new());
        for kind in ["Ready", "ContainersReady"] {
            set(pod, kind, false, why, String::new());
        }
    } else {
        let waiting: Vec<&str> = if init_done {
            Vec::new()
        } else {
            pod.items("/status/initContainerStatuses")
                .iter()
                .filter(|s| s.int("/state/terminated/exitCode") != Some(0))
                .map(|s| s.text("/name"))
                .collect()
        };
        let message = if waiting.is_empty() {
            String::new()
        } else {
            format!("containers with incomplete status: [{}]", waiting.join(" "))
        };
        set(
            pod,
            "Initialized",
            init_done,
            if init_done {
                ""
            } else {
                "ContainersNotInitialized"
            },
            message,
        );
        let ready = unready.is_empty() && init_done;
        let (reason, message) = if ready {
            ("", String::new())
        } else {
            (
                "ContainersNotReady",
                format!("containers with unready status: [{}]", unready.join(" ")),
            )
        };
        for kind in ["Ready", "ContainersReady"] {
            set(pod, kind, ready, reason, message.clone());
        }
    }
    pod.put("/status/phase", phase);
    pod.put("/status/observedGeneration", generation);
    let order = [
        "PodReadyToStartContainers",
        "Initialized",
        "Ready",
        "ContainersReady",
        "PodScheduled",
    ];
    if let Some(Value::Array(conditions)) = pod.pointer_mut("/status/conditions") {
        conditions.sort_by_key(|c| {
            order
                .iter()
                .position(|o| *o == c.text("/type"))
                .unwrap_or(9)
        });
    }
}

fn initialized(pod: &Value) -> bool {
    let specs = pod.items("/spec/initContainers");
    let statuses = pod.items("/status/initContainerStatuses");
    specs.iter().all(|spec| {
        let s = statuses
            .iter()
            .find(|s| s.text("/name") == spec.text("/name"))
            .unwrap_or(&Value::Null);
        if spec.text("/restartPolicy") == "Always" {
            s.flag("/started")
        } else {
            s.int("/state/terminated/exitCode") == Some(0)
        }
    })
}

fn phase(pod: &Value, init_done: bool) -> &'static str {
    let policy = pod.text("/spec/restartPolicy");
    let statuses = pod.items("/status/containerStatuses");
    if !init_done {
        let failed = pod
            .items("/status/initContainerStatuses")
            .iter()
            .any(|s| s.int("/state/terminated/exitCode").is_some_and(|c| c != 0));
        return if failed && policy == "Never" {
            "Failed"
        } else {
            "Pending"
        };
    }
    let never_started = statuses
        .iter()
        .any(|s| s.has("/state/waiting") && !s.has("/lastState/terminated"));
    if never_started {
        return "Pending";
    }
    let ended = !statuses.is_empty() && statuses.iter().all(|s| s.has("/state/terminated"));
    if ended && policy != "Always" && !object::deleting(pod) {
        let ok = statuses
            .iter()
            .all(|s| s.int("/state/terminated/exitCode") == Some(0));
        if ok {
            return "Succeeded";
        }
        if policy == "Never" {
            return "Failed";
        }
    }
    "Running"
}
