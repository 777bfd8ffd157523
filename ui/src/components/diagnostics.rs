//! What the core holds and has asked: caches, watches, calls of each connection, what the cluster can do.

use std::time::Duration;

use kubegraf_ipc::{
    Error,
    age::human_duration,
    inspect::{
        ApiCalls, CacheStats, Capabilities, ConnectionStats, ExportDiagnostics, GetCacheStats,
        GetCapabilities,
    },
};
use leptos::{prelude::*, task::spawn_local};

use crate::{
    components::copy::CopyButton,
    ipc,
    model::{
        diagnostics::{self, bytes},
        words::{grouped, plural, sentence},
    },
    state::{clock::Clock, session::Session, toasts::Toasts},
};

/// How often the figures are read while they are shown.
const EVERY: Duration = Duration::from_secs(2);

/// The figures, followed while shown.
#[component]
pub fn Diagnostics() -> impl IntoView {
    let session = Session::expect();
    let stats = RwSignal::new(None::<Result<CacheStats, Error>>);
    let able = RwSignal::new(None::<Result<Capabilities, Error>>);
    let read = move || {
        spawn_local(async move {
            let answer = ipc::call(GetCacheStats {}).await;
            stats.try_set(Some(answer));
        });
    };
    read();
    if let Ok(round) = set_interval_with_handle(read, EVERY) {
        on_cleanup(move || round.clear());
    }
    Effect::new(move |_| {
        able.set(None);
        if let Some(cluster) = session.cluster.get() {
            spawn_local(async move {
                let answer = ipc::call(GetCapabilities { cluster }).await;
                able.try_set(Some(answer));
            });
        }
    });
    let toasts = Toasts::expect();
    let export = move |_| {
        spawn_local(async move {
            match ipc::call(ExportDiagnostics {}).await {
                Ok(saved) => toasts.say(format!("Written to {}.", saved.path)),
                Err(error) => toasts.complain("writing the diagnostics", &error),
            }
        });
    };
    let connections = move || match stats.get() {
        Some(Ok(stats)) => stats.connections,
        _ => Vec::new(),
    };
    let text = Signal::derive(move || {
        let (Some(Ok(stats)), able) = (stats.get(), able.get()) else {
            return String::new();
        };
        diagnostics::report(&stats, able.and_then(Result::ok).as_ref())
    });
    view! {
        <div class="diagnostics" data-diagnostics>
            {move || match stats.get() {
                None => view! { <div class="bone"></div> }.into_any(),
                Some(Err(error)) => view! { <p class="tone-bad">{sentence(&error.message)}</p> }.into_any(),
                Some(Ok(stats)) => {
                    let reads = stats.reads;
                    view! {
                        <dl class="facts diagnostics-facts">
                            <dt>"Cache of single reads"</dt>
                            <dd class="number" data-figure="cache">
                                {format!("{} of {} entries, {}", grouped(reads.entries.into()), grouped(reads.capacity.into()), bytes(reads.bytes))}
                            </dd>
                            <dt>"Answered from it"</dt>
                            <dd class="number">{diagnostics::hit_rate(reads.hits, reads.misses)}</dd>
                            <dt>"Dropped"</dt>
                            <dd class="number">
                                {format!("{} for lack of room, {} because of a change", grouped(reads.evictions), grouped(reads.invalidations))}
                            </dd>
                        </dl>
                    }
                    .into_any()
                }
            }}
            <For
                each=connections
                key=|connection| format!("{connection:?}")
                let:connection
            >
                <Connection connection />
            </For>
            {move || able.get().map(|able| match able {
                Ok(able) => view! { <Able able /> }.into_any(),
                Err(error) => view! { <p class="dim">{sentence(&error.message)}</p> }.into_any(),
            })}
            <div class="diagnostics-take">
                <CopyButton text label="Copy as text" />
                <button class="button small" type="button" data-action="export-diagnostics" on:click=export>
                    "Write a file for an issue"
                </button>
                <span class="dim">"The file names no cluster, object, person or place."</span>
            </div>
        </div>
    }
}

/// One open connection.
#[component]
fn Connection(
    /// Its figures.
    connection: ConnectionStats,
) -> impl IntoView {
    let clock = Clock::expect();
    let ApiCalls {
        sent,
        repeated,
        failed,
        throttled,
        throttled_ms,
        throttled_at,
        in_flight,
        last_minute,
        p50_ms,
        p95_ms,
        p99_ms,
        renewals,
    } = connection.calls;
    let slowed = throttled_at.map(|at| {
        let wait = throttled_ms.div_ceil(1000);
        move || {
            let ago = human_duration((clock.now() - at).max(0));
            format!(
                "{}, {wait} s waited in all, last {ago} ago",
                plural(throttled, "time")
            )
        }
    });
    let held: Vec<String> = connection
        .held
        .iter()
        .map(|kind| format!("{} {}", grouped(kind.objects), kind.kind))
        .collect();
    view! {
        <h3 class="diagnostics-name" data-connection=connection.cluster>
            {connection.name}
            <span class="dim">{if connection.active { " in use" } else { " open" }}</span>
        </h3>
        <dl class="facts diagnostics-facts">
            <dt>"API calls"</dt>
            <dd class="number" data-figure="calls">
                {format!("{} in the last minute, {} in all, {in_flight} waiting", grouped(last_minute.into()), grouped(sent))}
            </dd>
            <dt>"Answers begin within"</dt>
            <dd class="number">{diagnostics::latencies(p50_ms, p95_ms, p99_ms)}</dd>
            <dt>"Failed"</dt>
            <dd class="number">{format!("{}, {} sent again", grouped(failed), grouped(repeated))}</dd>
            <dt>"Slowed by the server"</dt>
            <dd class="number">{slowed.map_or_else(|| "never".into_any(), |slowed| slowed.into_any())}</dd>
            <dt>"Credentials renewed"</dt>
            <dd class="number">{plural(renewals, "time")}</dd>
            <dt>"Watches"</dt>
            <dd class="number">
                {format!("{}, used by {}", plural(connection.watches.into(), "watch").replace("watchs", "watches"), plural(connection.users.into(), "view"))}
            </dd>
            <dt>"Held in memory"</dt>
            <dd class="number">{if held.is_empty() { "nothing".to_owned() } else { held.join(", ") }}</dd>
        </dl>
    }
}

/// What the active cluster can do.
#[component]
fn Able(
    /// That.
    able: Capabilities,
) -> impl IntoView {
    let groups = able.api_groups.join(", ");
    view! {
        <h3 class="diagnostics-name">"What the active cluster offers"</h3>
        <dl class="facts diagnostics-facts">
            <dt>"Usage metrics"</dt>
            <dd>{if able.metrics { "served" } else { "not served: no metrics.k8s.io" }}</dd>
            <dt>"Decisions and audit"</dt>
            <dd>{if able.durable_store { "kept on this computer" } else { "not kept: the data directory cannot be written, so nothing can be applied" }}</dd>
            <dt>"API groups"</dt>
            <dd class="selectable mono">{groups}</dd>
        </dl>
    }
}
