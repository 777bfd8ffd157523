//! Every component in every state, for whoever works on them: not in what is shipped.

use kubegraf_ipc::{
    Code, Error,
    execution::{DiffLine, DiffTag},
    incident::Severity,
    object::{Freshness, Tone},
    overview::{Capacity, Counts, Overview, Resource, StateCount, Usage, UsageSample},
};
use leptos::prelude::*;

use crate::{
    components::{
        capacity::CapacityBars,
        chip::StatusChip,
        copy::CopyButton,
        dialog::Dialog,
        diff::Diff,
        empty::EmptyState,
        freshness::FreshnessChip,
        icon::{Glyph, Icon},
        keys::Keys,
        mark::{SeverityMark, ToneMark},
        menu::Menu,
        state_bar::StateBar,
        tick::Tick,
        usage_chart::UsageChart,
    },
    model::keys::Act,
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
            <Charts />
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
            <span>"Palette " <Keys act=Act::Palette /></span>
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

/// What is measured, and what is not.
#[component]
fn Charts() -> impl IntoView {
    let now = Clock::expect().now();
    let wave = (0..60_u32).map(|at| UsageSample {
        at: now - 900 + i64::from(at) * 15,
        cpu: 24_000 + u64::from(at * 7_919 % 5_000),
        memory: (60 + u64::from(at / 4)) << 30,
    });
    let usages = [
        (
            "Measured",
            Usage::Measured {
                samples: wave.collect(),
            },
        ),
        ("Not asked yet", Usage::Waiting),
        (
            "Not measured",
            Usage::Unmeasured {
                reason: "the server could not find the requested resource".into(),
            },
        ),
    ];
    let capacity = |resource, allocatable, requested, used| Capacity {
        resource,
        allocatable,
        requested,
        limits: allocatable,
        used,
    };
    let all = [
        capacity(Resource::Cpu, 64_000, 52_000, Some(25_900)),
        capacity(Resource::Memory, 256 << 30, 140 << 30, None),
        capacity(Resource::Pods, 880, 318, Some(318)),
    ];
    let none = || Counts {
        total: 0,
        states: Vec::new(),
    };
    let overview = move |usage| {
        RwSignal::new(Some(Overview {
            at: now,
            sources: Vec::new(),
            pods: none(),
            deployments: none(),
            nodes: none(),
            services: none(),
            namespaces: none(),
            incidents: None,
            health: None,
            capacity: all.to_vec(),
            usage,
            per_node: Vec::new(),
            per_namespace: Vec::new(),
            warnings: 0,
            events: Vec::new(),
        }))
    };
    let bars = overview(Usage::Waiting);
    view! {
        <Shelf title="Charts">
            <div class="shelf-wide">"Capacity, memory not measured" <CapacityBars overview=bars /></div>
            {usages
                .map(|(title, usage)| {
                    let overview = overview(usage);
                    view! { <div class="shelf-wide">{title} <UsageChart overview /></div> }
                })
                .into_iter()
                .collect_view()}
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
