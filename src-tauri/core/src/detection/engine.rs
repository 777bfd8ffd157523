//! The work of a detection: judging whenever something has changed, keeping and showing what was found.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use kubegraf_ipc::incident::IncidentRow;
use tokio::sync::watch;

use super::{
    Heard, Learned, Shown,
    logs::{self, Tails},
    mirrors::Mirrors,
};
use crate::{
    clock::Clock,
    incidents::{self, Judge, Ledger, StoredIncident},
    store::{IncidentRecord, Store},
};

/// Thresholds pass without a change of any object; this is how often they are looked at.
const TICK: Duration = Duration::from_secs(5);
/// Changes that come together are judged together.
const SETTLE: Duration = Duration::from_millis(200);
/// Judging takes one part in this many of the time, where that keeps what is new from waiting long.
const SHARE: u32 = 30;
/// What is new waits at most this long, and is shown within two seconds.
const LONGEST: Duration = Duration::from_millis(1_500);
/// That an incident is still there is written down this often, seconds.
const STILL_THERE: i64 = 60;

/// The work itself: the one writer of the ledger's evaluations.
pub(super) struct Engine {
    pub(super) mirrors: Mirrors,
    pub(super) tails: Tails,
    pub(super) judge: Arc<Mutex<Judge>>,
    pub(super) learned: Learned,
    pub(super) ledger: Arc<Mutex<Ledger>>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) skew: i64,
    pub(super) store: Store,
    pub(super) shown: watch::Sender<Arc<Shown>>,
    pub(super) written: HashMap<String, StoredIncident>,
    pub(super) paused: watch::Receiver<bool>,
    pub(super) mute: Arc<AtomicBool>,
    pub(super) heard: Arc<Heard>,
}

impl Engine {
    pub(super) async fn run(mut self) {
        loop {
            // Its owner ends with the app: then this task ends too.
            if self.paused.wait_for(|paused| !paused).await.is_err() {
                return;
            }
            let began = Instant::now();
            self.judge().await;
            let pause = (began.elapsed() * SHARE).clamp(SETTLE, LONGEST);
            tokio::time::sleep(pause).await;
            // A quiet cluster is looked at once per tick: thresholds pass by themselves.
            let news = async {
                tokio::select! {
                    () = self.mirrors.changed() => {}
                    () = self.tails.changed() => {}
                }
            };
            let _ = tokio::time::timeout(TICK, news).await;
        }
    }

    async fn judge(&mut self) {
        let created = self.clock.epoch_seconds();
        let freshness = self.mirrors.freshness();
        let Some(mut snapshot) = self.mirrors.snapshot(created + self.skew) else {
            self.shown.send_if_modified(|shown| {
                let changed = shown.freshness != freshness;
                if changed {
                    *shown = Arc::new(Shown {
                        rows: shown.rows.clone(),
                        freshness,
                        unread: shown.unread.clone(),
                        evaluated_at: shown.evaluated_at,
                    });
                }
                changed
            });
            return;
        };
        let unread = self.mirrors.unread();
        snapshot.logs = self.tails.read();
        snapshot.experience = self
            .learned
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let ledger = Arc::clone(&self.ledger);
        let judge = Arc::clone(&self.judge);
        let repeats = match self.mute.load(Ordering::Relaxed) {
            true => Vec::new(),
            false => self.heard.told(self.skew),
        };
        let judged = tokio::task::spawn_blocking(move || {
            let mut found = {
                let mut judge = judge.lock().unwrap_or_else(PoisonError::into_inner);
                judge.judge(&snapshot)
            };
            incidents::corroborate(&mut found, &repeats);
            let wanted = logs::wanted(&found);
            let mut ledger = ledger.lock().unwrap_or_else(PoisonError::into_inner);
            let changed = ledger.observe(&snapshot, found, created);
            (changed, snapshot.now, wanted)
        });
        let (changed, evaluated_at, wanted) = match judged.await {
            Ok(judged) => judged,
            Err(error) => {
                tracing::error!(%error, "the incident engine failed on this snapshot");
                // What it had kept may be half of what it should be.
                self.judge = Arc::default();
                return;
            }
        };
        if self.mute.load(Ordering::Relaxed) {
            self.tails.want(&[]);
        } else {
            self.tails.want(&wanted);
        }
        self.write_down(changed).await;
        // Read and shown under one lock: what a person says meanwhile is not lost.
        let ledger = self.ledger.lock().unwrap_or_else(PoisonError::into_inner);
        self.shown.send_replace(Arc::new(Shown {
            rows: ledger.rows(),
            freshness,
            unread,
            evaluated_at,
        }));
    }

    /// Stores what a person would miss after a restart; that something is still there only now and then.
    async fn write_down(&mut self, changed: Vec<StoredIncident>) {
        let news: Vec<StoredIncident> = changed
            .into_iter()
            .filter(|stored| {
                self.written
                    .get(&stored.incident.row.id)
                    .is_none_or(|old| differs(old, stored))
            })
            .collect();
        if news.is_empty() {
            return;
        }
        let records: Vec<IncidentRecord> = news.iter().cloned().map(record).collect();
        match self.store.save_incidents(&records).await {
            Ok(()) => {
                self.written
                    .extend(news.into_iter().map(|s| (s.incident.row.id.clone(), s)));
            }
            Err(error) => tracing::error!(%error, "incidents cannot be written down"),
        }
    }
}

fn differs(old: &StoredIncident, new: &StoredIncident) -> bool {
    let (was, is) = (&old.incident.row, &new.incident.row);
    let same = IncidentRow {
        last_seen: is.last_seen,
        attention: is.attention.clone(),
        ..was.clone()
    };
    // Attention has a place of its own in the store.
    &same != is
        || old.incident.applied_fix != new.incident.applied_fix
        || is.last_seen - was.last_seen >= STILL_THERE
        || old.reopened != new.reopened
}

fn record(stored: StoredIncident) -> IncidentRecord {
    IncidentRecord {
        cluster: stored.cluster,
        fingerprint: stored.fingerprint,
        resolved_at: stored.resolved_at,
        reopened: stored.reopened,
        incident: stored.incident,
    }
}
