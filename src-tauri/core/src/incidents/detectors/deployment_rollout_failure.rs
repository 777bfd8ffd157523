//! Rollouts that do not get through.

use kubegraf_ipc::incident::EvidenceSource;

use super::super::{
    evidence::{self, seen},
    graph::Graph,
    signal::{Place, Signal},
};
use super::{Look, detector};
use crate::objects::{Condition, Deployment, Object, ReplicaSet, condition};

detector!(
    DeploymentRolloutFailure,
    "deployment_rollout_failure",
    High,
    [Deployments],
    0,
    "a Deployment that is not paused reports ProgressDeadlineExceeded, or every pod of its newest ReplicaSet shows a symptom above while the rollout is unfinished",
    detect
);

fn detect<'a>(look: Look<'_, 'a>) -> Vec<Signal<'a>> {
    look.all::<Deployment>()
        .filter(|one| !one.spec.paused && one.spec.replicas != Some(0))
        .filter_map(|one| find(look, one))
        .collect()
}

/// The ReplicaSet of the present template: the one the Deployment's revision names, else the newest.
pub(in super::super) fn newest<'a>(
    graph: &Graph<'a>,
    deployment: &Deployment,
) -> Option<&'a ReplicaSet> {
    let sets = graph.revisions(deployment);
    let revision = deployment
        .metadata
        .annotations
        .get("deployment.kubernetes.io/revision")
        .and_then(|text| text.parse().ok());
    let named = sets
        .iter()
        .find(|set| revision.is_some() && set.revision() == revision);
    named.or(sets.last()).copied()
}

fn find<'a>(look: Look<'_, 'a>, deployment: &'a Deployment) -> Option<Signal<'a>> {
    let graph = look.graph;
    let late = condition(&deployment.status.conditions, "Progressing").is_some_and(exceeded);
    let wanted = deployment.spec.replicas.unwrap_or(1);
    let through = |set: &ReplicaSet| set.status.ready_replicas >= wanted;
    if !late && newest(graph, deployment).is_none_or(through) {
        return None;
    }
    let object = deployment.reference();
    let signal = |first_seen: Option<i64>, evidence| Signal {
        place: Place::Deployment(deployment),
        ..look.object(object.clone(), first_seen, evidence)
    };
    let progressing = condition(&deployment.status.conditions, "Progressing");
    if let Some(failed) = progressing.filter(|one| exceeded(one)) {
        let evidence = evidence::condition(&object, failed);
        return Some(signal(failed.last_transition_time, evidence));
    }
    let set = newest(graph, deployment)?;
    let replicas = deployment.spec.replicas.unwrap_or(1);
    if set.status.ready_replicas >= replicas {
        return None;
    }
    let pods: Vec<_> = graph
        .pods_of(set)
        .into_iter()
        .filter(|pod| pod.metadata.deleted.is_none())
        .collect();
    let failing: Vec<_> = pods
        .iter()
        .filter_map(|pod| {
            look.earlier()
                .find(|signal| signal.pod().is_some_and(|p| std::ptr::eq(p, *pod)))
        })
        .collect();
    if pods.is_empty() || failing.len() < pods.len() {
        return None;
    }
    let since = failing.iter().map(|signal| signal.first_seen).min();
    let of_set = |name: &str, value: u32| {
        seen(
            set.reference(),
            format!("status.{name}"),
            value,
            EvidenceSource::Status,
            since,
        )
    };
    let evidence = vec![
        of_set("replicas", set.status.replicas),
        of_set("readyReplicas", set.status.ready_replicas),
        seen(
            object.clone(),
            "status.updatedReplicas",
            deployment.status.updated_replicas,
            EvidenceSource::Status,
            since,
        ),
    ];
    Some(signal(since, evidence))
}

fn exceeded(condition: &Condition) -> bool {
    condition.status == "False" && condition.reason == "ProgressDeadlineExceeded"
}

#[cfg(test)]
mod tests {
    use super::super::super::fixtures::{Object, Scene, deployment, pod, replica_set, symptoms};

    fn rollout(new: super::super::super::fixtures::PodText) -> Vec<Object> {
        vec![
            deployment("web", 2).revision(2).into(),
            replica_set("web", 1).image("reg.io/web:v1").ready(2).into(),
            replica_set("web", 2).image("reg.io/web:v2").pods(1).into(),
            new.of("web", 2).into(),
        ]
    }

    /// Covers: INC-07, DEP-08
    #[test]
    fn a_rollout_fails_when_all_its_new_pods_do_or_its_deadline_passes() {
        let failing = rollout(pod("web-2-a").waiting("ImagePullBackOff", "x"));
        assert_eq!(
            symptoms(&Scene::of(failing)),
            [["deployment_rollout_failure", "image_pull_error"]]
        );
        let late = deployment("web", 2).progressing("False", "ProgressDeadlineExceeded", 30);
        assert_eq!(
            symptoms(&Scene::of([late.into()])),
            [["deployment_rollout_failure"]]
        );
    }

    /// Covers: INC-07
    #[test]
    fn a_rollout_within_its_deadline_and_a_paused_one_stay_quiet() {
        let creating = rollout(pod("web-2-a").created(30).waiting("ContainerCreating", ""));
        assert!(Scene::of(creating).evaluate().is_empty());
        let paused =
            deployment("web", 2)
                .paused()
                .progressing("False", "ProgressDeadlineExceeded", 30);
        assert!(Scene::of([paused.into()]).evaluate().is_empty());
        let zero = deployment("web", 0).progressing("False", "ProgressDeadlineExceeded", 30);
        assert!(Scene::of([zero.into()]).evaluate().is_empty());
    }
}
