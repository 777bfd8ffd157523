//! A button that opens something below it; Escape, a click elsewhere and leaving by Tab close it.

use leptos::{ev, html, prelude::*};
use wasm_bindgen::JsCast;

/// A pop-up and its button. The content is built when it opens.
#[component]
pub fn Menu(
    /// Whether it is open.
    open: RwSignal<bool>,
    /// What a screen reader calls the button.
    #[prop(into)]
    label: Signal<String>,
    /// Class of the button.
    class: &'static str,
    /// What the button shows.
    button: AnyView,
    /// Role of the pop-up: `menu`, `dialog`.
    role: &'static str,
    /// Whether it opens towards the left, for a button at the right edge.
    #[prop(default = false)]
    at_right: bool,
    /// What the pop-up holds.
    children: ChildrenFn,
) -> impl IntoView {
    let anchor = NodeRef::<html::Div>::new();
    let trigger = NodeRef::<html::Button>::new();
    let outside = window_event_listener(ev::pointerdown, move |event| {
        let node = event
            .target()
            .and_then(|target| target.dyn_into::<web_sys::Node>().ok());
        let inside = anchor
            .get_untracked()
            .is_some_and(|anchor| anchor.contains(node.as_ref()));
        if open.get_untracked() && !inside {
            open.set(false);
        }
    });
    on_cleanup(move || outside.remove());
    let keys = move |event: ev::KeyboardEvent| match event.key().as_str() {
        "Escape" if open.get_untracked() => {
            event.stop_propagation();
            open.set(false);
            if let Some(trigger) = trigger.get_untracked() {
                let _ = trigger.focus();
            }
        }
        "ArrowDown" => step(anchor, &event, 1),
        "ArrowUp" => step(anchor, &event, -1),
        _ => {}
    };
    view! {
        <div class="menu-anchor" node_ref=anchor on:keydown=keys>
            <button
                class=class
                type="button"
                node_ref=trigger
                aria-label=label
                aria-haspopup=role
                aria-expanded=move || open.get().to_string()
                on:click=move |_| open.update(|open| *open = !*open)
            >
                {button}
            </button>
            <Show when=move || open.get()>
                <div class="menu" class:menu-right=at_right role=role aria-label=label>{children()}</div>
            </Show>
        </div>
    }
}

/// Moves the focus among the pop-up's items.
fn step(anchor: NodeRef<html::Div>, event: &ev::KeyboardEvent, by: i32) {
    let Some(anchor) = anchor.get_untracked() else {
        return;
    };
    let Ok(items) = anchor.query_selector_all(".menu-item:not(:disabled)") else {
        return;
    };
    let count = i32::try_from(items.length()).unwrap_or(0);
    if count == 0 {
        return;
    }
    event.prevent_default();
    let active = document().active_element();
    let current = (0..count).find(|&index| {
        let item = items.get(index.unsigned_abs());
        item.is_some() && item == active.clone().map(JsCast::unchecked_into)
    });
    let next = match current {
        Some(at) => (at + by).rem_euclid(count),
        None if by > 0 => 0,
        None => count - 1,
    };
    let item = items
        .get(next.unsigned_abs())
        .and_then(|item| item.dyn_into::<web_sys::HtmlElement>().ok());
    if let Some(item) = item {
        let _ = item.focus();
    }
}
