//! Which cluster the window is on, and the way to another.

use kubegraf_ipc::cluster::ClusterEntry;
use leptos::prelude::*;

use crate::{
    components::{
        icon::{Glyph, Icon},
        menu::Menu,
    },
    model::{contexts, words::plural},
    route::{Page, Route},
    state::{connecting::Connecting, session::Session},
};

/// More clusters than this want a field to find one.
const MANY: usize = 8;

/// The cluster switcher.
#[component]
pub fn ClusterMenu() -> impl IntoView {
    let session = Session::expect();
    let open = RwSignal::new(false);
    Effect::new(move |_| {
        if open.get() {
            session.reload_clusters();
        }
    });
    let connected = move || {
        session
            .status
            .with(|s| s.as_ref().is_some_and(|s| s.connected))
    };
    let name = move || {
        let switching = session.switching.get().and_then(|id| {
            session.clusters.with(|list| {
                let entry = list.clusters.iter().find(|entry| entry.id == id);
                entry.map(|entry| format!("{} …", entry.name))
            })
        });
        switching.unwrap_or_else(|| match session.cluster_name() {
            name if name.is_empty() => "No cluster".into(),
            name => name,
        })
    };
    let button = view! {
        <span class="dot" class:dot-on=connected></span>
        <span class="clip">{name}</span>
        <Glyph icon=Icon::Down size=14 />
    };
    let label = Signal::derive(move || format!("Cluster: {}", name()));
    let search = RwSignal::new(String::new());
    let many = move || session.clusters.with(|list| list.clusters.len() > MANY);
    let found = move |connected: bool| {
        let typed = search.get();
        session.clusters.with(|list| {
            let all = list.clusters.iter();
            all.filter(|e| e.is_connected == connected && contexts::found(&typed, e))
                .cloned()
                .collect::<Vec<_>>()
        })
    };
    let left_out = Memo::new(move |_| session.clusters.with(|list| list.problems.len() as u64));
    view! {
        <Menu open label class="button cluster-button" button=button.into_any() role="menu">
            <Show when=many>
                <input
                    class="input namespace-search"
                    type="search"
                    placeholder="Find a cluster"
                    aria-label="Find a cluster"
                    prop:value=move || search.get()
                    on:input:target=move |event| search.set(event.target().value())
                />
            </Show>
            <For each=move || found(true) key=contexts::key let:entry>
                <ClusterItem entry open />
            </For>
            <Show when=move || !found(true).is_empty() && !found(false).is_empty()>
                <div class="menu-line" role="separator"></div>
            </Show>
            <For each=move || found(false) key=contexts::key let:entry>
                <ClusterItem entry open />
            </For>
            <div class="menu-last" role="presentation">
            <a
                class="menu-item"
                role="menuitem"
                href=Route::Page(Page::Clusters).hash()
                on:click=move |_| open.set(false)
            >
                <Glyph icon=Icon::Clusters size=14 />
                "All clusters"
                {move || match left_out.get() {
                    0 => None,
                    files => Some(view! {
                        <span class="tone-warn">{format!("{} left out", plural(files, "file"))}</span>
                    }),
                }}
            </a>
            </div>
        </Menu>
    }
}

/// One cluster to switch to.
#[component]
pub fn ClusterItem(
    /// The cluster.
    entry: ClusterEntry,
    /// The menu to close when it is chosen.
    open: RwSignal<bool>,
) -> impl IntoView {
    let connecting = Connecting::expect();
    let (id, active) = (entry.id.clone(), entry.is_active);
    let choose = move |_| {
        open.set(false);
        if !active {
            connecting.switch(id.clone());
        }
    };
    let note = match (&entry.error, entry.is_demo) {
        (Some(error), _) => error.clone(),
        (None, true) => "Built in, nothing of it leaves this computer".into(),
        (None, false) => entry.server.clone(),
    };
    let failed = entry.error.is_some();
    let word = (entry.is_connected && !active).then_some("open");
    view! {
        <button
            class="menu-item"
            type="button"
            role="menuitemradio"
            aria-checked=active.to_string()
            data-cluster=entry.id
            title=entry.kubeconfig_path
            on:click=choose
        >
            <span class="dot" class:dot-on=entry.is_reachable == Some(true) class:dot-off=failed></span>
            <span class="cluster-text">
                <span class="cluster-name">
                    <span class="clip">{entry.name}</span>
                    {entry.protected.then(|| view! { <Glyph icon=Icon::Lock size=12 /><span class="hidden-visually">"protected"</span> })}
                    {entry.insecure.then(|| view! { <span class="tone-bad cluster-loud">"not verified"</span> })}
                </span>
                <span class="clip dim" class:tone-bad=failed>{note}</span>
            </span>
            <span class="dim cluster-open">{word}</span>
            {active.then(|| view! { <Glyph icon=Icon::Check size=14 /> })}
        </button>
    }
}
