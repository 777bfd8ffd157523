//! Port-forwards: ports of this machine's loopback that lead to pods, whatever happens to the pods.
//!
//! Each is a guard in the one list here: it belongs to its cluster, survives a switch, and ends
//! when it is stopped or the app quits. It knows sockets and pods, nothing of windows.

mod door;
mod listener;
mod pipe;
mod target;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, atomic::Ordering::Relaxed};

use kubegraf_ipc::{
    Code, Error,
    forward::{Forward, ForwardState, OfferedPort},
    object::ObjectRef,
};
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

use door::Door;
use listener::{Listener, Told};
use target::Target;

use crate::{clusters::Connection, kinds::Pods, store::Store, task::TaskGuard};

/// The forwards that are there again when the app starts.
const SETTING: &str = "forwards";
/// The most that stand in the list.
const MOST: usize = 200;

/// All forwards, of every cluster.
#[derive(Clone)]
pub(crate) struct Forwards(Arc<Inner>);

struct Inner {
    list: Mutex<Vec<Entry>>,
    store: Store,
    changed: Arc<Notify>,
}

struct Entry {
    kept: Kept,
    started_at: i64,
    is_kept: bool,
    told: Arc<Told>,
    /// Runs while it is held.
    work: Option<TaskGuard>,
}

/// What is remembered of a forward.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Kept {
    id: String,
    cluster: String,
    cluster_name: String,
    object: ObjectRef,
    port: String,
    local_port: u16,
}

impl Forwards {
    /// Those that were kept are in the list, stopped, until their cluster is connected.
    pub(crate) async fn load(store: Store) -> Self {
        let kept: Vec<Kept> = match store.setting(SETTING).await {
            Ok(kept) => kept.unwrap_or_default(),
            Err(error) => {
                tracing::warn!(%error, "the kept forwards cannot be read");
                Vec::new()
            }
        };
        let changed = Arc::new(Notify::new());
        let entry = |kept| Entry {
            kept,
            started_at: 0,
            is_kept: true,
            told: Arc::new(Told::new(Arc::clone(&changed))),
            work: None,
        };
        Self(Arc::new(Inner {
            list: Mutex::new(kept.into_iter().map(entry).collect()),
            store,
            changed: Arc::clone(&changed),
        }))
    }

    fn list_mut(&self) -> MutexGuard<'_, Vec<Entry>> {
        self.0.list.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All of them, in the order they were begun.
    pub(crate) fn list(&self) -> Vec<Forward> {
        self.list_mut().iter().map(told).collect()
    }

    /// Ends when something has changed since it was last awaited.
    pub(crate) async fn changed(&self) {
        self.0.changed.notified().await;
    }

    /// The kept ones of a cluster that wait for it.
    pub(crate) fn waiting_for(&self, cluster: &str) -> Vec<String> {
        let list = self.list_mut();
        let waiting = list.iter().filter(|entry| {
            entry.is_kept && entry.started_at == 0 && entry.kept.cluster == cluster
        });
        waiting.map(|entry| entry.kept.id.clone()).collect()
    }

    /// The ports that an object declares.
    ///
    /// # Errors
    /// When there is no such object.
    pub(crate) async fn offered(
        connection: &Connection,
        object: &ObjectRef,
    ) -> Result<Vec<OfferedPort>, Error> {
        let pods = connection.watches().subscribe::<Pods>();
        target::offered(connection.client(), &pods, object).await
    }

    /// Opens a port and forwards what comes.
    ///
    /// # Errors
    /// When the target means nothing, or the port cannot be opened.
    pub(crate) async fn start(
        &self,
        connection: &Connection,
        (object, port, local_port): (ObjectRef, String, u16),
        (id, now): (String, i64),
    ) -> Result<Forward, Error> {
        if self.list_mut().len() >= MOST {
            let message = format!("there are {MOST} forwards already; forget some first");
            return Err(Error::new(Code::InvalidArgument, message));
        }
        let told = Arc::new(Told::new(Arc::clone(&self.0.changed)));
        let mut entry = Entry {
            kept: Kept {
                id,
                cluster: connection.id().into(),
                cluster_name: connection.name().into(),
                object,
                port,
                local_port,
            },
            started_at: now,
            is_kept: false,
            told,
            work: None,
        };
        let (work, opened) = begin(connection, &entry.kept, &entry.told).await?;
        (entry.work, entry.kept.local_port) = (Some(work), opened);
        let forward = self::told(&entry);
        self.list_mut().push(entry);
        self.0.changed.notify_one();
        Ok(forward)
    }

    /// Begins again with one that is in the list.
    ///
    /// # Errors
    /// When there is none, its target is gone or its port taken: it is failed then, and says so.
    pub(crate) async fn restart(
        &self,
        connection: &Connection,
        id: &str,
        now: i64,
    ) -> Result<Forward, Error> {
        let (kept, told) = {
            let mut list = self.list_mut();
            let entry = find(&mut list, id)?;
            // The port has to be free before it is opened again.
            entry.work = None;
            entry.started_at = now;
            (entry.kept.clone(), Arc::clone(&entry.told))
        };
        // An aborted task lets go of its sockets at its next turn.
        tokio::task::yield_now().await;
        let begun = match begin(connection, &kept, &told).await {
            Err(error) if error.code == Code::Conflict => {
                tokio::time::sleep(std::time::Duration::from_millis(100)).await;
                begin(connection, &kept, &told).await
            }
            begun => begun,
        };
        let mut list = self.list_mut();
        let entry = find(&mut list, id)?;
        match begun {
            Ok((work, opened)) => {
                (entry.work, entry.kept.local_port) = (Some(work), opened);
                Ok(self::told(entry))
            }
            Err(error) => {
                let reason = error.message.clone();
                told.is(ForwardState::Failed { reason });
                Err(error)
            }
        }
    }

    /// Closes a port and every connection through it.
    ///
    /// # Errors
    /// When there is no such forward.
    pub(crate) async fn stop(&self, id: &str, forget: bool, now: i64) -> Result<(), Error> {
        let was_kept = {
            let mut list = self.list_mut();
            let entry = find(&mut list, id)?;
            entry.work = None;
            entry.started_at = entry.started_at.max(1);
            entry.told.is(ForwardState::Stopped);
            let was_kept = entry.is_kept;
            if forget {
                list.retain(|entry| entry.kept.id != id);
            }
            was_kept
        };
        self.0.changed.notify_one();
        if forget && was_kept {
            return self.remember(now).await;
        }
        Ok(())
    }

    /// Says whether a forward is there again when the app starts.
    ///
    /// # Errors
    /// When there is no such forward, or the store refuses.
    pub(crate) async fn keep(&self, id: &str, kept: bool, now: i64) -> Result<(), Error> {
        find(&mut self.list_mut(), id)?.is_kept = kept;
        self.0.changed.notify_one();
        self.remember(now).await
    }

    /// The cluster of a forward.
    ///
    /// # Errors
    /// When there is no such forward.
    pub(crate) fn cluster(&self, id: &str) -> Result<String, Error> {
        Ok(find(&mut self.list_mut(), id)?.kept.cluster.clone())
    }

    /// The address of a forward.
    ///
    /// # Errors
    /// When there is no such forward, or it is not open.
    pub(crate) fn url(&self, id: &str) -> Result<String, Error> {
        let forward = told(find(&mut self.list_mut(), id)?);
        match forward.state {
            ForwardState::Active { .. } | ForwardState::Waiting { .. } => Ok(forward.url),
            ForwardState::Failed { .. } | ForwardState::Stopped => {
                let message = format!("the forward to \"{}\" is not open", forward.object.name);
                Err(Error::new(Code::Conflict, message))
            }
        }
    }

    /// Ends all of them.
    pub(crate) fn end_all(&self) {
        for entry in self.list_mut().iter_mut() {
            entry.work = None;
            entry.told.is(ForwardState::Stopped);
        }
    }

    async fn remember(&self, now: i64) -> Result<(), Error> {
        let kept: Vec<Kept> = {
            let list = self.list_mut();
            let kept = list.iter().filter(|entry| entry.is_kept);
            kept.map(|entry| entry.kept.clone()).collect()
        };
        Ok(self.0.store.set_setting(SETTING, &kept, now).await?)
    }
}

fn find<'a>(list: &'a mut [Entry], id: &str) -> Result<&'a mut Entry, Error> {
    let found = list.iter_mut().find(|entry| entry.kept.id == id);
    found.ok_or_else(|| Error::new(Code::NotFound, format!("there is no forward \"{id}\"")))
}

/// Opens the port and begins to listen; answers the guard and the port.
async fn begin(
    connection: &Connection,
    kept: &Kept,
    told: &Arc<Told>,
) -> Result<(TaskGuard, u16), Error> {
    let client = connection.client().clone();
    let target = Target::of(&client, &kept.object, &kept.port).await?;
    let door = Door::open(kept.local_port).await.map_err(|error| {
        let code = match error {
            door::Error::Taken { .. } => Code::Conflict,
            door::Error::Refused { .. } => Code::InvalidArgument,
        };
        Error::new(code, error.to_string())
    })?;
    let opened = door.port;
    told.is(ForwardState::Waiting {
        reason: "the pods are not known yet".into(),
    });
    let listener = Listener {
        client,
        pods: connection.watches().subscribe::<Pods>(),
        target,
        told: Arc::clone(told),
        hold: connection.hold(),
    };
    Ok((TaskGuard::spawn(listener.run(door)), opened))
}

fn told(entry: &Entry) -> Forward {
    let (kept, told) = (&entry.kept, &entry.told);
    let lock =
        |text: &Mutex<Option<String>>| text.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let scheme = match kept.port.as_str() {
        "443" | "8443" | "6443" | "https" => "https",
        _ => "http",
    };
    Forward {
        id: kept.id.clone(),
        cluster: kept.cluster.clone(),
        cluster_name: kept.cluster_name.clone(),
        object: kept.object.clone(),
        port: kept.port.clone(),
        local_port: kept.local_port,
        url: format!("{scheme}://localhost:{}", kept.local_port),
        state: told
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone(),
        started_at: entry.started_at,
        kept: entry.is_kept,
        open: told.open.load(Relaxed),
        connections: told.connections.load(Relaxed),
        failed: told.failed.load(Relaxed),
        sent: told.bytes.sent.load(Relaxed),
        received: told.bytes.received.load(Relaxed),
        last_error: lock(&told.last_error),
    }
}
