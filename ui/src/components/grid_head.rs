//! The column heads: a click sorts, an edge that is dragged resizes, a head that is dragged moves.

use kubegraf_ipc::table::Sort;
use leptos::{ev, prelude::*};
use wasm_bindgen::JsCast;

use crate::{
    components::icon::{Glyph, Icon},
    model::columns::{self, Shown, next_sort},
    state::{layout::Layout, table::Table},
};

/// The head of a grid.
#[component]
pub fn GridHead(
    /// The table.
    table: Table,
    /// Its columns.
    layout: Layout,
) -> impl IntoView {
    let sort = Memo::new(move |_| table.view.with(|view| view.sort.clone()));
    let moving = RwSignal::new(None::<String>);
    view! {
        <div class="grid-head" role="row">
            <span role="columnheader" aria-label="State"></span>
            <For each=move || layout.shown.get() key=|column| column.name.clone() let:column>
                <HeadCell table layout column sort moving />
            </For>
        </div>
    }
}

/// The head of one column.
#[component]
fn HeadCell(
    /// The table.
    table: Table,
    /// Its columns.
    layout: Layout,
    /// The column.
    column: Shown,
    /// How the table is sorted.
    sort: Memo<Option<Sort>>,
    /// The column that is being dragged.
    moving: RwSignal<Option<String>>,
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
    let (name, numeric) = (StoredValue::new(column.name.clone()), column.numeric);
    let click = move |_| table.sort(next_sort(&column, sort.get_untracked().as_ref()));
    let keys = move |event: ev::KeyboardEvent| {
        let by = match event.key().as_str() {
            "ArrowLeft" if event.alt_key() => -1,
            "ArrowRight" if event.alt_key() => 1,
            _ => return,
        };
        event.prevent_default();
        event.stop_propagation();
        layout.change(|all| columns::shift(all, &name.get_value(), by));
    };
    let drop_here = move |event: ev::DragEvent| {
        event.prevent_default();
        if let Some(dragged) = moving.get_untracked() {
            layout.change(|all| columns::place(all, &dragged, &name.get_value()));
        }
        moving.set(None);
    };
    let lift = move |event: ev::DragEvent| {
        // Without data Gecko and WebKit start no drag.
        if let Some(data) = event.data_transfer() {
            let _ = data.set_data("text/plain", &name.get_value());
        }
        moving.set(Some(name.get_value()));
    };
    let over = move |event: ev::DragEvent| {
        if moving.with_untracked(Option::is_some) {
            event.prevent_default();
        }
    };
    view! {
        <div
            class="head-column"
            class:numeric=numeric
            class:head-moving=move || {
                moving.with(|moving| name.with_value(|name| moving.as_ref() == Some(name)))
            }
            role="columnheader"
            aria-sort=described
            on:dragover=over
            on:drop=drop_here
        >
            <button
                class="head-cell"
                type="button"
                draggable="true"
                data-sort=name.get_value()
                title="Click sorts, dragging moves the column"
                on:click=click
                on:keydown=keys
                on:dragstart=lift
                on:dragend=move |_| moving.set(None)
            >
                {name.get_value()}
                {move || direction.get().map(|descending| {
                    let icon = if descending { Icon::SortDown } else { Icon::SortUp };
                    view! { <Glyph icon size=12 /> }
                })}
            </button>
            <Edge layout name />
        </div>
    }
}

/// The right edge of a head.
#[component]
fn Edge(
    /// The columns.
    layout: Layout,
    /// The column's name.
    name: StoredValue<String>,
) -> impl IntoView {
    // Where the drag began, and how wide the column was.
    let begun = RwSignal::new(None::<(i32, f64)>);
    let down = move |event: ev::PointerEvent| {
        event.prevent_default();
        let edge = event
            .current_target()
            .and_then(|target| target.dyn_into::<web_sys::Element>().ok());
        let Some(edge) = edge else { return };
        // A pointer that is gone already needs no capture.
        let _ = edge.set_pointer_capture(event.pointer_id());
        if let Some(head) = edge.parent_element() {
            let width = head.get_bounding_client_rect().width();
            begun.set(Some((event.client_x(), width)));
        }
    };
    let drag = move |event: ev::PointerEvent| {
        if let Some((from, width)) = begun.get_untracked() {
            let width = width + f64::from(event.client_x() - from);
            name.with_value(|name| layout.drag(name, pixels(width)));
        }
    };
    let up = move |_| {
        if begun.get_untracked().is_some() {
            begun.set(None);
            layout.drop_drag();
        }
    };
    let reset = move |_| layout.change(|all| columns::resize(all, &name.get_value(), None));
    view! {
        <span
            class="head-edge"
            aria-hidden="true"
            title="Drag to resize, double-click for the usual width"
            on:pointerdown=down
            on:pointermove=drag
            on:pointerup=up
            on:dblclick=reset
        ></span>
    }
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a width on screen, clamped to be positive"
)]
fn pixels(width: f64) -> u32 {
    width.clamp(1.0, 4_000.0).round() as u32
}
