//! Propagation: which symptom brings about which, and over which link. Rows only; section 6 of the
//! catalogue.

use super::{
    detectors,
    graph::{Graph, selected, selects},
    signal::{Place, Signal},
};
use crate::objects::{HorizontalPodAutoscaler, Ingress, Service};

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

/// Types of pods and containers.
pub(super) const POD: &[&str] = &[
    "image_pull_error",
    "container_config_error",
    "oom_killed",
    "container_start_error",
    "liveness_probe_failing",
    "startup_probe_failing",
    "readiness_probe_failing",
    "volume_mount_failed",
    "init_container_failed",
    "pod_crash_loop",
    "high_restart_count",
    "pod_unschedulable",
    "pod_evicted",
    "persistent_failure",
];

const WORKLOAD: &[&str] = &[
    "deployment_rollout_failure",
    "deployment_unavailable",
    "statefulset_stuck",
    "daemonset_incomplete",
    "job_failed",
    "cronjob_failing",
];

/// Every row.
pub(super) const ROWS: &[Row] = &[
    Row {
        from: &["node_not_ready"],
        link: Link::RunsOn,
        effect: &[
            "persistent_failure",
            "image_pull_error",
            "container_start_error",
            "readiness_probe_failing",
            "volume_mount_failed",
            "pod_evicted",
            "deployment_unavailable",
            "statefulset_stuck",
            "daemonset_incomplete",
        ],
    },
    Row {
        from: &["node_pressure"],
        link: Link::RunsOn,
        effect: &["persistent_failure", "pod_evicted"],
    },
    Row {
        from: &["job_failed"],
        link: Link::OwnedBy,
        effect: &["cronjob_failing"],
    },
    Row {
        from: POD,
        link: Link::Scales,
        effect: &["hpa_metrics_unavailable"],
    },
    Row {
        from: &[
            "replica_creation_failed",
            "deployment_rollout_failure",
            "deployment_unavailable",
            "workload_scaled_to_zero",
            "statefulset_stuck",
        ],
        link: Link::Scales,
        effect: &["hpa_metrics_unavailable"],
    },
    Row {
        from: &[
            "oom_killed",
            "container_start_error",
            "liveness_probe_failing",
            "startup_probe_failing",
        ],
        link: Link::SameContainer,
        effect: &[
            "init_container_failed",
            "pod_crash_loop",
            "high_restart_count",
            "container_start_error",
            "readiness_probe_failing",
        ],
    },
    Row {
        from: &["liveness_probe_failing", "startup_probe_failing"],
        link: Link::SameContainer,
        effect: &["oom_killed"],
    },
    Row {
        from: &["pod_crash_loop"],
        link: Link::SameContainer,
        effect: &["readiness_probe_failing", "liveness_probe_failing"],
    },
    Row {
        from: &[
            "init_container_failed",
            "pod_crash_loop",
            "image_pull_error",
            "container_config_error",
            "container_start_error",
            "oom_killed",
            "liveness_probe_failing",
            "startup_probe_failing",
            "readiness_probe_failing",
            "volume_mount_failed",
            "pod_unschedulable",
            "pod_evicted",
        ],
        link: Link::SamePod,
        effect: &["persistent_failure"],
    },
    Row {
        from: &["volume_mount_failed"],
        link: Link::SamePod,
        effect: &[
            "readiness_probe_failing",
            "init_container_failed",
            "pod_crash_loop",
        ],
    },
    Row {
        from: POD,
        link: Link::OwnedBy,
        effect: WORKLOAD,
    },
    Row {
        from: &["replica_creation_failed"],
        link: Link::OwnedBy,
        effect: WORKLOAD,
    },
    Row {
        from: &["deployment_rollout_failure"],
        link: Link::OwnedBy,
        effect: &["deployment_unavailable"],
    },
    Row {
        from: &["dangling_reference"],
        link: Link::Owns,
        effect: &[
            "container_config_error",
            "volume_mount_failed",
            "image_pull_error",
            "replica_creation_failed",
            "pod_unschedulable",
            "deployment_unavailable",
            "statefulset_stuck",
            "daemonset_incomplete",
        ],
    },
    Row {
        from: &["quota_exhausted"],
        link: Link::Limits,
        effect: &["replica_creation_failed", "address_mismatch", "pvc_pending"],
    },
    Row {
        from: &["pvc_pending", "pvc_lost"],
        link: Link::Claims,
        effect: &["pod_unschedulable", "volume_mount_failed"],
    },
    Row {
        from: POD,
        link: Link::Selects,
        effect: &["service_no_endpoints"],
    },
    Row {
        from: &[
            "replica_creation_failed",
            "deployment_rollout_failure",
            "deployment_unavailable",
            "statefulset_stuck",
            "workload_scaled_to_zero",
        ],
        link: Link::Selects,
        effect: &["service_no_endpoints"],
    },
    Row {
        from: &["service_no_endpoints", "service_port_mismatch"],
        link: Link::Routes,
        effect: &["ingress_misconfigured"],
    },
    Row {
        from: &["service_no_endpoints", "service_port_mismatch"],
        link: Link::Calls,
        effect: &[
            "init_container_failed",
            "pod_crash_loop",
            "high_restart_count",
            "readiness_probe_failing",
            "liveness_probe_failing",
        ],
    },
    Row {
        from: &["address_mismatch"],
        link: Link::Owns,
        effect: &[
            "init_container_failed",
            "pod_crash_loop",
            "high_restart_count",
            "readiness_probe_failing",
            "liveness_probe_failing",
            "startup_probe_failing",
            "deployment_unavailable",
            "statefulset_stuck",
            "daemonset_incomplete",
        ],
    },
];

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
            (Place::Pod(pod), Place::Other) if effect.r#type == "job_failed" => {
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
        Link::Limits => cause.object.namespace == effect.object.namespace && limited(effect),
    }
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
