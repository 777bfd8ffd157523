//! The containers of a pod: status, spec and field paths together.

use kubegraf_ipc::{
    incident::{Evidence, EvidenceSource},
    object::ObjectRef,
};
use serde::Serialize;

use super::{evidence::seen, graph::Graph};
use crate::objects::{Container, ContainerStatus, Event, Object, Pod, Terminated, Waiting};

/// One container of a pod.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen<'a> {
    /// The pod.
    pub pod: &'a Pod,
    /// Its status.
    pub status: &'a ContainerStatus,
    /// Its spec; absent in half an object.
    pub spec: Option<&'a Container>,
    /// Whether it is an init container.
    pub init: bool,
}

/// The containers that were looked at, init containers first.
pub(super) fn of(pod: &Pod) -> impl Iterator<Item = Seen<'_>> {
    let seen = move |status, init| Seen {
        pod,
        status,
        spec: spec(pod, &status.name, init),
        init,
    };
    let init = pod.status.init_container_statuses.iter();
    let main = pod.status.container_statuses.iter();
    init.map(move |status| seen(status, true))
        .chain(main.map(move |status| seen(status, false)))
}

/// The container of that name.
pub(super) fn named<'a>(pod: &'a Pod, name: &str) -> Option<Seen<'a>> {
    of(pod).find(|container| container.status.name == name)
}

fn spec<'a>(pod: &'a Pod, name: &str, init: bool) -> Option<&'a Container> {
    let containers = if init {
        &pod.spec.init_containers
    } else {
        &pod.spec.containers
    };
    containers.iter().find(|container| container.name == name)
}

impl<'a> Seen<'a> {
    /// Its name.
    pub fn name(self) -> &'a str {
        &self.status.name
    }

    /// The image its spec asks for, else the one its status names.
    pub fn image(self) -> &'a str {
        self.spec.map_or(&self.status.image, |spec| &spec.image)
    }

    /// Whether it must end before the pod's main containers start: an init container, no sidecar.
    pub fn runs_first(self) -> bool {
        self.init && self.spec.is_none_or(|spec| spec.restart_policy != "Always")
    }

    /// What it waits for.
    pub fn waiting(self) -> Option<&'a Waiting> {
        self.status.state.waiting.as_deref()
    }

    /// Its latest end: the present state when it has ended, else the one before.
    pub fn ended(self) -> Option<(&'static str, &'a Terminated)> {
        let now = self.status.state.terminated.as_deref();
        let before = self.status.last_state.terminated.as_deref();
        now.map(|end| ("state.terminated", end))
            .or(before.map(|end| ("lastState.terminated", end)))
    }

    /// Whether its latest end is at most so many seconds ago. A missing time counts as recent.
    pub fn ended_within(self, graph: &Graph<'_>, seconds: i64) -> bool {
        let since = |end: &Terminated| end.finished_at;
        self.ended()
            .is_some_and(|(_, end)| since(end).is_none_or(|at| !graph.passed(at, seconds + 1)))
    }

    /// `status.containerStatuses[name=app].…`
    pub fn path(self, field: &str) -> String {
        let list = if self.init {
            "initContainerStatuses"
        } else {
            "containerStatuses"
        };
        format!("status.{list}[name={}].{field}", self.name())
    }

    /// `spec.containers[name=app].…`
    pub fn spec_path(self, field: &str) -> String {
        let list = if self.init {
            "initContainers"
        } else {
            "containers"
        };
        format!("spec.{list}[name={}].{field}", self.name())
    }

    /// An observation of its status.
    pub fn observed(self, field: &str, value: impl Serialize, at: Option<i64>) -> Evidence {
        let object: ObjectRef = self.pod.reference();
        seen(object, self.path(field), value, EvidenceSource::Status, at)
    }

    /// An observation of its spec.
    pub fn asked(self, field: &str, value: impl Serialize) -> Evidence {
        let object = self.pod.reference();
        seen(
            object,
            self.spec_path(field),
            value,
            EvidenceSource::Spec,
            None,
        )
    }

    /// The events about this container, oldest first; one without a field path counts.
    pub fn events(self, graph: &Graph<'a>) -> impl Iterator<Item = &'a Event> + use<'a> {
        let mark = format!("{{{}}}", self.name());
        graph
            .events_about(&self.pod.reference())
            .filter(move |event| {
                let path = &event.involved_object.field_path;
                path.is_empty() || path.ends_with(&mark)
            })
    }
}

/// A restart longer ago than this is no sign of anything; seconds. No detector looks back further.
const SETTLED: i64 = 3_600;

/// Whether no detector can find anything on the pod: it works, is done, or is on its way out.
pub(super) fn calm(graph: &Graph<'_>, pod: &Pod) -> bool {
    let status = &pod.status;
    if pod.metadata.deleted.is_some() || status.phase == "Succeeded" {
        return true;
    }
    let settled = |one: &ContainerStatus| {
        let before = one.last_state.terminated.as_deref();
        before.is_none_or(|end| {
            end.finished_at
                .is_some_and(|at| graph.passed(at, SETTLED + 1))
        })
    };
    let works = |one: &ContainerStatus| one.ready && one.state.running.is_some() && settled(one);
    let through = |one: &ContainerStatus| {
        let ended = one.state.terminated.as_deref();
        ended.is_some_and(|end| end.exit_code == 0) && settled(one) || works(one)
    };
    status.phase == "Running"
        && !pod.node_name.is_empty()
        // What others say of it may keep it from being ready.
        && pod.spec.readiness_gates.is_empty()
        && !status.container_statuses.is_empty()
        && status.container_statuses.iter().all(works)
        && status.init_container_statuses.iter().all(through)
}

/// Whether the engine leaves the pod alone: on its way out, done, or annotated to be ignored.
pub(super) fn quiet(pod: &Pod, r#type: &str) -> bool {
    pod.metadata.deleted.is_some()
        || pod.status.phase == "Succeeded"
        || ignored(&pod.metadata.annotations, r#type)
}

/// Whether `kubegraf.io/ignore` names the type.
pub(super) fn ignored(annotations: &crate::objects::Map, r#type: &str) -> bool {
    annotations
        .get("kubegraf.io/ignore")
        .is_some_and(|list| list.split(',').any(|id| id.trim() == r#type))
}
