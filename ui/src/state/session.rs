//! What holds for the whole window: the active cluster, its state, its kinds and namespaces.

use kubegraf_ipc::{
    Error,
    cluster::{
        ClusterEntry, ClusterList, ClusterStatus, ListClusters, ListNamespaces, SelectNamespaces,
        WatchClusters, WatchStatus,
    },
    table::{KindInfo, ListKinds},
};
use leptos::{prelude::*, task::spawn_local};

use crate::ipc::{self, WatchGuard};

/// The window's cluster and what is known about it.
#[derive(Clone, Copy, Debug)]
pub struct Session {
    /// Every cluster the user may switch to.
    pub clusters: RwSignal<ClusterList>,
    /// State of the active one; `None` until core has said.
    pub status: RwSignal<Option<ClusterStatus>>,
    /// Id of the active one.
    pub cluster: Memo<Option<String>>,
    /// Kinds that have a table; `None` until core has said.
    pub kinds: RwSignal<Option<Vec<KindInfo>>>,
    /// Namespaces of the active cluster.
    pub namespaces: RwSignal<Vec<String>>,
    /// Namespaces the tables show; empty means all.
    pub chosen: RwSignal<Vec<String>>,
    /// Id of the cluster a switch is on its way to.
    pub switching: RwSignal<Option<String>>,
    /// Why core could not be asked at all.
    pub failure: RwSignal<Option<Error>>,
    guard: StoredValue<Option<WatchGuard>>,
    list_guard: StoredValue<Option<WatchGuard>>,
}

impl Session {
    /// Opens the session for the life of the window and hands it to every component below.
    pub fn provide() -> Self {
        let status = RwSignal::new(None::<ClusterStatus>);
        let session = Self {
            clusters: RwSignal::new(ClusterList::default()),
            status,
            cluster: Memo::new(move |_| status.with(|s| s.as_ref()?.cluster.clone())),
            kinds: RwSignal::new(None),
            namespaces: RwSignal::new(Vec::new()),
            chosen: RwSignal::new(Vec::new()),
            switching: RwSignal::new(None),
            failure: RwSignal::new(None),
            guard: StoredValue::new(None),
            list_guard: StoredValue::new(None),
        };
        provide_context(session);
        session.start();
        session
    }

    /// The session provided above.
    #[must_use]
    pub fn expect() -> Self {
        expect_context()
    }

    /// The registry's entry of a kind.
    #[must_use]
    pub fn kind(self, id: &str) -> Option<KindInfo> {
        self.kinds
            .with(|kinds| kinds.as_ref()?.iter().find(|kind| kind.id == id).cloned())
    }

    /// The registry's entry of the kind that `Pod`, `Deployment` … names.
    #[must_use]
    pub fn kind_named(self, kind: &str) -> Option<KindInfo> {
        self.kinds.with(|kinds| {
            kinds
                .as_ref()?
                .iter()
                .find(|entry| entry.kind == kind)
                .cloned()
        })
    }

    /// What the active cluster is called.
    #[must_use]
    pub fn cluster_name(self) -> String {
        self.status
            .with(|status| status.as_ref().map(|s| s.cluster_name.clone()))
            .unwrap_or_default()
    }

    /// What a cluster is called.
    #[must_use]
    pub fn name_of(self, cluster: &str) -> String {
        self.clusters.with_untracked(|list| {
            let entry = list.clusters.iter().find(|entry| entry.id == cluster);
            entry.map_or_else(|| cluster.to_owned(), |entry| entry.name.clone())
        })
    }

    /// The active cluster's entry in the list.
    #[must_use]
    pub fn entry(self) -> Option<ClusterEntry> {
        let cluster = self.cluster.get()?;
        self.clusters.with(|list| {
            let mut entries = list.clusters.iter();
            entries.find(|entry| entry.id == cluster).cloned()
        })
    }

    /// Shows only these namespaces, none meaning all; core remembers them for this cluster.
    pub fn choose(self, namespaces: Vec<String>) {
        self.chosen.set(namespaces.clone());
        if let Some(cluster) = self.cluster.get_untracked() {
            ipc::send(SelectNamespaces {
                request_id: ipc::request_id(),
                cluster,
                namespaces,
            });
        }
    }

    /// Asks again which clusters there are.
    pub fn reload_clusters(self) {
        spawn_local(async move {
            match ipc::call(ListClusters {}).await {
                Ok(clusters) => self.clusters.set(clusters),
                Err(error) => self.failure.set(Some(error)),
            }
        });
    }

    /// Asks again which namespaces the active cluster has.
    pub fn reload_namespaces(self) {
        let Some(cluster) = self.cluster.get_untracked() else {
            return self.namespaces.set(Vec::new());
        };
        spawn_local(async move {
            let request = ListNamespaces {
                cluster: cluster.clone(),
            };
            let answer = ipc::call(request).await;
            // The user may have switched while this was on its way.
            if self.cluster.get_untracked() == Some(cluster)
                && let Ok(namespaces) = answer
            {
                self.namespaces.set(namespaces);
            }
        });
    }

    fn start(self) {
        let opened = ipc::watch(
            &WatchStatus {},
            move |status| self.status.set(Some(status)),
            move |error| self.failure.set(Some(error)),
        );
        match opened {
            Ok(guard) => self.guard.set_value(Some(guard)),
            Err(error) => self.failure.set(Some(error)),
        }
        spawn_local(async move {
            match ipc::call(ListKinds {}).await {
                Ok(kinds) => self.kinds.set(Some(kinds)),
                Err(error) => self.failure.set(Some(error)),
            }
        });
        let listed = ipc::watch(
            &WatchClusters {},
            move |clusters| self.clusters.set(clusters),
            move |error| self.failure.set(Some(error)),
        );
        match listed {
            Ok(guard) => self.list_guard.set_value(Some(guard)),
            Err(error) => self.failure.set(Some(error)),
        }
        let known = Memo::new(move |_| {
            let cluster = self.cluster.get()?;
            let listed = self.clusters.with(|list| {
                let mut entries = list.clusters.iter();
                entries.any(|entry| entry.id == cluster)
            });
            listed.then_some(cluster)
        });
        Effect::new(move |_| {
            self.cluster.track();
            self.reload_namespaces();
        });
        // What was chosen here before is taken once, when the cluster becomes the active one.
        Effect::new(move |_| {
            self.cluster.track();
            let remembered = known.get().and_then(|cluster| {
                self.clusters.with_untracked(|list| {
                    let mut entries = list.clusters.iter();
                    let entry = entries.find(|entry| entry.id == cluster)?;
                    Some(entry.namespaces.clone())
                })
            });
            self.chosen.set(remembered.unwrap_or_default());
        });
    }
}
