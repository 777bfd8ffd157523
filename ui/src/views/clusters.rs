//! The clusters there are: where each comes from, whether it answers, and switching between them.

use kubegraf_ipc::cluster::{ClusterEntry, FileOrigin, KubeconfigPart, KubeconfigProblem};
use leptos::prelude::*;

use crate::{
    components::{
        chip::StatusChip,
        icon::{Glyph, Icon},
    },
    model::{
        contexts,
        words::{plural, sentence},
    },
    state::{clock::Clock, session::Session, toasts::Toasts},
    views::first_paint::FirstPaint,
};

/// The list of clusters.
#[component]
pub fn ClustersView() -> impl IntoView {
    let session = Session::expect();
    let search = RwSignal::new(String::new());
    session.reload_clusters();
    let found = move || {
        let typed = search.get();
        let all = session.clusters.get().clusters.into_iter();
        all.filter(|entry| contexts::found(&typed, entry))
            .collect::<Vec<_>>()
    };
    let total = move || session.clusters.with(|list| list.clusters.len() as u64);
    let ready = Signal::derive(move || total() > 0);
    view! {
        <FirstPaint view="cluster-manager".to_owned() ready selector="[data-cluster-line]" />
        <div class="view-head">
            <h1>"Clusters"</h1>
            <span class="dim number">{move || plural(total(), "context")}</span>
            <Switching />
        </div>
        <div class="toolbar">
            <div class="filter">
                <Glyph icon=Icon::Search size=14 />
                <input
                    class="input"
                    type="text"
                    placeholder="Name, server or file"
                    aria-label="Find a cluster"
                    prop:value=move || search.get()
                    on:input:target=move |event| search.set(event.target().value())
                />
            </div>
            <button class="button small" type="button" on:click=move |_| session.reload_clusters()>
                "Read the files again"
            </button>
        </div>
        <div class="board">
            <Problems />
            <div class="contexts" role="list" aria-label="Clusters">
                <For each=found key=contexts::key let:entry>
                    <ContextLine entry />
                </For>
                <Show when=move || found().is_empty()>
                    <p class="card-note">{move || if search.with(String::is_empty) {
                        "No kubeconfig names a cluster."
                    } else {
                        "No cluster matches."
                    }}</p>
                </Show>
            </div>
            <Files />
        </div>
    }
}

/// Where a switch is on its way to.
#[component]
fn Switching() -> impl IntoView {
    let session = Session::expect();
    move || {
        let id = session.switching.get()?;
        let name = session.clusters.with(|list| {
            let entry = list.clusters.iter().find(|entry| entry.id == id);
            entry.map_or(id, |entry| entry.name.clone())
        });
        let stays = match session.cluster_name() {
            stays if stays.is_empty() => String::new(),
            stays => format!("; {stays} stays until it has answered"),
        };
        Some(view! {
            <span class="freshness" data-freshness="loading" role="status">
                {format!("connecting to {name}{stays}")}
            </span>
        })
    }
}

/// One context.
#[component]
fn ContextLine(
    /// The context.
    entry: ClusterEntry,
) -> impl IntoView {
    let session = Session::expect();
    let toasts = Toasts::expect();
    let clock = Clock::expect();
    let (tone, word) = contexts::state(&entry);
    let (id, name, active) = (entry.id.clone(), entry.name.clone(), entry.is_active);
    let own = entry.id.clone();
    let under_way = move || session.switching.get().as_deref() == Some(own.as_str());
    let busy = move || session.switching.with(Option::is_some);
    let switch = move |_| session.switch(id.clone(), name.clone(), toasts);
    let health = entry.health.clone();
    let figures = move || {
        let health = health.as_ref()?;
        Some(contexts::figures(health, clock.now()))
    };
    let origin = if entry.is_demo {
        "Built in; nothing of it leaves this computer".to_owned()
    } else {
        entry.kubeconfig_path.clone()
    };
    let shown_origin = origin.clone();
    let error = entry.error.clone().or_else(|| {
        entry
            .health
            .as_ref()
            .and_then(|health| health.error.clone())
    });
    view! {
        <div class="context" class:context-active=active role="listitem" data-cluster-line=entry.id.clone()>
            <div class="context-main">
                <span class="context-name">
                    <strong>{entry.name.clone()}</strong>
                    <StatusChip tone=Signal::stored(tone) word=Signal::stored(word.to_owned()) />
                    {entry.protected.then(|| view! {
                        <span class="chip" title="Changes want the cluster's name typed">"Protected"</span>
                    })}
                    {entry.insecure.then(|| view! {
                        <span class="chip chip-warn" title="The server's certificate is not verified: anyone between could read and change what is sent">
                            "Not verified"
                        </span>
                    })}
                </span>
                <span class="dim mono clip">{entry.server.clone()}</span>
                <span class="dim clip" title=origin>{shown_origin}</span>
                {error.map(|error| view! { <p class="tone-bad selectable context-error">{error}</p> })}
                {entry.exec.clone().map(|exec| view! {
                    <p class="dim context-exec">
                        {if exec.allowed { "Credentials from " } else { "Wants to run, for credentials: " }}
                        <code>{contexts::command_line(&exec)}</code>
                    </p>
                })}
            </div>
            <div class="context-side dim number">
                <span>{figures}</span>
                <span>{(!entry.is_demo).then(|| format!("namespace {}", entry.namespace))}</span>
            </div>
            <button
                class="button small"
                type="button"
                data-switch=entry.id.clone()
                disabled=move || active || busy()
                on:click=switch
            >
                {move || match (active, under_way()) {
                    (true, _) => "In use",
                    (_, true) => "Connecting …",
                    _ => "Switch",
                }}
            </button>
        </div>
    }
}

/// What could not be read, and names that stand twice.
#[component]
fn Problems() -> impl IntoView {
    let session = Session::expect();
    let problems = move || session.clusters.get().problems;
    let shadowed = move || session.clusters.get().shadowed;
    view! {
        <For each=problems key=|problem| (problem.path.clone(), problem.message.clone()) let:problem>
            {problem_notice(problem)}
        </For>
        <For each=shadowed key=|name| (name.name.clone(), name.ignored.clone()) let:name>
            <div class="notice" role="status">
                {match name.part {
                    KubeconfigPart::Context => "Context ",
                    KubeconfigPart::Cluster => "Cluster ",
                    KubeconfigPart::User => "User ",
                }}
                <strong>{name.name.clone()}</strong>
                " stands in two files: "
                <code>{name.used.clone()}</code>
                " is used, "
                <code>{name.ignored}</code>
                " is not."
            </div>
        </For>
    }
}

fn problem_notice(problem: KubeconfigProblem) -> impl IntoView {
    let line = problem.line.map(|line| format!(", line {line}"));
    view! {
        <div class="notice notice-warn" role="status" data-problem>
            <strong>"Left out: "</strong>
            <code>{problem.path}</code>
            {line}
            ": "
            {sentence(&problem.message)}
            ". The other files are not affected."
        </div>
    }
}

/// The files that are looked at.
#[component]
fn Files() -> impl IntoView {
    let session = Session::expect();
    let files = move || session.clusters.get().files;
    view! {
        <Show when=move || !files().is_empty()>
            <h2 class="files-head">"Kubeconfig files"</h2>
            <For each=files key=|file| (file.path.clone(), file.exists, file.contexts) let:file>
                <p class="file">
                    <code>{file.path.clone()}</code>
                    <span class="dim number">
                        {if file.exists {
                            plural(file.contexts.into(), "context")
                        } else {
                            "not there".to_owned()
                        }}
                    </span>
                    <span class="dim">
                        {match file.origin {
                            FileOrigin::Environment => "from the environment",
                            FileOrigin::Added => "added here",
                        }}
                    </span>
                </p>
            </For>
        </Show>
    }
}
