//! The terminals over the whole window: the dock, grown. Leaving the view lets it shrink again; what
//! runs in it goes on.

use kubegraf_ipc::terminal::TerminalPlace;
use leptos::prelude::*;

use crate::{
    state::{
        panes::{Holds, Panes},
        session::Session,
    },
    views::first_paint::FirstPaint,
};

/// The view: the newest terminal in front, a new one where there is none.
#[component]
pub fn TerminalView() -> impl IntoView {
    let (panes, session) = (Panes::expect(), Session::expect());
    let newest = panes.list.with_untracked(|list| {
        let terminals = list.iter().rev();
        let mut terminals = terminals.filter(|pane| matches!(pane.holds, Holds::Terminal(_)));
        terminals.next().map(|pane| pane.id.clone())
    });
    match newest {
        Some(id) => panes.show(&id),
        None => {
            let cluster = session.cluster.get_untracked();
            panes.open_terminal(
                "Terminal".into(),
                TerminalPlace::Local {
                    shell: None,
                    cluster,
                },
            );
        }
    }
    panes.grow(true);
    on_cleanup(move || panes.grow(false));
    let ready = Signal::derive(|| true);
    view! {
        <FirstPaint view="terminal".to_owned() ready selector="[data-terminal]" />
        <div class="view-head">
            <h1>"Terminal"</h1>
        </div>
    }
}
