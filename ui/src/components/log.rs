//! A log: its tools, its lines, and what is to be said when there are none.

use kubegraf_ipc::logs::{LogLevel, LogPlace, LogState, MOST_COPIED};
use leptos::{prelude::*, task::spawn_local};

use crate::{
    components::{
        copy,
        icon::{Glyph, Icon},
        log_lines::LogLines,
        log_patterns::Patterns,
        log_query::LogQuery,
        log_times::Times,
        menu::Menu,
    },
    model::{
        logs,
        words::{grouped, plural},
    },
    state::{logs::Log, toasts::Toasts},
};

/// A log with everything that can be done with it.
#[component]
pub fn LogPanel(
    /// The log.
    log: Log,
) -> impl IntoView {
    let wrap = RwSignal::new(false);
    let times = RwSignal::new(true);
    view! {
        <div class="log" data-log>
            <div class="log-tools" role="toolbar" aria-label="Log">
                <LogQuery log />
                <Severities log />
                <Patterns log />
                <Sources log />
                <Times log />
                <Toggle on=Signal::derive(move || log.follows()) name="follow" label="Follow"
                    title="Stay with the newest lines"
                    click=Callback::new(move |()| {
                        let follows = untrack(|| log.follows());
                        let start = log.head.with_untracked(|head| head.as_ref().map_or(0, |h| h.start));
                        log.ask(|view| view.place = if follows { LogPlace::Line { number: start } } else { LogPlace::End });
                    }) />
                <Toggle on=wrap.into() name="wrap" label="Wrap" title="Break long lines"
                    click=Callback::new(move |()| wrap.update(|wrap| *wrap = !*wrap)) />
                <Toggle on=times.into() name="times" label="Times" title="When each line was written"
                    click=Callback::new(move |()| times.update(|times| *times = !*times)) />
                <Toggle on=Signal::derive(move || log.view.with(|view| view.fields)) name="fields" label="Fields"
                    title="Tell lines of JSON and logfmt as what they say and their fields"
                    click=Callback::new(move |()| log.ask(|view| view.fields = !view.fields)) />
                <Toggle on=Signal::derive(move || log.options.with(|o| o.previous)) name="previous" label="Previous run"
                    title="The run before the last restart"
                    click=Callback::new(move |()| log.reread(|options| options.previous = !options.previous)) />
                <Toggle on=Signal::derive(move || log.options.with(|o| o.tail.is_none())) name="all" label="All"
                    title="Everything the nodes still have, not only the last lines"
                    click=Callback::new(move |()| log.reread(|options| {
                        options.tail = if options.tail.is_none() { Some(1_000) } else { None };
                    })) />
                <span class="log-space"></span>
                <Takeaway log />
            </div>
            <GivenUp log />
            <LogLines log wrap times />
        </div>
    }
}

/// A button that is on or off.
#[component]
fn Toggle(
    /// Whether it is on.
    on: Signal<bool>,
    /// Names it for a test.
    name: &'static str,
    /// What it says.
    label: &'static str,
    /// What it does.
    title: &'static str,
    /// What a click does.
    click: Callback<()>,
) -> impl IntoView {
    view! {
        <button
            class="chip"
            type="button"
            title=title
            data-log-toggle=name
            aria-pressed=move || on.get().to_string()
            on:click=move |_| click.run(())
        >
            {label}
        </button>
    }
}

/// How many lines are grave, and the way to only those.
#[component]
fn Severities(
    /// The log.
    log: Log,
) -> impl IntoView {
    let least = Memo::new(move |_| log.view.with(|view| view.least));
    let count = move |errors: bool| {
        log.head.with(|head| {
            head.as_ref().map_or(0, |h| {
                if errors {
                    h.errors
                } else {
                    h.errors + h.warnings
                }
            })
        })
    };
    let chip = move |level: LogLevel, class: &'static str, thing: &'static str| {
        let pressed = move || least.get() == Some(level);
        view! {
            <button
                class=class
                type="button"
                data-least=logs::level(level)
                title=format!("Only lines that say {} or worse", logs::level(level))
                aria-pressed=move || pressed().to_string()
                on:click=move |_| {
                    let wanted = (!untrack(pressed)).then_some(level);
                    log.ask(|view| view.least = wanted);
                }
            >
                {move || plural(count(level == LogLevel::Error), thing)}
            </button>
        }
    };
    view! {
        {chip(LogLevel::Error, "chip tone-bad", "error")}
        {chip(LogLevel::Warn, "chip tone-warn", "warning")}
    }
}

/// Which containers are shown.
#[component]
fn Sources(
    /// The log.
    log: Log,
) -> impl IntoView {
    let open = RwSignal::new(false);
    let text = move || {
        let (all, live) = log.sources.with(|sources| {
            let live = sources.iter().filter(|s| s.state == LogState::Following);
            (sources.len() as u64, live.count() as u64)
        });
        let left_out = log
            .head
            .with(|head| head.as_ref().map_or(0, |h| h.left_out));
        let more = if left_out > 0 {
            format!(", {} more not read", grouped(left_out.into()))
        } else {
            String::new()
        };
        format!("{}, {} live{more}", plural(all, "container"), grouped(live))
    };
    let button = view! { <span data-log-sources>{text}</span> <Glyph icon=Icon::Down size=12 /> };
    view! {
        <Menu open label="Containers" class="chip" role="dialog" button=button.into_any()>
            <SourceList log />
        </Menu>
    }
}

#[component]
fn SourceList(
    /// The log.
    log: Log,
) -> impl IntoView {
    let all = Memo::new(move |_| log.sources.get());
    let item = move |id: u32| {
        let shown = move || log.view.with(|view| !view.hidden.contains(&id));
        let told = move || all.with(|all| all.iter().find(|source| source.id == id).cloned());
        let name =
            move || told().map_or_else(String::new, |s| format!("{}/{}", s.pod, s.container));
        let how = move || {
            told().map_or_else(String::new, |s| {
                format!("{} · {}", logs::state(&s.state), plural(s.lines, "line"))
            })
        };
        view! {
            <button
                class="menu-item log-source-item"
                type="button"
                role="checkbox"
                aria-checked=move || shown().to_string()
                data-source=id
                style:--hue=logs::hue(id).to_string()
                on:click=move |_| {
                    let now = untrack(shown);
                    log.ask(|view| if now { view.hidden.push(id) } else { view.hidden.retain(|hidden| *hidden != id) });
                }
            >
                <span class="log-dot" data-on=move || shown().to_string()></span>
                <span class="log-source-text">
                    <span class="clip mono">{name}</span>
                    <span class="dim clip">{how}</span>
                </span>
            </button>
        }
    };
    let ids = Memo::new(move |_| all.with(|all| all.iter().map(|s| s.id).collect::<Vec<_>>()));
    view! {
        <div class="log-source-all">
            <button class="button small" type="button" on:click=move |_| log.ask(|view| view.hidden.clear())>
                "All"
            </button>
            <button class="button small" type="button" on:click=move |_| {
                let all = ids.get_untracked();
                log.ask(|view| view.hidden = all);
            }>
                "None"
            </button>
        </div>
        <For each=move || ids.get() key=|id| *id let:id>
            {item(id)}
        </For>
    }
}

/// Copies and saves.
#[component]
fn Takeaway(
    /// The log.
    log: Log,
) -> impl IntoView {
    let toasts = Toasts::expect();
    let busy = RwSignal::new(false);
    let copy_all = move |_| {
        let Some(head) = log.head.get_untracked() else {
            return;
        };
        let from = head
            .end
            .saturating_sub(u64::from(MOST_COPIED))
            .max(head.first);
        spawn_local(async move {
            match log.text(from, MOST_COPIED).await {
                Ok(text) => {
                    let count = head.end - from;
                    copy::copy_saying(text, format!("Copied {}.", plural(count, "line")), toasts);
                }
                Err(error) => toasts.complain("copying the lines", &error),
            }
        });
    };
    let save = move |_| {
        busy.set(true);
        spawn_local(async move {
            match log.save().await {
                Ok(saved) => {
                    let missing = match saved.missing {
                        0 => String::new(),
                        missing => format!("; {} older ones were not kept", grouped(missing)),
                    };
                    let lines = plural(saved.lines, "line");
                    toasts.say(format!("{lines} written to {}{missing}", saved.path));
                }
                Err(error) => toasts.complain("saving the log", &error),
            }
            busy.try_set(false);
        });
    };
    view! {
        <button class="button small" type="button" data-action="copy-log"
            title="The newest lines that are shown, 20,000 at most" on:click=copy_all>
            "Copy"
        </button>
        <button class="button small" type="button" data-action="save-log" disabled=move || busy.get()
            title="Every line that is shown, as a file in the downloads folder" on:click=save>
            "Save"
        </button>
    }
}

/// Says how much is missing at the beginning, and what is still looked through.
#[component]
fn GivenUp(
    /// The log.
    log: Log,
) -> impl IntoView {
    let given_up = Memo::new(move |_| {
        log.head.with(|head| {
            head.as_ref()
                .map_or((0, 0), |h| (h.given_up, h.given_up_bytes))
        })
    });
    let unsearched = Memo::new(move |_| {
        log.head
            .with(|head| head.as_ref().map_or((0, 0), |h| (h.unsearched, h.on_disk)))
    });
    view! {
        <Show when=move || { given_up.get().0 > 0 }>
            <p class="log-gap" data-given-up=move || given_up.get().0>
                {move || {
                    let (lines, bytes) = given_up.get();
                    let size = grouped(bytes.div_ceil(1 << 20));
                    format!("{} ({size} MiB) were given up to stay within bounds.", plural(lines, "older line"))
                }}
            </p>
        </Show>
        <Show when=move || { unsearched.get().0 > 0 }>
            <p class="log-gap log-searching" role="status" data-unsearched=move || unsearched.get().0>
                {move || {
                    let (left, of) = unsearched.get();
                    let percent = (of.saturating_sub(left)) * 100 / of.max(1);
                    format!("Searching {} on disk: {percent} %.", plural(of, "older line"))
                }}
            </p>
        </Show>
    }
}
