//! `patch`: picks the algorithm by content type, then writes as an update would.

use std::sync::Arc;

use serde_json::{Value, json};

use super::request::Request;
use super::write::place;
use super::{Answer, Shared, json as json_answer, read};
use crate::kinds::Form;
use crate::object::{self, Fields};
use crate::patch::{self, OperationError, apply::Applier};
use crate::status::Status;
use crate::store::Key;
use crate::world::{Part, World};

const ACCEPTED: &[&str] = &[
    "application/json-patch+json",
    "application/merge-patch+json",
    "application/strategic-merge-patch+json",
    "application/apply-patch+yaml",
];

pub(super) fn answer(shared: &Arc<Shared>, request: &Request) -> Answer {
    shared.with(|w| patch_object(w, request, Part::Main))
}

pub(super) fn patch_object(w: &mut World, request: &Request, part: Part) -> Answer {
    let key = Key::new(request.namespace(), request.name());
    let row = request.row()?;
    let dry_run = request.dry_run()?;
    let old = w.store.get(request.kind(), &key).cloned();
    if request.content_type == "application/apply-patch+yaml" && old.is_none() && part == Part::Main
    {
        return create_applied(w, request, dry_run);
    }
    let old = old.ok_or_else(|| Status::not_found(row, request.name()))?;
    let patched = patched(request, &old, &w.stamp(), row.form == Form::Custom)?;
    let new = w.revise(request.kind(), &old, patched, part)?;
    let stored = if dry_run {
        Arc::new(new)
    } else {
        w.commit(request.kind(), new)
    };
    Ok(json_answer(
        200,
        &read::writer(w, request)?.one(&stored, w.now()),
    ))
}

/// The object with the request's patch applied to it.
pub(super) fn patched(
    request: &Request,
    old: &Value,
    now: &str,
    custom: bool,
) -> Result<Value, Status> {
    let row = request.row()?;
    let body: Value = serde_json::from_slice(&request.body)
        .map_err(|e| Status::bad_request(format!("error decoding patch: {e}")))?;
    let mut new = old.clone();
    match request.content_type.as_str() {
        "application/json-patch+json" => {
            patch::operations(&mut new, &body).map_err(|e| match e {
                OperationError::Unreadable(why) => {
                    Status::bad_request(format!("error decoding patch: {why}"))
                }
                OperationError::Inapplicable => {
                    let message = "the server rejected our request due to an error in our request";
                    Status::new(422, "Invalid", message, Some(json!({})))
                }
            })?
        }
        "application/merge-patch+json" => patch::merge(&mut new, &body),
        "application/strategic-merge-patch+json" if custom => {
            return Err(Status::unsupported_media(&[
                ACCEPTED[0],
                ACCEPTED[1],
                ACCEPTED[3],
            ]));
        }
        "application/strategic-merge-patch+json" => patch::strategic::apply(&mut new, &body),
        "application/apply-patch+yaml" => return applied(request, old, &body, now),
        _ => {
            let message = "415: Unsupported Media Type";
            return Err(Status::new(
                415,
                "UnsupportedMediaType",
                message,
                Some(json!({})),
            ));
        }
    }
    if !new.is_object() {
        return Err(Status::bad_request("the patch leaves no object"));
    }
    if new.text("/kind") != row.kind {
        new.put("/kind", row.kind.to_string());
    }
    Ok(new)
}

fn applied(request: &Request, live: &Value, body: &Value, now: &str) -> Result<Value, Status> {
    let manager = request.query.text("fieldManager");
    if manager.is_empty() {
        let refusal =
            crate::status::Refusal::required("fieldManager", "is required for apply patch");
        return Err(super::options::invalid("PatchOptions", &[refusal]));
    }
    let by = Applier {
        manager,
        force: request.query.flag("force"),
        now,
    };
    patch::apply::apply(live, body, by).map_err(|conflicts| {
        let list: Vec<String> =
            conflicts.iter().map(|c| format!("conflict with {:?}: {}", c.manager, c.field)).collect();
        let count = conflicts.len();
        let message = format!(
            "Apply failed with {count} conflict{}: {}",
            if count == 1 { "" } else { "s" },
            list.join("\n")
        );
        let causes: Vec<Value> = conflicts
            .iter()
            .map(|c| json!({"reason": "FieldManagerConflict", "message": format!("conflict with {:?}", c.manager), "field": c.field}))
            .collect();
        Status::new(409, "Conflict", message, Some(json!({"causes": causes})))
    })
}

fn create_applied(w: &mut World, request: &Request, dry_run: bool) -> Answer {
    let body: Value = serde_json::from_slice(&request.body)
        .map_err(|e| Status::bad_request(format!("error decoding patch: {e}")))?;
    let empty = json!({"metadata": {}});
    let mut o = applied(request, &empty, &body, &w.stamp())?;
    o.put("/metadata/name", request.name());
    place(request, &mut o)?;
    let managed = o
        .pointer("/metadata/managedFields")
        .cloned()
        .unwrap_or_default();
    let mut prepared = w.prepare(request.kind(), o)?;
    prepared.put("/metadata/managedFields", managed);
    debug_assert_eq!(object::name(&prepared), request.name());
    let stored = if dry_run {
        Arc::new(prepared)
    } else {
        w.insert(request.kind(), prepared)?
    };
    Ok(json_answer(
        201,
        &read::writer(w, request)?.one(&stored, w.now()),
    ))
}
