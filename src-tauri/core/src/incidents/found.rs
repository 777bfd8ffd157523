//! From a snapshot to ranked incidents, without ids and without a past.

use std::collections::{BTreeMap, BTreeSet};

use kubegraf_ipc::{
    incident::{Cause, Facts, Fix, Link, Severity, Signal as Symptom, Trigger},
    object::ObjectRef,
};

use super::{
    actions::{self, Case},
    causes, containers,
    cover::{self, Root},
    detectors, evidence, fingerprint,
    graph::Graph,
    judge::Judge,
    links,
    logs::{self, LogRef},
    ranking, severity,
    signal::{Place, Signal},
    snapshot::Snapshot,
};
use crate::objects::{Object, Pod};

/// Symptoms and chain links shown of one incident; the rest is counted in the description.
const SHOWN: usize = 50;

/// An incident as one snapshot shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// What makes two sightings the same incident.
    pub fingerprint: String,
    /// Type id.
    pub r#type: &'static str,
    /// How bad.
    pub severity: Severity,
    /// `Deployment/web: image tag "v9" does not exist …`
    pub title: String,
    /// What is broken and why, in sentences.
    pub description: String,
    /// What it is about.
    pub resource: ObjectRef,
    /// Why.
    pub root_cause: Cause,
    /// How the cause reaches the symptoms.
    pub chain: Vec<Link>,
    /// What the cause explains.
    pub symptoms: Vec<Symptom>,
    /// How many objects show symptoms, also those not listed.
    pub affected: usize,
    /// The worst pod.
    pub facts: Facts,
    /// The last change before the onset.
    pub trigger: Option<Trigger>,
    /// Best first.
    pub fixes: Vec<Fix>,
    /// The log that would tell more about the cause.
    pub log: Option<LogRef>,
    /// The earliest symptom.
    pub first_seen: i64,
}

/// Everything that is broken, the most probable root first. Pure: the same snapshot, in any order of
/// its objects, gives the same answer.
#[must_use]
pub fn evaluate(snapshot: &Snapshot) -> Vec<Found> {
    Judge::default().judge(snapshot)
}

/// The roots of these symptoms, ranked.
pub(super) fn ranked<'a>(graph: &Graph<'a>, signals: &[Signal<'a>]) -> Vec<Found> {
    let mut found: Vec<Found> = cover::roots(graph, signals)
        .iter()
        .map(|root| assemble(graph, signals, root))
        .collect();
    found.sort_by_cached_key(|found| {
        ranking::key(
            found.severity,
            found.root_cause.confidence,
            found.affected,
            found.first_seen,
            found.fingerprint.clone(),
        )
    });
    merge(found)
}

/// Two causes seen for one type, owner and container are one incident of the better cause.
fn merge(found: Vec<Found>) -> Vec<Found> {
    let mut merged: Vec<Found> = Vec::with_capacity(found.len());
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    for other in found {
        if let Some(place) = places.get(&other.fingerprint) {
            let first = &mut merged[*place];
            first.affected += other.affected;
            first.first_seen = first.first_seen.min(other.first_seen);
            let room = SHOWN.saturating_sub(first.symptoms.len());
            first.symptoms.extend(other.symptoms.into_iter().take(room));
            let cause = other.root_cause;
            let known = |id: &str| first.root_cause.alternatives.iter().any(|a| a.cause == id);
            if cause.cause != first.root_cause.cause && !known(&cause.cause) {
                first
                    .root_cause
                    .alternatives
                    .push(kubegraf_ipc::incident::Alternative {
                        cause: cause.cause,
                        target: cause.target,
                        confidence: cause.confidence,
                    });
            }
        } else {
            places.insert(other.fingerprint.clone(), merged.len());
            merged.push(other);
        }
    }
    merged
}

fn assemble<'a>(graph: &Graph<'a>, signals: &[Signal<'a>], root: &Root) -> Found {
    let direct: Vec<&Signal<'a>> = root.direct.iter().map(|i| &signals[*i]).collect();
    let symptoms: Vec<&Signal<'a>> = root.symptoms.iter().map(|i| &signals[*i]).collect();
    let lead = lead(&direct);
    let base = detectors::of(lead.r#type).map_or(Severity::Medium, |detector| detector.severity());
    let severity = match root.rule {
        Some(_) => severity::of(graph, base, &lead.owner, &symptoms),
        None => base,
    };
    let cause = root.rule.map_or("unknown", |rule| rule.cause);
    let candidate = root.candidate.as_ref();
    let target = candidate.map_or(&lead.owner, |candidate| &candidate.target);
    let case = Case {
        graph,
        signal: lead,
        cause,
        candidate,
    };
    let first_seen = symptoms
        .iter()
        .map(|s| s.first_seen)
        .min()
        .unwrap_or(graph.now());
    let affected = symptoms
        .iter()
        .map(|s| &s.object)
        .collect::<BTreeSet<_>>()
        .len();
    let container = lead.container.filter(|_| target.kind != "Node");
    let explanation =
        candidate.map_or_else(|| no_cause(lead), |candidate| candidate.explanation.clone());
    let resource = lead.owner.clone();
    let mut evidence = lead.evidence.clone();
    evidence.extend(
        candidate
            .map(|candidate| candidate.evidence.clone())
            .unwrap_or_default(),
    );
    let words = candidate.map_or_else(|| in_words(lead.r#type).to_owned(), |c| c.words.clone());
    Found {
        fingerprint: fingerprint::of(&graph.snapshot().cluster, lead.r#type, &resource, container),
        r#type: lead.r#type,
        severity,
        title: format!("{}/{}: {words}", resource.kind, resource.name),
        description: description(graph, &explanation, &resource, &symptoms),
        root_cause: Cause {
            cause: cause.to_owned(),
            target: target.clone(),
            container: container.map(str::to_owned),
            confidence: root.confidence,
            explanation,
            evidence,
            alternatives: root.alternatives.clone(),
        },
        chain: chain(graph, target, &symptoms),
        symptoms: symptoms
            .iter()
            .take(SHOWN)
            .map(|signal| symptom(graph, signal))
            .collect(),
        affected,
        facts: facts(graph, lead, &symptoms),
        trigger: trigger(graph, lead, first_seen),
        fixes: actions::fixes(&case, root.rule),
        log: telling(graph, lead),
        first_seen,
        resource,
    }
}

/// The log of the container whose end the incident is about, where its words could matter.
fn telling<'a>(graph: &Graph<'a>, lead: &Signal<'a>) -> Option<LogRef> {
    let ends = matches!(
        lead.r#type,
        "pod_crash_loop"
            | "init_container_failed"
            | "high_restart_count"
            | "persistent_failure"
            | "container_start_error"
            | "job_failed"
            | "rbac_denied"
    );
    let container = causes::logs::container(graph, lead).filter(|_| ends)?;
    logs::reference(container)
}

/// The symptom nearest to the root: of a type that no other direct one leads to; the earliest of it.
fn lead<'s, 'a>(direct: &[&'s Signal<'a>]) -> &'s Signal<'a> {
    let nearest = |signal: &Signal<'_>| {
        !direct
            .iter()
            .any(|other| links::leads(other.r#type, signal.r#type))
    };
    let place = |signal: &Signal<'_>| {
        detectors::DETECTORS
            .iter()
            .position(|d| d.r#type() == signal.r#type)
    };
    direct
        .iter()
        .copied()
        .min_by_key(|signal| (!nearest(signal), place(signal), signal.first_seen))
        .expect("a root has a symptom it was decided on")
}

fn symptom(graph: &Graph<'_>, signal: &Signal<'_>) -> Symptom {
    Symptom {
        r#type: signal.r#type.to_owned(),
        object: signal.object.clone(),
        container: signal.container.map(str::to_owned),
        first_seen: signal.first_seen,
        last_seen: graph.now(),
        evidence: signal.evidence.clone(),
    }
}

fn in_words(r#type: &str) -> &'static str {
    match r#type {
        "image_pull_error" => "image cannot be pulled",
        "container_config_error" => "container configuration cannot be put together",
        "oom_killed" => "killed for its memory use",
        "container_start_error" => "container cannot be started",
        "pod_crash_loop" => "container keeps crashing",
        "init_container_failed" => "init container fails",
        "job_failed" => "job has failed",
        "high_restart_count" => "container is restarted often",
        "pod_unschedulable" => "no node takes the pod",
        "dangling_reference" => "refers to what is not there",
        "replica_creation_failed" => "pods cannot be made",
        "quota_exhausted" => "quota leaves no room",
        "volume_mount_failed" => "volume cannot be mounted",
        "liveness_probe_failing" => "liveness probe fails",
        "readiness_probe_failing" => "readiness probe fails",
        "startup_probe_failing" => "startup probe fails",
        "pvc_pending" => "claim gets no volume",
        "pvc_lost" => "claim has lost its volume",
        "pv_failed" => "volume could not be taken back",
        "service_no_endpoints" => "no pod is behind it",
        "service_port_mismatch" => "port leads nowhere",
        "address_mismatch" => "address leads nowhere",
        "ingress_misconfigured" => "route leads nowhere",
        "node_pressure" => "node is short of something",
        "statefulset_stuck" => "waits for a pod that does not get ready",
        "daemonset_incomplete" => "lacks ready pods on some nodes",
        "cronjob_failing" => "its last runs have failed",
        "pod_evicted" => "its kubelet has ended the pod",
        "hpa_metrics_unavailable" => "has no metrics to go by",
        "hpa_target_invalid" => "cannot scale what it should",
        "hpa_saturated" => "would scale further than it may",
        "pdb_blocking" => "lets no pod go",
        "deployment_unavailable" => "lacks the pods it needs",
        "deployment_rollout_failure" => "rollout does not get through",
        "node_not_ready" => "node is not ready",
        "network_policy_blocking" => "is kept from what it needs",
        "cluster_dns_down" => "the cluster's DNS is down",
        "admission_webhook_failing" => "admission webhook does not answer",
        "api_service_unavailable" => "API is not available",
        "rbac_denied" => "right is missing",
        "control_plane_degraded" => "part of the control plane does not work",
        "node_problem" => "node has a problem",
        "namespace_stuck_terminating" => "does not go",
        "controller_lagging" => "its controller is behind",
        "volume_expand_failed" => "volume does not grow",
        "load_balancer_pending" => "no load balancer serves it",
        "service_selector_too_broad" => "leads to pods of several workloads",
        "job_stuck" => "job does not end",
        "pod_not_scheduled" => "no scheduler looks at the pod",
        "pod_scheduling_gated" => "is held back by scheduling gates",
        "pod_sandbox_failed" => "pod cannot be set up",
        "volume_attach_failed" => "volume cannot be attached",
        "init_container_stuck" => "init container does not end",
        "lifecycle_hook_failed" => "lifecycle hook fails",
        "pod_not_ready" => "pod does not get ready",
        "pod_rejected_by_node" => "its node refused the pod",
        "pod_deadline_exceeded" => "did not end within its deadline",
        "pod_status_unknown" => "state of the pod is not known",
        "container_killed" => "container is killed again and again",
        "pod_stuck_terminating" => "deleted pod does not go",
        "pod_kill_failed" => "pod cannot be ended",
        "pod_preempted_repeatedly" => "pods keep giving way to others",
        "statefulset_reference_missing" => "refers to what is not there",
        _ => "keeps failing",
    }
}

/// What there is to say without a cause: the object's own words.
fn no_cause(lead: &Signal<'_>) -> String {
    let words = lead
        .evidence
        .iter()
        .find(|evidence| evidence.field.ends_with("message"));
    let words = words.and_then(|evidence| serde_json::from_str::<String>(&evidence.observed).ok());
    let what = in_words(lead.r#type);
    match words.filter(|words| !words.is_empty()) {
        Some(words) => format!("{what}; the cause is not known. The cluster says: {words}"),
        None => format!("{what}; the cause is not known"),
    }
}

fn description(
    graph: &Graph<'_>,
    explanation: &str,
    resource: &ObjectRef,
    symptoms: &[&Signal<'_>],
) -> String {
    let mut letters = explanation.chars();
    let mut text: String = letters
        .next()
        .into_iter()
        .flat_map(char::to_uppercase)
        .chain(letters)
        .collect();
    text.push('.');
    let pods: BTreeSet<&ObjectRef> = symptoms
        .iter()
        .filter(|signal| signal.pod().is_some())
        .map(|signal| &signal.object)
        .collect();
    match pods.len() {
        0 => {}
        1 => text += " 1 pod is affected",
        n => text += &format!(" {n} pods are affected"),
    }
    if let Some(deployment) = graph.deployment(resource) {
        let desired = deployment.spec.replicas.unwrap_or(1);
        let ready = deployment.status.ready_replicas;
        text += if pods.is_empty() { " " } else { "; " };
        text += &format!("{ready} of {desired} replicas are ready.");
    } else if !pods.is_empty() {
        text.push('.');
    }
    text
}

fn chain(graph: &Graph<'_>, target: &ObjectRef, symptoms: &[&Signal<'_>]) -> Vec<Link> {
    let mut links: Vec<Link> = Vec::new();
    let mut add = |from: ObjectRef, link: &str, to: ObjectRef| {
        let link = Link {
            from,
            link: link.to_owned(),
            to,
        };
        if links.len() < SHOWN && !links.contains(&link) {
            links.push(link);
        }
    };
    for signal in symptoms {
        let Place::Pod(pod) = signal.place else {
            continue;
        };
        if target.kind == "Node" && pod.node_name == target.name {
            add(target.clone(), "runs_on", pod.reference());
            continue;
        }
        match graph.replica_set_of(pod) {
            Some(set) if signal.owner.kind == "Deployment" => {
                add(signal.owner.clone(), "owns", set.reference());
                add(set.reference(), "owns", pod.reference());
            }
            _ if signal.owner != signal.object => {
                add(signal.owner.clone(), "owns", pod.reference())
            }
            _ => {}
        }
    }
    links
}

fn facts(graph: &Graph<'_>, lead: &Signal<'_>, symptoms: &[&Signal<'_>]) -> Facts {
    let restarts = |pod: &Pod| containers::of(pod).map(|c| c.status.restart_count).max();
    let worst = symptoms
        .iter()
        .filter_map(|signal| Some((signal.pod()?, signal.container)))
        .max_by(|(a, _), (b, _)| {
            restarts(a)
                .cmp(&restarts(b))
                .then_with(|| b.metadata.name.cmp(&a.metadata.name))
        });
    let last_event = |object: &ObjectRef| {
        let warnings = graph
            .events_about(object)
            .filter(|event| event.r#type == "Warning");
        warnings
            .last()
            .map(|event| evidence::masked(&event.message))
    };
    let Some((pod, container)) = worst else {
        return Facts {
            namespace: Some(lead.owner.namespace.clone()).filter(|namespace| !namespace.is_empty()),
            last_event: last_event(&lead.object),
            ..Facts::default()
        };
    };
    let container = container
        .or(lead.container)
        .and_then(|name| containers::named(pod, name));
    Facts {
        pod_name: Some(pod.metadata.name.to_string()),
        namespace: Some(pod.metadata.namespace.to_string()),
        container_name: container.map(|container| container.name().to_owned()),
        exit_code: container.and_then(|container| Some(container.ended()?.1.exit_code)),
        restart_count: container.map(|container| container.status.restart_count),
        last_event: last_event(&pod.reference()),
    }
}

fn trigger(graph: &Graph<'_>, lead: &Signal<'_>, onset: i64) -> Option<Trigger> {
    let deployment = graph.deployment(&lead.owner)?;
    let set = match lead.pod() {
        Some(pod) => graph.replica_set_of(pod)?,
        None => detectors::newest(graph, deployment)?,
    };
    let (revision, at) = (set.revision()?, set.metadata.created?);
    let older = graph
        .revisions(deployment)
        .iter()
        .copied()
        .rev()
        .find(|older| older.revision() < Some(revision));
    // The first revision replaced nothing; one after the onset cannot have set it off.
    if at > onset || older.is_none() {
        return None;
    }
    let images = |set: &crate::objects::ReplicaSet| -> Vec<(String, String)> {
        let containers = &set.spec.template.spec.containers;
        containers
            .iter()
            .map(|c| (c.name.clone(), c.image.clone()))
            .collect()
    };
    let mut what = format!("revision {revision} was rolled out");
    if let Some(older) = older {
        let before = images(older);
        for (name, image) in images(set) {
            let old = before.iter().find(|(other, _)| *other == name);
            if let Some((_, old)) = old.filter(|(_, old)| *old != image) {
                what += &format!("; image of \"{name}\": \"{old}\" → \"{image}\"");
            }
        }
    }
    Some(Trigger {
        object: deployment.reference(),
        at,
        what,
    })
}
