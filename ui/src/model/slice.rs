//! The slice of a table the window holds: deltas are applied here, and nothing else writes it.

use std::collections::HashMap;

use kubegraf_ipc::{
    object::Delta,
    table::{Row, TableEvent, TableHead},
};

use crate::model::cells::changed_cells;

/// The rows of one slice, by uid and in order.
#[derive(Debug, Default)]
pub struct Slice {
    rows: HashMap<String, Row>,
    order: Vec<String>,
    head: Option<TableHead>,
}

/// What an event changed: all that has to be redrawn.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// Rows whose cells differ from before, with one bit per changed cell.
    pub updated: Vec<(String, u64)>,
    /// Whether uids or their order differ from before.
    pub reordered: bool,
}

impl Slice {
    /// Applies one event and says what it changed.
    pub fn apply(&mut self, event: TableEvent) -> Change {
        let mut change = Change::default();
        for delta in event.deltas {
            match delta {
                Delta::Reset { rows } => {
                    let mut before = std::mem::take(&mut self.rows);
                    self.order = rows.iter().map(|row| row.uid.clone()).collect();
                    change.reordered = true;
                    for row in rows {
                        if let Some(old) = before.remove(&row.uid) {
                            self.rows.insert(old.uid.clone(), old);
                        }
                        self.put(row, &mut change);
                    }
                }
                Delta::Apply { rows } => {
                    rows.into_iter().for_each(|row| self.put(row, &mut change))
                }
                Delta::Delete { ids } => {
                    for id in ids {
                        change.reordered |= self.rows.remove(&id).is_some();
                    }
                }
            }
        }
        if let Some(order) = event.order {
            change.reordered |= order != self.order;
            self.order = order;
        }
        let known = &self.rows;
        self.order.retain(|uid| known.contains_key(uid));
        let moved = self
            .head
            .as_ref()
            .is_some_and(|head| head.offset != event.head.offset);
        change.reordered |= moved;
        self.head = Some(event.head);
        change
    }

    /// Uids in order; the first one stands at [`TableHead::offset`].
    #[must_use]
    pub fn order(&self) -> &[String] {
        &self.order
    }

    /// One row.
    #[must_use]
    pub fn row(&self, uid: &str) -> Option<&Row> {
        self.rows.get(uid)
    }

    fn put(&mut self, row: Row, change: &mut Change) {
        match self.rows.get(&row.uid) {
            Some(old) if *old == row => return,
            Some(old) => change
                .updated
                .push((row.uid.clone(), changed_cells(old, &row))),
            None => change.reordered = true,
        }
        self.rows.insert(row.uid.clone(), row);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kubegraf_ipc::{
        object::{Freshness, Tone},
        table::Cell,
    };

    fn row(uid: &str, status: &str) -> Row {
        Row {
            uid: uid.into(),
            namespace: "shop".into(),
            name: uid.into(),
            tone: Tone::Ok,
            cells: vec![Cell::Text(uid.into()), Cell::Text(status.into())],
        }
    }

    fn event(deltas: Vec<Delta<Row>>, order: Option<&[&str]>) -> TableEvent {
        TableEvent {
            head: TableHead {
                revision: 1,
                total: 2,
                matched: 2,
                offset: 0,
                facets: vec![],
                freshness: Freshness::Live,
                limited_to: vec![],
                filter_error: None,
            },
            deltas,
            order: order.map(|uids| uids.iter().map(|&uid| uid.to_owned()).collect()),
        }
    }

    fn filled() -> Slice {
        let mut slice = Slice::default();
        let rows = vec![row("a", "Running"), row("b", "Running")];
        slice.apply(event(vec![Delta::Reset { rows }], Some(&["a", "b"])));
        slice
    }

    /// Covers: IPC-15
    #[test]
    fn only_the_changed_row_is_redrawn() {
        let mut slice = filled();
        let rows = vec![row("a", "Running"), row("b", "Pending")];
        let change = slice.apply(event(vec![Delta::Apply { rows }], None));
        assert_eq!(change.updated, [("b".to_owned(), 0b10)]);
        assert!(!change.reordered);
    }

    #[test]
    fn a_reset_keeps_rows_that_did_not_change() {
        let mut slice = filled();
        let rows = vec![row("b", "Running"), row("c", "Running")];
        let change = slice.apply(event(vec![Delta::Reset { rows }], None));
        assert!(change.updated.is_empty());
        assert_eq!(slice.order(), ["b", "c"]);
        assert!(slice.row("a").is_none());
    }

    #[test]
    fn a_delete_drops_the_row_even_without_a_new_order() {
        let mut slice = filled();
        let change = slice.apply(event(
            vec![Delta::Delete {
                ids: vec!["a".into()],
            }],
            None,
        ));
        assert!(change.reordered);
        assert_eq!(slice.order(), ["b"]);
    }

    #[test]
    fn an_order_that_names_an_unknown_row_draws_what_is_there() {
        let mut slice = filled();
        slice.apply(event(vec![], Some(&["ghost", "b", "a"])));
        assert_eq!(slice.order(), ["b", "a"]);
    }

    #[test]
    fn a_moved_slice_is_reordered_though_its_uids_are_the_same() {
        let mut slice = filled();
        let mut moved = event(vec![], Some(&["a", "b"]));
        moved.head.offset = 40;
        assert!(slice.apply(moved).reordered);
    }
}
