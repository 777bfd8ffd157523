//! What the window has been sent, and the smallest event that brings it up to date.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use kubegraf_ipc::{
    object::Delta,
    table::{TableEvent, TableHead},
};

use super::query::Answer;
use crate::watch::Listed;

/// The state of the window's copy.
#[derive(Default)]
pub(super) struct Sent {
    head: Option<TableHead>,
    order: Vec<String>,
    rows: HashMap<String, Arc<Listed>>,
}

impl Sent {
    /// The event that turns the window's copy into `answer`; `None` when it already is.
    pub(super) fn advance(&mut self, answer: Answer) -> Option<TableEvent> {
        let Answer { head, rows } = answer;
        let order: Vec<String> = rows.iter().map(|listed| listed.row.uid.clone()).collect();
        let now: HashMap<String, Arc<Listed>> = rows
            .iter()
            .map(|listed| (listed.row.uid.clone(), Arc::clone(listed)))
            .collect();

        let first = self.head.is_none();
        let deltas = if first {
            vec![Delta::Reset {
                rows: rows.iter().map(|listed| listed.row.clone()).collect(),
            }]
        } else {
            self.deltas(&rows, &now)
        };
        let reordered = first || order != self.order;
        if deltas.is_empty() && !reordered && self.head.as_ref() == Some(&head) {
            return None;
        }
        let event = TableEvent {
            head: head.clone(),
            deltas,
            order: reordered.then(|| order.clone()),
        };
        *self = Self {
            head: Some(head),
            order,
            rows: now,
        };
        Some(event)
    }

    fn deltas(
        &self,
        rows: &[Arc<Listed>],
        now: &HashMap<String, Arc<Listed>>,
    ) -> Vec<Delta<kubegraf_ipc::table::Row>> {
        let kept: HashSet<&String> = now.keys().collect();
        let mut gone: Vec<String> = self
            .order
            .iter()
            .filter(|uid| !kept.contains(uid))
            .cloned()
            .collect();
        gone.dedup();
        let changed: Vec<_> = rows
            .iter()
            .filter(|listed| {
                self.rows
                    .get(&listed.row.uid)
                    .is_none_or(|old| old.row != listed.row)
            })
            .map(|listed| listed.row.clone())
            .collect();
        let mut deltas = Vec::new();
        if !gone.is_empty() {
            deltas.push(Delta::Delete { ids: gone });
        }
        if !changed.is_empty() {
            deltas.push(Delta::Apply { rows: changed });
        }
        deltas
    }
}
