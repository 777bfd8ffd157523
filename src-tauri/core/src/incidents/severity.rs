//! How bad: the type's base, at most one step up and one down; section 8 of the catalogue.

use kubegraf_ipc::{incident::Severity, object::ObjectRef};

use super::{
    graph::{Graph, selects},
    signal::Signal,
    snapshot::Kind,
};
use crate::objects::{Namespace, Pod, Service, condition};

/// The severity of an incident with a known cause.
pub(super) fn of(
    graph: &Graph<'_>,
    base: Severity,
    owner: &ObjectRef,
    symptoms: &[&Signal<'_>],
) -> Severity {
    let pods: Vec<&Pod> = symptoms.iter().filter_map(|signal| signal.pod()).collect();
    if unreachable(graph, &pods) {
        return Severity::Critical;
    }
    let mut severity = base;
    if of_the_system(&pods) || many_nodes(graph, symptoms) {
        severity = up(severity);
    }
    if carried_by_others(graph, owner, &pods) || development(graph, owner) {
        severity = down(severity);
    }
    severity
}

/// A Service open to the outside leads to these pods and none of all its pods is ready.
fn unreachable(graph: &Graph<'_>, pods: &[&Pod]) -> bool {
    pods.iter().any(|pod| {
        graph.services_to(pod).into_iter().any(|service| {
            let routed = matches!(service.spec.r#type.as_str(), "LoadBalancer" | "NodePort");
            routed && !answers(graph, service)
        })
    })
}

fn of_the_system(pods: &[&Pod]) -> bool {
    pods.iter().any(|pod| {
        pod.metadata.namespace == "kube-system"
            || pod.spec.priority_class_name.starts_with("system-")
    })
}

fn many_nodes(graph: &Graph<'_>, symptoms: &[&Signal<'_>]) -> bool {
    let down = symptoms
        .iter()
        .filter(|signal| signal.r#type == "node_not_ready")
        .count();
    down > 0 && down * 5 >= graph.nodes().count()
}

/// Three quarters of the owner's pods are ready and every Service on it has one.
fn carried_by_others(graph: &Graph<'_>, owner: &ObjectRef, pods: &[&Pod]) -> bool {
    let Some(deployment) = graph
        .deployment(owner)
        .filter(|_| graph.knows(Kind::Services))
    else {
        return false;
    };
    let desired = deployment.spec.replicas.unwrap_or(1);
    deployment.status.ready_replicas * 4 >= desired * 3
        && pods.iter().all(|pod| {
            graph
                .services_to(pod)
                .into_iter()
                .all(|service| answers(graph, service))
        })
}

fn development(graph: &Graph<'_>, owner: &ObjectRef) -> bool {
    let namespace = graph.get::<Namespace>("", &owner.namespace);
    let tier = namespace.and_then(|one| one.metadata.labels.get("kubegraf.io/tier"));
    tier.is_some_and(|tier| tier == "dev")
}

/// Whether a pod behind the Service is ready.
fn answers(graph: &Graph<'_>, service: &Service) -> bool {
    let pods = graph.of::<Pod>(&service.metadata.namespace).iter();
    pods.into_iter()
        .any(|pod| selects(service, pod) && ready(pod))
}

fn ready(pod: &Pod) -> bool {
    pod.metadata.deleted.is_none()
        && condition(&pod.status.conditions, "Ready").is_some_and(|ready| ready.status == "True")
}

fn up(severity: Severity) -> Severity {
    match severity {
        Severity::Critical | Severity::High => Severity::Critical,
        Severity::Medium => Severity::High,
        Severity::Low => Severity::Medium,
    }
}

fn down(severity: Severity) -> Severity {
    match severity {
        Severity::Critical => Severity::High,
        Severity::High => Severity::Medium,
        Severity::Medium | Severity::Low => Severity::Low,
    }
}
