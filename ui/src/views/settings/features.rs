//! What can be switched off, as core lists it, and the mode in which no cluster is changed.

use kubegraf_ipc::{features::FeatureInfo, preferences::PreferenceChange};
use leptos::prelude::*;

use super::{Check, Part};
use crate::{components::tick::Tick, state::choices::Choices};

/// Read-only, and whose changes are asked for twice.
#[component]
pub fn SafetyPart() -> impl IntoView {
    let choices = Choices::expect();
    let read_only = Signal::derive(move || choices.all.with(|all| all.read_only));
    view! {
        <Part title="Safety">
            <div class="setting-line">
                <span>"Read-only"</span>
                <Check
                    on=read_only
                    text="no cluster is changed: the core refuses fixes and terminals"
                    change=PreferenceChange::ReadOnly
                />
            </div>
            <p class="dim">
                "A protected cluster asks for its name before a change. Clusters are protected where they are listed."
            </p>
        </Part>
    }
}

/// One line per feature.
#[component]
pub fn FeaturesPart() -> impl IntoView {
    let choices = Choices::expect();
    view! {
        <Part title="Features">
            <p class="dim">"What is switched off here is refused by the core, wherever it is asked for."</p>
            <For each=move || choices.features.get() key=|feature| feature.id.clone() let:feature>
                <Line feature />
            </For>
        </Part>
    }
}

/// One feature.
#[component]
fn Line(
    /// The feature.
    feature: FeatureInfo,
) -> impl IntoView {
    let choices = Choices::expect();
    let id = feature.id.clone();
    let on = Signal::derive(move || choices.all.with(|all| !all.features_off.contains(&id)));
    let id = feature.id.clone();
    view! {
        <div class="setting-line">
            <span>{feature.title}</span>
            <button
                class="setting-check"
                type="button"
                role="checkbox"
                aria-checked=move || on.get().to_string()
                data-feature=feature.id
                on:click=move |_| {
                    choices.change(PreferenceChange::Feature {
                        id: id.clone(),
                        on: !on.get_untracked(),
                    });
                }
            >
                <Tick on />
                {feature.about}
            </button>
        </div>
    }
}
