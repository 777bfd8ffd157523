//! Why a controller's pods are refused: quotas, limits, policies, webhooks.

use kubegraf_ipc::{incident::EvidenceSource, object::ObjectRef};

use super::{Candidate, Class, Rule};
use crate::{
    incidents::{
        evidence::seen,
        graph::Graph,
        quotas::{self, Blocked},
        signal::Signal,
        snapshot::Kind,
    },
    objects::{LimitRange, Object, ResourceQuota},
    quantity,
};

macro_rules! quota {
    ($cause:literal, $doc:literal) => {
        Rule {
            cause: $cause,
            explains: &["quota_exhausted", "replica_creation_failed"],
            class: Class::Computed,
            needs: &[Kind::Quotas],
            in_spec: false,
            actions: &["raise_quota", "plan"],
            doc: $doc,
            decide: |graph, signal| exceeded(graph, signal, $cause),
        }
    };
}

/// The table.
pub(super) const RULES: &[Rule] = &[
    quota!(
        "quota_cpu_exceeded",
        "a quota on CPU leaves less than a missing replica needs"
    ),
    quota!(
        "quota_memory_exceeded",
        "a quota on memory leaves less than a missing replica needs"
    ),
    quota!(
        "quota_storage_exceeded",
        "a quota on storage or claims is full, and a claim that is referred to could not be made"
    ),
    quota!(
        "quota_pods_exceeded",
        "a quota on pods is full while replicas are missing"
    ),
    quota!(
        "quota_services_exceeded",
        "a quota on Services is full, and a Service that is referred to could not be made"
    ),
    quota!("quota_objects_exceeded", "a quota on another count is full"),
    Rule {
        cause: "quota_requires_requests",
        explains: &["replica_creation_failed"],
        class: Class::Computed,
        needs: &[Kind::Quotas],
        in_spec: true,
        actions: &["plan"],
        doc: "a quota counts a compute resource that a container neither requests nor limits, and no LimitRange gives a default",
        decide: requires,
    },
    Rule {
        cause: "limit_range_violation",
        explains: &["replica_creation_failed"],
        class: Class::Computed,
        needs: &[Kind::LimitRanges],
        in_spec: true,
        actions: &["set_requests", "plan"],
        doc: "a container's request or limit is outside a LimitRange",
        decide: limit_range,
    },
    Rule {
        cause: "pod_security_violation",
        explains: &["replica_creation_failed"],
        class: Class::Enumerated,
        needs: &[],
        in_spec: true,
        actions: &["harden_security_context", "plan"],
        doc: "the API server refuses the pods because they violate the namespace's Pod Security level",
        decide: |_, signal| {
            refused(
                signal,
                "violates podsecurity",
                "the pods violate the Pod Security level of their namespace",
            )
        },
    },
    Rule {
        cause: "webhook_denied",
        explains: &["replica_creation_failed"],
        class: Class::Message,
        needs: &[],
        in_spec: true,
        actions: &["plan"],
        doc: "an admission webhook denies the pods",
        decide: |_, signal| denied(signal),
    },
];

fn exceeded<'a>(graph: &Graph<'a>, signal: &Signal<'a>, cause: &str) -> Option<Candidate> {
    let quotas: Vec<&ResourceQuota> = match signal.r#type {
        "quota_exhausted" => graph
            .get(&signal.object.namespace, &signal.object.name)
            .into_iter()
            .collect(),
        _ => {
            let all = graph.of::<ResourceQuota>(&signal.object.namespace).iter();
            all.map(AsRef::as_ref).collect()
        }
    };
    // The quota's own symptom was found from the workloads' symptoms; they are found again here.
    let signals = std::slice::from_ref(signal);
    let waiting;
    let signals = if signal.r#type == "quota_exhausted" {
        waiting = super::super::detectors::refused(graph, &signal.object.namespace);
        &waiting[..]
    } else {
        signals
    };
    for quota in quotas {
        let blocked = quotas::blocked(graph, quota, signals.iter());
        let Some(one) = blocked.iter().find(|one| cause_of(&one.resource) == cause) else {
            continue;
        };
        return Some(candidate(quota, one));
    }
    (!graph.knows(Kind::Quotas))
        .then(|| said(signal, cause))
        .flatten()
}

/// What the server itself says of a quota that was not read: `exceeded quota: q, requested: pods=1, …`.
fn said(signal: &Signal<'_>, cause: &str) -> Option<Candidate> {
    let (text, name, resource) = signal.evidence.iter().find_map(|seen| {
        let text: String = serde_json::from_str(&seen.observed).ok()?;
        let rest = text.split_once("exceeded quota: ")?.1;
        let (name, rest) = rest.split_once(',')?;
        let asked = rest.split_once("requested: ")?.1;
        let asked = asked
            .split_once(", used:")
            .map_or(asked, |(asked, _)| asked);
        let resource = asked.split(',').find_map(|one| {
            let resource = one.split_once('=')?.0.trim();
            (cause_of(resource) == cause).then(|| resource.to_owned())
        })?;
        let name = name.trim().to_owned();
        Some((text, name, resource))
    })?;
    let target = ObjectRef {
        api_version: "v1".into(),
        kind: "ResourceQuota".into(),
        namespace: signal.owner.namespace.clone(),
        name: name.clone(),
        uid: None,
    };
    let mut candidate = Candidate::new(
        &target,
        format!(
            "quota \"{name}\" has no room for {} \"{}\" ({resource})",
            signal.owner.kind, signal.owner.name
        ),
        format!("the server refuses the pods: {text}"),
    );
    candidate.base = Some(Class::Message.base());
    Some(candidate)
}

fn candidate(quota: &ResourceQuota, one: &Blocked) -> Candidate {
    let name = &quota.metadata.name;
    let who = one.by.as_ref().map_or_else(
        || "what its workloads refer to".to_owned(),
        |by| format!("{} \"{}\"", by.kind, by.name),
    );
    let mut candidate = Candidate::new(
        &quota.reference(),
        format!("quota \"{name}\" has no room for {who} ({})", one.resource),
        format!(
            "quota \"{name}\" allows {} of {} and {} is used, which leaves too little for {who}",
            one.hard, one.resource, one.used
        ),
    );
    let field = format!("status.used[{}]", one.resource);
    let used = seen(
        quota.reference(),
        field,
        &one.used,
        EvidenceSource::Computed,
        None,
    );
    candidate
        .evidence
        .push(crate::incidents::evidence::against(used, &one.hard));
    candidate
}

/// The cause a full resource of a quota stands for.
pub(in super::super) fn cause_of(resource: &str) -> &'static str {
    let name = resource.rsplit_once('/').map_or(resource, |(_, name)| name);
    match name {
        "cpu" | "requests.cpu" | "limits.cpu" => "quota_cpu_exceeded",
        "memory" | "requests.memory" | "limits.memory" => "quota_memory_exceeded",
        "pods" => "quota_pods_exceeded",
        _ if name.contains("storage") || name == "persistentvolumeclaims" => {
            "quota_storage_exceeded"
        }
        _ if name.starts_with("services") => "quota_services_exceeded",
        _ => "quota_objects_exceeded",
    }
}

fn requires<'a>(graph: &Graph<'a>, signal: &Signal<'a>) -> Option<Candidate> {
    let workload = graph.workload(&signal.owner)?;
    let namespace = &signal.owner.namespace;
    let defaults = |kind: &str, name: &str| {
        graph
            .all::<LimitRange>()
            .filter(|range| range.metadata.namespace == *namespace)
            .flat_map(|range| &range.spec.limits)
            .any(|limit| {
                let map = if kind == "limits" {
                    &limit.default
                } else {
                    &limit.default_request
                };
                limit.r#type == "Container"
                    && (map.contains_key(name) || limit.default.contains_key(name))
            })
    };
    let mut quotas: Vec<&ResourceQuota> = graph.all().collect();
    quotas.sort_by_key(|quota| &quota.metadata.name);
    for quota in quotas
        .iter()
        .filter(|quota| quota.metadata.namespace == *namespace)
    {
        for resource in quota.spec.hard.keys() {
            let (kind, name) = match resource.as_str() {
                "cpu" | "memory" => ("requests", resource.as_str()),
                other => match other.split_once('.') {
                    Some(pair @ ("requests" | "limits", "cpu" | "memory")) => pair,
                    _ => continue,
                },
            };
            if defaults(kind, name) {
                continue;
            }
            let lacks = workload.containers().find(|(_, one)| {
                let limited = one.resources.limits.contains_key(name);
                let asked = one.resources.requests.contains_key(name) || limited;
                if kind == "limits" { !limited } else { !asked }
            });
            if let Some((list, container)) = lacks {
                let what = format!("{kind}.{name}");
                let mut candidate = Candidate::new(
                    &signal.owner,
                    format!(
                        "container \"{}\" sets no {what}, which quota \"{}\" requires",
                        container.name, quota.metadata.name
                    ),
                    format!(
                        "quota \"{}\" counts {what}, so every container has to set it; container \"{}\" does not",
                        quota.metadata.name, container.name
                    ),
                );
                let field = format!(
                    "{}.{list}[name={}].resources.{what}",
                    workload.path, container.name
                );
                candidate.evidence.push(seen(
                    signal.owner.clone(),
                    field,
                    Option::<&str>::None,
                    EvidenceSource::Spec,
                    None,
                ));
                return Some(candidate);
            }
        }
    }
    None
}

fn limit_range<'a>(graph: &Graph<'a>, signal: &Signal<'a>) -> Option<Candidate> {
    let workload = graph.workload(&signal.owner)?;
    let mut ranges: Vec<&LimitRange> = graph.all().collect();
    ranges.sort_by_key(|range| &range.metadata.name);
    for range in ranges
        .iter()
        .filter(|range| range.metadata.namespace == signal.owner.namespace)
    {
        for limit in range
            .spec
            .limits
            .iter()
            .filter(|limit| limit.r#type == "Container")
        {
            for (list, container) in workload.containers() {
                let resources = &container.resources;
                let values = [
                    ("limits", &resources.limits),
                    ("requests", &resources.requests),
                ];
                for (kind, map) in values {
                    for (name, value) in map.iter() {
                        let number = quantity::number(value);
                        let over = limit
                            .max
                            .get(&**name)
                            .filter(|max| number > quantity::number(max));
                        let under = limit
                            .min
                            .get(&**name)
                            .filter(|min| number < quantity::number(min));
                        let Some((bound, word)) = over
                            .map(|b| (b, "at most"))
                            .or(under.map(|b| (b, "at least")))
                        else {
                            continue;
                        };
                        let mut candidate = Candidate::new(
                            &signal.owner,
                            format!(
                                "{kind}.{name} of container \"{}\" is outside LimitRange \"{}\"",
                                container.name, range.metadata.name
                            ),
                            format!(
                                "LimitRange \"{}\" allows {word} {bound} of {name} per container; container \"{}\" sets {value}",
                                range.metadata.name, container.name
                            ),
                        );
                        let field = format!(
                            "{}.{list}[name={}].resources.{kind}.{name}",
                            workload.path, container.name
                        );
                        let observed = seen(
                            signal.owner.clone(),
                            field,
                            &**value,
                            EvidenceSource::Spec,
                            None,
                        );
                        candidate
                            .evidence
                            .push(crate::incidents::evidence::against(observed, bound));
                        return Some(candidate);
                    }
                }
            }
        }
    }
    None
}

fn refused(signal: &Signal<'_>, words: &str, what: &str) -> Option<Candidate> {
    let text = signal
        .evidence
        .iter()
        .find(|seen| seen.observed.to_lowercase().contains(words))?;
    let said: String = serde_json::from_str(&text.observed).unwrap_or_default();
    Some(Candidate::new(
        &signal.owner,
        what,
        format!("{what}: {said}"),
    ))
}

fn denied(signal: &Signal<'_>) -> Option<Candidate> {
    let text = signal.evidence.iter().find(|seen| {
        let lower = seen.observed.to_lowercase();
        lower.contains("admission webhook") && lower.contains("denied")
    })?;
    let said: String = serde_json::from_str(&text.observed).unwrap_or_default();
    let name = said
        .split("admission webhook \"")
        .nth(1)
        .and_then(|rest| rest.split('"').next());
    Some(Candidate::new(
        &signal.owner,
        format!(
            "admission webhook \"{}\" denies the pods",
            name.unwrap_or("?")
        ),
        format!("an admission webhook refuses the pods: {said}"),
    ))
}
