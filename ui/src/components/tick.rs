//! A box that is ticked or not.

use leptos::prelude::*;

use crate::components::icon::{Glyph, Icon};

/// The box; what it is about stands beside it.
#[component]
pub fn Tick(
    /// Whether it is ticked.
    #[prop(into)]
    on: Signal<bool>,
) -> impl IntoView {
    view! {
        <span class="tick" class:tick-on=on>
            <Show when=move || on.get()>
                <Glyph icon=Icon::Check size=12 />
            </Show>
        </span>
    }
}
