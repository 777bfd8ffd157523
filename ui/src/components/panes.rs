//! The dock's tabs that are no executions, and what they hold.

use kubegraf_ipc::terminal::TerminalPlace;
use leptos::prelude::*;

use crate::{
    components::{
        icon::{Glyph, Icon},
        log::LogPanel,
        terminal::TerminalPanel,
    },
    state::{
        dock::Dock,
        panes::{Holds, Pane, Panes},
        session::Session,
    },
};

/// A tab for each open pane.
#[component]
pub fn PaneTabs() -> impl IntoView {
    let panes = Panes::expect();
    view! {
        <For each=move || panes.list.get() key=|pane| pane.id.clone() let:pane>
            <PaneTab pane />
        </For>
    }
}

#[component]
fn PaneTab(
    /// The pane.
    pane: Pane,
) -> impl IntoView {
    let (dock, panes) = (Dock::expect(), Panes::expect());
    let Pane {
        id, title, holds, ..
    } = pane;
    let icon = match holds {
        Holds::Log(_) => Icon::Logs,
        Holds::Terminal(_) => Icon::Terminal,
    };
    let id = StoredValue::new(id);
    let is_front = move || id.with_value(|id| dock.front.with(|front| front.as_ref() == Some(id)));
    let front = move || dock.open.get() && is_front();
    let show = move |_| {
        if front() {
            dock.open.set(false);
        } else {
            dock.open.set(true);
            dock.front.set(Some(id.get_value()));
        }
    };
    let closes = format!("Close {title}");
    let tooltip = title.clone();
    view! {
        <span class="dock-tab-group">
            <button
                class="dock-tab"
                type="button"
                role="tab"
                aria-selected=move || front().to_string()
                data-tab=id.get_value()
                title=tooltip
                on:click=show
            >
                <Glyph icon size=14 />
                <span class="clip">{title}</span>
            </button>
            <button
                class="icon-button small"
                type="button"
                aria-label=closes
                on:click=move |_| id.with_value(|id| panes.close(id))
            >
                <Glyph icon=Icon::Close size=12 />
            </button>
        </span>
    }
}

/// Opens a shell of this machine.
#[component]
pub fn ShellButton() -> impl IntoView {
    let (panes, session) = (Panes::expect(), Session::expect());
    let open = move |_| {
        let cluster = session.cluster.get_untracked();
        let place = TerminalPlace::Local {
            shell: None,
            cluster,
        };
        panes.open_terminal("Terminal".into(), place);
    };
    view! {
        <button
            class="icon-button small"
            type="button"
            data-action="local-terminal"
            aria-label="Open a terminal of this machine"
            title="A terminal of this machine; its kubectl speaks to the active cluster"
            on:click=open
        >
            <Glyph icon=Icon::Terminal size=14 />
        </button>
    }
}

/// What a pane holds.
#[component]
pub fn PaneBody(
    /// The pane.
    pane: Pane,
) -> impl IntoView {
    match pane.holds {
        Holds::Log(log) => view! { <LogPanel log /> }.into_any(),
        Holds::Terminal(terminal) => view! { <TerminalPanel terminal /> }.into_any(),
    }
}
