//! Clusters: what the kubeconfigs name, which one is active, and the connections that are open.
//!
//! A switch commits only after the new cluster has answered; until then the old one stays. It owns
//! the kube clients and hands none of them to the window.

mod connection;
mod exec;
mod kubeconfig;
mod status;

use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use kubegraf_ipc::{
    Code,
    cluster::{ClusterEntry, ClusterList, FileOrigin},
};
use tokio::sync::watch;

pub use connection::Connection;
pub use kubeconfig::{Context, Contexts};
pub(crate) use status::status;

use crate::clock::Clock;

/// How long a cluster may take to answer before a switch gives up.
pub const PROBE: Duration = Duration::from_secs(5);
/// Id of the embedded demo cluster.
pub const DEMO: &str = "demo";

/// Why a cluster is not there.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No kubeconfig names it.
    #[error("no cluster \"{0}\" is known")]
    Unknown(String),
    /// The context names something that is not there, or cannot be used as it is.
    #[error("context \"{context}\" cannot be used: {reason}")]
    Context {
        /// The context.
        context: String,
        /// What is wrong with it.
        reason: String,
    },
    /// It does not answer, or refuses the credentials.
    #[error("cluster \"{name}\" at {server} does not answer: {reason}")]
    Unreachable {
        /// The cluster.
        name: String,
        /// Its address.
        server: String,
        /// Why.
        reason: String,
    },
}

impl From<Error> for kubegraf_ipc::Error {
    fn from(error: Error) -> Self {
        let message = error.to_string();
        match error {
            Error::Unknown(_) => Self::new(Code::NotFound, message),
            Error::Context { .. } => Self::new(Code::Unreachable, message),
            Error::Unreachable { .. } => Self::new(Code::Unreachable, message).retryable(),
        }
    }
}

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
    open: Mutex<HashMap<String, Arc<Connection>>>,
    probes: Mutex<HashMap<String, Result<(), String>>>,
    active: watch::Sender<Active>,
    switching: tokio::sync::Mutex<()>,
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
    pub fn new(sources: Sources, clock: Arc<dyn Clock>) -> Self {
        Self {
            sources,
            clock,
            open: Mutex::default(),
            probes: Mutex::default(),
            active: watch::Sender::default(),
            switching: tokio::sync::Mutex::default(),
        }
    }

    /// The active cluster, and every change of it.
    pub fn active(&self) -> watch::Receiver<Active> {
        self.active.subscribe()
    }

    /// Every context of every readable kubeconfig, and the demo cluster.
    pub fn list(&self) -> ClusterList {
        let contexts = self.contexts();
        let current = match &*self.active.borrow() {
            Active::Connected(connection) => Some(connection.id().to_owned()),
            Active::None | Active::Connecting { .. } | Active::Failed { .. } => None,
        };
        let mut clusters: Vec<_> = contexts.list.iter().map(Context::entry).collect();
        clusters.push(connection::demo_entry());
        let probes = self.probes.lock().unwrap_or_else(PoisonError::into_inner);
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        for entry in &mut clusters {
            // Nothing asks before a program for credentials runs yet.
            entry.exec = contexts
                .find(&entry.id)
                .and_then(|context| context.exec().map(|exec| exec.shown(true)));
            entry.is_connected = open.contains_key(&entry.id);
            entry.is_active = current.as_ref() == Some(&entry.id);
            mark(entry, probes.get(&entry.id));
        }
        ClusterList {
            clusters,
            current_cluster: current,
            problems: contexts.problems,
            files: contexts.files,
            shadowed: contexts.shadowed,
        }
    }

    fn contexts(&self) -> Contexts {
        let files = self.sources.kubeconfigs.iter();
        let files: Vec<_> = files
            .map(|path| (path.clone(), FileOrigin::Environment))
            .collect();
        Contexts::read(&files)
    }

    /// Connects at start: the kubeconfig's current context, or the demo cluster when there is none.
    pub async fn connect_first(&self) {
        let contexts = self.contexts();
        let first = if self.sources.demo {
            None
        } else {
            contexts.current()
        };
        let (id, name) = first.map_or_else(
            || (DEMO.to_owned(), connection::DEMO_NAME.to_owned()),
            |context| (context.id(), context.name.clone()),
        );
        self.active
            .send_replace(Active::Connecting { name: name.clone() });
        if let Err(error) = self.switch(&id).await {
            tracing::warn!(cluster = %name, %error, "the first cluster does not answer");
            self.active.send_replace(Active::Failed {
                id,
                name,
                error: error.to_string(),
            });
        }
    }

    /// Makes a cluster the active one once it has answered; else the active one stays.
    ///
    /// # Errors
    /// Says which context or server, and why.
    pub async fn switch(&self, id: &str) -> Result<Arc<Connection>, Error> {
        let _one_at_a_time = self.switching.lock().await;
        let opened = self.open(id).await;
        let probe = opened.as_ref().map(|_| ()).map_err(ToString::to_string);
        self.probes
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(id.to_owned(), probe);
        let connection = opened?;
        // One cluster is connected at a time: leaving one ends its watches, forwards and scans.
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|key, _| key == id);
        open.insert(id.to_owned(), Arc::clone(&connection));
        drop(open);
        self.active
            .send_replace(Active::Connected(Arc::clone(&connection)));
        Ok(connection)
    }

    /// The open connection to a cluster.
    ///
    /// # Errors
    /// [`Error::Unknown`] when it is not connected.
    pub fn connection(&self, id: &str) -> Result<Arc<Connection>, Error> {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.get(id)
            .cloned()
            .ok_or_else(|| Error::Unknown(id.to_owned()))
    }

    async fn open(&self, id: &str) -> Result<Arc<Connection>, Error> {
        if let Ok(connection) = self.connection(id) {
            connection.probe().await?;
            return Ok(connection);
        }
        let connection = if id == DEMO {
            Connection::demo(Arc::clone(&self.clock)).await?
        } else {
            let contexts = self.contexts();
            let context = contexts
                .find(id)
                .ok_or_else(|| Error::Unknown(id.to_owned()))?;
            Connection::open(&contexts.merged, context, Arc::clone(&self.clock)).await?
        };
        connection.probe().await?;
        Ok(Arc::new(connection))
    }
}

fn mark(entry: &mut ClusterEntry, probe: Option<&Result<(), String>>) {
    if let Some(probe) = probe {
        entry.is_reachable = Some(probe.is_ok());
        if let Err(error) = probe {
            entry.error = Some(error.clone());
        }
    }
}
