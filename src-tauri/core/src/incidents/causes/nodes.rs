//! Why a node is not ready.

use kubegraf_ipc::incident::EvidenceSource;

use super::{Candidate, Class, Rule};
use crate::incidents::{
    evidence::seen,
    graph::Graph,
    messages::{self, Family},
    signal::{Place, Signal},
    snapshot::Kind,
};
use crate::objects::{Condition, Node, Object, condition};

const PLAN: &[&str] = &["plan"];
const NEEDS: &[Kind] = &[Kind::Nodes];

/// The table.
pub(super) const RULES: &[Rule] = &[
    Rule {
        cause: "kubelet_down",
        explains: &["node_not_ready", "node_problem"],
        class: Class::Enumerated,
        needs: NEEDS,
        in_spec: false,
        actions: PLAN,
        doc: "the node's Ready condition is Unknown (NodeStatusUnknown, NodeStatusNeverUpdated) while another node still reports",
        decide: kubelet_down,
    },
    Rule {
        cause: "container_runtime_down",
        explains: &["node_not_ready", "node_problem"],
        class: Class::Message,
        needs: NEEDS,
        in_spec: false,
        actions: PLAN,
        doc: "the kubelet reports that its container runtime does not answer",
        decide: |_, signal| {
            let what = "container runtime does not answer";
            let names = &["ContainerRuntimeUnhealthy", "FrequentContainerdRestart"];
            daemon_says(signal, names, what)
                .or_else(|| kubelet_says(signal, Family::RuntimeDown, what))
        },
    },
    Rule {
        cause: "network_plugin_down",
        explains: &["node_not_ready", "pod_sandbox_failed", "node_pressure"],
        class: Class::Message,
        needs: NEEDS,
        in_spec: false,
        actions: PLAN,
        doc: "the kubelet reports that the pod network is not set up",
        decide: network_down,
    },
    Rule {
        cause: "node_memory_pressure",
        explains: &["node_not_ready", "node_pressure"],
        class: Class::Enumerated,
        needs: NEEDS,
        in_spec: false,
        actions: PLAN,
        doc: "the node reports MemoryPressure",
        decide: |_, signal| pressure(signal, "MemoryPressure", "is short of memory"),
    },
    Rule {
        cause: "node_disk_pressure",
        explains: &["node_not_ready", "node_pressure"],
        class: Class::Enumerated,
        needs: NEEDS,
        in_spec: false,
        actions: PLAN,
        doc: "the node reports DiskPressure",
        decide: |_, signal| pressure(signal, "DiskPressure", "is short of disk space"),
    },
    Rule {
        cause: "node_pid_pressure",
        explains: &["node_not_ready", "node_pressure"],
        class: Class::Enumerated,
        needs: NEEDS,
        in_spec: false,
        actions: PLAN,
        doc: "the node reports PIDPressure",
        decide: |_, signal| pressure(signal, "PIDPressure", "is short of process ids"),
    },
];

fn network_down<'a>(graph: &Graph<'a>, signal: &Signal<'a>) -> Option<Candidate> {
    let what = "pod network is not set up";
    match signal.place {
        Place::Pod(pod) => {
            let said = signal.evidence.iter().find(|seen| {
                messages::is(Family::NetworkDown, &seen.observed, "")
                    || messages::is(Family::SandboxNetwork, &seen.observed, "")
            })?;
            let node = graph.node(&pod.node_name)?;
            let name = &node.metadata.name;
            let text: String = serde_json::from_str(&said.observed).unwrap_or_default();
            Some(Candidate::new(
                &node.reference(),
                format!("the {what} on node \"{name}\""),
                format!("node \"{name}\" cannot give pods a network: {text}"),
            ))
        }
        Place::Node(node) if signal.r#type == "node_pressure" => {
            condition(&node.status.conditions, "NetworkUnavailable")
                .filter(|one| one.status == "True")?;
            let name = &node.metadata.name;
            let mut candidate = Candidate::new(
                &signal.object,
                format!("the {what} on node \"{name}\""),
                format!("node \"{name}\" reports NetworkUnavailable"),
            );
            candidate.base = Some(Class::Enumerated.base());
            Some(candidate)
        }
        _ => kubelet_says(signal, Family::NetworkDown, what),
    }
}

/// What a problem daemon of a node reports.
fn daemon_says(signal: &Signal<'_>, names: &[&str], what: &str) -> Option<Candidate> {
    let Place::Node(node) = signal.place else {
        return None;
    };
    let found = names
        .iter()
        .filter_map(|name| condition(&node.status.conditions, name))
        .find(|one| one.status == "True" && signal.r#type == "node_problem")?;
    let name = &node.metadata.name;
    let mut candidate = Candidate::new(
        &signal.object,
        format!("{what} on node \"{name}\""),
        format!(
            "node \"{name}\" reports {}: {}",
            found.r#type, found.message
        ),
    );
    candidate.base = Some(Class::Enumerated.base());
    Some(candidate)
}

fn kubelet_down<'a>(graph: &Graph<'a>, signal: &Signal<'a>) -> Option<Candidate> {
    if signal.r#type == "node_problem" {
        let names = &[
            "KubeletUnhealthy",
            "KubeletProblem",
            "FrequentKubeletRestart",
        ];
        return daemon_says(signal, names, "the kubelet does not work");
    }
    let (node, ready) = node(signal)?;
    let silent = matches!(
        ready.reason.as_str(),
        "NodeStatusUnknown" | "NodeStatusNeverUpdated"
    );
    if ready.status != "Unknown" || !silent {
        return None;
    }
    let name = &node.metadata.name;
    let mut candidate = Candidate::new(
        &signal.object,
        format!("the kubelet of node \"{name}\" does not report"),
        format!("the control plane has heard nothing from the kubelet of node \"{name}\""),
    );
    let alive = graph
        .nodes()
        .filter(|other| {
            condition(&other.status.conditions, "Ready").is_some_and(|c| c.status == "True")
        })
        .min_by_key(|other| &other.metadata.name);
    if let Some(other) = alive {
        candidate.explanation +=
            &format!(", while others such as \"{}\" report", other.metadata.name);
        let field = "status.conditions[type=Ready].status";
        candidate.evidence.push(seen(
            other.reference(),
            field,
            "True",
            EvidenceSource::Computed,
            None,
        ));
    } else {
        // All silent at once speaks for the network or the control plane.
        candidate.base = Some(0.5);
    }
    Some(candidate)
}

fn kubelet_says(signal: &Signal<'_>, family: Family, what: &str) -> Option<Candidate> {
    let (node, ready) = node(signal)?;
    if ready.status != "False" || !messages::is(family, &ready.message, "") {
        return None;
    }
    let name = &node.metadata.name;
    Some(Candidate::new(
        &signal.object,
        format!("{what} on node \"{name}\""),
        format!("the kubelet of node \"{name}\" reports that the {what}"),
    ))
}

fn pressure(signal: &Signal<'_>, r#type: &str, what: &str) -> Option<Candidate> {
    let (node, ready) = node(signal)?;
    let pressure = condition(&node.status.conditions, r#type).filter(|c| c.status == "True")?;
    if ready.status == "Unknown" {
        // What it last reported says nothing about why it stopped reporting.
        return None;
    }
    let name = &node.metadata.name;
    let mut candidate = Candidate::new(
        &signal.object,
        format!("node \"{name}\" {what}"),
        format!("node \"{name}\" {what} and reports {type}", r#type = r#type),
    );
    let field = format!("status.conditions[type={type}].status", r#type = r#type);
    let at = pressure.last_transition_time;
    candidate.evidence.push(seen(
        signal.object.clone(),
        field,
        "True",
        EvidenceSource::Status,
        at,
    ));
    Some(candidate)
}

fn node<'a>(signal: &Signal<'a>) -> Option<(&'a Node, &'a Condition)> {
    match signal.place {
        Place::Node(node) => Some((node, condition(&node.status.conditions, "Ready")?)),
        _ => None,
    }
}
