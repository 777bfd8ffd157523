//! The objects of a snapshot with the links between them, for look-ups by name and by owner.

use std::collections::HashMap;

use kubegraf_ipc::object::ObjectRef;

use super::snapshot::{Kind, Snapshot};
use crate::objects::{Deployment, Event, Meta, Node, Object, Pod, ReplicaSet, Service};

type Name<'a> = (&'a str, &'a str);

/// A snapshot, indexed. Look-ups that give several objects give them in name order.
pub struct Graph<'a> {
    snapshot: &'a Snapshot,
    deployments: HashMap<Name<'a>, &'a Deployment>,
    replica_sets: HashMap<Name<'a>, &'a ReplicaSet>,
    revisions: HashMap<Name<'a>, Vec<&'a ReplicaSet>>,
    pods: HashMap<Name<'a>, &'a Pod>,
    pods_of_set: HashMap<Name<'a>, Vec<&'a Pod>>,
    pods_on_node: HashMap<&'a str, Vec<&'a Pod>>,
    nodes: HashMap<&'a str, &'a Node>,
    events: HashMap<(&'a str, &'a str, &'a str), Vec<&'a Event>>,
}

impl<'a> Graph<'a> {
    /// Indexes the snapshot.
    #[must_use]
    pub fn new(snapshot: &'a Snapshot) -> Self {
        let mut graph = Self {
            snapshot,
            deployments: HashMap::new(),
            replica_sets: HashMap::new(),
            revisions: HashMap::new(),
            pods: HashMap::new(),
            pods_of_set: HashMap::new(),
            pods_on_node: HashMap::new(),
            nodes: HashMap::new(),
            events: HashMap::new(),
        };
        for deployment in snapshot.deployments.iter().flatten() {
            graph
                .deployments
                .insert(name(&deployment.metadata), deployment);
        }
        for set in snapshot.replica_sets.iter().flatten() {
            graph.replica_sets.insert(name(&set.metadata), set);
            if let Some(owner) = controller(&set.metadata, "Deployment") {
                graph.revisions.entry(owner).or_default().push(set);
            }
        }
        for sets in graph.revisions.values_mut() {
            sets.sort_by_key(|set| (set.revision(), &set.metadata.name));
        }
        for pod in snapshot.pods.iter().flatten() {
            graph.pods.insert(name(&pod.metadata), pod);
            if let Some(owner) = controller(&pod.metadata, "ReplicaSet") {
                graph.pods_of_set.entry(owner).or_default().push(pod);
            }
            if !pod.node_name.is_empty() {
                let pods = graph.pods_on_node.entry(&pod.node_name).or_default();
                pods.push(pod);
            }
        }
        for node in snapshot.nodes.iter().flatten() {
            graph.nodes.insert(&node.metadata.name, node);
        }
        for event in snapshot.events.iter().flatten() {
            let about = &event.involved_object;
            let key = (
                about.kind.as_str(),
                about.namespace.as_str(),
                about.name.as_str(),
            );
            graph.events.entry(key).or_default().push(event);
        }
        for events in graph.events.values_mut() {
            events.sort_by_key(|event| (event.last_seen(), &event.metadata.name));
        }
        graph
    }

    /// The newest cluster time.
    #[must_use]
    pub fn now(&self) -> i64 {
        self.snapshot.now
    }

    /// What was indexed.
    #[must_use]
    pub fn snapshot(&self) -> &'a Snapshot {
        self.snapshot
    }

    /// Whether the kind was read.
    #[must_use]
    pub fn knows(&self, kind: Kind) -> bool {
        self.snapshot.knows(kind)
    }

    /// All pods, in no order.
    pub fn pods(&self) -> impl Iterator<Item = &'a Pod> + use<'a> {
        self.snapshot.pods.iter().flatten().map(AsRef::as_ref)
    }

    /// All Deployments, in no order.
    pub fn deployments(&self) -> impl Iterator<Item = &'a Deployment> + use<'a> {
        self.snapshot
            .deployments
            .iter()
            .flatten()
            .map(AsRef::as_ref)
    }

    /// All nodes, in no order.
    pub fn nodes(&self) -> impl Iterator<Item = &'a Node> + use<'a> {
        self.snapshot.nodes.iter().flatten().map(AsRef::as_ref)
    }

    /// All events, in no order.
    pub fn events(&self) -> impl Iterator<Item = &'a Event> + use<'a> {
        self.snapshot.events.iter().flatten().map(AsRef::as_ref)
    }

    /// One pod.
    #[must_use]
    pub fn pod(&self, namespace: &str, name: &str) -> Option<&'a Pod> {
        self.pods.get(&(namespace, name)).copied()
    }

    /// One node.
    #[must_use]
    pub fn node(&self, name: &str) -> Option<&'a Node> {
        self.nodes.get(name).copied()
    }

    /// The Deployment an object reference names.
    #[must_use]
    pub fn deployment(&self, object: &ObjectRef) -> Option<&'a Deployment> {
        if object.kind != "Deployment" {
            return None;
        }
        self.deployments
            .get(&(object.namespace.as_str(), object.name.as_str()))
            .copied()
    }

    /// The ReplicaSet a pod belongs to.
    #[must_use]
    pub fn replica_set_of(&self, pod: &Pod) -> Option<&'a ReplicaSet> {
        let owner = controller(&pod.metadata, "ReplicaSet")?;
        self.replica_sets.get(&owner).copied()
    }

    /// The Deployment a pod belongs to, through its ReplicaSet.
    #[must_use]
    pub fn deployment_of(&self, pod: &Pod) -> Option<&'a Deployment> {
        let set = self.replica_set_of(pod)?;
        let owner = controller(&set.metadata, "Deployment")?;
        self.deployments.get(&owner).copied()
    }

    /// The ReplicaSets of a Deployment, oldest revision first.
    #[must_use]
    pub fn revisions(&self, deployment: &Deployment) -> Vec<&'a ReplicaSet> {
        self.revisions
            .get(&name(&deployment.metadata))
            .cloned()
            .unwrap_or_default()
    }

    /// The pods of a ReplicaSet.
    #[must_use]
    pub fn pods_of(&self, set: &ReplicaSet) -> Vec<&'a Pod> {
        sorted(self.pods_of_set.get(&name(&set.metadata)))
    }

    /// The pods on a node.
    #[must_use]
    pub fn pods_on(&self, node: &str) -> Vec<&'a Pod> {
        sorted(self.pods_on_node.get(node))
    }

    /// The events about an object that lives, oldest first. An event about an earlier object of the
    /// same name is left out.
    pub fn events_about(&self, object: &ObjectRef) -> impl Iterator<Item = &'a Event> + use<'a> {
        let key = (
            object.kind.as_str(),
            object.namespace.as_str(),
            object.name.as_str(),
        );
        let uid = object.uid.clone().unwrap_or_default();
        let events = self.events.get(&key).cloned().unwrap_or_default();
        // The kubelet writes a node's name where its uid belongs.
        let strict = object.kind != "Node" && !uid.is_empty();
        events.into_iter().filter(move |event| {
            let about = &event.involved_object.uid;
            !strict || about.is_empty() || *about == uid
        })
    }

    /// The Services that lead to pods with these labels, by name.
    #[must_use]
    pub fn services_to(&self, pod: &Pod) -> Vec<&'a Service> {
        let services = self.snapshot.services.iter().flatten();
        let mut found: Vec<&Service> = services
            .map(AsRef::as_ref)
            .filter(|service| selects(service, pod))
            .collect();
        found.sort_by_key(|service| &service.metadata.name);
        found
    }

    /// The top-most controller of a pod, as far as its links are known; the pod itself without one.
    #[must_use]
    pub fn owner(&self, pod: &Pod) -> ObjectRef {
        let Some(owner) = pod.metadata.controller() else {
            return pod.reference();
        };
        let above = (owner.kind == "ReplicaSet")
            .then(|| self.replica_set_of(pod))
            .flatten()
            .and_then(|set| set.metadata.controller());
        let owner = above.unwrap_or(owner);
        ObjectRef {
            api_version: owner.api_version.to_string(),
            kind: owner.kind.to_string(),
            namespace: pod.metadata.namespace.to_string(),
            name: owner.name.to_string(),
            uid: Some(owner.uid.to_string()).filter(|uid| !uid.is_empty()),
        }
    }
}

/// Whether the Service leads to the pod.
pub(super) fn selects(service: &Service, pod: &Pod) -> bool {
    let selector = &service.spec.selector;
    service.metadata.namespace == pod.metadata.namespace
        && !selector.is_empty()
        && selector
            .iter()
            .all(|(key, value)| pod.metadata.labels.get(key) == Some(value))
}

fn name(meta: &Meta) -> Name<'_> {
    (&meta.namespace, &meta.name)
}

fn controller<'a>(meta: &'a Meta, kind: &str) -> Option<Name<'a>> {
    let owner = meta.controller().filter(|owner| owner.kind == kind)?;
    Some((&meta.namespace, &owner.name))
}

fn sorted<'a>(pods: Option<&Vec<&'a Pod>>) -> Vec<&'a Pod> {
    let mut pods = pods.cloned().unwrap_or_default();
    pods.sort_by_key(|pod| (&pod.metadata.namespace, &pod.metadata.name));
    pods
}
