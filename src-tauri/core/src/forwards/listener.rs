//! A running forward: an open port, and a task for each connection through it.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU32, AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use kube::Client;
use kubegraf_ipc::forward::ForwardState;
use tokio::{net::TcpStream, sync::Notify, task::JoinSet, time::Instant};

use super::{
    door::Door,
    pipe::{self, Bytecount, Tunnel},
    target::{Place, Target, lives},
};
use crate::{clusters::Hold, kinds::Pods, watch::Subscription};

/// A connection waits this long for a pod to be ready, or for the server to be back.
const WAIT: Duration = Duration::from_secs(15);
/// Pause between two attempts to open the way to a pod.
const PAUSE: Duration = Duration::from_millis(250);
/// Connections that are open at once; more wait in the system's queue.
const MOST: usize = 4_000;
/// Pause after the system refused a connection: it may be out of files.
const BREATH: Duration = Duration::from_millis(200);

/// What is known of a forward while it runs and after.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) bytes: Arc<Bytecount>,
    pub(super) open: AtomicU32,
    pub(super) connections: AtomicU64,
    pub(super) failed: AtomicU64,
    pub(super) state: Mutex<ForwardState>,
    pub(super) last_error: Mutex<Option<String>>,
    changed: Arc<Notify>,
}

impl Told {
    pub(super) fn new(changed: Arc<Notify>) -> Self {
        Self {
            bytes: Arc::default(),
            open: AtomicU32::new(0),
            connections: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            state: Mutex::new(ForwardState::Stopped),
            last_error: Mutex::default(),
            changed,
        }
    }

    pub(super) fn is(&self, state: ForwardState) {
        let mut now = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if *now != state {
            *now = state;
            self.changed.notify_one();
        }
    }

    fn failed(&self, reason: String) {
        self.failed.fetch_add(1, Relaxed);
        *self
            .last_error
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Some(reason);
        self.changed.notify_one();
    }
}

/// Counts a connection for as long as it is open.
struct Open(Arc<Told>);

impl Open {
    fn new(told: &Arc<Told>) -> Self {
        told.open.fetch_add(1, Relaxed);
        told.connections.fetch_add(1, Relaxed);
        told.changed.notify_one();
        Self(Arc::clone(told))
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Relaxed);
        self.0.changed.notify_one();
    }
}

/// A forward that runs.
pub(super) struct Listener {
    pub(super) client: Client,
    pub(super) pods: Arc<Subscription<Pods>>,
    pub(super) target: Target,
    pub(super) told: Arc<Told>,
    /// Keeps the cluster open, whatever is active.
    pub(super) hold: Hold,
}

/// Where connections lead now; sent to all of them.
type Now = tokio::sync::watch::Receiver<Result<Place, String>>;

impl Listener {
    /// Runs until it is dropped, with every connection.
    pub(super) async fn run(self, door: Door) {
        let (sender, now) = tokio::sync::watch::channel(Err("the pods are not known yet".into()));
        let follow = self.follow(sender);
        let serve = self.serve(door, now);
        tokio::join!(follow, serve);
    }

    /// Keeps the pod that connections lead to current.
    async fn follow(&self, now: tokio::sync::watch::Sender<Result<Place, String>>) {
        let mut changes = self.pods.changes();
        loop {
            changes.borrow_and_update();
            let before = now.borrow().clone();
            let choice = self.target.choose(&self.pods, before.as_ref().ok());
            self.told.is(match &choice {
                Ok(place) => ForwardState::Active {
                    pod: place.pod.clone(),
                    port: place.port,
                },
                Err(reason) => ForwardState::Waiting {
                    reason: reason.clone(),
                },
            });
            now.send_if_modified(|now| {
                let differs = *now != choice;
                *now = choice;
                differs
            });
            if changes.changed().await.is_err() {
                return;
            }
        }
    }

    async fn serve(&self, door: Door, now: Now) {
        let _open = &self.hold;
        let mut connections = JoinSet::new();
        loop {
            while connections.try_join_next().is_some() {}
            if connections.len() >= MOST {
                connections.join_next().await;
                continue;
            }
            match door.accept().await {
                Ok(stream) => {
                    let connection = Connection {
                        client: self.client.clone(),
                        pods: Arc::clone(&self.pods),
                        now: now.clone(),
                        _open: Open::new(&self.told),
                        told: Arc::clone(&self.told),
                    };
                    connections.spawn(connection.run(stream));
                }
                Err(error) => {
                    self.told
                        .failed(format!("a connection was not accepted: {error}"));
                    tokio::time::sleep(BREATH).await;
                }
            }
        }
    }
}

struct Connection {
    client: Client,
    pods: Arc<Subscription<Pods>>,
    now: Now,
    told: Arc<Told>,
    _open: Open,
}

impl Connection {
    async fn run(mut self, stream: TcpStream) {
        let (place, tunnel) = match self.connect().await {
            Ok(connected) => connected,
            Err(reason) => return self.told.failed(reason),
        };
        let mut changes = self.pods.changes();
        let gone = async {
            loop {
                changes.borrow_and_update();
                // What began with one pod ends with it: another knows nothing of it.
                if !lives(&self.pods, &place) || changes.changed().await.is_err() {
                    return;
                }
            }
        };
        tokio::select! {
            carried = pipe::carry(stream, tunnel, &place, &self.told.bytes) => {
                if let Err(error) = carried {
                    self.told.failed(error.to_string());
                }
            }
            () = gone => {}
        }
    }

    /// Opens the way to the pod that is current; waits a moment for one.
    async fn connect(&mut self) -> Result<(Place, Tunnel), String> {
        let until = Instant::now() + WAIT;
        loop {
            let now = self.now.borrow_and_update().clone();
            let reason = match now {
                Ok(place) => match pipe::open(&self.client, &place).await {
                    Ok(tunnel) => return Ok((place, tunnel)),
                    Err(pipe::Error::Open {
                        again: false,
                        reason,
                        pod,
                    }) => {
                        return Err(format!("pod \"{pod}\": {reason}"));
                    }
                    Err(error) => error.to_string(),
                },
                Err(reason) => reason,
            };
            if Instant::now() > until {
                return Err(reason);
            }
            tokio::select! {
                () = tokio::time::sleep(PAUSE) => {}
                changed = self.now.changed() => if changed.is_err() { return Err(reason) },
            }
        }
    }
}
