//! The port-forwards: where each leads, how it is, and what went through it.

use kubegraf_ipc::forward::{Forward, ForwardState};
use leptos::prelude::*;

use crate::{
    components::{
        copy,
        empty::EmptyState,
        icon::{Glyph, Icon},
        mark::ToneMark,
    },
    model::words::{grouped, plural, sentence},
    state::{
        forwards::{self, Forwards},
        toasts::Toasts,
    },
    views::first_paint::FirstPaint,
};

/// The list.
#[component]
pub fn ForwardsView() -> impl IntoView {
    let forwards = Forwards::expect();
    let ids = Memo::new(move |_| {
        forwards
            .list
            .with(|list| list.iter().map(|f| f.id.clone()).collect::<Vec<_>>())
    });
    let ready = Signal::derive(|| true);
    view! {
        <FirstPaint view="port-forwards".to_owned() ready selector="[data-forward]" />
        <div class="view-head">
            <h1>"Port-forwards"</h1>
            <span class="dim number">{move || ids.with(|ids| plural(ids.len() as u64, "forward"))}</span>
        </div>
        <Show
            when=move || !ids.with(Vec::is_empty)
            fallback=|| view! {
                <EmptyState
                    icon=Icon::Forwards
                    title="Nothing is forwarded"
                    text="Choose a pod, a service or a workload, open its menu and forward one of its ports to this machine."
                >
                    <a class="button" href="#/services">"Show services"</a>
                    <a class="button" href="#/pods">"Show pods"</a>
                </EmptyState>
            }
        >
            <div class="board">
                <div class="forwards" role="list" aria-label="Port-forwards">
                    <For each=move || ids.get() key=Clone::clone let:id>
                        <ForwardLine id />
                    </For>
                </div>
            </div>
        </Show>
    }
}

/// One forward.
#[component]
fn ForwardLine(
    /// [`Forward::id`].
    id: String,
) -> impl IntoView {
    let (forwards, toasts) = (Forwards::expect(), Toasts::expect());
    let own = id.clone();
    let told = Memo::new(move |before: Option<&Option<Forward>>| {
        let now = forwards
            .list
            .with(|list| list.iter().find(|f| f.id == own).cloned());
        // While it is being taken away it looks as it did.
        now.or_else(|| before.cloned().flatten())
    });
    let of = move |get: fn(&Forward) -> String| {
        move || told.with(|f| f.as_ref().map(get).unwrap_or_default())
    };
    let state = Memo::new(move |_| {
        told.with(|f| {
            f.as_ref()
                .map_or(ForwardState::Stopped, |f| f.state.clone())
        })
    });
    let tone = Signal::derive(move || state.with(forwards::tone));
    let open = move || {
        matches!(
            state.get(),
            ForwardState::Active { .. } | ForwardState::Waiting { .. }
        )
    };
    let id = StoredValue::new(id);
    let leads = move || match state.get() {
        ForwardState::Active { pod, port } => format!("to {pod}, port {port}"),
        ForwardState::Waiting { reason } | ForwardState::Failed { reason } => sentence(&reason),
        ForwardState::Stopped => "The port is closed.".into(),
    };
    let figures = of(|f| {
        let failed = if f.failed > 0 {
            format!(", {} failed", grouped(f.failed))
        } else {
            String::new()
        };
        format!(
            "{} open of {}{failed}",
            f.open,
            plural(f.connections, "connection")
        )
    });
    let bytes = of(|f| format!("↑ {}  ↓ {}", size(f.sent), size(f.received)));
    let kept = move || told.with(|f| f.as_ref().is_some_and(|f| f.kept));
    let trouble = move || told.with(|f| f.as_ref().and_then(|f| f.last_error.clone()));
    view! {
        <div class="forward" role="listitem" data-forward data-state=move || state.with(forwards::word)>
            <ToneMark tone />
            <div class="forward-what">
                <p>
                    <a
                        class="mono"
                        href="#/port-forwards"
                        data-url=of(|f| f.url.clone())
                        aria-disabled=move || (!open()).to_string()
                        on:click=move |event| {
                            event.prevent_default();
                            if untrack(open) {
                                forwards.browse(id.get_value());
                            }
                        }
                    >
                        {of(|f| f.url.clone())}
                    </a>
                    <Glyph icon=Icon::Arrow size=14 />
                    <strong>{of(|f| format!("{} {}", f.object.kind, f.object.name))}</strong>
                    <span class="dim">{of(|f| format!("port {} in {} of {}", f.port, f.object.namespace, f.cluster_name))}</span>
                </p>
                <p class="dim">
                    <span class=move || format!("tone-{}", crate::model::words::tone(tone.get()))>{move || state.with(forwards::word)}</span>
                    " "
                    {leads}
                </p>
                <Show when=move || trouble().is_some()>
                    <p class="forward-failure">{move || trouble().map(|text| format!("Last failure: {text}"))}</p>
                </Show>
            </div>
            <div class="forward-figures dim number">
                <p>{figures}</p>
                <p>{bytes}</p>
            </div>
            <div class="forward-tools">
                <button class="chip" type="button" aria-pressed=move || kept().to_string()
                    title="There again, and begun, when the app starts"
                    on:click=move |_| forwards.keep(id.get_value(), !untrack(kept))>
                    "Keep"
                </button>
                <button class="button small" type="button"
                    on:click=move |_| copy::copy(untrack(of(|f| f.url.clone())), toasts)>
                    "Copy address"
                </button>
                <Show
                    when=open
                    fallback=move || view! {
                        <button class="button small" type="button" data-action="restart-forward"
                            on:click=move |_| forwards.restart(id.get_value())>"Start"</button>
                        <button class="button small" type="button" data-action="forget-forward"
                            on:click=move |_| forwards.stop(id.get_value(), true)>"Forget"</button>
                    }
                >
                    <button class="button small" type="button" data-action="stop-forward"
                        on:click=move |_| forwards.stop(id.get_value(), false)>"Stop"</button>
                </Show>
            </div>
        </div>
    }
}

/// Bytes in the unit a person reads.
#[allow(
    clippy::cast_precision_loss,
    reason = "one digit behind the point is shown"
)]
fn size(bytes: u64) -> String {
    let mut amount = bytes as f64;
    for unit in ["B", "KiB", "MiB", "GiB"] {
        if amount < 1024.0 {
            return if unit == "B" {
                format!("{bytes} B")
            } else {
                format!("{amount:.1} {unit}")
            };
        }
        amount /= 1024.0;
    }
    format!("{amount:.1} TiB")
}
