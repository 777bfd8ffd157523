//! Previewing, applying, watching and undoing changes.

use std::sync::Arc;

use futures::StreamExt;
use kubegraf_ipc::{
    Code, Error, Reply,
    execution::{
        ApplyPlan, CancelExecution, ExecutionEvent, ListExecutions, PreviewFix, PreviewRevert,
        WatchExecution,
    },
};

use super::Core;
use crate::{Sink, StreamKey, TaskGuard};

impl Core {
    /// [`PreviewFix`].
    pub async fn preview_fix(&self, request: PreviewFix) -> Reply<PreviewFix> {
        let detection = self.detection(&request.cluster).await?;
        let intent = detection.intent(&request.incident, request.fix)?;
        Ok(self
            .0
            .executions
            .plan(&self.target(&request.cluster)?, intent)
            .await?)
    }

    /// [`PreviewRevert`].
    pub async fn preview_revert(&self, request: PreviewRevert) -> Reply<PreviewRevert> {
        let cluster = self.0.executions.get(&request.execution).await?.cluster;
        let target = self.target(&cluster)?;
        Ok(self
            .0
            .executions
            .plan_revert(&target, &request.execution)
            .await?)
    }

    /// [`ApplyPlan`].
    pub async fn apply_plan(&self, request: ApplyPlan) -> Reply<ApplyPlan> {
        // Whether a fix has healed is seen by the engine: it works again.
        self.end_pause().await?;
        let started = self.0.executions.apply_as(request, self.actor()).await?;
        self.keep_open(&started.execution).await;
        Ok(started)
    }

    /// Keeps the cluster of an execution open until the execution has ended: what judges its
    /// outcome reads that cluster.
    pub(super) async fn keep_open(&self, execution: &str) {
        let Ok(cluster) = self.0.executions.get(execution).await.map(|e| e.cluster) else {
            return;
        };
        let (Ok(connection), Ok(mut events)) = (
            self.connection(&cluster),
            self.0.executions.watch(execution).await,
        ) else {
            return;
        };
        let hold = connection.hold();
        let cache = Arc::clone(&self.0.cache);
        let lesson = self.lesson(execution).await;
        let work = TaskGuard::spawn(async move {
            let _open = hold;
            cache.forget_cluster(&cluster);
            // Each event may be the change itself, or what it has led to.
            while let Some(event) = events.next().await {
                cache.forget_cluster(&cluster);
                if let (Some(lesson), ExecutionEvent::Complete { outcome, .. }) = (&lesson, event) {
                    lesson.learn(outcome).await;
                }
            }
        });
        let mut holds = self
            .0
            .holds
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        holds.retain(|hold| !hold.is_finished());
        holds.push(work);
    }

    /// [`CancelExecution`].
    pub async fn cancel_execution(&self, request: CancelExecution) -> Reply<CancelExecution> {
        let cancel = async { Ok(self.0.executions.cancel(&request.execution).await?) };
        self.0.requests.once(&request.request_id, cancel).await
    }

    /// [`ListExecutions`].
    pub async fn list_executions(&self, request: ListExecutions) -> Reply<ListExecutions> {
        if !(1..=500).contains(&request.limit) {
            let message = format!("limit is {}, it must be 1 to 500", request.limit);
            return Err(Error::new(Code::InvalidArgument, message));
        }
        Ok(self
            .0
            .executions
            .list(request.cluster.as_deref(), request.limit)
            .await?)
    }

    /// [`WatchExecution`].
    ///
    /// # Errors
    /// When there is no such execution.
    pub async fn watch_execution(
        &self,
        request: WatchExecution,
        key: StreamKey,
        mut sink: Sink<ExecutionEvent>,
    ) -> Result<(), Error> {
        let mut events = self.0.executions.watch(&request.execution).await?;
        let work = async move {
            while let Some(event) = events.next().await {
                if !sink(event) {
                    return;
                }
            }
        };
        self.0.streams.keep(key, TaskGuard::spawn(work), None);
        Ok(())
    }
}
