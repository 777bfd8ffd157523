//! Logs of many pods in one place: chosen by namespace and labels.

use std::time::Duration;

use kubegraf_ipc::logs::{LogOptions, LogTarget};
use leptos::prelude::*;

use crate::{
    components::{empty::EmptyState, icon::Icon, log::LogPanel},
    state::{logs::Log, session::Session},
    views::first_paint::FirstPaint,
};

/// Lines of each container that are read at first.
const TAIL: u32 = 200;
/// How long a person pauses before what was typed is meant.
const PAUSE: Duration = Duration::from_millis(400);

/// The view.
#[component]
pub fn LogsView() -> impl IntoView {
    let session = Session::expect();
    let labels = RwSignal::new(String::new());
    let log = Log::new(LogOptions {
        tail: Some(TAIL),
        ..LogOptions::default()
    });
    // Five hundred logs of a strange cluster are not opened by passing through.
    let everything = RwSignal::new(false);
    let chosen = Memo::new(move |_| {
        everything.get() || !session.chosen.with(Vec::is_empty) || !labels.with(String::is_empty)
    });
    Effect::new(move |_| {
        if !chosen.get() {
            return;
        }
        let of = LogTarget::Selector {
            namespaces: session.chosen.get(),
            labels: labels.get(),
        };
        if let Some(cluster) = session.cluster.get() {
            log.open(cluster, of);
        }
    });
    let typed = StoredValue::new(0_u32);
    let type_in = move |text: String| {
        let number = typed.get_value() + 1;
        typed.set_value(number);
        set_timeout(
            move || {
                if typed.try_get_value() == Some(number) {
                    labels.try_set(text);
                }
            },
            PAUSE,
        );
    };
    let whose = move || match session.chosen.get().as_slice() {
        [] => "all namespaces".to_owned(),
        chosen => chosen.join(", "),
    };
    let ready = Signal::derive(move || !chosen.get() || log.head.with(Option::is_some));
    view! {
        <FirstPaint view="logs".to_owned() ready selector="[data-line]" />
        <div class="view-head">
            <h1>"Logs"</h1>
            <span class="dim">{whose}</span>
            <input
                class="input log-labels"
                type="text"
                placeholder="Labels: app=web,tier in (a,b)"
                aria-label="Only pods with these labels"
                spellcheck="false"
                autocomplete="off"
                on:input:target=move |event| type_in(event.target().value())
            />
        </div>
        <Show
            when=move || chosen.get()
            fallback=move || view! {
                <EmptyState
                    icon=Icon::Logs
                    title="Whose logs?"
                    text="Choose namespaces above, or name labels. The containers of the pods that match are read together, 500 at most, and pods that come later too."
                >
                    <button class="button" type="button" data-action="every-log" on:click=move |_| everything.set(true)>
                        "Read every pod"
                    </button>
                </EmptyState>
            }
        >
            <LogPanel log />
        </Show>
    }
}
