//! What brings a Service and its callers together again.

use kubegraf_ipc::incident::{Patch, PatchType};
use serde_json::{Map, Value, json};

use super::{Built, Case, json_patch};
use crate::incidents::{
    calls::Mismatch,
    causes::services::wrong_address,
    routes::{self, Wrong},
};

/// The selector set to the labels of the workload it was meant for.
pub(super) fn selector(case: &Case<'_, '_>) -> Option<Built> {
    let service = routes::of(case.graph, &case.signal.object)?;
    let (_, changes) = routes::meant(case.graph, service)?;
    let mut selector = Map::new();
    let mut lines = Vec::new();
    for (key, value) in &changes {
        let was = service.spec.selector.get(key.as_str());
        let was = was.map_or_else(|| "unset".to_owned(), |was| was.to_string());
        let now = value.clone().unwrap_or_else(|| "unset".to_owned());
        lines.push(format!("spec.selector[{key}]: {was} → {now}"));
        selector.insert(key.clone(), value.clone().map_or(Value::Null, Value::from));
    }
    Some(Built {
        description: format!(
            "Let Service \"{}\" select the pods that are there",
            service.metadata.name
        ),
        preview: lines.join("\n"),
        target: case.signal.object.clone(),
        patch: Some(Patch {
            r#type: PatchType::Merge,
            body: json!({"spec": {"selector": selector}}).to_string(),
        }),
    })
}

/// The port or protocol the pods declare.
pub(super) fn port(case: &Case<'_, '_>) -> Option<Built> {
    let service = routes::of(case.graph, &case.signal.object)?;
    let wrong = routes::wrong_port(case.graph, service)?;
    let leaf = match wrong.what {
        Wrong::Target(..) => "targetPort",
        Wrong::Protocol(..) => "protocol",
    };
    let path = format!("/spec/ports/{}/{leaf}", wrong.index);
    Some(Built {
        description: format!(
            "Set {leaf} of Service \"{}\" to what its pods declare",
            service.metadata.name
        ),
        preview: format!(
            "{}: {} → {}",
            wrong.field(),
            wrong.observed(),
            wrong.meant()
        ),
        target: case.signal.object.clone(),
        patch: Some(json_patch(&[
            json!({"op": "add", "path": path, "value": wrong.meant()}),
        ])),
    })
}

/// One pod again; the last count is not in the object.
pub(super) fn scale_up(case: &Case<'_, '_>) -> Option<Built> {
    // The symptom may be a Service's.
    let target = case.candidate.map(|candidate| &candidate.target);
    let workload = target
        .and_then(|target| case.graph.workload(target))
        .or_else(|| case.graph.workload(&case.signal.owner))?;
    (workload.desired == Some(0)).then(|| Built {
        description: format!(
            "Scale {} \"{}\" to 1",
            workload.object.kind, workload.object.name
        ),
        preview: "spec.replicas: 0 → 1".into(),
        target: workload.object.clone(),
        patch: Some(Patch {
            r#type: PatchType::Merge,
            body: json!({"spec": {"replicas": 1}}).to_string(),
        }),
    })
}

/// The address put right where it is a plain variable of the workload.
pub(super) fn address(case: &Case<'_, '_>) -> Option<Built> {
    let (call, wrong) = wrong_address(case.graph, case.signal, true)?;
    let workload = case
        .graph
        .workload(&case.signal.owner)
        .filter(|one| one.rolls_out())?;
    let (was, now) = match &wrong {
        Mismatch::Service(Some(name)) => (call.service.clone(), (*name).to_owned()),
        Mismatch::Port(port) => (format!(":{}", call.port?), format!(":{port}")),
        Mismatch::Service(None) => return None,
    };
    if call.holder != workload.object {
        return None;
    }
    let (list, index, at, old) = workload.containers().find_map(|(list, container)| {
        if Some(&*container.name) != call.container.as_deref() {
            return None;
        }
        let at = container.env.iter().position(|env| env.name == call.key)?;
        let same = |one: &crate::objects::Container| one.name == container.name;
        let index = match list {
            "containers" => workload.spec.containers.iter().position(same)?,
            _ => workload.spec.init_containers.iter().position(same)?,
        };
        Some((list, index, at, &container.env[at].value))
    })?;
    // A value that does not hold the wrong part in plain sight is for a person.
    if old.matches(was.as_str()).count() != 1 {
        return None;
    }
    let new = old.replacen(was.as_str(), &now, 1);
    let path = format!(
        "/{}/{list}/{index}/env/{at}/value",
        workload.path.replace('.', "/")
    );
    let shown = crate::incidents::evidence::masked(&new);
    Some(Built {
        description: format!("Set {} to \"{shown}\"", call.key),
        preview: format!(
            "{}: \"{}\" → \"{shown}\"",
            call.field,
            crate::incidents::evidence::masked(old)
        ),
        target: workload.object.clone(),
        patch: Some(json_patch(&[
            json!({"op": "replace", "path": path, "value": new}),
        ])),
    })
}

/// The Service that a StatefulSet names and that is not there: all of it is known.
pub(super) fn governing(case: &Case<'_, '_>) -> Option<Built> {
    use crate::objects::StatefulSet;
    let object = &case.signal.object;
    let set: &StatefulSet = case.graph.get(&object.namespace, &object.name)?;
    if case.signal.r#type != "statefulset_reference_missing" {
        return None;
    }
    let name = &set.spec.service_name;
    let labels: Map<String, Value> = set
        .spec
        .selector
        .match_labels
        .iter()
        .map(|(key, value)| (key.to_string(), Value::from(&**value)))
        .collect();
    if labels.is_empty() {
        return None;
    }
    let declared = set
        .spec
        .template
        .spec
        .containers
        .iter()
        .flat_map(|one| &one.ports);
    let ports: Vec<Value> = declared
        .map(|one| {
            let protocol = if one.protocol.is_empty() {
                "TCP"
            } else {
                &one.protocol
            };
            let fallback = format!("{}-{}", protocol.to_lowercase(), one.container_port);
            let name = if one.name.is_empty() {
                fallback
            } else {
                one.name.clone()
            };
            json!({"name": name, "port": one.container_port, "protocol": protocol})
        })
        .collect();
    let mut spec = json!({"clusterIP": "None", "selector": labels});
    if !ports.is_empty() {
        spec["ports"] = ports.into();
    }
    let body = json!({"apiVersion": "v1", "kind": "Service",
        "metadata": {"name": name, "namespace": object.namespace}, "spec": spec});
    Some(Built {
        description: format!(
            "Create the headless Service \"{name}\" over the pods of StatefulSet \"{}\"",
            object.name
        ),
        preview: format!("new Service \"{name}\" in \"{}\": {spec}", object.namespace),
        target: kubegraf_ipc::object::ObjectRef {
            api_version: "v1".into(),
            kind: "Service".into(),
            namespace: object.namespace.clone(),
            name: name.clone(),
            uid: None,
        },
        patch: Some(Patch {
            r#type: PatchType::Create,
            body: body.to_string(),
        }),
    })
}
