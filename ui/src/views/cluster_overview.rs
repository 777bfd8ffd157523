//! What the cluster is made of: its nodes and how full they are, its namespaces, what runs in it.

use kubegraf_ipc::overview::{Capacity, NodeLoad, Overview, Resource};
use leptos::prelude::*;

use crate::{
    components::{
        capacity::{CapacityBars, MiniBar},
        empty::EmptyState,
        icon::Icon,
        load_list::NamespaceList,
        mark::ToneMark,
        state_bar::StateBar,
        usage_chart::UsageChart,
    },
    model::words::{sentence, tone},
    route::Route,
    state::{overview::Glance, session::Session},
    views::{dashboard::OverviewFreshness, first_paint::FirstPaint},
};

/// Namespaces listed.
const NAMESPACES: usize = 25;

/// The cluster overview.
#[component]
pub fn ClusterOverview() -> impl IntoView {
    let glance = Glance::follow();
    let session = Session::expect();
    let overview = glance.overview;
    let ready = Signal::derive(move || {
        overview.with(|o| o.as_ref().is_some_and(|o| !o.per_node.is_empty()))
    });
    let version = move || {
        session
            .status
            .with(|s| s.as_ref().and_then(|s| s.kube_version.clone()))
    };
    let counts = move |of: fn(&Overview) -> &kubegraf_ipc::overview::Counts| {
        Signal::derive(move || overview.with(|o| o.as_ref().map(|o| of(o).clone())))
    };
    view! {
        <FirstPaint view="cluster-overview".to_owned() ready selector="[data-node]" />
        <div class="view-head">
            <h1>"Cluster overview"</h1>
            <span class="dim clip">{move || session.cluster_name()}</span>
            <span class="dim number">{version}</span>
            <OverviewFreshness glance />
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
            None => view! {
                <div class="board">
                    <div class="cards">
                        <section class="card card-wide">
                            <h2><a href="#/nodes">"Nodes"</a></h2>
                            <NodeList overview />
                        </section>
                        <section class="card">
                            <h2>"Capacity and usage"</h2>
                            <CapacityBars overview />
                            <UsageChart overview />
                        </section>
                        <section class="card">
                            <h2>"What there is"</h2>
                            <StateBar title="Pods" kind="pods" facets=true counts=counts(|o| &o.pods) />
                            <StateBar title="Deployments" kind="deployments" facets=false counts=counts(|o| &o.deployments) />
                            <StateBar title="Services" kind="services" facets=true counts=counts(|o| &o.services) />
                            <StateBar title="Namespaces" kind="namespaces" facets=true counts=counts(|o| &o.namespaces) />
                            <StateBar title="Nodes" kind="nodes" facets=true counts=counts(|o| &o.nodes) />
                        </section>
                        <section class="card card-wide">
                            <h2><a href="#/namespaces">"Namespaces by pods"</a></h2>
                            <NamespaceList overview most=NAMESPACES />
                        </section>
                    </div>
                </div>
            }
            .into_any(),
        }}
    }
}

/// The nodes, broken ones first, then the fullest.
#[component]
fn NodeList(
    /// The overview.
    overview: RwSignal<Option<Overview>>,
) -> impl IntoView {
    let nodes = Memo::new(move |_| overview.with(|o| o.as_ref().map(|o| o.per_node.clone())));
    let hidden = move || {
        overview.with(|o| {
            let o = o.as_ref()?;
            let rest = o.nodes.total.checked_sub(o.per_node.len() as u64)?;
            (rest > 0).then(|| format!("{rest} more nodes in the table"))
        })
    };
    let known = move || nodes.with(Option::is_some);
    view! {
        <div class="nodes" role="table" aria-label="Nodes">
            <div class="node node-head dim" role="row">
                <span role="columnheader">"Node"</span>
                <span role="columnheader">"Status"</span>
                <span role="columnheader">"CPU requested"</span>
                <span role="columnheader">"Memory requested"</span>
                <span role="columnheader">"Pods"</span>
            </div>
            <For
                each=move || nodes.get().unwrap_or_default()
                key=|node| {
                    let figures: Vec<_> = node.capacity.iter().map(|c| (c.requested, c.used, c.allocatable)).collect();
                    (node.name.clone(), node.status.clone(), figures)
                }
                let:node
            >
                <NodeLine node />
            </For>
            <Show when=move || !known()>
                <div class="card-wait"><span class="bone"></span><span class="bone"></span><span class="bone"></span></div>
            </Show>
            {move || hidden().map(|text| view! { <a class="card-more" href="#/nodes">{text}</a> })}
        </div>
    }
}

/// One node.
#[component]
fn NodeLine(
    /// The node.
    node: NodeLoad,
) -> impl IntoView {
    let of = |kind: Resource| {
        let found = node.capacity.iter().find(|one| one.resource == kind);
        found.cloned().unwrap_or(Capacity {
            resource: kind,
            allocatable: 0,
            requested: 0,
            limits: 0,
            used: None,
        })
    };
    view! {
        <a class="node" role="row" href=Route::filtered("pods", &node.name).hash() title="Show the pods of this node" data-node=node.name.clone()>
            <span class="mono clip" role="cell">{node.name.clone()}</span>
            <span class=format!("node-status tone-{}", tone(node.tone)) role="cell">
                <ToneMark tone=node.tone />
                {node.status.clone()}
            </span>
            <span role="cell"><MiniBar one=of(Resource::Cpu) /></span>
            <span role="cell"><MiniBar one=of(Resource::Memory) /></span>
            <span role="cell"><MiniBar one=of(Resource::Pods) /></span>
        </a>
    }
}
