//! Why an autoscaler does not scale, and why a disruption budget lets nothing go.

use kubegraf_ipc::{incident::EvidenceSource, object::ObjectRef};

use super::{Candidate, Class, Rule};
use crate::{
    incidents::{
        detectors::{covers, target_exists},
        evidence::seen,
        graph::Graph,
        nearest::nearest,
        signal::Signal,
        snapshot::{Existence, Kind},
        workloads::Workload,
    },
    objects::{
        Condition, HorizontalPodAutoscaler as Scaler, Object, PodDisruptionBudget as Budget,
        condition,
    },
};

/// The table.
pub(super) const RULES: &[Rule] = &[
    Rule {
        cause: "hpa_requests_missing",
        explains: &["hpa_metrics_unavailable"],
        class: Class::Computed,
        needs: &[Kind::Autoscalers],
        in_spec: false,
        actions: &["plan"],
        doc: "the autoscaler goes by utilisation of a resource that a container neither requests nor limits",
        decide: requests,
    },
    Rule {
        cause: "metrics_api_unavailable",
        explains: &["hpa_metrics_unavailable", "api_service_unavailable"],
        class: Class::Message,
        needs: &[Kind::Autoscalers],
        in_spec: false,
        actions: &["plan"],
        doc: "a metrics API is not Available, or the autoscaler's controller cannot reach it, or it has nothing",
        decide: metrics,
    },
    Rule {
        cause: "hpa_target_missing",
        explains: &["hpa_target_invalid"],
        class: Class::Computed,
        needs: &[Kind::Autoscalers],
        in_spec: false,
        actions: &["fix_reference", "plan"],
        doc: "scaleTargetRef names no object",
        decide: target,
    },
    Rule {
        cause: "hpa_selector_conflict",
        explains: &["hpa_target_invalid"],
        class: Class::Enumerated,
        needs: &[Kind::Autoscalers],
        in_spec: false,
        actions: &["plan"],
        doc: "ScalingActive is False with AmbiguousSelector, InvalidSelector or SelectorRequired",
        decide: selector,
    },
    Rule {
        cause: "hpa_max_reached",
        explains: &["hpa_saturated"],
        class: Class::Enumerated,
        needs: &[Kind::Autoscalers],
        in_spec: false,
        actions: &["raise_max_replicas", "plan"],
        doc: "ScalingLimited is True with TooManyReplicas while maxReplicas pods run",
        decide: reached,
    },
    Rule {
        cause: "pdb_too_strict",
        explains: &["pdb_blocking"],
        class: Class::Computed,
        needs: &[Kind::Budgets],
        in_spec: false,
        actions: &["relax_pdb", "plan"],
        doc: "the budget wants as many healthy pods as there are",
        decide: strict,
    },
    Rule {
        cause: "pdb_overlap",
        explains: &["pdb_blocking"],
        class: Class::Computed,
        needs: &[Kind::Budgets],
        in_spec: false,
        actions: &["plan"],
        doc: "two budgets select the same pods, which no eviction survives",
        decide: overlap,
    },
];

fn scaler<'a>(graph: &Graph<'a>, signal: &Signal<'_>) -> Option<&'a Scaler> {
    graph.get(&signal.object.namespace, &signal.object.name)
}

fn scaled<'g, 'a>(graph: &'g Graph<'a>, one: &Scaler) -> Option<&'g Workload<'a>> {
    let target = &one.spec.scale_target_ref;
    graph
        .workloads_in(&one.metadata.namespace)
        .find(|workload| workload.object.kind == target.kind && workload.object.name == target.name)
}

fn requests<'a>(graph: &Graph<'a>, signal: &Signal<'a>) -> Option<Candidate> {
    let one = scaler(graph, signal)?;
    let workload = scaled(graph, one)?;
    let (resource, container) = one.spec.metrics.iter().find_map(|metric| {
        let (source, of) = metric.utilisation()?;
        let lacking = workload.spec.containers.iter().find(|container| {
            let held = &container.resources;
            of.is_none_or(|of| *container.name == *of)
                && !held.requests.contains_key(source)
                && !held.limits.contains_key(source)
        })?;
        Some((source, lacking))
    })?;
    let path = format!(
        "{}.containers[name={}].resources.requests",
        workload.path, container.name
    );
    let name = &container.name;
    let absent = seen(
        workload.object.clone(),
        path,
        "absent",
        EvidenceSource::Spec,
        None,
    );
    Some(Candidate {
        evidence: vec![absent],
        ..Candidate::new(
            &workload.object,
            format!("container \"{name}\" requests no {resource}, by whose use it is scaled"),
            format!(
                "HorizontalPodAutoscaler \"{}\" goes by how much of its requested {resource} is used, and container \"{name}\" of {} \"{}\" requests none",
                one.metadata.name, workload.object.kind, workload.object.name
            ),
        )
    })
}

/// The API itself says that it is not available.
fn api(signal: &Signal<'_>) -> Option<Candidate> {
    let name = &signal.object.name;
    let group = name.split_once('.').map(|(_, group)| group)?;
    let words = format!("the metrics API \"{group}\" does not answer");
    let mut candidate = group.ends_with("metrics.k8s.io").then(|| {
        let more = format!("{words}: APIService \"{name}\" is not Available");
        Candidate::new(&signal.object, words, more)
    })?;
    candidate.base = Some(Class::Enumerated.base());
    Some(candidate)
}

fn metrics<'a>(graph: &Graph<'a>, signal: &Signal<'a>) -> Option<Candidate> {
    if signal.r#type == "api_service_unavailable" {
        return api(signal);
    }
    let one = scaler(graph, signal)?;
    let found = active(one)?;
    let said = found.message.to_lowercase();
    let about = |words: &[&str]| words.iter().any(|word| said.contains(word));
    let absent = about(&[
        "metrics api",
        "could not find the requested resource",
        "server is currently unable to handle the request",
        "no metrics returned",
        "unable to fetch metrics",
    ]);
    // Without a requested value there is nothing to compare; that is another cause.
    if !absent || said.contains("missing request for") {
        return None;
    }
    let (group, version) = if about(&["custom.metrics"]) || found.reason == "FailedGetPodsMetric" {
        ("custom.metrics.k8s.io", "v1beta2")
    } else if about(&["external.metrics"]) || found.reason == "FailedGetExternalMetric" {
        ("external.metrics.k8s.io", "v1beta1")
    } else {
        ("metrics.k8s.io", "v1beta1")
    };
    let service = ObjectRef {
        api_version: "apiregistration.k8s.io/v1".into(),
        kind: "APIService".into(),
        namespace: String::new(),
        name: format!("{version}.{group}"),
        uid: None,
    };
    Some(Candidate::new(
        &service,
        format!("the metrics API \"{group}\" gives no metrics"),
        format!(
            "HorizontalPodAutoscaler \"{}\" gets nothing from \"{group}\": its server is not there, or has no metrics of these pods",
            one.metadata.name
        ),
    ))
}

fn active(one: &Scaler) -> Option<&Condition> {
    condition(&one.status.conditions, "ScalingActive").filter(|found| found.status == "False")
}

fn target<'a>(graph: &Graph<'a>, signal: &Signal<'a>) -> Option<Candidate> {
    let one = scaler(graph, signal)?;
    if target_exists(graph, one) != Existence::Gone {
        return None;
    }
    let wanted = &one.spec.scale_target_ref;
    let near = near_target(graph, one).map_or_else(String::new, |near| {
        format!("; the nearest one there is \"{near}\"")
    });
    Some(Candidate::new(
        &signal.object,
        format!("{} \"{}\" does not exist", wanted.kind, wanted.name),
        format!(
            "it scales {} \"{}\", which does not exist{near}",
            wanted.kind, wanted.name
        ),
    ))
}

/// The workload that was most probably meant.
pub(in super::super) fn near_target<'g>(graph: &'g Graph<'_>, one: &Scaler) -> Option<&'g str> {
    let target = &one.spec.scale_target_ref;
    let names = graph
        .workloads_in(&one.metadata.namespace)
        .filter(|workload| workload.object.kind == target.kind)
        .map(|workload| workload.object.name.as_str());
    nearest(&target.name, names)
}

fn selector<'a>(graph: &Graph<'a>, signal: &Signal<'a>) -> Option<Candidate> {
    let one = scaler(graph, signal)?;
    let found = active(one)?;
    let what = match &*found.reason {
        "AmbiguousSelector" => "another autoscaler scales the same pods",
        "InvalidSelector" => "the selector of what it scales cannot be read",
        "SelectorRequired" => "what it scales has no selector",
        _ => return None,
    };
    Some(Candidate::new(&signal.object, what, what))
}

fn reached<'a>(graph: &Graph<'a>, signal: &Signal<'a>) -> Option<Candidate> {
    let most = scaler(graph, signal)?.spec.max_replicas;
    Some(Candidate::new(
        &signal.object,
        format!("wants more than its {most} pods"),
        format!("its metrics ask for more pods than maxReplicas {most} allows"),
    ))
}

fn budget<'a>(graph: &Graph<'a>, signal: &Signal<'_>) -> Option<&'a Budget> {
    graph.get(&signal.object.namespace, &signal.object.name)
}

fn strict<'a>(graph: &Graph<'a>, signal: &Signal<'a>) -> Option<Candidate> {
    let status = &budget(graph, signal)?.status;
    if status.disruptions_allowed != Some(0) || status.desired_healthy < status.expected_pods {
        return None;
    }
    let (wanted, there) = (status.desired_healthy, status.expected_pods);
    Some(Candidate::new(
        &signal.object,
        format!("lets none of {there} pods go"),
        format!(
            "it wants {wanted} healthy pods and there are {there}: no node with one of them can be drained"
        ),
    ))
}

fn overlap<'a>(graph: &Graph<'a>, signal: &Signal<'a>) -> Option<Candidate> {
    let one = budget(graph, signal)?;
    let namespace = &*one.metadata.namespace;
    let other = graph
        .of::<Budget>(namespace)
        .iter()
        .filter(|other| other.metadata.name < one.metadata.name)
        .find(|other| {
            graph
                .workloads_in(namespace)
                .any(|workload| covers(one, workload.labels) && covers(other, workload.labels))
        })?;
    let name = &other.metadata.name;
    let also = seen(
        other.reference(),
        "spec.selector",
        other.spec.selector.to_string(),
        EvidenceSource::Spec,
        None,
    );
    Some(Candidate {
        evidence: vec![also],
        ..Candidate::new(
            &signal.object,
            format!("selects pods that \"{name}\" selects, too"),
            format!(
                "PodDisruptionBudget \"{name}\" selects the same pods: the server refuses to evict a pod with two budgets"
            ),
        )
    })
}
