//! The incidents of the active cluster, followed for the whole window: the rail counts them, the
//! view lists them.

use std::collections::HashMap;

use kubegraf_ipc::{
    Error,
    incident::{IncidentRow, IncidentSummary, IncidentsEvent, Severity, WatchIncidents},
    object::{Delta, Freshness},
};
use leptos::prelude::*;

use crate::{
    ipc::{self, WatchGuard},
    state::{
        notices::{of_incident, tell},
        session::Session,
    },
};

/// What the engine last said.
#[derive(Clone, Copy, Debug)]
pub struct Incidents {
    /// Counts of unresolved incidents.
    pub summary: RwSignal<IncidentSummary>,
    /// Ids in rank order.
    pub order: RwSignal<Vec<String>>,
    /// The worst state of what the engine reads; `None` until it has said.
    pub freshness: RwSignal<Option<Freshness>>,
    /// The kinds (plural) that are not read: what only they would show is not found.
    pub unread: RwSignal<Vec<String>>,
    /// Cluster time of the last evaluation, epoch seconds.
    pub evaluated_at: RwSignal<i64>,
    /// The severity that was chosen outside of the view, until the view has taken it.
    pub wanted: RwSignal<Option<Severity>>,
    /// Whether one has come that the list has not shown yet.
    pub unseen: RwSignal<bool>,
    /// Why the incidents cannot be followed.
    pub failure: RwSignal<Option<Error>>,
    session: Session,
    rows: StoredValue<HashMap<String, ArcRwSignal<IncidentRow>>>,
    guard: StoredValue<Option<WatchGuard>>,
}

impl Incidents {
    /// Follows the session's cluster and hands its incidents to every component below.
    pub fn provide(session: Session) -> Self {
        let incidents = Self {
            summary: RwSignal::new(IncidentSummary::default()),
            order: RwSignal::new(Vec::new()),
            freshness: RwSignal::new(None),
            unread: RwSignal::new(Vec::new()),
            evaluated_at: RwSignal::new(0),
            wanted: RwSignal::new(None),
            unseen: RwSignal::new(false),
            failure: RwSignal::new(None),
            session,
            rows: StoredValue::new(HashMap::new()),
            guard: StoredValue::new(None),
        };
        provide_context(incidents);
        Effect::new(move |_| {
            let cluster = session.cluster.get();
            incidents.forget();
            if let Some(cluster) = cluster {
                incidents.follow(cluster);
            }
        });
        incidents
    }

    /// The incidents provided above.
    #[must_use]
    pub fn expect() -> Self {
        expect_context()
    }

    /// One line of the list; the signal changes when the incident does.
    #[must_use]
    pub fn row(self, id: &str) -> Option<ArcRwSignal<IncidentRow>> {
        self.rows.with_value(|rows| rows.get(id).cloned())
    }

    /// Asks anew, after a failure.
    pub fn follow(self, cluster: String) {
        self.failure.set(None);
        let opened = ipc::watch(
            &WatchIncidents { cluster },
            move |event| self.apply(event),
            move |error| self.failure.set(Some(error)),
        );
        match opened {
            Ok(guard) => self.guard.set_value(Some(guard)),
            Err(error) => self.failure.set(Some(error)),
        }
    }

    fn forget(self) {
        self.guard.set_value(None);
        self.order.set(Vec::new());
        self.summary.set(IncidentSummary::default());
        self.freshness.set(None);
        self.unseen.set(false);
        self.unread.set(Vec::new());
        self.rows.set_value(HashMap::new());
    }

    fn apply(self, event: IncidentsEvent) {
        let cluster = self.session.cluster_name();
        // What is there when one comes is no news.
        let judged = self.freshness.with_untracked(Option::is_some);
        let mut new = false;
        self.rows.update_value(|rows| {
            for delta in event.deltas {
                let changed = apply(rows, delta);
                for (before, row) in changed {
                    new |= judged && before.is_none();
                    let news = of_incident(&cluster, before.as_ref(), &row, event.evaluated_at);
                    if let Some(news) = news {
                        tell(news);
                    }
                }
            }
        });
        let order: Vec<_> = self.rows.with_value(|rows| {
            let known = event.order.into_iter();
            known.filter(|id| rows.contains_key(id)).collect()
        });
        if new {
            self.unseen.set(true);
        }
        if self.order.with_untracked(|before| *before != order) {
            self.order.set(order);
        }
        if self.summary.get_untracked() != event.summary {
            self.summary.set(event.summary);
        }
        self.freshness.set(Some(event.freshness));
        if self.unread.with_untracked(|before| *before != event.unread) {
            self.unread.set(event.unread);
        }
        self.evaluated_at.set(event.evaluated_at);
    }
}

/// Takes a change over and gives the lines it touched, each with what was known of it before.
fn apply(
    rows: &mut HashMap<String, ArcRwSignal<IncidentRow>>,
    delta: Delta<IncidentRow>,
) -> Vec<(Option<IncidentRow>, IncidentRow)> {
    match delta {
        Delta::Reset { rows: all } => {
            rows.retain(|id, _| all.iter().any(|row| row.id == *id));
            all.into_iter().map(|row| put(rows, row)).collect()
        }
        Delta::Apply { rows: changed } => changed.into_iter().map(|row| put(rows, row)).collect(),
        Delta::Delete { ids } => {
            for id in ids {
                rows.remove(&id);
            }
            Vec::new()
        }
    }
}

fn put(
    rows: &mut HashMap<String, ArcRwSignal<IncidentRow>>,
    row: IncidentRow,
) -> (Option<IncidentRow>, IncidentRow) {
    match rows.get(&row.id) {
        Some(signal) => {
            let before = signal.get_untracked();
            if before != row {
                signal.set(row.clone());
            }
            (Some(before), row)
        }
        None => {
            rows.insert(row.id.clone(), ArcRwSignal::new(row.clone()));
            (None, row)
        }
    }
}
