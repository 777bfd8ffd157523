//! Objects brought to what their namespace or cluster asks of them: security fields, bounds, a default
//! class, the backend of an Ingress.

use serde_json::{Map, Value, json};

use super::{Built, Case};
use crate::incidents::nearest::nearest;

/// What the server writes of a violation, and the fields of a container that end it.
const CURES: &[(&str, &str, &str)] = &[
    (
        "allowprivilegeescalation != false",
        "allowPrivilegeEscalation",
        "false",
    ),
    (
        "unrestricted capabilities",
        "capabilities",
        r#"{"drop": ["ALL"]}"#,
    ),
    ("runasnonroot != true", "runAsNonRoot", "true"),
    (
        "seccompprofile (",
        "seccompProfile",
        r#"{"type": "RuntimeDefault"}"#,
    ),
    ("privileged (", "privileged", "false"),
];
/// Violations whose end would take something from the pods that they may need.
const NEEDED: &[&str] = &[
    "host namespaces",
    "hostport",
    "hostpath",
    "restricted volume types",
    "runasuser=0",
    "selinux",
    "non-default capabilities",
    "sysctl",
    "procmount",
    "hostprocess",
];

/// The failing fields alone, in every container.
pub(super) fn build(case: &Case<'_, '_>) -> Option<Built> {
    let workload = case
        .graph
        .workload(&case.signal.owner)
        .filter(|one| one.rolls_out())?;
    let said = case.signal.evidence.iter().find_map(|seen| {
        let text = seen.observed.to_lowercase();
        text.split_once("violates podsecurity")
            .map(|(_, rest)| rest.to_owned())
    })?;
    if NEEDED.iter().any(|word| said.contains(word)) {
        return None;
    }
    let cures: Vec<_> = CURES
        .iter()
        .filter(|(words, ..)| said.contains(words))
        .collect();
    let mut context = Map::new();
    for (_, field, value) in &cures {
        let value: Value = serde_json::from_str(value).ok()?;
        context.insert((*field).to_owned(), value);
    }
    if context.is_empty() {
        return None;
    }
    let mut lists = Map::new();
    let mut lines = Vec::new();
    for (list, container) in workload.containers() {
        let one = json!({"name": container.name, "securityContext": context});
        if let Value::Array(all) = lists.entry(list).or_insert_with(|| json!([])) {
            all.push(one);
        }
        for (_, field, value) in &cures {
            lines.push(format!(
                "{}.{list}[name={}].securityContext.{field}: {value}",
                workload.path, container.name
            ));
        }
    }
    Some(Built {
        description: format!(
            "Harden the containers of {} \"{}\" as the namespace asks",
            workload.object.kind, workload.object.name
        ),
        preview: lines.join("\n"),
        target: workload.object.clone(),
        patch: Some(super::strategic(
            &json!({"spec": {"template": {"spec": lists}}}),
        )),
    })
}

/// The one class made the default: a claim without a class then takes it.
pub(super) fn default_class(case: &Case<'_, '_>) -> Option<Built> {
    use crate::objects::{Object, PersistentVolumeClaim, StorageClass};
    let object = &case.signal.object;
    let claim: &PersistentVolumeClaim = case.graph.get(&object.namespace, &object.name)?;
    // An empty name asks for no class at all.
    if claim.spec.storage_class_name.is_some() {
        return None;
    }
    let mut classes = case.graph.all::<StorageClass>();
    let only = classes.next().filter(|_| classes.next().is_none())?;
    let key = "storageclass.kubernetes.io/is-default-class";
    Some(Built {
        description: format!(
            "Make StorageClass \"{}\" the default, as it is the only one",
            only.metadata.name
        ),
        preview: format!("metadata.annotations[{key}]: unset → \"true\""),
        target: only.reference(),
        patch: Some(super::merge(
            &json!({"metadata": {"annotations": {key: "true"}}}),
        )),
    })
}

/// A container's request or limit set to the bound it is outside of.
pub(super) fn within(case: &Case<'_, '_>) -> Option<Built> {
    let workload = case
        .graph
        .workload(&case.signal.owner)
        .filter(|one| one.rolls_out())?;
    let proof = case.candidate?.evidence.first()?;
    let bound: String = serde_json::from_str(proof.expected.as_deref()?).ok()?;
    let rest = proof.field.strip_prefix(workload.path)?.strip_prefix('.')?;
    let (list, rest) = rest.split_once("[name=")?;
    let (name, rest) = rest.split_once("].resources.")?;
    let (kind, resource) = rest.split_once('.')?;
    let (_, container) = workload
        .containers()
        .find(|(of, one)| *of == list && one.name == name)?;
    let mut resources = json!({kind: {resource: bound}});
    let mut lines = vec![format!("{}: {} → \"{bound}\"", proof.field, proof.observed)];
    // A request above its limit is refused.
    let asked = container.resources.requests.get(resource);
    let number = crate::quantity::number;
    if let Some(asked) = asked.filter(|asked| kind == "limits" && number(asked) > number(&bound)) {
        resources["requests"] = json!({resource: bound});
        let field = proof.field.replace(".limits.", ".requests.");
        lines.push(format!("{field}: \"{asked}\" → \"{bound}\""));
    }
    let body = json!({"name": name, "resources": resources});
    Some(Built {
        description: format!(
            "Bring {kind}.{resource} of container \"{name}\" within the LimitRange"
        ),
        preview: lines.join("\n"),
        target: workload.object.clone(),
        patch: Some(super::container_patch(list == "initContainers", &body)),
    })
}

/// An Ingress's backend set to the nearest Service, or to a port the Service has.
pub(super) fn backend(case: &Case<'_, '_>) -> Option<Built> {
    use crate::objects::{Ingress, Service};
    let object = &case.signal.object;
    let ingress: &Ingress = case.graph.get(&object.namespace, &object.name)?;
    let services = || {
        case.graph
            .all::<Service>()
            .filter(|one| one.metadata.namespace == object.namespace)
    };
    let (field, was, now, value, leaf) = ingress.backends().find_map(|(field, backend)| {
        let there = services().find(|one| one.metadata.name == *backend.name);
        match (case.cause, there) {
            ("ingress_backend_missing", None) => {
                let names = services().map(|one| &*one.metadata.name);
                let near = nearest(&backend.name, names)?;
                let value = Value::from(near);
                Some((
                    field,
                    backend.name.to_string(),
                    near.to_owned(),
                    value,
                    "service/name",
                ))
            }
            ("ingress_port_mismatch", Some(service)) => {
                let only = service
                    .spec
                    .ports
                    .first()
                    .filter(|_| service.spec.ports.len() == 1)?;
                let was = match backend.port.number {
                    0 => backend.port.name.to_string(),
                    number => number.to_string(),
                };
                if backend.port.number == only.port {
                    return None;
                }
                let value = json!({"number": only.port});
                Some((field, was, only.port.to_string(), value, "service/port"))
            }
            _ => None,
        }
    })?;
    let place = field.replace('[', ".").replace(']', "").replace('.', "/");
    Some(Built {
        description: format!(
            "Let Ingress \"{}\" lead to {now} instead of {was}",
            object.name
        ),
        preview: format!("{field}.{}: {was} → {now}", leaf.replace('/', ".")),
        target: object.clone(),
        patch: Some(super::json_patch(&[
            json!({"op": "replace", "path": format!("/{place}/{leaf}"), "value": value}),
        ])),
    })
}
