//! The façade: one method per line of the contract.
//!
//! It validates what the window sends and passes it on; everything it does is done elsewhere.

mod accounts;
mod backups;
mod changes;
mod clusters;
mod counted;
mod debug;
mod diagnostics;
mod files;
mod forwards;
mod guest;
mod lifecycle;
mod links;
mod logs;
mod notices;
mod preferences;
mod relay;
mod tables;
mod terminals;

use std::{fs, path::PathBuf, sync::Arc, time::Duration};

use kubegraf_ipc::{
    Error, Reply,
    account::Account,
    app::{ReportUi, UiReport, Unwatch},
    cluster::{ClusterStatus, GetStatus, WatchStatus},
    incident::{GetIncident, IncidentsEvent, WatchIncidents},
};

use tokio::sync::watch;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use counted::Counted;

use crate::{
    Options, Sink, StreamKey, TaskGuard,
    accounts::Accounts,
    backups::Backups,
    cache::Cache,
    clock::Clock,
    clusters::{Active, Clusters, Connection, Preferences, follow as follow_files},
    detection::{Detection, Detections},
    executions::{Executions, FromServer, Pace, Ports, Target},
    forwards::Forwards,
    inspect::Reader,
    logs as open_logs,
    overview::Meters,
    preferences::Chosen,
    requests::Requests,
    store::{Retention, Store},
    streams::Streams,
    table,
    terminals::NodePods,
};

/// How often rows past their retention are dropped.
const SWEEP: Duration = Duration::from_secs(24 * 60 * 60);

/// A connection that is not active and that nobody uses is closed after this long.
const IDLE: Duration = Duration::from_secs(30);
/// How often that is looked at.
const IDLE_LOOK: Duration = Duration::from_secs(5);

/// Everything below the window, in somebody's name; without a name, in that of the user of this machine.
/// Cheap to clone.
#[derive(Clone)]
pub struct Core(Arc<Inner>, Option<Arc<Account>>);

struct Inner {
    accounts: Arc<Accounts>,
    /// The user of this machine.
    actor: String,
    backup_failure: backups::Failure,
    backups: Arc<Backups>,
    cache: Arc<Cache>,
    chosen: Arc<Chosen>,
    clock: Arc<dyn Clock>,
    clusters: Arc<Clusters>,
    detections: Detections,
    executions: Executions,
    forwards: Forwards,
    meters: Meters,
    node_pods: NodePods,
    /// Counts the changes of the notices.
    notices: watch::Sender<u64>,
    /// Where open logs keep what memory has no room for.
    older_lines: PathBuf,
    requests: Requests,
    store: Store,
    streams: Arc<Streams>,
    /// Who enters a container; each writes when it is left.
    visits: TaskTracker,
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
    /// Sessions of an earlier run cannot be ended.
    #[error(transparent)]
    Accounts(#[from] crate::accounts::Error),
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
        let older_lines = data_dir.join("older-lines");
        if owner {
            open_logs::sweep(&older_lines);
            for id in executions.recover().await? {
                tracing::warn!(execution = %id, "was interrupted when the app last ended");
            }
        }
        let preferences = Preferences::load(store.clone(), Arc::clone(&clock)).await?;
        let accounts = Accounts::new(store.clone(), Arc::clone(&clock), actor.clone());
        let chosen = Arc::new(Chosen::new(store.clone()));
        let known = (store.clone(), Arc::clone(&clock), Arc::clone(&chosen));
        let inner = Inner {
            accounts: Arc::new(accounts),
            node_pods: NodePods::load(known.0, known.1, known.2, actor.clone()).await,
            actor,
            backup_failure: backups::Failure::default(),
            backups: Arc::new(Backups::new(&data_dir, store.clone())),
            cache: Arc::default(),
            chosen,
            clock: Arc::clone(&clock),
            clusters: Arc::new(Clusters::new(sources, preferences, Arc::clone(&clock))),
            detections: Detections::new(store.clone(), Arc::clone(&clock)),
            executions,
            forwards: Forwards::load(store.clone()).await,
            meters: Meters::default(),
            notices: watch::Sender::default(),
            older_lines,
            requests: Requests::default(),
            store,
            streams: Arc::default(),
            visits: TaskTracker::new(),
            holds: std::sync::Mutex::default(),
            work: std::sync::Mutex::default(),
        };
        let core = Self(Arc::new(inner), None);
        if owner {
            core.0.accounts.end_sessions().await?;
            core.begin(clock);
        }
        Ok(core)
    }

    fn begin(&self, clock: Arc<dyn Clock>) {
        let clusters = Arc::clone(&self.0.clusters);
        let detections = self.0.detections.clone();
        let (forwards, started) = (self.0.forwards.clone(), Arc::clone(&clock));
        let tidying = self.tidying();
        let mut active = clusters.active();
        let follow = TaskGuard::spawn(async move {
            loop {
                let connection = match &*active.borrow_and_update() {
                    Active::Connected(connection) => Some(Arc::clone(connection)),
                    Active::None | Active::Connecting { .. } | Active::Failed { .. } => None,
                };
                if let Some(connection) = connection {
                    Self::begin_kept(&forwards, &connection, started.epoch_seconds()).await;
                    tidying.tidy(&connection).await;
                    let _running = detections.follow(&connection).await;
                }
                if active.changed().await.is_err() {
                    return;
                }
            }
        });
        let files = TaskGuard::spawn(follow_files(Arc::clone(&clusters)));
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
        let obey = TaskGuard::spawn(Self::obey(
            Arc::clone(&self.0.chosen),
            self.0.detections.clone(),
        ));
        let backup = TaskGuard::spawn(Self::back_up_daily(
            Arc::clone(&self.0.backups),
            Arc::clone(&self.0.chosen),
            Arc::clone(&self.0.clock),
            Arc::clone(&self.0.backup_failure),
        ));
        let guard = TaskGuard::spawn(Self::guard_windows(
            Arc::clone(&self.0.accounts),
            Arc::clone(&self.0.streams),
        ));
        work.extend([follow, files, idle, connect, sweep, obey, backup, guard]);
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
        self.0.visits.close();
        self.0.visits.wait().await;
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

    /// [`Unwatch`].
    pub async fn unwatch(&self, request: Unwatch, window: &str) -> Reply<Unwatch> {
        self.0.streams.end(&StreamKey::new(window, request.watch));
        Ok(())
    }

    /// [`GetIncident`].
    pub async fn get_incident(&self, request: GetIncident) -> Reply<GetIncident> {
        let detection = self.detection(&request.cluster).await?;
        detection.incident(&request.id)
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
}
