//! The messages that float at the lower right.

use leptos::prelude::*;

use crate::{
    components::icon::{Glyph, Icon},
    state::toasts::{Toast, Toasts},
};

/// All messages on screen.
#[component]
pub fn ToastList() -> impl IntoView {
    let toasts = Toasts::expect();
    view! {
        <div class="toasts" aria-label="Messages" role="region">
            <For each=move || toasts.list() key=|toast| toast.id let:toast>
                <ToastCard toast />
            </For>
        </div>
    }
}

/// One message.
#[component]
fn ToastCard(
    /// What it says.
    toast: Toast,
) -> impl IntoView {
    let toasts = Toasts::expect();
    let Toast {
        id,
        is_error,
        text,
        detail,
    } = toast;
    let icon = if is_error {
        Icon::Incidents
    } else {
        Icon::Check
    };
    view! {
        <div class="toast" class:toast-error=is_error role=if is_error { "alert" } else { "status" }>
            <Glyph icon />
            <div class="toast-text">
                <p>{text}</p>
                {detail.map(|detail| view! {
                    <details>
                        <summary>"Details"</summary>
                        <pre>{detail}</pre>
                    </details>
                })}
            </div>
            <button
                class="icon-button small"
                type="button"
                aria-label="Dismiss"
                on:click=move |_| toasts.dismiss(id)
            >
                <Glyph icon=Icon::Close size=14 />
            </button>
        </div>
    }
}
