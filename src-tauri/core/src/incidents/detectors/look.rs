//! A detector at work: what it looks at, and how it tells what it found. It knows the row of the
//! detector, nothing of what the detector looks for.

use kubegraf_ipc::{incident::Evidence, object::ObjectRef};

use super::{
    super::{
        containers::{self, Seen},
        graph::Graph,
        signal::{Place, Signal},
        snapshot::Held,
    },
    Earlier,
};
use crate::objects::{Event, Map, Node, Object, Pod};

/// Events longer ago than this say nothing of the present; seconds.
const PRESENT: i64 = 900;

/// One detector looking at the cluster, or at one of its namespaces.
#[derive(Clone, Copy)]
pub(super) struct Look<'l, 'a> {
    /// The objects.
    pub graph: &'l Graph<'a>,
    /// The type it looks for.
    pub r#type: &'static str,
    /// Seconds it must have lasted.
    pub threshold: i64,
    earlier: Earlier<'l, 'a>,
}

impl<'l, 'a> Look<'l, 'a> {
    /// Looks for a type; `earlier` is what the detectors before it have found.
    pub(super) fn new(
        graph: &'l Graph<'a>,
        earlier: Earlier<'l, 'a>,
        r#type: &'static str,
        threshold: i64,
    ) -> Self {
        Self {
            graph,
            r#type,
            threshold,
            earlier,
        }
    }

    /// What the detectors earlier in the list have found.
    pub(super) fn earlier(self) -> impl Iterator<Item = &'l Signal<'a>> + Clone {
        self.earlier.signals(self.graph)
    }

    /// The pods that may show the type: neither working, done nor on their way out.
    pub(super) fn pods(self) -> impl Iterator<Item = &'a Pod> + use<'l, 'a> {
        self.graph
            .suspects()
            .filter(move |pod| !containers::quiet(pod, self.r#type))
    }

    /// The containers of those pods, init containers first.
    pub(super) fn containers(self) -> impl Iterator<Item = Seen<'a>> + use<'l, 'a> {
        self.pods().flat_map(containers::of)
    }

    /// The objects of a kind that may show the type: neither on their way out nor to be ignored.
    pub(super) fn all<T: Held>(self) -> impl Iterator<Item = &'a T> + use<'l, 'a, T> {
        let all = self.graph.own::<T>();
        all.filter(move |one| one.metadata().deleted.is_none())
            .filter(move |one| !self.ignores(&one.metadata().annotations))
    }

    /// Whether these annotations ask to leave the type alone.
    pub(super) fn ignores(self, annotations: &Map) -> bool {
        containers::ignored(annotations, self.r#type)
    }

    /// Whether it has lasted for the threshold. A missing time counts as elapsed.
    pub(super) fn lasted(self, since: Option<i64>) -> bool {
        since.is_none_or(|at| self.graph.passed(at, self.threshold))
    }

    /// Whether an event tells of the present. A missing time counts as now.
    pub(super) fn present(self, event: &Event) -> bool {
        let passed = |at| self.graph.passed(at, PRESENT + 1);
        !event.last_seen().is_some_and(passed)
    }

    /// What present events with one of these reasons tell of an object.
    pub(super) fn told(self, object: &ObjectRef, reasons: &[&str]) -> Told<'a> {
        let events = self.graph.events_about(object);
        let events: Vec<&Event> = events
            .filter(|event| reasons.contains(&&*event.reason) && self.present(event))
            .collect();
        Told {
            times: events.iter().map(|event| event.times()).sum(),
            first: events.iter().filter_map(|event| event.first_seen()).min(),
            last: events.last().copied(),
        }
    }

    /// The symptom on a pod, begun now where nothing tells when.
    pub(super) fn pod(
        self,
        pod: &'a Pod,
        begun: Option<i64>,
        evidence: Vec<Evidence>,
    ) -> Signal<'a> {
        Signal {
            owner: self.graph.owner(pod),
            place: Place::Pod(pod),
            ..self.object(pod.reference(), begun, evidence)
        }
    }

    /// The symptom on a container.
    pub(super) fn container(
        self,
        one: Seen<'a>,
        begun: Option<i64>,
        evidence: Vec<Evidence>,
    ) -> Signal<'a> {
        Signal {
            container: Some(one.name()),
            ..self.pod(one.pod, begun, evidence)
        }
    }

    /// The symptom on a node.
    pub(super) fn node(
        self,
        node: &'a Node,
        begun: Option<i64>,
        evidence: Vec<Evidence>,
    ) -> Signal<'a> {
        Signal {
            place: Place::Node(node),
            ..self.object(node.reference(), begun, evidence)
        }
    }

    /// The symptom on an object that is its own owner.
    pub(super) fn object(
        self,
        object: ObjectRef,
        begun: Option<i64>,
        evidence: Vec<Evidence>,
    ) -> Signal<'a> {
        let begun = begun.unwrap_or_else(|| self.graph.now());
        Signal::of(self.r#type, object, begun, evidence)
    }
}

/// What events have told.
#[derive(Clone, Copy)]
pub(super) struct Told<'a> {
    /// How often, all of them together.
    pub times: u32,
    /// When the first of them came.
    pub first: Option<i64>,
    /// The last of them.
    pub last: Option<&'a Event>,
}
