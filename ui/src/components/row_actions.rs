//! What can be opened from a row beside its table: the logs of whatever runs pods, and a way to its ports.

use kubegraf_ipc::{
    debug::{DEBUG_NAMESPACE, DebugTarget},
    files::InContainer,
    object::ObjectRef,
    table::{KindInfo, Row},
    terminal::{InPod, TerminalPlace},
};
use leptos::prelude::*;

use crate::{
    components::{
        icon::{Glyph, Icon},
        keys::Keys,
    },
    model::keys::Act,
    state::{
        forwards::Forwards, panes::Panes, pod_tools::PodTools, session::Session, toasts::Toasts,
    },
};

/// Kinds whose pods core can find.
const WITH_PODS: &[&str] = &[
    "Pod",
    "Deployment",
    "ReplicaSet",
    "StatefulSet",
    "DaemonSet",
    "Job",
    "ReplicationController",
    "Service",
];

const NOTHING_RUNS: &str = "The demo cluster has no real containers: nothing runs in them";

/// Whether objects of a kind have logs.
#[must_use]
pub fn has_logs(kind: &KindInfo) -> bool {
    WITH_PODS.contains(&kind.kind.as_str())
}

/// Opens the logs of a row in the dock.
pub fn open_logs(kind: &KindInfo, row: &Row, session: Session, panes: Panes) {
    let Some(cluster) = session.cluster.get_untracked().filter(|_| has_logs(kind)) else {
        return;
    };
    panes.open_log(cluster, object(kind, row));
}

/// Opens a shell in the default container of a row's pod.
pub fn open_shell(kind: &KindInfo, row: &Row, session: Session, panes: Panes, toasts: Toasts) {
    let Some(cluster) = session
        .cluster
        .get_untracked()
        .filter(|_| kind.kind == "Pod")
    else {
        return;
    };
    if untrack(|| on_demo(session)) {
        return toasts.say(NOTHING_RUNS);
    }
    let place = TerminalPlace::Container {
        cluster,
        namespace: row.namespace.clone(),
        pod: row.name.clone(),
        uid: Some(row.uid.clone()),
        container: None,
        run: InPod::BestShell,
    };
    panes.open_terminal(row.name.clone(), place);
}

/// Whether the active cluster is the demo.
fn on_demo(session: Session) -> bool {
    session.cluster.with(|active| {
        session.clusters.with(|list| {
            let mut clusters = list.clusters.iter();
            let active = clusters.find(|entry| Some(&entry.id) == active.as_ref());
            active.is_some_and(|entry| entry.is_demo)
        })
    })
}

fn object(kind: &KindInfo, row: &Row) -> ObjectRef {
    ObjectRef {
        api_version: kind.api_version.clone(),
        kind: kind.kind.clone(),
        namespace: row.namespace.clone(),
        name: row.name.clone(),
        uid: Some(row.uid.clone()),
    }
}

/// The actions of a node.
#[component]
pub fn NodeActions(
    /// The node.
    #[prop(into)]
    row: Callback<(), Option<Row>>,
    /// Closes the menu.
    close: Callback<()>,
) -> impl IntoView {
    let (session, tools) = (Session::expect(), PodTools::expect());
    let is_demo = move || on_demo(session);
    let shell = move |_| {
        close.run(());
        if let (Some(row), Some(cluster)) = (row.run(()), session.cluster.get_untracked()) {
            let of = DebugTarget::Node {
                node: row.name,
                namespace: DEBUG_NAMESPACE.to_owned(),
            };
            tools.debug.set(Some((cluster, of)));
        }
    };
    view! {
        <button
            class="menu-item"
            type="button"
            role="menuitem"
            data-action="menu-node-shell"
            disabled=is_demo
            title=move || is_demo().then_some(NOTHING_RUNS)
            on:click=shell
        >
            <Glyph icon=Icon::Terminal size=14 />
            "Shell on the node"
        </button>
    }
}

/// The actions, as items of a row's menu.
#[component]
pub fn RowActions(
    /// The kind of the rows; `None` while it is not known.
    kind: Option<KindInfo>,
    /// The row.
    #[prop(into)]
    row: Callback<(), Option<Row>>,
    /// Closes the menu.
    close: Callback<()>,
) -> impl IntoView {
    let (session, panes, forwards) = (Session::expect(), Panes::expect(), Forwards::expect());
    let toasts = Toasts::expect();
    kind.filter(has_logs).map(|kind| {
        let (of, of_shell, is_pod) = (kind.clone(), kind.clone(), kind.kind == "Pod");
        let open = move |_| {
            close.run(());
            if let Some(row) = row.run(()) {
                open_logs(&of, &row, session, panes);
            }
        };
        let forward = move |_| {
            close.run(());
            if let (Some(row), Some(cluster)) = (row.run(()), session.cluster.get_untracked()) {
                forwards.wanted.set(Some((cluster, object(&kind, &row))));
            }
        };
        let shell = move |_| {
            close.run(());
            if let Some(row) = row.run(()) {
                open_shell(&of_shell, &row, session, panes, toasts);
            }
        };
        let is_demo = move || on_demo(session);
        let tool = move |open: RwSignal<Option<InContainer>>| {
            close.run(());
            if let (Some(row), Some(cluster)) = (row.run(()), session.cluster.get_untracked()) {
                open.set(Some(InContainer {
                    cluster,
                    namespace: row.namespace,
                    pod: row.name,
                    uid: Some(row.uid),
                    container: None,
                }));
            }
        };
        let tools = PodTools::expect();
        let debug = move |_| {
            close.run(());
            if let (Some(row), Some(cluster)) = (row.run(()), session.cluster.get_untracked()) {
                let of = DebugTarget::Pod {
                    namespace: row.namespace,
                    pod: row.name,
                    uid: Some(row.uid),
                    container: None,
                };
                tools.debug.set(Some((cluster, of)));
            }
        };
        view! {
            <button class="menu-item" type="button" role="menuitem" data-action="menu-logs" on:click=open>
                <Glyph icon=Icon::Logs size=14 />
                "Logs"
                <Keys act=Act::Logs />
            </button>
            {is_pod.then(|| view! {
                <button
                    class="menu-item"
                    type="button"
                    role="menuitem"
                    data-action="menu-terminal"
                    disabled=is_demo
                    title=move || is_demo().then_some(NOTHING_RUNS)
                    on:click=shell
                >
                    <Glyph icon=Icon::Terminal size=14 />
                    "Terminal"
                    <Keys act=Act::Shell />
                </button>
                <button
                    class="menu-item"
                    type="button"
                    role="menuitem"
                    data-action="menu-run"
                    disabled=is_demo
                    title=move || is_demo().then_some(NOTHING_RUNS)
                    on:click=move |_| tool(tools.run)
                >
                    <Glyph icon=Icon::Arrow size=14 />
                    "Run a program"
                </button>
                <button
                    class="menu-item"
                    type="button"
                    role="menuitem"
                    data-action="menu-copy-files"
                    disabled=is_demo
                    title=move || is_demo().then_some(NOTHING_RUNS)
                    on:click=move |_| tool(tools.copy)
                >
                    <Glyph icon=Icon::Namespaces size=14 />
                    "Copy files"
                </button>
                <button
                    class="menu-item"
                    type="button"
                    role="menuitem"
                    data-action="menu-debug"
                    disabled=is_demo
                    title=move || is_demo().then_some(NOTHING_RUNS)
                    on:click=debug
                >
                    <Glyph icon=Icon::Search size=14 />
                    "Debug container"
                </button>
            })}
            <button
                class="menu-item"
                type="button"
                role="menuitem"
                data-action="menu-forward"
                disabled=is_demo
                title=move || is_demo().then_some("The demo cluster has no real containers: nothing listens on their ports")
                on:click=forward
            >
                <Glyph icon=Icon::Forwards size=14 />
                "Forward a port"
            </button>
        }
    })
}
