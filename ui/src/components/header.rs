//! The bar at the top: where the user is, on which cluster, in which namespaces.

use leptos::prelude::*;

use crate::{
    components::{
        account_menu::AccountMenu,
        cluster_menu::ClusterMenu,
        icon::{Glyph, Icon},
        keys::Keys,
        namespace_menu::NamespaceMenu,
        notice_centre::NoticeCentre,
        panes::ShellButton,
        theme_toggle::ThemeToggle,
    },
    model::{contexts, keys::Act},
    state::{navigation::Navigation, palette::Palette, session::Session, shortcuts::Shortcuts},
};

/// The header.
#[component]
pub fn Header() -> impl IntoView {
    let navigation = Navigation::expect();
    let palette = Palette::expect();
    let shortcuts = Shortcuts::expect();
    view! {
        <header class="header">
            <button
                class="icon-button"
                type="button"
                aria-label="Back"
                on:click=move |_| navigation.back()
            >
                <Glyph icon=Icon::Back />
            </button>
            <button
                class="icon-button"
                type="button"
                aria-label="Forward"
                on:click=move |_| navigation.forward()
            >
                <Glyph icon=Icon::Forward />
            </button>
            <ClusterMenu />
            <NamespaceMenu />
            <span class="header-space"></span>
            <button
                class="button palette-button"
                type="button"
                aria-label=move || match shortcuts.keys(&Act::Palette) {
                    Some(keys) => format!("Search or run, {keys}"),
                    None => "Search or run".into(),
                }
                data-action="palette"
                on:click=move |_| palette.open("")
            >
                <Glyph icon=Icon::Search size=14 />
                <span class="clip">"Search or run…"</span>
                <Keys act=Act::Palette />
            </button>
            <span class="header-space"></span>
            <Connection />
            <ShellButton />
            <NoticeCentre />
            <ThemeToggle />
            <button
                class="icon-button"
                type="button"
                aria-label="What keys do"
                title=move || match shortcuts.keys(&Act::Keys) {
                    Some(keys) => format!("What keys do ({keys})"),
                    None => "What keys do".into(),
                }
                on:click=move |_| palette.keys.set(true)
            >
                <Glyph icon=Icon::Help />
            </button>
            <AccountMenu />
        </header>
    }
}

/// Whether the cluster answers, and what it runs.
#[component]
fn Connection() -> impl IntoView {
    let session = Session::expect();
    let text = move || {
        session.status.with(|status| match status {
            None => "Connecting …".to_owned(),
            Some(status) if status.connected => match &status.kube_version {
                Some(version) => format!("Connected · {version}"),
                None => "Connected".into(),
            },
            Some(_) => "Not connected".into(),
        })
    };
    let why = move || {
        session.status.with(|status| {
            let status = status.as_ref()?;
            status.error.clone().or_else(|| {
                let nodes = status.node_count?;
                Some(format!(
                    "{nodes} nodes, {} namespaces",
                    status.namespace_count?
                ))
            })
        })
    };
    let lost = move || {
        session
            .status
            .with(|s| s.as_ref().is_some_and(|s| !s.connected))
    };
    let demo = move || {
        session
            .status
            .with(|s| s.as_ref().is_some_and(|s| s.is_demo))
    };
    let protected = move || session.entry().is_some_and(|entry| entry.protected);
    let danger = move || session.entry().as_ref().and_then(contexts::danger);
    view! {
        <Show when=protected>
            <span class="chip" title="Changes want the cluster's name typed">
                <Glyph icon=Icon::Lock size=12 />
                "Protected"
            </span>
        </Show>
        {move || danger().map(|why| view! {
            <span class="chip chip-loud" data-insecure title=why>
                <Glyph icon=Icon::Unlock size=12 />
                "Not verified"
            </span>
        })}
        <Show when=demo>
            <span class="chip" title="Runs inside the app; nothing leaves this computer">"Demo"</span>
        </Show>
        <span class="connection number" class:tone-bad=lost role="status" title=why>
            {text}
        </span>
    }
}
