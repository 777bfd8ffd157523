//! Which columns a table shows, and in which order.

use kubegraf_ipc::preferences::PreferenceChange;
use leptos::prelude::*;

use crate::{
    components::{
        icon::{Glyph, Icon},
        menu::Menu,
        tick::Tick,
    },
    model::columns::{self, Choice},
    state::{choices::Choices, layout::Layout},
};

/// The chooser.
#[component]
pub fn ColumnMenu(
    /// The table's layout.
    layout: Layout,
) -> impl IntoView {
    let open = RwSignal::new(false);
    let choices = Choices::expect();
    let hidden = move || {
        layout
            .columns
            .with(|all| all.iter().filter(|c| !c.shown).count())
    };
    let button = view! {
        <Glyph icon=Icon::Columns size=14 />
        "Columns"
        {move || match hidden() {
            0 => None,
            hidden => Some(view! { <span class="dim number">{format!("+{hidden}")}</span> }),
        }}
    };
    let label = Signal::derive(move || match hidden() {
        0 => "Columns: all shown".to_owned(),
        hidden => format!("Columns: {hidden} not shown"),
    });
    let every = move |_| {
        layout.change(|all| {
            for choice in all {
                choice.shown = true;
            }
        });
    };
    let plain = move |_| choices.change(PreferenceChange::PlainTable(layout.kind.get_value()));
    let names = move || {
        let all = layout.columns.get();
        let names = all.into_iter().map(|choice| choice.column.name);
        names.collect::<Vec<_>>()
    };
    view! {
        <Menu open label class="button small" button=button.into_any() role="dialog" at_right=true>
            <div class="column-list">
                <For each=names key=Clone::clone let:name>
                    <ColumnLine layout name />
                </For>
            </div>
            <div class="column-foot">
                <button class="button small" type="button" data-action="all-columns" on:click=every>
                    "Show all"
                </button>
                <button class="button small" type="button" data-action="plain-columns" on:click=plain>
                    "As kubectl"
                </button>
            </div>
        </Menu>
    }
}

/// One column.
#[component]
fn ColumnLine(
    /// The table's layout.
    layout: Layout,
    /// The column's name.
    name: String,
) -> impl IntoView {
    let name = StoredValue::new(name);
    let choice = Memo::new(move |_| {
        let own = |choice: &&Choice| name.with_value(|name| choice.column.name == *name);
        layout.columns.with(|all| all.iter().find(own).cloned())
    });
    let on = Signal::derive(move || choice.with(|c| c.as_ref().is_some_and(|c| c.shown)));
    let wide = move || choice.with(|c| c.as_ref().is_some_and(|c| c.wide));
    let toggle = move |_| layout.change(|all| columns::toggle(all, &name.get_value()));
    let shift = move |by: isize| layout.change(|all| columns::shift(all, &name.get_value(), by));
    view! {
        <div class="column-line">
            <button
                class="menu-item"
                type="button"
                role="checkbox"
                aria-checked=move || on.get().to_string()
                data-column=name.get_value()
                on:click=toggle
            >
                <Tick on />
                <span class="clip">{name.get_value()}</span>
                <Show when=wide>
                    <span class="dim" title="kubectl shows it with -o wide">"wide"</span>
                </Show>
            </button>
            <button
                class="icon-button small"
                type="button"
                aria-label=format!("Move {} to the left", name.get_value())
                on:click=move |_| shift(-1)
            >
                <Glyph icon=Icon::Up size=14 />
            </button>
            <button
                class="icon-button small"
                type="button"
                aria-label=format!("Move {} to the right", name.get_value())
                on:click=move |_| shift(1)
            >
                <Glyph icon=Icon::Down size=14 />
            </button>
        </div>
    }
}
