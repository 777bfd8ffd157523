//! Light, dark or the system's.

use kubegraf_ipc::preferences::{PreferenceChange, Theme};
use leptos::prelude::*;

use crate::{
    components::icon::{Glyph, Icon},
    state::choices::{Choices, theme_name},
};

/// Goes round the three choices.
#[component]
pub fn ThemeToggle() -> impl IntoView {
    let choices = Choices::expect();
    let theme = Memo::new(move |_| choices.all.with(|all| all.theme));
    let turn = move |_| choices.change(PreferenceChange::Theme(next(theme.get_untracked())));
    let label = move || {
        let theme = theme.get();
        format!(
            "Theme: {}. Switch to {}",
            theme_name(theme),
            theme_name(next(theme))
        )
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

const fn next(theme: Theme) -> Theme {
    match theme {
        Theme::System => Theme::Dark,
        Theme::Dark => Theme::Light,
        Theme::Light => Theme::System,
    }
}
