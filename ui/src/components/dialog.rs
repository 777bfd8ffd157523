//! A modal dialog: the browser's own, which keeps the focus inside and closes on Escape.

use leptos::{ev, html, prelude::*};
use wasm_bindgen::JsCast;

/// Shows `children` above everything until closed.
#[component]
pub fn Dialog(
    /// What heads it, and what a screen reader calls it.
    #[prop(into)]
    title: Signal<String>,
    /// Called once when the user closes it.
    on_close: impl Fn() + Copy + Send + Sync + 'static,
    /// What it holds.
    children: Children,
) -> impl IntoView {
    let dialog = NodeRef::<html::Dialog>::new();
    Effect::new(move |_| {
        if let Some(dialog) = dialog.get()
            && !dialog.open()
        {
            // It is in the document and closed, so showing it cannot fail.
            let _ = dialog.show_modal();
        }
    });
    let before = StoredValue::new_local(document().active_element());
    on_cleanup(move || {
        let opener = before.try_get_value().flatten();
        if let Some(opener) =
            opener.and_then(|element| element.dyn_into::<web_sys::HtmlElement>().ok())
        {
            // Everything outside is inert until the dialog has left the document.
            request_animation_frame(move || {
                // Where the opener is gone, the browser's own choice stays.
                let _ = opener.focus();
            });
        }
    });
    let cancel = move |event: ev::Event| {
        event.prevent_default();
        on_close();
    };
    view! {
        <dialog
            class="dialog"
            role="dialog"
            aria-modal="true"
            aria-labelledby="dialog-title"
            node_ref=dialog
            on:cancel=cancel
        >
            <h1 id="dialog-title">{title}</h1>
            {children()}
        </dialog>
    }
}
