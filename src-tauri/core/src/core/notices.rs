//! What happened while nobody looked: kept in the store, told to every window that is open.

use kubegraf_ipc::{
    Code, Error, Reply,
    notice::{AddNotice, DeleteNotices, MarkNotices, NoticeList, WatchNotices},
};

use super::Core;
use crate::{Sink, StreamKey, TaskGuard};

/// Characters of a notice's sentence.
const TITLE: usize = 500;
/// Characters of its raw cause.
const DETAIL: usize = 4_000;

impl Core {
    /// [`AddNotice`].
    pub async fn add_notice(&self, request: AddNotice) -> Reply<AddNotice> {
        let long = |text: &str, most: usize| text.chars().count() > most;
        if request.title.trim().is_empty() || long(&request.title, TITLE) {
            let message = format!("a notice has a sentence of 1 to {TITLE} characters");
            return Err(Error::new(Code::InvalidArgument, message));
        }
        if request
            .detail
            .as_deref()
            .is_some_and(|text| long(text, DETAIL))
        {
            let message = format!("the detail of a notice has at most {DETAIL} characters");
            return Err(Error::new(Code::InvalidArgument, message));
        }
        let add = async {
            let now = self.0.clock.epoch_seconds();
            if self.0.store.add_notice(&request, now).await? {
                self.notices_changed();
            }
            Ok(())
        };
        self.0.requests.once(&request.request_id, add).await
    }

    /// [`MarkNotices`].
    pub async fn mark_notices(&self, request: MarkNotices) -> Reply<MarkNotices> {
        let mark = async {
            self.0
                .store
                .mark_notices(&request.ids, request.read)
                .await?;
            self.notices_changed();
            Ok(())
        };
        self.0.requests.once(&request.request_id, mark).await
    }

    /// [`DeleteNotices`].
    pub async fn delete_notices(&self, request: DeleteNotices) -> Reply<DeleteNotices> {
        let delete = async {
            self.0.store.delete_notices(&request.ids).await?;
            self.notices_changed();
            Ok(())
        };
        self.0.requests.once(&request.request_id, delete).await
    }

    /// [`WatchNotices`].
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn watch_notices(
        &self,
        _: WatchNotices,
        key: StreamKey,
        mut sink: Sink<NoticeList>,
    ) -> Result<(), Error> {
        let mut changes = self.0.notices.subscribe();
        let first = self.0.store.notices().await?;
        let store = self.0.store.clone();
        let work = async move {
            let mut list = first;
            while sink(list) && changes.changed().await.is_ok() {
                list = match store.notices().await {
                    Ok(list) => list,
                    Err(error) => {
                        tracing::warn!(%error, "the notices cannot be read");
                        return;
                    }
                };
            }
        };
        self.0.streams.keep(key, TaskGuard::spawn(work), None);
        Ok(())
    }

    pub(super) fn notices_changed(&self) {
        self.0.notices.send_modify(|count| *count += 1);
    }
}
