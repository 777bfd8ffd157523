//! What runs on the user's behalf: terminals, logs that are followed, ports that are forwarded. Each
//! can be shown and ended here.

use kubegraf_ipc::forward::ForwardState;
use leptos::prelude::*;

use crate::{
    components::{
        icon::{Glyph, Icon},
        menu::Menu,
    },
    model::words::plural,
    state::{
        forwards::Forwards,
        panes::{Holds, Panes},
    },
};

/// One thing that runs.
#[derive(Clone, PartialEq, Eq)]
struct Thing {
    id: String,
    icon: Icon,
    title: String,
    is_forward: bool,
}

/// How many things run, and the list of them.
#[component]
pub fn Running() -> impl IntoView {
    let (panes, forwards) = (Panes::expect(), Forwards::expect());
    let things = Memo::new(move |_| {
        let panes = panes.list.get().into_iter().filter_map(|pane| {
            let (icon, runs) = match pane.holds {
                Holds::Log(_) => (Icon::Logs, true),
                Holds::Terminal(terminal) => (Icon::Terminal, terminal.runs()),
            };
            runs.then_some(Thing {
                id: pane.id,
                icon,
                title: pane.title,
                is_forward: false,
            })
        });
        let is_open = |state: &ForwardState| {
            matches!(
                state,
                ForwardState::Active { .. } | ForwardState::Waiting { .. }
            )
        };
        let forwards = forwards.list.get().into_iter();
        let forwards = forwards.filter(|f| is_open(&f.state)).map(|forward| Thing {
            title: format!("{} → {}", forward.url, forward.object.name),
            id: forward.id,
            icon: Icon::Forwards,
            is_forward: true,
        });
        panes.chain(forwards).collect::<Vec<_>>()
    });
    let open = RwSignal::new(false);
    let text = move || format!("{} running", things.with(Vec::len));
    let button = view! { <span data-running=move || things.with(Vec::len)>{text}</span> };
    view! {
        <Show when=move || !things.with(Vec::is_empty)>
            <Menu open label=Signal::derive(text) class="chip dock-menu" role="dialog" at_right=true button=button.clone().into_any()>
                <div class="running">
                    <p class="menu-note">{move || plural(things.with(|all| all.len() as u64), "thing")}" ends when the app is quit"</p>
                    <For each=move || things.get() key=|thing| thing.id.clone() let:thing>
                        <Line thing open />
                    </For>
                </div>
            </Menu>
        </Show>
    }
}

#[component]
fn Line(
    /// What runs.
    thing: Thing,
    /// Closes the list.
    open: RwSignal<bool>,
) -> impl IntoView {
    let (panes, forwards) = (Panes::expect(), Forwards::expect());
    let Thing {
        id,
        icon,
        title,
        is_forward,
    } = thing;
    let id = StoredValue::new(id);
    let ends = format!("End {title}");
    let tooltip = title.clone();
    let show = move |_| {
        open.set(false);
        if is_forward {
            // The list of forwards says more.
            let _ = window().location().set_hash("#/port-forwards");
        } else {
            id.with_value(|id| panes.show(id));
        }
    };
    let end = move |_| {
        if is_forward {
            forwards.stop(id.get_value(), false);
        } else {
            id.with_value(|id| panes.close(id));
        }
    };
    view! {
        <div class="running-line" data-running-line>
            <button class="menu-item" type="button" title=tooltip on:click=show>
                <Glyph icon size=14 />
                <span class="clip">{title}</span>
            </button>
            <button class="button small" type="button" aria-label=ends data-action="end-running" on:click=end>
                "End"
            </button>
        </div>
    }
}
