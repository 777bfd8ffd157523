//! Everything about one context: its origin, how it stands, what runs for its credentials, what was decided
//! about it, and the doctor.

use kubegraf_ipc::{Error, age::human_duration, cluster::ClusterEntry, doctor::Diagnosis};
use leptos::prelude::*;

use crate::{
    components::{
        copy::CopyButton,
        doctor::{DoctorReport, report_text},
        icon::{Glyph, Icon},
        tick::Tick,
    },
    model::{contexts, words::sentence},
    state::{clock::Clock, connecting::Connecting, session::Session},
};

/// The panel at the right of the list.
#[component]
pub fn ClusterDetail(
    /// The context's id.
    id: String,
    /// What is known of it; `None` once its file has lost it.
    entry: Memo<Option<ClusterEntry>>,
    /// The context whose detail is open.
    shown: RwSignal<Option<String>>,
) -> impl IntoView {
    let session = Session::expect();
    let connecting = Connecting::expect();
    let id = StoredValue::new(id);
    let walked = RwSignal::new(false);
    let report = RwSignal::new(None::<Result<Diagnosis, Error>>);
    let walk = move |_| {
        walked.set(true);
        connecting.diagnose(id.get_value(), report);
    };
    let name = Signal::derive(move || {
        entry.with(|e| e.as_ref().map(|e| e.name.clone()).unwrap_or_default())
    });
    let active = move || entry.with(|e| e.as_ref().is_some_and(|e| e.is_active));
    let protected = Signal::derive(move || entry.with(|e| e.as_ref().is_some_and(|e| e.protected)));
    let looking = move || {
        connecting
            .testing
            .with(|testing| id.with_value(|id| testing.contains(id)))
    };
    let text = Signal::derive(move || match report.get() {
        Some(Ok(diagnosis)) => report_text(&name.get(), &diagnosis),
        _ => String::new(),
    });
    view! {
        <section class="cluster-detail" aria-label="Cluster" data-cluster-detail=id.get_value()>
            <div class="cluster-detail-head">
                <h2 class="cluster-detail-name selectable">{name}</h2>
                <CopyButton text=name label="Copy name" />
                <button
                    class="icon-button"
                    type="button"
                    aria-label="Close"
                    on:click=move |_| shown.set(None)
                >
                    <Glyph icon=Icon::Close />
                </button>
            </div>
            <div class="cluster-detail-deeds">
                <button
                    class="button small primary"
                    type="button"
                    disabled=move || active() || session.switching.get() == Some(id.get_value())
                    on:click=move |_| connecting.switch(id.get_value())
                >
                    {move || if active() { "In use" } else { "Switch to it" }}
                </button>
                <button
                    class="button small"
                    type="button"
                    data-action="test"
                    disabled=looking
                    on:click=move |_| connecting.look(id.get_value())
                >
                    {move || if looking() { "Looking …" } else { "Test" }}
                </button>
                <button class="button small" type="button" data-action="diagnose" on:click=walk>
                    "Diagnose"
                </button>
                <button
                    class="setting-check"
                    type="button"
                    role="checkbox"
                    data-action="protect"
                    aria-checked=move || protected.get().to_string()
                    title="Changes of a protected cluster want its name typed"
                    on:click=move |_| connecting.protect(id.get_value(), !protected.get_untracked())
                >
                    <Tick on=protected />
                    "Protected"
                </button>
            </div>
            {move || entry.get().map(|entry| view! { <Facts entry /> })}
            <Show when=move || walked.get()>
                <h3 class="cluster-detail-title">"The way to it"</h3>
                <DoctorReport report />
                <Show when=move || !text.with(String::is_empty)>
                    <span class="cluster-detail-copy"><CopyButton text label="Copy report" /></span>
                </Show>
            </Show>
        </section>
    }
}

/// What is known, each fact with its name.
#[component]
fn Facts(
    /// The context.
    entry: ClusterEntry,
) -> impl IntoView {
    let clock = Clock::expect();
    let connecting = Connecting::expect();
    let (_, word) = contexts::state(&entry);
    let danger = contexts::danger(&entry);
    let health = entry.health.clone().unwrap_or_default();
    let ago = move |at: i64| format!("{} ago", human_duration((clock.now() - at).max(0)));
    let shown = match entry.namespaces.as_slice() {
        [] => "all".to_owned(),
        names => names.join(", "),
    };
    let exec = entry.exec.clone();
    let waits = exec.as_ref().is_some_and(|exec| !exec.allowed);
    let asking = entry.clone();
    view! {
        {danger.map(|danger| view! {
            <p class="cluster-danger" role="alert" data-danger><Glyph icon=Icon::Unlock size=14 /><span>{danger}</span></p>
        })}
        {entry.error.clone().map(|error| view! {
            <p class="cluster-error tone-bad selectable">{sentence(&error)}</p>
        })}
        <dl class="facts">
            <dt>"State"</dt>
            <dd>{word}</dd>
            {(!entry.server.is_empty()).then(|| view! {
                <dt>"Server"</dt>
                <dd><code>{entry.server.clone()}</code></dd>
            })}
            {health.version.clone().map(|version| view! {
                <dt>"Version"</dt>
                <dd class="number">{version}</dd>
            })}
            {health.latency_ms.map(|ms| view! {
                <dt>"Answered in"</dt>
                <dd class="number">{format!("{ms} ms")}</dd>
            })}
            {health.last_seen.map(|at| view! {
                <dt>"Last answer"</dt>
                <dd class="number"><span data-at=at>{move || ago(at)}</span></dd>
            })}
            {(health.checked_at > 0).then(|| view! {
                <dt>"Looked at"</dt>
                <dd class="number"><span data-at=health.checked_at>{move || ago(health.checked_at)}</span></dd>
            })}
            {(!entry.is_demo).then(|| view! {
                <dt>"Context"</dt>
                <dd><code>{entry.context_name.clone()}</code></dd>
                <dt>"File"</dt>
                <dd><code>{entry.kubeconfig_path.clone()}</code></dd>
                <dt>"Own namespace"</dt>
                <dd><code>{entry.namespace.clone()}</code></dd>
            })}
            <dt>"Shown here"</dt>
            <dd>{format!("namespaces: {shown}")}</dd>
            <dt>"Credentials"</dt>
            <dd>
                {match exec {
                    None if entry.is_demo => view! { "none needed" }.into_any(),
                    None => view! { "in the kubeconfig" }.into_any(),
                    Some(exec) => view! {
                        <code>{contexts::command_line(&exec)}</code>
                        <span class="dim">{if exec.allowed { " (allowed)" } else { " (never run)" }}</span>
                    }.into_any(),
                }}
            </dd>
        </dl>
        {waits.then(|| view! {
            <button
                class="button small"
                type="button"
                data-action="review-exec"
                on:click=move |_| connecting.review(&asking)
            >
                "See what would run…"
            </button>
        })}
    }
}
