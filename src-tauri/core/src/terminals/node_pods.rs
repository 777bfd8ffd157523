//! The pods that shells on nodes run in. Each is written down before it is made, and taken away when its
//! terminal goes; what a killed app left behind is taken away when its cluster is connected again.
//!
//! Only what is written down here is ever deleted: another machine's shells are not ours.
//!
//! Taking one away is the end of what a person has approved, and the preview said so; it is no change of
//! its own. So read-only mode does not hold it back: a privileged pod that stays because the mode was
//! switched on meanwhile would be the worse surprise. The audit trail says that the mode was on.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use http::Request;
use kube::{Client, client::Body};
use kubegraf_ipc::{Error, object::ObjectRef};
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;
use tokio_util::task::TaskTracker;

use crate::{
    clock::Clock,
    clusters::Connection,
    preferences::Chosen,
    store::{AuditEntry, AuditPhase, Store},
};

/// Where they are written down.
const SETTING: &str = "node_shells";
/// The action of taking one away.
const END: &str = "node_shell_end";
/// A cluster that does not answer for this long keeps the pod until it is connected again.
const PATIENCE: Duration = Duration::from_secs(10);

/// One pod.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record {
    cluster: String,
    namespace: String,
    pod: String,
}

/// All of them. Cheap to clone.
#[derive(Clone)]
pub(crate) struct NodePods(Arc<Inner>);

struct Inner {
    store: Store,
    clock: Arc<dyn Clock>,
    chosen: Arc<Chosen>,
    actor: String,
    /// Those of earlier runs that are not taken away yet.
    left: Mutex<Vec<Record>>,
    /// Those of this run.
    ours: Mutex<Vec<Record>>,
    /// One writes at a time.
    writes: tokio::sync::Mutex<()>,
}

/// A pod that is taken away when this is dropped.
pub(crate) struct NodePod {
    end: Option<oneshot::Sender<()>>,
    ended: Option<oneshot::Receiver<()>>,
}

impl NodePod {
    /// Takes it away and waits for the answer.
    pub(crate) async fn end(mut self) {
        drop(self.end.take());
        if let Some(ended) = self.ended.take() {
            // Only a core that stops does not answer.
            let _ = ended.await;
        }
    }

    /// It was never made: there is nothing to take away.
    pub(crate) async fn never_made(mut self) {
        if let Some(end) = self.end.take() {
            let _ = end.send(());
        }
        if let Some(ended) = self.ended.take() {
            let _ = ended.await;
        }
    }
}

impl NodePods {
    /// Those that an earlier run has left are known.
    pub(crate) async fn load(
        store: Store,
        clock: Arc<dyn Clock>,
        chosen: Arc<Chosen>,
        actor: String,
    ) -> Self {
        let left = match store.setting(SETTING).await {
            Ok(left) => left.unwrap_or_default(),
            Err(error) => {
                tracing::warn!(%error, "the pods of earlier node shells cannot be read");
                Vec::new()
            }
        };
        Self(Arc::new(Inner {
            store,
            clock,
            chosen,
            actor,
            left: Mutex::new(left),
            ours: Mutex::default(),
            writes: tokio::sync::Mutex::default(),
        }))
    }

    /// Writes down a pod that is about to be made. `tracker` is waited for when the app quits.
    ///
    /// # Errors
    /// When it cannot be written down: the pod must not be made then.
    pub(crate) async fn note(
        &self,
        connection: &Connection,
        namespace: &str,
        pod: &str,
        tracker: &TaskTracker,
    ) -> Result<NodePod, Error> {
        let record = Record {
            cluster: connection.id().into(),
            namespace: namespace.into(),
            pod: pod.into(),
        };
        lock(&self.0.ours).push(record.clone());
        if let Err(error) = self.write().await {
            lock(&self.0.ours).retain(|ours| *ours != record);
            return Err(error);
        }
        let (end, asked) = oneshot::channel::<()>();
        let (tell, ended) = oneshot::channel();
        let pods = self.clone();
        let (client, user) = (
            connection.mutating_client().clone(),
            connection.user().to_owned(),
        );
        let hold = connection.hold();
        // Begun now: a core that stops waits for it, whoever drops the guard and when.
        tracker.spawn(async move {
            let _open = hold;
            let never_made = asked.await.is_ok();
            if never_made || pods.take_away(&client, &user, &record).await {
                pods.forget(&record).await;
            }
            let _ = tell.send(());
        });
        Ok(NodePod {
            end: Some(end),
            ended: Some(ended),
        })
    }

    /// Takes away what earlier runs have left in a cluster; says what their names were.
    pub(crate) async fn sweep(&self, connection: &Connection) -> Vec<String> {
        let of_it: Vec<Record> = {
            let left = lock(&self.0.left);
            let of_it = left.iter().filter(|left| left.cluster == connection.id());
            of_it.cloned().collect()
        };
        let mut gone = Vec::new();
        for record in of_it {
            let (client, user) = (connection.mutating_client(), connection.user());
            if self.take_away(client, user, &record).await {
                self.forget(&record).await;
                gone.push(record.pod);
            }
        }
        gone
    }

    /// Deletes a pod; answers whether it is gone, or going.
    async fn take_away(&self, client: &Client, user: &str, record: &Record) -> bool {
        let mut entry = AuditEntry {
            at: self.0.clock.epoch_seconds(),
            who: format!("{} as {user}", self.0.actor),
            cluster: record.cluster.clone(),
            action: END.into(),
            object: ObjectRef {
                api_version: "v1".into(),
                kind: "Pod".into(),
                namespace: record.namespace.clone(),
                name: record.pod.clone(),
                uid: None,
            },
            phase: AuditPhase::Before,
            what: self.what().await,
            result: None,
            execution: None,
        };
        // What was approved included its end: a trail that cannot be kept does not leave the pod there.
        self.write_down(&entry).await;
        let deleted = tokio::time::timeout(PATIENCE, delete(client, record)).await;
        let (gone, result) = match deleted {
            Ok(Ok(status)) if status.is_success() => (true, "deleted".to_owned()),
            Ok(Ok(http::StatusCode::NOT_FOUND)) => (true, "it was gone already".to_owned()),
            Ok(Ok(status)) => (false, format!("the server answered {status}")),
            Ok(Err(why)) => (false, why),
            Err(_) => (false, format!("no answer within {} s", PATIENCE.as_secs())),
        };
        if !gone {
            tracing::warn!(pod = %record.pod, why = %result, "the pod of a node shell stays for now");
        }
        entry.at = self.0.clock.epoch_seconds();
        entry.phase = AuditPhase::After;
        entry.result = Some(result);
        self.write_down(&entry).await;
        gone
    }

    /// What the audit trail says of it.
    async fn what(&self) -> String {
        let mut what =
            "delete the pod of a node shell, as was approved when it was opened".to_owned();
        if self.0.chosen.all().await.is_ok_and(|all| all.read_only) {
            what.push_str("; read-only mode is on and does not hold that back");
        }
        what
    }

    async fn write_down(&self, entry: &AuditEntry) {
        if let Err(error) = self.0.store.add_audit(entry).await {
            tracing::error!(%error, "the end of a node shell is not in the audit trail");
        }
    }

    async fn forget(&self, record: &Record) {
        lock(&self.0.ours).retain(|ours| ours != record);
        lock(&self.0.left).retain(|left| left != record);
        if let Err(error) = self.write().await {
            tracing::warn!(%error, "the pod of a node shell is looked for once more at the next start");
        }
    }

    async fn write(&self) -> Result<(), Error> {
        let _turn = self.0.writes.lock().await;
        let all: Vec<Record> = {
            let (left, ours) = (lock(&self.0.left), lock(&self.0.ours));
            left.iter().chain(ours.iter()).cloned().collect()
        };
        let now = self.0.clock.epoch_seconds();
        Ok(self.0.store.set_setting(SETTING, &all, now).await?)
    }
}

async fn delete(client: &Client, record: &Record) -> Result<http::StatusCode, String> {
    let Record { namespace, pod, .. } = record;
    let path = format!("/api/v1/namespaces/{namespace}/pods/{pod}?gracePeriodSeconds=0");
    let request = Request::delete(path)
        .body(Body::empty())
        .map_err(|error| error.to_string())?;
    let answer = client.send(request).await;
    Ok(answer.map_err(|error| error.to_string())?.status())
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}
