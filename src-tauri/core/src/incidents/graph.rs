//! The objects of a snapshot with the links between them, for look-ups by name and by owner.

use std::{
    cell::{OnceCell, RefCell},
    collections::HashMap,
    rc::Rc,
};

use kubegraf_ipc::object::ObjectRef;

use super::{
    calls::{self, Call},
    containers,
    fit::{self, Blame},
    snapshot::{Held, Kind, Snapshot},
    workloads::{self, Workload},
};
use crate::objects::{
    CronJob, DaemonSet, Deployment, Event, Job, Meta, Node, Object, Pod, ReplicaSet, Service,
    StatefulSet,
};

type Name<'a> = (&'a str, &'a str);

/// A snapshot, indexed. Look-ups that give several objects give them in name order.
pub struct Graph<'a> {
    snapshot: &'a Snapshot,
    deployments: HashMap<Name<'a>, &'a Deployment>,
    replica_sets: HashMap<Name<'a>, &'a ReplicaSet>,
    revisions: HashMap<Name<'a>, Vec<&'a ReplicaSet>>,
    // Pods are many, and where nothing is wrong nobody asks for one: indexed when someone does.
    suspects: OnceCell<Vec<&'a Pod>>,
    pods: OnceCell<HashMap<Name<'a>, &'a Pod>>,
    pods_of_set: OnceCell<HashMap<Name<'a>, Vec<&'a Pod>>>,
    pods_on_node: OnceCell<HashMap<&'a str, Vec<&'a Pod>>>,
    nodes: HashMap<&'a str, &'a Node>,
    events: HashMap<(&'a str, &'a str, &'a str), Vec<&'a Event>>,
    named: HashMap<(Kind, &'a str, &'a str), usize>,
    workloads: OnceCell<Vec<Workload<'a>>>,
    workloads_in: OnceCell<HashMap<&'a str, Vec<usize>>>,
    calls: OnceCell<Vec<(ObjectRef, Vec<Call<'a>>)>>,
    usage: OnceCell<HashMap<&'a str, fit::Used>>,
    fits: RefCell<HashMap<Name<'a>, Rc<Blame<'a>>>>,
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
            suspects: OnceCell::new(),
            pods: OnceCell::new(),
            pods_of_set: OnceCell::new(),
            pods_on_node: OnceCell::new(),
            nodes: HashMap::new(),
            events: HashMap::new(),
            named: HashMap::new(),
            workloads: OnceCell::new(),
            workloads_in: OnceCell::new(),
            calls: OnceCell::new(),
            usage: OnceCell::new(),
            fits: RefCell::default(),
        };
        snapshot.each_named(|kind, meta, place| {
            let (namespace, name) = name(meta);
            graph.named.insert((kind, namespace, name), place);
        });
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

    /// An object of a kind other than pods and events.
    #[must_use]
    pub(crate) fn get<T: Held>(&self, namespace: &str, name: &str) -> Option<&'a T> {
        let place = self.named.get(&(T::OF, namespace, name))?;
        T::held(self.snapshot)
            .as_ref()?
            .get(*place)
            .map(AsRef::as_ref)
    }

    /// Every object of a kind, in no order.
    pub(crate) fn all<T: Held>(&self) -> impl Iterator<Item = &'a T> + use<'a, T> {
        T::held(self.snapshot).iter().flatten().map(AsRef::as_ref)
    }

    /// All pods, in no order.
    pub fn pods(&self) -> impl Iterator<Item = &'a Pod> + use<'a> {
        self.snapshot.pods.iter().flatten().map(AsRef::as_ref)
    }

    /// The pods that may show a symptom, in no order: all but those that plainly work, are done or
    /// are on their way out.
    pub(super) fn suspects(&self) -> impl Iterator<Item = &'a Pod> + use<'_, 'a> {
        let suspects = self.suspects.get_or_init(|| {
            let now = self.now();
            self.pods()
                .filter(|pod| !containers::calm(pod, now))
                .collect()
        });
        suspects.iter().copied()
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
        let pods = self.pods.get_or_init(|| {
            self.pods()
                .map(|pod| ((&*pod.metadata.namespace, &*pod.metadata.name), pod))
                .collect()
        });
        pods.get(&(namespace, name)).copied()
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
    pub fn revisions<'g>(&'g self, deployment: &'g Deployment) -> &'g [&'a ReplicaSet] {
        self.revisions
            .get(&name(&deployment.metadata))
            .map_or(&[], Vec::as_slice)
    }

    /// The pods of a ReplicaSet.
    #[must_use]
    pub fn pods_of(&self, set: &ReplicaSet) -> Vec<&'a Pod> {
        let sets = self.pods_of_set.get_or_init(|| {
            let mut sets: HashMap<Name<'a>, Vec<&'a Pod>> = HashMap::new();
            for pod in self.pods() {
                if let Some(owner) = controller(&pod.metadata, "ReplicaSet") {
                    sets.entry(owner).or_default().push(pod);
                }
            }
            sets
        });
        sorted(sets.get(&name(&set.metadata)))
    }

    /// The pods of a workload, by name.
    #[must_use]
    pub fn pods_under(&self, workload: &Workload<'_>) -> Vec<&'a Pod> {
        let owner = &workload.object;
        let pods = self.pods().filter(|pod| {
            pod.metadata.namespace == owner.namespace
                && workload
                    .labels
                    .iter()
                    .all(|(key, value)| pod.metadata.labels.get(key) == Some(value))
                && self.owner(pod) == *owner
        });
        let mut pods: Vec<&Pod> = pods.collect();
        pods.sort_by_key(|pod| &pod.metadata.name);
        pods
    }

    /// The pods on a node.
    #[must_use]
    pub fn pods_on(&self, node: &str) -> Vec<&'a Pod> {
        let nodes = self.pods_on_node.get_or_init(|| {
            let mut nodes: HashMap<&'a str, Vec<&'a Pod>> = HashMap::new();
            for pod in self.pods().filter(|pod| !pod.node_name.is_empty()) {
                nodes.entry(&pod.node_name).or_default().push(pod);
            }
            nodes
        });
        sorted(nodes.get(node))
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

    /// The workloads, in name order.
    #[must_use]
    pub fn workloads(&self) -> &[Workload<'a>] {
        self.workloads.get_or_init(|| workloads::all(self.snapshot))
    }

    /// The workloads of a namespace, in name order.
    pub(super) fn workloads_in(
        &self,
        namespace: &str,
    ) -> impl Iterator<Item = &Workload<'a>> + use<'_, 'a> {
        let workloads = self.workloads();
        let places = self.workloads_in.get_or_init(|| {
            let mut places: HashMap<&'a str, Vec<usize>> = HashMap::new();
            for (place, one) in workloads.iter().enumerate() {
                places.entry(&*one.meta.namespace).or_default().push(place);
            }
            places
        });
        let places = places.get(namespace).map_or(&[][..], Vec::as_slice);
        places.iter().map(|place| &workloads[*place])
    }

    /// The workload an object is.
    #[must_use]
    pub fn workload(&self, object: &ObjectRef) -> Option<&Workload<'a>> {
        let workloads = self.workloads();
        let place = workloads.binary_search_by(|one| one.object.cmp(object));
        place.ok().map(|place| &workloads[place])
    }

    /// Whom each workload calls.
    pub(super) fn calls(&self) -> &[(ObjectRef, Vec<Call<'a>>)] {
        self.calls.get_or_init(|| {
            let workloads = self.workloads().iter();
            workloads
                .map(|one| (one.object.clone(), calls::of(self, one)))
                .filter(|(_, calls)| !calls.is_empty())
                .collect()
        })
    }

    /// The workloads that call a Service.
    pub(super) fn callers(&self, service: &Service) -> Vec<&ObjectRef> {
        let meta = &service.metadata;
        let calls =
            |call: &Call<'_>| meta.name == *call.service && meta.namespace == *call.namespace;
        self.calls()
            .iter()
            .filter(|(_, all)| all.iter().any(calls))
            .map(|(caller, _)| caller)
            .collect()
    }

    /// What the pods of each node ask for.
    pub(super) fn usage(&self) -> &HashMap<&'a str, fit::Used> {
        self.usage.get_or_init(|| fit::usage(self))
    }

    /// Why no node takes a pod.
    pub(super) fn fit(&self, pod: &'a Pod) -> Rc<Blame<'a>> {
        let key = name(&pod.metadata);
        if let Some(known) = self.fits.borrow().get(&key) {
            return Rc::clone(known);
        }
        let blame = Rc::new(fit::judge(self, pod));
        self.fits.borrow_mut().insert(key, Rc::clone(&blame));
        blame
    }

    /// The pods that take room, each with its node.
    pub(super) fn placed(&self) -> impl Iterator<Item = (&'a Pod, &'a Node)> {
        self.pods().filter_map(|pod| {
            let over = matches!(&*pod.status.phase, "Succeeded" | "Failed");
            let node = self.node(&pod.node_name).filter(|_| !over)?;
            Some((pod, node))
        })
    }

    /// The top-most controller of a pod, as far as its links are known; the pod itself without one.
    #[must_use]
    pub fn owner(&self, pod: &Pod) -> ObjectRef {
        self.top(pod).unwrap_or_else(|| pod.reference())
    }

    /// The top-most controller of an object, as far as its links are known.
    #[must_use]
    pub fn top<T: Object>(&self, object: &T) -> Option<ObjectRef> {
        let mut meta = object.metadata();
        let mut top = None;
        // Nothing is owned in a circle for long, but a file may say so.
        for _ in 0..4 {
            let Some(owner) = meta.controller() else {
                break;
            };
            let namespace = &*meta.namespace;
            let (known, above) = self.known(&owner.kind, namespace, &owner.name).unzip();
            top = Some(known.unwrap_or_else(|| ObjectRef {
                api_version: owner.api_version.to_string(),
                kind: owner.kind.to_string(),
                namespace: namespace.to_owned(),
                name: owner.name.to_string(),
                uid: Some(owner.uid.to_string()).filter(|uid| !uid.is_empty()),
            }));
            let Some(above) = above else {
                return self.behind(&owner.kind, namespace, &owner.name).or(top);
            };
            meta = above;
        }
        top
    }

    fn known(&self, kind: &str, namespace: &str, name: &str) -> Option<(ObjectRef, &'a Meta)> {
        fn both<'a, T: Held>(
            graph: &Graph<'a>,
            namespace: &str,
            name: &str,
        ) -> Option<(ObjectRef, &'a Meta)> {
            let object = graph.get::<T>(namespace, name)?;
            Some((object.reference(), object.metadata()))
        }
        match kind {
            "ReplicaSet" => both::<ReplicaSet>(self, namespace, name),
            "Deployment" => both::<Deployment>(self, namespace, name),
            "StatefulSet" => both::<StatefulSet>(self, namespace, name),
            "DaemonSet" => both::<DaemonSet>(self, namespace, name),
            "Job" => both::<Job>(self, namespace, name),
            "CronJob" => both::<CronJob>(self, namespace, name),
            _ => None,
        }
    }

    /// The Deployment behind a ReplicaSet that was not read: it gave its name, plus a hash.
    fn behind(&self, kind: &str, namespace: &str, name: &str) -> Option<ObjectRef> {
        let (stem, _) = name.rsplit_once('-').filter(|_| kind == "ReplicaSet")?;
        self.get::<Deployment>(namespace, stem)
            .map(Object::reference)
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

/// Whether the Service leads to the workload's pods.
pub(super) fn selected(service: &Service, workload: &Workload<'_>) -> bool {
    let selector = &service.spec.selector;
    service.metadata.namespace == workload.meta.namespace
        && !selector.is_empty()
        && selector
            .iter()
            .all(|(key, value)| workload.labels.get(key) == Some(value))
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
