//! The mirrors the engine reads, and the snapshot made of them.

mod referred;

use std::sync::Arc;

use kubegraf_ipc::object::Freshness;

use crate::{
    clusters::Connection,
    incidents::{Objects, Snapshot},
    kinds::{Deployments, Events, Kind, Namespaces, Nodes, Pods, ReplicaSets, Services},
    objects::Object,
    watch::{Mirror, Subscription},
};
use referred::Referred;

/// Subscriptions to every kind the engine reads.
pub(super) struct Mirrors {
    cluster: String,
    pods: Arc<Subscription<Pods>>,
    deployments: Arc<Subscription<Deployments>>,
    replica_sets: Arc<Subscription<ReplicaSets>>,
    nodes: Arc<Subscription<Nodes>>,
    events: Arc<Subscription<Events>>,
    services: Arc<Subscription<Services>>,
    namespaces: Arc<Subscription<Namespaces>>,
    referred: Vec<Referred>,
    changes: Vec<tokio::sync::watch::Receiver<u64>>,
}

impl Mirrors {
    pub(super) fn subscribe(connection: &Connection) -> Self {
        let watches = connection.watches();
        let mut mirrors = Self {
            cluster: connection.id().into(),
            pods: watches.subscribe(),
            deployments: watches.subscribe(),
            replica_sets: watches.subscribe(),
            nodes: watches.subscribe(),
            events: watches.subscribe(),
            services: watches.subscribe(),
            namespaces: watches.subscribe(),
            referred: referred::subscribe(watches),
            changes: Vec::new(),
        };
        mirrors.changes = vec![
            mirrors.pods.changes(),
            mirrors.deployments.changes(),
            mirrors.replica_sets.changes(),
            mirrors.nodes.changes(),
            mirrors.events.changes(),
            mirrors.services.changes(),
            mirrors.namespaces.changes(),
        ];
        let referred = mirrors.referred.iter().filter_map(Referred::changes);
        mirrors.changes.extend(referred);
        mirrors
    }

    /// Ends when any of them has changed since the last snapshot.
    pub(super) async fn changed(&mut self) {
        let waits = self
            .changes
            .iter_mut()
            .map(|changes| Box::pin(changes.changed()));
        // The writers live as long as the subscriptions that are held here.
        let _ = futures::future::select_all(waits).await;
    }

    /// Whether what the engine reads is what the cluster holds: the worst of them.
    pub(super) fn freshness(&self) -> Freshness {
        let all = self.all().map(|(_, freshness)| freshness);
        let worst = all.into_iter().min_by_key(|freshness| match freshness {
            Freshness::Reconnecting { .. } => 0,
            Freshness::Loading { .. } => 1,
            Freshness::Forbidden { .. } => 2,
            Freshness::Live => 3,
        });
        worst.expect("there are several kinds")
    }

    /// The kinds (plural) that judging does without, as they may not or cannot be read; sorted.
    pub(super) fn unread(&self) -> Vec<String> {
        let main = self.all().into_iter().filter_map(|(kind, freshness)| {
            matches!(freshness, Freshness::Forbidden { .. }).then_some(kind)
        });
        let referred = self.referred.iter().filter_map(Referred::unread);
        let mut unread: Vec<String> = main.chain(referred).map(str::to_owned).collect();
        unread.sort_unstable();
        unread
    }

    /// The cluster at `now` (cluster time, epoch seconds); `None` while a list is not whole or a
    /// watch is broken. What may not be read is unknown.
    pub(super) fn snapshot(&mut self, now: i64) -> Option<Snapshot> {
        for changes in &mut self.changes {
            changes.mark_unchanged();
        }
        let sound = |freshness: &Freshness| {
            matches!(freshness, Freshness::Live | Freshness::Forbidden { .. })
        };
        // All of them are looked at: each notes whether it has been whole.
        let waits = self
            .referred
            .iter_mut()
            .filter_map(|one| one.waits().then_some(()))
            .count();
        if waits > 0 || !self.all().iter().all(|(_, freshness)| sound(freshness)) {
            return None;
        }
        let mut snapshot = Snapshot {
            cluster: self.cluster.clone(),
            now,
            pods: known(&self.pods),
            deployments: known(&self.deployments),
            replica_sets: known(&self.replica_sets),
            nodes: known(&self.nodes),
            events: known(&self.events),
            services: known(&self.services),
            namespaces: known(&self.namespaces),
            ..Snapshot::default()
        };
        for one in &self.referred {
            one.fill(&mut snapshot);
        }
        Some(snapshot)
    }

    fn all(&self) -> [(&'static str, Freshness); 7] {
        [
            named(&self.pods),
            named(&self.deployments),
            named(&self.replica_sets),
            named(&self.nodes),
            named(&self.events),
            named(&self.services),
            named(&self.namespaces),
        ]
    }
}

fn named<K: Kind>(mirror: &Mirror<K>) -> (&'static str, Freshness) {
    (K::Object::PLURAL, mirror.freshness())
}

fn known<K: Kind>(mirror: &Mirror<K>) -> Objects<K::Object> {
    (mirror.freshness() == Freshness::Live).then(|| mirror.objects().into())
}
