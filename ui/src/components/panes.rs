//! The dock's tabs that are no executions, and what they hold.

use kubegraf_ipc::terminal::{ListShells, Shell, TerminalPlace};
use leptos::{prelude::*, task::spawn_local};

use crate::{
    components::{
        icon::{Glyph, Icon},
        log::LogPanel,
        menu::Menu,
        terminal::TerminalPanel,
    },
    ipc,
    state::{
        dock::Dock,
        panes::{Holds, Pane, Panes},
        session::Session,
        toasts::Toasts,
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
                aria-pressed=move || front().to_string()
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

/// Opens a shell of this machine: the one that is set.
#[component]
pub fn ShellButton() -> impl IntoView {
    let (panes, session) = (Panes::expect(), Session::expect());
    view! {
        <button
            class="icon-button"
            type="button"
            data-action="local-terminal"
            aria-label="Open a terminal of this machine"
            title="A terminal of this machine; its kubectl speaks to the active cluster"
            on:click=move |_| open_shell(panes, session, None)
        >
            <Glyph icon=Icon::Terminal />
        </button>
    }
}

fn open_shell(panes: Panes, session: Session, shell: Option<String>) {
    let name = shell
        .as_deref()
        .and_then(|path| path.rsplit(['/', '\\']).next());
    let title = name.unwrap_or("Terminal").to_owned();
    let cluster = session.cluster.get_untracked();
    panes.open_terminal(title, TerminalPlace::Local { shell, cluster });
}

/// The shells of this machine.
#[component]
pub fn ShellMenu() -> impl IntoView {
    let open = RwSignal::new(false);
    let button = view! { <Glyph icon=Icon::Terminal size=14 /> <Glyph icon=Icon::Up size=12 /> };
    view! {
        <Menu
            open
            label="Shells of this machine"
            class="icon-button small dock-menu"
            role="menu"
            at_right=true
            button=button.into_any()
        >
            <Shells open />
        </Menu>
    }
}

#[component]
fn Shells(
    /// Closes the menu.
    open: RwSignal<bool>,
) -> impl IntoView {
    let (panes, session, toasts) = (Panes::expect(), Session::expect(), Toasts::expect());
    let shells = RwSignal::new(Vec::<Shell>::new());
    spawn_local(async move {
        match ipc::call(ListShells {}).await {
            Ok(found) => {
                shells.try_set(found);
            }
            Err(error) => toasts.complain("looking for shells", &error),
        }
    });
    move || {
        let items = shells.get().into_iter().map(|shell| {
            let (path, name) = (shell.path.clone(), shell.name.clone());
            let choose = move |_| {
                open.set(false);
                open_shell(panes, session, Some(path.clone()));
            };
            view! {
                <button class="menu-item" type="button" role="menuitem" data-shell=name title=shell.path on:click=choose>
                    <Glyph icon=Icon::Terminal size=14 />
                    {shell.name}
                    {shell.is_default.then(|| view! { <span class="dim">"your own"</span> })}
                </button>
            }
        });
        items.collect_view()
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
