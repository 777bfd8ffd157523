//! A status in a chip: shape, word and colour.

use kubegraf_ipc::object::Tone;
use leptos::prelude::*;

use crate::{components::mark::ToneMark, model::words};

/// A chip that says how a thing stands.
#[component]
pub fn StatusChip(
    /// How good or bad that is.
    #[prop(into)]
    tone: Signal<Tone>,
    /// The word.
    #[prop(into)]
    word: Signal<String>,
) -> impl IntoView {
    view! {
        <span class=move || format!("chip status-chip tone-{}", words::tone(tone.get()))>
            <ToneMark tone />
            {word}
        </span>
    }
}
