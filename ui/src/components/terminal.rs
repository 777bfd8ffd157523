//! A terminal: what it draws on, and what is said when it has ended.

use kubegraf_ipc::terminal::{TerminalEnd, TerminalPlace};
use leptos::{html, prelude::*};

use crate::{
    components::icon::{Glyph, Icon},
    model::words::sentence,
    state::terminals::Terminal,
};

/// A terminal.
#[component]
pub fn TerminalPanel(
    /// The terminal.
    terminal: Terminal,
) -> impl IntoView {
    let place = NodeRef::<html::Div>::new();
    Effect::new(move |_| {
        if let Some(element) = place.get() {
            terminal.show(element.into());
        }
    });
    let whose = terminal.place.with_value(|place| match place {
        TerminalPlace::Container {
            namespace,
            pod,
            container,
            ..
        } => {
            let container = container
                .as_ref()
                .map(|name| format!(" / {name}"))
                .unwrap_or_default();
            format!("{namespace} / {pod}{container}")
        }
        TerminalPlace::Local { .. } => "This machine".into(),
    });
    let over = move || {
        let failed = terminal
            .failure
            .with(|error| error.as_ref().map(|error| sentence(&error.message)));
        failed.or_else(|| terminal.end.with(|end| end.as_ref().map(ended)))
    };
    view! {
        <div class="terminal" data-terminal data-ended=move || over().is_some().to_string()>
            <div class="terminal-bar">
                <span class="dim mono clip">{whose}</span>
                <span role="status">{over}</span>
                <Show when=move || over().is_some()>
                    <button class="button small" type="button" data-action="again" on:click=move |_| terminal.again()>
                        <Glyph icon=Icon::Revert size=14 />
                        "Open again"
                    </button>
                </Show>
            </div>
            <div class="terminal-place" node_ref=place></div>
        </div>
    }
}

/// How it ended.
fn ended(end: &TerminalEnd) -> String {
    match (end.exit_code, &end.reason) {
        (_, Some(reason)) => format!("Ended: {reason}"),
        (Some(code), None) => format!("Ended with exit code {code}"),
        (None, None) => "Ended".into(),
    }
}
