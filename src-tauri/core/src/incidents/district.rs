//! One namespace of a snapshot, indexed as far as it is asked.

use std::{cell::OnceCell, collections::HashMap};

use super::{
    containers,
    graph::{Graph, controller},
    notes::Notes,
    workloads::{self, Workload},
};
use crate::objects::{Event, Pod, ReplicaSet};

/// A namespace, or the cluster's own objects.
pub(super) struct District<'a> {
    /// Empty for the cluster's own.
    pub namespace: &'a str,
    suspects: Known<Vec<&'a Pod>>,
    leaving: Known<Vec<&'a Pod>>,
    workloads: Known<Vec<Workload<'a>>>,
    revisions: Known<HashMap<&'a str, Vec<&'a ReplicaSet>>>,
    pods_of_set: Known<HashMap<&'a str, Vec<&'a Pod>>>,
    events: Known<HashMap<&'a str, Vec<&'a Event>>>,
}

/// Something found out once, with what was read for it: whoever uses it has read that, too.
type Known<T> = OnceCell<(T, Notes)>;

impl<'a> District<'a> {
    pub(super) fn new(namespace: &'a str) -> Self {
        Self {
            namespace,
            suspects: OnceCell::new(),
            leaving: OnceCell::new(),
            workloads: OnceCell::new(),
            revisions: OnceCell::new(),
            pods_of_set: OnceCell::new(),
            events: OnceCell::new(),
        }
    }

    fn known<'g, T>(
        &self,
        graph: &Graph<'a>,
        place: &'g Known<T>,
        find: impl FnOnce() -> T,
    ) -> &'g T {
        let (found, notes) = place.get_or_init(|| graph.from(self.namespace, find));
        graph.note(self.namespace, *notes);
        found
    }

    /// The pods that may show a symptom.
    pub(super) fn suspects(&self, graph: &Graph<'a>) -> &Vec<&'a Pod> {
        self.known(graph, &self.suspects, || {
            let pods = graph.pods();
            pods.filter(|pod| !containers::calm(graph, pod)).collect()
        })
    }

    /// The pods that are on their way out.
    pub(super) fn leaving(&self, graph: &Graph<'a>) -> &Vec<&'a Pod> {
        self.known(graph, &self.leaving, || {
            let pods = graph.pods();
            pods.filter(|pod| pod.metadata.deleted.is_some()).collect()
        })
    }

    /// The workloads, in name order.
    pub(super) fn workloads(&self, graph: &Graph<'a>) -> &Vec<Workload<'a>> {
        self.known(graph, &self.workloads, || workloads::all(graph))
    }

    /// The ReplicaSets of a Deployment, oldest revision first.
    pub(super) fn revisions(&self, graph: &Graph<'a>, deployment: &str) -> &[&'a ReplicaSet] {
        let revisions = self.known(graph, &self.revisions, || {
            let mut revisions: HashMap<&str, Vec<&ReplicaSet>> = HashMap::new();
            for set in graph.all::<ReplicaSet>() {
                if let Some((_, owner)) = controller(&set.metadata, "Deployment") {
                    revisions.entry(owner).or_default().push(set);
                }
            }
            for sets in revisions.values_mut() {
                sets.sort_by_key(|set| (set.revision(), &set.metadata.name));
            }
            revisions
        });
        revisions.get(deployment).map_or(&[], Vec::as_slice)
    }

    /// The pods of a ReplicaSet.
    pub(super) fn pods_of(&self, graph: &Graph<'a>, set: &str) -> &[&'a Pod] {
        let sets = self.known(graph, &self.pods_of_set, || {
            let mut sets: HashMap<&str, Vec<&Pod>> = HashMap::new();
            for pod in graph.pods() {
                if let Some((_, owner)) = controller(&pod.metadata, "ReplicaSet") {
                    sets.entry(owner).or_default().push(pod);
                }
            }
            sets
        });
        sets.get(set).map_or(&[], Vec::as_slice)
    }

    /// The events about the objects of a name, oldest first.
    pub(super) fn events(&self, graph: &Graph<'a>, name: &str) -> &[&'a Event] {
        let events = self.known(graph, &self.events, || {
            let mut events: HashMap<&str, Vec<&Event>> = HashMap::new();
            for event in graph.events() {
                let about = &event.involved_object;
                events.entry(&about.name).or_default().push(event);
            }
            for events in events.values_mut() {
                events.sort_by_key(|event| (event.last_seen(), &event.metadata.name));
            }
            events
        });
        events.get(name).map_or(&[], Vec::as_slice)
    }
}
