//! The objects of a snapshot with the links between them, for look-ups by name and by owner.

mod noted;
mod owners;

use std::{
    cell::{Cell, OnceCell, RefCell},
    collections::HashMap,
    rc::Rc,
    sync::Arc,
};

use kubegraf_ipc::object::ObjectRef;

use super::{
    calls::{self, Call, Caller},
    district::District,
    fit::{self, Blame},
    notes::{Kinds, Notes},
    snapshot::{Existence, Held, Kind, Snapshot},
    workloads::Workload,
};
use crate::objects::{Deployment, Event, Meta, Node, Pod, ReplicaSet, Service};

type Name<'a> = (&'a str, &'a str);

/// A snapshot, with look-ups. Those that give several objects give them in name order.
///
/// It can be looked at from one namespace ([`Graph::from`]): "every" object is then one of that
/// namespace, and what is read is noted.
pub struct Graph<'a> {
    snapshot: &'a Snapshot,
    /// By namespace; the first is the cluster's own.
    districts: Vec<District<'a>>,
    here: Cell<Option<usize>>,
    notes: Cell<Notes>,
    // Events about objects of another namespace than their own: of nodes, mostly.
    strays: HashMap<&'a str, Vec<&'a Event>>,
    // Where nothing is wrong nobody asks for these.
    pods_on_node: OnceCell<HashMap<&'a str, Vec<&'a Pod>>>,
    calls: OnceCell<Vec<Arc<[Caller]>>>,
    callers: OnceCell<HashMap<(String, String), Vec<ObjectRef>>>,
    usage: OnceCell<HashMap<&'a str, fit::Used>>,
    fits: RefCell<HashMap<Name<'a>, Rc<Blame<'a>>>>,
}

impl<'a> Graph<'a> {
    /// Looks at a snapshot whose lists are in order.
    #[must_use]
    pub(super) fn new(snapshot: &'a Snapshot) -> Self {
        let mut strays: HashMap<&'a str, Vec<&'a Event>> = HashMap::new();
        for event in snapshot.events.iter().flatten() {
            let about = event.district();
            if *event.metadata.namespace != *about {
                strays.entry(about).or_default().push(event);
            }
        }
        let mut namespaces = vec![""];
        snapshot.each_namespace(|namespace| namespaces.push(namespace));
        namespaces.extend(strays.keys());
        namespaces.sort_unstable();
        namespaces.dedup();
        Self {
            snapshot,
            districts: namespaces.into_iter().map(District::new).collect(),
            here: Cell::new(None),
            notes: Cell::new(Notes::NONE),
            strays,
            pods_on_node: OnceCell::new(),
            calls: OnceCell::new(),
            callers: OnceCell::new(),
            usage: OnceCell::new(),
            fits: RefCell::default(),
        }
    }

    /// The namespaces with objects; the first is "", the cluster's own.
    pub(super) fn namespaces(&self) -> impl Iterator<Item = &'a str> {
        self.districts.iter().map(|district| district.namespace)
    }

    /// Looks at the cluster from one namespace; tells also what was read.
    pub(super) fn from<T>(&self, namespace: &str, look: impl FnOnce() -> T) -> (T, Notes) {
        let place = self.place(namespace);
        let (here, notes) = (self.here.replace(place), self.notes.replace(Notes::NONE));
        let seen = look();
        self.here.set(here);
        (seen, self.notes.replace(notes))
    }

    fn place(&self, namespace: &str) -> Option<usize> {
        self.districts
            .binary_search_by(|district| district.namespace.cmp(namespace))
            .ok()
    }

    fn district(&self, namespace: &str) -> Option<&District<'a>> {
        Some(&self.districts[self.place(namespace)?])
    }

    fn here(&self) -> Option<&District<'a>> {
        Some(&self.districts[self.here.get()?])
    }

    /// Those that are looked at: one, or all.
    fn looked_at(&self) -> &[District<'a>] {
        match self.here.get() {
            Some(here) => &self.districts[here..=here],
            None => &self.districts,
        }
    }

    /// Whether the cluster is looked at once: what has no time of its own has lasted.
    pub(super) fn still(&self) -> bool {
        self.snapshot.still
    }

    /// What is looked at.
    #[must_use]
    pub fn snapshot(&self) -> &'a Snapshot {
        self.read_abroad(Kinds::ALL);
        self.snapshot
    }

    /// Whether the kind was read.
    #[must_use]
    pub fn knows(&self, kind: Kind) -> bool {
        self.snapshot.knows(kind)
    }

    /// Whether there is no pod in the whole cluster.
    pub(super) fn without_pods(&self) -> bool {
        self.snapshot.pods.iter().flatten().next().is_none()
    }

    /// Whether an object is there.
    pub(super) fn existence(&self, object: &ObjectRef) -> Existence {
        match Kind::ALL.iter().find(|kind| kind.name() == object.kind) {
            Some(kind) => self.read(Kinds::of(*kind), &object.namespace),
            None => self.read_abroad(Kinds::ALL),
        }
        self.snapshot.existence(object)
    }

    /// One object.
    #[must_use]
    pub(crate) fn get<T: Held>(&self, namespace: &str, name: &str) -> Option<&'a T> {
        self.read(Kinds::of(T::OF), namespace);
        T::held(self.snapshot).as_ref()?.get(namespace, name)
    }

    /// The objects of a kind in a namespace, by name.
    pub(crate) fn of<T: Held>(&self, namespace: &str) -> &'a [Arc<T>] {
        self.read(Kinds::of(T::OF), namespace);
        let list = T::held(self.snapshot).as_ref();
        list.map_or(&[], |list| list.of(namespace))
    }

    /// Every object of a kind that is looked at; what has no namespace is looked at from everywhere.
    pub(crate) fn all<T: Held>(&self) -> impl Iterator<Item = &'a T> + use<'a, T> {
        let all: &[Arc<T>] = match self.here() {
            Some(here) if T::OF.namespaced() => self.of(here.namespace),
            _ => {
                self.read_abroad(Kinds::of(T::OF));
                let list = T::held(self.snapshot).as_ref();
                list.map_or(&[], |list| list.all())
            }
        };
        all.iter().map(AsRef::as_ref)
    }

    /// Every object of a kind in the cluster, wherever it is looked at from.
    pub(super) fn every<T: Held>(&self) -> impl Iterator<Item = &'a T> + use<'a, T> {
        self.read_abroad(Kinds::of(T::OF));
        let list = T::held(self.snapshot).as_ref();
        let all: &[Arc<T>] = list.map_or(&[], |list| list.all());
        all.iter().map(AsRef::as_ref)
    }

    /// Every object of a kind that belongs to what is looked at: one without a namespace belongs to
    /// the cluster's own.
    pub(super) fn own<T: Held>(&self) -> impl Iterator<Item = &'a T> + use<'a, T> {
        let all: &[Arc<T>] = match self.here() {
            Some(here) => self.of(here.namespace),
            None => T::held(self.snapshot)
                .as_ref()
                .map_or(&[], |list| list.all()),
        };
        all.iter().map(AsRef::as_ref)
    }

    /// The pods that are looked at.
    pub fn pods(&self) -> impl Iterator<Item = &'a Pod> + use<'a> {
        self.all()
    }

    /// The pods that are looked at and have no controller.
    pub(super) fn bare_pods(&self) -> impl Iterator<Item = &'a Pod> {
        // Not noted as pods: those of controllers come and go without changing which these are.
        let all: &[Arc<Pod>] = match self.here() {
            Some(here) => {
                self.read(Kinds::BARE_PODS, here.namespace);
                let list = self.snapshot.pods.as_ref();
                list.map_or(&[], |list| list.of(here.namespace))
            }
            None => self.snapshot.pods.as_ref().map_or(&[], |list| list.all()),
        };
        all.iter()
            .map(AsRef::as_ref)
            .filter(|pod: &&Pod| pod.metadata.controller().is_none())
    }

    /// The pods that may show a symptom: all but those that plainly work, are done or are on their
    /// way out.
    pub(super) fn suspects(&self) -> impl Iterator<Item = &'a Pod> + use<'_, 'a> {
        self.looked_at()
            .iter()
            .flat_map(|district| district.suspects(self).iter().copied())
    }

    /// The pods that are on their way out.
    pub(super) fn leaving(&self) -> impl Iterator<Item = &'a Pod> + use<'_, 'a> {
        self.looked_at()
            .iter()
            .flat_map(|district| district.leaving(self).iter().copied())
    }

    /// The Deployments that are looked at.
    pub fn deployments(&self) -> impl Iterator<Item = &'a Deployment> + use<'a> {
        self.all()
    }

    /// All nodes.
    pub fn nodes(&self) -> impl Iterator<Item = &'a Node> + use<'a> {
        self.all()
    }

    /// The events about objects of what is looked at.
    pub fn events(&self) -> impl Iterator<Item = &'a Event> + use<'_, 'a> {
        self.looked_at()
            .iter()
            .flat_map(|district| self.events_in(district.namespace))
    }

    /// The events about objects of a namespace.
    pub(super) fn events_in(
        &self,
        namespace: &str,
    ) -> impl Iterator<Item = &'a Event> + use<'_, 'a> {
        let strays = self.strays.get(namespace).into_iter().flatten().copied();
        self.of::<Event>(namespace)
            .iter()
            .map(AsRef::as_ref)
            .filter(|event: &&Event| *event.metadata.namespace == *event.district())
            .chain(strays)
    }

    /// One pod.
    #[must_use]
    pub fn pod(&self, namespace: &str, name: &str) -> Option<&'a Pod> {
        self.get(namespace, name)
    }

    /// One node.
    #[must_use]
    pub fn node(&self, name: &str) -> Option<&'a Node> {
        self.get("", name)
    }

    /// The Deployment an object reference names.
    #[must_use]
    pub fn deployment(&self, object: &ObjectRef) -> Option<&'a Deployment> {
        let named = (object.kind == "Deployment").then_some(object)?;
        self.get(&named.namespace, &named.name)
    }

    /// The ReplicaSet a pod belongs to.
    #[must_use]
    pub fn replica_set_of(&self, pod: &Pod) -> Option<&'a ReplicaSet> {
        let (namespace, name) = controller(&pod.metadata, "ReplicaSet")?;
        self.get(namespace, name)
    }

    /// The Deployment a pod belongs to, through its ReplicaSet.
    #[must_use]
    pub fn deployment_of(&self, pod: &Pod) -> Option<&'a Deployment> {
        let set = self.replica_set_of(pod)?;
        let (namespace, name) = controller(&set.metadata, "Deployment")?;
        self.get(namespace, name)
    }

    /// The ReplicaSets of a Deployment, oldest revision first.
    #[must_use]
    pub fn revisions<'g>(&'g self, deployment: &'g Deployment) -> &'g [&'a ReplicaSet] {
        let (namespace, name) = deployment.metadata.key();
        let district = self.district(namespace);
        district.map_or(&[], |district| district.revisions(self, name))
    }

    /// The pods of a ReplicaSet.
    #[must_use]
    pub fn pods_of(&self, set: &ReplicaSet) -> Vec<&'a Pod> {
        let (namespace, name) = set.metadata.key();
        let district = self.district(namespace);
        district.map_or_else(Vec::new, |district| district.pods_of(self, name).to_vec())
    }

    /// The pods of a workload, by name.
    #[must_use]
    pub fn pods_under(&self, workload: &Workload<'_>) -> Vec<&'a Pod> {
        let owner = &workload.object;
        let pods = self.of::<Pod>(&owner.namespace).iter().map(AsRef::as_ref);
        pods.filter(|pod: &&Pod| {
            let mut labels = workload.labels.iter();
            labels.all(|(key, value)| pod.metadata.labels.get(key) == Some(value))
                && self.owner(pod) == *owner
        })
        .collect()
    }

    /// The pods on a node.
    #[must_use]
    pub fn pods_on(&self, node: &str) -> Vec<&'a Pod> {
        self.read_abroad(Kinds::of(Kind::Pods));
        let nodes = self.pods_on_node.get_or_init(|| {
            let mut nodes: HashMap<&'a str, Vec<&'a Pod>> = HashMap::new();
            for pod in self.every_pod().filter(|pod| !pod.node_name.is_empty()) {
                nodes.entry(&pod.node_name).or_default().push(pod);
            }
            nodes
        });
        nodes.get(node).cloned().unwrap_or_default()
    }

    /// Every pod of the cluster, wherever it is looked at from.
    fn every_pod(&self) -> impl Iterator<Item = &'a Pod> + use<'a> {
        self.read_abroad(Kinds::of(Kind::Pods));
        self.snapshot.pods.iter().flatten().map(AsRef::as_ref)
    }

    /// The events about an object that lives, oldest first. An event about an earlier object of the
    /// same name is left out.
    pub fn events_about(&self, object: &ObjectRef) -> impl Iterator<Item = &'a Event> + use<'a> {
        let district = self.district(&object.namespace);
        let events = district.map_or_else(Vec::new, |district| {
            let events = district.events(self, &object.name).iter().copied();
            let of_kind = events.filter(|event| *event.involved_object.kind == *object.kind);
            of_kind.collect()
        });
        let uid = object.uid.clone().unwrap_or_default();
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
        let services = self.of::<Service>(&pod.metadata.namespace).iter();
        services
            .map(AsRef::as_ref)
            .filter(|service| selects(service, pod))
            .collect()
    }

    /// The workloads that are looked at, those of each namespace in name order.
    pub(super) fn workloads(&self) -> impl Iterator<Item = &Workload<'a>> {
        self.looked_at()
            .iter()
            .flat_map(|district| district.workloads(self))
    }

    /// The workloads of a namespace, in name order.
    pub(super) fn workloads_in(&self, namespace: &str) -> impl Iterator<Item = &Workload<'a>> {
        let district = self.district(namespace);
        district
            .into_iter()
            .flat_map(|district| district.workloads(self))
    }

    /// The workload an object is.
    #[must_use]
    pub fn workload(&self, object: &ObjectRef) -> Option<&Workload<'a>> {
        let workloads = self.district(&object.namespace)?.workloads(self);
        let place = workloads.binary_search_by(|one| one.object.cmp(object));
        place.ok().map(|place| &workloads[place])
    }

    /// Goes on from what is known of who calls whom, by namespace.
    pub(super) fn with_calls(&self, calls: Vec<Arc<[Caller]>>) {
        // Only one judgement prepares a graph, before anyone has looked.
        let _ = self.calls.set(calls);
    }

    /// Whom each workload of the cluster calls.
    pub(super) fn calls(&self) -> impl Iterator<Item = &Caller> {
        let notes = Notes {
            calls: true,
            ..Notes::NONE
        };
        self.notes.set(self.notes.get().and(notes));
        let calls = self.calls.get_or_init(|| {
            let each = self.namespaces();
            each.map(|namespace| calls::in_namespace(self, namespace).0)
                .collect()
        });
        calls.iter().flat_map(|callers| &**callers)
    }

    /// Whom one workload calls.
    pub(super) fn calls_of(&self, caller: &ObjectRef) -> &[Call] {
        let known = self.calls().find(|(other, _)| other == caller);
        known.map_or(&[], |(_, calls)| calls)
    }

    /// The workloads that call a Service.
    pub(super) fn callers(&self, service: &Service) -> &[ObjectRef] {
        let calls = self.calls();
        let callers = self.callers.get_or_init(|| {
            let mut callers: HashMap<(String, String), Vec<ObjectRef>> = HashMap::new();
            for (caller, calls) in calls {
                for call in calls {
                    let to = (call.namespace.clone(), call.service.clone());
                    let of = callers.entry(to).or_default();
                    if of.last() != Some(caller) {
                        of.push(caller.clone());
                    }
                }
            }
            callers
        });
        let meta = &service.metadata;
        let key = (meta.namespace.to_string(), meta.name.to_string());
        callers.get(&key).map_or(&[], Vec::as_slice)
    }

    /// What the pods of each node ask for.
    pub(super) fn usage(&self) -> &HashMap<&'a str, fit::Used> {
        self.read_abroad(Kinds::ALL);
        self.usage.get_or_init(|| fit::usage(self))
    }

    /// Why no node takes a pod.
    pub(super) fn fit(&self, pod: &'a Pod) -> Rc<Blame<'a>> {
        self.read_abroad(Kinds::ALL);
        let key = pod.metadata.key();
        if let Some(known) = self.fits.borrow().get(&key) {
            return Rc::clone(known);
        }
        let blame = Rc::new(fit::judge(self, pod));
        self.fits.borrow_mut().insert(key, Rc::clone(&blame));
        blame
    }

    /// The pods that take room, each with its node.
    pub(super) fn placed(&self) -> impl Iterator<Item = (&'a Pod, &'a Node)> {
        self.every_pod().filter_map(|pod| {
            let over = matches!(&*pod.status.phase, "Succeeded" | "Failed");
            let node = self.node(&pod.node_name).filter(|_| !over)?;
            Some((pod, node))
        })
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

/// Namespace and name of the controller, where it is of that kind.
pub(super) fn controller<'a>(meta: &'a Meta, kind: &str) -> Option<Name<'a>> {
    let owner = meta.controller().filter(|owner| owner.kind == kind)?;
    Some((&meta.namespace, &owner.name))
}
