//! Narrows the list of incidents: by severity, state, type and words; namespaces are the header's.

use std::collections::BTreeMap;

use kubegraf_ipc::incident::{IncidentRow, IncidentState, Severity};
use leptos::prelude::*;

use crate::{
    components::{
        icon::{Glyph, Icon},
        mark::SeverityMark,
    },
    model::{
        sieve::{Sieve, counts},
        words::{self, grouped, spaced},
    },
    state::clock::Clock,
};

const SEVERITIES: [Severity; 4] = [
    Severity::Critical,
    Severity::High,
    Severity::Medium,
    Severity::Low,
];
const STATES: [IncidentState; 3] = [
    IncidentState::Open,
    IncidentState::Resolving,
    IncidentState::Resolved,
];

/// The toolbar of the list.
#[component]
pub fn IncidentFilter(
    /// What is let through.
    sieve: RwSignal<Sieve>,
    /// Every incident.
    rows: Memo<Vec<IncidentRow>>,
) -> impl IntoView {
    let clock = Clock::expect();
    // A pause ends by the minute, not by the second.
    let now = Memo::new(move |_| clock.now() / 60 * 60);
    let snoozed = Memo::new(move |_| {
        let asleep = Sieve {
            snoozed: true,
            ..Sieve::default()
        };
        rows.with(|rows| {
            rows.iter()
                .filter(|row| asleep.passes(row, now.get()))
                .count() as u64
        })
    });
    let severities = Memo::new(move |_| {
        let open = sieve.with(|sieve| sieve.without(|sieve| sieve.severity = None));
        rows.with(|rows| counts(rows, &open, now.get(), |row| row.severity))
    });
    let states = Memo::new(move |_| {
        let open = sieve.with(|sieve| sieve.without(|sieve| sieve.state = None));
        rows.with(|rows| counts(rows, &open, now.get(), |row| words::state(row.state)))
    });
    let kinds = Memo::new(move |_| {
        let open = sieve.with(|sieve| sieve.without(|sieve| sieve.kind = None));
        rows.with(|rows| counts(rows, &open, now.get(), |row| row.r#type.clone()))
    });
    let chosen_kind = move || sieve.with(|sieve| sieve.kind.clone().unwrap_or_default());
    let choose_kind = move |kind: String| {
        sieve.update(|sieve| sieve.kind = (!kind.is_empty()).then_some(kind));
    };
    // A chosen type stays on offer when its last incident is gone.
    let offered = move || {
        let mut offered: BTreeMap<String, u64> = kinds.get();
        let chosen = chosen_kind();
        if !chosen.is_empty() {
            offered.entry(chosen).or_default();
        }
        offered.into_iter().collect::<Vec<_>>()
    };
    view! {
        <div class="filter">
            <Glyph icon=Icon::Search size=14 />
            <input
                class="input"
                type="text"
                placeholder="Words of title, object or cause"
                aria-label="Filter incidents"
                spellcheck="false"
                autocomplete="off"
                prop:value=move || sieve.with(|sieve| sieve.words.clone())
                on:input:target=move |event| {
                    let words = event.target().value();
                    sieve.update(|sieve| sieve.words = words);
                }
            />
        </div>
        <div class="facets incident-facets" role="group" aria-label="Severity">
            {SEVERITIES.map(|own| {
                let chosen = move || sieve.with(|sieve| sieve.severity == Some(own));
                let count = move || severities.with(|counts| counts.get(&own).copied().unwrap_or(0));
                view! {
                    <Show when=move || chosen() || count() != 0>
                        <button
                            class=format!("chip facet severity-{}", words::severity(own))
                            type="button"
                            data-severity=words::severity(own)
                            aria-pressed=move || chosen().to_string()
                            on:click=move |_| {
                                let next = (!chosen()).then_some(own);
                                sieve.update(|sieve| sieve.severity = next);
                            }
                        >
                            <SeverityMark severity=own />
                            <span class="number">{move || grouped(count())}</span>
                        </button>
                    </Show>
                }
            }).into_iter().collect_view()}
        </div>
        <div class="facets incident-facets" role="group" aria-label="State">
            {STATES.map(|own| {
                let chosen = move || sieve.with(|sieve| sieve.state == Some(own));
                let count = move || states.with(|counts| counts.get(words::state(own)).copied().unwrap_or(0));
                view! {
                    <Show when=move || chosen() || count() != 0>
                        <button
                            class="chip"
                            type="button"
                            data-state-facet=words::state(own)
                            aria-pressed=move || chosen().to_string()
                            on:click=move |_| {
                                let next = (!chosen()).then_some(own);
                                sieve.update(|sieve| sieve.state = next);
                            }
                        >
                            {words::state(own)}
                            " "
                            <span class="number">{move || grouped(count())}</span>
                        </button>
                    </Show>
                }
            }).into_iter().collect_view()}
        </div>
        <Show when=move || snoozed.get() != 0 || sieve.with(|sieve| sieve.snoozed)>
            <button
                class="chip"
                type="button"
                data-snoozed
                aria-pressed=move || sieve.with(|sieve| sieve.snoozed).to_string()
                on:click=move |_| sieve.update(|sieve| sieve.snoozed = !sieve.snoozed)
            >
                "snoozed "
                <span class="number">{move || grouped(snoozed.get())}</span>
            </button>
        </Show>
        <select
            class="input incident-kinds"
            aria-label="Type"
            data-setting="incident-type"
            prop:value=chosen_kind
            on:change:target=move |event| choose_kind(event.target().value())
        >
            <option value="" selected=move || chosen_kind().is_empty()>"Every type"</option>
            <For each=offered key=Clone::clone let((kind, count))>
                {
                    let own = kind.clone();
                    view! {
                        <option value=kind selected=move || chosen_kind() == own>
                            {format!("{} ({count})", spaced(&kind))}
                        </option>
                    }
                }
            </For>
        </select>
    }
}
