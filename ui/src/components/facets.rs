//! The values of a table's state column, as chips that filter.

use kubegraf_ipc::table::Facet;
use leptos::prelude::*;

use crate::{
    components::mark::ToneMark,
    model::words::{grouped, tone},
    state::table::Table,
};

/// A chip per value, and one for all.
#[component]
pub fn Facets(
    /// The table.
    table: Table,
) -> impl IntoView {
    let facets = Memo::new(move |_| {
        table.head.with(|head| {
            head.as_ref()
                .map(|head| head.facets.clone())
                .unwrap_or_default()
        })
    });
    let chosen = Memo::new(move |_| table.view.with(|view| view.facet.clone()));
    // A chosen value stays on offer when its last row leaves it.
    let shown = move || {
        let mut shown = facets.get();
        if let Some(value) = chosen.get()
            && shown.iter().all(|facet| facet.value != value)
        {
            let facet = Facet {
                value,
                ..Facet {
                    value: String::new(),
                    count: 0,
                    tone: kubegraf_ipc::object::Tone::Neutral,
                }
            };
            shown.push(facet);
        }
        shown
    };
    let all = move || facets.with(|facets| facets.iter().map(|facet| facet.count).sum::<u64>());
    view! {
        <div class="facets" role="group" aria-label="Show only">
            <Show when=move || !facets.with(Vec::is_empty)>
                <button
                    class="chip"
                    type="button"
                    aria-pressed=move || chosen.get().is_none().to_string()
                    on:click=move |_| table.facet(None)
                >
                    "All "
                    <span class="number">{move || grouped(all())}</span>
                </button>
            </Show>
            <For each=shown key=|facet| (facet.value.clone(), tone(facet.tone)) let:facet>
                <FacetChip table facet facets chosen />
            </For>
        </div>
    }
}

/// One value.
#[component]
fn FacetChip(
    /// The table.
    table: Table,
    /// The value, with the tone it had first.
    facet: Facet,
    /// All values, for the count as it changes.
    facets: Memo<Vec<Facet>>,
    /// The value that filters.
    chosen: Memo<Option<String>>,
) -> impl IntoView {
    let value = StoredValue::new(facet.value.clone());
    let count = move || {
        let find = |facets: &Vec<Facet>| {
            value.with_value(|value| facets.iter().find(|f| f.value == *value).map(|f| f.count))
        };
        grouped(facets.with(find).unwrap_or(0))
    };
    let pressed = move || value.with_value(|value| chosen.get().as_ref() == Some(value));
    let toggle = move |_| {
        table.facet(if pressed() {
            None
        } else {
            Some(value.get_value())
        });
    };
    view! {
        <button
            class=format!("chip facet tone-{}", tone(facet.tone))
            type="button"
            data-facet=facet.value
            aria-pressed=move || pressed().to_string()
            on:click=toggle
        >
            <ToneMark tone=facet.tone />
            {facet.value.clone()}
            " "
            <span class="number">{count}</span>
        </button>
    }
}
