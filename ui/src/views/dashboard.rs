//! What is going on: the worst things first, then how full the cluster is and what lately happened.

use kubegraf_ipc::{
    object::{Freshness, Tone},
    overview::Overview,
};
use leptos::prelude::*;

use crate::{
    components::{
        capacity::CapacityBars,
        connect_card::ConnectCard,
        empty::EmptyState,
        freshness::FreshnessChip,
        health::HealthTile,
        icon::{Glyph, Icon},
        incident_row::IncidentLine,
        load_list::NamespaceList,
        mark::ToneMark,
        paused::PausedChip,
        state_bar::StateBar,
        usage_chart::UsageChart,
        warning_list::WarningList,
    },
    model::{
        figures::{of_tone, tone_route},
        words::{grouped, plural, sentence},
    },
    route::{Page, Route},
    state::{
        clock::Clock, incidents::Incidents, overview::Glance, palette::Palette, session::Session,
    },
    views::first_paint::FirstPaint,
};

/// Incidents listed.
const INCIDENTS: usize = 5;

/// The dashboard.
#[component]
pub fn Dashboard() -> impl IntoView {
    let glance = Glance::follow();
    let session = Session::expect();
    let ready = Signal::derive(move || glance.overview.with(|o| o.as_ref().is_some_and(settled)));
    view! {
        <FirstPaint view="dashboard".to_owned() ready selector="[data-tile]" />
        <div class="view-head">
            <h1>"Dashboard"</h1>
            <span class="dim clip">{move || session.cluster_name()}</span>
            <OverviewFreshness glance />
            <PausedChip />
            <span class="header-space"></span>
            <Actions />
        </div>
        {move || match glance.failure.get() {
            Some(error) => view! {
                <EmptyState
                    icon=Icon::Plug
                    title="The overview cannot be followed"
                    text=sentence(&error.message)
                >
                    <button
                        class="button"
                        type="button"
                        on:click=move |_| glance.reopen.update(|times| *times += 1)
                    >
                        "Try again"
                    </button>
                </EmptyState>
            }
            .into_any(),
            None => view! { <Board glance /> }.into_any(),
        }}
    }
}

/// Whether the first whole picture is there.
fn settled(overview: &Overview) -> bool {
    let loading = |source: &kubegraf_ipc::overview::Source| {
        matches!(source.freshness, Freshness::Loading { .. })
    };
    !overview.sources.iter().any(loading)
}

/// How fresh an overview is: the worst of what it was made from.
#[component]
pub fn OverviewFreshness(
    /// The overview.
    glance: Glance,
) -> impl IntoView {
    let freshness = Memo::new(move |_| {
        glance.overview.with(|overview| {
            let sources = overview.as_ref()?.sources.iter();
            let worst = sources.min_by_key(|source| match source.freshness {
                Freshness::Reconnecting { .. } => 0,
                Freshness::Loading { .. } => 1,
                Freshness::Forbidden { .. } => 2,
                Freshness::Live => 3,
            })?;
            Some(worst.freshness.clone())
        })
    });
    view! { <FreshnessChip freshness /> }
}

/// What a person does next.
#[component]
fn Actions() -> impl IntoView {
    let palette = Palette::expect();
    let overview = Route::Page(Page::ClusterOverview).hash();
    let clusters = Route::Page(Page::Clusters).hash();
    view! {
        <a class="button small" href=overview>"Cluster overview"</a>
        <a class="button small" href=clusters>"Clusters"</a>
        <button class="button small" type="button" on:click=move |_| palette.open("")>
            <Glyph icon=Icon::Search size=14 />
            "Find anything"
        </button>
    }
}

/// Everything below the head; its frame stands before the figures do.
#[component]
fn Board(
    /// The overview.
    glance: Glance,
) -> impl IntoView {
    let overview = glance.overview;
    let read = move |of: fn(&Overview) -> u64| {
        Signal::derive(move || overview.with(|o| o.as_ref().filter(|o| settled(o)).map(of)))
    };
    let link =
        move |kind: &'static str, of: fn(&Overview) -> &kubegraf_ipc::overview::Counts, tone| {
            Signal::derive(move || {
                overview.with(|o| {
                    o.as_ref()
                        .map_or_else(|| Route::table(kind), |o| tone_route(kind, of(o), tone))
                        .hash()
                })
            })
        };
    view! {
        <div class="board">
            <ConnectCard />
            <div class="tiles">
                <HealthTile overview />
                <IncidentTile />
                <Tile
                    name="failing"
                    title="Failing pods"
                    count=read(|o| of_tone(&o.pods, Tone::Bad))
                    of=read(|o| o.pods.total)
                    tone=Tone::Bad
                    href=link("pods", |o| &o.pods, Tone::Bad)
                />
                <Tile
                    name="pending"
                    title="Pods on their way"
                    count=read(|o| of_tone(&o.pods, Tone::Pending))
                    of=read(|o| o.pods.total)
                    tone=Tone::Pending
                    href=link("pods", |o| &o.pods, Tone::Pending)
                />
                <Tile
                    name="not-ready"
                    title="Nodes not ready"
                    count=read(|o| of_tone(&o.nodes, Tone::Bad))
                    of=read(|o| o.nodes.total)
                    tone=Tone::Bad
                    href=link("nodes", |o| &o.nodes, Tone::Bad)
                />
                <Tile
                    name="warnings"
                    title="Warnings, last 5 min"
                    count=read(|o| o.warnings)
                    of=Signal::derive(|| None)
                    tone=Tone::Warn
                    href=Signal::derive(|| Route::facet("events", "Warning").hash())
                />
            </div>
            <Calm glance />
            <div class="cards cards-mixed">
                <section class="card">
                    <h2>"Capacity"</h2>
                    <CapacityBars overview />
                </section>
                <section class="card">
                    <h2>"Usage"</h2>
                    <UsageChart overview />
                </section>
                <section class="card">
                    <h2><a href="#/incidents">"Incidents"</a></h2>
                    <IncidentCard />
                </section>
                <section class="card">
                    <h2><a href=Route::facet("events", "Warning").hash()>"Recent warnings"</a></h2>
                    <WarningList overview />
                </section>
                <section class="card">
                    <h2>"What runs"</h2>
                    <Running glance />
                </section>
                <section class="card">
                    <h2><a href="#/namespaces">"Busiest namespaces"</a></h2>
                    <NamespaceList overview most=8 />
                </section>
            </div>
        </div>
    }
}

/// One figure that leads to what it counts.
#[component]
fn Tile(
    /// For tests and styles.
    name: &'static str,
    /// What is counted.
    title: &'static str,
    /// How many; `None` while it is not known.
    count: Signal<Option<u64>>,
    /// Of how many.
    of: Signal<Option<u64>>,
    /// How bad one of them is.
    tone: Tone,
    /// Where they are listed.
    href: Signal<String>,
) -> impl IntoView {
    let shown = Signal::derive(move || match count.get() {
        Some(0) | None => Tone::Ok,
        Some(_) => tone,
    });
    view! {
        <a
            class="tile"
            class:tile-quiet=move || matches!(count.get(), Some(0) | None)
            href=href
            data-tile=name
            data-count=move || count.get()
        >
            <span class="tile-title">{title}</span>
            {move || match count.get() {
                None => view! { <span class="bone tile-bone"></span> }.into_any(),
                Some(count) => view! {
                    <span class="tile-figure number">
                        <ToneMark tone=shown />
                        {grouped(count)}
                        {of.get().map(|of| view! {
                            <span class="tile-of">{format!("of {}", grouped(of))}</span>
                        })}
                    </span>
                }
                .into_any(),
            }}
        </a>
    }
}

/// Unresolved incidents by severity.
#[component]
fn IncidentTile() -> impl IntoView {
    let incidents = Incidents::expect();
    let known = move || incidents.evaluated_at.get() > 0;
    let words = move || {
        let by = incidents.summary.get().by_severity;
        let parts = [
            (by.critical, "critical"),
            (by.high, "high"),
            (by.medium, "medium"),
            (by.low, "low"),
        ];
        let parts = parts.into_iter().filter(|(count, _)| *count > 0);
        let parts: Vec<String> = parts
            .map(|(count, word)| format!("{count} {word}"))
            .collect();
        parts.join(" · ")
    };
    let total = move || incidents.summary.get().total;
    view! {
        <a class="tile" class:tile-quiet=move || total() == 0 href="#/incidents" data-tile="incidents" data-count=total>
            <span class="tile-title">"Open incidents"</span>
            {move || if known() {
                let tone = if total() == 0 { Tone::Ok } else { Tone::Bad };
                view! {
                    <span class="tile-figure number">
                        <ToneMark tone />
                        {grouped(total().into())}
                        <span class="tile-of clip" title=words()>{words()}</span>
                    </span>
                }
                .into_any()
            } else {
                view! { <span class="bone tile-bone"></span> }.into_any()
            }}
        </a>
    }
}

/// Says so plainly when nothing is broken.
#[component]
fn Calm(
    /// The overview.
    glance: Glance,
) -> impl IntoView {
    let clock = Clock::expect();
    let incidents = Incidents::expect();
    let text = move || {
        glance.overview.with(|overview| {
            let o = overview.as_ref().filter(|o| settled(o))?;
            let broken = of_tone(&o.pods, Tone::Bad)
                + of_tone(&o.nodes, Tone::Bad)
                + of_tone(&o.deployments, Tone::Bad)
                + u64::from(incidents.summary.get().total);
            let judged = incidents.evaluated_at.get() > 0;
            (judged && broken == 0 && o.health.is_some()).then(|| {
                format!(
                    "Nothing is broken. {}, {}, checked {} s ago.",
                    plural(o.pods.total, "pod"),
                    plural(o.nodes.total, "node"),
                    (clock.now() - o.at).max(0)
                )
            })
        })
    };
    let some = Memo::new(move |_| text().is_some());
    view! {
        <Show when=move || some.get()>
            <p class="calm" role="status">
                <Glyph icon=Icon::Calm />
                {text}
            </p>
        </Show>
    }
}

/// The worst incidents.
#[component]
fn IncidentCard() -> impl IntoView {
    let incidents = Incidents::expect();
    let worst = move || {
        let ids = incidents.order.get().into_iter();
        let open = ids.filter(|id| {
            incidents.row(id).is_some_and(|row| {
                row.with(|row| row.state != kubegraf_ipc::incident::IncidentState::Resolved)
            })
        });
        open.take(INCIDENTS).collect::<Vec<_>>()
    };
    let none = Signal::derive(|| None::<String>);
    let rest = move || {
        let total = incidents.summary.get().total as usize;
        total.checked_sub(INCIDENTS).filter(|rest| *rest > 0)
    };
    let wait = || {
        view! {
            <div class="card-wait">
                <span class="bone"></span>
                <span class="bone"></span>
                <span class="bone"></span>
            </div>
        }
    };
    view! {
        <Show
            when=move || { incidents.evaluated_at.get() > 0 }
            fallback=wait
        >
            <div class="card-lines">
                <For each=worst key=Clone::clone let:id>
                    {incidents.row(&id).map(|row| view! { <IncidentLine row shown=none /> })}
                </For>
            </div>
            <Show when=move || incidents.summary.get().total == 0>
                <p class="card-note">"No open incident."</p>
            </Show>
            {move || rest().map(|rest| view! {
                <a class="card-more" href="#/incidents">
                    {format!("{} more", grouped(rest as u64))}
                </a>
            })}
        </Show>
    }
}

/// The states of what runs.
#[component]
fn Running(
    /// The overview.
    glance: Glance,
) -> impl IntoView {
    let overview = glance.overview;
    view! {
        <StateBar title="Pods" kind="pods" facets=true counts=Signal::derive(move || overview.with(|o| o.as_ref().map(|o| o.pods.clone()))) />
        <StateBar title="Deployments" kind="deployments" facets=false counts=Signal::derive(move || overview.with(|o| o.as_ref().map(|o| o.deployments.clone()))) />
        <StateBar title="Nodes" kind="nodes" facets=true counts=Signal::derive(move || overview.with(|o| o.as_ref().map(|o| o.nodes.clone()))) />
        <StateBar title="Services" kind="services" facets=true counts=Signal::derive(move || overview.with(|o| o.as_ref().map(|o| o.services.clone()))) />
    }
}
