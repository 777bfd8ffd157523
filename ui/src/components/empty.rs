//! Says why there is nothing to see, and offers the next step.

use leptos::prelude::*;

use crate::components::icon::{Glyph, Icon};

/// An empty, broken or forbidden view.
#[component]
pub fn EmptyState(
    /// A drawing for it.
    icon: Icon,
    /// What is the case.
    #[prop(into)]
    title: Signal<String>,
    /// Why, and what that means.
    #[prop(into)]
    text: Signal<String>,
    /// Buttons for what to do next.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    view! {
        <div class="empty" role="status">
            <Glyph icon size=28 />
            <h2>{title}</h2>
            <p>{text}</p>
            <div class="empty-next">{children.map(|children| children())}</div>
        </div>
    }
}
