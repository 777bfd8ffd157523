//! A terminal: where it is, what it draws on, and what is said when it has ended.

use kubegraf_ipc::terminal::{ContainerKind, InPod, OpenLink, TerminalEnd, TerminalPlace};
use leptos::{ev, html, prelude::*, task::spawn_local};

use crate::{
    components::{
        dialog::Dialog,
        icon::{Glyph, Icon},
    },
    ipc,
    model::words::sentence,
    state::{terminals::Terminal, toasts::Toasts},
};

/// Shells that can be asked for by name.
const SHELLS: &[&str] = &["bash", "zsh", "ash", "sh", "pwsh", "powershell", "cmd"];
/// Asks for the best shell there is.
const BEST: &str = "";
/// Asks for the container's own process.
const ATTACH: &str = "attach";

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
    let over = move || {
        let failed = terminal
            .failure
            .with(|error| error.as_ref().map(|error| sentence(&error.message)));
        failed.or_else(|| terminal.end.with(|end| end.as_ref().map(ended)))
    };
    view! {
        <div class="terminal" data-terminal data-ended=move || over().is_some().to_string()>
            <div class="terminal-bar">
                <Where terminal />
                <span role="status">{over}</span>
                <Show when=move || over().is_some() && terminal.repeats()>
                    <button class="button small" type="button" data-action="again" on:click=move |_| terminal.again()>
                        <Glyph icon=Icon::Revert size=14 />
                        "Open again"
                    </button>
                </Show>
                <span class="log-space"></span>
                <Find terminal />
            </div>
            <div class="terminal-place" node_ref=place></div>
            {move || terminal.link.get().map(|url| view! { <LinkDialog terminal url /> })}
        </div>
    }
}

/// Asks before an address is opened: a program has written it.
#[component]
fn LinkDialog(
    /// Where it was clicked.
    terminal: Terminal,
    /// The address, whole.
    url: String,
) -> impl IntoView {
    let toasts = Toasts::expect();
    let close = move || terminal.link.set(None);
    let shown = url.clone();
    let open = move |_| {
        close();
        let url = url.clone();
        spawn_local(async move {
            if let Err(error) = ipc::call(OpenLink { url }).await {
                toasts.complain("opening the address", &error);
            }
        });
    };
    view! {
        <Dialog title="Open this address in the browser?" on_close=close>
            <div class="dialog-body">
                <p>"A program in this terminal has written it."</p>
                <pre class="run-output" tabindex="0" aria-label="Address" data-link-url>{shown}</pre>
            </div>
            <div class="dialog-foot">
                <span class="log-space"></span>
                <button class="button" type="button" on:click=move |_| close()>"Cancel"</button>
                <button class="button primary" type="button" data-action="open-link" on:click=open>"Open"</button>
            </div>
        </Dialog>
    }
}

/// Where it is; in a pod, what else could be entered.
#[component]
fn Where(
    /// The terminal.
    terminal: Terminal,
) -> impl IntoView {
    let pod = move || {
        terminal.place.with(|place| match place {
            TerminalPlace::Container { namespace, pod, .. } => Some(format!("{namespace} / {pod}")),
            TerminalPlace::Debug { .. } | TerminalPlace::Local { .. } => None,
        })
    };
    let containers = Memo::new(move |_| terminal.containers.get());
    let entered = move || {
        terminal.place.with(|place| match place {
            TerminalPlace::Container {
                container: Some(name),
                ..
            } => Some(name.clone()),
            _ => None,
        })
    };
    let chosen = move || {
        let default =
            || containers.with(|all| Some(all.iter().find(|c| c.is_default)?.name.clone()));
        entered().or_else(default).unwrap_or_default()
    };
    let choose = move |name: String| {
        terminal.enter(|place| {
            if let TerminalPlace::Container { container, .. } = place {
                *container = Some(name);
            }
        });
    };
    let runs = move || {
        terminal.place.with(|place| match place {
            TerminalPlace::Container { run, .. } => match run {
                InPod::BestShell => BEST.to_owned(),
                InPod::Attach => ATTACH.to_owned(),
                InPod::Command { words } => words.join(" "),
            },
            TerminalPlace::Debug { .. } | TerminalPlace::Local { .. } => BEST.to_owned(),
        })
    };
    let ask = move |what: String| {
        terminal.enter(|place| {
            if let TerminalPlace::Container { run, .. } = place {
                *run = match what.as_str() {
                    BEST => InPod::BestShell,
                    ATTACH => InPod::Attach,
                    shell => InPod::Command {
                        words: vec![shell.to_owned()],
                    },
                };
            }
        });
    };
    view! {
        <Show
            when=move || pod().is_some()
            fallback=move || {
                let word = if terminal.repeats() { "This machine" } else { "A debug session" };
                view! { <span class="dim mono clip">{word}</span> }
            }
        >
            <span class="dim mono clip">{pod}</span>
            <Show when=move || containers.with(|all| !all.is_empty())>
                <select
                    class="input terminal-choice"
                    aria-label="Container"
                    data-terminal-container
                    on:change:target=move |event| choose(event.target().value())
                    prop:value=chosen
                >
                    {move || containers.get().into_iter().map(|container| {
                        let rest = match (container.kind, container.running) {
                            (ContainerKind::Main, true) => "",
                            (ContainerKind::Main, false) => " (not running)",
                            (ContainerKind::Init, true) => " (init)",
                            (ContainerKind::Init, false) => " (init, not running)",
                            (ContainerKind::Ephemeral, true) => " (debug)",
                            (ContainerKind::Ephemeral, false) => " (debug, not running)",
                        };
                        let selected = container.name == untrack(chosen);
                        let label = format!("{}{rest}", container.name);
                        view! { <option value=container.name selected=selected>{label}</option> }
                    }).collect_view()}
                </select>
            </Show>
            <select
                class="input terminal-choice"
                aria-label="What runs"
                data-terminal-run
                on:change:target=move |event| ask(event.target().value())
                prop:value=runs
            >
                <option value=BEST>"Best shell"</option>
                {SHELLS.iter().map(|shell| view! { <option value=*shell>{*shell}</option> }).collect_view()}
                <option value=ATTACH>"Its own process (attach)"</option>
            </select>
        </Show>
    }
}

/// Finds text in what was drawn.
#[component]
fn Find(
    /// The terminal.
    terminal: Terminal,
) -> impl IntoView {
    let nothing = RwSignal::new(false);
    let keys = move |event: ev::Targeted<ev::KeyboardEvent, web_sys::HtmlInputElement>| {
        if event.key() == "Enter" {
            event.prevent_default();
            let text = event.target().value();
            let found = text.is_empty() || terminal.find(&text, !event.shift_key());
            nothing.set(!found);
        }
    };
    view! {
        <input
            class="input terminal-find"
            type="text"
            placeholder="Find"
            aria-label="Find in the terminal"
            title="Enter: towards older lines; Shift+Enter: towards newer ones"
            aria-invalid=move || nothing.get().then_some("true")
            spellcheck="false"
            autocomplete="off"
            on:keydown:target=keys
        />
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
