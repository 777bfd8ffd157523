//! The façade's part that is about terminals. Entering a container is audited like a change: what
//! is typed there is not known, that somebody was there is.

use std::sync::Arc;

use kubegraf_ipc::{
    Code, Error, Reply,
    object::ObjectRef,
    terminal::{
        DrawnTerminal, InPod, ListContainers, ListShells, OpenTerminal, ResizeTerminal, RunInPod,
        TerminalBytes, TerminalPlace, TypeTerminal,
    },
};

use tokio::sync::oneshot;

use super::Core;
use crate::{
    Sink, StreamKey, TaskGuard,
    clusters::Connection,
    store::{AuditEntry, AuditPhase},
    terminals::{self, InContainer, Local, Place, Terminal},
};

impl Core {
    /// [`ListShells`].
    pub async fn list_shells(&self, _: ListShells) -> Reply<ListShells> {
        Ok(terminals::shells())
    }

    /// [`ListContainers`].
    pub async fn list_containers(&self, request: ListContainers) -> Reply<ListContainers> {
        let ListContainers {
            cluster,
            namespace,
            pod,
        } = request;
        let connection = self.connection(&cluster)?;
        terminals::containers(connection.client(), &namespace, &pod).await
    }

    /// [`RunInPod`].
    pub async fn run_in_pod(&self, request: RunInPod) -> Reply<RunInPod> {
        let run = async {
            let RunInPod {
                cluster,
                namespace,
                pod,
                uid,
                container,
                words,
                ..
            } = &request;
            if words.first().is_none_or(String::is_empty) {
                return Err(Error::new(Code::InvalidArgument, "no program is named"));
            }
            let connection = self.enterable(cluster)?;
            let client = connection.mutating_client();
            let whose = (namespace.clone(), pod.clone(), uid.clone());
            let place = Place::find(client, whose, container.clone()).await?;
            let visit = self.visit(&connection, &place, "exec", &words.join(" "));
            let stay = self.enters(visit).await?;
            let output = terminals::run_once(client, &place, words).await;
            let how = match (output.exit_code, &output.reason) {
                (Some(code), _) => format!("exit code {code}"),
                (None, reason) => reason.clone().unwrap_or_else(|| "ended".into()),
            };
            stay.ended(&how).await;
            Ok(output)
        };
        self.0.requests.once(&request.request_id, run).await
    }

    /// [`OpenTerminal`].
    ///
    /// # Errors
    /// When the container or the shell does not exist, or the audit trail cannot be written.
    pub async fn open_terminal(
        &self,
        request: OpenTerminal,
        key: StreamKey,
        sink: Sink<TerminalBytes>,
    ) -> Result<(), Error> {
        let OpenTerminal { place, size } = request;
        terminals::check(size)?;
        let (terminal, line) = terminals::line(sink);
        let work = match place {
            TerminalPlace::Container {
                cluster,
                namespace,
                pod,
                uid,
                container,
                run,
            } => {
                let connection = self.enterable(&cluster)?;
                let client = connection.mutating_client().clone();
                let whose = (namespace, pod, uid);
                let place = Place::find(&client, whose, container).await?;
                let (action, what) = match &run {
                    InPod::BestShell => ("exec", "a shell".to_owned()),
                    InPod::Command { words } => ("exec", words.join(" ")),
                    InPod::Attach => ("attach", "its own process".to_owned()),
                };
                let visit = self.visit(&connection, &place, action, &what);
                let stay = self.enters(visit).await?;
                let inside = InContainer { client, place, run };
                let hold = connection.hold();
                TaskGuard::spawn(async move {
                    let _open = hold;
                    let ending = inside.run(line, size).await;
                    // The trail knows before the window does.
                    stay.ended("ended").await;
                    ending.tell();
                })
            }
            TerminalPlace::Debug { approval } => {
                self.open_debug(approval, size, &terminal, line).await?
            }
            TerminalPlace::Local { shell, cluster } => {
                let context = match cluster {
                    Some(cluster) => self.context_of(&cluster)?,
                    None => None,
                };
                let context = context
                    .as_ref()
                    .map(|(name, files)| (name.as_str(), files.as_slice()));
                let preferred = self.0.chosen.all().await?.terminal.shell;
                let shell = shell.or(preferred);
                let local = Local::start(shell.as_deref(), size, context, &std::env::temp_dir())?;
                TaskGuard::spawn(local.run(line))
            }
        };
        self.0.streams.keep_terminal(key, work, terminal);
        Ok(())
    }

    /// [`TypeTerminal`].
    pub async fn type_terminal(&self, request: TypeTerminal, window: &str) -> Reply<TypeTerminal> {
        self.terminal(window, request.watch)?
            .typed(request.text)
            .await
    }

    /// [`ResizeTerminal`].
    pub async fn resize_terminal(
        &self,
        request: ResizeTerminal,
        window: &str,
    ) -> Reply<ResizeTerminal> {
        self.terminal(window, request.watch)?
            .resize(request.size)
            .await
    }

    /// [`DrawnTerminal`].
    pub async fn drawn_terminal(
        &self,
        request: DrawnTerminal,
        window: &str,
    ) -> Reply<DrawnTerminal> {
        self.terminal(window, request.watch)?.drawn(request.bytes);
        Ok(())
    }

    /// A cluster whose containers are real.
    pub(super) fn enterable(&self, cluster: &str) -> Result<Arc<Connection>, Error> {
        let connection = self.connection(cluster)?;
        if connection.is_demo() {
            let message = "the demo cluster has no real containers: nothing runs in them";
            return Err(Error::new(Code::InvalidArgument, message));
        }
        Ok(connection)
    }

    fn terminal(&self, window: &str, watch: u32) -> Result<Terminal, Error> {
        self.0.streams.terminal(&StreamKey::new(window, watch))
    }

    /// A context's name and the files that define it; none for the demo cluster.
    fn context_of(
        &self,
        cluster: &str,
    ) -> Result<Option<(String, Vec<std::path::PathBuf>)>, Error> {
        let connection = self.connection(cluster)?;
        if connection.is_demo() {
            return Ok(None);
        }
        let list = self.0.clusters.list();
        let entry = list.clusters.into_iter().find(|entry| entry.id == cluster);
        let files = self.0.clusters.files();
        Ok(entry.map(|entry| (entry.context_name, files)))
    }

    /// Writes that somebody enters, and sees to it that his leaving is written too.
    pub(super) async fn enters(&self, mut entry: AuditEntry) -> Result<Stay, Error> {
        self.0.store.add_audit(&entry).await?;
        let (leaves, left) = oneshot::channel();
        let (tell, written) = oneshot::channel();
        let (store, clock) = (self.0.store.clone(), self.0.clock.clone());
        self.0.visits.spawn(async move {
            entry.result = Some(left.await.unwrap_or_else(|_| "closed".into()));
            entry.at = clock.epoch_seconds();
            entry.phase = AuditPhase::After;
            if let Err(error) = store.add_audit(&entry).await {
                tracing::error!(%error, "the end of a terminal is not in the audit trail");
            }
            // Nobody waits when the window has gone.
            let _ = tell.send(());
        });
        Ok(Stay { leaves, written })
    }

    pub(super) fn visit(
        &self,
        connection: &Connection,
        place: &Place,
        action: &str,
        what: &str,
    ) -> AuditEntry {
        AuditEntry {
            at: self.0.clock.epoch_seconds(),
            who: format!("{} as {}", self.actor(), connection.user()),
            cluster: connection.id().into(),
            action: action.into(),
            object: ObjectRef {
                api_version: "v1".into(),
                kind: "Pod".into(),
                namespace: place.namespace.clone(),
                name: place.pod.clone(),
                uid: None,
            },
            phase: AuditPhase::Before,
            what: format!("container \"{}\": {what}", place.container),
            result: None,
            execution: None,
        }
    }
}

/// Somebody is in a container. However it ends, the trail says so: a window that goes away drops
/// this, and the row is written all the same.
pub(super) struct Stay {
    leaves: oneshot::Sender<String>,
    written: oneshot::Receiver<()>,
}

impl Stay {
    pub(super) async fn ended(self, how: &str) {
        // Both go only when core stops.
        let _ = self.leaves.send(how.to_owned());
        let _ = self.written.await;
    }
}
