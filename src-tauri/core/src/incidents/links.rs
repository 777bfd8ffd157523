//! Propagation: over which links a symptom brings about another. Which brings about which is the
//! rows' business.

mod rows;

use kubegraf_ipc::object::ObjectRef;

use super::{
    containers, detectors,
    graph::{Graph, selected, selects},
    logs,
    messages::{self, Family},
    rights,
    signal::{Place, Signal},
};
use crate::objects::{ClusterRoleBinding, HorizontalPodAutoscaler, Ingress, RoleBinding, Service};

pub(super) use rows::{ROWS, SERVED};

/// How a symptom reaches another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Link {
    /// From a node to its pods.
    RunsOn,
    /// Within one container.
    SameContainer,
    /// Within one pod.
    SamePod,
    /// From a pod or a controlled object to its owner.
    OwnedBy,
    /// From a workload to its pods and what it controls.
    Owns,
    /// From a workload's pods, or the workload, to the Services that select them.
    Selects,
    /// From a Service to the pods of the workloads that call it.
    Calls,
    /// From a claim to the pods that use it.
    Claims,
    /// From a Service to the Ingresses that lead to it.
    Routes,
    /// From a workload or its pods to the autoscalers that scale it.
    Scales,
    /// From a quota to what is made in its namespace.
    Limits,
    /// From a pod, its workload or its Service to what the cluster is served by it.
    Serves,
    /// From what the cluster is served by to the Service and the workload that do it.
    ServedBy,
    /// From the cluster's DNS to the pods that ask it and fail.
    Resolves,
    /// From a webhook to the pods that are refused for it.
    Admits,
    /// From an API to what is computed from it.
    Offers,
    /// From a binding to the pods that run as its subjects.
    Grants,
    /// From the pods of a workload to the Services that it calls.
    CalledBy,
    /// To everything.
    Everywhere,
}

impl Link {
    /// Whether it leads out of the namespace, or from an object without one.
    pub(super) fn far(self) -> bool {
        matches!(
            self,
            Self::ServedBy
                | Self::Resolves
                | Self::Admits
                | Self::Offers
                | Self::Grants
                | Self::Everywhere
        )
    }
}

/// One row: a symptom of a type in `from` brings about one of a type in `effect`.
pub(super) struct Row {
    /// Types, cause side.
    pub from: &'static [&'static str],
    /// How it gets there.
    pub link: Link,
    /// Types, effect side.
    pub effect: &'static [&'static str],
}

/// Whether what a symptom brings about may be anywhere in the cluster.
pub(super) fn reaches_far(signal: &Signal<'_>) -> bool {
    let bound = signal.r#type != "rbac_denied" || signal.object.kind.ends_with("Binding");
    bound
        && ROWS
            .iter()
            .any(|row| row.link.far() && row.from.contains(&signal.r#type))
}

/// Whether `cause` brings about `effect`, by any row.
pub(super) fn explains(graph: &Graph<'_>, cause: &Signal<'_>, effect: &Signal<'_>) -> bool {
    ROWS.iter().any(|row| {
        row.from.contains(&cause.r#type)
            && row.effect.contains(&effect.r#type)
            && reaches(graph, row.link, cause, effect)
    })
}

/// Whether some row leads from one type to the other.
pub(super) fn leads(from: &str, to: &str) -> bool {
    from != to
        && ROWS
            .iter()
            .any(|row| row.from.contains(&from) && row.effect.contains(&to))
}

fn reaches(graph: &Graph<'_>, link: Link, cause: &Signal<'_>, effect: &Signal<'_>) -> bool {
    match link {
        Link::RunsOn => match (cause.place, effect.place) {
            (Place::Node(node), Place::Pod(pod)) => pod.node_name == node.metadata.name,
            (Place::Node(node), Place::Deployment(deployment)) => {
                let sets = graph.revisions(deployment).iter();
                sets.flat_map(|set| graph.pods_of(set))
                    .any(|pod| pod.node_name == node.metadata.name && !detectors::ready(pod))
            }
            (Place::Node(node), Place::Other) => {
                graph.workload(&effect.object).is_some_and(|one| {
                    let pods = graph.pods_under(one).into_iter();
                    let mut there = pods.filter(|pod| pod.node_name == node.metadata.name);
                    there.any(|pod| !detectors::ready(pod))
                })
            }
            _ => false,
        },
        Link::Scales => graph
            .get::<HorizontalPodAutoscaler>(&effect.object.namespace, &effect.object.name)
            .is_some_and(|one| {
                let target = &one.spec.scale_target_ref;
                (&target.kind, &target.name) == (&cause.owner.kind, &cause.owner.name)
                    && cause.owner.namespace == effect.object.namespace
            }),
        Link::SameContainer => {
            cause.r#type != effect.r#type
                && cause.object == effect.object
                && cause.container == effect.container
        }
        Link::SamePod => cause.object == effect.object,
        // A pod of an old revision says nothing about the rollout of the new one.
        Link::OwnedBy => match (cause.place, effect.place) {
            (Place::Pod(pod), Place::Deployment(deployment))
                if effect.r#type == "deployment_rollout_failure" =>
            {
                cause.owner == effect.object
                    && super::detectors::newest(graph, deployment).is_none_or(|set| {
                        graph
                            .replica_set_of(pod)
                            .is_none_or(|of| of.metadata.name == set.metadata.name)
                    })
            }
            // One run of a CronJob says nothing about another.
            (Place::Pod(pod), Place::Other)
                if matches!(effect.r#type, "job_failed" | "job_stuck") =>
            {
                let job = pod.metadata.controller();
                pod.metadata.namespace == effect.object.namespace
                    && job.is_some_and(|job| job.kind == "Job" && job.name == effect.object.name)
            }
            _ => cause.owner == effect.object,
        },
        Link::Owns => cause.owner == effect.owner,
        Link::Selects => service(graph, effect).is_some_and(|service| match cause.place {
            Place::Pod(pod) => selects(service, pod),
            _ => graph
                .workload(&cause.owner)
                .is_some_and(|workload| selected(service, workload)),
        }),
        Link::Calls => service(graph, cause)
            .is_some_and(|service| graph.callers(service).contains(&effect.owner)),
        Link::Claims => effect.pod().is_some_and(|pod| {
            pod.metadata.namespace == cause.object.namespace
                && pod.spec.volumes.iter().any(|volume| {
                    let claim = volume.persistent_volume_claim.as_ref();
                    claim.is_some_and(|claim| claim.claim_name == cause.object.name)
                })
        }),
        Link::Routes => graph
            .get::<Ingress>(&effect.object.namespace, &effect.object.name)
            .is_some_and(|ingress| {
                ingress.metadata.namespace == cause.object.namespace
                    && ingress
                        .backends()
                        .any(|(_, backend)| backend.name == cause.object.name)
            }),
        Link::Serves => serves(graph, cause, &effect.object),
        Link::ServedBy => serves(graph, effect, &cause.object),
        Link::Resolves => asks(graph, cause, effect),
        Link::Admits => effect
            .evidence
            .iter()
            .any(|seen| messages::is(Family::WebhookCall, &seen.observed, "")),
        Link::Offers if effect.object.kind == "Namespace" => effect
            .evidence
            .iter()
            .any(|seen| seen.field.contains("DiscoveryFailure")),
        Link::Offers => {
            effect.object.kind == "HorizontalPodAutoscaler" && {
                let group = cause.object.name.split_once('.').map(|(_, group)| group);
                group.is_some_and(|group| group.ends_with("metrics.k8s.io"))
            }
        }
        Link::Grants => granted(graph, cause, effect),
        Link::CalledBy => service(graph, effect)
            .is_some_and(|service| graph.callers(service).contains(&cause.owner)),
        Link::Everywhere => true,
        Link::Limits => cause.object.namespace == effect.object.namespace && limited(effect),
    }
}

/// Whether an object of the cluster is served by what shows a symptom.
fn serves(graph: &Graph<'_>, signal: &Signal<'_>, object: &ObjectRef) -> bool {
    detectors::backends(graph, object)
        .into_iter()
        .any(|service| match signal.place {
            Place::Pod(pod) => selects(service, pod),
            _ if signal.object.kind == "Service" => {
                *service.metadata.name == *signal.object.name
                    && *service.metadata.namespace == *signal.object.namespace
                    && signal.object != *object
            }
            _ => graph
                .workload(&signal.owner)
                .is_some_and(|workload| selected(service, workload)),
        })
}

/// Whether a pod asks the cluster's DNS and fails for it: it says so, or began to fail afterwards and
/// calls others by name.
fn asks(graph: &Graph<'_>, dns: &Signal<'_>, effect: &Signal<'_>) -> bool {
    let Some(pod) = effect.pod() else {
        return false;
    };
    let policy = &*pod.spec.dns_policy;
    if matches!(policy, "Default" | "None") || pod.spec.host_network && policy == "ClusterFirst" {
        return false;
    }
    let container = effect
        .container
        .and_then(|name| containers::named(pod, name));
    let said = container.and_then(|one| logs::said(graph, one));
    match said {
        Some((_, line, _)) => messages::is(Family::NameLookup, line, ""),
        None => {
            let told = effect
                .evidence
                .iter()
                .any(|seen| messages::is(Family::NameLookup, &seen.observed, ""));
            let after = effect.first_seen >= dns.first_seen;
            told || after && !graph.calls_of(&effect.owner).is_empty()
        }
    }
}

/// Whether pods with a symptom run as a subject of a binding.
fn granted(graph: &Graph<'_>, cause: &Signal<'_>, effect: &Signal<'_>) -> bool {
    let (subjects, namespace) = match cause.object.kind.as_str() {
        "RoleBinding" => {
            let (namespace, name) = (&cause.object.namespace, &cause.object.name);
            let found = graph.get::<RoleBinding>(namespace, name);
            (found.map(|one| &one.subjects[..]), &**namespace)
        }
        "ClusterRoleBinding" => {
            let found = graph.get::<ClusterRoleBinding>("", &cause.object.name);
            (found.map(|one| &one.subjects[..]), "")
        }
        _ => return false,
    };
    // Only those who were refused something: a right that is missing may not be needed.
    let refused = effect.r#type == "rbac_denied"
        || effect
            .evidence
            .iter()
            .any(|seen| rights::refused(&seen.observed).is_some());
    let account = graph
        .workload(&effect.owner)
        .map(|workload| detectors::runs_as(&workload.spec.service_account_name));
    refused
        && subjects.zip(account).is_some_and(|(subjects, account)| {
            rights::names(subjects, &effect.owner.namespace, account, namespace)
        })
}

fn service<'a>(graph: &Graph<'a>, signal: &Signal<'_>) -> Option<&'a Service> {
    let object = &signal.object;
    (object.kind == "Service")
        .then(|| graph.get(&object.namespace, &object.name))
        .flatten()
}

/// Whether a creation failed for a quota: the server says so in its message.
fn limited(effect: &Signal<'_>) -> bool {
    effect.evidence.iter().any(|seen| {
        seen.observed.contains("exceeded quota") || seen.observed.contains("failed quota")
    })
}
