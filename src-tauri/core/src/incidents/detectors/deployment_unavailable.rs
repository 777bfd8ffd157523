//! Deployments that do not have the pods they need, for whatever reason.

use kubegraf_ipc::incident::EvidenceSource;

use super::super::{
    containers,
    evidence::{self, seen},
    graph::Graph,
    probes::{self, Which},
    signal::{Place, Signal},
};
use super::{Look, detector};
use crate::objects::{Deployment, Object, Pod, condition};

/// How long a rollout may take where the Deployment does not say; seconds.
const DEADLINE: i64 = 600;

detector!(
    DeploymentUnavailable,
    "deployment_unavailable",
    High,
    [Deployments],
    300,
    "a Deployment that is not paused reports MinimumReplicasUnavailable for five minutes, no rollout of it is within its deadline and its pods are past their first probes",
    detect
);

fn detect<'a>(look: Look<'_, 'a>) -> Vec<Signal<'a>> {
    look.all::<Deployment>()
        .filter(|one| !one.spec.paused && one.spec.replicas != Some(0))
        .filter_map(|one| find(look, one))
        .collect()
}

fn find<'a>(look: Look<'_, 'a>, deployment: &'a Deployment) -> Option<Signal<'a>> {
    let graph = look.graph;
    let conditions = &deployment.status.conditions;
    let lacks = condition(conditions, "Available").filter(|one| one.status == "False")?;
    let at = lacks.last_transition_time;
    let young = !look.lasted(at);
    if young || rolling(graph, deployment) || starting(graph, deployment) {
        return None;
    }
    let object = deployment.reference();
    let mut evidence = evidence::condition(&object, lacks);
    evidence.push(seen(
        object.clone(),
        "status.availableReplicas",
        deployment.status.available_replicas,
        EvidenceSource::Status,
        at,
    ));
    Some(Signal {
        place: Place::Deployment(deployment),
        ..look.object(object, at, evidence)
    })
}

/// Whether a rollout is under way and within its deadline.
fn rolling(graph: &Graph<'_>, deployment: &Deployment) -> bool {
    let Some(progress) = condition(&deployment.status.conditions, "Progressing") else {
        return false;
    };
    let deadline = deployment
        .spec
        .progress_deadline_seconds
        .unwrap_or(DEADLINE);
    let last = progress.last_update_time.or(progress.last_transition_time);
    progress.status == "True"
        && progress.reason != "NewReplicaSetAvailable"
        && last.is_some_and(|at| !graph.passed(at, deadline))
}

/// Whether every pod that is not ready is still within the first budget of its readiness probe.
fn starting(graph: &Graph<'_>, deployment: &Deployment) -> bool {
    let Some(set) = super::newest(graph, deployment) else {
        return false;
    };
    let waiting: Vec<&Pod> = graph
        .pods_of(set)
        .into_iter()
        .filter(|pod| pod.metadata.deleted.is_none() && !ready(pod))
        .collect();
    !waiting.is_empty() && waiting.into_iter().all(|pod| young(graph, pod))
}

/// Whether a pod's containers are within the first budget of their readiness probes.
pub(super) fn young(graph: &Graph<'_>, pod: &Pod) -> bool {
    containers::of(pod).all(|one| {
        let probe = one.spec.and_then(|spec| Which::Readiness.of(spec));
        let since = one
            .status
            .state
            .running
            .as_ref()
            .and_then(|run| run.started_at);
        one.status.ready
            || probe
                .zip(since)
                .is_some_and(|(probe, at)| !graph.passed(at, probes::budget(probe, 2).max(30)))
    })
}

/// Whether a pod says that it is ready.
pub(in super::super) fn ready(pod: &Pod) -> bool {
    condition(&pod.status.conditions, "Ready").is_some_and(|ready| ready.status == "True")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::super::fixtures::{Scene, deployment, text, types};

    #[test]
    fn a_deployment_without_its_pods_is_seen_after_a_while() {
        let short = |ago, reason: &str, updated| {
            let conditions = json!([
                {"type": "Available", "status": "False", "reason": "MinimumReplicasUnavailable", "lastTransitionTime": text(ago)},
                {"type": "Progressing", "status": "True", "reason": reason, "lastUpdateTime": text(updated)}]);
            Scene::of([deployment("web", 2)
                .set("/status/conditions", conditions)
                .into()])
        };
        let done = "NewReplicaSetAvailable";
        assert_eq!(types(&short(301, done, 9_000)), ["deployment_unavailable"]);
        assert_eq!(types(&short(299, done, 9_000)), [""; 0]);
        assert_eq!(types(&short(400, "ReplicaSetUpdated", 399)), [""; 0]);
        let late = short(700, "ReplicaSetUpdated", 650);
        assert_eq!(types(&late), ["deployment_unavailable"]);
    }
}
