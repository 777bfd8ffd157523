//! The façade: one method per line of the contract.
//!
//! It validates what the window sends and passes it on; everything it does is done elsewhere.

mod counted;
mod forwards;
mod guest;
mod lifecycle;
mod logs;

use std::{fs, sync::Arc, time::Duration};

use futures::StreamExt;
use kubegraf_ipc::{
    Code, Error, Reply,
    app::{ReportUi, UiReport, Unwatch},
    cluster::{
        AddKubeconfig, AllowExec, ClusterList, ClusterStatus, GetStatus, ListClusters,
        ListNamespaces, RefreshClusters, RemoveKubeconfig, SelectNamespaces, SetProtected,
        SwitchCluster, TestCluster, WatchClusters, WatchStatus,
    },
    doctor::DiagnoseCluster,
    execution::{
        ApplyPlan, CancelExecution, ExecutionEvent, ListExecutions, PreviewFix, PreviewRevert,
        WatchExecution,
    },
    incident::{GetIncident, IncidentsEvent, WatchIncidents},
    inspect::{CacheStats, ConnectionStats, GetCacheStats, GetCapabilities, GetObject, HeldKind},
    object::Freshness,
    overview::{Overview, WatchOverview},
    preferences::{GetPreferences, SetPreference},
    table::{ExportTable, KindInfo, ListKinds, ReadRows, SetTableView, TableEvent, WatchTable},
};
use tokio::sync::watch;
use uuid::Uuid;

use counted::Counted;

use crate::{
    Options, Sink, StreamKey, TaskGuard,
    cache::Cache,
    clock::Clock,
    clusters::{self, Active, Clusters, Connection, Preferences},
    detection::{Detection, Detections},
    executions::{Executions, FromServer, Pace, Ports, Target},
    forwards::Forwards,
    inspect::Reader,
    kinds::{self, AnyKind, KINDS, Namespaces},
    overview::{Glance, Meters},
    preferences::Chosen,
    requests::Requests,
    store::{Durability, Retention, Store},
    streams::{OpenTable, Streams},
    table::{self, Table},
};

/// How often rows past their retention are dropped.
const SWEEP: Duration = Duration::from_secs(24 * 60 * 60);

/// A connection that is not active and that nobody uses is closed after this long.
const IDLE: Duration = Duration::from_secs(30);
/// How often that is looked at.
const IDLE_LOOK: Duration = Duration::from_secs(5);

/// Everything below the window. Cheap to clone.
#[derive(Clone)]
pub struct Core(Arc<Inner>);

struct Inner {
    /// The user of this machine.
    actor: String,
    cache: Arc<Cache>,
    chosen: Chosen,
    clock: Arc<dyn Clock>,
    clusters: Arc<Clusters>,
    detections: Detections,
    executions: Executions,
    forwards: Forwards,
    meters: Meters,
    requests: Requests,
    store: Store,
    streams: Streams,
    /// Keep clusters open for executions that run.
    holds: std::sync::Mutex<Vec<TaskGuard>>,
    /// Connects the first cluster, follows switches, drops old rows.
    work: std::sync::Mutex<Vec<TaskGuard>>,
}

/// The core cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The data directory cannot be made.
    #[error("the data directory \"{path}\" cannot be used: {source}")]
    DataDir {
        /// The directory.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// The database cannot be used.
    #[error(transparent)]
    Store(#[from] crate::store::Error),
    /// Executions of an earlier run cannot be told.
    #[error(transparent)]
    Executions(#[from] crate::executions::Error),
}

impl Core {
    /// Opens the store and begins to connect the first cluster.
    ///
    /// # Errors
    /// When the data directory or a database of a newer version of the app is in the way.
    pub async fn start(options: Options) -> Result<Self, StartError> {
        Self::open(options, true).await
    }

    /// `owner`: whether this process may own running executions and connects by itself.
    async fn open(options: Options, owner: bool) -> Result<Self, StartError> {
        let Options {
            data_dir,
            sources,
            actor,
            clock,
        } = options;
        fs::create_dir_all(&data_dir).map_err(|source| StartError::DataDir {
            path: data_dir.display().to_string(),
            source,
        })?;
        let (store, notes) = Store::open(&data_dir.join("kubegraf.db"), clock.now()).await?;
        for note in notes {
            tracing::warn!(?note, "the database could not be used as it was");
        }
        let executions = Executions::new(
            store.clone(),
            Ports {
                clock: Arc::clone(&clock),
                ids: Arc::new(|| Uuid::new_v4().to_string()),
                actor: actor.clone(),
                neighbourhood: Arc::new(FromServer),
                pace: Pace::default(),
            },
        );
        if owner {
            for id in executions.recover().await? {
                tracing::warn!(execution = %id, "was interrupted when the app last ended");
            }
        }
        let preferences = Preferences::load(store.clone(), Arc::clone(&clock)).await?;
        let core = Self(Arc::new(Inner {
            actor,
            cache: Arc::default(),
            chosen: Chosen::new(store.clone()),
            clock: Arc::clone(&clock),
            clusters: Arc::new(Clusters::new(sources, preferences, Arc::clone(&clock))),
            detections: Detections::new(store.clone(), Arc::clone(&clock)),
            executions,
            forwards: Forwards::load(store.clone()).await,
            meters: Meters::default(),
            requests: Requests::default(),
            store,
            streams: Streams::default(),
            holds: std::sync::Mutex::default(),
            work: std::sync::Mutex::default(),
        }));
        if owner {
            core.begin(clock);
        }
        Ok(core)
    }

    fn begin(&self, clock: Arc<dyn Clock>) {
        let clusters = Arc::clone(&self.0.clusters);
        let detections = self.0.detections.clone();
        let (forwards, started) = (self.0.forwards.clone(), Arc::clone(&clock));
        let mut active = clusters.active();
        let follow = TaskGuard::spawn(async move {
            loop {
                let connection = match &*active.borrow_and_update() {
                    Active::Connected(connection) => Some(Arc::clone(connection)),
                    Active::None | Active::Connecting { .. } | Active::Failed { .. } => None,
                };
                if let Some(connection) = connection {
                    Self::begin_kept(&forwards, &connection, started.epoch_seconds()).await;
                    let _running = detections.follow(&connection).await;
                }
                if active.changed().await.is_err() {
                    return;
                }
            }
        });
        let files = TaskGuard::spawn(clusters::follow(Arc::clone(&clusters)));
        let idle = {
            let clusters = Arc::clone(&clusters);
            let detections = self.0.detections.clone();
            TaskGuard::spawn(async move {
                loop {
                    tokio::time::sleep(IDLE_LOOK).await;
                    detections.keep_only(&clusters.close_idle(IDLE)).await;
                }
            })
        };
        let connect = TaskGuard::spawn(async move { clusters.connect_first().await });
        let store = self.0.store.clone();
        let sweep = TaskGuard::spawn(async move {
            loop {
                match store
                    .sweep(Retention::default(), clock.epoch_seconds())
                    .await
                {
                    Ok(swept) => tracing::debug!(?swept, "rows past their retention are gone"),
                    Err(error) => tracing::warn!(%error, "old rows cannot be dropped"),
                }
                tokio::time::sleep(SWEEP).await;
            }
        });
        let mut work = self
            .0
            .work
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        work.extend([follow, files, idle, connect, sweep]);
    }

    /// Ends every stream and every watch and closes the store.
    pub async fn stop(&self) {
        self.0.streams.end_all();
        self.0.forwards.end_all();
        self.0
            .work
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .clear();
        self.0.detections.end().await;
        self.0.store.close().await;
    }

    /// Ends the streams of a window that is gone or has loaded another page.
    pub fn end_streams(&self, window: &str) {
        let ended = self.0.streams.end_window(window);
        tracing::info!(
            window,
            ended,
            left = self.0.streams.len(),
            "the page's streams ended"
        );
    }

    /// How many streams are open: what a leak test counts.
    #[must_use]
    pub fn open_streams(&self) -> usize {
        self.0.streams.len()
    }

    /// How many watches run on a connected cluster: what a leak test counts.
    ///
    /// # Errors
    /// When the cluster is not connected.
    pub fn running_watches(&self, cluster: &str) -> Result<usize, Error> {
        Ok(self.connection(cluster)?.watches().running())
    }

    /// Closes connections that are not active and unused at once, instead of after 30 s: what a
    /// leak test calls before it counts.
    pub async fn close_unused(&self) {
        let stay = self.0.clusters.close_idle(Duration::ZERO);
        self.0.detections.keep_only(&stay).await;
    }

    fn connection(&self, cluster: &str) -> Result<Arc<Connection>, Error> {
        Ok(self.0.clusters.connection(cluster)?)
    }

    async fn detection(&self, cluster: &str) -> Result<Arc<Detection>, Error> {
        Ok(self.0.detections.follow(&self.connection(cluster)?).await)
    }

    fn reader<'a>(&'a self, connection: &'a Connection) -> Reader<'a> {
        Reader {
            connection,
            cache: &self.0.cache,
            clock: &*self.0.clock,
        }
    }

    fn target(&self, cluster: &str) -> Result<Target, Error> {
        let connection = self.connection(cluster)?;
        Ok(Target {
            cluster: connection.id().into(),
            cluster_name: connection.name().into(),
            protected: self.0.clusters.is_protected(cluster),
            user: connection.user().into(),
            client: connection.mutating_client().clone(),
        })
    }
}

/// The commands of the contract.
impl Core {
    /// [`GetStatus`].
    pub async fn get_status(&self, _: GetStatus) -> Reply<GetStatus> {
        let active = self.0.clusters.active().borrow().clone();
        let mirrors = Counted::of(&active);
        Ok(mirrors.status(&active))
    }

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

    /// [`ListKinds`].
    pub async fn list_kinds(&self, _: ListKinds) -> Reply<ListKinds> {
        Ok(KINDS
            .iter()
            .map(|kind| kind.info())
            .collect::<Vec<KindInfo>>())
    }

    /// [`SetTableView`].
    pub async fn set_table_view(&self, request: SetTableView, window: &str) -> Reply<SetTableView> {
        self.0
            .streams
            .set_view(&StreamKey::new(window, request.watch), request.view)
    }

    /// [`ReadRows`].
    pub async fn read_rows(&self, request: ReadRows) -> Reply<ReadRows> {
        let kind = found(&request.kind)?;
        let connection = self.connection(&request.cluster)?;
        let table = Table {
            rows: kind.rows(connection.watches()),
            columns: kind.info().columns,
            facet: kind.facet(),
            namespaces: request.namespaces,
        };
        table::read(&table, &request.view, &request.only)
    }

    /// [`ExportTable`].
    pub async fn export_table(&self, request: ExportTable) -> Reply<ExportTable> {
        let kind = found(&request.kind)?;
        let connection = self.connection(&request.cluster)?;
        let table = Table {
            rows: kind.rows(connection.watches()),
            columns: kind.info().columns,
            facet: kind.facet(),
            namespaces: request.namespaces,
        };
        let now = self.0.clock.epoch_seconds();
        let name = format!("{}-{}-{now}", request.kind, connection.name());
        let write = move || {
            let folder = table::export::folder()?;
            table::export::export(&table, &request.view, &request.columns, &folder, &name)
        };
        let written = tokio::task::spawn_blocking(write).await;
        let written = written.map_err(|error| Error::new(Code::Internal, error.to_string()))?;
        Ok(written?)
    }

    /// [`GetPreferences`].
    pub async fn get_preferences(&self, _: GetPreferences) -> Reply<GetPreferences> {
        Ok(self.0.chosen.all().await?)
    }

    /// [`SetPreference`].
    pub async fn set_preference(&self, request: SetPreference) -> Reply<SetPreference> {
        let now = self.0.clock.epoch_seconds();
        let change = async { Ok(self.0.chosen.change(request.change, now).await?) };
        self.0.requests.once(&request.request_id, change).await
    }

    /// [`Unwatch`].
    pub async fn unwatch(&self, request: Unwatch, window: &str) -> Reply<Unwatch> {
        self.0.streams.end(&StreamKey::new(window, request.watch));
        Ok(())
    }

    /// [`GetIncident`].
    pub async fn get_incident(&self, request: GetIncident) -> Reply<GetIncident> {
        self.detection(&request.cluster)
            .await?
            .incident(&request.id)
    }

    /// [`PreviewFix`].
    pub async fn preview_fix(&self, request: PreviewFix) -> Reply<PreviewFix> {
        let detection = self.detection(&request.cluster).await?;
        let intent = detection.intent(&request.incident, request.fix)?;
        Ok(self
            .0
            .executions
            .plan(&self.target(&request.cluster)?, intent)
            .await?)
    }

    /// [`PreviewRevert`].
    pub async fn preview_revert(&self, request: PreviewRevert) -> Reply<PreviewRevert> {
        let cluster = self.0.executions.get(&request.execution).await?.cluster;
        let target = self.target(&cluster)?;
        Ok(self
            .0
            .executions
            .plan_revert(&target, &request.execution)
            .await?)
    }

    /// [`ApplyPlan`].
    pub async fn apply_plan(&self, request: ApplyPlan) -> Reply<ApplyPlan> {
        let started = self.0.executions.apply(request).await?;
        self.keep_open(&started.execution).await;
        Ok(started)
    }

    /// Keeps the cluster of an execution open until the execution has ended: what judges its
    /// outcome reads that cluster.
    async fn keep_open(&self, execution: &str) {
        let Ok(cluster) = self.0.executions.get(execution).await.map(|e| e.cluster) else {
            return;
        };
        let (Ok(connection), Ok(mut events)) = (
            self.connection(&cluster),
            self.0.executions.watch(execution).await,
        ) else {
            return;
        };
        let hold = connection.hold();
        let cache = Arc::clone(&self.0.cache);
        let work = TaskGuard::spawn(async move {
            let _open = hold;
            cache.forget_cluster(&cluster);
            // Each event may be the change itself, or what it has led to.
            while events.next().await.is_some() {
                cache.forget_cluster(&cluster);
            }
        });
        let mut holds = self
            .0
            .holds
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        holds.retain(|hold| !hold.is_finished());
        holds.push(work);
    }

    /// [`CancelExecution`].
    pub async fn cancel_execution(&self, request: CancelExecution) -> Reply<CancelExecution> {
        let cancel = async { Ok(self.0.executions.cancel(&request.execution).await?) };
        self.0.requests.once(&request.request_id, cancel).await
    }

    /// [`ListExecutions`].
    pub async fn list_executions(&self, request: ListExecutions) -> Reply<ListExecutions> {
        if !(1..=500).contains(&request.limit) {
            let message = format!("limit is {}, it must be 1 to 500", request.limit);
            return Err(Error::new(Code::InvalidArgument, message));
        }
        Ok(self
            .0
            .executions
            .list(request.cluster.as_deref(), request.limit)
            .await?)
    }

    /// [`ReportUi`].
    pub async fn report_ui(&self, request: ReportUi) -> Reply<ReportUi> {
        match request.report {
            // `cargo xtask run --shot` waits for these words.
            UiReport::FirstPaint { view, rows } => {
                tracing::info!(%view, rows, "first table painted")
            }
            UiReport::Error { message } => tracing::error!(%message, "the window failed"),
        }
        Ok(())
    }
}

/// The streams of the contract.
impl Core {
    /// [`WatchStatus`].
    ///
    /// # Errors
    /// None today.
    pub async fn watch_status(
        &self,
        _: WatchStatus,
        key: StreamKey,
        mut sink: Sink<ClusterStatus>,
    ) -> Result<(), Error> {
        let mut active = self.0.clusters.active();
        let work = async move {
            let mut sent = None;
            loop {
                let now = active.borrow_and_update().clone();
                let counted = Counted::of(&now);
                let mut changes = counted.changes();
                loop {
                    let status = counted.status(&now);
                    if sent.as_ref() != Some(&status) {
                        if !sink(status.clone()) {
                            return;
                        }
                        sent = Some(status);
                    }
                    tokio::select! {
                        changed = active.changed() => match changed {
                            Ok(()) => break,
                            Err(_) => return,
                        },
                        () = changes.changed() => tokio::time::sleep(table::COALESCE).await,
                    }
                }
            }
        };
        self.0.streams.keep(key, TaskGuard::spawn(work), None);
        Ok(())
    }

    /// [`WatchTable`].
    ///
    /// # Errors
    /// When the kind, the cluster or the view does not exist.
    pub async fn watch_table(
        &self,
        request: WatchTable,
        key: StreamKey,
        sink: Sink<TableEvent>,
    ) -> Result<(), Error> {
        let kind = found(&request.kind)?;
        let connection = self.connection(&request.cluster)?;
        let columns = kind.info().columns;
        table::validate(&request.view, &columns)?;
        let (view, views) = watch::channel(request.view);
        let table = Table {
            rows: kind.rows(connection.watches()),
            columns: columns.clone(),
            facet: kind.facet(),
            namespaces: request.namespaces,
        };
        let hold = connection.hold();
        let work = TaskGuard::spawn(async move {
            let _open = hold;
            table::run(table, views, sink).await;
        });
        self.0
            .streams
            .keep(key, work, Some(OpenTable { view, columns }));
        Ok(())
    }

    /// [`WatchIncidents`].
    ///
    /// # Errors
    /// When the cluster is not connected.
    pub async fn watch_incidents(
        &self,
        request: WatchIncidents,
        key: StreamKey,
        sink: Sink<IncidentsEvent>,
    ) -> Result<(), Error> {
        let hold = self.connection(&request.cluster)?.hold();
        let detection = self.detection(&request.cluster).await?;
        let work = TaskGuard::spawn(async move {
            let _open = hold;
            detection.stream(sink).await;
        });
        self.0.streams.keep(key, work, None);
        Ok(())
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

    /// [`WatchOverview`].
    ///
    /// # Errors
    /// When the cluster is not connected.
    pub async fn watch_overview(
        &self,
        request: WatchOverview,
        key: StreamKey,
        sink: Sink<Overview>,
    ) -> Result<(), Error> {
        let connection = self.connection(&request.cluster)?;
        let detection = self.detection(&request.cluster).await?;
        let seconds = self.0.chosen.all().await?.overview_seconds;
        let every = Duration::from_secs(seconds.into());
        let clock = Arc::clone(&self.0.clock);
        let glance = Glance::new(connection, &detection, &self.0.meters, clock);
        drop(detection);
        let work = TaskGuard::spawn(glance.stream(every, sink));
        self.0.streams.keep(key, work, None);
        Ok(())
    }

    /// [`WatchExecution`].
    ///
    /// # Errors
    /// When there is no such execution.
    pub async fn watch_execution(
        &self,
        request: WatchExecution,
        key: StreamKey,
        mut sink: Sink<ExecutionEvent>,
    ) -> Result<(), Error> {
        let mut events = self.0.executions.watch(&request.execution).await?;
        let work = async move {
            while let Some(event) = events.next().await {
                if !sink(event) {
                    return;
                }
            }
        };
        self.0.streams.keep(key, TaskGuard::spawn(work), None);
        Ok(())
    }
}

fn found(kind: &str) -> Result<&'static dyn AnyKind, Error> {
    kinds::find(kind).ok_or_else(|| {
        let message = format!("kind \"{kind}\" has no table");
        Error::new(Code::InvalidArgument, message)
    })
}
