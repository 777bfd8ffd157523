//! The clusters there are: where each comes from, whether it answers, and the way to it.

use kubegraf_ipc::cluster::{KubeconfigPart, KubeconfigProblem, ShadowedName};
use leptos::prelude::*;

use crate::{
    components::{
        cluster_detail::ClusterDetail,
        cluster_line::ClusterLine,
        connect_card::ConnectCard,
        icon::{Glyph, Icon},
        kubeconfig_files::{AddFile, KubeconfigFiles},
        mark::ToneMark,
        walk::walk,
    },
    model::{
        contexts::{self, Group},
        words::{grouped, plural, sentence, tone},
    },
    state::{connecting::Connecting, session::Session, shortcuts::Shortcuts},
    views::first_paint::FirstPaint,
};

/// The list of clusters, and the chosen one at the right.
#[component]
pub fn ClustersView() -> impl IntoView {
    let session = Session::expect();
    let connecting = Connecting::expect();
    let shortcuts = Shortcuts::expect();
    connecting.keep_looking();
    let search = RwSignal::new(String::new());
    let group = RwSignal::new(Group::All);
    let shown = RwSignal::new(None::<String>);
    let adding = RwSignal::new(false);
    let found = Memo::new(move |_| {
        let (typed, group) = (search.get(), group.get());
        session.clusters.with(|list| {
            let all = list.clusters.iter();
            let ids = all.filter(|entry| group.holds(entry) && contexts::found(&typed, entry));
            ids.map(|entry| entry.id.clone()).collect::<Vec<_>>()
        })
    });
    let total = move || session.clusters.with(|list| list.clusters.len() as u64);
    let ready = Signal::derive(move || total() > 0);
    let counted = move || {
        let files = session
            .clusters
            .with(|list| list.files.iter().filter(|file| file.exists).count() as u64);
        // The demo cluster stands in no file.
        let contexts = plural(total().saturating_sub(1), "context");
        format!("{contexts} in {}", plural(files, "file"))
    };
    let entry_of = move |id: &str| {
        session.clusters.with(|list| {
            let mut entries = list.clusters.iter();
            entries.find(|entry| entry.id == id).cloned()
        })
    };
    view! {
        <FirstPaint view="cluster-manager".to_owned() ready selector="[data-cluster-line]" />
        <div class="view-head">
            <h1>"Clusters"</h1>
            <span class="dim number" data-counts>{counted}</span>
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
                    spellcheck="false"
                    autocomplete="off"
                    prop:value=move || search.get()
                    on:input:target=move |event| search.set(event.target().value())
                />
            </div>
            <Groups group />
            <button
                class="button small"
                type="button"
                data-action="look-again"
                title="Reads the kubeconfig files again and looks at every cluster"
                disabled=move || connecting.refreshing.get()
                on:click=move |_| connecting.refresh()
            >
                {move || if connecting.refreshing.get() { "Looking …" } else { "Look again" }}
            </button>
            <button class="button small" type="button" data-action="add-file" on:click=move |_| adding.set(true)>
                "Add kubeconfig…"
            </button>
        </div>
        <div class="clusters" class:clusters-split=move || shown.with(Option::is_some)>
            <div class="clusters-list">
                <ConnectCard />
                <Notices />
                <div class="contexts" role="list" aria-label="Clusters" on:keydown=move |event| walk(&event, shortcuts, "[data-cluster-name]")>
                    <For each=move || found.get() key=Clone::clone let:id>
                        {
                            let own = id.clone();
                            let entry = Memo::new(move |_| entry_of(&own));
                            view! { <ClusterLine id entry shown /> }
                        }
                    </For>
                    <Show when=move || found.with(Vec::is_empty)>
                        <p class="card-note">{move || if total() == 0 {
                            "Reading the kubeconfig files …"
                        } else {
                            "No cluster matches."
                        }}</p>
                    </Show>
                </div>
                <KubeconfigFiles />
            </div>
            {move || {
                let id = shown.get()?;
                let own = id.clone();
                let entry = Memo::new(move |_| entry_of(&own));
                Some(view! { <ClusterDetail id entry shown /> })
            }}
        </div>
        <Show when=move || adding.get()>
            <AddFile on_close=move || adding.set(false) />
        </Show>
    }
}

/// A chip per group that is not empty.
#[component]
fn Groups(
    /// The chosen one.
    group: RwSignal<Group>,
) -> impl IntoView {
    let session = Session::expect();
    let count = move |wanted: Group| {
        session.clusters.with(|list| {
            let all = list.clusters.iter();
            all.filter(|entry| wanted.holds(entry)).count() as u64
        })
    };
    view! {
        <div class="facets" role="group" aria-label="Show only">
            {Group::LIST.map(|own| {
                let chosen = move || group.get() == own;
                let class = format!("chip facet tone-{}", tone(own.tone()));
                view! {
                    <Show when=move || own == Group::All || chosen() || (count(own) > 0)>
                        <button
                            class=class.clone()
                            type="button"
                            data-group=own.title()
                            aria-pressed=move || chosen().to_string()
                            on:click=move |_| group.set(if chosen() { Group::All } else { own })
                        >
                            {(own.tone() != kubegraf_ipc::object::Tone::Neutral).then(|| view! { <ToneMark tone=own.tone() /> })}
                            {own.title()}
                            " "
                            <span class="number">{move || grouped(count(own))}</span>
                        </button>
                    </Show>
                }
            }).into_iter().collect_view()}
        </div>
    }
}

/// Where a switch is on its way to.
#[component]
fn Switching() -> impl IntoView {
    let session = Session::expect();
    move || {
        let name = session.name_of(&session.switching.get()?);
        let stays = match session.cluster.get() {
            None => String::new(),
            Some(_) => format!("; {} stays until it has answered", session.cluster_name()),
        };
        Some(view! {
            <span class="freshness" data-freshness="loading" role="status">
                {format!("connecting to {name}{stays}")}
            </span>
        })
    }
}

/// What could not be read, and names that stand twice.
#[component]
fn Notices() -> impl IntoView {
    let session = Session::expect();
    let problems = Memo::new(move |_| session.clusters.with(|list| list.problems.clone()));
    let shadowed = Memo::new(move |_| session.clusters.with(|list| list.shadowed.clone()));
    view! {
        <For
            each=move || problems.get()
            key=|problem| (problem.path.clone(), problem.message.clone())
            let:problem
        >
            {problem_notice(problem)}
        </For>
        {move || {
            let names = shadowed.get();
            (!names.is_empty()).then(|| view! { <Shadowed names /> })
        }}
    }
}

fn problem_notice(problem: KubeconfigProblem) -> impl IntoView {
    let path = problem.path.clone();
    let line = problem.line.map(|line| format!(", line {line}"));
    view! {
        <div class="notice notice-warn" role="status" data-problem=path>
            <strong>"Left out: "</strong>
            <code>{problem.path}</code>
            {line}
            ": "
            {sentence(&problem.message)}
            ". The other files are not affected; it is read again as soon as it changes."
        </div>
    }
}

/// Names that stand in two files, folded when there are many.
#[component]
fn Shadowed(
    /// The names.
    names: Vec<ShadowedName>,
) -> impl IntoView {
    let part = |part| match part {
        KubeconfigPart::Context => "Context ",
        KubeconfigPart::Cluster => "Cluster ",
        KubeconfigPart::User => "User ",
    };
    let count = names.len() as u64;
    view! {
        <details class="notice" role="status" data-shadowed=count open=count == 1>
            <summary>
                {plural(count, "name")}
                " of a later file stands in an earlier one too; as with kubectl the first file counts"
            </summary>
            <ul>
                {names.into_iter().map(|name| view! {
                    <li>
                        {part(name.part)}
                        <strong>{name.name}</strong>
                        ": "
                        <code>{name.used}</code>
                        " is used, "
                        <code>{name.ignored}</code>
                        " is not"
                    </li>
                }).collect_view()}
            </ul>
        </details>
    }
}
