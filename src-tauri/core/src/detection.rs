//! Detection: the incident engine at work on a connected cluster.
//!
//! It reads the mirrors of the shared watches, lets [`crate::incidents`] judge whenever they have
//! changed, keeps the incidents in the store and shows them to whoever subscribes. It decides
//! nothing itself. A broken watch freezes what is shown: absence of data resolves no incident.

mod engine;
mod heard;
mod intent;
pub(crate) mod logs;
mod mirrors;

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError, Weak,
        atomic::{AtomicBool, Ordering},
    },
};

use kubegraf_ipc::{
    Code, Error,
    incident::{Incident, IncidentRow, IncidentSummary, IncidentsEvent},
    lifecycle::{AppliedFix, Attention},
    object::{Delta, Freshness},
};
use tokio::sync::watch;

use crate::{
    Sink, TaskGuard,
    clock::Clock,
    clusters::Connection,
    executions::Intent,
    incidents::{self, Experience, Ledger, Quiet, StoredIncident},
    store::{IncidentQuery, IncidentRecord, Store},
};
use engine::Engine;
pub(crate) use heard::Heard;
use logs::Tails;
use mirrors::Mirrors;

/// Incidents read back at start; older ones are history.
const RESTORED: u32 = 1000;

/// The detections of all connected clusters.
#[derive(Clone)]
pub(crate) struct Detections {
    store: Store,
    clock: Arc<dyn Clock>,
    running: Arc<tokio::sync::Mutex<HashMap<String, Followed>>>,
    /// Whether all of them rest.
    paused: Arc<watch::Sender<bool>>,
    /// Whether none of them reads logs.
    mute: Arc<AtomicBool>,
    /// What open logs tell, by cluster.
    heard: Arc<Mutex<HashMap<String, Arc<Heard>>>>,
}

/// What a cluster has learned, replaced whole.
type Learned = Arc<Mutex<Experience>>;

/// A detection and the connection it reads.
struct Followed {
    connection: Weak<Connection>,
    detection: Arc<Detection>,
}

impl Detections {
    pub(crate) fn new(store: Store, clock: Arc<dyn Clock>) -> Self {
        Self {
            store,
            clock,
            running: Arc::default(),
            paused: Arc::default(),
            mute: Arc::default(),
            heard: Arc::default(),
        }
    }

    /// Where the open logs of a cluster tell what they repeat.
    pub(crate) fn heard(&self, cluster: &str) -> Arc<Heard> {
        let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        let begin = || Arc::new(Heard::new(Arc::clone(&self.clock)));
        Arc::clone(heard.entry(cluster.to_owned()).or_insert_with(begin))
    }

    /// Lets all engines rest, or work again. What is shown stays as it is meanwhile.
    pub(crate) fn pause(&self, paused: bool) {
        self.paused
            .send_if_modified(|was| std::mem::replace(was, paused) != paused);
    }

    /// Lets the engines read the last lines of failing containers, or not.
    pub(crate) fn read_logs(&self, read: bool) {
        self.mute.store(!read, Ordering::Relaxed);
    }

    /// The detection of a connection, started if it does not run. One that read an older
    /// connection to the same cluster ends.
    pub(crate) async fn follow(&self, connection: &Arc<Connection>) -> Arc<Detection> {
        let mut running = self.running.lock().await;
        if let Some(followed) = running.get(connection.id())
            && followed.connection.ptr_eq(&Arc::downgrade(connection))
        {
            return Arc::clone(&followed.detection);
        }
        let query = IncidentQuery {
            cluster: Some(connection.id().into()),
            limit: RESTORED,
            ..Default::default()
        };
        let stored = self.store.incidents(&query).await.unwrap_or_else(|error| {
            tracing::error!(%error, "earlier incidents cannot be read; starting without them");
            Vec::new()
        });
        let detection = Detection::start(
            connection,
            stored,
            self.experience(connection.id()).await,
            self.store.clone(),
            Arc::clone(&self.clock),
            (self.paused.subscribe(), Arc::clone(&self.mute)),
            self.heard(connection.id()),
        );
        let followed = Followed {
            connection: Arc::downgrade(connection),
            detection: Arc::clone(&detection),
        };
        running.insert(connection.id().to_owned(), followed);
        detection
    }

    /// Takes in what fixes and people have taught since.
    pub(crate) async fn learn(&self) {
        let running = self.running.lock().await;
        for (cluster, followed) in running.iter() {
            let experience = self.experience(cluster).await;
            *followed
                .detection
                .learned
                .lock()
                .unwrap_or_else(PoisonError::into_inner) = experience;
        }
    }

    async fn experience(&self, cluster: &str) -> Experience {
        let read = async {
            let (tried, said) = (self.store.tried().await?, self.store.said(cluster).await?);
            let now = self.clock.epoch_seconds();
            Ok::<_, crate::store::Error>(Experience::of(cluster, &tried, &said, now))
        };
        read.await.unwrap_or_else(|error| {
            tracing::error!(%error, "what was learned cannot be read; judging without it");
            Experience::default()
        })
    }

    /// Ends those of clusters that are not among these.
    pub(crate) async fn keep_only(&self, clusters: &[String]) {
        let mut running = self.running.lock().await;
        running.retain(|id, _| clusters.contains(id));
    }

    /// Ends all of them.
    pub(crate) async fn end(&self) {
        self.running.lock().await.clear();
    }
}

/// The engine on one cluster. Dropping it ends the work.
pub(crate) struct Detection {
    cluster: String,
    shown: watch::Sender<Arc<Shown>>,
    ledger: Arc<Mutex<Ledger>>,
    learned: Learned,
    clock: Arc<dyn Clock>,
    skew: i64,
    store: Store,
    _work: TaskGuard,
}

/// What subscribers see.
#[derive(Debug, PartialEq)]
struct Shown {
    rows: Vec<IncidentRow>,
    freshness: Freshness,
    unread: Vec<String>,
    evaluated_at: i64,
}

impl Detection {
    fn start(
        connection: &Arc<Connection>,
        stored: Vec<IncidentRecord>,
        experience: Experience,
        store: Store,
        clock: Arc<dyn Clock>,
        (paused, mute): (watch::Receiver<bool>, Arc<AtomicBool>),
        heard: Arc<Heard>,
    ) -> Arc<Self> {
        let ledger = Ledger::new(connection.id(), Quiet::default())
            .restore(stored.into_iter().map(restored));
        let first = Shown {
            rows: ledger.rows(),
            freshness: Freshness::Loading { seen: 0 },
            unread: Vec::new(),
            evaluated_at: 0,
        };
        let shown = watch::Sender::new(Arc::new(first));
        let ledger = Arc::new(Mutex::new(ledger));
        let learned = Arc::new(Mutex::new(experience));
        let skew = connection.skew();
        let engine = Engine {
            mirrors: Mirrors::subscribe(connection),
            tails: Tails::new(connection.client().clone()),
            judge: Arc::default(),
            learned: Arc::clone(&learned),
            ledger: Arc::clone(&ledger),
            clock: Arc::clone(&clock),
            skew,
            store: store.clone(),
            shown: shown.clone(),
            written: HashMap::new(),
            paused,
            mute,
            heard,
        };
        Arc::new(Self {
            cluster: connection.id().into(),
            shown,
            ledger,
            learned,
            clock,
            skew,
            store,
            _work: TaskGuard::spawn(engine.run()),
        })
    }

    /// One incident in full.
    pub(crate) fn incident(&self, id: &str) -> Result<Incident, Error> {
        let known = {
            let ledger = self.ledger.lock().unwrap_or_else(PoisonError::into_inner);
            ledger.get(id).map(|stored| stored.incident.clone())
        };
        let missing = || Error::new(Code::NotFound, format!("there is no incident \"{id}\""));
        let mut incident = known.ok_or_else(missing)?;
        // One that is over is not judged again, but how its fix went is known only now.
        let learned = self.learned.lock().unwrap_or_else(PoisonError::into_inner);
        for fix in &mut incident.recommended_fixes {
            learned.expect(&incident.root_cause.cause, &incident.row.resource, fix);
        }
        drop(learned);
        Ok(incident)
    }

    /// Counts of unresolved incidents; `None` before the first evaluation.
    pub(crate) fn summary(&self) -> Option<IncidentSummary> {
        let shown = self.shown.borrow();
        (shown.evaluated_at > 0).then(|| incidents::summary(&shown.rows))
    }

    /// What a fix of an incident would do.
    pub(crate) fn intent(self: &Arc<Self>, id: &str, fix: u32) -> Result<Intent, Error> {
        let incident = self.incident(id)?;
        intent::of(&incident, fix, Arc::downgrade(self))
    }

    /// Where an incident stands.
    fn row(&self, id: &str) -> Option<IncidentRow> {
        self.shown
            .borrow()
            .rows
            .iter()
            .find(|row| row.id == id)
            .cloned()
    }

    /// Notes that a fix has been applied, so that the end of the symptoms counts as its success.
    fn fix_applied(&self, id: &str, action: &str, description: &str) {
        let mut ledger = self.ledger.lock().unwrap_or_else(PoisonError::into_inner);
        let noted = ledger
            .get(id)
            .and_then(|stored| stored.incident.applied_fix.as_ref())
            .is_some_and(|fix| (&*fix.action, &*fix.description) == (action, description));
        if !noted {
            let fix = AppliedFix {
                action: action.to_owned(),
                description: description.to_owned(),
                at: self.clock.epoch_seconds() + self.skew,
            };
            ledger.fix_applied(id, fix);
        }
    }

    /// Stores what a person says about an incident, and then shows it.
    pub(crate) async fn attend(
        &self,
        id: &str,
        change: impl FnOnce(Attention) -> Attention,
    ) -> Result<(), Error> {
        let attention = change(self.incident(id)?.row.attention);
        let known = self
            .store
            .set_attention(&self.cluster, id, &attention)
            .await?;
        if !known {
            let message = format!("incident \"{id}\" is not written down yet");
            return Err(Error::new(Code::Storage, message).retryable());
        }
        let mut ledger = self.ledger.lock().unwrap_or_else(PoisonError::into_inner);
        ledger.attend(id, attention);
        let rows = ledger.rows();
        self.shown.send_modify(|shown| {
            *shown = Arc::new(Shown {
                rows,
                freshness: shown.freshness.clone(),
                unread: shown.unread.clone(),
                evaluated_at: shown.evaluated_at,
            });
        });
        Ok(())
    }

    /// Sends what is shown, and then its changes, until nobody listens or the detection ends.
    pub(crate) fn stream(
        self: &Arc<Self>,
        mut sink: Sink<IncidentsEvent>,
    ) -> impl Future<Output = ()> + Send + 'static {
        let mut shown = self.shown.subscribe();
        let alive: Weak<Self> = Arc::downgrade(self);
        async move {
            let mut sent: Option<Arc<Shown>> = None;
            loop {
                let now = Arc::clone(&shown.borrow_and_update());
                if !sink(event(sent.as_deref(), &now)) {
                    return;
                }
                sent = Some(now);
                if shown.changed().await.is_err() || alive.strong_count() == 0 {
                    return;
                }
            }
        }
    }
}

fn event(before: Option<&Shown>, now: &Shown) -> IncidentsEvent {
    let deltas = match before {
        None => vec![Delta::Reset {
            rows: now.rows.clone(),
        }],
        Some(before) => incidents::deltas(&before.rows, &now.rows),
    };
    IncidentsEvent {
        summary: incidents::summary(&now.rows),
        freshness: now.freshness.clone(),
        unread: now.unread.clone(),
        evaluated_at: now.evaluated_at,
        deltas,
        order: now.rows.iter().map(|row| row.id.clone()).collect(),
    }
}

fn restored(record: IncidentRecord) -> StoredIncident {
    StoredIncident {
        cluster: record.cluster,
        fingerprint: record.fingerprint,
        resolved_at: record.resolved_at,
        reopened: record.reopened,
        incident: record.incident,
    }
}
