//! What a quota leaves, and who needs more.

use super::{graph::Graph, signal::Signal, snapshot::Kind, workloads::Workload};
use crate::{
    objects::{PersistentVolumeClaim, Pod, ResourceQuota, Service, condition},
    quantity,
};

/// A resource of a quota that does not suffice.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Blocked {
    /// `requests.cpu`, `pods` …
    pub resource: String,
    /// Allowed, as written.
    pub hard: String,
    /// Used, as written.
    pub used: String,
    /// Needed on top, in base units; 0 where only the refusal is known.
    pub need: f64,
    /// The workload that needs it; `None` for Services and claims that could not be made.
    pub by: Option<kubegraf_ipc::object::ObjectRef>,
}

/// The resources of a quota that keep something of its namespace from being made.
pub(super) fn blocked<'s, 'a: 's>(
    graph: &Graph<'a>,
    quota: &ResourceQuota,
    signals: impl Iterator<Item = &'s Signal<'a>>,
) -> Vec<Blocked> {
    let namespace = &*quota.metadata.namespace;
    let mut found: Vec<Blocked> = Vec::new();
    let hard = if quota.status.hard.is_empty() {
        &quota.spec.hard
    } else {
        &quota.status.hard
    };
    let waiting: Vec<&Signal<'_>> = signals
        .filter(|signal| signal.r#type == "replica_creation_failed")
        .filter(|signal| signal.object.namespace == namespace)
        .collect();
    let nothing = "0".to_owned();
    for (resource, allowed) in hard {
        let used = quota.status.used.get(resource).unwrap_or(&nothing);
        let (Some(most), Some(now)) = (quantity::number(allowed), quantity::number(used)) else {
            continue;
        };
        let mut add = |need: f64, by| {
            found.push(Blocked {
                resource: resource.to_string(),
                hard: allowed.to_string(),
                used: used.to_string(),
                need,
                by,
            });
        };
        for signal in &waiting {
            let Some(workload) = graph.workload(&signal.owner) else {
                continue;
            };
            if refused_for_other(signal, &quota.metadata.name) {
                continue;
            }
            let Some(each) = per_pod(workload, resource) else {
                continue;
            };
            if each > 0.0 && most - now < each {
                add(
                    each * missing(graph, workload),
                    Some(workload.object.clone()),
                );
            }
        }
        let full = most - now < 1.0;
        if full && resource.starts_with("services") && missing_service(graph, namespace) {
            add(1.0, None);
        }
        let claims = *resource == *"persistentvolumeclaims" && full;
        let storage = resource.ends_with("requests.storage") && most - now < 1_048_576.0;
        let sized = resource.ends_with("requests.storage")
            && wanted_storage(graph, namespace).is_some_and(|wanted| most - now < wanted);
        if (claims || storage || sized) && missing_claim(graph, namespace) {
            add(1.0, None);
        }
    }
    found
}

/// A refusal names the quota that refused: another one is not to blame.
fn refused_for_other(signal: &Signal<'_>, quota: &str) -> bool {
    let said = signal
        .evidence
        .iter()
        .find(|seen| seen.observed.contains("exceeded quota:"));
    said.is_some_and(|seen| {
        !seen.observed.contains(&format!("exceeded quota: {quota},"))
            && !seen.observed.contains(&format!("exceeded quota: {quota} "))
    })
}

/// What one pod of the workload counts against a resource of a quota, in base units.
pub(super) fn per_pod(workload: &Workload<'_>, resource: &str) -> Option<f64> {
    let (kind, name) = match resource {
        "pods" | "count/pods" => return Some(1.0),
        "cpu" | "memory" | "ephemeral-storage" => ("requests", resource),
        _ => resource.split_once('.')?,
    };
    if !matches!(kind, "requests" | "limits") || name == "storage" {
        return None;
    }
    let of = |container: &crate::objects::Container| -> f64 {
        let resources = &container.resources;
        let asked = if kind == "limits" {
            resources.limits.get(name)
        } else {
            resources.requests.get(name).or(resources.limits.get(name))
        };
        asked
            .and_then(|text| quantity::number(text))
            .unwrap_or_default()
    };
    let main: f64 = workload.spec.containers.iter().map(of).sum();
    let init = workload
        .spec
        .init_containers
        .iter()
        .map(of)
        .fold(0.0, f64::max);
    Some(main.max(init))
}

fn missing(graph: &Graph<'_>, workload: &Workload<'_>) -> f64 {
    let there = match graph.deployment(&workload.object) {
        Some(deployment) => deployment.status.replicas,
        None => u32::try_from(graph.pods_under(workload).len()).unwrap_or(u32::MAX),
    };
    f64::from(workload.desired.unwrap_or(1).saturating_sub(there).max(1))
}

fn missing_service(graph: &Graph<'_>, namespace: &str) -> bool {
    graph.knows(Kind::Services)
        && graph.calls().flat_map(|(_, calls)| calls).any(|call| {
            call.namespace == namespace && graph.get::<Service>(namespace, &call.service).is_none()
        })
}

fn missing_claim(graph: &Graph<'_>, namespace: &str) -> bool {
    graph.knows(Kind::Claims)
        && graph.of::<Pod>(namespace).iter().any(|pod| {
            condition(&pod.status.conditions, "PodScheduled")
                .is_some_and(|held| held.status == "False")
                && pod.spec.volumes.iter().any(|volume| {
                    volume
                        .persistent_volume_claim
                        .as_ref()
                        .is_some_and(|claim| {
                            graph
                                .get::<PersistentVolumeClaim>(namespace, &claim.claim_name)
                                .is_none()
                        })
                })
        })
}

/// What the first claim template of a StatefulSet of the namespace asks for.
fn wanted_storage(graph: &Graph<'_>, namespace: &str) -> Option<f64> {
    graph
        .all::<crate::objects::StatefulSet>()
        .filter(|set| set.metadata.namespace == namespace)
        .flat_map(|set| &set.spec.volume_claim_templates)
        .filter_map(|claim| quantity::number(claim.spec.resources.requests.get("storage")?))
        .reduce(f64::max)
}
