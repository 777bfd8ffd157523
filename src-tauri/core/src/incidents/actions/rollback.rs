//! Back to the last good revision of a Deployment, as `kubectl rollout undo` does it.

use std::fmt::Write as _;

use kubegraf_ipc::incident::{Patch, PatchType};
use serde_json::{Value, json};

use super::{Built, Case};
use crate::incidents::graph::Graph;
use crate::objects::{Deployment, Object, ReplicaSet, Template};

const HASH: &str = "pod-template-hash";
/// Causes that need not lie in the template: a rollback is offered only soon after a rollout.
const ELSEWHERE: &[&str] = &["application_error", "segmentation_fault"];
/// How soon; seconds.
const SOON: i64 = 3_600;

pub(super) fn build(case: &Case<'_, '_>) -> Option<Built> {
    let deployment = case.graph.deployment(&case.signal.owner)?;
    let current = crate::incidents::detectors::newest(case.graph, deployment)?;
    if !belongs(case, current) || ELSEWHERE.contains(&case.cause) && !soon(case, current) {
        return None;
    }
    let good = last_good(case.graph, deployment, current)?;
    let template = clean(&good.spec.template)?;
    let (from, to) = (current.revision().unwrap_or_default(), good.revision()?);
    let mut preview = format!("spec.template: revision {from} → revision {to}");
    for (path, old, new) in changed_images(&deployment.spec.template, &good.spec.template) {
        write!(preview, "\n{path}: \"{old}\" → \"{new}\"").expect("a string takes every write");
    }
    let body = json!([{"op": "replace", "path": "/spec/template", "value": template}]);
    Some(Built {
        description: format!(
            "Roll back Deployment \"{}\" to revision {to}",
            deployment.metadata.name
        ),
        preview,
        target: deployment.reference(),
        patch: Some(Patch {
            r#type: PatchType::Json,
            body: body.to_string(),
        }),
    })
}

/// Undoing a rollout heals only what that rollout brought.
fn belongs(case: &Case<'_, '_>, current: &ReplicaSet) -> bool {
    case.signal.pod().is_none_or(|pod| {
        case.graph
            .replica_set_of(pod)
            .is_some_and(|set| set.metadata.name == current.metadata.name)
    })
}

fn soon(case: &Case<'_, '_>, current: &ReplicaSet) -> bool {
    let since = current
        .metadata
        .created
        .map(|at| case.signal.first_seen - at);
    since.is_some_and(|since| since <= SOON)
}

/// The newest older revision with ready pods; where none has any, the newest older one that differs.
pub(super) fn last_good<'a>(
    graph: &Graph<'a>,
    deployment: &Deployment,
    current: &ReplicaSet,
) -> Option<&'a ReplicaSet> {
    let template = clean(&current.spec.template);
    let older = || {
        graph
            .revisions(deployment)
            .iter()
            .copied()
            .rev()
            .filter(|set| {
                set.metadata.name != current.metadata.name
                    && set.revision() < current.revision()
                    && clean(&set.spec.template)
                        .is_some_and(|other| Some(&other) != template.as_ref())
            })
    };
    older()
        .find(|set| set.status.ready_replicas > 0)
        .or_else(|| older().next())
}

/// The template as the Deployment had it: without the label its controller adds.
pub(super) fn clean(template: &Template) -> Option<Value> {
    let mut value: Value = serde_json::from_str(&template.json).ok()?;
    if let Some(labels) = value
        .pointer_mut("/metadata/labels")
        .and_then(Value::as_object_mut)
    {
        labels.remove(HASH);
    }
    Some(value)
}

fn changed_images<'t>(
    now: &'t Template,
    then: &'t Template,
) -> impl Iterator<Item = (String, &'t str, &'t str)> {
    let lists = [
        (
            "initContainers",
            &now.spec.init_containers,
            &then.spec.init_containers,
        ),
        ("containers", &now.spec.containers, &then.spec.containers),
    ];
    lists.into_iter().flat_map(|(list, now, then)| {
        now.iter().filter_map(move |container| {
            let old = then.iter().find(|old| old.name == container.name)?;
            let path = format!("spec.template.spec.{list}[name={}].image", container.name);
            (old.image != container.image).then_some((
                path,
                container.image.as_str(),
                old.image.as_str(),
            ))
        })
    })
}
