//! The façade's part that is about port-forwards.

use std::time::Duration;

use kubegraf_ipc::{
    Code, Error, Reply,
    forward::{
        Forward, KeepForward, ListForwards, ListPorts, OpenForward, RestartForward, StartForward,
        StopForward, WatchForwards,
    },
};
use uuid::Uuid;

use super::{Core, links};
use crate::{Sink, StreamKey, TaskGuard, clusters::Connection, forwards::Forwards};

/// The window is told at most this often.
const PACE: Duration = Duration::from_millis(250);

impl Core {
    /// [`ListPorts`].
    pub async fn list_ports(&self, request: ListPorts) -> Reply<ListPorts> {
        let connection = self.connection(&request.cluster)?;
        Forwards::offered(&connection, &request.object).await
    }

    /// [`StartForward`].
    pub async fn start_forward(&self, request: StartForward) -> Reply<StartForward> {
        let StartForward {
            request_id,
            cluster,
            object,
            port,
            local_port,
        } = request;
        let start = async {
            let connection = self.connection(&cluster)?;
            refuse_demo(&connection)?;
            let id = (Uuid::new_v4().to_string(), self.0.clock.epoch_seconds());
            let wanted = (object, port, local_port);
            self.0.forwards.start(&connection, wanted, id).await
        };
        self.0.requests.once(&request_id, start).await
    }

    /// [`StopForward`].
    pub async fn stop_forward(&self, request: StopForward) -> Reply<StopForward> {
        let now = self.0.clock.epoch_seconds();
        let stop = self.0.forwards.stop(&request.id, request.forget, now);
        self.0.requests.once(&request.request_id, stop).await
    }

    /// [`RestartForward`].
    pub async fn restart_forward(&self, request: RestartForward) -> Reply<RestartForward> {
        let restart = async {
            let connection = self.connection(&self.0.forwards.cluster(&request.id)?)?;
            let now = self.0.clock.epoch_seconds();
            self.0.forwards.restart(&connection, &request.id, now).await
        };
        self.0.requests.once(&request.request_id, restart).await
    }

    /// [`KeepForward`].
    pub async fn keep_forward(&self, request: KeepForward) -> Reply<KeepForward> {
        let now = self.0.clock.epoch_seconds();
        let keep = self.0.forwards.keep(&request.id, request.kept, now);
        self.0.requests.once(&request.request_id, keep).await
    }

    /// [`OpenForward`].
    pub async fn open_forward(&self, request: OpenForward) -> Reply<OpenForward> {
        // The address is our own: a number behind "localhost".
        links::open(&self.0.forwards.url(&request.id)?)
    }

    /// [`ListForwards`].
    pub async fn list_forwards(&self, _: ListForwards) -> Reply<ListForwards> {
        Ok(self.0.forwards.list())
    }

    /// [`WatchForwards`].
    ///
    /// # Errors
    /// None today.
    pub async fn watch_forwards(
        &self,
        _: WatchForwards,
        key: StreamKey,
        mut sink: Sink<Vec<Forward>>,
    ) -> Result<(), Error> {
        let forwards = self.0.forwards.clone();
        let work = async move {
            let mut sent = None;
            loop {
                let list = forwards.list();
                if sent.as_ref() != Some(&list) {
                    if !sink(list.clone()) {
                        return;
                    }
                    sent = Some(list);
                }
                tokio::time::sleep(PACE).await;
                // Bytes are counted without a word; they are looked at once a second.
                let _ = tokio::time::timeout(PACE * 3, forwards.changed()).await;
            }
        };
        self.0.streams.keep(key, TaskGuard::spawn(work), None);
        Ok(())
    }

    /// Begins the kept forwards of a cluster that has just been connected.
    pub(super) async fn begin_kept(forwards: &Forwards, connection: &Connection, now: i64) {
        for id in forwards.waiting_for(connection.id()) {
            if let Err(error) = forwards.restart(connection, &id, now).await {
                tracing::warn!(%error, "a kept forward cannot begin");
            }
        }
    }
}

/// The demo cluster's containers are made up: nothing listens in them.
fn refuse_demo(connection: &Connection) -> Result<(), Error> {
    if connection.is_demo() {
        let message = "the demo cluster has no real containers: nothing listens on their ports";
        return Err(Error::new(Code::InvalidArgument, message));
    }
    Ok(())
}
