//! The column heads: a click sorts.

use kubegraf_ipc::table::Sort;
use leptos::prelude::*;

use crate::{
    components::icon::{Glyph, Icon},
    model::columns::{Shown, next_sort},
    state::table::Table,
};

/// The head of a grid.
#[component]
pub fn GridHead(
    /// The table.
    table: Table,
    /// The columns to show.
    #[prop(into)]
    columns: Signal<Vec<Shown>>,
) -> impl IntoView {
    let sort = Memo::new(move |_| table.view.with(|view| view.sort.clone()));
    view! {
        <div class="grid-head" role="row">
            <span role="columnheader" aria-label="State"></span>
            <For each=move || columns.get() key=|column| column.name.clone() let:column>
                <HeadCell table column sort />
            </For>
        </div>
    }
}

/// The head of one column.
#[component]
fn HeadCell(
    /// The table.
    table: Table,
    /// The column.
    column: Shown,
    /// How the table is sorted.
    sort: Memo<Option<Sort>>,
) -> impl IntoView {
    let own = column.name.clone();
    let direction = Memo::new(move |_| {
        let sort = sort.get().filter(|sort| sort.column == own)?;
        Some(sort.descending)
    });
    let described = move || match direction.get() {
        None => "none",
        Some(false) => "ascending",
        Some(true) => "descending",
    };
    let (name, numeric) = (column.name.clone(), column.numeric);
    let click = move |_| table.sort(next_sort(&column, sort.get_untracked().as_ref()));
    view! {
        <div class="head-column" class:numeric=numeric role="columnheader" aria-sort=described>
            <button class="head-cell" type="button" data-sort=name on:click=click>
                {name.clone()}
                {move || direction.get().map(|descending| {
                    let icon = if descending { Icon::SortDown } else { Icon::SortUp };
                    view! { <Glyph icon size=12 /> }
                })}
            </button>
        </div>
    }
}
