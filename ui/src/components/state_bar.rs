//! How many of a kind are in which state, as one bar and its words.

use kubegraf_ipc::overview::{Counts, StateCount};
use leptos::prelude::*;

use crate::{
    components::mark::ToneMark,
    model::words::{grouped, tone},
    route::Route,
};

/// States named beside the bar; the rest is one number.
const NAMED: usize = 5;

/// A bar whose parts lead to their rows.
#[component]
pub fn StateBar(
    /// What is counted.
    title: &'static str,
    /// The kind's id.
    kind: &'static str,
    /// Whether a state is a facet of the kind's table.
    facets: bool,
    /// The counts; `None` while they are not known.
    counts: Signal<Option<Counts>>,
) -> impl IntoView {
    let counts = Memo::new(move |_| counts.get());
    let href = move |word: &str| {
        if facets {
            Route::facet(kind, word).hash()
        } else {
            Route::table(kind).hash()
        }
    };
    let total = move || counts.with(|c| c.as_ref().map(|c| c.total));
    let states = move || counts.with(|c| c.as_ref().map(|c| c.states.clone()).unwrap_or_default());
    let named = move || {
        let named: Vec<StateCount> = states().into_iter().take(NAMED).collect();
        named
    };
    view! {
        <div class="states" data-states=kind data-total=total>
            <a class="states-title" href=Route::table(kind).hash()>
                {title}
                <span class="number">{move || total().map(grouped)}</span>
            </a>
            <span class="states-track">
                <For each=states key=|state| (state.word.clone(), state.count, tone(state.tone)) let:state>
                    <span
                        class=format!("states-part part-{}", tone(state.tone))
                        style:flex-grow=state.count.to_string()
                        title=format!("{} {}", grouped(state.count), state.word)
                    ></span>
                </For>
            </span>
            <span class="states-words">
                <For
                    each=named
                    key=|state| (state.word.clone(), state.count, tone(state.tone))
                    let:state
                >
                    <a class="states-word" href=href(&state.word)>
                        <ToneMark tone=state.tone />
                        {state.word.clone()}
                        <span class="number dim">{grouped(state.count)}</span>
                    </a>
                </For>
                {move || {
                    let rest: u64 = states().iter().skip(NAMED).map(|state| state.count).sum();
                    (rest > 0).then(|| view! {
                        <a class="states-word dim" href=Route::table(kind).hash()>
                            {format!("{} in other states", grouped(rest))}
                        </a>
                    })
                }}
            </span>
        </div>
    }
}
