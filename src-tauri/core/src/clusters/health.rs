//! Looks at clusters: whether they answer, how fast, and what they are.

use std::{sync::Arc, time::Duration};

use futures::{StreamExt, stream};
use kubegraf_ipc::cluster::ClusterHealth;

use super::{Clusters, Connection, DEMO, Error, PROBE, lock};

/// Looks at one time; a list of hundreds of contexts must not open as many connections at once.
const AT_ONCE: usize = 32;

impl Clusters {
    /// Looks at one cluster without switching to it.
    ///
    /// # Errors
    /// When it is not known or its program for credentials was never allowed; one that does not
    /// answer is an answer.
    pub(crate) async fn test(&self, id: &str) -> Result<ClusterHealth, Error> {
        let contexts = self.reload().await;
        match self.dial(&contexts, id).await {
            Ok(connection) => Ok(self.look(&connection, connection.patience()).await),
            Err(error @ (Error::Unknown(_) | Error::Consent { .. })) => Err(error),
            Err(error) => Ok(self.unusable(id, &error)),
        }
    }

    /// Reads the kubeconfigs again and looks at every cluster at once.
    pub(crate) async fn refresh(&self) {
        let contexts = self.reload().await;
        let ids = contexts.list.iter().map(super::Context::id);
        // The demo cluster is started by a switch, never by a look.
        let demo = lock(&self.open).contains_key(DEMO).then(|| DEMO.to_owned());
        let looks = ids.chain(demo).map(|id| {
            let contexts = Arc::clone(&contexts);
            async move {
                match self.dial(&contexts, &id).await {
                    Ok(connection) => {
                        self.look(&connection, PROBE).await;
                    }
                    // Not asked is not unreachable.
                    Err(Error::Consent { .. }) => {}
                    Err(error) => {
                        self.unusable(&id, &error);
                    }
                }
            }
        });
        stream::iter(looks)
            .buffer_unordered(AT_ONCE)
            .collect::<Vec<()>>()
            .await;
    }

    async fn look(&self, connection: &Arc<Connection>, within: Duration) -> ClusterHealth {
        let probed = connection.probe(within).await;
        let id = connection.id();
        let is_open = lock(&self.open).contains_key(id);
        if !is_open && !connection.is_demo() {
            // Kept for the next look: its credentials need not be asked for again.
            lock(&self.looked).insert(id.to_owned(), Arc::clone(connection));
        }
        self.note(id, connection, &probed)
    }

    /// Remembers what a look has found.
    pub(super) fn note(
        &self,
        id: &str,
        connection: &Connection,
        probed: &Result<Duration, Error>,
    ) -> ClusterHealth {
        let took = probed.as_ref().ok();
        let error = probed.as_ref().err().map(|error| match error {
            Error::Unreachable { reason, .. } => reason.clone(),
            error => error.to_string(),
        });
        let ms = took.map(|took| u32::try_from(took.as_millis()).unwrap_or(u32::MAX));
        self.remember(id, ms, connection.version().map(str::to_owned), error)
    }

    fn unusable(&self, id: &str, error: &Error) -> ClusterHealth {
        self.remember(id, None, None, Some(error.to_string()))
    }

    fn remember(
        &self,
        id: &str,
        latency_ms: Option<u32>,
        version: Option<String>,
        error: Option<String>,
    ) -> ClusterHealth {
        let now = self.clock.epoch_seconds();
        let mut all = lock(&self.health);
        let before = all.get(id);
        let reachable = error.is_none();
        let health = ClusterHealth {
            checked_at: now,
            reachable,
            version: version.or_else(|| before.and_then(|before| before.version.clone())),
            latency_ms,
            last_seen: if reachable {
                Some(now)
            } else {
                before.and_then(|before| before.last_seen)
            },
            error,
        };
        all.insert(id.to_owned(), health.clone());
        drop(all);
        self.changed();
        health
    }
}
