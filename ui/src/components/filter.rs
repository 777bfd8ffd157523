//! The filter box: a key (`/`) goes to it, Escape empties it and goes back to the rows.

use leptos::{ev, html, prelude::*};

use crate::{
    components::{
        icon::{Glyph, Icon},
        keys::Keys,
    },
    model::keys::{Act, Place},
    state::{shortcuts::Shortcuts, table::Table},
};

/// Filters a table as one types.
#[component]
pub fn FilterBox(
    /// The table.
    table: Table,
    /// The rows to go back to.
    grid: NodeRef<html::Div>,
) -> impl IntoView {
    let shortcuts = Shortcuts::expect();
    let input = NodeRef::<html::Input>::new();
    let slash = window_event_listener(ev::keydown, move |event| {
        if shortcuts.act_from_afar(Place::Table, &event) == Some(Act::Filter) {
            event.prevent_default();
            if let Some(input) = input.get_untracked() {
                let _ = input.focus();
                input.select();
            }
        }
    });
    on_cleanup(move || slash.remove());
    let error = move || table.head.with(|head| head.as_ref()?.filter_error.clone());
    let keys = move |event: ev::KeyboardEvent| match event.key().as_str() {
        "Escape" => {
            table.filter(String::new());
            focus(grid);
        }
        "Enter" | "ArrowDown" => {
            event.prevent_default();
            focus(grid);
        }
        _ => {}
    };
    view! {
        <div class="filter">
            <Glyph icon=Icon::Search size=14 />
            <input
                class="input"
                type="text"
                node_ref=input
                placeholder="Filter: words or /regex/"
                aria-label="Filter rows"
                aria-invalid=move || error().map(|_| "true")
                aria-describedby="filter-error"
                spellcheck="false"
                autocomplete="off"
                prop:value=move || table.view.with(|view| view.filter.clone())
                on:input:target=move |event| table.filter(event.target().value())
                on:keydown=keys
            />
            <Keys act=Act::Filter />
            <p class="filter-error" id="filter-error" role="alert" hidden=move || error().is_none()>
                {error}
            </p>
        </div>
    }
}

fn focus(grid: NodeRef<html::Div>) {
    if let Some(grid) = grid.get_untracked() {
        let _ = grid.focus();
    }
}
