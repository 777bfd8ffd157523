//! Earlier incidents that resemble one, and what became of them.

use kubegraf_ipc::{
    age::human_duration,
    lifecycle::{SimilarIncident, SimilarIncidents},
};
use leptos::{prelude::*, task::spawn_local};

use crate::{components::mark::SeverityMark, ipc, model::words::spaced, state::clock::Clock};

/// The section; absent while there is none.
#[component]
pub fn Similar(
    /// The cluster's id.
    cluster: String,
    /// The incident's id.
    id: String,
) -> impl IntoView {
    let found = RwSignal::new(Vec::<SimilarIncident>::new());
    spawn_local(async move {
        if let Ok(similar) = ipc::call(SimilarIncidents { cluster, id }).await {
            found.try_set(similar);
        }
    });
    view! {
        <Show when=move || !found.with(Vec::is_empty)>
            <section data-similar>
                <h2>"Similar incidents before"</h2>
                <ul class="similar">
                    <For each=move || found.get() key=|one| one.row.id.clone() let:one>
                        <Earlier one />
                    </For>
                </ul>
            </section>
        </Show>
    }
}

/// One earlier incident.
#[component]
fn Earlier(
    /// It.
    one: SimilarIncident,
) -> impl IntoView {
    let clock = Clock::expect();
    let first_seen = one.row.first_seen;
    let end = match (one.resolution.as_deref(), one.applied_fix) {
        (Some("fix"), Some(fix)) => format!("healed by: {}", fix.description),
        (Some("fix"), None) => "healed by a fix".to_owned(),
        (Some("object_gone"), _) => "its object went".into(),
        (Some("auto"), Some(fix)) => format!("went by itself; tried: {}", fix.description),
        (Some("auto"), None) => "went by itself".into(),
        (Some(other), _) => spaced(other),
        (None, Some(fix)) => format!("still there; tried: {}", fix.description),
        (None, None) => "still there".into(),
    };
    view! {
        <li class="similar-line">
            <SeverityMark severity=one.row.severity worded=false />
            <span class="similar-title selectable">{one.row.title}</span>
            <span class="dim number">{format!("{:.0} % alike", one.similarity * 100.0)}</span>
            <span class="dim number" data-at=first_seen>{move || format!("{} ago", human_duration((clock.now() - first_seen).max(0)))}</span>
            <span class="similar-end dim selectable">{end}</span>
        </li>
    }
}
