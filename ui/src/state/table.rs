//! One open table: the watch behind it, the slice it holds, and what the user asked to see.

use std::collections::HashMap;

use kubegraf_ipc::{
    Code, Error,
    object::Freshness,
    table::{
        DrawnTable, ExportTable, Exported, ReadRows, Row, RowPage, SetTableView, Sort, TableEvent,
        TableHead, TableView, WatchTable,
    },
};
use leptos::prelude::*;

use crate::{
    ipc::{self, WatchGuard},
    model::{
        marks::Marks,
        selection::{Selected, reconcile},
        slice::Slice,
        viewport,
    },
};

/// A drawn row: each part redraws alone.
#[derive(Clone, Debug)]
pub struct RowHandle {
    /// The row's values.
    pub row: ArcRwSignal<Row>,
    /// Which cells changed last.
    pub flash: ArcRwSignal<Flash>,
}

/// Cells to flash, and a parity that tells one change from the next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flash {
    /// One bit per cell.
    pub cells: u64,
    /// Flips with each change, so that the animation starts anew.
    pub odd: bool,
}

/// An open table. Dropping its owner ends the watch.
#[derive(Clone, Copy, Debug)]
pub struct Table {
    /// The figures around the slice; `None` before the first event.
    pub head: RwSignal<Option<TableHead>>,
    /// Uids of the slice in order.
    pub order: RwSignal<Vec<String>>,
    /// What the user asked to see.
    pub view: RwSignal<TableView>,
    /// The selected row.
    pub selected: RwSignal<Option<Selected>>,
    /// The marked rows.
    pub marks: RwSignal<Marks>,
    /// Why the table cannot be followed.
    pub failure: RwSignal<Option<Error>>,
    slice: StoredValue<Slice>,
    handles: StoredValue<HashMap<String, RowHandle>>,
    guard: StoredValue<Option<WatchGuard>>,
    sent: StoredValue<Option<u32>>,
    scheduled: StoredValue<bool>,
    undrawn: StoredValue<u32>,
    opened: StoredValue<Option<WatchTable>>,
}

impl Table {
    /// A table that shows nothing yet; [`Self::open`] fills it.
    #[must_use]
    pub fn new(filter: String, facet: Option<String>) -> Self {
        let (offset, count) = viewport::wanted(&(0..40));
        let view = TableView {
            filter,
            facet,
            offset,
            count,
            ..TableView::default()
        };
        Self {
            head: RwSignal::new(None),
            order: RwSignal::new(Vec::new()),
            view: RwSignal::new(view),
            selected: RwSignal::new(None),
            marks: RwSignal::default(),
            failure: RwSignal::new(None),
            slice: StoredValue::new(Slice::default()),
            handles: StoredValue::new(HashMap::new()),
            guard: StoredValue::new(None),
            sent: StoredValue::new(None),
            scheduled: StoredValue::new(false),
            undrawn: StoredValue::new(0),
            opened: StoredValue::new(None),
        }
    }

    /// Starts following; rows of an earlier watch stay until the new one answers.
    pub fn open(self, cluster: String, kind: String, namespaces: Vec<String>) {
        self.guard.set_value(None);
        self.sent.set_value(None);
        self.undrawn.set_value(0);
        self.failure.set(None);
        self.marks.update(Marks::clear);
        let view = self.view.get_untracked();
        let asked = view.revision;
        let request = WatchTable {
            cluster,
            kind,
            namespaces,
            view,
        };
        self.opened.set_value(Some(request.clone()));
        let opened = ipc::watch(
            &request,
            move |event| self.heard(event, asked),
            move |error| {
                self.failure.try_set(Some(error));
            },
        );
        match opened {
            Ok(guard) => self.guard.set_value(Some(guard)),
            Err(error) => self.failure.set(Some(error)),
        }
    }

    /// The handle of a row of the slice.
    #[must_use]
    pub fn handle(self, uid: &str) -> Option<RowHandle> {
        self.handles.with_value(|handles| handles.get(uid).cloned())
    }

    /// The uid at `index`, when the slice covers it.
    #[must_use]
    pub fn uid_at(self, index: u64) -> Option<String> {
        let offset = self.offset();
        let place = usize::try_from(index.checked_sub(offset)?).ok()?;
        self.order.with_untracked(|order| order.get(place).cloned())
    }

    /// Changes what is wanted; the request leaves with the next frame.
    pub fn ask(self, change: impl FnOnce(&mut TableView)) {
        self.view.update(|view| {
            change(view);
            view.revision += 1;
        });
        if !self.scheduled.get_value() {
            self.scheduled.set_value(true);
            request_animation_frame(move || {
                if self.scheduled.try_set_value(false).is_none() {
                    self.send_view();
                }
            });
        }
    }

    /// Filters; the selection and the scroll start over.
    pub fn filter(self, filter: String) {
        self.selected.set(None);
        self.ask(|view| {
            view.filter = filter;
            view.offset = 0;
        });
    }

    /// Shows only one facet value, or all.
    pub fn facet(self, facet: Option<String>) {
        self.selected.set(None);
        self.ask(|view| {
            view.facet = facet;
            view.offset = 0;
        });
    }

    /// Orders the rows; the selected row stays selected wherever it goes.
    pub fn sort(self, sort: Option<Sort>) {
        self.selected.update(|selected| {
            if let Some(selected) = selected {
                selected.index = None;
            }
        });
        self.ask(|view| view.sort = sort);
    }

    /// Selects the row at `index`, loaded or not.
    pub fn select(self, index: u64) {
        let uid = self.uid_at(index);
        let index = Some(index);
        self.selected.set(Some(Selected { uid, index }));
    }

    /// Marks the row at `index`, or takes its mark away; a row that is not loaded stays as it is.
    pub fn mark(self, index: u64) {
        if let Some(row) = self.row_at(index) {
            self.marks.update(|marks| marks.toggle(&row, index));
        }
    }

    /// The row at `index`, when the slice covers it.
    #[must_use]
    pub fn row_at(self, index: u64) -> Option<Row> {
        let uid = self.uid_at(index)?;
        self.slice.with_value(|slice| slice.row(&uid).cloned())
    }

    /// Reads rows of the whole filtered set in the order shown, `count` of them from `offset`, or
    /// those with the uids in `only` whatever the filter says.
    ///
    /// # Errors
    /// What core answered, or that the table is not open.
    pub async fn read(self, offset: u64, count: u32, only: Vec<String>) -> Result<RowPage, Error> {
        let closed = || Error::new(Code::NotFound, "the table is not open");
        let opened = self.opened.get_value().ok_or_else(closed)?;
        let shown = self.view.get_untracked();
        let view = if only.is_empty() {
            TableView {
                offset,
                count,
                ..shown
            }
        } else {
            TableView {
                sort: shown.sort,
                ..TableView::default()
            }
        };
        let WatchTable {
            cluster,
            kind,
            namespaces,
            ..
        } = opened;
        ipc::call(ReadRows {
            cluster,
            kind,
            namespaces,
            view,
            only,
        })
        .await
    }

    /// Has core write the whole filtered set to a file.
    ///
    /// # Errors
    /// What core answered, or that the table is not open.
    pub async fn export(self, columns: Vec<String>) -> Result<Exported, Error> {
        let closed = || Error::new(Code::NotFound, "the table is not open");
        let opened = self.opened.get_value().ok_or_else(closed)?;
        let request = ExportTable {
            cluster: opened.cluster,
            kind: opened.kind,
            namespaces: opened.namespaces,
            view: self.view.get_untracked(),
            columns,
        };
        ipc::call(request).await
    }

    /// Whether it holds rows, or knows that there are none.
    pub fn settled(self) -> bool {
        !self.order.with(Vec::is_empty)
            || self.head.with(|head| {
                head.as_ref()
                    .is_some_and(|head| !matches!(head.freshness, Freshness::Loading { .. }))
            })
    }

    fn offset(self) -> u64 {
        self.head
            .with_untracked(|head| head.as_ref().map_or(0, |head| head.offset))
    }

    /// Core knows the watch once it has sent an event: before, the view would be refused.
    fn send_view(self) {
        let (Some(sent), view) = (self.sent.get_value(), self.view.get_untracked()) else {
            return;
        };
        if sent == view.revision {
            return;
        }
        self.sent.set_value(Some(view.revision));
        let watch = self
            .guard
            .with_value(|guard| guard.as_ref().map(WatchGuard::id));
        if let Some(watch) = watch {
            ipc::send(SetTableView { watch, view });
        }
    }

    /// Says with the next frame that everything heard is drawn. A hidden page has no frames, and so no events.
    fn draw(self) {
        let undrawn = self.undrawn.get_value();
        self.undrawn.set_value(undrawn + 1);
        if undrawn > 0 {
            return;
        }
        request_animation_frame(move || {
            let watch = self
                .guard
                .try_with_value(|guard| guard.as_ref().map(WatchGuard::id));
            let events = self.undrawn.try_update_value(std::mem::take);
            if let (Some(Some(watch)), Some(events @ 1..)) = (watch, events) {
                ipc::send(DrawnTable { watch, events });
            }
        });
    }

    fn heard(self, event: TableEvent, opened_with: u32) {
        self.draw();
        if self.sent.get_value().is_none() {
            self.sent.set_value(Some(opened_with));
            self.send_view();
        }
        let head = event.head.clone();
        let Some(change) = self.slice.try_update_value(|slice| slice.apply(event)) else {
            return;
        };
        let order = self.slice.with_value(|slice| {
            self.handles.update_value(|handles| {
                for (uid, cells) in &change.updated {
                    if let (Some(handle), Some(row)) = (handles.get(uid), slice.row(uid)) {
                        handle.row.set(row.clone());
                        handle.flash.update(|flash| {
                            *flash = Flash {
                                cells: *cells,
                                odd: !flash.odd,
                            };
                        });
                    }
                }
                if change.reordered {
                    keep(handles, slice);
                }
            });
            change.reordered.then(|| slice.order().to_vec())
        });
        let offset = head.offset;
        if self
            .head
            .with_untracked(|before| before.as_ref() != Some(&head))
        {
            self.head.set(Some(head));
        }
        if let Some(order) = order {
            let before = self.selected.get_untracked();
            let after = before
                .clone()
                .and_then(|selected| reconcile(selected, &order, offset));
            if before != after {
                self.selected.set(after);
            }
            self.order.set(order);
        }
    }
}

/// Gives every row of the slice a handle, and forgets the others.
fn keep(handles: &mut HashMap<String, RowHandle>, slice: &Slice) {
    handles.retain(|uid, _| slice.row(uid).is_some());
    for uid in slice.order() {
        if let Some(row) = slice.row(uid)
            && !handles.contains_key(uid)
        {
            let handle = RowHandle {
                row: ArcRwSignal::new(row.clone()),
                flash: ArcRwSignal::default(),
            };
            handles.insert(uid.clone(), handle);
        }
    }
}
