//! How full nodes are: what is used and asked for, of what there is.

use kubegraf_ipc::overview::{Capacity, Overview, Resource, Usage};
use leptos::prelude::*;

use crate::model::figures::{amount, bar, percent, resource};

/// Bars for CPU, memory and pods over the whole cluster.
#[component]
pub fn CapacityBars(
    /// The overview.
    overview: RwSignal<Option<Overview>>,
) -> impl IntoView {
    let all = Memo::new(move |_| {
        overview.with(|o| {
            o.as_ref()
                .map(|o| o.capacity.clone())
                .filter(|all| all.iter().any(|one| one.allocatable > 0))
        })
    });
    let unmeasured = Memo::new(move |_| {
        overview.with(|o| match o.as_ref().map(|o| &o.usage) {
            Some(Usage::Unmeasured { reason }) => Some(reason.clone()),
            _ => None,
        })
    });
    view! {
        <div class="card-body">
            {move || match all.get() {
                None => view! {
                    <div class="card-wait"><span class="bone"></span><span class="bone"></span><span class="bone"></span></div>
                }
                .into_any(),
                Some(all) => all.into_iter().map(|one| view! { <CapacityBar one /> }).collect_view().into_any(),
            }}
            <p class="legend dim">
                <span class="key key-used"></span>"used"
                <span class="key key-requested"></span>"requested"
                <span class="key key-limit"></span>"limits"
                <span class="clip" title=move || unmeasured.get()>
                    {move || unmeasured.get().map(|reason| format!("No usage: {reason}"))}
                </span>
            </p>
        </div>
    }
}

/// One resource.
#[component]
fn CapacityBar(
    /// Its figures.
    one: Capacity,
) -> impl IntoView {
    let Capacity {
        resource: kind,
        allocatable,
        requested,
        limits,
        used,
    } = one;
    let share = percent(requested, allocatable);
    let used_text = used
        .filter(|_| kind != Resource::Pods)
        .map(|used| format!("{} used · ", amount(kind, used)));
    let word = if kind == Resource::Pods {
        "running"
    } else {
        "requested"
    };
    let over = kind != Resource::Pods && limits > allocatable;
    let limit_text = (kind != Resource::Pods && limits > 0).then(|| {
        format!(
            "Limits add up to {} ({} %)",
            amount(kind, limits),
            percent(limits, allocatable)
        )
    });
    view! {
        <div class="capacity" data-resource=resource(kind) title=limit_text>
            <div class="capacity-line">
                <span>{resource(kind)}</span>
                <span class="dim number">
                    {used_text}
                    {format!("{} {word} of {}", amount(kind, requested), amount(kind, allocatable))}
                </span>
                <span class="capacity-share number" class:tone-warn=move || { share > 90 }>{format!("{share} %")}</span>
            </div>
            <div class="track">
                <span class="fill fill-requested" style:width=format!("{}%", bar(requested, allocatable))></span>
                {used.filter(|_| kind != Resource::Pods).map(|used| view! {
                    <span class="fill fill-used" style:width=format!("{}%", bar(used, allocatable))></span>
                })}
                {(kind != Resource::Pods && limits > 0).then(|| view! {
                    <span
                        class="limit"
                        class:limit-over=over
                        style:left=format!("calc({}% - 1px)", bar(limits, allocatable))
                    ></span>
                })}
            </div>
        </div>
    }
}

/// A bar in a table cell: used within requested.
#[component]
pub fn MiniBar(
    /// The figures.
    one: Capacity,
) -> impl IntoView {
    let kind = one.resource;
    let text = format!(
        "{} of {}",
        amount(kind, one.requested),
        amount(kind, one.allocatable)
    );
    let used = one.used.filter(|_| kind != Resource::Pods);
    let title = used.map_or_else(
        || format!("{text} requested"),
        |used| format!("{text} requested, {} used", amount(kind, used)),
    );
    view! {
        <span class="mini" title=title>
            <span class="track">
                <span class="fill fill-requested" style:width=format!("{}%", bar(one.requested, one.allocatable))></span>
                {used.map(|used| view! {
                    <span class="fill fill-used" style:width=format!("{}%", bar(used, one.allocatable))></span>
                })}
            </span>
            <span class="number">{format!("{} %", percent(one.requested, one.allocatable))}</span>
        </span>
    }
}
