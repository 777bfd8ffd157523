//! One slot of a grid and the row it shows. Each cell reads its own part, so a change touches only the text that differs.

use kubegraf_ipc::{object::Tone, table::Row};
use leptos::{ev, prelude::*};
use wasm_bindgen::JsCast;

use crate::{
    components::{
        grid::pixels,
        mark::ToneMark,
        marking::{self, RowMenuAt},
        tick::Tick,
        when::when,
    },
    model::{
        cells::{cell_text, moment, ticks},
        columns::{From, Shown},
        marks::Marks,
        slots::Shows,
        words,
    },
    state::{
        clock::Clock,
        table::{Flash, RowHandle, Table},
        toasts::Toasts,
    },
};

/// An element that shows one row after another.
#[derive(Clone, Debug, Default)]
pub struct Slot {
    /// What kind of thing it shows.
    state: ArcRwSignal<State>,
    /// Place of the row in the filtered and sorted set.
    place: ArcRwSignal<u64>,
    /// The row it shows, or showed last: its text stays, hidden, until the next one comes.
    handle: ArcRwSignal<Option<RowHandle>>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Idle,
    Bones,
    Row,
}

impl State {
    /// What the style sheet knows it by.
    const fn word(self) -> Option<&'static str> {
        match self {
            Self::Idle => Some("idle"),
            Self::Bones => Some("bones"),
            Self::Row => None,
        }
    }
}

impl Slot {
    /// Shows something else.
    pub fn show(&self, shows: &Shows, table: Table) {
        if let Some(index) = shows.index()
            && self.place.get_untracked() != index
        {
            self.place.set(index);
        }
        let handle = shows.uid().and_then(|uid| table.handle(uid));
        let state = match (shows, &handle) {
            (Shows::Nothing, _) => State::Idle,
            (Shows::Row { .. }, Some(_)) => State::Row,
            (Shows::Row { .. } | Shows::Bones { .. }, _) => State::Bones,
        };
        if let Some(handle) = handle.filter(|handle| !self.is(handle)) {
            // What flashed before the row was scrolled into view is old news.
            handle.flash.set(Flash::default());
            self.handle.set(Some(handle));
        }
        if self.state.get_untracked() != state {
            self.state.set(state);
        }
    }

    fn is(&self, other: &RowHandle) -> bool {
        self.handle.with_untracked(|handle| {
            handle
                .as_ref()
                .is_some_and(|handle| handle.row == other.row)
        })
    }

    /// Reads the row; `None` while there is none.
    fn with<T>(&self, read: impl FnOnce(&Row) -> T) -> Option<T> {
        if self.state.get() != State::Row {
            return None;
        }
        self.handle
            .with(|handle| handle.as_ref().map(|handle| handle.row.with(read)))
    }

    /// The row as it is.
    fn row(&self) -> Option<Row> {
        untrack(|| self.with(Row::clone))
    }
}

/// A row of a grid.
#[component]
pub fn GridRow(
    /// The table.
    table: Table,
    /// What shows the row.
    row_slot: Slot,
    /// The columns to show.
    #[prop(into)]
    columns: Signal<Vec<Shown>>,
    /// What ages are counted by.
    clock: Clock,
    /// What a double click does.
    on_open: Callback<Row>,
) -> impl IntoView {
    let slot = row_slot;
    let toasts = Toasts::expect();
    let menu_at = RowMenuAt::expect();
    let read = slot.clone();
    let uid = Memo::new(move |_| read.with(|row| row.uid.clone()));
    let selected = Memo::new(move |_| {
        table.selected.with(|selected| {
            let selected = selected.as_ref().and_then(|selected| selected.uid.as_ref());
            selected.is_some() && uid.with(|uid| uid.as_ref() == selected)
        })
    });
    let marked = Memo::new(move |_| {
        uid.with(|uid| {
            uid.as_ref()
                .is_some_and(|uid| table.marks.with(|marks| marks.holds(uid)))
        })
    });
    let chosen = move || {
        let unmarked = table.marks.with(Marks::is_empty);
        (marked.get() || (unmarked && selected.get())).to_string()
    };
    let place = slot.place.clone();
    let press = move |event: ev::PointerEvent| {
        let index = place.get_untracked();
        if event.button() != 0 {
            return table.select(index);
        }
        if event.shift_key() {
            marking::mark_to(table, index, toasts);
        } else if event.ctrl_key() || event.meta_key() {
            table.mark(index);
        } else {
            table.marks.update(|marks| {
                marks.clear();
                marks.anchor(Some(index));
            });
        }
        table.select(index);
    };
    let place = slot.place.clone();
    let tick = move |event: ev::PointerEvent| {
        event.stop_propagation();
        table.mark(place.get_untracked());
        table.select(place.get_untracked());
    };
    let opened = slot.clone();
    let open = move |_| {
        if let Some(row) = opened.row() {
            on_open.run(row);
        }
    };
    let menu = move |event: ev::MouseEvent| {
        event.prevent_default();
        menu_at.open(event.client_x(), event.client_y());
    };
    let toned = slot.clone();
    let tone = Memo::new(move |_| toned.with(|row| row.tone).unwrap_or(Tone::Neutral));
    let (name, namespace) = (slot.clone(), slot.clone());
    let (place, number) = (slot.place.clone(), slot.place.clone());
    let state = slot.state.clone();
    view! {
        <div
            class="row"
            role="row"
            data-slot=move || state.get().word()
            id=move || uid.get().map(|uid| format!("row-{uid}"))
            data-uid=move || uid.get()
            data-name=move || name.with(|row| row.name.clone())
            data-namespace=move || namespace.with(|row| row.namespace.clone())
            data-tone=move || words::tone(tone.get())
            aria-rowindex=move || number.get() + 1
            aria-selected=chosen
            data-cursor=move || selected.get().then_some("true")
            data-marked=move || marked.get().then_some("true")
            style:top=move || pixels(place.get())
            on:pointerdown=press
            on:dblclick=open
            on:contextmenu=menu
        >
            <span class="row-mark" role="gridcell" on:pointerdown=tick>
                <ToneMark tone />
                <Tick on=marked />
            </span>
            <For each=move || columns.get() key=|column| column.name.clone() let:column>
                <RowCell row_slot=slot.clone() tone column clock />
            </For>
        </div>
    }
}

/// One cell of a row.
#[component]
fn RowCell(
    /// The row's slot.
    row_slot: Slot,
    /// How the row is marked.
    tone: Memo<Tone>,
    /// The cell's column.
    column: Shown,
    /// What ages are counted by.
    clock: Clock,
) -> impl IntoView {
    let slot = row_slot;
    let (fixed, numeric, from) = (column.class(), column.numeric, column.from);
    let is_state = column.is_state();
    let flashing = slot.handle.clone();
    let class = move || {
        let mut class = fixed.to_owned();
        if numeric {
            class.push_str(" numeric");
        }
        if is_state {
            class.push_str(" tone-");
            class.push_str(words::tone(tone.get()));
        }
        let flash = flashing.with(|handle| handle.as_ref().map(|handle| handle.flash.get()));
        if let (From::Cell(index), Some(flash)) = (from, flash)
            && flash.cells >> index & 1 == 1
        {
            class.push_str(if flash.odd {
                " flash-odd"
            } else {
                " flash-even"
            });
        }
        class
    };
    let text = Memo::new(move |before: Option<&String>| {
        let now = slot.with(|row| match from {
            From::Namespace => row.namespace.clone(),
            From::Cell(index) => row.cells.get(index).map_or_else(String::new, |cell| {
                // Only what grows with time wakes with the clock.
                cell_text(cell, if ticks(cell) { clock.now() } else { 0 })
            }),
        });
        // What is hidden is not worth a change of the page.
        now.or_else(|| before.cloned()).unwrap_or_default()
    });
    view! {
        <span class=class role="gridcell" data-column=column.name>
            {text}
        </span>
    }
}

/// Titles are written when a pointer comes upon a cell, because most are never asked for: the whole text, or of an
/// age its day and time.
pub fn tell_titles(
    table: Table,
    columns: Signal<Vec<Shown>>,
) -> impl Fn(ev::PointerEvent) + 'static {
    move |event| {
        let target = event
            .target()
            .and_then(|target| target.dyn_into::<web_sys::Element>().ok());
        let Some(cell) = target.and_then(|target| target.closest("[data-column]").ok().flatten())
        else {
            return;
        };
        let uid = cell
            .parent_element()
            .and_then(|row| row.get_attribute("data-uid"));
        let handle = uid.and_then(|uid| table.handle(&uid));
        let from = columns.with_untracked(|columns| {
            let name = cell.get_attribute("data-column")?;
            columns
                .iter()
                .find(|column| column.name == name)
                .map(|column| column.from)
        });
        let (Some(handle), Some(from)) = (handle, from) else {
            return;
        };
        let at = handle.row.with_untracked(|row| match from {
            From::Cell(index) => row.cells.get(index).and_then(moment),
            From::Namespace => None,
        });
        let title = at.map_or_else(|| cell.text_content().unwrap_or_default(), when);
        // Setting an attribute of a well-known name cannot fail.
        let _ = cell.set_attribute("title", &title);
    }
}
