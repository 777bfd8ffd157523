//! The façade's part that is about terminals. Entering a container is audited like a change: what
//! is typed there is not known, that somebody was there is.

use kubegraf_ipc::{
    Code, Error, Reply,
    object::ObjectRef,
    terminal::{
        DrawnTerminal, ListShells, OpenTerminal, ResizeTerminal, TerminalBytes, TerminalPlace,
        TypeTerminal,
    },
};

use super::Core;
use crate::{
    Sink, StreamKey, TaskGuard,
    clusters::Connection,
    store::{AuditEntry, AuditPhase, Store},
    terminals::{self, Local, Terminal},
};

impl Core {
    /// [`ListShells`].
    pub async fn list_shells(&self, _: ListShells) -> Reply<ListShells> {
        Ok(terminals::shells())
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
                command,
            } => {
                let connection = self.connection(&cluster)?;
                if connection.is_demo() {
                    let message = "the demo cluster has no real containers: nothing runs in them";
                    return Err(Error::new(Code::InvalidArgument, message));
                }
                let client = connection.mutating_client().clone();
                let whose = (namespace, pod, uid);
                let inside = terminals::resolve(client, whose, container, command).await?;
                let visit = Visit {
                    entry: self.visit(&connection, &inside),
                    store: self.0.store.clone(),
                };
                visit.begins().await?;
                let (hold, clock) = (connection.hold(), self.0.clock.clone());
                TaskGuard::spawn(async move {
                    let _open = hold;
                    // Told even when the window goes away in the middle.
                    let ends = Ends {
                        visit: Some(visit),
                        clock,
                        result: "closed",
                    };
                    inside.run(line, size).await;
                    ends.with("ended").await;
                })
            }
            TerminalPlace::Local { shell, cluster } => {
                let context = match cluster {
                    Some(cluster) => self.context_of(&cluster)?,
                    None => None,
                };
                let context = context
                    .as_ref()
                    .map(|(name, files)| (name.as_str(), files.as_slice()));
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

    fn visit(&self, connection: &Connection, inside: &terminals::InContainer) -> AuditEntry {
        let command = match inside.command.as_slice() {
            [] => "a shell".to_owned(),
            words => words.join(" "),
        };
        AuditEntry {
            at: self.0.clock.epoch_seconds(),
            who: format!("{} as {}", self.0.actor, connection.user()),
            cluster: connection.id().into(),
            action: "exec".into(),
            object: ObjectRef {
                api_version: "v1".into(),
                kind: "Pod".into(),
                namespace: inside.namespace.clone(),
                name: inside.pod.clone(),
                uid: None,
            },
            phase: AuditPhase::Before,
            what: format!("container \"{}\": {command}", inside.container),
            result: None,
            execution: None,
        }
    }
}

/// Somebody is in a container.
struct Visit {
    entry: AuditEntry,
    store: Store,
}

impl Visit {
    async fn begins(&self) -> Result<(), Error> {
        Ok(self.store.add_audit(&self.entry).await?)
    }

    async fn ended(mut self, at: i64, how: &str) {
        self.entry.at = at;
        self.entry.phase = AuditPhase::After;
        self.entry.result = Some(how.into());
        if let Err(error) = self.store.add_audit(&self.entry).await {
            tracing::error!(%error, "the end of a terminal is not in the audit trail");
        }
    }
}

/// Writes the end of a visit, whatever ends it.
struct Ends {
    visit: Option<Visit>,
    clock: std::sync::Arc<dyn crate::clock::Clock>,
    result: &'static str,
}

impl Ends {
    async fn with(mut self, result: &'static str) {
        if let Some(visit) = self.visit.take() {
            visit.ended(self.clock.epoch_seconds(), result).await;
        }
    }
}

impl Drop for Ends {
    fn drop(&mut self) {
        if let (Some(visit), Ok(runtime)) =
            (self.visit.take(), tokio::runtime::Handle::try_current())
        {
            let (at, result) = (self.clock.epoch_seconds(), self.result);
            runtime.spawn(async move { visit.ended(at, result).await });
        }
    }
}
