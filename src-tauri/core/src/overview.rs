//! A cluster at a glance, kept current for whoever looks.
//!
//! It reads the mirrors of the shared watches and what the incident engine has found; the one
//! thing it asks the server for itself is usage, which no watch carries. It decides nothing about
//! looks: the window words the reasons.

mod health;
mod load;
mod usage;
mod warnings;

use std::{
    sync::{Arc, Weak},
    time::{Duration, Instant},
};

use kubegraf_ipc::{
    object::{Freshness, Tone},
    overview::{Counts, Overview, Source, StateCount},
    table::TableView,
};

use crate::{
    Sink,
    clock::Clock,
    clusters::Connection,
    detection::Detection,
    kinds::{self, Deployments, Events, Kind, Namespaces, Nodes, Pods, Services},
    objects::{Deployment, Object},
    table::{Query, Table},
    watch::{Rows, Subscription},
};
use load::Loads;
use usage::Meter;
pub(crate) use usage::Meters;

/// Time goes by without a change of any object; this is how often the window hears of it.
const TICK: Duration = Duration::from_secs(5);
/// Changes that come together are counted together.
const COALESCE: Duration = Duration::from_millis(500);
/// Counting may take at most one part in this many of the time.
const SHARE: u32 = 20;

/// What one overview reads and remembers.
pub(crate) struct Glance {
    connection: Arc<Connection>,
    detection: Weak<Detection>,
    clock: Arc<dyn Clock>,
    meter: Arc<Meter>,
    pods: Arc<Subscription<Pods>>,
    nodes: Arc<Subscription<Nodes>>,
    namespaces: Arc<Subscription<Namespaces>>,
    deployments: Arc<Subscription<Deployments>>,
    services: Arc<Subscription<Services>>,
    events: Arc<Subscription<Events>>,
    loads: Loads,
}

impl Glance {
    pub(crate) fn new(
        connection: Arc<Connection>,
        detection: &Arc<Detection>,
        meters: &Meters,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let watches = connection.watches();
        Self {
            meter: meters.of(connection.id()),
            detection: Arc::downgrade(detection),
            pods: watches.subscribe(),
            nodes: watches.subscribe(),
            namespaces: watches.subscribe(),
            deployments: watches.subscribe(),
            services: watches.subscribe(),
            events: watches.subscribe(),
            loads: Loads::default(),
            connection,
            clock,
        }
    }

    /// Sends the overview and then its changes, at least `every` apart, until nobody listens or the
    /// cluster is left.
    pub(crate) async fn stream(mut self, every: Duration, mut sink: Sink<Overview>) {
        let mut changes = [
            self.pods.changes(),
            self.nodes.changes(),
            self.namespaces.changes(),
            self.deployments.changes(),
            self.services.changes(),
            self.events.changes(),
        ];
        let mut loading = true;
        loop {
            for changes in &mut changes {
                changes.mark_unchanged();
            }
            let now = self.clock.epoch_seconds() + self.connection.skew();
            self.meter.read(self.connection.client(), now).await;
            let began = Instant::now();
            // Counting 50,000 pods is no work for a thread that also carries the streams.
            let counted = tokio::task::spawn_blocking(move || {
                let overview = self.count(now);
                (self, overview)
            });
            let Ok((back, overview)) = counted.await else {
                tracing::error!("the overview could not be counted");
                return;
            };
            self = back;
            let Some(overview) = overview else { return };
            let still = overview
                .sources
                .iter()
                .any(|source| matches!(source.freshness, Freshness::Loading { .. }));
            let spent = began.elapsed();
            tracing::debug!(
                pods = overview.pods.total,
                ?spent,
                "the overview was counted"
            );
            if !sink(overview) {
                return;
            }
            // The first whole picture is not held up by a slow pace.
            let pace = if loading {
                COALESCE
            } else {
                every.max(COALESCE)
            };
            loading = still;
            tokio::time::sleep(pace.max(spent * SHARE)).await;
            let waits = changes
                .iter_mut()
                .map(|changes| Box::pin(changes.changed()));
            let _ = tokio::time::timeout(TICK, futures::future::select_all(waits)).await;
        }
    }

    /// The overview as of `now` (cluster time, epoch seconds); `None` once the cluster was left.
    fn count(&mut self, now: i64) -> Option<Overview> {
        let incidents = self.detection.upgrade()?.summary();
        let nodes = self.nodes.objects();
        let metered = self.meter.reading();
        self.loads.follow(&self.pods.objects());
        let capacity = self.loads.capacity(&nodes, metered.nodes.as_ref());
        let mut overview = Overview {
            at: now,
            sources: vec![
                source(&*self.pods),
                source(&*self.nodes),
                source(&*self.namespaces),
                source(&*self.deployments),
                source(&*self.services),
                source(&*self.events),
            ],
            pods: counts(&self.pods),
            deployments: deployments(&self.deployments.objects()),
            nodes: counts(&self.nodes),
            services: counts(&self.services),
            namespaces: counts(&self.namespaces),
            incidents,
            health: None,
            per_node: self.loads.per_node(&nodes, metered.nodes.as_ref()),
            per_namespace: self.loads.per_namespace(),
            capacity,
            usage: metered.usage,
            warnings: 0,
            events: Vec::new(),
        };
        let seen = self.events.objects();
        (overview.warnings, overview.events) = warnings::group(&seen, now);
        overview.health = health::judge(&overview);
        Some(overview)
    }
}

fn source<K: Kind>(mirror: &Subscription<K>) -> Source {
    Source {
        kind: K::Object::PLURAL.into(),
        freshness: mirror.freshness(),
    }
}

/// Total and states as the kind's own table counts them, so that the two can never differ.
fn counts<K: Kind>(mirror: &Arc<Subscription<K>>) -> Counts {
    let Some(kind) = kinds::find(K::Object::PLURAL) else {
        return Counts::default();
    };
    let table = Table {
        rows: Arc::clone(mirror) as Arc<dyn Rows>,
        columns: kind.info().columns,
        facet: kind.facet(),
        namespaces: Vec::new(),
    };
    let head = Query::default().run(&table, &TableView::default()).head;
    let states = head.facets.into_iter().map(|facet| StateCount {
        word: facet.value,
        tone: facet.tone,
        count: facet.count,
    });
    Counts {
        total: head.total,
        states: states.collect(),
    }
}

/// Deployments have no STATUS; their tone is their state.
fn deployments(all: &[Arc<Deployment>]) -> Counts {
    let words = [
        (Tone::Bad, "down"),
        (Tone::Warn, "incomplete"),
        (Tone::Pending, "rolling out"),
        (Tone::Ok, "complete"),
    ];
    let mut counted = [0; 4];
    for deployment in all {
        let (_, tone) = Deployments::row(deployment);
        if let Some(place) = words.iter().position(|(known, _)| *known == tone) {
            counted[place] += 1;
        }
    }
    let states = words.iter().zip(counted).filter(|(_, count)| *count > 0);
    Counts {
        total: all.len() as u64,
        states: states
            .map(|(&(tone, word), count)| StateCount {
                word: word.into(),
                tone,
                count,
            })
            .collect(),
    }
}
