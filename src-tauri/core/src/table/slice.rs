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
use crate::{objects::Text, watch::Listed};

/// The state of the window's copy.
#[derive(Default)]
pub(super) struct Sent {
    head: Option<TableHead>,
    order: Vec<Text>,
    rows: HashMap<Text, Arc<Listed>>,
}

impl Sent {
    /// The event that turns the window's copy into `answer`; `None` when it already is.
    pub(super) fn advance(&mut self, answer: Answer) -> Option<TableEvent> {
        let Answer { head, rows } = answer;
        let order: Vec<Text> = rows.iter().map(|listed| listed.uid().clone()).collect();
        let now: HashMap<Text, Arc<Listed>> = rows
            .iter()
            .map(|listed| (listed.uid().clone(), Arc::clone(listed)))
            .collect();

        let first = self.head.is_none();
        let deltas = if first {
            vec![Delta::Reset {
                rows: rows.iter().map(|listed| listed.row()).collect(),
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
            order: reordered.then(|| order.iter().map(Text::to_string).collect()),
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
        now: &HashMap<Text, Arc<Listed>>,
    ) -> Vec<Delta<kubegraf_ipc::table::Row>> {
        let kept: HashSet<&Text> = now.keys().collect();
        let mut gone: Vec<String> = self
            .order
            .iter()
            .filter(|uid| !kept.contains(uid))
            .map(Text::to_string)
            .collect();
        gone.dedup();
        let changed: Vec<_> = rows
            .iter()
            .filter(|listed| {
                let old = self.rows.get(listed.uid());
                old.is_none_or(|old| !Arc::ptr_eq(old, listed) && !old.reads_like(listed))
            })
            .map(|listed| listed.row())
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
