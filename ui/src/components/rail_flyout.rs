//! What comes out of the rail: the views of a section, or a field that finds a view of any.

use leptos::{ev, prelude::*};

use crate::{
    components::{icon::Glyph, rail::Pin},
    model::{keys::Act, sections::found, words::plural},
    route::Route,
    state::{incidents::Incidents, navigation::Navigation, shortcuts::Shortcuts, sidebar::Sidebar},
    views::registry::{Entry, Section},
};

/// The views of a section.
#[component]
pub fn SectionFlyout(
    /// Which section.
    section: Section,
    /// Its views.
    list: Vec<Entry>,
) -> impl IntoView {
    view! {
        <div class="flyout-head">
            <h2>{section.title()}</h2>
            <Pin section />
        </div>
        <ul>{list.into_iter().map(|entry| view! { <ViewLink entry /> }).collect_view()}</ul>
    }
}

/// A field, and the views its letters mean.
#[component]
pub fn Switcher() -> impl IntoView {
    let sidebar = Sidebar::expect();
    let navigation = Navigation::expect();
    let typed = RwSignal::new(String::new());
    let views = Memo::new(move |_| {
        let sections = sidebar.sections.get();
        let all: Vec<Entry> = sections.into_iter().flat_map(|(_, list)| list).collect();
        let titles: Vec<String> = all.iter().map(|entry| entry.title.clone()).collect();
        let found = typed.with(|typed| found(typed, &titles));
        found
            .into_iter()
            .map(|index| all[index].clone())
            .collect::<Vec<_>>()
    });
    let first = move |event: ev::KeyboardEvent| {
        if event.key() == "Enter"
            && let Some(entry) = views.with_untracked(|views| views.first().cloned())
        {
            event.prevent_default();
            sidebar.close();
            navigation.go(&entry.route);
        }
    };
    view! {
        <div class="flyout-head">
            <input
                class="input"
                type="text"
                aria-label="Find a view"
                placeholder="Find a view"
                autocomplete="off"
                spellcheck="false"
                prop:value=typed
                on:input:target=move |event| typed.set(event.target().value())
                on:keydown=first
            />
        </div>
        <ul>
            <For each=move || views.get() key=|entry| entry.route.hash() let:entry>
                <ViewLink entry />
            </For>
        </ul>
        <Show when=move || views.with(Vec::is_empty)>
            <p class="flyout-none dim">"No view is called so."</p>
        </Show>
    }
}

/// One view to go to.
#[component]
pub fn ViewLink(
    /// The view.
    entry: Entry,
) -> impl IntoView {
    let sidebar = Sidebar::expect();
    let shortcuts = Shortcuts::expect();
    let navigation = Navigation::expect();
    let view_name = entry.route.view().to_owned();
    let act = Act::View(view_name.clone());
    // A person may have given it others than the registry's.
    let keys = move || shortcuts.keys(&act);
    let current = move || (navigation.route().view() == view_name).then_some("page");
    let counts = matches!(entry.route, Route::Incidents { .. });
    view! {
        <li>
            <a class="rail-item" href=entry.route.hash() aria-current=current on:click=move |_| sidebar.close()>
                <Glyph icon=entry.icon size=16 />
                <span class="clip">{entry.title}</span>
                {move || keys().map(|keys| view! { <kbd aria-hidden="true">{keys}</kbd> })}
                {counts.then(|| view! { <Badge /> })}
            </a>
        </li>
    }
}

/// How many incidents are unresolved; it beats while one of them has not been seen.
#[component]
pub fn Badge() -> impl IntoView {
    let incidents = Incidents::expect();
    let total = Memo::new(move |_| incidents.summary.with(|summary| summary.total));
    let unseen = incidents.unseen;
    view! {
        <Show when=move || total.get() != 0>
            <span class="badge number" data-badge=move || total.get() data-pulse=move || unseen.get().then_some("true")>
                <span aria-hidden="true">{move || total.get().min(999)}</span>
                <span class="hidden-visually">
                    {move || {
                        let new = if unseen.get() { ", some not seen yet" } else { "" };
                        format!("{} unresolved{new}", plural(total.get().into(), "incident"))
                    }}
                </span>
            </span>
        </Show>
    }
}
