//! One row. Each cell reads its own part, so a change touches only the text that differs.

use kubegraf_ipc::table::Row;
use leptos::{ev, prelude::*};

use crate::{
    components::{
        grid::pixels,
        mark::ToneMark,
        marking::{self, RowMenuAt},
        tick::Tick,
    },
    model::{
        cells::{cell_text, moment, ticks},
        columns::{From, Shown},
        marks::Marks,
        words,
    },
    state::{
        clock::Clock,
        table::{Flash, RowHandle, Table},
        toasts::Toasts,
    },
};

/// A row of a grid.
#[component]
pub fn GridRow(
    /// The table.
    table: Table,
    /// The row.
    handle: RowHandle,
    /// The columns to show.
    #[prop(into)]
    columns: Signal<Vec<Shown>>,
    /// What ages are counted by.
    clock: Clock,
    /// What a double click does.
    on_open: Callback<Row>,
) -> impl IntoView {
    let toasts = Toasts::expect();
    let menu_at = RowMenuAt::expect();
    let RowHandle { row, index, flash } = handle;
    // What flashed before the row was scrolled into view is old news.
    flash.set(Flash::default());
    let Row {
        uid,
        namespace,
        name,
        ..
    } = row.get_untracked();
    let own = uid.clone();
    let selected = Memo::new(move |_| {
        table.selected.with(|selected| {
            selected.as_ref().and_then(|selected| selected.uid.as_ref()) == Some(&own)
        })
    });
    let own = uid.clone();
    let marked = Memo::new(move |_| table.marks.with(|marks| marks.holds(&own)));
    let chosen = move || {
        let unmarked = table.marks.with(Marks::is_empty);
        (marked.get() || (unmarked && selected.get())).to_string()
    };
    let place = index.clone();
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
    let place = index.clone();
    let tick = move |event: ev::PointerEvent| {
        event.stop_propagation();
        table.mark(place.get_untracked());
        table.select(place.get_untracked());
    };
    let opened = row.clone();
    let open = move |_| on_open.run(opened.get_untracked());
    let menu = move |event: ev::MouseEvent| {
        event.prevent_default();
        menu_at.open(event.client_x(), event.client_y());
    };
    let toned = row.clone();
    let tone = Memo::new(move |_| toned.with(|row| row.tone));
    let number = index.clone();
    view! {
        <div
            class="row"
            role="row"
            id=format!("row-{uid}")
            data-uid=uid
            data-name=name
            data-namespace=namespace
            data-tone=move || words::tone(tone.get())
            aria-rowindex=move || number.get() + 1
            aria-selected=chosen
            data-cursor=move || selected.get().then_some("true")
            data-marked=move || marked.get().then_some("true")
            style:top=move || pixels(index.get())
            on:pointerdown=press
            on:dblclick=open
            on:contextmenu=menu
        >
            <span class="row-mark" role="gridcell" on:pointerdown=tick>
                <ToneMark tone />
                <Tick on=marked />
            </span>
            <For each=move || columns.get() key=|column| column.name.clone() let:column>
                <RowCell row=row.clone() flash=flash.clone() tone column clock />
            </For>
        </div>
    }
}

/// One cell of a row.
#[component]
fn RowCell(
    /// The row.
    row: ArcRwSignal<Row>,
    /// Which of its cells changed last.
    flash: ArcRwSignal<Flash>,
    /// How the row is marked.
    tone: Memo<kubegraf_ipc::object::Tone>,
    /// The cell's column.
    column: Shown,
    /// What ages are counted by.
    clock: Clock,
) -> impl IntoView {
    let (fixed, numeric, from) = (column.class(), column.numeric, column.from);
    let is_state = column.is_state();
    let class = move || {
        let mut class = fixed.to_owned();
        if numeric {
            class.push_str(" numeric");
        }
        if is_state {
            class.push_str(" tone-");
            class.push_str(words::tone(tone.get()));
        }
        let flash = flash.get();
        if let From::Cell(index) = from
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
    let dated = row.clone();
    let text = Memo::new(move |_| {
        row.with(|row| match from {
            From::Namespace => row.namespace.clone(),
            From::Cell(index) => row.cells.get(index).map_or_else(String::new, |cell| {
                // Only what grows with time wakes with the clock.
                cell_text(cell, if ticks(cell) { clock.now() } else { 0 })
            }),
        })
    });
    // Its title is the day and the time, made when a pointer comes.
    let at = move || {
        dated.with(|row| match from {
            From::Cell(index) => row.cells.get(index).and_then(moment),
            From::Namespace => None,
        })
    };
    let dates = at.clone();
    let title = move || dates().is_none().then(|| text.get());
    view! {
        <span class=class role="gridcell" title=title data-at=at>
            {text}
        </span>
    }
}
