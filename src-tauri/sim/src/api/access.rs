//! Reviews: what may I do, who am I. Everything is allowed but what a test forbade.

use std::sync::Arc;

use serde_json::{Value, json};

use super::request::Request;
use super::{Answer, Shared, json as json_answer};
use crate::faults::Subject;
use crate::kinds;
use crate::object::Fields;
use crate::status::Status;

/// The one user of the sim.
const USER: &str = "kubegraf-demo";

pub(super) fn review(shared: &Arc<Shared>, request: &Request) -> Answer {
    let mut o = request.json()?;
    let row = request.row()?;
    o.put("/kind", row.kind.to_string());
    o.put("/apiVersion", row.api_version());
    o.default_to("/metadata", json!({"creationTimestamp": null}));
    match request.kind() {
        kinds::SELF_ACCESS => {
            let allowed = !denied(shared, &o);
            o.put("/status", json!({"allowed": allowed}));
            if !allowed {
                o.put("/status/reason", "forbidden by the test's fault list");
            }
        }
        kinds::SELF_RULES => o.put("/status", rules(shared)),
        kinds::SELF_REVIEWS => {
            o.put("/status", json!({"userInfo": {"username": USER, "groups": ["system:masters", "system:authenticated"]}}));
        }
        _ => return super::subresource::bind(shared, request, &o),
    }
    Ok(json_answer(201, &o))
}

fn denied(shared: &Shared, review: &Value) -> bool {
    let at = |f: &str| {
        review
            .text(&format!("/spec/resourceAttributes/{f}"))
            .to_owned()
    };
    let (verb, sub, namespace) = (at("verb"), at("subresource"), at("namespace"));
    let resource = if sub.is_empty() {
        at("resource")
    } else {
        format!("{}/{sub}", at("resource"))
    };
    shared.faults.denies(&Subject {
        verb: &verb,
        resource: &resource,
        namespace: &namespace,
    })
}

/// The rules of one namespace: per resource, the verbs that are not forbidden.
fn rules(shared: &Shared) -> Value {
    let rows: Vec<_> = shared.with(|w| w.kinds.iter().map(|(_, k)| k.clone()).collect());
    let rules: Vec<Value> = rows
        .iter()
        .map(|k| {
            let verbs: Vec<&str> = k
                .verbs()
                .iter()
                .copied()
                .filter(|verb| {
                    !shared.faults.denies(&Subject {
                        verb,
                        resource: &k.plural,
                        namespace: "",
                    })
                })
                .collect();
            json!({"verbs": verbs, "apiGroups": [k.group], "resources": [k.plural]})
        })
        .collect();
    json!({"resourceRules": rules, "nonResourceRules": [{"verbs": ["*"], "nonResourceURLs": ["*"]}], "incomplete": false})
}

/// The refusal a forbidden request gets.
pub(super) fn forbidden(request: &Request) -> Status {
    let Some(row) = &request.row else {
        return Status::new(
            403,
            "Forbidden",
            format!("forbidden: User {USER:?} cannot get path"),
            Some(json!({})),
        );
    };
    let scope = match request.namespace() {
        "" => " at the cluster scope".to_owned(),
        namespace => format!(" in the namespace {namespace:?}"),
    };
    let why = format!(
        "User {USER:?} cannot {} resource {:?} in API group {:?}{scope}",
        request.verb,
        request.resource_path(),
        row.group
    );
    Status::forbidden(row, request.name(), &why)
}
