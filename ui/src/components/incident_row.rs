//! One line of the incident list.

use kubegraf_ipc::{
    age::human_duration,
    incident::{IncidentRow, IncidentState},
};
use leptos::prelude::*;

use crate::{
    components::{
        icon::{Glyph, Icon},
        mark::SeverityMark,
    },
    model::words::{self, path},
    route::Route,
    state::clock::Clock,
};

/// One incident, leading to its detail.
#[component]
pub fn IncidentLine(
    /// The incident.
    row: ArcRwSignal<IncidentRow>,
    /// Id of the incident whose detail is shown.
    #[prop(into)]
    shown: Signal<Option<String>>,
) -> impl IntoView {
    let clock = Clock::expect();
    let row = RwSignal::from(row);
    let id = row.with_untracked(|row| row.id.clone());
    let href = Route::Incidents {
        id: Some(id.clone()),
    }
    .hash();
    let own = id.clone();
    let current = move || {
        shown
            .with(|shown| shown.as_ref() == Some(&own))
            .then_some("true")
    };
    let state = move || row.with(|row| row.state);
    let since = move || {
        row.with(|row| match row.state {
            IncidentState::Open => human_duration(clock.now() - row.first_seen),
            _ => words::state(row.state).to_owned(),
        })
    };
    let severity = Signal::derive(move || row.with(|row| row.severity));
    view! {
        <a
            class="incident-line"
            class:incident-over=move || state() == IncidentState::Resolved
            href=href
            aria-current=current
            data-incident=id
            data-type=move || row.with(|row| row.r#type.clone())
            data-state=move || words::state(state())
            data-name=move || row.with(|row| row.resource.name.clone())
            data-namespace=move || row.with(|row| row.resource.namespace.clone())
        >
            <span class="incident-top">
                <SeverityMark severity />
                <Show when=move || row.with(|row| row.fix_ready && row.state == IncidentState::Open)>
                    <span class="fix-ready" title="A fix can be previewed">
                        <Glyph icon=Icon::Wrench size=12 />
                        "fix ready"
                    </span>
                </Show>
                {move || row.with(|row| {
                    let attention = &row.attention;
                    let asleep = attention.snoozed_until.is_some_and(|until| until > clock.now());
                    let word = match (asleep, attention.acknowledged_at) {
                        (true, _) => "snoozed",
                        (false, Some(_)) => "seen",
                        (false, None) => return None,
                    };
                    Some(view! { <span class="incident-seen dim" data-attention=word>{word}</span> })
                })}
                <span class="incident-since dim number" data-at=move || row.with(|row| row.first_seen)>
                    {since}
                </span>
            </span>
            <span class="incident-title">{move || row.with(words::plain_title)}</span>
            <span class="incident-where clip dim">
                {move || row.with(|row| format!("{} {}", row.resource.kind, path(&row.resource)))}
            </span>
        </a>
    }
}
