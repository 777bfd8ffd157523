//! `delete` and `deletecollection`: options from body or query, and the shape of the answer.

use std::sync::Arc;

use serde_json::{Value, json};

use super::request::Request;
use super::{Answer, Shared, bytes_answer, json as json_answer, options, read};
use crate::kinds::{self, KindId};
use crate::object::{self, Fields};
use crate::status::{Refusal, Status};
use crate::store::Key;
use crate::world::{DeleteRequest, Deleted, Propagation};

pub(super) fn one(shared: &Arc<Shared>, request: &Request) -> Answer {
    let wanted = delete_request(request)?;
    let row = request.row()?.clone();
    shared.with(|w| {
        let key = Key::new(request.namespace(), request.name());
        let (o, gone) = match w.delete(request.kind(), &key, &wanted)? {
            Deleted::Gone(o) => (o, true),
            Deleted::Waiting(o) => (o, false),
        };
        if !gone || returns_object(request.kind()) {
            let accepted = !gone && wanted.propagation == Some(Propagation::Foreground);
            return Ok(json_answer(if accepted { 202 } else { 200 }, &o));
        }
        let mut details = json!({"name": key.name(), "kind": row.plural, "uid": object::uid(&o)});
        if !row.group.is_empty() {
            details["group"] = json!(row.group);
        }
        Ok(json_answer(200, &json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details})))
    })
}

pub(super) fn collection(shared: &Arc<Shared>, request: &Request) -> Answer {
    let wanted = delete_request(request)?;
    shared.with(|w| {
        let filter = read::filter(w, request)?;
        let keys: Vec<Key> = w
            .store
            .within(request.kind(), request.namespace())
            .filter(|(_, o)| filter.matches(o))
            .map(|(k, _)| k.clone())
            .collect();
        let mut items = Vec::new();
        for key in keys {
            match w.delete(request.kind(), &key, &wanted)? {
                Deleted::Gone(o) | Deleted::Waiting(o) => items.push(o),
            }
        }
        let metadata = json!({"resourceVersion": w.store.revision().to_string()});
        let body = read::writer(w, request)?.list(&items, &metadata, w.now());
        Ok(bytes_answer(200, "application/json", body))
    })
}

/// Kinds whose deletion answers with the last object instead of a `Status`.
fn returns_object(kind: KindId) -> bool {
    matches!(
        kind,
        kinds::PODS
            | kinds::CLAIMS
            | kinds::VOLUMES
            | kinds::SERVICE_ACCOUNTS
            | kinds::QUOTAS
            | kinds::SERVICES
            | kinds::STORAGE_CLASSES
            | kinds::CSI_DRIVERS
            | kinds::CSI_NODES
            | kinds::VOLUME_ATTACHMENTS
    )
}

pub(super) fn delete_request(request: &Request) -> Result<DeleteRequest, Status> {
    let body: Value = if request.body.is_empty() {
        json!({})
    } else {
        request.json()?
    };
    let text = |field: &str| match body.text(&format!("/{field}")) {
        "" => request.query.text(field).to_owned(),
        given => given.to_owned(),
    };
    let orphan = body.get("orphanDependents").and_then(Value::as_bool);
    let propagation = match (text("propagationPolicy").as_str(), orphan) {
        ("Foreground", _) => Some(Propagation::Foreground),
        ("Background", _) => Some(Propagation::Background),
        ("Orphan", _) | ("", Some(true)) => Some(Propagation::Orphan),
        ("", _) => None,
        (other, _) => {
            let refusal = Refusal::unsupported(
                "propagationPolicy",
                &json!(other),
                &["Foreground", "Background", "Orphan", "nil"],
            );
            return Err(options::invalid("DeleteOptions", &[refusal]));
        }
    };
    // Beside a body the server ignores the query: a preview that asks there really deletes.
    let dry_run = if request.body.is_empty() {
        request.dry_run()?
    } else {
        !body.items("/dryRun").is_empty()
    };
    Ok(DeleteRequest {
        propagation,
        grace: body
            .int("/gracePeriodSeconds")
            .or_else(|| request.query.number("gracePeriodSeconds")),
        uid: body.text("/preconditions/uid").to_owned(),
        revision: body.text("/preconditions/resourceVersion").to_owned(),
        dry_run,
    })
}
