//! What the engine looks at: one cluster at one time, kind by kind.

use std::sync::Arc;

use kubegraf_ipc::object::ObjectRef;

use crate::objects::{Deployment, Event, Namespace, Node, Object, Pod, ReplicaSet, Service};

/// One cluster at one time. `None` means the kind is unknown or unreadable, never that it is empty.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// The cluster's id.
    pub cluster: String,
    /// The newest cluster time, epoch seconds; never this machine's clock.
    pub now: i64,
    /// Pods.
    pub pods: Option<Vec<Arc<Pod>>>,
    /// Deployments.
    pub deployments: Option<Vec<Arc<Deployment>>>,
    /// ReplicaSets.
    pub replica_sets: Option<Vec<Arc<ReplicaSet>>>,
    /// Nodes.
    pub nodes: Option<Vec<Arc<Node>>>,
    /// Events.
    pub events: Option<Vec<Arc<Event>>>,
    /// Services.
    pub services: Option<Vec<Arc<Service>>>,
    /// Namespaces.
    pub namespaces: Option<Vec<Arc<Namespace>>>,
}

/// A kind the engine reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Pods.
    Pods,
    /// Deployments.
    Deployments,
    /// ReplicaSets.
    ReplicaSets,
    /// Nodes.
    Nodes,
    /// Events.
    Events,
    /// Services.
    Services,
    /// Namespaces.
    Namespaces,
}

/// Whether an object is in the snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existence {
    /// It is there, with the same uid where one is known.
    Present,
    /// Its kind was read and it is not there.
    Gone,
    /// Its kind was not read.
    Unknown,
}

impl Snapshot {
    /// Whether the kind was read.
    #[must_use]
    pub fn knows(&self, kind: Kind) -> bool {
        match kind {
            Kind::Pods => self.pods.is_some(),
            Kind::Deployments => self.deployments.is_some(),
            Kind::ReplicaSets => self.replica_sets.is_some(),
            Kind::Nodes => self.nodes.is_some(),
            Kind::Events => self.events.is_some(),
            Kind::Services => self.services.is_some(),
            Kind::Namespaces => self.namespaces.is_some(),
        }
    }

    /// Whether the object is there. A name taken over by another uid counts as present: the owner was
    /// replaced, not removed.
    #[must_use]
    pub fn existence(&self, object: &ObjectRef) -> Existence {
        fn find<T: Object>(objects: Option<&Vec<Arc<T>>>, wanted: &ObjectRef) -> Existence {
            let Some(objects) = objects else {
                return Existence::Unknown;
            };
            let there = objects.iter().any(|object| {
                let meta = object.metadata();
                meta.name == wanted.name && meta.namespace == wanted.namespace
            });
            if there {
                Existence::Present
            } else {
                Existence::Gone
            }
        }
        match object.kind.as_str() {
            "Pod" => find(self.pods.as_ref(), object),
            "Deployment" => find(self.deployments.as_ref(), object),
            "ReplicaSet" => find(self.replica_sets.as_ref(), object),
            "Node" => find(self.nodes.as_ref(), object),
            _ => Existence::Unknown,
        }
    }
}
