//! References put right: the nearest name that exists, or the missing object without values.

use kubegraf_ipc::{
    incident::{Patch, PatchType},
    object::ObjectRef,
};
use serde_json::json;

use super::{Built, Case, json_patch};
use crate::incidents::{
    causes::{images, references::dangling},
    refs::{Dangling, Wrong},
    snapshot::Kind,
};

/// The field of the reference set to the nearest existing name or key.
pub(super) fn fix(case: &Case<'_, '_>) -> Option<Built> {
    if case.cause == "hpa_target_missing" {
        return super::autoscaling::target(case);
    }
    let workload = case.graph.workload(&case.signal.owner)?;
    let one = find(case)?;
    let meant = one.meant.as_deref()?;
    // A pod's spec cannot be changed; neither can a Job's.
    if !workload.rolls_out() && workload.object.kind != "CronJob" {
        return None;
    }
    let was = match one.wrong {
        Wrong::Object => one.reference.name,
        Wrong::Key => one.reference.key?,
    };
    let mut pointer = format!(
        "/{}{}",
        workload.path.replace('.', "/"),
        one.reference.pointer
    );
    let mut field = format!("{}.{}", workload.path, one.reference.field);
    if let Some(leaf) = one.leaf() {
        pointer += &format!("/{leaf}");
        field += &format!(".{leaf}");
    }
    Some(Built {
        description: format!("Refer to \"{meant}\" instead of \"{was}\""),
        preview: format!("{field}: \"{was}\" → \"{meant}\""),
        target: workload.object.clone(),
        patch: Some(json_patch(&[
            json!({"op": "test", "path": pointer, "value": was}),
            json!({"op": "replace", "path": pointer, "value": meant}),
        ])),
    })
}

/// The ServiceAccount itself: all there is to know of it is its name. Not where a near name exists.
pub(super) fn service_account(case: &Case<'_, '_>) -> Option<Built> {
    let one = find(case)
        .filter(|one| one.reference.to == Kind::ServiceAccounts && one.meant.is_none())?;
    let target = one.object(&case.signal.owner.namespace);
    let body = json!({"apiVersion": "v1", "kind": "ServiceAccount",
        "metadata": {"name": target.name, "namespace": target.namespace}});
    Some(Built {
        description: format!(
            "Create ServiceAccount \"{}\" without any rights",
            target.name
        ),
        preview: format!(
            "new ServiceAccount \"{}\" in \"{}\"",
            target.name, target.namespace
        ),
        target,
        patch: Some(Patch {
            r#type: PatchType::Create,
            body: body.to_string(),
        }),
    })
}

/// How a person creates the missing object. Only where no near name was found, for then a slip is
/// the likelier story; values are for a person to know.
pub(super) fn create(case: &Case<'_, '_>) -> Option<Built> {
    let one = find(case)?;
    let (namespace, name) = (&case.signal.owner.namespace, one.reference.name);
    let command = match (one.reference.to, &one.wrong, one.reference.key) {
        (_, Wrong::Object, _) if one.meant.is_some() => return None,
        (Kind::ServiceAccounts, ..) => {
            format!("kubectl -n {namespace} create serviceaccount {name}")
        }
        (Kind::ConfigMaps, Wrong::Object, key) => format!(
            "kubectl -n {namespace} create configmap {name} --from-literal={}=<value>",
            key.unwrap_or("<key>")
        ),
        (Kind::Secrets, Wrong::Object, key) => format!(
            "kubectl -n {namespace} create secret generic {name} --from-literal={}=<value>",
            key.unwrap_or("<key>")
        ),
        (Kind::ConfigMaps, Wrong::Key, Some(key)) => {
            format!("kubectl -n {namespace} edit configmap {name}   # add the key \"{key}\"")
        }
        (Kind::Secrets, Wrong::Key, Some(key)) => {
            format!("kubectl -n {namespace} edit secret {name}   # add the key \"{key}\"")
        }
        _ => return None,
    };
    let object: ObjectRef = one.object(namespace);
    Some(Built {
        description: match one.wrong {
            Wrong::Object => format!("Create {} \"{name}\" with its values", object.kind),
            Wrong::Key => format!("Add the missing key to {} \"{name}\"", object.kind),
        },
        preview: format!("1. {command}\n2. The pods start by themselves once it is there"),
        target: object,
        patch: None,
    })
}

fn find<'a>(case: &Case<'_, 'a>) -> Option<Dangling<'a>> {
    if case.cause == "image_pull_secret_missing" {
        return images::absent_pull_secret(case.graph, case.signal);
    }
    dangling(case.graph, case.signal, case.cause)
}
