//! `create` and `update` with a whole object in the body.

use std::sync::Arc;

use serde_json::Value;

use super::request::Request;
use super::{Answer, Shared, access, json as json_answer, read};
use crate::kinds::Form;
use crate::object::{self, Fields};
use crate::status::Status;
use crate::store::Key;
use crate::world::{Part, World, body_matches};

pub(super) fn create(shared: &Arc<Shared>, request: &Request) -> Answer {
    let row = request.row()?;
    if row.form == Form::Question {
        return access::review(shared, request);
    }
    let mut o = request.json()?;
    body_matches(&row.kind, &row.api_version(), &o)?;
    place(request, &mut o)?;
    let dry_run = request.dry_run()?;
    shared.with(|w| {
        if !o.text("/metadata/resourceVersion").is_empty() {
            return Err(Status::new(
                500,
                "",
                "resourceVersion should not be set on objects to be created",
                None,
            ));
        }
        let prepared = w.prepare(request.kind(), o)?;
        let stored = if dry_run {
            w.require_unused(request.kind(), &prepared)?;
            Arc::new(prepared)
        } else {
            w.insert(request.kind(), prepared)?
        };
        Ok(json_answer(
            201,
            &read::writer(w, request)?.one(&stored, w.now()),
        ))
    })
}

pub(super) fn update(shared: &Arc<Shared>, request: &Request) -> Answer {
    let row = request.row()?;
    let mut o = request.json()?;
    body_matches(&row.kind, &row.api_version(), &o)?;
    place(request, &mut o)?;
    let dry_run = request.dry_run()?;
    shared.with(|w| replace(w, request, o, Part::Main, dry_run))
}

/// Puts a whole object in the place of the stored one.
pub(super) fn replace(
    w: &mut World,
    request: &Request,
    o: Value,
    part: Part,
    dry_run: bool,
) -> Answer {
    let row = request.row()?;
    if object::name(&o) != request.name() {
        return Err(Status::bad_request(format!(
            "the name of the object ({}) does not match the name on the URL ({})",
            object::name(&o),
            request.name()
        )));
    }
    let key = Key::new(request.namespace(), request.name());
    let old = w
        .store
        .get(request.kind(), &key)
        .cloned()
        .ok_or_else(|| Status::not_found(row, request.name()))?;
    let new = w.revise(request.kind(), &old, o, part)?;
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

/// Takes the namespace from the path, and refuses one that differs.
pub(super) fn place(request: &Request, o: &mut Value) -> Result<(), Status> {
    if !request.row()?.namespaced {
        o.cut("/metadata/namespace");
        return Ok(());
    }
    let given = object::namespace(o).to_owned();
    if given.is_empty() {
        o.put("/metadata/namespace", request.namespace());
    } else if given != request.namespace() {
        return Err(Status::bad_request(
            "the namespace of the provided object does not match the namespace sent on the request",
        ));
    }
    Ok(())
}
