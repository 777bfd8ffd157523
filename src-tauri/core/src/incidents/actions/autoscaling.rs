//! Autoscalers and disruption budgets given room.

use kubegraf_ipc::incident::{Patch, PatchType};
use serde_json::json;

use super::{Built, Case};
use crate::{
    incidents::causes::autoscaling::near_target,
    objects::{HorizontalPodAutoscaler as Scaler, IntOrString, PodDisruptionBudget as Budget},
};

/// More than this many times the present maximum is for a person to decide.
const MOST: u32 = 2;

/// The maximum raised to what the metrics ask for.
pub(super) fn raise(case: &Case<'_, '_>) -> Option<Built> {
    let object = &case.signal.object;
    let one: &Scaler = case.graph.get(&object.namespace, &object.name)?;
    let (now, most) = (one.status.current_replicas, one.spec.max_replicas);
    let wanted = one.wanted().filter(|wanted| *wanted > most)?;
    let raised = wanted.min(most.saturating_mul(MOST));
    Some(Built {
        description: format!("Let it scale to {raised} pods"),
        preview: format!(
            "spec.maxReplicas: {most} → {raised}   # {now} run, the metrics ask for {wanted}"
        ),
        target: object.clone(),
        patch: Some(merge(&json!({"spec": {"maxReplicas": raised}}))),
    })
}

/// The target's name set to the nearest one that exists.
pub(super) fn target(case: &Case<'_, '_>) -> Option<Built> {
    let object = &case.signal.object;
    let one: &Scaler = case.graph.get(&object.namespace, &object.name)?;
    let (was, now) = (
        &one.spec.scale_target_ref.name,
        near_target(case.graph, one)?,
    );
    Some(Built {
        description: format!("Scale \"{now}\" instead of \"{was}\""),
        preview: format!("spec.scaleTargetRef.name: \"{was}\" → \"{now}\""),
        target: object.clone(),
        patch: Some(merge(&json!({"spec": {"scaleTargetRef": {"name": now}}}))),
    })
}

/// One pod less to be kept, or one more to go.
pub(super) fn relax(case: &Case<'_, '_>) -> Option<Built> {
    let object = &case.signal.object;
    let one: &Budget = case.graph.get(&object.namespace, &object.name)?;
    let there = one.status.expected_pods;
    let (field, was, now) = match (&one.spec.min_available, &one.spec.max_unavailable) {
        (Some(was), None) => ("minAvailable", was, there - 1),
        (None, Some(was)) => ("maxUnavailable", was, 1),
        _ => return None,
    };
    let was = match was {
        IntOrString::Int(number) => number.to_string(),
        IntOrString::Text(text) => format!("\"{text}\""),
    };
    (there >= 2).then(|| Built {
        description: format!("Let one of {there} pods go at a time"),
        preview: format!("spec.{field}: {was} → {now}"),
        target: object.clone(),
        patch: Some(merge(&json!({"spec": {field: now}}))),
    })
}

fn merge(body: &serde_json::Value) -> Patch {
    Patch {
        r#type: PatchType::Merge,
        body: body.to_string(),
    }
}
