//! Which cluster the window is on, and the way to another.

use kubegraf_ipc::cluster::ClusterEntry;
use leptos::prelude::*;

use crate::{
    components::{
        icon::{Glyph, Icon},
        menu::Menu,
    },
    state::{session::Session, toasts::Toasts},
};

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
    view! {
        <Menu open label class="button cluster-button" button=button.into_any() role="menu">
            <For
                each=move || session.clusters.get().clusters
                key=|entry| (entry.id.clone(), entry.is_active, entry.is_reachable, entry.error.clone())
                let:entry
            >
                <ClusterItem entry open />
            </For>
            <For each=move || session.clusters.get().problems key=|p| p.path.clone() let:problem>
                <p class="menu-note">
                    <span class="tone-warn">"Left out: "</span>
                    <code>{problem.path}</code>
                    ": "
                    {problem.message}
                </p>
            </For>
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
    let session = Session::expect();
    let toasts = Toasts::expect();
    let (id, name, active) = (entry.id.clone(), entry.name.clone(), entry.is_active);
    let choose = move |_| {
        open.set(false);
        if !active {
            session.switch(id.clone(), name.clone(), toasts);
        }
    };
    let note = match (&entry.error, entry.is_demo) {
        (Some(error), _) => error.clone(),
        (None, true) => "Built in, nothing of it leaves this computer".into(),
        (None, false) => entry.server.clone(),
    };
    let failed = entry.error.is_some();
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
                <span class="clip">{entry.name}</span>
                <span class="clip dim" class:tone-bad=failed>{note}</span>
            </span>
            {active.then(|| view! { <Glyph icon=Icon::Check size=14 /> })}
        </button>
    }
}
