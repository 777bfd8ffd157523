//! The dock at the bottom: a tab per followed execution, log and terminal, and what was run before.

use kubegraf_ipc::execution::ExecutionStatus;
use leptos::{ev, prelude::*};

use crate::{
    components::{
        execution::ExecutionPanel,
        fixes::OpenPlan,
        history::History,
        icon::{Glyph, Icon},
        mark::ToneMark,
        panes::{PaneBody, PaneTabs, ShellMenu},
        plan::Wanted,
        running::Running,
    },
    model::words::{self, sentence},
    state::{
        dock::{Dock, Tab},
        panes::Panes,
        prefs,
    },
};

/// Least and greatest share the body may take, in CSS px and of the window's height.
const LEAST: f64 = 160.0;
const GREATEST: f64 = 0.7;

/// The dock.
#[component]
pub fn DockPanel() -> impl IntoView {
    let (dock, panes) = (Dock::expect(), Panes::expect());
    let wanted = RwSignal::new(None::<Wanted>);
    let stored = prefs::get("dock").and_then(|height| height.parse().ok());
    let height = RwSignal::new(stored.unwrap_or(220.0_f64));
    let front_tab = Memo::new(move |_| dock.front.get());
    let body = move || {
        let tab = front_tab.get().and_then(|id| {
            dock.tabs
                .with_untracked(|tabs| tabs.iter().find(|tab| tab.id == id).cloned())
        });
        let pane = front_tab.get().and_then(|id| {
            panes
                .list
                .with_untracked(|panes| panes.iter().find(|pane| pane.id == id).cloned())
        });
        match (tab, pane) {
            (Some(tab), _) => view! { <ExecutionPanel tab wanted /> }.into_any(),
            (None, Some(pane)) => view! { <PaneBody pane /> }.into_any(),
            (None, None) => view! { <History /> }.into_any(),
        }
    };
    view! {
        <section class="dock" aria-label="Dock">
            <Show when=move || dock.open.get()>
                <ResizeHandle height />
            </Show>
            <div class="dock-bar">
                <div class="dock-tabs" role="group" aria-label="What is open">
                    <HistoryTab />
                    <For each=move || dock.tabs.get() key=|tab| tab.id.clone() let:tab>
                        <ExecutionTab tab />
                    </For>
                    <PaneTabs />
                </div>
                <Running />
                <ShellMenu />
                <button
                    class="icon-button small"
                    type="button"
                    aria-expanded=move || dock.open.get().to_string()
                    aria-label=move || if dock.open.get() { "Close the dock" } else { "Open the dock" }
                    on:click=move |_| dock.open.update(|open| *open = !*open)
                >
                    {move || {
                        let icon = if dock.open.get() { Icon::Down } else { Icon::Up };
                        view! { <Glyph icon size=14 /> }
                    }}
                </button>
            </div>
            <Show when=move || dock.open.get()>
                <div class="dock-body" role="region" aria-label="In front" style:height=move || format!("{}px", height.get())>
                    {body}
                </div>
            </Show>
        </section>
        <OpenPlan wanted />
    }
}

/// Brings the history to the front.
#[component]
fn HistoryTab() -> impl IntoView {
    let dock = Dock::expect();
    let front = move || dock.open.get() && dock.front.with(Option::is_none);
    let click = move |_| {
        dock.open.set(!front());
        dock.front.set(None);
        dock.reload_history();
    };
    view! {
        <button
            class="dock-tab"
            type="button"
            aria-pressed=move || front().to_string()
            data-tab="history"
            on:click=click
        >
            <Glyph icon=Icon::History size=14 />
            "Executions"
        </button>
    }
}

/// Brings an execution to the front.
#[component]
fn ExecutionTab(
    /// The tab.
    tab: Tab,
) -> impl IntoView {
    let dock = Dock::expect();
    let Tab { id, execution, .. } = tab;
    let id = StoredValue::new(id);
    let is_front = move || id.with_value(|id| dock.front.with(|front| front.as_ref() == Some(id)));
    let front = move || dock.open.get() && is_front();
    let current = Memo::new(move |_| execution.get());
    let title = move || {
        current.with(|e| {
            e.as_ref()
                .map_or_else(|| "Execution".to_owned(), |e| sentence(&e.title))
        })
    };
    let tone = Signal::derive(move || {
        let status = current.with(|e| e.as_ref().map_or(ExecutionStatus::Planned, |e| e.status));
        words::status_tone(status)
    });
    let show = move |_| {
        if front() {
            dock.open.set(false)
        } else {
            id.with_value(|id| dock.show(id))
        }
    };
    view! {
        <span class="dock-tab-group">
            <button
                class="dock-tab"
                type="button"
                aria-pressed=move || front().to_string()
                data-tab=id.get_value()
                title=title
                on:click=show
            >
                <ToneMark tone />
                <span class="clip">{title}</span>
            </button>
            <button
                class="icon-button small"
                type="button"
                aria-label=move || format!("Close {}", title())
                on:click=move |_| id.with_value(|id| dock.close(id))
            >
                <Glyph icon=Icon::Close size=12 />
            </button>
        </span>
    }
}

/// The upper edge, which can be dragged, or moved by the arrow keys.
#[component]
fn ResizeHandle(
    /// The body's height in CSS px.
    height: RwSignal<f64>,
) -> impl IntoView {
    let dragged = RwSignal::new(None::<(f64, f64)>);
    let set = move |wanted: f64| {
        let window = window()
            .inner_height()
            .ok()
            .and_then(|height| height.as_f64())
            .unwrap_or(800.0);
        height.set(wanted.clamp(LEAST, (window * GREATEST).max(LEAST)).round());
    };
    let moved = window_event_listener(ev::pointermove, move |event| {
        if let Some((from, height)) = dragged.get_untracked() {
            set(height + from - f64::from(event.client_y()));
        }
    });
    let released = window_event_listener(ev::pointerup, move |_| {
        if dragged.get_untracked().is_some() {
            dragged.set(None);
            prefs::set("dock", &height.get_untracked().to_string());
        }
    });
    on_cleanup(move || {
        moved.remove();
        released.remove();
    });
    let keys = move |event: ev::KeyboardEvent| match event.key().as_str() {
        "ArrowUp" => set(height.get_untracked() + 24.0),
        "ArrowDown" => set(height.get_untracked() - 24.0),
        _ => {}
    };
    view! {
        <div
            class="dock-handle"
            role="separator"
            tabindex="0"
            aria-orientation="horizontal"
            aria-label="Height of the dock"
            aria-valuenow=move || height.get()
            on:pointerdown=move |event| {
                event.prevent_default();
                dragged.set(Some((f64::from(event.client_y()), height.get_untracked())));
            }
            on:keydown=keys
        ></div>
    }
}
