//! One context in the list of clusters.

use kubegraf_ipc::{age::human_duration, cluster::ClusterEntry};
use leptos::prelude::*;

use crate::{
    components::{
        chip::StatusChip,
        icon::{Glyph, Icon},
    },
    model::contexts,
    state::{clock::Clock, connecting::Connecting, session::Session},
};

/// Name, state and figures; the name opens the detail.
#[component]
pub fn ClusterLine(
    /// The context's id.
    id: String,
    /// What is known of it; `None` once its file has lost it.
    entry: Memo<Option<ClusterEntry>>,
    /// The context whose detail is open.
    shown: RwSignal<Option<String>>,
) -> impl IntoView {
    let session = Session::expect();
    let connecting = Connecting::expect();
    let clock = Clock::expect();
    let id = StoredValue::new(id);
    let part = move |read: fn(&ClusterEntry) -> String| {
        entry.with(|entry| entry.as_ref().map(read).unwrap_or_default())
    };
    let holds = move |test: fn(&ClusterEntry) -> bool| entry.with(|e| e.as_ref().is_some_and(test));
    let active = move || holds(|entry| entry.is_active);
    let under_way = move || session.switching.get() == Some(id.get_value());
    let looking = move || {
        connecting
            .testing
            .with(|testing| id.with_value(|id| testing.contains(id)))
    };
    let state = Memo::new(move |_| entry.with(|e| e.as_ref().map(contexts::state)));
    let open = move |_| {
        let own = id.get_value();
        shown.update(|shown| *shown = (shown.as_ref() != Some(&own)).then_some(own));
    };
    let health = move || entry.with(|entry| entry.as_ref()?.health.clone());
    let latency = move || health()?.latency_ms.map(|ms| format!("{ms} ms"));
    let seen = move || {
        let health = health()?;
        let ago = |at: i64| human_duration((clock.now() - at).max(0));
        Some(match (health.reachable, health.last_seen) {
            (true, _) => format!("{} ago", ago(health.checked_at)),
            (false, Some(at)) => format!("last {} ago", ago(at)),
            (false, None) => "never".into(),
        })
    };
    let under = move || {
        if holds(|entry| entry.is_demo) {
            "Built in; nothing of it leaves this computer".to_owned()
        } else {
            part(|entry| entry.server.clone())
        }
    };
    let error = move || entry.with(|entry| entry.as_ref()?.error.clone());
    view! {
        <div
            class="context"
            class:context-active=active
            class:context-shown=move || shown.get() == Some(id.get_value())
            role="listitem"
            data-cluster-line=id.get_value()
            data-state=move || state.get().map(|(_, word)| word)
            data-active=move || active().to_string()
        >
            <div class="context-main">
                <span class="context-name">
                    <button
                        class="context-open clip"
                        type="button"
                        data-cluster-name
                        aria-expanded=move || (shown.get() == Some(id.get_value())).to_string()
                        on:click=open
                    >
                        {move || part(|entry| entry.name.clone())}
                    </button>
                    <Show when=move || holds(|entry| entry.protected)>
                        <span class="chip" title="Changes want the cluster's name typed">
                            <Glyph icon=Icon::Lock size=12 />
                            "Protected"
                        </span>
                    </Show>
                    <Show when=move || holds(|entry| entry.insecure)>
                        <span
                            class="chip chip-loud"
                            data-insecure
                            title=move || entry.with(|e| e.as_ref().and_then(contexts::danger))
                        >
                            <Glyph icon=Icon::Unlock size=12 />
                            "Not verified"
                        </span>
                    </Show>
                </span>
                {move || match error() {
                    // In the address's place: a line keeps its height whatever a look finds.
                    Some(error) => view! {
                        <span class="context-under tone-bad clip" title=error>{error.clone()}</span>
                    }
                    .into_any(),
                    None => view! { <span class="context-under dim mono clip">{under}</span> }.into_any(),
                }}
            </div>
            <span class="context-state">
                {move || state.get().map(|(tone, word)| view! {
                    <StatusChip tone=Signal::stored(tone) word=Signal::stored(word.to_owned()) />
                })}
            </span>
            <span class="context-version dim number">{move || health()?.version}</span>
            <span class="context-latency dim number">
                {move || if looking() { Some("looking …".to_owned()) } else { latency() }}
            </span>
            <span
                class="context-seen dim number"
                data-at=move || health().and_then(|health| match health.reachable {
                    true => Some(health.checked_at),
                    false => health.last_seen,
                })
            >
                {seen}
            </span>
            <span class="context-file dim clip" title=move || part(|entry| entry.kubeconfig_path.clone())>
                {move || part(|entry| contexts::file_name(&entry.kubeconfig_path))}
            </span>
            <button
                class="button small"
                type="button"
                data-switch=id.get_value()
                disabled=move || active() || under_way()
                on:click=move |_| connecting.switch(id.get_value())
            >
                {move || match (active(), under_way()) {
                    (_, true) => "Connecting …",
                    (true, _) => "In use",
                    _ => "Switch",
                }}
            </button>
        </div>
    }
}
