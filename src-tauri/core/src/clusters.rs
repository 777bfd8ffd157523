//! Clusters: what the kubeconfigs name, which one is active, and the connections that are open.
//!
//! Several may be open at once; each keeps its own clients, watches and credentials. A switch
//! commits only after the new cluster has answered; until then the old one stays, and it stays open
//! for as long as something uses it. Nothing here hands a kube client to the window.

mod client;
mod connection;
mod credentials;
mod doctor;
mod error;
mod exec;
mod files;
mod follow;
mod health;
mod kubeconfig;
mod list;
mod preferences;
mod prepare;
mod status;

use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use kubegraf_ipc::cluster::{ClusterHealth, FileOrigin};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

pub use connection::{Connection, Hold};
pub use error::Error;
pub(crate) use follow::follow;
pub use kubeconfig::{Context, Contexts};
pub use preferences::Preferences;
pub(crate) use status::status;

use crate::clock::Clock;
use exec::SearchPath;

/// How long a cluster may take to answer; a program for credentials has its own time before.
pub const PROBE: Duration = Duration::from_secs(5);
/// Id of the embedded demo cluster.
pub const DEMO: &str = "demo";

/// Where kubeconfigs are looked for, and whether the demo cluster is wanted at start.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// The files, in kubectl's order.
    pub kubeconfigs: Vec<PathBuf>,
    /// Start on the demo cluster even if there are contexts.
    pub demo: bool,
}

/// All clusters.
pub struct Clusters {
    sources: Sources,
    clock: Arc<dyn Clock>,
    preferences: Preferences,
    path: SearchPath,
    contexts: Mutex<Arc<Contexts>>,
    open: Mutex<HashMap<String, Opened>>,
    /// Connections that were opened for a look only.
    looked: Mutex<HashMap<String, Arc<Connection>>>,
    health: Mutex<HashMap<String, ClusterHealth>>,
    active: watch::Sender<Active>,
    changes: watch::Sender<u64>,
    /// Ends the switch under way when another one begins.
    switching: Mutex<CancellationToken>,
}

struct Opened {
    connection: Arc<Connection>,
    /// Since when nobody has used it.
    idle: Option<Instant>,
}

/// Which cluster is active.
#[derive(Clone, Default)]
pub enum Active {
    /// None was tried yet.
    #[default]
    None,
    /// The first one is being tried.
    Connecting {
        /// Its name.
        name: String,
    },
    /// This one.
    Connected(Arc<Connection>),
    /// None: the one that was tried at start failed.
    Failed {
        /// Its id.
        id: String,
        /// Its name.
        name: String,
        /// Why.
        error: String,
    },
}

impl Clusters {
    /// Nothing is read or connected yet.
    pub fn new(sources: Sources, preferences: Preferences, clock: Arc<dyn Clock>) -> Self {
        Self {
            sources,
            clock,
            preferences,
            path: SearchPath::default(),
            contexts: Mutex::default(),
            open: Mutex::default(),
            looked: Mutex::default(),
            health: Mutex::default(),
            active: watch::Sender::default(),
            changes: watch::Sender::default(),
            switching: Mutex::default(),
        }
    }

    /// The active cluster, and every change of it.
    pub fn active(&self) -> watch::Receiver<Active> {
        self.active.subscribe()
    }

    /// Counts the changes of what [`Clusters::list`] says, those of the active cluster apart.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    fn changed(&self) {
        self.changes.send_modify(|count| *count += 1);
    }

    /// The files that are looked at.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        self.origins().into_iter().map(|(path, _)| path).collect()
    }

    fn origins(&self) -> Vec<(PathBuf, FileOrigin)> {
        let mut all: Vec<(PathBuf, FileOrigin)> = Vec::new();
        let environment = self.sources.kubeconfigs.iter().cloned();
        let added = self.preferences.decided().kubeconfigs.into_iter();
        let both = environment
            .map(|path| (path, FileOrigin::Environment))
            .chain(added.map(|path| (path, FileOrigin::Added)));
        for (path, origin) in both {
            if !all.iter().any(|(known, _)| *known == path) {
                all.push((path, origin));
            }
        }
        all
    }

    /// Reads the kubeconfigs; open connections keep their target until they are opened anew.
    pub async fn reload(&self) -> Arc<Contexts> {
        let files = self.origins();
        let read = tokio::task::spawn_blocking(move || Contexts::read(&files)).await;
        let contexts = match read {
            Ok(contexts) => Arc::new(contexts),
            Err(error) => {
                tracing::error!(%error, "the kubeconfigs cannot be read");
                return self.contexts();
            }
        };
        lock(&self.looked).retain(|id, _| contexts.find(id).is_some());
        *lock(&self.contexts) = Arc::clone(&contexts);
        self.changed();
        contexts
    }

    /// Reads anew what was decided about clusters: the store holds another state.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(crate) async fn recall(&self) -> crate::store::Result<()> {
        self.preferences.recall().await?;
        self.reload().await;
        Ok(())
    }

    fn contexts(&self) -> Arc<Contexts> {
        Arc::clone(&lock(&self.contexts))
    }

    /// Connects at start: the kubeconfig's current context, or the demo cluster when there is none.
    pub async fn connect_first(&self) {
        let contexts = self.reload().await;
        let first = if self.sources.demo {
            None
        } else {
            contexts.current()
        };
        let (id, name) = first.map_or_else(
            || (DEMO.to_owned(), connection::DEMO_NAME.to_owned()),
            |context| (context.id(), context.name.clone()),
        );
        self.active.send_if_modified(|active| {
            let untouched = matches!(active, Active::None);
            if untouched {
                *active = Active::Connecting { name: name.clone() };
            }
            untouched
        });
        if let Err(error) = self.switch(&id).await {
            tracing::warn!(cluster = %name, %error, "the first cluster does not answer");
        }
    }

    /// Makes a cluster the active one once it has answered; else the active one stays. A switch
    /// that is still under way ends with [`Error::GivenUp`]. Switching to the active cluster opens
    /// it anew when its kubeconfig has changed.
    ///
    /// # Errors
    /// Says which context or server, and why.
    pub async fn switch(&self, id: &str) -> Result<Arc<Connection>, Error> {
        let mine = CancellationToken::new();
        std::mem::replace(&mut *lock(&self.switching), mine.clone()).cancel();
        let opened = tokio::select! {
            biased;
            () = mine.cancelled() => Err(Error::GivenUp(id.to_owned())),
            opened = self.open(id) => opened,
        };
        // Held to the end: what commits is the last switch that began.
        let switching = lock(&self.switching);
        if mine.is_cancelled() {
            return Err(Error::GivenUp(id.to_owned()));
        }
        let committed = match opened {
            Ok(connection) => {
                self.keep(&connection);
                self.active
                    .send_replace(Active::Connected(Arc::clone(&connection)));
                Ok(connection)
            }
            Err(error) => {
                self.active.send_if_modified(|active| {
                    let first = matches!(active, Active::None | Active::Connecting { .. });
                    if first {
                        *active = Active::Failed {
                            id: id.to_owned(),
                            name: self.name(id),
                            error: error.to_string(),
                        };
                    }
                    first
                });
                Err(error)
            }
        };
        drop(switching);
        self.changed();
        committed
    }

    fn keep(&self, connection: &Arc<Connection>) {
        if let Some(chosen) = self.preferences.decided().namespaces.get(connection.id()) {
            connection.choose(chosen);
        }
        lock(&self.looked).remove(connection.id());
        let opened = Opened {
            connection: Arc::clone(connection),
            idle: None,
        };
        lock(&self.open).insert(connection.id().to_owned(), opened);
    }

    fn name(&self, id: &str) -> String {
        let contexts = self.contexts();
        let context = contexts.find(id);
        context.map_or_else(|| id.to_owned(), |context| context.name.clone())
    }

    /// The open connection to a cluster.
    ///
    /// # Errors
    /// [`Error::NotConnected`] or [`Error::Unknown`].
    pub fn connection(&self, id: &str) -> Result<Arc<Connection>, Error> {
        let open = lock(&self.open);
        match open.get(id) {
            Some(opened) => Ok(Arc::clone(&opened.connection)),
            None if id == DEMO || self.contexts().find(id).is_some() => {
                Err(Error::NotConnected(self.name(id)))
            }
            None => Err(Error::Unknown(id.to_owned())),
        }
    }

    /// Every open connection.
    pub(crate) fn connections(&self) -> Vec<Arc<Connection>> {
        let open = lock(&self.open);
        let mut all: Vec<_> = open.values().map(|o| Arc::clone(&o.connection)).collect();
        all.sort_by(|a, b| a.id().cmp(b.id()));
        all
    }

    /// Whether it is the active one.
    pub(crate) fn is_active(&self, id: &str) -> bool {
        matches!(&*self.active.borrow(), Active::Connected(connection) if connection.id() == id)
    }

    /// Closes connections that are not active and that nobody has used for this long, and gives
    /// the ids of those that stay.
    pub(crate) fn close_idle(&self, after: Duration) -> Vec<String> {
        let mut open = lock(&self.open);
        let before = open.len();
        open.retain(|id, opened| {
            if self.is_active(id) || opened.connection.users() > 0 {
                opened.idle = None;
                return true;
            }
            let since = *opened.idle.get_or_insert_with(Instant::now);
            since.elapsed() < after
        });
        let stay: Vec<String> = open.keys().cloned().collect();
        drop(open);
        if stay.len() < before {
            self.changed();
        }
        stay
    }

    /// A tested connection by what the kubeconfig says now: the one that is open, or a new one.
    async fn open(&self, id: &str) -> Result<Arc<Connection>, Error> {
        let contexts = self.reload().await;
        let connection = self.dial(&contexts, id).await?;
        let probed = connection.probe(connection.patience()).await;
        self.note(id, &connection, &probed);
        probed?;
        Ok(connection)
    }

    /// The connection that is there already, or a new one of which nothing was sent yet.
    async fn dial(&self, contexts: &Contexts, id: &str) -> Result<Arc<Connection>, Error> {
        let known = lock(&self.open).get(id).map(|o| Arc::clone(&o.connection));
        if id == DEMO {
            return match known {
                Some(demo) => Ok(demo),
                None => Ok(Arc::new(Connection::demo(Arc::clone(&self.clock)).await?)),
            };
        }
        let context = contexts
            .find(id)
            .ok_or_else(|| Error::Unknown(id.to_owned()))?;
        let allowed = self.consented(context)?;
        let prepared = prepare::prepare(contexts, context, allowed, &self.path).await?;
        let known = known.or_else(|| lock(&self.looked).get(id).cloned());
        if let Some(known) = known.filter(|known| known.definition() == prepared.definition) {
            return Ok(known);
        }
        let connection = Connection::open(context, prepared, Arc::clone(&self.clock))?;
        Ok(Arc::new(connection))
    }

    /// Whether the context's program for credentials may run; contexts without one may be used.
    fn consented(&self, context: &Context) -> Result<bool, Error> {
        let Some(exec) = context.exec() else {
            return Ok(false);
        };
        if self.preferences.decided().allowed.contains(&exec.hash()) {
            return Ok(true);
        }
        Err(Error::Consent {
            cluster: context.id(),
            name: context.name.clone(),
            plugin: Box::new(exec.shown(false)),
        })
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
