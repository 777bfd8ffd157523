//! A button that copies text.

use leptos::prelude::*;
use wasm_bindgen_futures::JsFuture;

use crate::{
    components::icon::{Glyph, Icon},
    state::toasts::Toasts,
};

/// Copies `text` and says so.
pub fn copy(text: String, toasts: Toasts) {
    copy_saying(text, "Copied.".into(), toasts);
}

/// Copies `text` and says `done`.
pub fn copy_saying(text: String, done: String, toasts: Toasts) {
    leptos::task::spawn_local(async move {
        let written = JsFuture::from(window().navigator().clipboard().write_text(&text)).await;
        match written {
            Ok(_) => toasts.say(done),
            Err(_) => toasts.say("The clipboard cannot be written; select the text instead."),
        }
    });
}

/// Copies what it names.
#[component]
pub fn CopyButton(
    /// What is copied.
    #[prop(into)]
    text: Signal<String>,
    /// What the button says.
    label: &'static str,
) -> impl IntoView {
    let toasts = Toasts::expect();
    view! {
        <button class="button small" type="button" on:click=move |_| copy(text.get_untracked(), toasts)>
            <Glyph icon=Icon::ReplicaSets size=14 />
            {label}
        </button>
    }
}
