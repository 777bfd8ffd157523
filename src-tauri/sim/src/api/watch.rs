//! `watch`: from a revision, from now, or from a streamed list; bookmarks; the end by time or by a forgotten past.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};
use tokio::sync::watch as signal;
use tokio::time::Instant;

use super::form::Writer;
use super::options::{From, ListOptions};
use super::read;
use super::request::Request;
use super::{Answer, Shared, with_body};
use crate::body::SimBody;
use crate::kinds::KindId;
use crate::selector::Filter;
use crate::status::Status;
use crate::store::Change;
use crate::world::World;

/// A quiet watch gets a bookmark this often.
const BOOKMARK_EVERY: Duration = Duration::from_secs(60);
/// How long a watch lives when the client does not say (the real server draws 30 to 60 minutes).
const DEFAULT_LIFE: Duration = Duration::from_secs(45 * 60);

struct Watch {
    shared: Arc<Shared>,
    changed: signal::Receiver<u64>,
    kind: KindId,
    prefix: String,
    filter: Filter,
    writer: Writer,
    /// Everything up to this revision has been told.
    cursor: u64,
    pending: VecDeque<Bytes>,
    bookmarks: bool,
    next_bookmark: Instant,
    end: Instant,
    over: bool,
}

pub(super) fn start(shared: &Arc<Shared>, request: &Request) -> Answer {
    let options = ListOptions::read(&request.query, true)?;
    let changed = shared.subscribe();
    let life = options
        .timeout
        .and_then(|s| u64::try_from(s).ok())
        .map_or(DEFAULT_LIFE, Duration::from_secs);
    let now = Instant::now();
    let watch = shared.with(|w| {
        let prefix = if request.namespace().is_empty() {
            String::new()
        } else {
            format!("{}/", request.namespace())
        };
        let mut watch = Watch {
            shared: Arc::clone(shared),
            changed,
            kind: request.kind(),
            prefix,
            filter: read::filter(w, request)?,
            writer: read::writer(w, request)?,
            cursor: w.store.revision(),
            pending: VecDeque::new(),
            bookmarks: options.bookmarks,
            next_bookmark: now + BOOKMARK_EVERY,
            end: now + life,
            over: false,
        };
        watch.begin(w, &options);
        Ok(watch)
    })?;
    let chunks = futures::stream::unfold(watch, |mut watch| async move {
        let chunk = watch.next().await?;
        Some((Ok::<_, io::Error>(chunk), watch))
    });
    Ok(with_body(
        200,
        "application/json",
        SimBody::flowing(Box::pin(chunks)),
    ))
}

impl Watch {
    fn begin(&mut self, w: &World, options: &ListOptions) {
        match options.from {
            From::AtLeast(revision) if !options.initial_events => {
                if revision < w.store.compacted() {
                    self.too_old(revision, w.store.compacted());
                } else if revision > w.store.revision() {
                    self.cursor = revision;
                } else {
                    self.cursor = revision;
                    self.gather(w);
                }
            }
            _ if options.initial_events || !self.initial_refused(options) => {
                let matching: Vec<_> = w
                    .store
                    .all(self.kind)
                    .filter(|(k, o)| k.0.starts_with(&self.prefix) && self.filter.matches(o))
                    .map(|(_, o)| Arc::clone(o))
                    .collect();
                for o in matching {
                    self.tell("ADDED", &o, w);
                }
                if options.initial_events && options.bookmarks {
                    let mark = self.writer.bookmark(self.cursor, true, w.now());
                    self.push("BOOKMARK", &mark);
                }
            }
            _ => {}
        }
    }

    /// `sendInitialEvents=false` asks for changes from now on only.
    fn initial_refused(&self, options: &ListOptions) -> bool {
        !options.initial_events && matches!(options.from, From::Exactly(_))
    }

    async fn next(&mut self) -> Option<Bytes> {
        loop {
            if let Some(chunk) = self.pending.pop_front() {
                return Some(chunk);
            }
            if self.over {
                return None;
            }
            let wake = if self.bookmarks {
                self.end.min(self.next_bookmark)
            } else {
                self.end
            };
            let expired = tokio::time::timeout_at(wake, self.changed.changed()).await;
            match expired {
                Ok(Ok(())) => {
                    let shared = Arc::clone(&self.shared);
                    shared.with(|w| self.gather(w));
                }
                Ok(Err(_)) => return None,
                Err(_) => self.on_time(),
            }
        }
    }

    fn on_time(&mut self) {
        let now = Instant::now();
        self.over = now >= self.end;
        if self.bookmarks && !self.over {
            let shared = Arc::clone(&self.shared);
            shared.with(|w| {
                self.gather(w);
                let mark = self.writer.bookmark(self.cursor, false, w.now());
                self.push("BOOKMARK", &mark);
            });
            self.next_bookmark = now + BOOKMARK_EVERY;
        }
    }

    /// Takes over what happened since the cursor.
    fn gather(&mut self, w: &World) {
        if self.cursor < w.store.compacted() {
            self.too_old(self.cursor, w.store.compacted());
            return;
        }
        let news: Vec<Change> = w
            .store
            .since(self.cursor)
            .filter(|c| c.kind == self.kind && c.key.0.starts_with(&self.prefix))
            .cloned()
            .collect();
        for change in news {
            let was = change
                .before
                .as_ref()
                .is_some_and(|o| self.filter.matches(o));
            let is = !change.removed && self.filter.matches(&change.object);
            match (was, is) {
                (false, true) => self.tell("ADDED", &change.object, w),
                (true, true) => self.tell("MODIFIED", &change.object, w),
                (true, false) => self.tell("DELETED", &change.object, w),
                (false, false) => {}
            }
        }
        self.cursor = self.cursor.max(w.store.revision());
    }

    fn tell(&mut self, event: &str, o: &Value, w: &World) {
        let object = self.writer.event_object(o, w.now());
        self.push(event, &object);
    }

    fn too_old(&mut self, asked: u64, oldest: u64) {
        let status = Status::expired(format!("too old resource version: {asked} ({oldest})"));
        self.push("ERROR", &status.body);
        self.over = true;
    }

    fn push(&mut self, event: &str, object: &Value) {
        let mut line = json!({"type": event, "object": object}).to_string();
        line.push('\n');
        self.pending.push_back(Bytes::from(line));
    }
}
