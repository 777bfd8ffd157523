//! Pods. STATUS, READY and RESTARTS follow kubectl's printer (printPod in kubernetes/pkg/printers).

use kubegraf_ipc::object::Tone;

use super::{ColumnDef, Kind, NONE, Printed, or_none, text};
use crate::objects::{Container, ContainerStatus, Pod, Terminated, Text, condition};

/// Pods.
pub struct Pods;

impl Kind for Pods {
    type Object = Pod;
    const TITLE: &'static str = "Pods";
    const NAMESPACED: bool = true;
    const COLUMNS: &'static [ColumnDef] = &[
        ColumnDef::text("NAME"),
        ColumnDef::text("READY"),
        ColumnDef::text("STATUS"),
        ColumnDef::number("RESTARTS"),
        ColumnDef::number("AGE"),
        ColumnDef::wide("IP"),
        ColumnDef::wide("NODE"),
        ColumnDef::wide("NOMINATED NODE"),
        ColumnDef::wide("READINESS GATES"),
    ];
    const FACET: Option<usize> = Some(2);

    fn row(pod: &Pod) -> (Vec<Printed<'_>>, Tone) {
        let summary = summarise(pod);
        let tone = tone(pod, &summary);
        let cells = vec![
            text(&*pod.metadata.name),
            text(format!("{}/{}", summary.ready, summary.containers)),
            text(String::from(summary.status)),
            Printed::Restarts {
                count: summary.restarts,
                last: summary.last_restart,
            },
            Printed::Age(pod.metadata.created),
            or_none(&*pod.status.pod_ip),
            or_none(&*pod.node_name),
            or_none(&*pod.status.nominated_node_name),
            readiness_gates(pod),
        ];
        (cells, tone)
    }

    fn field(pod: &Pod, path: &str) -> Option<Text> {
        match path {
            "spec.nodeName" => Some(pod.node_name.clone()),
            "spec.restartPolicy" => Some(pod.spec.restart_policy.as_str().into()),
            "spec.schedulerName" => Some(pod.spec.scheduler_name.as_str().into()),
            "spec.serviceAccountName" => Some(pod.spec.service_account_name.as_str().into()),
            "spec.hostNetwork" => Some(pod.spec.host_network.to_string().into()),
            "status.phase" => Some(pod.status.phase.clone()),
            "status.podIP" => Some(pod.status.pod_ip.clone()),
            "status.nominatedNodeName" => Some(pod.status.nominated_node_name.clone()),
            _ => None,
        }
    }
}

/// What kubectl prints of a pod.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Summary {
    pub(crate) status: Text,
    pub(crate) ready: usize,
    pub(crate) containers: usize,
    pub(crate) restarts: u32,
    pub(crate) last_restart: Option<i64>,
}

pub(crate) fn summarise(pod: &Pod) -> Summary {
    let sidecars = pod
        .spec
        .init_containers
        .iter()
        .filter(|c| is_sidecar(c))
        .count();
    let mut summary = Summary {
        status: initial_status(pod),
        ready: 0,
        containers: pod.spec.containers.len() + sidecars,
        restarts: 0,
        last_restart: None,
    };
    let sidecar_restarts = read_init_containers(pod, &mut summary);
    let initialized = condition(&pod.status.conditions, "Initialized")
        .is_some_and(|initialized| initialized.status == "True");
    if let Some((restarts, last)) = sidecar_restarts
        .finished
        .or_else(|| initialized.then_some((sidecar_restarts.restarts, sidecar_restarts.last)))
    {
        summary.restarts = restarts;
        summary.last_restart = last;
        read_containers(pod, &mut summary);
    }
    if pod.metadata.deleted.is_some() {
        if pod.status.reason == "NodeLost" {
            summary.status = "Unknown".into();
        } else if !matches!(pod.status.phase.as_str(), "Succeeded" | "Failed") {
            summary.status = "Terminating".into();
        }
    }
    summary
}

fn initial_status(pod: &Pod) -> Text {
    let gated = condition(&pod.status.conditions, "PodScheduled")
        .is_some_and(|scheduled| scheduled.reason == "SchedulingGated");
    match (gated, pod.status.reason.as_str()) {
        (true, _) => "SchedulingGated".into(),
        (false, "") => pod.status.phase.clone(),
        (false, _) => pod.status.reason.clone(),
    }
}

/// Restarts of sidecars; `finished` repeats them when initialisation is over.
struct SidecarRestarts {
    restarts: u32,
    last: Option<i64>,
    finished: Option<(u32, Option<i64>)>,
}

fn read_init_containers(pod: &Pod, summary: &mut Summary) -> SidecarRestarts {
    let mut sidecars = SidecarRestarts {
        restarts: 0,
        last: None,
        finished: None,
    };
    for (index, status) in pod.status.init_container_statuses.iter().enumerate() {
        let sidecar = pod
            .spec
            .init_containers
            .iter()
            .any(|c| c.name == status.name && is_sidecar(c));
        summary.restarts += status.restart_count;
        summary.last_restart = summary.last_restart.max(last_finished(status));
        if sidecar {
            sidecars.restarts += status.restart_count;
            sidecars.last = sidecars.last.max(last_finished(status));
        }
        if status
            .state
            .terminated
            .as_ref()
            .is_some_and(|t| t.exit_code == 0)
        {
            continue;
        }
        if sidecar && status.started == Some(true) {
            summary.ready += usize::from(status.ready);
            continue;
        }
        summary.status = match (&status.state.terminated, &status.state.waiting) {
            (Some(terminated), _) => format!("Init:{}", ended(terminated)).into(),
            (None, Some(w)) if !w.reason.is_empty() && w.reason != "PodInitializing" => {
                format!("Init:{}", w.reason).into()
            }
            _ => format!("Init:{index}/{}", pod.spec.init_containers.len()).into(),
        };
        return sidecars;
    }
    sidecars.finished = Some((sidecars.restarts, sidecars.last));
    sidecars
}

fn read_containers(pod: &Pod, summary: &mut Summary) {
    let mut running = false;
    for status in pod.status.container_statuses.iter().rev() {
        summary.restarts += status.restart_count;
        summary.last_restart = summary.last_restart.max(last_finished(status));
        match &status.state {
            state if state.waiting.as_ref().is_some_and(|w| !w.reason.is_empty()) => {
                summary
                    .status
                    .clone_from(&state.waiting.as_ref().expect("just seen").reason);
            }
            state if state.terminated.is_some() => {
                summary.status = ended(state.terminated.as_ref().expect("just seen"));
            }
            state if status.ready && state.running.is_some() => {
                running = true;
                summary.ready += 1;
            }
            _ => {}
        }
    }
    if summary.status == "Completed" && running {
        let ready = condition(&pod.status.conditions, "Ready").is_some_and(|c| c.status == "True");
        summary.status = if ready { "Running" } else { "NotReady" }.into();
    }
}

fn ended(terminated: &Terminated) -> Text {
    match (terminated.reason.as_str(), terminated.signal) {
        ("", 0) => format!("ExitCode:{}", terminated.exit_code).into(),
        ("", signal) => format!("Signal:{signal}").into(),
        _ => terminated.reason.clone(),
    }
}

fn is_sidecar(container: &Container) -> bool {
    container.restart_policy == "Always"
}

fn last_finished(status: &ContainerStatus) -> Option<i64> {
    status.last_state.terminated.as_ref()?.finished_at
}

fn readiness_gates(pod: &Pod) -> Printed<'_> {
    let gates = &pod.spec.readiness_gates;
    if gates.is_empty() {
        return text(NONE);
    }
    let passed = gates
        .iter()
        .filter(|gate| {
            condition(&pod.status.conditions, &gate.condition_type)
                .is_some_and(|c| c.status == "True")
        })
        .count();
    text(format!("{passed}/{}", gates.len()))
}

fn tone(pod: &Pod, summary: &Summary) -> Tone {
    match summary.status.as_str() {
        "Running" if summary.ready == summary.containers => Tone::Ok,
        "Running" | "NotReady" => Tone::Warn,
        "Succeeded" | "Completed" => Tone::Neutral,
        "Pending" | "ContainerCreating" | "PodInitializing" | "Terminating" | "SchedulingGated" => {
            let unschedulable = condition(&pod.status.conditions, "PodScheduled")
                .is_some_and(|scheduled| scheduled.reason == "Unschedulable");
            if unschedulable {
                Tone::Bad
            } else {
                Tone::Pending
            }
        }
        status if status.starts_with("Init:") && status.contains('/') => Tone::Pending,
        _ => Tone::Bad,
    }
}

#[cfg(test)]
#[allow(
    clippy::needless_pass_by_value,
    reason = "a json! literal is handed over as it is written"
)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// The four figures kubectl prints, `READY STATUS RESTARTS (last)`.
    fn check(pod: Value, expected: &str) {
        let pod: Pod = serde_json::from_value(pod).unwrap();
        let s = summarise(&pod);
        let last = s
            .last_restart
            .map(|at| format!(" ({at})"))
            .unwrap_or_default();
        assert_eq!(
            format!(
                "{}/{} {} {}{last}",
                s.ready, s.containers, s.status, s.restarts
            ),
            expected
        );
    }

    fn pod(containers: &[&str], status: Value) -> Value {
        let containers: Vec<_> = containers
            .iter()
            .map(|name| json!({"name": name}))
            .collect();
        json!({"metadata": {"name": "p"}, "spec": {"containers": containers}, "status": status})
    }

    /// Covers: POD-03
    #[test]
    fn reads_as_kubectl_prints_it() {
        let running = json!({"running": {"startedAt": "2026-01-01T00:00:00Z"}});
        check(pod(&["a"], json!({"phase": "Pending"})), "0/1 Pending 0");
        check(
            pod(
                &["a", "b"],
                json!({"phase": "Running", "containerStatuses": [
                    {"name": "a", "ready": true, "state": running},
                    {"name": "b", "restartCount": 15,
                     "state": {"waiting": {"reason": "CrashLoopBackOff"}},
                     "lastState": {"terminated": {"exitCode": 1, "finishedAt": "1970-01-01T00:01:00Z"}}},
                ]}),
            ),
            "1/2 CrashLoopBackOff 15 (60)",
        );
        check(
            pod(&["a"], json!({"phase": "Failed", "reason": "Evicted"})),
            "0/1 Evicted 0",
        );
        check(
            pod(
                &["a", "b"],
                json!({"phase": "Running", "conditions": [{"type": "Ready", "status": "False"}],
                "containerStatuses": [
                {"name": "a", "state": {"terminated": {"reason": "Completed", "exitCode": 0}}},
                {"name": "b", "ready": true, "state": running}]}),
            ),
            "1/2 NotReady 0",
        );
        check(
            pod(
                &["a"],
                json!({"phase": "Failed", "containerStatuses": [
                {"name": "a", "state": {"terminated": {"exitCode": 137, "signal": 9}}}]}),
            ),
            "0/1 Signal:9 0",
        );
        let mut leaving = pod(&["a"], json!({"phase": "Running"}));
        leaving["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
        check(leaving, "0/1 Terminating 0");
    }

    /// Covers: POD-03
    #[test]
    fn init_containers_and_sidecars_count_as_kubectl_counts_them() {
        let mut starting = pod(
            &["app"],
            json!({"phase": "Pending", "initContainerStatuses": [
            {"name": "proxy", "ready": true, "started": true, "restartCount": 2, "state": {"running": {}}},
            {"name": "migrate", "restartCount": 1, "state": {"terminated": {"exitCode": 3, "reason": "Error"}}}]}),
        );
        starting["spec"]["initContainers"] =
            json!([{"name": "proxy", "restartPolicy": "Always"}, {"name": "migrate"}]);
        check(starting.clone(), "1/2 Init:Error 3");

        starting["status"]["initContainerStatuses"][1]["state"] =
            json!({"waiting": {"reason": "PodInitializing"}});
        check(starting.clone(), "1/2 Init:1/2 3");

        starting["status"]["initContainerStatuses"][1]["state"] =
            json!({"terminated": {"exitCode": 0}});
        starting["status"]["phase"] = json!("Running");
        starting["status"]["containerStatuses"] =
            json!([{"name": "app", "ready": true, "restartCount": 4, "state": {"running": {}}}]);
        check(starting, "2/2 Running 6");
    }
}
