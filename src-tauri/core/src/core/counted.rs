//! The mirrors that the status of the active cluster counts.

use std::sync::Arc;

use kubegraf_ipc::cluster::ClusterStatus;
use tokio::sync::watch;

use crate::{
    clusters::{Active, status},
    kinds::{Namespaces, Nodes},
    watch::Subscription,
};

/// The mirrors that the status counts, held for as long as it is watched; none without a cluster.
pub(super) struct Counted(Option<Mirrors>);

struct Mirrors {
    nodes: Arc<Subscription<Nodes>>,
    namespaces: Arc<Subscription<Namespaces>>,
}

/// Their changes.
pub(super) struct Counts(Option<[watch::Receiver<u64>; 2]>);

impl Counted {
    pub(super) fn of(active: &Active) -> Self {
        Self(match active {
            Active::Connected(connection) => {
                let watches = connection.watches();
                Some(Mirrors {
                    nodes: watches.subscribe(),
                    namespaces: watches.subscribe(),
                })
            }
            Active::None | Active::Connecting { .. } | Active::Failed { .. } => None,
        })
    }

    pub(super) fn status(&self, active: &Active) -> ClusterStatus {
        match &self.0 {
            Some(mirrors) => status(active, Some(&mirrors.nodes), Some(&mirrors.namespaces)),
            None => status(active, None, None),
        }
    }

    pub(super) fn changes(&self) -> Counts {
        Counts(
            self.0
                .as_ref()
                .map(|mirrors| [mirrors.nodes.changes(), mirrors.namespaces.changes()]),
        )
    }
}

impl Counts {
    /// Ends when one of the mirrors has changed; never without mirrors.
    pub(super) async fn changed(&mut self) {
        match &mut self.0 {
            Some([nodes, namespaces]) => {
                tokio::select! { _ = nodes.changed() => {}, _ = namespaces.changed() => {} }
            }
            None => std::future::pending().await,
        }
    }
}
