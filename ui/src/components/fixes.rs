//! The fixes of an incident, best first, each with its way to a preview.

use kubegraf_ipc::incident::{Fix, Safety};
use leptos::prelude::*;

use crate::{
    components::plan::{PlanDialog, Wanted},
    model::words,
};

/// All fixes of an incident.
#[component]
pub fn Fixes(
    /// The cluster's id.
    cluster: String,
    /// The incident's id.
    incident: String,
    /// The fixes, best first.
    fixes: Vec<Fix>,
    /// Which preview is open; kept outside, so that a refresh of the incident leaves it open.
    wanted: RwSignal<Option<Wanted>>,
) -> impl IntoView {
    let items = (0_u32..).zip(fixes).map(|(index, fix)| {
        let ask = Wanted::Fix {
            cluster: cluster.clone(),
            incident: incident.clone(),
            fix: index,
        };
        view! { <FixItem index fix ask wanted /> }
    });
    view! { <ol class="fixes">{items.collect_view()}</ol> }
}

/// The preview a view has asked for, if any.
#[component]
pub fn OpenPlan(
    /// Which preview is open.
    wanted: RwSignal<Option<Wanted>>,
) -> impl IntoView {
    move || {
        wanted.get().map(|ask| {
            view! { <PlanDialog wanted=ask on_close=move || wanted.set(None) /> }
        })
    }
}

/// One fix.
#[component]
fn FixItem(
    /// Its rank, from 0.
    index: u32,
    /// What it is.
    fix: Fix,
    /// What a preview is asked for with.
    ask: Wanted,
    /// Which preview is open.
    wanted: RwSignal<Option<Wanted>>,
) -> impl IntoView {
    let plan_only = fix.safety == Safety::PlanOnly;
    let expected = words::expected(&fix);
    let label = format!("Preview fix {}: {}", index + 1, fix.description);
    view! {
        <li class="fix" data-fix-action=fix.action>
            <span class="fix-rank number">{index + 1}</span>
            <div class="fix-text">
                <p class="fix-title">{fix.description}</p>
                <p class="dim">
                    {words::impact(fix.impact)} " · " {words::safety(fix.safety)}
                    {(!expected.is_empty())
                        .then(|| view! { " · " <span class="fix-expected">{expected}</span> })}
                </p>
                <pre class="fix-preview">{fix.preview}</pre>
            </div>
            <Show when=move || !plan_only>
                <button
                    class="button"
                    class:primary=index == 0
                    type="button"
                    data-fix-index=index
                    aria-label=label.clone()
                    on:click={
                        let ask = ask.clone();
                        move |_| wanted.set(Some(ask.clone()))
                    }
                >
                    "Preview"
                </button>
            </Show>
        </li>
    }
}
