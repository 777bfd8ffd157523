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
use tokio::sync::watch;

use crate::watch::Rows;

pub use page::read;
pub use query::{Answer, Query};
pub(crate) use selector::labels as label_selector;

/// Events of one table are at least this far apart.
pub const COALESCE: Duration = Duration::from_millis(50);
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
pub async fn run(
    table: Table,
    mut view: watch::Receiver<TableView>,
    mut emit: impl FnMut(TableEvent) -> bool + Send,
) {
    let mut changes = table.rows.changes();
    let mut query = Query::default();
    let mut sent = slice::Sent::default();
    loop {
        let wanted = view.borrow_and_update().clone();
        changes.mark_unchanged();
        let answer = query.run(&table, &wanted);
        if let Some(event) = sent.advance(answer)
            && !emit(event)
        {
            return;
        }
        tokio::select! {
            // A person who scrolls or types waits for this: no pause.
            changed = view.changed() => if changed.is_err() { return },
            changed = changes.changed() => {
                if changed.is_err() { return }
                tokio::select! {
                    changed = view.changed() => if changed.is_err() { return },
                    () = tokio::time::sleep(COALESCE) => {}
                }
            }
        }
    }
}
