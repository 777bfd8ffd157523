//! Light, dark or the system's.

use leptos::prelude::*;

use crate::{
    components::icon::{Glyph, Icon},
    state::theme::Theme,
};

/// Goes round the three choices.
#[component]
pub fn ThemeToggle() -> impl IntoView {
    let theme = RwSignal::new(Theme::stored());
    let turn = move |_| {
        let next = theme.get_untracked().next();
        next.apply();
        theme.set(next);
    };
    let label = move || {
        let theme = theme.get();
        format!("Theme: {}. Switch to {}", theme.name(), theme.next().name())
    };
    view! {
        <button class="icon-button" type="button" aria-label=label title=label on:click=turn>
            {move || {
                let icon = match theme.get() {
                    Theme::System => Icon::System,
                    Theme::Dark => Icon::Moon,
                    Theme::Light => Icon::Sun,
                };
                view! { <Glyph icon /> }
            }}
        </button>
    }
}
