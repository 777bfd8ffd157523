//! What lets a pod find a node: labels, tolerations, requests, rules, cordons.

use kubegraf_ipc::incident::{Patch, PatchType};
use serde_json::{Value, json};

use super::{Built, Case, json_patch};
use crate::{
    incidents::{
        causes::scheduling::near_label,
        fit::{self, Obstacle, Resource},
        workloads::Workload,
    },
    objects::Node,
    quantity,
};

fn rolling<'c, 'a>(case: &'c Case<'_, 'a>) -> Option<&'c Workload<'a>> {
    case.graph
        .workload(&case.signal.owner)
        .filter(|workload| workload.rolls_out())
}

/// A merge patch under the workload's pod spec.
fn merge(workload: &Workload<'_>, spec: &Value) -> Patch {
    let mut body = spec.clone();
    for part in workload.path.rsplit('.') {
        body = json!({part: body});
    }
    Patch {
        r#type: PatchType::Merge,
        body: body.to_string(),
    }
}

/// The nodeSelector set to the nearest pair a node has.
pub(super) fn node_selector(case: &Case<'_, '_>) -> Option<Built> {
    let workload = rolling(case)?;
    let blame = case.graph.fit(case.signal.pod()?);
    let (key, value) = workload.spec.node_selector.iter().find(|(key, value)| {
        blame
            .nodes
            .iter()
            .all(|(node, _)| node.metadata.labels.get(key) != Some(*value))
    })?;
    let near = near_label(&blame, key, value)?;
    let (new_key, new_value) = near.split_once('=')?;
    let mut selector = json!({new_key: new_value});
    if *new_key != **key {
        selector[&**key] = Value::Null;
    }
    Some(Built {
        description: format!("Ask for nodes labelled {near} instead of {key}={value}"),
        preview: format!("{}.nodeSelector: {key}={value} → {near}", workload.path),
        target: workload.object.clone(),
        patch: Some(merge(workload, &json!({"nodeSelector": selector}))),
    })
}

/// The label put on the node that would then take the pod.
pub(super) fn label_node(case: &Case<'_, '_>) -> Option<Built> {
    let pod = case.signal.pod()?;
    let blame = case.graph.fit(pod);
    let node = freed(case, &Obstacle::Selector)?;
    let missing: Vec<_> = pod
        .spec
        .node_selector
        .iter()
        .filter(|(key, value)| node.metadata.labels.get(key) != Some(*value))
        .collect();
    // A label of the platform's own says something about the machine; it is not ours to claim.
    if missing.is_empty()
        || missing
            .iter()
            .any(|(key, _)| key.contains("kubernetes.io/"))
        || blame.nodes.is_empty()
    {
        return None;
    }
    let labels: Value = missing
        .iter()
        .map(|(key, value)| (key.to_string(), Value::from(value.to_string())))
        .collect::<serde_json::Map<_, _>>()
        .into();
    let lines: Vec<_> = missing
        .iter()
        .map(|(key, value)| format!("metadata.labels[{key}]: → {value}"))
        .collect();
    let name = &node.metadata.name;
    Some(Built {
        description: format!("Label node \"{name}\" as the pod asks"),
        preview: lines.join("\n"),
        target: crate::objects::Object::reference(node),
        patch: Some(Patch {
            r#type: PatchType::Merge,
            body: json!({"metadata": {"labels": labels}}).to_string(),
        }),
    })
}

/// The exact toleration of the taints of the node that is nearest to taking the pod.
pub(super) fn toleration(case: &Case<'_, '_>) -> Option<Built> {
    let workload = rolling(case)?;
    let pod = case.signal.pod()?;
    let node = freed(case, &Obstacle::Taint)?;
    let taints = fit::untolerated(node, pod);
    let mut tolerations: Vec<Value> = workload
        .spec
        .tolerations
        .iter()
        .map(|one| {
            let mut value = json!({});
            for (name, text) in [
                ("key", &one.key),
                ("operator", &one.operator),
                ("value", &one.value),
                ("effect", &one.effect),
            ] {
                if !text.is_empty() {
                    value[name] = text.to_string().into();
                }
            }
            value
        })
        .collect();
    let mut lines = Vec::new();
    for taint in taints {
        let mut one = json!({"key": taint.key.to_string(), "operator": "Equal", "effect": taint.effect.to_string()});
        one["value"] = taint.value.to_string().into();
        lines.push(format!(
            "{}.tolerations: + {}={}:{}",
            workload.path, taint.key, taint.value, taint.effect
        ));
        tolerations.push(one);
    }
    let place = format!("/{}/tolerations", workload.path.replace('.', "/"));
    Some(Built {
        description: format!("Tolerate the taint of node \"{}\"", node.metadata.name),
        preview: lines.join("\n"),
        target: workload.object.clone(),
        patch: Some(json_patch(&[
            json!({"op": "add", "path": place, "value": tolerations}),
        ])),
    })
}

/// The node opened again.
pub(super) fn uncordon(case: &Case<'_, '_>) -> Option<Built> {
    let target = case.candidate.map(|candidate| &candidate.target)?;
    let node = case
        .graph
        .node(&target.name)
        .filter(|node| node.spec.unschedulable)?;
    // While a drain runs, its pods are on their way out: opening the node would undo it.
    let draining = case
        .graph
        .pods_on(&node.metadata.name)
        .iter()
        .any(|pod| pod.metadata.deleted.is_some());
    if draining || target.kind != "Node" {
        return None;
    }
    Some(Built {
        description: format!("Uncordon node \"{}\"", target.name),
        preview: "spec.unschedulable: true → false".into(),
        target: target.clone(),
        patch: Some(Patch {
            r#type: PatchType::Merge,
            body: json!({"spec": {"unschedulable": false}}).to_string(),
        }),
    })
}

/// The request lowered to the largest that fits now, where that is no less than half of it.
pub(super) fn requests(case: &Case<'_, '_>) -> Option<Built> {
    let workload = rolling(case)?;
    let pod = case.signal.pod()?;
    let resource = match case.cause {
        "insufficient_cpu" => Resource::Cpu,
        "insufficient_memory" => Resource::Memory,
        _ => Resource::Ephemeral,
    };
    let usage = case.graph.usage();
    let blame = case.graph.fit(pod);
    let most = blame
        .nodes
        .iter()
        .filter(|(_, found)| {
            found
                .iter()
                .all(|one| *one == Obstacle::Room(resource.clone()))
        })
        .filter_map(|(node, _)| fit::free(node, &resource, usage.get(&*node.metadata.name)))
        .fold(0.0, f64::max);
    let name = resource.name();
    let need = fit::asked(&pod.spec, &resource);
    let (index, container, old) = workload
        .spec
        .containers
        .iter()
        .enumerate()
        .filter_map(|(index, one)| {
            let text = one
                .resources
                .requests
                .get(name)
                .or(one.resources.limits.get(name))?;
            Some((index, one, quantity::number(text)?))
        })
        .max_by(|a, b| a.2.total_cmp(&b.2))?;
    let new = old - (need - most);
    let text = match resource {
        Resource::Cpu => quantity::plain((new * 1000.0).floor() / 1000.0),
        _ => quantity::memory(new.max(0.0) as u64),
    };
    let least = if resource == Resource::Cpu {
        0.01
    } else {
        16.0 * 1_048_576.0
    };
    if new < least || most <= 0.0 {
        return None;
    }
    let base = format!(
        "/{}/containers/{index}/resources",
        workload.path.replace('.', "/")
    );
    let mut steps = Vec::new();
    if container.resources.requests.is_empty() {
        steps.push(json!({"op": "add", "path": format!("{base}/requests"), "value": {}}));
    }
    steps.push(json!({"op": "add", "path": format!("{base}/requests/{name}"), "value": text}));
    let was = container
        .resources
        .requests
        .get(name)
        .map_or_else(|| "unset".to_owned(), |text| text.to_string());
    Some(Built {
        description: format!(
            "Lower the {name} request of container \"{}\" to {text}, which fits",
            container.name
        ),
        preview: format!(
            "{}.containers[name={}].resources.requests.{name}: {was} → {text}",
            workload.path, container.name
        ),
        target: workload.object.clone(),
        patch: Some(json_patch(&steps)),
    })
}

/// Required rules made preferred ones of the greatest weight.
pub(super) fn affinity(case: &Case<'_, '_>) -> Option<Built> {
    let workload = rolling(case)?;
    let template = whole_template(case, workload)?;
    let side = match case.cause {
        "node_affinity_mismatch" => "nodeAffinity",
        "pod_affinity_unsatisfied" => "podAffinity",
        _ => "podAntiAffinity",
    };
    let rules = template.pointer(&format!("/spec/affinity/{side}"))?;
    let required = rules.get("requiredDuringSchedulingIgnoredDuringExecution")?;
    let mut preferred: Vec<Value> = rules
        .get("preferredDuringSchedulingIgnoredDuringExecution")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    if side == "nodeAffinity" {
        for term in required.get("nodeSelectorTerms")?.as_array()? {
            preferred.push(json!({"weight": 100, "preference": term}));
        }
    } else {
        for term in required.as_array()? {
            preferred.push(json!({"weight": 100, "podAffinityTerm": term}));
        }
    }
    let value = json!({"preferredDuringSchedulingIgnoredDuringExecution": preferred});
    let place = format!("/{}/affinity/{side}", workload.path.replace('.', "/"));
    Some(Built {
        description: format!(
            "Make the required {side} of {} \"{}\" a preference",
            workload.object.kind, workload.object.name
        ),
        preview: format!(
            "{}.affinity.{side}: required → preferred (weight 100)",
            workload.path
        ),
        target: workload.object.clone(),
        patch: Some(json_patch(&[
            json!({"op": "replace", "path": place, "value": value}),
        ])),
    })
}

/// The spread constraint made a preference.
pub(super) fn spread(case: &Case<'_, '_>) -> Option<Built> {
    let workload = rolling(case)?;
    let rules = &workload.spec.topology_spread_constraints;
    let base = workload.path.replace('.', "/");
    let steps: Vec<Value> = rules
        .iter()
        .enumerate()
        .filter(|(_, rule)| rule.when_unsatisfiable != "ScheduleAnyway")
        .map(|(index, _)| {
            let path = format!("/{base}/topologySpreadConstraints/{index}/whenUnsatisfiable");
            json!({"op": "replace", "path": path, "value": "ScheduleAnyway"})
        })
        .collect();
    (!steps.is_empty()).then(|| Built {
        description: "Make the topology spread constraint a preference".into(),
        preview: format!(
            "{}.topologySpreadConstraints[].whenUnsatisfiable: DoNotSchedule → ScheduleAnyway",
            workload.path
        ),
        target: workload.object.clone(),
        patch: Some(json_patch(&steps)),
    })
}

fn whole_template(case: &Case<'_, '_>, workload: &Workload<'_>) -> Option<Value> {
    use crate::objects::{DaemonSet, StatefulSet};
    let (namespace, name) = (&*workload.object.namespace, &*workload.object.name);
    let json = match workload.object.kind.as_str() {
        "Deployment" => &case.graph.deployment(&workload.object)?.spec.template.json,
        "StatefulSet" => {
            &case
                .graph
                .get::<StatefulSet>(namespace, name)?
                .spec
                .template
                .json
        }
        _ => {
            &case
                .graph
                .get::<DaemonSet>(namespace, name)?
                .spec
                .template
                .json
        }
    };
    serde_json::from_str(json).ok()
}

/// The node that would take the pod if this obstacle were gone.
fn freed<'a>(case: &Case<'_, 'a>, obstacle: &Obstacle) -> Option<&'a Node> {
    let pod = case.signal.pod()?;
    let blame = case.graph.fit(pod);
    blame
        .nodes
        .iter()
        .find(|(_, found)| found.len() == 1 && found.contains(obstacle))
        .map(|(node, _)| *node)
}

/// Old pods ended before new ones are made: what only one of them can have is free then.
pub(super) fn recreate(case: &Case<'_, '_>) -> Option<Built> {
    let owner = &case.signal.owner;
    let deployment = case.graph.deployment(owner)?;
    if deployment.spec.strategy.r#type == "Recreate" {
        return None;
    }
    Some(Built {
        description: format!(
            "Let Deployment \"{}\" end its old pods before it makes new ones",
            owner.name
        ),
        preview: "spec.strategy.type: RollingUpdate → Recreate".into(),
        target: owner.clone(),
        patch: Some(super::merge(
            &json!({"spec": {"strategy": {"type": "Recreate", "rollingUpdate": null}}}),
        )),
    })
}

/// The default scheduler, which every cluster has.
pub(super) fn scheduler(case: &Case<'_, '_>) -> Option<Built> {
    let workload = case
        .graph
        .workload(&case.signal.owner)
        .filter(|one| one.rolls_out())?;
    Some(Built {
        description: format!(
            "Give the pods of {} \"{}\" to the default scheduler",
            workload.object.kind, workload.object.name
        ),
        preview: format!(
            "{}.schedulerName: \"{}\" → \"default-scheduler\"",
            workload.path, workload.spec.scheduler_name
        ),
        target: workload.object.clone(),
        patch: Some(super::merge(
            &json!({"spec": {"template": {"spec": {"schedulerName": "default-scheduler"}}}}),
        )),
    })
}
