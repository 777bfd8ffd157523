//! Streams of what the shell knows and core does not; they end as every other one does.

use tokio::sync::watch;

use super::Core;
use crate::{Sink, StreamKey, TaskGuard};

impl Core {
    /// Streams a value: once at the start and on every change, until nobody listens.
    pub fn relay<T: Clone + Send + Sync + 'static>(
        &self,
        key: StreamKey,
        mut values: watch::Receiver<T>,
        mut sink: Sink<T>,
    ) {
        let work = async move {
            loop {
                let now = values.borrow_and_update().clone();
                if !sink(now) || values.changed().await.is_err() {
                    return;
                }
            }
        };
        self.0.streams.keep(key, TaskGuard::spawn(work), None);
    }
}
