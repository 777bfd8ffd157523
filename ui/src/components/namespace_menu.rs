//! Which namespaces the tables show.

use leptos::{html, prelude::*};

use crate::{
    components::{
        icon::{Glyph, Icon},
        menu::Menu,
        tick::Tick,
    },
    model::words::few,
    state::session::Session,
};

/// The namespace picker: any number of them, none meaning all.
#[component]
pub fn NamespaceMenu() -> impl IntoView {
    let session = Session::expect();
    let open = RwSignal::new(false);
    let search = RwSignal::new(String::new());
    let field = NodeRef::<html::Input>::new();
    Effect::new(move |_| {
        if let Some(field) = field.get() {
            let _ = field.focus();
        }
    });
    Effect::new(move |_| {
        if open.get() {
            search.set(String::new());
            session.reload_namespaces();
        }
    });
    let shown = move || session.chosen.with(|chosen| summary(chosen));
    let button = view! {
        <Glyph icon=Icon::Namespaces size=14 />
        <span class="clip">{shown}</span>
        <Glyph icon=Icon::Down size=14 />
    };
    let found = move || {
        let wanted = search.get().to_lowercase();
        let mut names = session.namespaces.get();
        names.retain(|name| name.contains(&wanted));
        names
    };
    let label = Signal::derive(move || format!("Namespaces: {}", shown()));
    view! {
        <Menu open label class="button namespace-button" button=button.into_any() role="dialog">
            <input
                class="input namespace-search"
                type="search"
                placeholder="Find a namespace"
                aria-label="Find a namespace"
                node_ref=field
                prop:value=move || search.get()
                on:input:target=move |event| search.set(event.target().value())
            />
            <button
                class="menu-item"
                type="button"
                aria-pressed=move || session.chosen.with(Vec::is_empty).to_string()
                on:click=move |_| session.choose(Vec::new())
            >
                <Tick on=Signal::derive(move || session.chosen.with(Vec::is_empty)) />
                "All namespaces"
            </button>
            <For each=found key=Clone::clone let:name>
                <NamespaceItem name />
            </For>
        </Menu>
    }
}

/// One namespace to show or not.
#[component]
fn NamespaceItem(
    /// Its name.
    name: String,
) -> impl IntoView {
    let session = Session::expect();
    let (own, shown) = (name.clone(), name.clone());
    let on = Signal::derive(move || session.chosen.with(|chosen| chosen.contains(&own)));
    let toggle = move |_| {
        let mut chosen = session.chosen.get_untracked();
        match chosen.iter().position(|other| *other == name) {
            Some(place) => drop(chosen.remove(place)),
            None => {
                chosen.push(name.clone());
                chosen.sort_unstable();
            }
        }
        session.choose(chosen);
    };
    view! {
        <button
            class="menu-item"
            type="button"
            aria-pressed=move || on.get().to_string()
            data-namespace-choice=shown
            on:click=toggle
        >
            <Tick on />
            <span class="clip mono">{shown.clone()}</span>
        </button>
    }
}

fn summary(chosen: &[String]) -> String {
    if chosen.is_empty() {
        return "All namespaces".into();
    }
    few(chosen)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_button_names_two_and_counts_the_rest() {
        let chosen = ["a", "b", "c", "d"].map(str::to_owned);
        assert_eq!(summary(&chosen), "a, b +2");
        assert_eq!(summary(&chosen[..2]), "a, b");
        assert_eq!(summary(&[]), "All namespaces");
    }
}
