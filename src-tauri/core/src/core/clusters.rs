//! Clusters: which there are, which are open, what was decided about them, single reads.

use std::sync::Arc;

use kubegraf_ipc::{
    Code, Error, Reply,
    cluster::{
        AddKubeconfig, AllowExec, ClusterList, ListClusters, ListNamespaces, RefreshClusters,
        RemoveKubeconfig, SelectNamespaces, SetProtected, SwitchCluster, TestCluster,
        WatchClusters,
    },
    doctor::DiagnoseCluster,
    inspect::{CacheStats, ConnectionStats, GetCacheStats, GetCapabilities, GetObject, HeldKind},
    object::Freshness,
};

use super::{Core, counted::Counted};
use crate::{
    Sink, StreamKey, TaskGuard, clusters::Active, kinds::Namespaces, store::Durability, table,
};

impl Core {
    /// [`ListClusters`].
    pub async fn list_clusters(&self, _: ListClusters) -> Reply<ListClusters> {
        Ok(self.0.clusters.list())
    }

    /// [`RefreshClusters`].
    pub async fn refresh_clusters(&self, _: RefreshClusters) -> Reply<RefreshClusters> {
        self.0.clusters.refresh().await;
        Ok(self.0.clusters.list())
    }

    /// [`TestCluster`].
    pub async fn test_cluster(&self, request: TestCluster) -> Reply<TestCluster> {
        Ok(self.0.clusters.test(&request.cluster).await?)
    }

    /// [`DiagnoseCluster`].
    pub async fn diagnose_cluster(&self, request: DiagnoseCluster) -> Reply<DiagnoseCluster> {
        Ok(self.0.clusters.diagnose(&request.cluster).await?)
    }

    /// [`GetObject`].
    pub async fn get_object(&self, request: GetObject) -> Reply<GetObject> {
        let connection = self.connection(&request.cluster)?;
        self.reader(&connection).object(&request).await
    }

    /// [`GetCapabilities`].
    pub async fn get_capabilities(&self, request: GetCapabilities) -> Reply<GetCapabilities> {
        let connection = self.connection(&request.cluster)?;
        let durable = self.0.store.durability() == Durability::Disk;
        self.reader(&connection).capabilities(durable).await
    }

    /// [`GetCacheStats`].
    pub async fn get_cache_stats(&self, _: GetCacheStats) -> Reply<GetCacheStats> {
        let clusters = &self.0.clusters;
        let connections = clusters.connections();
        let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        let figures = connections.iter().map(|connection| ConnectionStats {
            cluster: connection.id().into(),
            name: connection.name().into(),
            active: clusters.is_active(connection.id()),
            users: count(connection.users()),
            watches: count(connection.watches().running()),
            held: connection
                .watches()
                .held()
                .into_iter()
                .map(|(kind, objects)| HeldKind {
                    kind: kind.into(),
                    objects: objects as u64,
                })
                .collect(),
            calls: connection.calls(),
        });
        Ok(CacheStats {
            reads: self.0.cache.figures(),
            connections: figures.collect(),
        })
    }

    /// [`AddKubeconfig`].
    pub async fn add_kubeconfig(&self, request: AddKubeconfig) -> Reply<AddKubeconfig> {
        let add = async { Ok(self.0.clusters.add_file(&request.path).await?) };
        self.0.requests.once(&request.request_id, add).await
    }

    /// [`RemoveKubeconfig`].
    pub async fn remove_kubeconfig(&self, request: RemoveKubeconfig) -> Reply<RemoveKubeconfig> {
        let remove = async { Ok(self.0.clusters.remove_file(&request.path).await?) };
        self.0.requests.once(&request.request_id, remove).await
    }

    /// [`AllowExec`].
    pub async fn allow_exec(&self, request: AllowExec) -> Reply<AllowExec> {
        let allow = async {
            let clusters = &self.0.clusters;
            Ok(clusters.allow_exec(&request.cluster, &request.hash).await?)
        };
        self.0.requests.once(&request.request_id, allow).await
    }

    /// [`SetProtected`].
    pub async fn set_protected(&self, request: SetProtected) -> Reply<SetProtected> {
        let protect = async {
            let clusters = &self.0.clusters;
            Ok(clusters
                .protect(&request.cluster, request.protected)
                .await?)
        };
        self.0.requests.once(&request.request_id, protect).await
    }

    /// [`SelectNamespaces`].
    pub async fn select_namespaces(&self, request: SelectNamespaces) -> Reply<SelectNamespaces> {
        let choose = async {
            let clusters = &self.0.clusters;
            Ok(clusters
                .choose(&request.cluster, request.namespaces)
                .await?)
        };
        self.0.requests.once(&request.request_id, choose).await
    }

    /// [`SwitchCluster`].
    pub async fn switch_cluster(&self, request: SwitchCluster) -> Reply<SwitchCluster> {
        let switch = async {
            let connection = self.0.clusters.switch(&request.cluster).await?;
            self.0.cache.clear();
            let active = Active::Connected(connection);
            Ok(Counted::of(&active).status(&active))
        };
        self.0.requests.once(&request.request_id, switch).await
    }

    /// [`ListNamespaces`].
    pub async fn list_namespaces(&self, request: ListNamespaces) -> Reply<ListNamespaces> {
        let connection = self.connection(&request.cluster)?;
        let namespaces = connection.watches().subscribe::<Namespaces>();
        let mut changes = namespaces.changes();
        loop {
            match namespaces.freshness() {
                Freshness::Loading { .. } => {}
                Freshness::Forbidden { .. } => return Ok(vec![connection.namespace().into()]),
                Freshness::Live | Freshness::Reconnecting { .. } => {
                    let names = namespaces.objects();
                    return Ok(names.iter().map(|n| n.metadata.name.to_string()).collect());
                }
            }
            if changes.changed().await.is_err() {
                return Err(
                    Error::new(Code::Unreachable, "the watch of namespaces ended").retryable(),
                );
            }
        }
    }

    /// [`WatchClusters`].
    ///
    /// # Errors
    /// None today.
    pub async fn watch_clusters(
        &self,
        _: WatchClusters,
        key: StreamKey,
        mut sink: Sink<ClusterList>,
    ) -> Result<(), Error> {
        let clusters = Arc::clone(&self.0.clusters);
        let (mut active, mut changes) = (clusters.active(), clusters.changes());
        let work = async move {
            let mut sent = None;
            loop {
                active.borrow_and_update();
                changes.borrow_and_update();
                let list = clusters.list();
                if sent.as_ref() != Some(&list) {
                    if !sink(list.clone()) {
                        return;
                    }
                    sent = Some(list);
                }
                tokio::select! {
                    changed = active.changed() => if changed.is_err() { return },
                    changed = changes.changed() => if changed.is_err() { return },
                }
                // A round of looks ends cluster by cluster.
                tokio::time::sleep(table::COALESCE).await;
            }
        };
        self.0.streams.keep(key, TaskGuard::spawn(work), None);
        Ok(())
    }
}
