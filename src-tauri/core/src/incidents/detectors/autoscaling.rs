//! Autoscalers that cannot scale, and disruption budgets that let nothing go.

use std::collections::BTreeMap;

use kubegraf_ipc::{incident::EvidenceSource, object::ObjectRef};

use super::super::{
    evidence::{self, seen},
    graph::Graph,
    signal::Signal,
    snapshot::Existence,
};
use super::{Look, detector};
use crate::objects::{
    Condition, Event, HorizontalPodAutoscaler as Scaler, Object, PodDisruptionBudget as Budget,
    condition,
};

detector!(
    HpaMetricsUnavailable,
    "hpa_metrics_unavailable",
    High,
    [Autoscalers],
    180,
    "an autoscaler has no metrics for three minutes: ScalingActive is False with a reason that names a metric",
    without_metrics
);
detector!(
    HpaTargetInvalid,
    "hpa_target_invalid",
    High,
    [Autoscalers],
    60,
    "an autoscaler cannot read or write what it scales, its selector is not clear, or its target does not exist, for one minute",
    without_target
);
detector!(
    HpaSaturated,
    "hpa_saturated",
    Medium,
    [Autoscalers],
    900,
    "an autoscaler has wanted more than its maxReplicas for fifteen minutes",
    saturated
);
detector!(
    PdbBlocking,
    "pdb_blocking",
    Medium,
    [Budgets],
    900,
    "a PodDisruptionBudget of at least two pods allows no disruption for fifteen minutes though all of them are healthy, or two budgets select one workload's pods",
    blocking
);

fn lasting<'c>(
    look: Look<'_, '_>,
    one: &'c Scaler,
    r#type: &str,
    status: &str,
) -> Option<&'c Condition> {
    condition(&one.status.conditions, r#type)
        .filter(|found| found.status == status && look.lasted(found.last_transition_time))
}

fn without_metrics<'a>(look: Look<'_, 'a>) -> Vec<Signal<'a>> {
    look.all::<Scaler>()
        .filter_map(|one| {
            let found = lasting(look, one, "ScalingActive", "False")?;
            let metric = found.reason.starts_with("FailedGet") && found.reason.ends_with("Metric");
            let other = matches!(
                &*found.reason,
                "InvalidMetricSourceType" | "FailedComputeMetricsReplicas"
            );
            let object = one.reference();
            let evidence = evidence::condition(&object, found);
            let begun = found.last_transition_time;
            (metric || other).then(|| look.object(object, begun, evidence))
        })
        .collect()
}

fn without_target<'a>(look: Look<'_, 'a>) -> Vec<Signal<'a>> {
    look.all::<Scaler>()
        .filter_map(|one| {
            let object = one.reference();
            let created = one.metadata.created;
            if target_exists(look.graph, one) == Existence::Gone && look.lasted(created) {
                let field = "spec.scaleTargetRef.name";
                let name = &one.spec.scale_target_ref.name;
                let evidence = seen(object.clone(), field, name, EvidenceSource::Spec, None);
                return Some(look.object(object, created, vec![evidence]));
            }
            let scale = lasting(look, one, "AbleToScale", "False")
                .filter(|found| matches!(&*found.reason, "FailedGetScale" | "FailedUpdateScale"));
            let select = lasting(look, one, "ScalingActive", "False").filter(|found| {
                matches!(
                    &*found.reason,
                    "InvalidSelector" | "AmbiguousSelector" | "SelectorRequired"
                )
            });
            let found = scale.or(select)?;
            let begun = found.last_transition_time;
            let evidence = evidence::condition(&object, found);
            Some(look.object(object, begun, evidence))
        })
        .collect()
}

/// Whether what an autoscaler scales is there; a kind the engine does not read is unknown.
pub(in super::super) fn target_exists(graph: &Graph<'_>, one: &Scaler) -> Existence {
    let target = &one.spec.scale_target_ref;
    graph.existence(&ObjectRef {
        api_version: target.api_version.clone(),
        kind: target.kind.clone(),
        namespace: one.metadata.namespace.to_string(),
        name: target.name.clone(),
        uid: None,
    })
}

fn saturated<'a>(look: Look<'_, 'a>) -> Vec<Signal<'a>> {
    look.all::<Scaler>()
        .filter_map(|one| {
            let found = lasting(look, one, "ScalingLimited", "True")?;
            let most = one.spec.max_replicas;
            if found.reason != "TooManyReplicas" || one.status.current_replicas < most {
                return None;
            }
            let object = one.reference();
            let mut evidence = evidence::condition(&object, found);
            let field = "status.currentReplicas";
            let now = one.status.current_replicas;
            evidence.push(seen(
                object.clone(),
                field,
                now,
                EvidenceSource::Status,
                None,
            ));
            let begun = found.last_transition_time;
            Some(look.object(object, begun, evidence))
        })
        .collect()
}

fn blocking<'a>(look: Look<'_, 'a>) -> Vec<Signal<'a>> {
    let graph = look.graph;
    let all: Vec<&Budget> = look.all().collect();
    let doubled = doubled(graph, &all);
    all.into_iter()
        .filter_map(|one| {
            let status = &one.status;
            let allowed = condition(&status.conditions, "DisruptionAllowed");
            let since = allowed
                .filter(|allowed| allowed.status == "False")
                .and_then(|allowed| allowed.last_transition_time)
                .or(one.metadata.created);
            // A single pod cannot be spared by nature; fewer healthy ones are the pods' own trouble.
            let strict = status.disruptions_allowed == Some(0)
                && status.expected_pods >= 2
                && status.current_healthy >= status.expected_pods;
            let overlap = doubled.get(&*one.metadata.name);
            if !(strict || overlap.is_some()) || !look.lasted(since) {
                return None;
            }
            let object = one.reference();
            let figure = |field: &str, value: i32| {
                seen(object.clone(), field, value, EvidenceSource::Status, since)
            };
            let mut evidence = vec![
                figure(
                    "status.disruptionsAllowed",
                    status.disruptions_allowed.unwrap_or(0),
                ),
                figure("status.currentHealthy", status.current_healthy),
                figure("status.expectedPods", status.expected_pods),
            ];
            let said: Option<&Event> = graph
                .events_about(&object)
                .filter(|event| event.reason == "MultiplePodDisruptionBudgets")
                .last();
            evidence.extend(said.map(evidence::event));
            let begun = since;
            Some(look.object(object, begun, evidence))
        })
        .collect()
}

/// Budgets that select pods which an earlier one, by name, selects too; with that one's name.
fn doubled<'b>(graph: &Graph<'_>, all: &[&'b Budget]) -> BTreeMap<&'b str, &'b str> {
    let mut found = BTreeMap::new();
    for (place, one) in all.iter().enumerate() {
        let other = all[..place].iter().find(|other| {
            graph
                .workloads_in(&one.metadata.namespace)
                .any(|workload| covers(one, workload.labels) && covers(other, workload.labels))
        });
        if let Some(other) = other {
            found.insert(&*one.metadata.name, &*other.metadata.name);
        }
    }
    found
}

/// Whether a budget with a selector covers pods with these labels.
pub(in super::super) fn covers(one: &Budget, labels: &crate::objects::Map) -> bool {
    let selector = &one.spec.selector;
    let empty = selector.match_labels.is_empty() && selector.match_expressions.is_empty();
    !empty && selector.matches(labels)
}
