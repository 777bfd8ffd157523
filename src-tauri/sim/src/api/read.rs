//! `get` and `list`: filters, pages, and the revision a client wants to see.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::form::Writer;
use super::options::{From, ListOptions, read_token, token};
use super::request::Request;
use super::{Answer, Shared, bytes_answer, json as json_answer, metrics};
use crate::kinds::{Form, KindId};
use crate::object::Fields;
use crate::selector::Filter;
use crate::status::Status;
use crate::store::{Key, Object};
use crate::world::World;

/// How long a read waits for a revision that is not there yet.
const PATIENCE: Duration = Duration::from_secs(3);

pub(super) async fn get(shared: &Arc<Shared>, request: &Request) -> Answer {
    wait_for(shared, revision_floor(request)).await?;
    shared.with(|w| {
        let row = request.row()?;
        if row.form == Form::Computed {
            return metrics::one(w, request);
        }
        let key = Key::new(request.namespace(), request.name());
        let found = w
            .store
            .get(request.kind(), &key)
            .ok_or_else(|| Status::not_found(row, request.name()))?;
        Ok(json_answer(200, &writer(w, request)?.one(found, w.now())))
    })
}

pub(super) async fn list(shared: &Arc<Shared>, request: &Request) -> Answer {
    let options = ListOptions::read(&request.query, false)?;
    if let From::AtLeast(wanted) | From::Exactly(wanted) = options.from {
        wait_for(shared, wanted).await?;
    }
    shared.with(|w| {
        if request.row()?.form == Form::Computed {
            return metrics::list(w, request);
        }
        let page = page(w, request, &options)?;
        let body = writer(w, request)?.list(&page.items, &page.metadata, w.now());
        Ok(bytes_answer(200, "application/json", body))
    })
}

struct Page {
    items: Vec<Object>,
    metadata: Value,
}

fn page(w: &World, request: &Request, options: &ListOptions) -> Result<Page, Status> {
    let filter = filter(w, request)?;
    let current = w.store.revision();
    let (revision, after, consistent) = match (options.token.as_str(), options.from) {
        ("", From::Exactly(wanted)) => (wanted, String::new(), true),
        ("", _) => (current, String::new(), false),
        (text, _) => {
            let (revision, after) = read_token(text)?;
            if revision == 0 {
                (current, after, false)
            } else {
                (revision, after, true)
            }
        }
    };
    let prefix = if request.namespace().is_empty() {
        String::new()
    } else {
        format!("{}/", request.namespace())
    };
    let in_reach = |key: &Key| key.0.starts_with(&prefix) && key.0 > after;
    let mut all: Vec<(Key, Object)> = if consistent && revision != current {
        let then = w
            .store
            .snapshot(request.kind(), revision)
            .ok_or_else(|| too_old(&after))?;
        then.into_iter()
            .filter(|(k, o)| in_reach(k) && filter.matches(o))
            .collect()
    } else {
        w.store
            .within(request.kind(), request.namespace())
            .filter(|(k, o)| in_reach(k) && filter.matches(o))
            .map(|(k, o)| (k.clone(), Arc::clone(o)))
            .collect()
    };
    let mut metadata = json!({"resourceVersion": revision.to_string()});
    if options.limit > 0 && all.len() > options.limit {
        let left = all.len() - options.limit;
        all.truncate(options.limit);
        let last = all.last().map(|(k, _)| k.0.clone()).unwrap_or_default();
        metadata["continue"] = json!(token(revision, &last));
        if filter.is_empty() {
            metadata["remainingItemCount"] = json!(left);
        }
    }
    Ok(Page {
        items: all.into_iter().map(|(_, o)| o).collect(),
        metadata,
    })
}

fn too_old(after: &str) -> Status {
    if after.is_empty() {
        return Status::expired("The resourceVersion for the provided list is too old.");
    }
    let mut status = Status::expired(
        "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.",
    );
    status.body.put("/metadata/continue", token(0, after));
    status
}

pub(super) fn filter(w: &World, request: &Request) -> Result<Filter, Status> {
    let custom = w.kinds.get(request.kind()).form == Form::Custom;
    let q = &request.query;
    Filter::parse(
        request.kind(),
        custom,
        q.text("labelSelector"),
        q.text("fieldSelector"),
    )
    .map_err(Status::bad_request)
}

/// How this request wants objects of its kind written.
pub(super) fn writer(w: &World, request: &Request) -> Result<Writer, Status> {
    let row = request.row()?;
    let custom = if row.form == Form::Custom {
        printer_columns(w, request.kind())
    } else {
        Vec::new()
    };
    Ok(Writer::new(
        request.accept,
        request.kind(),
        row,
        custom,
        request.query.text("includeObject"),
    ))
}

fn printer_columns(w: &World, kind: KindId) -> Vec<Value> {
    let row = w.kinds.get(kind);
    let name = format!("{}.{}", row.plural, row.group);
    w.store
        .find(crate::kinds::DEFINITIONS, "", &name)
        .and_then(|d| {
            d.items("/spec/versions")
                .iter()
                .find(|v| v.text("/name") == row.version)
        })
        .map(|v| v.items("/additionalPrinterColumns").to_vec())
        .unwrap_or_default()
}

fn revision_floor(request: &Request) -> u64 {
    request.query.text("resourceVersion").parse().unwrap_or(0)
}

/// Waits until the cluster has reached a revision.
async fn wait_for(shared: &Arc<Shared>, revision: u64) -> Result<(), Status> {
    let mut seen = shared.subscribe();
    let current = shared.with(|w| w.store.revision());
    if current >= revision {
        return Ok(());
    }
    let reached = tokio::time::timeout(PATIENCE, seen.wait_for(|r| *r >= revision)).await;
    match reached {
        Ok(Ok(_)) => Ok(()),
        _ => Err(Status::revision_too_large(
            revision,
            shared.with(|w| w.store.revision()),
        )),
    }
}
