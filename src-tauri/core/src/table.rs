//! An open table: the slice a window asked for, kept current by deltas.
//!
//! Filter, order and facets run here over the whole set; the window holds one slice. It knows rows
//! and views, nothing of object types or Tauri.

pub mod export;
mod filter;
mod order;
mod page;
mod query;
mod selector;
mod slice;

use std::{sync::Arc, time::Duration};

use kubegraf_ipc::{
    Code, Error,
    table::{Column, TableEvent, TableView},
};
use tokio::{sync::watch, time::Instant};

use crate::watch::Rows;

pub use page::read;
pub use query::{Answer, Query};
pub(crate) use selector::labels as label_selector;

/// Changes of one table are at least this far apart: two frames, so that a change is not late and a window has time to draw.
pub const COALESCE: Duration = Duration::from_millis(33);
/// Rows a window may ask for at once.
pub const MAX_COUNT: u32 = 500;

/// What a table is opened on.
pub struct Table {
    /// The rows; holding them keeps their watch alive.
    pub rows: Arc<dyn Rows>,
    /// The kind's columns.
    pub columns: Vec<Column>,
    /// The column that is counted.
    pub facet: Option<usize>,
    /// Only these namespaces; empty means all.
    pub namespaces: Vec<String>,
}

impl Table {
    fn shows(&self, namespace: &str) -> bool {
        self.namespaces.is_empty() || self.namespaces.iter().any(|shown| shown == namespace)
    }
}

/// Checks a view as the window sent it.
///
/// # Errors
/// [`Code::InvalidArgument`] naming the column that does not exist or the count that is too large.
pub fn validate(view: &TableView, columns: &[Column]) -> Result<(), Error> {
    if view.count > MAX_COUNT {
        let message = format!(
            "view.count is {}, at most {MAX_COUNT} rows may be asked for",
            view.count
        );
        return Err(Error::new(Code::InvalidArgument, message));
    }
    match &view.sort {
        Some(sort)
            if sort.column != query::NAMESPACE
                && !columns.iter().any(|c| c.name == sort.column) =>
        {
            let message = format!(
                "view.sort.column \"{}\" is no column of this table",
                sort.column
            );
            Err(Error::new(Code::InvalidArgument, message))
        }
        _ => Ok(()),
    }
}

/// Sends the slice and then its changes until `emit` says that nobody listens.
///
/// `drawn` is the number of events the window has drawn, `None` for one that does not say. Changes wait until all are: they are not
/// queued for a window that is slower than the cluster, or hidden, but come to it as one.
pub async fn run(
    table: Table,
    mut view: watch::Receiver<TableView>,
    mut drawn: watch::Receiver<Option<u64>>,
    mut emit: impl FnMut(TableEvent) -> bool + Send,
) {
    let mut events = 0;
    let mut changes = table.rows.changes();
    let mut query = Query::default();
    let mut sent = slice::Sent::default();
    let mut last = Instant::now();
    loop {
        let wanted = view.borrow_and_update().clone();
        changes.mark_unchanged();
        let answer = query.run(&table, &wanted);
        if let Some(event) = sent.advance(answer) {
            events += 1;
            last = Instant::now();
            if !emit(event) {
                return;
            }
        }
        tokio::select! {
            // A person who scrolls or types waits for this: no pause.
            changed = view.changed() => if changed.is_err() { return },
            changed = changes.changed() => {
                if changed.is_err() { return }
                tokio::select! {
                    changed = view.changed() => if changed.is_err() { return },
                    () = calm(&mut drawn, events, last) => {}
                }
            }
        }
    }
}

/// Waits until another event may follow the last one. After a calm a change goes out at once.
async fn calm(drawn: &mut watch::Receiver<Option<u64>>, events: u64, last: Instant) {
    tokio::time::sleep_until(last + COALESCE).await;
    // An error is a stream that ends: its view ends with it.
    let _ = drawn
        .wait_for(|drawn| drawn.is_none_or(|drawn| drawn >= events))
        .await;
}

#[cfg(test)]
mod tests {
    use std::sync::{Mutex, PoisonError};

    use serde_json::json;
    use tokio::sync::mpsc;

    use super::*;
    use crate::{
        kinds::{Pods, find},
        objects::Pod,
        watch::{Snapshot, Subscription},
    };

    /// As many pods as a test says.
    struct Growing {
        now: Mutex<Snapshot>,
        changes: watch::Sender<u64>,
    }

    impl Rows for Growing {
        fn snapshot(&self) -> Snapshot {
            let now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
            now.clone()
        }
        fn changes(&self) -> watch::Receiver<u64> {
            self.changes.subscribe()
        }
    }

    impl Growing {
        fn to(&self, count: u32) {
            let pod = |n: u32| -> Pod {
                let metadata = json!({"name": format!("web-{n:03}"), "uid": n.to_string()});
                serde_json::from_value(json!({"metadata": metadata})).unwrap()
            };
            let snapshot = Subscription::<Pods>::still((0..count).map(pod)).snapshot();
            *self.now.lock().unwrap_or_else(PoisonError::into_inner) = snapshot;
            self.changes.send_modify(|changes| *changes += 1);
        }
    }

    /// How many rows the table's next event tells of, within what would be twenty events otherwise.
    async fn told(events: &mut mpsc::UnboundedReceiver<TableEvent>) -> Option<u64> {
        let next = tokio::time::timeout(COALESCE * 20, events.recv());
        Some(next.await.ok()??.head.matched)
    }

    #[tokio::test(start_paused = true)]
    async fn a_window_that_has_not_drawn_gets_the_newest_state_once_it_has() {
        let kind = find("pods").unwrap();
        let rows = Arc::new(Growing {
            now: Mutex::new(Subscription::<Pods>::still([]).snapshot()),
            changes: watch::channel(0).0,
        });
        let table = Table {
            rows: Arc::clone(&rows) as Arc<dyn Rows>,
            columns: kind.info().columns,
            facet: kind.facet(),
            namespaces: Vec::new(),
        };
        let wanted = TableView {
            count: 100,
            ..TableView::default()
        };
        let (view, views) = watch::channel(wanted.clone());
        let (drawn, draws) = watch::channel(None);
        let (sink, mut events) = mpsc::unbounded_channel();
        tokio::spawn(run(table, views, draws, move |event| {
            sink.send(event).is_ok()
        }));
        assert_eq!(told(&mut events).await, Some(0));
        rows.to(1);
        assert_eq!(
            told(&mut events).await,
            Some(1),
            "who says nothing waits for nothing"
        );
        drawn.send_replace(Some(1));
        for count in 2..40 {
            rows.to(count);
            tokio::time::sleep(COALESCE).await;
        }
        assert_eq!(
            told(&mut events).await,
            None,
            "the second event is not drawn"
        );
        drawn.send_replace(Some(2));
        assert_eq!(told(&mut events).await, Some(39), "all of them as one");
        assert_eq!(told(&mut events).await, None);
        rows.to(40);
        view.send_replace(TableView {
            revision: 1,
            ..wanted
        });
        assert_eq!(
            told(&mut events).await,
            Some(40),
            "a person waits for nothing"
        );
    }
}
