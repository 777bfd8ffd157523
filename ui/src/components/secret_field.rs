//! A labelled line of a form about accounts. What is typed stays in its signal until the form has gone.

use leptos::prelude::*;

/// A line: its label and its field.
#[component]
pub fn Line(
    /// What it is called.
    label: &'static str,
    /// Names it for tests and styles.
    field: &'static str,
    /// What is typed.
    value: RwSignal<String>,
    /// Whether it is hidden while it is typed.
    #[prop(default = false)]
    secret: bool,
    /// What a password store is told that it is.
    #[prop(default = "off")]
    autocomplete: &'static str,
    /// Whether the form begins here.
    #[prop(default = false)]
    first: bool,
) -> impl IntoView {
    let kind = if secret { "password" } else { "text" };
    view! {
        <label class="account-line">
            <span>{label}</span>
            <input
                class="input"
                type=kind
                data-field=field
                autocomplete=autocomplete
                autocapitalize="off"
                spellcheck="false"
                autofocus=first
                prop:value=move || value.get()
                on:input:target=move |event| value.set(event.target().value())
            />
        </label>
    }
}
