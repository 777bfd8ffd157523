//! Says that the incident engine rests, and lets it work again.

use kubegraf_ipc::preferences::PreferenceChange;
use leptos::prelude::*;

use crate::state::choices::Choices;

/// A chip, while the engine rests.
#[component]
pub fn PausedChip() -> impl IntoView {
    let choices = Choices::expect();
    let paused = Memo::new(move |_| choices.all.with(|all| all.scans_paused));
    view! {
        <Show when=move || paused.get()>
            <span class="chip chip-warn" data-paused title="Incidents stay as they were when background scans were paused">
                "Scans paused"
            </span>
            <button
                class="button small"
                type="button"
                data-action="resume-scans"
                on:click=move |_| choices.change(PreferenceChange::ScansPaused(false))
            >
                "Resume"
            </button>
        </Show>
    }
}
