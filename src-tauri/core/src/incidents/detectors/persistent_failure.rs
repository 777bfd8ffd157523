//! What keeps failing and has no type of its own.

use std::collections::BTreeSet;

use kubegraf_ipc::{incident::EvidenceSource, object::ObjectRef};

use super::super::{
    containers,
    evidence::{self, masked, seen},
    graph::Graph,
    signal::{Place, Signal},
    snapshot::Existence,
};
use super::{Look, detector};
use crate::objects::{Event, Job, Object, Pod, ReplicaSet};

/// One Warning this often …
const OFTEN: u32 = 10;
/// … over this long and still within this long; seconds.
const LONG: i64 = 900;

detector!(
    PersistentFailure,
    "persistent_failure",
    Medium,
    [Pods],
    0,
    "no type above, and: a pod outside a Job failed and was not replaced; or a container that is never restarted ended with a code other than 0; or one Warning was seen ten times on an object over 15 minutes and within the last 15",
    detect
);

fn detect<'a>(look: Look<'_, 'a>) -> Vec<Signal<'a>> {
    let graph = look.graph;
    let known: BTreeSet<&ObjectRef> = look
        .earlier()
        .flat_map(|signal| [&signal.object, &signal.owner])
        .collect();
    let fresh =
        |signal: &Signal<'a>| !known.contains(&signal.object) && !known.contains(&signal.owner);
    let failed = look.pods().filter_map(|pod| failed(look, pod));
    let warned = graph.events().filter_map(|event| warned(look, event));
    let mut signals: Vec<_> = failed.chain(warned).filter(fresh).collect();
    signals.sort_by(|a, b| a.key().cmp(&b.key()));
    signals.dedup_by(|a, b| a.object == b.object);
    signals
}

fn failed<'a>(look: Look<'_, 'a>, pod: &'a Pod) -> Option<Signal<'a>> {
    let in_job = pod
        .metadata
        .controller()
        .is_some_and(|owner| owner.kind == "Job");
    let never = pod.spec.restart_policy == "Never";
    let ended = containers::of(pod).find(|container| {
        container
            .status
            .state
            .terminated
            .as_ref()
            .is_some_and(|end| end.exit_code != 0)
    });
    let phase = pod.status.phase == "Failed";
    if in_job || !(phase || never && ended.is_some()) || replaced(look.graph, pod) {
        return None;
    }
    let object = pod.reference();
    let status =
        |field: &str, value: &str| seen(object.clone(), field, value, EvidenceSource::Status, None);
    let mut evidence = vec![status("status.phase", &pod.status.phase)];
    if !pod.status.reason.is_empty() {
        evidence.push(status("status.reason", &pod.status.reason));
        evidence.push(status("status.message", &masked(&pod.status.message)));
    }
    let mut first_seen = None;
    if let Some((container, (path, end))) = ended.and_then(|c| Some((c, c.ended()?))) {
        first_seen = end.finished_at;
        evidence.push(container.observed(&format!("{path}.exitCode"), end.exit_code, first_seen));
        evidence.push(container.observed(&format!("{path}.reason"), &end.reason, first_seen));
    }
    Some(Signal {
        container: ended.map(containers::Seen::name),
        ..look.pod(pod, first_seen.or(pod.metadata.created), evidence)
    })
}

/// Whether the pod's owner has its pods again. A controller the engine has no type for is trusted to
/// replace what it lost.
pub(super) fn replaced(graph: &Graph<'_>, pod: &Pod) -> bool {
    if pod.metadata.controller().is_none() {
        return false;
    }
    graph
        .replica_set_of(pod)
        .is_none_or(|set| set.status.ready_replicas >= set.spec.replicas.unwrap_or(1))
}

/// The top-most controller of an object that is no pod; the object itself without one.
fn above(graph: &Graph<'_>, object: &ObjectRef) -> ObjectRef {
    let (namespace, name) = (&object.namespace, &object.name);
    let top = match object.kind.as_str() {
        "ReplicaSet" => graph
            .get::<ReplicaSet>(namespace, name)
            .and_then(|set| graph.top(set)),
        "Job" => graph
            .get::<Job>(namespace, name)
            .and_then(|job| graph.top(job)),
        _ => None,
    };
    top.unwrap_or_else(|| object.clone())
}

fn warned<'a>(look: Look<'_, 'a>, event: &'a Event) -> Option<Signal<'a>> {
    let graph = look.graph;
    if event.r#type != "Warning" || event.times() < OFTEN {
        return None;
    }
    let about = &event.involved_object;
    let object = ObjectRef {
        api_version: about.api_version.to_string(),
        kind: about.kind.to_string(),
        namespace: about.namespace.to_string(),
        name: about.name.to_string(),
        uid: Some(about.uid.to_string()).filter(|uid| !uid.is_empty()),
    };
    let (first, last) = (event.first_seen()?, event.last_seen()?);
    let long = last - first >= LONG && !graph.passed(last, LONG + 1);
    if !long || graph.existence(&object) == Existence::Gone {
        return None;
    }
    let pod = (about.kind == "Pod")
        .then(|| graph.pod(&about.namespace, &about.name))
        .flatten();
    if pod.is_some_and(|pod| {
        containers::quiet(pod, look.r#type)
            || (!about.uid.is_empty()
                && !pod.metadata.uid.is_empty()
                && pod.metadata.uid != about.uid)
    }) {
        return None;
    }
    let observed = |field, value: &str| {
        seen(
            event.reference(),
            field,
            value,
            EvidenceSource::Event,
            event.last_seen(),
        )
    };
    let evidence = vec![observed("reason", &event.reason), evidence::event(event)];
    Some(Signal {
        owner: pod.map_or_else(|| above(graph, &object), |pod| graph.owner(pod)),
        place: pod.map_or(Place::Other, Place::Pod),
        ..look.object(object, Some(first), evidence)
    })
}

#[cfg(test)]
mod tests {
    use super::super::super::fixtures::{self, Scene, event, pod};

    fn check(scene: &Scene, expected: &[&str]) {
        assert_eq!(fixtures::types(scene), expected);
    }

    /// Covers: INC-07, INC-02
    #[test]
    fn failed_pods_and_lasting_warnings_are_seen() {
        let bare = pod("once")
            .phase("Failed")
            .ended("Error", 3, 60, 0)
            .restart_policy("Never");
        check(&Scene::of([bare.into()]), &["persistent_failure"]);
        let warned = |first, last, count| {
            Scene::of([
                pod("web").running(9_000).into(),
                event("web", "FailedOtherwise", "it failed")
                    .seen(first, last, count)
                    .into(),
            ])
        };
        check(&warned(1_000, 10, 10), &["persistent_failure"]);
        check(&warned(1_000, 10, 9), &[]);
        check(&warned(800, 10, 50), &[]);
        check(&warned(9_000, 1_000, 50), &[]);
    }

    #[test]
    fn jobs_gone_objects_and_known_symptoms_stay_quiet() {
        let job = pod("j")
            .phase("Failed")
            .ended("Error", 3, 60, 0)
            .owner("batch/v1", "Job", "j");
        check(&Scene::of([job.into()]), &[]);
        let warning = || event("web", "Other", "it failed").seen(1_000, 10, 40);
        check(
            &Scene::of([pod("else").running(10).into(), warning().into()]),
            &[],
        );
        let known = pod("web").waiting("ImagePullBackOff", "x");
        check(
            &Scene::of([known.into(), warning().into()]),
            &["image_pull_error"],
        );
    }
}
