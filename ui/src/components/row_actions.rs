//! What can be opened from a row beside its table: the logs of whatever runs pods.

use kubegraf_ipc::{
    object::ObjectRef,
    table::{KindInfo, Row},
};
use leptos::prelude::*;

use crate::{
    components::icon::{Glyph, Icon},
    state::{panes::Panes, session::Session},
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

fn object(kind: &KindInfo, row: &Row) -> ObjectRef {
    ObjectRef {
        api_version: kind.api_version.clone(),
        kind: kind.kind.clone(),
        namespace: row.namespace.clone(),
        name: row.name.clone(),
        uid: Some(row.uid.clone()),
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
    let (session, panes) = (Session::expect(), Panes::expect());
    kind.filter(has_logs).map(|kind| {
        let open = move |_| {
            close.run(());
            if let Some(row) = row.run(()) {
                open_logs(&kind, &row, session, panes);
            }
        };
        view! {
            <button class="menu-item" type="button" role="menuitem" data-action="menu-logs" on:click=open>
                <Glyph icon=Icon::Logs size=14 />
                "Logs"
                <kbd aria-hidden="true">"l"</kbd>
            </button>
        }
    })
}
