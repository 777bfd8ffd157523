//! Fills a mirror from the API server: list, watch, resume, re-list.
//!
//! The state machine is kube's `watcher`; this turns its events into changes and its errors into
//! an honest freshness.

use std::sync::Arc;

use futures::StreamExt;
use kube::{
    Api, Client,
    runtime::{
        WatchStreamExt,
        watcher::{self, Event},
    },
};
use kubegraf_ipc::object::Freshness;

use super::mirror::{Change, Writer};
use crate::{clock::Clock, kinds::Kind, objects::Object};

/// Objects a server sends per page of the first list.
const PAGE: u32 = 500;
/// Changes that are written under one lock.
const BATCH: usize = 500;

/// Runs until it is dropped.
pub(super) async fn run<K: Kind>(client: Client, mut writer: Writer<K>, clock: Arc<dyn Clock>) {
    let api = Api::<K::Object>::all(client);
    let config = watcher::Config::default().page_size(PAGE);
    let events = watcher::watcher(api, config)
        .default_backoff()
        .ready_chunks(BATCH);
    tokio::pin!(events);
    while let Some(batch) = events.next().await {
        let mut changes = Vec::with_capacity(batch.len());
        for event in batch {
            match event {
                Ok(event) => changes.push(change(event)),
                Err(error) => {
                    // Order matters: what came before the error is written before it is said.
                    if !changes.is_empty() {
                        writer.write(changes.drain(..));
                    }
                    let since = broken_since(&writer.freshness(), clock.epoch_seconds());
                    tracing::debug!(kind = K::Object::PLURAL, %error, "watch broke");
                    writer.mark(broken::<K>(&error, since));
                }
            }
        }
        if !changes.is_empty() {
            writer.write(changes);
        }
    }
}

fn change<T>(event: Event<T>) -> Change<T> {
    match event {
        Event::Init => Change::ListStarted,
        Event::InitApply(object) => Change::Listed(object),
        Event::InitDone => Change::ListDone,
        Event::Apply(object) => Change::Applied(object),
        Event::Delete(object) => Change::Deleted(object),
    }
}

/// Repeated errors keep the moment of the first one.
fn broken_since(before: &Freshness, now: i64) -> i64 {
    match before {
        Freshness::Reconnecting { since, .. } => *since,
        _ => now,
    }
}

fn broken<K: Kind>(error: &watcher::Error, since: i64) -> Freshness {
    let (verb, status) = match error {
        watcher::Error::InitialListFailed(kube::Error::Api(status)) => ("list", Some(status)),
        watcher::Error::WatchStartFailed(kube::Error::Api(status))
        | watcher::Error::WatchFailed(kube::Error::Api(status))
        | watcher::Error::WatchError(status) => ("watch", Some(status)),
        _ => ("watch", None),
    };
    match status {
        Some(status) if status.code == 403 => Freshness::Forbidden {
            verb: verb.into(),
            resource: resource::<K>(),
            message: status.message.clone(),
        },
        _ => Freshness::Reconnecting {
            since,
            error: reason(error),
        },
    }
}

fn resource<K: Kind>() -> String {
    if K::Object::GROUP.is_empty() {
        K::Object::PLURAL.into()
    } else {
        format!("{}.{}", K::Object::PLURAL, K::Object::GROUP)
    }
}

/// The innermost cause says more than the layers around it.
fn reason(error: &dyn std::error::Error) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}
