//! The state of the active cluster as the header shows it.

use kubegraf_ipc::{cluster::ClusterStatus, object::Freshness};

use super::Active;
use crate::{
    kinds::{Kind, Namespaces, Nodes},
    watch::Mirror,
};

/// The status, with counts from the mirrors of nodes and namespaces where they are known.
pub(crate) fn status(
    active: &Active,
    nodes: Option<&Mirror<Nodes>>,
    namespaces: Option<&Mirror<Namespaces>>,
) -> ClusterStatus {
    let app = ClusterStatus {
        version: env!("CARGO_PKG_VERSION").into(),
        ..Default::default()
    };
    match active {
        Active::None => app,
        Active::Connecting { name } => ClusterStatus {
            cluster_name: name.clone(),
            ..app
        },
        Active::Failed { id: _, name, error } => ClusterStatus {
            cluster_name: name.clone(),
            error: Some(error.clone()),
            ..app
        },
        Active::Connected(connection) => {
            let broken = nodes.and_then(|nodes| match nodes.freshness() {
                Freshness::Reconnecting { error, .. } => Some(error),
                _ => None,
            });
            ClusterStatus {
                connected: broken.is_none(),
                cluster: Some(connection.id().into()),
                cluster_name: connection.name().into(),
                kube_version: connection.version().map(String::from),
                node_count: nodes.and_then(known_count),
                namespace_count: namespaces.and_then(known_count),
                is_demo: connection.is_demo(),
                error: broken,
                ..app
            }
        }
    }
}

/// A count is known once a list was whole.
fn known_count<K: Kind>(mirror: &Mirror<K>) -> Option<u64> {
    match mirror.freshness() {
        Freshness::Live | Freshness::Reconnecting { .. } => Some(mirror.len() as u64),
        Freshness::Loading { .. } | Freshness::Forbidden { .. } => None,
    }
}
