//! What was observed, where, and what would have been right.

use kubegraf_ipc::{age::human_duration, incident::Evidence};
use leptos::prelude::*;

use crate::{
    components::object_link::ObjectLink,
    model::words::{source, value},
    state::clock::Clock,
};

/// All observations.
#[component]
pub fn EvidenceList(
    /// What was observed.
    evidence: Vec<Evidence>,
) -> impl IntoView {
    let items = evidence
        .into_iter()
        .map(|evidence| view! { <EvidenceItem evidence /> });
    view! { <ul class="evidence">{items.collect_view()}</ul> }
}

/// One observation.
#[component]
fn EvidenceItem(
    /// What was observed.
    evidence: Evidence,
) -> impl IntoView {
    let clock = Clock::expect();
    let Evidence {
        object,
        field,
        observed,
        expected,
        source: read_in,
        at,
    } = evidence;
    view! {
        <li class="evidence-item" data-evidence>
            <p class="evidence-where">
                <code>{field}</code>
                <ObjectLink object />
                <span class="dim">{source(read_in)}</span>
                {at.map(|at| view! {
                    <span class="dim number" data-at=at>{move || format!("{} ago", human_duration(clock.now() - at))}</span>
                })}
            </p>
            <p class="evidence-what">
                <span class="dim">"observed "</span>
                <code>{value(&observed)}</code>
                {expected.map(|expected| view! {
                    <span class="dim">" expected "</span>
                    <code>{value(&expected)}</code>
                })}
            </p>
        </li>
    }
}
