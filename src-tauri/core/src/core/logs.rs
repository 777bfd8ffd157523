//! The façade's part that is about logs.

use kubegraf_ipc::{
    Code, Error, Reply,
    logs::{
        FindLog, ListLogPatterns, LogTarget, LogsEvent, MOST_COPIED, ReadLogText, SaveLogs,
        SetLogView, WatchLogs,
    },
};

use super::Core;
use crate::{Sink, StreamKey, TaskGuard, logs::Log};

impl Core {
    /// [`WatchLogs`].
    ///
    /// # Errors
    /// When the cluster, the target or the view does not exist.
    pub async fn watch_logs(
        &self,
        request: WatchLogs,
        key: StreamKey,
        sink: Sink<LogsEvent>,
    ) -> Result<(), Error> {
        let connection = self.connection(&request.cluster)?;
        let hold = connection.hold();
        let name = name(&request.of);
        let (client, watches) = (connection.client(), connection.watches());
        let hearing = self.0.detections.heard(connection.id()).begin();
        let repeats = Box::new(move |repeats| hearing.tell(repeats));
        let older = &self.0.older_lines;
        let (log, work) = Log::open(client, watches, request, older, repeats, sink).await?;
        let work = TaskGuard::spawn(async move {
            let _open = hold;
            work.await;
        });
        self.0.streams.keep_log(key, work, log, name);
        Ok(())
    }

    /// [`SetLogView`].
    pub async fn set_log_view(&self, request: SetLogView, window: &str) -> Reply<SetLogView> {
        let (log, _) = self.log(window, request.watch)?;
        blocking(move || log.set_view(request.view)).await?
    }

    /// [`FindLog`].
    pub async fn find_log(&self, request: FindLog, window: &str) -> Reply<FindLog> {
        let (log, _) = self.log(window, request.watch)?;
        blocking(move || log.find(request.from, request.backwards)).await
    }

    /// [`ListLogPatterns`].
    pub async fn list_log_patterns(
        &self,
        request: ListLogPatterns,
        window: &str,
    ) -> Reply<ListLogPatterns> {
        let (log, _) = self.log(window, request.watch)?;
        blocking(move || log.patterns()).await
    }

    /// [`ReadLogText`].
    pub async fn read_log_text(&self, request: ReadLogText, window: &str) -> Reply<ReadLogText> {
        if request.count > MOST_COPIED {
            let message = format!(
                "count is {}, it must be at most {MOST_COPIED}",
                request.count
            );
            return Err(Error::new(Code::InvalidArgument, message));
        }
        let (log, _) = self.log(window, request.watch)?;
        blocking(move || log.text(request.from, request.count, request.prefixed)).await
    }

    /// [`SaveLogs`].
    pub async fn save_logs(&self, request: SaveLogs, window: &str) -> Reply<SaveLogs> {
        let (log, name) = self.log(window, request.watch)?;
        let name = format!("{name}-{}", self.0.clock.epoch_seconds());
        blocking(move || log.save(&name, request.prefixed)).await?
    }

    fn log(&self, window: &str, watch: u32) -> Result<(Log, String), Error> {
        self.0.streams.log(&StreamKey::new(window, watch))
    }
}

/// What a file of these logs is called.
fn name(target: &LogTarget) -> String {
    match target {
        LogTarget::Object { object, .. } => {
            format!("{}-{}", object.kind.to_lowercase(), object.name)
        }
        LogTarget::Selector { .. } => "logs".into(),
    }
}

/// Half a million lines are looked at in a moment, but not in no time.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Error> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| Error::new(Code::Internal, error.to_string()))
}
