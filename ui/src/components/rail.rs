//! The way between views: icons, or icons with names when widened.

use leptos::prelude::*;

use crate::{
    components::icon::{Glyph, Icon},
    model::words::plural,
    route::Route,
    state::{
        choices::Choices, incidents::Incidents, navigation::Navigation, prefs, session::Session,
    },
    views::registry::{Entry, Section, entries},
};

/// Windows at least this wide start with a wide rail, in CSS px.
const ROOMY: f64 = 1440.0;

/// The rail at the left edge.
#[component]
pub fn Rail() -> impl IntoView {
    let session = Session::expect();
    let choices = Choices::expect();
    let roomy = || {
        window()
            .inner_width()
            .ok()
            .and_then(|w| w.as_f64())
            .is_some_and(|w| w >= ROOMY)
    };
    let stored = prefs::get("rail");
    let wide = RwSignal::new(stored.map_or_else(roomy, |rail| rail == "wide"));
    let turn = move |_| {
        wide.update(|wide| *wide = !*wide);
        prefs::set(
            "rail",
            if wide.get_untracked() {
                "wide"
            } else {
                "narrow"
            },
        );
    };
    let sections = move || {
        let entries = session
            .kinds
            .with(|kinds| entries(kinds.as_deref().unwrap_or_default(), &choices.hidden()));
        let mut sections: Vec<(Section, Vec<Entry>)> = Vec::new();
        for entry in entries {
            match sections.last_mut() {
                Some((section, list)) if *section == entry.section => list.push(entry),
                _ => sections.push((entry.section, vec![entry])),
            }
        }
        sections
    };
    view! {
        <nav class="rail" class:rail-wide=move || wide.get() aria-label="Views">
            <div class="rail-brand" aria-hidden="true">
                <span class="rail-logo">"K"</span>
                <span class="rail-name">"KubeGraf"</span>
            </div>
            <For each=sections key=|(section, list)| (*section, list.len()) let((section, list))>
                <h2 class="rail-section">{section.title()}</h2>
                <ul>
                    {list.into_iter().map(|entry| view! { <RailItem entry /> }).collect_view()}
                </ul>
            </For>
            <button
                class="icon-button rail-turn"
                type="button"
                aria-label=move || if wide.get() { "Narrow the rail" } else { "Widen the rail" }
                on:click=turn
            >
                <Glyph icon=Icon::Sidebar />
            </button>
        </nav>
    }
}

/// One view to go to.
#[component]
fn RailItem(
    /// The view.
    entry: Entry,
) -> impl IntoView {
    let navigation = Navigation::expect();
    let incidents = Incidents::expect();
    let view_name = entry.route.view().to_owned();
    let current = move || (navigation.route().view() == view_name).then_some("page");
    let is_incidents = matches!(entry.route, Route::Incidents { .. });
    let open = move || match incidents.summary.get().total {
        0 => None,
        total if is_incidents => Some(total),
        _ => None,
    };
    view! {
        <li>
            <a class="rail-item" href=entry.route.hash() aria-current=current title=entry.title>
                <Glyph icon=entry.icon size=18 />
                <span class="rail-name">{entry.title.clone()}</span>
                {move || {
                    open().map(|count| {
                        let spoken = format!("{} unresolved", plural(count.into(), "incident"));
                        view! {
                            <span class="badge number" data-badge=count title=spoken>
                                <span aria-hidden="true">{count.min(999)}</span>
                                <span class="hidden-visually">{spoken.clone()}</span>
                            </span>
                        }
                    })
                }}
            </a>
        </li>
    }
}
