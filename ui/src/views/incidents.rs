//! The incidents: the list at the left, the chosen one in full at the right.

use kubegraf_ipc::{
    Error,
    age::human_duration,
    incident::{GetIncident, Incident, IncidentRow},
    object::Freshness,
};
use leptos::{prelude::*, task::spawn_local};

use crate::{
    components::{
        empty::EmptyState, fixes::OpenPlan, freshness::FreshnessChip, icon::Icon,
        incident_detail::IncidentBody, incident_filter::IncidentFilter, incident_row::IncidentLine,
        paused::PausedChip, plan::Wanted, walk::walk,
    },
    ipc,
    model::{
        sieve::Sieve,
        words::{plural, sentence},
    },
    route::Route,
    state::{
        clock::Clock, incidents::Incidents, navigation::Navigation, session::Session,
        shortcuts::Shortcuts,
    },
    views::{first_paint::FirstPaint, table::Skeletons},
};

/// Which kinds are not read, so that silence about them is not taken for health.
#[component]
fn Unread() -> impl IntoView {
    let incidents = Incidents::expect();
    move || {
        let kinds = incidents.unread.with(|kinds| kinds.join(", "));
        (!kinds.is_empty()).then(|| {
            view! {
                <span class="dim" data-unread title="What only these would show is not found">
                    {format!("not read: {kinds}")}
                </span>
            }
        })
    }
}

/// List and detail.
#[component]
pub fn IncidentsView() -> impl IntoView {
    let navigation = Navigation::expect();
    let shortcuts = Shortcuts::expect();
    let incidents = Incidents::expect();
    let shown = Memo::new(move |_| match navigation.route() {
        Route::Incidents { id } => id,
        Route::Table { .. } | Route::Page(_) => None,
    });
    let settled = Signal::derive(move || {
        !incidents.order.with(Vec::is_empty)
            || incidents
                .freshness
                .with(|f| matches!(f, Some(f) if !matches!(f, Freshness::Loading { .. })))
    });
    let sieve = RwSignal::new(Sieve::default());
    Effect::new(move |_| {
        if let Some(severity) = incidents.wanted.get() {
            incidents.wanted.set(None);
            sieve.set(Sieve {
                severity: Some(severity),
                ..Sieve::default()
            });
        }
    });
    Effect::new(move |_| {
        if incidents.unseen.get() {
            incidents.unseen.set(false);
        }
    });
    let rows = Memo::new(move |_| {
        let order = incidents.order.get();
        let rows = order.iter().filter_map(|id| Some(incidents.row(id)?.get()));
        rows.collect::<Vec<_>>()
    });
    let session = Session::expect();
    let here = move |row: &IncidentRow| {
        let chosen = session.chosen.get();
        let namespace = &row.resource.namespace;
        chosen.is_empty() || namespace.is_empty() || chosen.contains(namespace)
    };
    let near = Memo::new(move |_| {
        let mut near = rows.get();
        near.retain(here);
        near
    });
    let clock = Clock::expect();
    let now = Memo::new(move |_| clock.now() / 60 * 60);
    let found = Memo::new(move |_| {
        let ids = |rows: &Vec<IncidentRow>| {
            let passing = rows
                .iter()
                .filter(|row| sieve.with(|sieve| sieve.passes(row, now.get())));
            passing.map(|row| row.id.clone()).collect::<Vec<_>>()
        };
        near.with(ids)
    });
    let hidden = Memo::new(move |_| rows.with(Vec::len) - near.with(Vec::len));
    let some =
        Memo::new(move |_| !incidents.order.with(Vec::is_empty) || shown.with(Option::is_some));
    view! {
        <FirstPaint view="incidents".to_owned() ready=settled selector="[data-incident]" />
        <div class="view-head">
            <h1>"Incidents"</h1>
            <Tally />
            <FreshnessChip freshness=incidents.freshness />
            <PausedChip />
            <Unread />
        </div>
        <Show when=move || some.get()>
            <div class="toolbar">
                <IncidentFilter sieve rows=near />
                {move || match hidden.get() {
                    0 => None,
                    hidden => Some(view! {
                        <span class="dim number" data-hidden=hidden title="The namespace menu above shows only some namespaces">
                            {format!("{hidden} in other namespaces")}
                        </span>
                    }),
                }}
            </div>
        </Show>
        {move || if some.get() {
            view! {
                <div class="incidents">
                    <div
                        class="incident-list"
                        role="list"
                        aria-label="Incidents"
                        on:keydown=move |event| walk(&event, shortcuts, "a[data-incident]")
                    >
                        <For each=move || found.get() key=Clone::clone let:id>
                            {incidents.row(&id).map(|row| view! {
                                <div role="listitem"><IncidentLine row shown /></div>
                            })}
                        </For>
                        <Show when=move || found.with(Vec::is_empty)>
                            <div class="incident-none" data-none>
                                <p>"No incident passes the filter."</p>
                                <button class="button small" type="button" on:click=move |_| sieve.set(Sieve::default())>
                                    "Show all"
                                </button>
                            </div>
                        </Show>
                    </div>
                    <div class="incident-pane">
                        {move || match shown.get() {
                            Some(id) => view! { <IncidentDetail id /> }.into_any(),
                            None => view! { <Unchosen /> }.into_any(),
                        }}
                    </div>
                </div>
            }
            .into_any()
        } else {
            view! { <Nothing /> }.into_any()
        }}
    }
}

/// "10 unresolved: 2 critical, 8 high".
#[component]
fn Tally() -> impl IntoView {
    let incidents = Incidents::expect();
    let text = move || {
        let summary = incidents.summary.get();
        let by = summary.by_severity;
        let parts = [
            (by.critical, "critical"),
            (by.high, "high"),
            (by.medium, "medium"),
            (by.low, "low"),
        ];
        let parts = parts.iter().filter(|(count, _)| *count > 0);
        let parts: Vec<_> = parts
            .map(|(count, word)| format!("{count} {word}"))
            .collect();
        match summary.total {
            0 => String::new(),
            total => format!("{total} unresolved: {}", parts.join(", ")),
        }
    };
    view! { <span class="dim number" data-counts>{text}</span> }
}

/// Shown beside the list until one is chosen.
#[component]
fn Unchosen() -> impl IntoView {
    let incidents = Incidents::expect();
    let title = move || match incidents.summary.get().total {
        0 => "Nothing is broken".to_owned(),
        total => format!("{} to look at", plural(total.into(), "incident")),
    };
    view! {
        <EmptyState
            icon=Icon::Incidents
            title=Signal::derive(title)
            text="Choose one to see what is broken, why, and what would fix it."
        />
    }
}

/// Shown while there is no incident at all.
#[component]
fn Nothing() -> impl IntoView {
    let session = Session::expect();
    let clock = Clock::expect();
    let incidents = Incidents::expect();
    let checked = move || {
        let ago = human_duration(clock.now() - incidents.evaluated_at.get());
        let count = |count: Option<u64>, what| count.map(|count| plural(count, what));
        let seen = session.status.with(|status| {
            let status = status.as_ref()?;
            let nodes = count(status.node_count, "node")?;
            Some(format!(
                "{nodes}, {}, ",
                count(status.namespace_count, "namespace")?
            ))
        });
        sentence(&format!("{}checked {ago} ago.", seen.unwrap_or_default()))
    };
    let ready = Memo::new(move |_| match incidents.freshness.get() {
        Some(Freshness::Loading { .. }) | None => Ready::No,
        Some(Freshness::Forbidden { message, .. }) => Ready::Never(message),
        Some(_) => Ready::Yes,
    });
    move || {
        if let Some(error) = incidents.failure.get() {
            return view! {
                <EmptyState icon=Icon::Plug title="The incidents cannot be followed" text=sentence(&error.message)>
                    <button class="button" type="button" on:click=move |_| {
                        if let Some(cluster) = session.cluster.get_untracked() {
                            incidents.follow(cluster);
                        }
                    }>
                        "Try again"
                    </button>
                </EmptyState>
            }
            .into_any();
        }
        match ready.get() {
            Ready::No => view! { <Skeletons /> }.into_any(),
            Ready::Never(message) => view! {
                <EmptyState icon=Icon::Shield title="What incidents are found from may not be read" text=sentence(&message) />
            }
            .into_any(),
            Ready::Yes => view! {
                <EmptyState icon=Icon::Calm title="Nothing is broken" text=Signal::derive(checked) />
            }
            .into_any(),
        }
    }
}

/// Whether the engine has looked at the cluster.
#[derive(Clone, PartialEq, Eq)]
enum Ready {
    /// Not yet.
    No,
    /// It has.
    Yes,
    /// It may not, and this is why.
    Never(String),
}

/// The chosen incident; asked again whenever its line changes in more than its last sight.
#[component]
fn IncidentDetail(
    /// The incident's id.
    id: String,
) -> impl IntoView {
    let session = Session::expect();
    let incidents = Incidents::expect();
    let wanted = RwSignal::new(None::<Wanted>);
    let answer = RwSignal::new(None::<Result<Incident, Error>>);
    let own = id.clone();
    let changed = Memo::new(move |_| {
        incidents.order.track();
        incidents.row(&own).map(|row| {
            row.with(|row| IncidentRow {
                last_seen: 0,
                ..row.clone()
            })
        })
    });
    Effect::new(move |_| {
        // Read, not tracked: a memo that nobody reads is never computed and notifies no one.
        changed.with(|_| ());
        let Some(cluster) = session.cluster.get() else {
            return;
        };
        let request = GetIncident {
            cluster,
            id: id.clone(),
        };
        spawn_local(async move {
            let fresh = ipc::call(request).await;
            // Another incident may have been chosen meanwhile; one already shown outlives an error,
            // and an unchanged one is not drawn anew under the user's hands.
            let keep = answer.try_with_untracked(|shown| match (shown, &fresh) {
                (Some(Ok(_)), Err(_)) => true,
                (shown, fresh) => shown.as_ref() == Some(fresh),
            });
            if keep == Some(false) {
                answer.set(Some(fresh));
            }
        });
    });
    view! {
        {move || match (answer.get(), session.cluster.get()) {
            (Some(Ok(incident)), Some(cluster)) => {
                view! { <IncidentBody cluster incident wanted /> }.into_any()
            }
            (Some(Err(error)), _) => view! {
                <EmptyState icon=Icon::Empty title="This incident cannot be shown" text=sentence(&error.message)>
                    <a class="button" href="#/incidents">"All incidents"</a>
                </EmptyState>
            }
            .into_any(),
            _ => view! { <div class="detail" aria-busy="true"><div class="bone"></div><div class="bone"></div></div> }.into_any(),
        }}
        <OpenPlan wanted />
    }
}
