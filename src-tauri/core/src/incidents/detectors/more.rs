//! Claims that do not grow, Services that get no balancer or select too much, Jobs that do not end.

use std::collections::{BTreeMap, BTreeSet};

use kubegraf_ipc::{
    incident::{Evidence, EvidenceSource},
    object::ObjectRef,
};

use super::super::{
    causes::volumes::grows,
    containers,
    evidence::{self, against, masked, seen},
    graph::{Graph, selects},
    signal::Signal,
};
use super::{Earlier, detector, gave_up, ready};
use crate::objects::{
    Event, Job, Object, PersistentVolumeClaim, Pod, Service, StorageClass, condition,
};

detector!(
    VolumeExpandFailed,
    "volume_expand_failed",
    Medium,
    [Claims],
    300,
    "a claim's expansion has failed for five minutes, has waited an hour for its pod to be restarted, or its class does not allow what it asks for",
    expand
);
detector!(
    LoadBalancerPending,
    "load_balancer_pending",
    Medium,
    [Services],
    300,
    "a Service of type LoadBalancer has had no address for five minutes",
    balancer
);
detector!(
    ServiceSelectorTooBroad,
    "service_selector_too_broad",
    Medium,
    [Services, Pods],
    900,
    "the ready pods behind a Service have belonged to several workloads for fifteen minutes that no label tells apart as versions of one",
    too_broad
);
detector!(
    JobStuck,
    "job_stuck",
    Medium,
    [Jobs],
    3_600,
    "a Job has run for an hour and five times as long as its CronJob's runs do, or its main container is done and another still runs",
    job_stuck
);

/// A volume that only its pod's restart makes larger may wait so long; seconds.
const RESTART: i64 = 3_600;
const RECENT: i64 = 900;
/// Labels that tell versions of one workload apart.
const VERSIONS: &[&str] = &[
    "version",
    "track",
    "release-track",
    "canary",
    "color",
    "colour",
    "slot",
    "role",
    "shard",
    "app.kubernetes.io/version",
    "app.kubernetes.io/component",
    "rollouts-pod-template-hash",
];

fn expand<'a>(
    graph: &Graph<'a>,
    _: Earlier<'_, 'a>,
    r#type: &'static str,
    threshold: i64,
) -> Vec<Signal<'a>> {
    let claims = graph.all::<PersistentVolumeClaim>().filter(|claim| {
        claim.metadata.deleted.is_none()
            && !containers::ignored(&claim.metadata.annotations, r#type)
    });
    claims
        .filter_map(|claim| {
            let object = claim.reference();
            let conditions = [
                ("ControllerResizeError", threshold),
                ("NodeResizeError", threshold),
                ("ModifyVolumeError", threshold),
                ("FileSystemResizePending", RESTART),
            ];
            let failed = conditions.iter().find_map(|(name, limit)| {
                let one = condition(&claim.status.conditions, name)?;
                let at = one.last_transition_time;
                let lasted = at.is_none_or(|at| graph.passed(at, *limit));
                (one.status == "True" && lasted).then_some(one)
            });
            let told = graph
                .events_about(&object)
                .filter(|event| {
                    matches!(
                        &*event.reason,
                        "VolumeResizeFailed" | "FileSystemResizeFailed"
                    ) && event
                        .last_seen()
                        .is_none_or(|at| !graph.passed(at, RECENT + 1))
                })
                .last()
                .filter(|event| {
                    event
                        .first_seen()
                        .is_none_or(|at| graph.passed(at, threshold))
                });
            let asked = grows(claim).filter(|_| {
                let class = claim.spec.storage_class_name.as_deref();
                let class = class.and_then(|name| graph.get::<StorageClass>("", name));
                class.is_some_and(|class| !class.allow_volume_expansion)
            });
            if failed.is_none() && told.is_none() && asked.is_none() {
                return None;
            }
            let mut evidence = Vec::new();
            if let Some(one) = failed {
                let field = format!("status.conditions[type={}].message", one.r#type);
                let (message, at) = (masked(&one.message), one.last_transition_time);
                evidence.push(seen(
                    object.clone(),
                    field,
                    message,
                    EvidenceSource::Status,
                    at,
                ));
            }
            if let Some((asked, has)) = grows(claim) {
                let observed = seen(
                    object.clone(),
                    "status.capacity.storage",
                    has,
                    EvidenceSource::Status,
                    None,
                );
                evidence.push(against(observed, asked));
            }
            evidence.extend(told.map(evidence::event));
            let begun = failed
                .and_then(|one| one.last_transition_time)
                .or_else(|| told.and_then(Event::first_seen));
            let begun = begun.unwrap_or_else(|| graph.now());
            Some(Signal::of(r#type, object, begun, evidence))
        })
        .collect()
}

fn balancer<'a>(
    graph: &Graph<'a>,
    _: Earlier<'_, 'a>,
    r#type: &'static str,
    threshold: i64,
) -> Vec<Signal<'a>> {
    let waiting = graph.all::<Service>().filter(|service| {
        let meta = &service.metadata;
        service.spec.r#type == "LoadBalancer"
            && service.status.load_balancer.ingress.is_empty()
            && service.spec.external_ips.is_empty()
            && meta.deleted.is_none()
            && meta.created.is_none_or(|at| graph.passed(at, threshold))
            && !containers::ignored(&meta.annotations, r#type)
    });
    waiting
        .map(|service| {
            let object = service.reference();
            let mut evidence = vec![seen(
                object.clone(),
                "status.loadBalancer.ingress",
                Vec::<&str>::new(),
                EvidenceSource::Status,
                None,
            )];
            let told = graph
                .events_about(&object)
                .filter(|event| {
                    matches!(
                        &*event.reason,
                        "SyncLoadBalancerFailed"
                            | "UnAvailableLoadBalancer"
                            | "CreatingLoadBalancerFailed"
                            | "AllocationFailed"
                    )
                })
                .last();
            evidence.extend(told.map(evidence::event));
            let begun = service.metadata.created.unwrap_or_else(|| graph.now());
            Signal::of(r#type, object, begun, evidence)
        })
        .collect()
}

fn too_broad<'a>(
    graph: &Graph<'a>,
    _: Earlier<'_, 'a>,
    r#type: &'static str,
    threshold: i64,
) -> Vec<Signal<'a>> {
    let services = graph.all::<Service>().filter(|service| {
        let meta = &service.metadata;
        !service.spec.selector.is_empty()
            && service.spec.cluster_ip != "None"
            && service.spec.r#type != "ExternalName"
            && meta.deleted.is_none()
            && !containers::ignored(&meta.annotations, r#type)
    });
    services
        .filter_map(|service| {
            let namespace = &*service.metadata.namespace;
            // Few Services select more than one workload: those are looked at closer.
            let mut workloads = graph
                .workloads_in(namespace)
                .filter(|one| super::super::graph::selected(service, one));
            workloads.next()?;
            workloads.next()?;
            let pods = graph.of::<Pod>(namespace).iter().map(AsRef::as_ref);
            let mut by_owner: BTreeMap<ObjectRef, Vec<&Pod>> = BTreeMap::new();
            for pod in pods.filter(|pod: &&Pod| selects(service, pod) && ready(pod)) {
                let at = condition(&pod.status.conditions, "Ready")
                    .and_then(|one| one.last_transition_time);
                if at.is_none_or(|at| graph.passed(at, threshold)) {
                    by_owner.entry(graph.owner(pod)).or_default().push(pod);
                }
            }
            by_owner.retain(|owner, _| {
                matches!(&*owner.kind, "Deployment" | "StatefulSet" | "DaemonSet")
            });
            if by_owner.len() < 2 || of_one(&by_owner) {
                return None;
            }
            let object = service.reference();
            let selector: Vec<String> = service
                .spec
                .selector
                .iter()
                .map(|(key, value)| format!("{key}={value}"))
                .collect();
            let mut evidence = vec![seen(
                object.clone(),
                "spec.selector",
                selector.join(","),
                EvidenceSource::Spec,
                None,
            )];
            let owners: Vec<String> = by_owner
                .keys()
                .map(|owner| format!("{}/{}", owner.kind, owner.name))
                .collect();
            evidence.push(seen(
                object.clone(),
                "endpoints",
                owners,
                EvidenceSource::Computed,
                None,
            ));
            let begun = service.metadata.created.unwrap_or_else(|| graph.now());
            Some(Signal::of(r#type, object, begun, evidence))
        })
        .collect()
}

/// Whether several workloads are versions of one: a label tells them apart, their names begin alike,
/// or they run the same program.
fn of_one(by_owner: &BTreeMap<ObjectRef, Vec<&Pod>>) -> bool {
    let pods = || by_owner.values().filter_map(|pods| pods.first());
    let labelled = VERSIONS
        .iter()
        .any(|key| pods().all(|pod| pod.metadata.labels.contains_key(key)));
    let marked = pods().any(|pod| {
        let labels = pod.metadata.labels.iter();
        labels.into_iter().any(|(key, value)| {
            **key == *"canary"
                || matches!(&**value, "canary" | "stable" | "preview" | "blue" | "green")
        })
    });
    let stem = |owner: &ObjectRef| owner.name.split('-').next().map(str::to_owned);
    let stems: BTreeSet<_> = by_owner.keys().map(stem).collect();
    let repository = |pod: &Pod| {
        let image = pod.spec.containers.first().map(|one| one.image.clone());
        image.and_then(|image| {
            super::super::image::parse(&image).map(|image| image.repository.to_owned())
        })
    };
    let programs: BTreeSet<_> = pods().map(|pod| repository(pod)).collect();
    labelled || marked || stems.len() == 1 || programs.len() == 1
}

fn job_stuck<'a>(
    graph: &Graph<'a>,
    _: Earlier<'_, 'a>,
    r#type: &'static str,
    threshold: i64,
) -> Vec<Signal<'a>> {
    let active = graph.all::<Job>().filter(|job| {
        job.metadata.deleted.is_none()
            && job.status.active > 0
            && !job.spec.suspend
            && gave_up(job).is_none()
            && !containers::ignored(&job.metadata.annotations, r#type)
    });
    active
        .filter_map(|job| {
            let started = job.status.start_time;
            let usual = usual(graph, job).map_or(threshold, |usual| (5 * usual).max(threshold));
            let late = started.is_some_and(|at| graph.passed(at, usual + 1));
            let left = left_over(graph, job);
            let object = job.reference();
            let (begun, evidence) = match (left, late) {
                (Some(evidence), _) => (evidence.at, vec![evidence]),
                (None, true) => {
                    let active = seen(
                        object.clone(),
                        "status.active",
                        job.status.active,
                        EvidenceSource::Status,
                        started,
                    );
                    let since = seen(
                        object.clone(),
                        "status.startTime",
                        started,
                        EvidenceSource::Status,
                        started,
                    );
                    (
                        started,
                        vec![active, against(since, format!("at most {usual} s"))],
                    )
                }
                (None, false) => return None,
            };
            let begun = begun.or(started).unwrap_or_else(|| graph.now());
            Some(Signal {
                owner: graph.top(job).unwrap_or_else(|| object.clone()),
                ..Signal::of(r#type, object, begun, evidence)
            })
        })
        .collect()
}

/// How long the finished runs of the same CronJob took, seconds: the one in the middle.
fn usual(graph: &Graph<'_>, job: &Job) -> Option<i64> {
    let cron = job.metadata.controller()?;
    let jobs = graph.of::<Job>(&job.metadata.namespace).iter();
    let mut took: Vec<i64> = jobs
        .filter(|other| {
            let owner = other.metadata.controller();
            owner.is_some_and(|owner| owner.kind == cron.kind && owner.name == cron.name)
        })
        .filter_map(|other| Some(other.status.completion_time? - other.status.start_time?))
        .collect();
    took.sort_unstable();
    took.get(took.len() / 2).copied()
}

/// A container that keeps a Job's pod from its end though the first one is done.
fn left_over(graph: &Graph<'_>, job: &Job) -> Option<Evidence> {
    let (namespace, name) = job.metadata.key();
    let pods = graph.of::<Pod>(namespace).iter().filter(|pod| {
        let owner = pod.metadata.controller();
        pod.metadata.deleted.is_none()
            && owner.is_some_and(|owner| owner.kind == "Job" && owner.name == *name)
    });
    pods.into_iter().find_map(|pod| {
        let mut main = containers::of(pod).filter(|one| !one.init);
        let done = main.find_map(|one| {
            let end = one.status.state.terminated.as_deref()?;
            let at = end.finished_at;
            let over = end.exit_code == 0 && at.is_none_or(|at| graph.passed(at, 60));
            over.then_some(at)
        })?;
        let others = containers::of(pod).filter(|one| !one.init);
        let mut running = others.filter(|one| one.status.state.running.is_some());
        running
            .next()
            .map(|one| one.observed("state.running", true, done))
    })
}
