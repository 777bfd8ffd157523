//! One incident in full: what is broken, why, the evidence, what changed, and the fixes.

use kubegraf_ipc::{
    age::human_duration,
    incident::{Alternative, Facts, Incident, IncidentState, Signal as Symptom, Trigger},
    lifecycle::AppliedFix,
};
use leptos::prelude::*;

use crate::{
    components::{
        chain::Chain, evidence::EvidenceList, fixes::Fixes, incident_deeds::IncidentDeeds,
        mark::SeverityMark, object_link::ObjectLink, plan::Wanted, similar::Similar,
    },
    model::words::{self, confidence, plural, sentence, spaced},
    state::clock::Clock,
};

/// Evidence shown of one incident at most; the symptoms repeat what the cause has already shown.
const SYMPTOMS: usize = 12;

/// The whole of an incident.
#[component]
pub fn IncidentBody(
    /// The cluster's id.
    cluster: String,
    /// The incident.
    incident: Incident,
    /// Which preview is open.
    wanted: RwSignal<Option<Wanted>>,
) -> impl IntoView {
    let clock = Clock::expect();
    let Incident {
        row,
        description,
        root_cause: cause,
        chain,
        symptoms,
        facts,
        trigger,
        recommended_fixes: fixes,
        resolution,
        applied_fix,
        ..
    } = incident;
    let (first_seen, state) = (row.first_seen, row.state);
    let standing = move || {
        let time = human_duration(clock.now() - first_seen);
        match state {
            IncidentState::Open => format!("open for {time}"),
            IncidentState::Resolving => format!("resolving, began {time} ago"),
            IncidentState::Resolved => format!("resolved, began {time} ago"),
        }
    };
    let by = resolution.map(|by| match by.as_str() {
        "fix" => ", by the fix".to_owned(),
        "object_gone" => ", its object is gone".into(),
        "auto" => ", by itself".into(),
        other => format!(", {}", spaced(other)),
    });
    let id = row.id.clone();
    let is_open = state != IncidentState::Resolved;
    let no_fix = fixes.is_empty();
    let (own_cluster, own_id) = (cluster.clone(), row.id.clone());
    let reopened = (row.reopened > 0).then(|| {
        let times = plural(row.reopened.into(), "time");
        format!("came back {times} within a day")
    });
    view! {
        <article
            class="detail"
            data-incident-detail=row.id.clone()
            data-type=row.r#type
            data-state=words::state(state)
        >
            <header class="detail-head">
                <p class="detail-top">
                    <SeverityMark severity=row.severity />
                    <span class="dim">{spaced(&row.r#type)}</span>
                    <span class="dim number">{standing} {by}</span>
                    {reopened.map(|reopened| view! { <span class="tone-warn number">{reopened}</span> })}
                </p>
                <h1 class="selectable">{row.title.clone()}</h1>
                <ObjectLink object=row.resource.clone() />
                <IncidentDeeds cluster=cluster.clone() row=row.clone() />
            </header>
            <section>
                <h2>"What is broken"</h2>
                <p class="selectable">{sentence(&description)}</p>
                <Symptoms symptoms />
            </section>
            <section>
                <h2>"Why"</h2>
                <p class="selectable detail-why">{sentence(&cause.explanation)}</p>
                <p class="detail-sure">
                    <Sureness figure=cause.confidence />
                    <span class="dim">{spaced(&cause.cause)}</span>
                    {cause.container.map(|name| view! {
                        <span class="dim">"container " <code>{name}</code></span>
                    })}
                </p>
                <Chain links=chain target=cause.target />
            </section>
            {is_open.then(|| view! {
                <section>
                    <h2>"Fixes"</h2>
                    <Fixes cluster incident=id fixes wanted />
                    {no_fix.then(|| view! {
                        <p class="dim">"No fix is known for this cause. The evidence below says where to look."</p>
                    })}
                </section>
            })}
            <section>
                <h2>"Evidence"</h2>
                <EvidenceList evidence=cause.evidence />
            </section>
            <WhatChanged trigger />
            {applied_fix.map(|fix| view! { <Applied fix /> })}
            <FactList facts />
            <Alternatives alternatives=cause.alternatives />
            <Similar cluster=own_cluster id=own_id />
        </article>
    }
}

/// Everything the cause explains.
#[component]
fn Symptoms(
    /// The symptoms.
    symptoms: Vec<Symptom>,
) -> impl IntoView {
    let more = symptoms.len().saturating_sub(SYMPTOMS);
    let shown = symptoms.into_iter().take(SYMPTOMS).map(|symptom| {
        view! {
            <li>
                <ObjectLink object=symptom.object />
                " "
                <span class="dim">{spaced(&symptom.r#type)}</span>
                {symptom.container.map(|name| view! { <span class="dim">" in " <code>{name}</code></span> })}
            </li>
        }
    });
    view! {
        <ul class="symptoms">
            {shown.collect_view()}
            {(more > 0).then(|| view! { <li class="dim">{format!("and {more} more")}</li> })}
        </ul>
    }
}

/// How sure a cause is: a word, a bar and the figure.
#[component]
fn Sureness(
    /// 0.05 to 0.99.
    figure: f64,
) -> impl IntoView {
    let word = confidence(figure);
    view! {
        <span class=format!("sureness sureness-{word}")>
            <span class="sureness-bar" aria-hidden="true">
                <span style:width=format!("{:.0}%", figure * 100.0)></span>
            </span>
            <strong>{word}</strong>
            <span class="number">{format!("{figure:.2}")}</span>
        </span>
    }
}

/// The last change before the incident began.
#[component]
fn WhatChanged(
    /// The change, when one is known.
    trigger: Option<Trigger>,
) -> impl IntoView {
    let clock = Clock::expect();
    trigger.map(|Trigger { object, at, what }| {
        view! {
            <section>
                <h2>"What changed"</h2>
                <p class="selectable">
                    {what}
                    " "
                    <ObjectLink object />
                    <span class="dim number" data-at=at>
                        {move || format!(" {} ago", human_duration(clock.now() - at))}
                    </span>
                </p>
            </section>
        }
    })
}

/// The last fix of this app that was applied for it.
#[component]
fn Applied(
    /// The fix.
    fix: AppliedFix,
) -> impl IntoView {
    let clock = Clock::expect();
    view! {
        <section>
            <h2>"What was tried"</h2>
            <p class="selectable">
                {sentence(&fix.description)}
                <span class="dim number" data-at=fix.at>
                    {move || format!(" {} ago", human_duration((clock.now() - fix.at).max(0)))}
                </span>
            </p>
        </section>
    }
}

/// The flat summary of the worst pod.
#[component]
fn FactList(
    /// The facts.
    facts: Facts,
) -> impl IntoView {
    let text = |figure: Option<String>| figure.filter(|figure| !figure.is_empty());
    let rows = [
        ("Pod", text(facts.pod_name)),
        ("Namespace", text(facts.namespace)),
        ("Container", text(facts.container_name)),
        ("Exit code", facts.exit_code.map(|code| code.to_string())),
        (
            "Restarts",
            facts.restart_count.map(|count| count.to_string()),
        ),
        ("Last event", text(facts.last_event)),
    ];
    let rows: Vec<_> = rows
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .collect();
    (!rows.is_empty()).then(|| {
        let rows = rows
            .into_iter()
            .map(|(name, value)| view! { <dt>{name}</dt><dd class="mono">{value}</dd> });
        view! {
            <section>
                <h2>"The worst pod"</h2>
                <dl class="facts">{rows.collect_view()}</dl>
            </section>
        }
    })
}

/// Other causes that were considered.
#[component]
fn Alternatives(
    /// The causes.
    alternatives: Vec<Alternative>,
) -> impl IntoView {
    (!alternatives.is_empty()).then(|| {
        let items = alternatives.into_iter().map(|other| {
            view! {
                <li>
                    <Sureness figure=other.confidence />
                    {spaced(&other.cause)}
                    <ObjectLink object=other.target />
                </li>
            }
        });
        view! {
            <section>
                <h2>"Also considered"</h2>
                <ul class="alternatives">{items.collect_view()}</ul>
            </section>
        }
    })
}
