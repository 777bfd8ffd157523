//! The façade's part that is about looking where there is no shell. What is created goes the way of every
//! change: planned, shown, approved by its hash, audited; only then is it entered.

use std::sync::Arc;

use futures::StreamExt;
use kubegraf_ipc::{
    Code, Error, Reply,
    debug::{DebugTarget, PreviewDebug},
    execution::{ApplyPlan, ExecutionEvent, Outcome},
    notice::{AddNotice, NoticeLevel, NoticeSource},
    terminal::{TerminalEnd, TerminalSize},
};
use tokio::sync::watch;
use uuid::Uuid;

use super::Core;
use crate::{
    TaskGuard,
    clock::Clock,
    clusters::Connection,
    store::Store,
    terminals::{InContainer, Line, NodePods, Place, Session, Terminal, debug},
};

/// What clears up after earlier runs, and says so.
pub(super) struct Tidying {
    node_pods: NodePods,
    store: Store,
    clock: Arc<dyn Clock>,
    told: watch::Sender<u64>,
}

impl Tidying {
    /// Takes away the pods that node shells have left in a cluster.
    pub(super) async fn tidy(&self, connection: &Connection) {
        let gone = self.node_pods.sweep(connection).await;
        if gone.is_empty() {
            return;
        }
        let notice = AddNotice {
            request_id: Uuid::new_v4().to_string(),
            key: String::new(),
            level: NoticeLevel::Info,
            source: NoticeSource::Cluster,
            cluster: connection.name().into(),
            title: "Pods that node shells had left were deleted, as was approved with them".into(),
            detail: Some(gone.join(", ")),
            route: None,
        };
        match self
            .store
            .add_notice(&notice, self.clock.epoch_seconds())
            .await
        {
            Ok(_) => self.told.send_modify(|count| *count += 1),
            Err(error) => tracing::warn!(%error, "nobody is told that pods were cleared up"),
        }
    }
}

impl Core {
    pub(super) fn tidying(&self) -> Tidying {
        Tidying {
            node_pods: self.0.node_pods.clone(),
            store: self.0.store.clone(),
            clock: Arc::clone(&self.0.clock),
            told: self.0.notices.clone(),
        }
    }

    /// [`PreviewDebug`].
    pub async fn preview_debug(&self, request: PreviewDebug) -> Reply<PreviewDebug> {
        let PreviewDebug { cluster, of, image } = request;
        let connection = self.enterable(&cluster)?;
        if let DebugTarget::Pod {
            namespace,
            pod,
            uid,
            container,
        } = &of
        {
            // Says what is gone, before anything is planned for what has its name now.
            let whose = (namespace.clone(), pod.clone(), uid.clone());
            Place::find(connection.client(), whose, container.clone()).await?;
        }
        let token: String = Uuid::new_v4().simple().to_string()[..6].to_owned();
        let intent = debug::intent(of, image.trim(), &token)?;
        let target = self.target(&cluster)?;
        Ok(self.0.executions.plan(&target, intent).await?)
    }

    /// Creates what was approved and enters it; what was created for this alone goes with it.
    pub(super) async fn open_debug(
        &self,
        approval: ApplyPlan,
        size: TerminalSize,
        terminal: &Terminal,
        mut line: Line,
    ) -> Result<TaskGuard, Error> {
        let (cluster, intent) = self.0.executions.planned(&approval.plan)?;
        let Some(session) = Session::of(&intent) else {
            let message = "what was approved is not a debug session";
            return Err(Error::new(Code::InvalidArgument, message));
        };
        let connection = self.enterable(&cluster)?;
        let pod = match session.owns_pod {
            true => {
                let (namespace, pod) = (&session.namespace, &session.pod);
                let tracker = &self.0.visits;
                let noted = self.0.node_pods.note(&connection, namespace, pod, tracker);
                Some(noted.await?)
            }
            false => None,
        };
        let started = match self.0.executions.apply_as(approval, self.actor()).await {
            Ok(started) => started.execution,
            Err(error) => {
                // Nothing was sent.
                if let Some(pod) = pod {
                    pod.never_made().await;
                }
                return Err(error.into());
            }
        };
        let mut events = self.0.executions.watch(&started).await?;
        self.keep_open(&started).await;
        if !session.owns_pod {
            // Its shell waits for a line before it says anything.
            terminal.typed("\n".into()).await?;
        }
        // What runs must not keep the core that keeps it.
        let (core, whose) = (Arc::downgrade(&self.0), self.1.clone());
        let hold = connection.hold();
        Ok(TaskGuard::spawn(async move {
            let _open = hold;
            let because = |reason: String| TerminalEnd {
                exit_code: None,
                reason: Some(reason),
            };
            let mut trouble = None;
            let mut outcome = Outcome::Interrupted;
            while let Some(event) = events.next().await {
                match event {
                    ExecutionEvent::Stdout { data, .. } => line.tell(&data).await,
                    ExecutionEvent::Stderr { data, .. } => {
                        line.tell(&data).await;
                        trouble = Some(data);
                    }
                    ExecutionEvent::Complete { outcome: how, .. } => outcome = how,
                    ExecutionEvent::Status { .. } => {}
                }
            }
            let place = async {
                if outcome != Outcome::Healed {
                    let why = trouble.unwrap_or_else(|| "it was not created".into());
                    return Err(because(why));
                }
                let client = connection.mutating_client();
                let whose = (session.namespace, session.pod, session.uid);
                let found = Place::find(client, whose, Some(session.container)).await;
                found.map_err(|error| because(error.message))
            };
            let ending = match place.await {
                Err(end) => line.ends(end),
                Ok(place) => {
                    let stay = match core.upgrade() {
                        Some(core) => {
                            let core = Core(core, whose);
                            let visit = core.visit(&connection, &place, "exec", "a debug shell");
                            core.enters(visit).await
                        }
                        None => Err(Error::new(Code::NotFound, "the app is ending")),
                    };
                    match stay {
                        Err(error) => line.ends(because(error.message)),
                        Ok(stay) => {
                            let inside = InContainer {
                                client: connection.mutating_client().clone(),
                                place,
                                run: session.run,
                            };
                            let ending = inside.run(line, size).await;
                            stay.ended("ended").await;
                            ending
                        }
                    }
                }
            };
            if let Some(pod) = pod {
                pod.end().await;
            }
            ending.tell();
        }))
    }
}
