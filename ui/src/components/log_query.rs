//! What is looked for in a log: filtered by it, or marked and walked through.

use kubegraf_ipc::logs::{LogPlace, LogView};
use leptos::{ev, prelude::*, task::spawn_local};

use crate::{
    components::icon::{Glyph, Icon},
    model::words::grouped,
    state::logs::Log,
};

/// Lines kept above a line that was found.
const ABOVE: u64 = 8;

/// The query, how it is read, and the way from hit to hit.
#[component]
pub fn LogQuery(
    /// The log.
    log: Log,
) -> impl IntoView {
    let at = RwSignal::new(None::<u64>);
    let step = move |backwards: bool| {
        let from = at
            .get_untracked()
            .unwrap_or(if backwards { u64::MAX >> 11 } else { 0 });
        spawn_local(async move {
            if let Ok(Some(number)) = log.find(from, backwards).await {
                at.try_set(Some(number));
                log.ask(|view| {
                    view.place = LogPlace::Line {
                        number: number.saturating_sub(ABOVE),
                    };
                });
            }
        });
    };
    let keys = move |event: ev::KeyboardEvent| match event.key().as_str() {
        "Enter" => {
            event.prevent_default();
            step(!event.shift_key());
        }
        "Escape" => {
            event.stop_propagation();
            log.ask(|view| view.query.clear());
        }
        _ => {}
    };
    let refused = move || {
        let failed = log
            .failure
            .with(|error| error.as_ref().map(|error| error.message.clone()));
        failed.filter(|_| log.view.with(|view| view.regex && !view.query.is_empty()))
    };
    let searching = move || log.view.with(|view| !view.query.is_empty());
    let hits = move || {
        log.head
            .with(|head| head.as_ref().map_or(0, |head| head.hits))
    };
    let toggle = move |label: &'static str,
                       title: &'static str,
                       get: fn(&LogView) -> bool,
                       flip: fn(&mut LogView)| {
        view! {
            <button
                class="chip log-flag"
                type="button"
                title=title
                aria-label=title
                aria-pressed=move || log.view.with(get).to_string()
                on:click=move |_| log.ask(flip)
            >
                {label}
            </button>
        }
    };
    view! {
        <div class="filter log-query">
            <Glyph icon=Icon::Search size=14 />
            <input
                class="input"
                type="text"
                placeholder="Find in the log"
                aria-label="Find in the log"
                aria-invalid=move || refused().map(|_| "true")
                spellcheck="false"
                autocomplete="off"
                prop:value=move || log.view.with(|view| view.query.clone())
                on:input:target=move |event| {
                    at.set(None);
                    log.ask(|view| view.query = event.target().value());
                }
                on:keydown=keys
            />
            <p class="filter-error" role="alert" hidden=move || refused().is_none()>{refused}</p>
        </div>
        {toggle(".*", "Regular expression", |view| view.regex, |view| view.regex = !view.regex)}
        {toggle("Aa", "Match upper and lower case", |view| view.match_case, |view| view.match_case = !view.match_case)}
        {toggle("Only matches", "Leave out lines without it", |view| view.only_matches, |view| {
            view.only_matches = !view.only_matches;
            view.place = LogPlace::End;
        })}
        <Show when=searching>
            <span class="dim number" role="status" data-log-hits=hits>{move || format!("{} found", grouped(hits()))}</span>
            <button class="icon-button small" type="button" aria-label="Previous hit" title="Towards older lines (Enter)" on:click=move |_| step(true)>
                <Glyph icon=Icon::Up size=14 />
            </button>
            <button class="icon-button small" type="button" aria-label="Next hit" title="Towards newer lines (Shift+Enter)" on:click=move |_| step(false)>
                <Glyph icon=Icon::Down size=14 />
            </button>
        </Show>
    }
}
