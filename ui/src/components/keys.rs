//! The keys of an action, beside whatever does the same.

use leptos::prelude::*;

use crate::{model::keys::Act, state::shortcuts::Shortcuts};

/// The keys as they are set now; nothing where it has none. For the eye only: a screen reader is told by
/// `aria-keyshortcuts` or by the list of keys.
#[component]
pub fn Keys(
    /// The action.
    act: Act,
) -> impl IntoView {
    let shortcuts = Shortcuts::expect();
    move || {
        shortcuts
            .keys(&act)
            .map(|keys| view! { <kbd aria-hidden="true">{keys}</kbd> })
    }
}
