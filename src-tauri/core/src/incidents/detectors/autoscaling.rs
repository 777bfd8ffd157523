//! Autoscalers that cannot scale, and disruption budgets that let nothing go.

use std::collections::BTreeMap;

use kubegraf_ipc::{
    incident::{Evidence, EvidenceSource, Severity},
    object::ObjectRef,
};

use super::super::{
    containers,
    evidence::{self, masked, seen},
    graph::Graph,
    signal::Signal,
    snapshot::{Existence, Kind},
};
use super::{Detector, Earlier};
use crate::objects::{
    Condition, Event, HorizontalPodAutoscaler as Scaler, Object, PodDisruptionBudget as Budget,
    condition,
};

macro_rules! detector {
    ($name:ident, $id:literal, $severity:ident, $reads:ident, $threshold:literal, $doc:literal, $find:ident) => {
        #[doc = concat!("`", $id, "`")]
        pub(super) struct $name;

        impl Detector for $name {
            fn r#type(&self) -> &'static str {
                $id
            }
            fn severity(&self) -> Severity {
                Severity::$severity
            }
            fn reads(&self) -> &'static [Kind] {
                &[Kind::$reads]
            }
            fn threshold(&self) -> i64 {
                $threshold
            }
            fn doc(&self) -> &'static str {
                $doc
            }
            fn detect<'a>(&self, graph: &Graph<'a>, _: Earlier<'_, 'a>) -> Vec<Signal<'a>> {
                $find(graph, $id, $threshold)
            }
        }
    };
}

detector!(
    HpaMetricsUnavailable,
    "hpa_metrics_unavailable",
    High,
    Autoscalers,
    180,
    "an autoscaler has no metrics for three minutes: ScalingActive is False with a reason that names a metric",
    without_metrics
);
detector!(
    HpaTargetInvalid,
    "hpa_target_invalid",
    High,
    Autoscalers,
    60,
    "an autoscaler cannot read or write what it scales, its selector is not clear, or its target does not exist, for one minute",
    without_target
);
detector!(
    HpaSaturated,
    "hpa_saturated",
    Medium,
    Autoscalers,
    900,
    "an autoscaler has wanted more than its maxReplicas for fifteen minutes",
    saturated
);
detector!(
    PdbBlocking,
    "pdb_blocking",
    Medium,
    Budgets,
    900,
    "a PodDisruptionBudget of at least two pods allows no disruption for fifteen minutes though all of them are healthy, or two budgets select one workload's pods",
    blocking
);

fn scalers<'a>(graph: &Graph<'a>, r#type: &'static str) -> impl Iterator<Item = &'a Scaler> {
    graph.all::<Scaler>().filter(move |one| {
        one.metadata.deleted.is_none() && !containers::ignored(&one.metadata.annotations, r#type)
    })
}

fn lasting<'c>(
    graph: &Graph<'_>,
    one: &'c Scaler,
    r#type: &str,
    status: &str,
    threshold: i64,
) -> Option<&'c Condition> {
    let found = condition(&one.status.conditions, r#type).filter(|found| found.status == status)?;
    let at = found.last_transition_time;
    at.is_none_or(|at| graph.passed(at, threshold))
        .then_some(found)
}

fn told(object: &ObjectRef, found: &Condition) -> Vec<Evidence> {
    let at = found.last_transition_time;
    [("reason", &found.reason), ("message", &found.message)]
        .map(|(leaf, value)| {
            let field = format!("status.conditions[type={}].{leaf}", found.r#type);
            seen(
                object.clone(),
                field,
                masked(value),
                EvidenceSource::Status,
                at,
            )
        })
        .into()
}

fn without_metrics<'a>(graph: &Graph<'a>, id: &'static str, threshold: i64) -> Vec<Signal<'a>> {
    scalers(graph, id)
        .filter_map(|one| {
            let found = lasting(graph, one, "ScalingActive", "False", threshold)?;
            let metric = found.reason.starts_with("FailedGet") && found.reason.ends_with("Metric");
            let other = matches!(
                &*found.reason,
                "InvalidMetricSourceType" | "FailedComputeMetricsReplicas"
            );
            let object = one.reference();
            let evidence = told(&object, found);
            let begun = found.last_transition_time;
            (metric || other)
                .then(|| Signal::of(id, object, begun.unwrap_or_else(|| graph.now()), evidence))
        })
        .collect()
}

fn without_target<'a>(graph: &Graph<'a>, id: &'static str, threshold: i64) -> Vec<Signal<'a>> {
    scalers(graph, id)
        .filter_map(|one| {
            let object = one.reference();
            let young = |at: i64| !graph.passed(at, threshold);
            if target_exists(graph, one) == Existence::Gone
                && !one.metadata.created.is_some_and(young)
            {
                let field = "spec.scaleTargetRef.name";
                let name = &one.spec.scale_target_ref.name;
                let evidence = seen(object.clone(), field, name, EvidenceSource::Spec, None);
                let begun = one.metadata.created.unwrap_or_else(|| graph.now());
                return Some(Signal::of(id, object, begun, vec![evidence]));
            }
            let scale = lasting(graph, one, "AbleToScale", "False", threshold)
                .filter(|found| matches!(&*found.reason, "FailedGetScale" | "FailedUpdateScale"));
            let select = lasting(graph, one, "ScalingActive", "False", threshold).filter(|found| {
                matches!(
                    &*found.reason,
                    "InvalidSelector" | "AmbiguousSelector" | "SelectorRequired"
                )
            });
            let found = scale.or(select)?;
            let begun = found.last_transition_time.unwrap_or_else(|| graph.now());
            let evidence = told(&object, found);
            Some(Signal::of(id, object, begun, evidence))
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

fn saturated<'a>(graph: &Graph<'a>, id: &'static str, threshold: i64) -> Vec<Signal<'a>> {
    scalers(graph, id)
        .filter_map(|one| {
            let found = lasting(graph, one, "ScalingLimited", "True", threshold)?;
            let most = one.spec.max_replicas;
            if found.reason != "TooManyReplicas" || one.status.current_replicas < most {
                return None;
            }
            let object = one.reference();
            let mut evidence = told(&object, found);
            let field = "status.currentReplicas";
            let now = one.status.current_replicas;
            evidence.push(seen(
                object.clone(),
                field,
                now,
                EvidenceSource::Status,
                None,
            ));
            let begun = found.last_transition_time.unwrap_or_else(|| graph.now());
            Some(Signal::of(id, object, begun, evidence))
        })
        .collect()
}

fn blocking<'a>(graph: &Graph<'a>, id: &'static str, threshold: i64) -> Vec<Signal<'a>> {
    let all: Vec<&Budget> = graph
        .all::<Budget>()
        .filter(|one| {
            one.metadata.deleted.is_none() && !containers::ignored(&one.metadata.annotations, id)
        })
        .collect();
    let doubled = doubled(graph, &all);
    all.into_iter()
        .filter_map(|one| {
            let status = &one.status;
            let allowed = condition(&status.conditions, "DisruptionAllowed");
            let since = allowed
                .filter(|allowed| allowed.status == "False")
                .and_then(|allowed| allowed.last_transition_time)
                .or(one.metadata.created);
            let late = || since.is_none_or(|at| graph.passed(at, threshold));
            // A single pod cannot be spared by nature; fewer healthy ones are the pods' own trouble.
            let strict = status.disruptions_allowed == Some(0)
                && status.expected_pods >= 2
                && status.current_healthy >= status.expected_pods;
            let overlap = doubled.get(&*one.metadata.name);
            if !(strict || overlap.is_some()) || !late() {
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
            let begun = since.unwrap_or_else(|| graph.now());
            Some(Signal::of(id, object, begun, evidence))
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
