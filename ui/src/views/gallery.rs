//! Every component in every state, for whoever works on them: not in what is shipped.

use kubegraf_ipc::{
    Code, Error,
    execution::{DiffLine, DiffTag},
    incident::Severity,
    object::{Freshness, Tone},
    overview::{Counts, StateCount},
};
use leptos::prelude::*;

use crate::{
    components::{
        chip::StatusChip,
        copy::CopyButton,
        dialog::Dialog,
        diff::Diff,
        empty::EmptyState,
        freshness::FreshnessChip,
        icon::{Glyph, Icon},
        mark::{SeverityMark, ToneMark},
        menu::Menu,
        state_bar::StateBar,
        tick::Tick,
    },
    state::{clock::Clock, toasts::Toasts},
    views::table::Skeletons,
};

/// The longest name Kubernetes takes for most things.
const LONG: &str = "a-name-of-sixty-three-characters-which-is-what-kubernetes-takes";

/// The gallery.
#[component]
pub fn Gallery() -> impl IntoView {
    view! {
        <div class="view-head">
            <h1>"Gallery"</h1>
            <span class="dim">"Every component in every state; debug builds only"</span>
        </div>
        <div class="board gallery" data-gallery>
            <Buttons />
            <Fields />
            <Marks />
            <Fresh />
            <Bars />
            <Empties />
            <Lines />
            <Floating />
            <Failing />
        </div>
    }
}

/// A group of the gallery.
#[component]
fn Shelf(
    /// Its heading.
    title: &'static str,
    /// What stands in it.
    children: Children,
) -> impl IntoView {
    view! {
        <section class="card" data-shelf=title>
            <h2>{title}</h2>
            <div class="card-body shelf">{children()}</div>
        </section>
    }
}

#[component]
fn Buttons() -> impl IntoView {
    view! {
        <Shelf title="Buttons">
            <button class="button" type="button">"Button"</button>
            <button class="button primary" type="button">"Primary"</button>
            <button class="button small" type="button">"Small"</button>
            <button class="button" type="button" disabled>"Disabled"</button>
            <button class="button primary" type="button" disabled>"Primary, disabled"</button>
            <button class="icon-button" type="button" aria-label="Close"><Glyph icon=Icon::Close /></button>
            <CopyButton text="copied" label="Copy" />
            <span class="clip shelf-narrow" title=LONG>{LONG}</span>
        </Shelf>
    }
}

#[component]
fn Fields() -> impl IntoView {
    let on = RwSignal::new(true);
    view! {
        <Shelf title="Fields">
            <input class="input" type="text" aria-label="Empty" placeholder="Placeholder" />
            <input class="input" type="text" aria-label="Filled" value="checkout" />
            <input class="input" type="text" aria-label="Wrong" value="/(" aria-invalid="true" />
            <select class="input" aria-label="One of several"><option>"One"</option><option>"Another"</option></select>
            <span class="options" role="radiogroup" aria-label="Pace">
                <button class="chip" type="button" role="radio" aria-checked="true">"1 s"</button>
                <button class="chip" type="button" role="radio" aria-checked="false">"5 s"</button>
            </span>
            <button
                class="setting-check"
                type="button"
                role="checkbox"
                aria-checked=move || on.get().to_string()
                on:click=move |_| on.update(|on| *on = !*on)
            >
                <Tick on />
                "on or off"
            </button>
            <span><kbd>"Ctrl"</kbd> " " <kbd>"K"</kbd></span>
        </Shelf>
    }
}

#[component]
fn Marks() -> impl IntoView {
    let tones = [
        (Tone::Ok, "Running"),
        (Tone::Pending, "Pending"),
        (Tone::Neutral, "Completed"),
        (Tone::Warn, "Degraded"),
        (Tone::Bad, "CrashLoopBackOff"),
    ];
    let severities = [
        Severity::Critical,
        Severity::High,
        Severity::Medium,
        Severity::Low,
    ];
    view! {
        <Shelf title="Marks">
            {tones.map(|(tone, word)| view! {
                <span class="shelf-pair"><ToneMark tone=Signal::stored(tone) /> {word}</span>
                <StatusChip tone=Signal::stored(tone) word=Signal::stored(word.to_owned()) />
            }).into_iter().collect_view()}
            {severities.map(|severity| view! {
                <SeverityMark severity=Signal::stored(severity) />
            }).into_iter().collect_view()}
            <span class="chip">"Chip"</span>
            <span class="chip chip-warn">"Warning chip"</span>
        </Shelf>
    }
}

#[component]
fn Fresh() -> impl IntoView {
    let now = Clock::expect().now();
    let broken = |throttled_until| Freshness::Reconnecting {
        since: now - 90,
        error: "connection reset by peer".into(),
        throttled_until,
    };
    let all = [
        None,
        Some(Freshness::Loading { seen: 12_345 }),
        Some(Freshness::Live),
        Some(broken(None)),
        Some(broken(Some(now + 3_600))),
        Some(Freshness::Forbidden {
            verb: "list".into(),
            resource: "pods".into(),
            message: "pods is forbidden".into(),
        }),
    ];
    view! {
        <Shelf title="Freshness">
            {all.map(|one| view! { <FreshnessChip freshness=Signal::stored(one) /> })
                .into_iter()
                .collect_view()}
        </Shelf>
    }
}

#[component]
fn Bars() -> impl IntoView {
    let state = |word: &str, tone, count| StateCount {
        word: word.into(),
        tone,
        count,
    };
    let well = Counts {
        total: 51_870,
        states: vec![
            state("Running", Tone::Ok, 51_800),
            state("Pending", Tone::Pending, 48),
            state("CrashLoopBackOff", Tone::Bad, 22),
        ],
    };
    let bar = |title, counts| {
        view! { <StateBar title kind="pods" facets=true counts=Signal::stored(counts) /> }
    };
    view! {
        <Shelf title="State bars">
            {bar("Known", Some(well))}
            {bar("Empty", Some(Counts::default()))}
            {bar("Unknown", None)}
        </Shelf>
    }
}

#[component]
fn Empties() -> impl IntoView {
    view! {
        <Shelf title="Empty, failed, loading">
            <EmptyState icon=Icon::Calm title="Nothing is broken" text="51,870 pods, 112 nodes, checked 2 s ago." />
            <EmptyState icon=Icon::Plug title="The pods cannot be followed" text="The server does not answer.">
                <button class="button" type="button">"Try again"</button>
            </EmptyState>
            <EmptyState icon=Icon::Shield title="You may not list pods" text="The cluster's rules do not let you.">
                <CopyButton text="rule" label="Copy the rule that is missing" />
            </EmptyState>
            <div class="shelf-wide"><Skeletons /></div>
        </Shelf>
    }
}

#[component]
fn Lines() -> impl IntoView {
    let line = |tag, old, new, text: &str| DiffLine {
        tag,
        old,
        new,
        text: text.into(),
    };
    let lines = vec![
        line(DiffTag::Gap, None, None, "12 lines"),
        line(DiffTag::Same, Some(13), Some(13), "    - name: DB_URL"),
        line(DiffTag::Delete, Some(14), None, "      key: DB_URL"),
        line(DiffTag::Insert, None, Some(14), "      key: DATABASE_URL"),
    ];
    view! {
        <Shelf title="Diff">
            <div class="shelf-wide"><Diff lines /></div>
        </Shelf>
    }
}

#[component]
fn Floating() -> impl IntoView {
    let toasts = Toasts::expect();
    let (open, dialog) = (RwSignal::new(false), RwSignal::new(false));
    let failed = Error::new(Code::Unreachable, "\"prod\" does not answer")
        .with_detail("connect: connection refused");
    view! {
        <Shelf title="Floating">
            <Menu
                open
                label=Signal::stored("A menu".to_owned())
                class="button"
                button=view! { "A menu" }.into_any()
                role="menu"
            >
                <button class="menu-item" type="button" role="menuitem">"One"</button>
                <button class="menu-item" type="button" role="menuitem">"Another"</button>
            </Menu>
            <button class="button" type="button" data-action="toast" on:click=move |_| toasts.say("It is done.")>
                "Good news"
            </button>
            <button
                class="button"
                type="button"
                data-action="complain"
                on:click=move |_| toasts.complain("switching the notification", &failed)
            >
                "Bad news"
            </button>
            <button class="button" type="button" data-action="dialog" on:click=move |_| dialog.set(true)>
                "A dialog"
            </button>
            <Show when=move || dialog.get()>
                <Dialog title=Signal::stored(format!("Delete {LONG}?")) on_close=move || dialog.set(false)>
                    <div class="dialog-body"><p>"A dialog keeps the focus inside; Escape closes it."</p></div>
                    <div class="dialog-foot">
                        <span class="dim"></span>
                        <button class="button primary" type="button" on:click=move |_| dialog.set(false)>"Close"</button>
                    </div>
                </Dialog>
            </Show>
        </Shelf>
    }
}

/// What a view that dies looks like.
#[component]
fn Failing() -> impl IntoView {
    view! {
        <Shelf title="Failing">
            <button class="button" type="button" data-action="panic" on:click=|_| panic!("the gallery was asked to")>
                "Let the view fail"
            </button>
        </Shelf>
    }
}
