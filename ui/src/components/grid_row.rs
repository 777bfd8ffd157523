//! One row. Each cell reads its own part, so a change touches only the text that differs.

use kubegraf_ipc::table::Row;
use leptos::prelude::*;

use crate::{
    components::{grid::pixels, mark::ToneMark},
    model::{
        cells::{cell_text, ticks},
        columns::{From, Shown},
        words,
    },
    state::{
        clock::Clock,
        table::{Flash, RowHandle, Table},
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
) -> impl IntoView {
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
    let place = index.clone();
    let select = move |_| table.select(place.get_untracked());
    let marked = row.clone();
    let tone = Memo::new(move |_| marked.with(|row| row.tone));
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
            aria-selected=move || selected.get().to_string()
            style:top=move || pixels(index.get())
            on:pointerdown=select
        >
            <span class="row-mark" role="gridcell">
                <ToneMark tone />
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
    let text = Memo::new(move |_| {
        row.with(|row| match from {
            From::Namespace => row.namespace.clone(),
            From::Cell(index) => row.cells.get(index).map_or_else(String::new, |cell| {
                // Only what grows with time wakes with the clock.
                cell_text(cell, if ticks(cell) { clock.now() } else { 0 })
            }),
        })
    });
    view! {
        <span class=class role="gridcell" title=move || text.get()>
            {text}
        </span>
    }
}
