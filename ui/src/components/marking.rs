//! Marking rows and copying them: what keys, clicks, the bar and the row's menu have in common.

use kubegraf_ipc::table::{KindInfo, Row};
use leptos::{ev, html, prelude::*, task::spawn_local};
use wasm_bindgen::JsCast;

use crate::{
    components::{
        copy,
        icon::{Glyph, Icon},
        keys::Keys,
        row_actions::{NodeActions, RowActions},
    },
    model::{
        copies,
        keys::Act,
        marks::Marks,
        words::{grouped, plural},
    },
    state::{layout::Layout, table::Table, toasts::Toasts},
};

/// The contract's limit of rows read at once.
const MOST: u64 = 10_000;

/// What is copied of rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Copied {
    /// One name a line.
    Names,
    /// The shown columns, separated by tabs.
    Rows,
}

/// Marks every row that matches now; rows that come later are not marked.
pub fn mark_all(table: Table, toasts: Toasts) {
    let matched = matched(table);
    if matched > MOST {
        return toasts.say(format!(
            "{} rows match; at most {} can be marked at once. Narrow the filter.",
            grouped(matched),
            grouped(MOST)
        ));
    }
    mark_places(table, 0, matched, toasts);
}

/// Marks from the last mark, or from the selected row, to `index`.
pub fn mark_to(table: Table, index: u64, toasts: Toasts) {
    let range = table.marks.with_untracked(|marks| marks.range(index));
    let count = range.end() - range.start() + 1;
    if count > MOST {
        return toasts.say(format!(
            "At most {} rows can be marked at once.",
            grouped(MOST)
        ));
    }
    let loaded: Option<Vec<Row>> = range.clone().map(|index| table.row_at(index)).collect();
    match loaded {
        Some(rows) => table.marks.update(|marks| marks.add(&rows)),
        None => mark_places(table, *range.start(), count, toasts),
    }
}

fn mark_places(table: Table, offset: u64, count: u64, toasts: Toasts) {
    let Ok(count) = u32::try_from(count) else {
        return;
    };
    spawn_local(async move {
        match table.read(offset, count, Vec::new()).await {
            Ok(page) => {
                table.marks.try_update(|marks| marks.add(&page.rows));
            }
            Err(error) => toasts.complain("marking the rows", &error),
        }
    });
}

/// Copies the marked rows as they are now, or the selected one.
pub fn copy(table: Table, layout: Layout, what: Copied, toasts: Toasts) {
    let marked = table.marks.with_untracked(Marks::uids);
    if marked.is_empty() {
        let selected = table.selected.get_untracked();
        let row = selected
            .and_then(|selected| selected.index)
            .and_then(|index| table.row_at(index));
        match row {
            Some(row) => write(&[row], layout, what, 0, toasts),
            None => toasts.say("No row is selected."),
        }
        return;
    }
    spawn_local(async move {
        let wanted = marked.len();
        match table.read(0, 0, marked).await {
            Ok(page) => {
                let gone = wanted.saturating_sub(page.rows.len());
                write(&page.rows, layout, what, gone, toasts);
            }
            Err(error) => toasts.complain("reading the marked rows", &error),
        }
    });
}

fn write(rows: &[Row], layout: Layout, what: Copied, gone: usize, toasts: Toasts) {
    let now = (js_sys::Date::now() / 1_000.0).floor();
    #[allow(clippy::cast_possible_truncation, reason = "seconds since 1970 fit")]
    let now = now as i64;
    let count = rows.len() as u64;
    let (text, thing) = match what {
        Copied::Names => (copies::names(rows), "name"),
        Copied::Rows => (
            layout
                .shown
                .with_untracked(|columns| copies::table(columns, rows, now)),
            "row",
        ),
    };
    let missing = match gone {
        0 => String::new(),
        gone => format!("; {} no longer there", grouped(gone as u64)),
    };
    let done = format!("Copied {}{missing}.", plural(count, thing));
    copy::copy_saying(text, done, toasts);
}

fn matched(table: Table) -> u64 {
    table
        .head
        .with_untracked(|head| head.as_ref().map_or(0, |head| head.matched))
}

/// How many rows are marked, and what can be done with them. Nothing without marks.
#[component]
pub fn MarkBar(
    /// The table.
    table: Table,
    /// Its columns.
    layout: Layout,
) -> impl IntoView {
    let toasts = Toasts::expect();
    let count = Memo::new(move |_| table.marks.with(Marks::len) as u64);
    view! {
        <Show when=move || { count.get() > 0 }>
            <div class="mark-bar" role="toolbar" aria-label="Marked rows">
                <span class="number" data-marks=move || count.get() role="status">
                    {move || format!("{} marked", grouped(count.get()))}
                </span>
                <button
                    class="button small"
                    type="button"
                    data-action="copy-names"
                    on:click=move |_| copy(table, layout, Copied::Names, toasts)
                >
                    "Copy names" <Keys act=Act::CopyNames />
                </button>
                <button
                    class="button small"
                    type="button"
                    data-action="copy-rows"
                    on:click=move |_| copy(table, layout, Copied::Rows, toasts)
                >
                    "Copy rows" <Keys act=Act::CopyRows />
                </button>
                <button
                    class="button small"
                    type="button"
                    data-action="unmark"
                    on:click=move |_| table.marks.update(Marks::clear)
                >
                    "Clear" <kbd aria-hidden="true">"Esc"</kbd>
                </button>
            </div>
        </Show>
    }
}

/// Where a row's menu is open, handed down by the grid's view.
#[derive(Clone, Copy, Debug)]
pub struct RowMenuAt(RwSignal<Option<(i32, i32)>>);

impl RowMenuAt {
    /// Hands a closed menu to every component below.
    pub fn provide() -> Self {
        let at = Self(RwSignal::new(None));
        provide_context(at);
        at
    }

    /// Opens the menu of the selected row at a place of the window.
    pub fn open(self, x: i32, y: i32) {
        self.0.set(Some((x, y)));
    }

    /// The menu provided above.
    #[must_use]
    pub fn expect() -> Self {
        expect_context()
    }
}

/// The menu of the row that was clicked with the second button.
#[component]
pub fn RowMenu(
    /// Where it is open.
    at: RowMenuAt,
    /// The table.
    table: Table,
    /// Its columns.
    layout: Layout,
    /// What Enter does.
    on_open: Callback<Row>,
    /// What the rows are.
    kind: KindInfo,
) -> impl IntoView {
    let toasts = Toasts::expect();
    let kind = StoredValue::new(kind);
    let place = at.0;
    let own = NodeRef::<html::Div>::new();
    let outside = window_event_listener(ev::pointerdown, move |event| {
        let node = event
            .target()
            .and_then(|target| target.dyn_into::<web_sys::Node>().ok());
        let inside = own
            .get_untracked()
            .is_some_and(|menu| menu.contains(node.as_ref()));
        if place.get_untracked().is_some() && !inside {
            place.set(None);
        }
    });
    on_cleanup(move || outside.remove());
    let escape = window_event_listener(ev::keydown, move |event| {
        if event.key() == "Escape" {
            place.set(None);
        }
    });
    on_cleanup(move || escape.remove());
    let chosen = move || {
        let index = table.selected.get_untracked()?.index?;
        table.row_at(index)
    };
    let marked = move || table.marks.with(|marks| !marks.is_empty());
    let whose = move || {
        if marked() {
            format!("{} marked", grouped(table.marks.with(Marks::len) as u64))
        } else {
            chosen().map(|row| row.name).unwrap_or_default()
        }
    };
    view! {
        <Show when=move || place.get().is_some()>
            <div
                class="menu row-menu"
                role="menu"
                node_ref=own
                style:left=move || format!("{}px", place.get().unwrap_or_default().0)
                style:top=move || format!("{}px", place.get().unwrap_or_default().1)
            >
                <p class="menu-note clip mono">{whose}</p>
                <button
                    class="menu-item"
                    type="button"
                    role="menuitem"
                    on:click=move |_| {
                        place.set(None);
                        if let Some(row) = chosen() {
                            on_open.run(row);
                        }
                    }
                >
                    <Glyph icon=Icon::Arrow size=14 />
                    "Go on from here"
                    <kbd aria-hidden="true">"Enter"</kbd>
                </button>
                {(kind.with_value(|kind| kind.kind == "Node")).then(|| view! {
                    <NodeActions row=move |()| chosen() close=Callback::new(move |()| place.set(None)) />
                })}
                <RowActions
                    kind=Some(kind.get_value())
                    row=move |()| chosen()
                    close=Callback::new(move |()| place.set(None))
                />
                <button
                    class="menu-item"
                    type="button"
                    role="menuitem"
                    data-action="menu-copy-names"
                    on:click=move |_| {
                        place.set(None);
                        copy(table, layout, Copied::Names, toasts);
                    }
                >
                    <Glyph icon=Icon::ReplicaSets size=14 />
                    {move || if marked() { "Copy names" } else { "Copy name" }}
                    <Keys act=Act::CopyNames />
                </button>
                <button
                    class="menu-item"
                    type="button"
                    role="menuitem"
                    on:click=move |_| {
                        place.set(None);
                        copy(table, layout, Copied::Rows, toasts);
                    }
                >
                    <Glyph icon=Icon::Table size=14 />
                    {move || if marked() { "Copy rows" } else { "Copy row" }}
                    <Keys act=Act::CopyRows />
                </button>
            </div>
        </Show>
    }
}
