//! A line of a form: what it is called, and a text.

use leptos::prelude::*;

/// A labelled text.
#[component]
pub fn Field(
    /// What stands before it.
    title: &'static str,
    /// What a screen reader calls it.
    label: &'static str,
    /// The text.
    text: RwSignal<String>,
    /// What stands in it while it is empty.
    #[prop(optional, into)]
    placeholder: Signal<String>,
) -> impl IntoView {
    view! {
        <label>
            <span>{title}</span>
            <input
                class="input mono"
                type="text"
                aria-label=label
                spellcheck="false"
                autocomplete="off"
                placeholder=placeholder
                prop:value=move || text.get()
                on:input:target=move |event| text.set(event.target().value())
            />
        </label>
    }
}
