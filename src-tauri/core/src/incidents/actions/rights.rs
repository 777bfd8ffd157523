//! Rights given: exactly the access that was refused, where a role of the workload's own can hold it.

use serde_json::json;

use super::{Built, Case, json_patch};
use crate::{
    incidents::{
        causes::rights as causes,
        rights::{self, Access},
        snapshot::Kind,
    },
    objects::{Object, Role, RoleBinding},
};

/// The refused access as a rule of the Role that is bound to the ServiceAccount alone.
pub(super) fn grant(case: &Case<'_, '_>) -> Option<Built> {
    let access = causes::access(case.graph, case.signal)?;
    let namespace = access.namespace.as_deref()?;
    let (_, bound) = rights::binding(case.graph, &access)
        .filter(|(binding, role)| binding.kind == "RoleBinding" && role.kind == "Role")?;
    let role: &Role = case.graph.get(namespace, &bound.name)?;
    // A role that others hold, too, would give them the right as well.
    let holders = case
        .graph
        .of::<RoleBinding>(namespace)
        .iter()
        .filter(|one| one.role_ref == *bound)
        .flat_map(|one| &one.subjects)
        .count();
    if holders != 1 || role.rules.is_empty() {
        return None;
    }
    let rule = json!({"apiGroups": [access.group], "resources": [access.resource], "verbs": [access.verb]});
    Some(Built {
        description: format!(
            "Let ServiceAccount \"{}\" {}, and nothing else, through Role \"{}\"",
            access.account,
            access.words(),
            role.metadata.name
        ),
        preview: format!("rules[{}]: unset → {rule}", role.rules.len()),
        target: role.reference(),
        patch: Some(json_patch(&[
            json!({"op": "add", "path": "/rules/-", "value": rule}),
        ])),
    })
}

/// How a person makes the role and the binding that grant exactly the access.
pub(super) fn steps(case: &Case<'_, '_>) -> Option<Vec<String>> {
    let access = causes::access(case.graph, case.signal)?;
    let Access {
        of,
        account,
        verb,
        resource,
        group,
        namespace,
    } = &access;
    let what = if group.is_empty() {
        resource.clone()
    } else {
        match resource.split_once('/') {
            Some((whole, part)) => format!("{whole}.{group}/{part}"),
            None => format!("{resource}.{group}"),
        }
    };
    let name = format!("{account}-{verb}-{}", resource.replace('/', "-"));
    let (scope, role, binding) = match namespace {
        Some(namespace) => (format!("kubectl -n {namespace}"), "role", "rolebinding"),
        None => ("kubectl".to_owned(), "clusterrole", "clusterrolebinding"),
    };
    Some(vec![
        format!("{scope} create {role} {name} --verb={verb} --resource={what}"),
        format!("{scope} create {binding} {name} --{role}={name} --serviceaccount={of}:{account}"),
        format!(
            "kubectl auth can-i {verb} {what} --as=system:serviceaccount:{of}:{account}{}",
            namespace
                .as_ref()
                .map_or_else(String::new, |namespace| format!(" -n {namespace}"))
        ),
    ])
}

/// How a person makes the role that a binding names, or lets it name one that exists.
pub(super) fn role(case: &Case<'_, '_>) -> Option<Built> {
    let object = &case.signal.object;
    let role = causes::role(case.graph, object)?;
    if causes::meant(case.graph, object, role).is_some() {
        return None;
    }
    let command = match &*role.kind {
        "Role" => format!(
            "kubectl -n {} create role {} --verb=<verb> --resource=<resource>",
            object.namespace, role.name
        ),
        _ => format!(
            "kubectl create clusterrole {} --verb=<verb> --resource=<resource>",
            role.name
        ),
    };
    Some(Built {
        description: format!(
            "Create {} \"{}\" with the rights that were meant",
            role.kind, role.name
        ),
        preview: format!("1. {command}\n2. The binding grants it by itself once it is there"),
        target: kubegraf_ipc::object::ObjectRef {
            api_version: Role::api_version_text(),
            kind: role.kind.clone(),
            namespace: match Kind::named(Role::GROUP, &role.kind) {
                Some(Kind::Roles) => object.namespace.clone(),
                _ => String::new(),
            },
            name: role.name.clone(),
            uid: None,
        },
        patch: None,
    })
}
