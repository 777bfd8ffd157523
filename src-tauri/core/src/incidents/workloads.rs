//! What runs pods, whatever its kind: the top-most controllers and the pods without one.

use std::collections::BTreeSet;

use kubegraf_ipc::object::ObjectRef;

use super::{graph::Graph, snapshot::Kind};
use crate::objects::{
    CronJob, DaemonSet, Deployment, Job, Map, Meta, Object, PodSpec, ReplicaSet, StatefulSet,
    Template,
};

/// A workload as the rules see it.
#[derive(Clone, Debug)]
pub struct Workload<'a> {
    /// The object itself.
    pub object: ObjectRef,
    /// Its metadata.
    pub meta: &'a Meta,
    /// What its pods look like.
    pub spec: &'a PodSpec,
    /// Labels of its pods.
    pub labels: &'a Map,
    /// Where the pod spec is in it: `spec.template.spec`; `spec` in a pod.
    pub path: &'static str,
    /// Pods it wants; `None` where it does not say.
    pub desired: Option<u32>,
    /// Pods it has ready, where its controller has said.
    pub ready: Option<u32>,
}

/// Every workload that is looked at, in name order. A Job of a CronJob and a ReplicaSet of a
/// Deployment are not workloads of their own.
pub(super) fn all<'a>(graph: &Graph<'a>) -> Vec<Workload<'a>> {
    const TEMPLATE: &str = "spec.template.spec";
    fn of<'a, T: Object>(
        object: &'a T,
        template: &'a Template,
        path: &'static str,
        desired: Option<u32>,
        ready: Option<u32>,
    ) -> Workload<'a> {
        Workload {
            object: object.reference(),
            meta: object.metadata(),
            spec: &template.spec,
            labels: &template.labels,
            path,
            desired,
            ready,
        }
    }
    let mut found = Vec::new();
    for one in graph.all::<Deployment>() {
        let seen = one.status.observed_generation > 0 || !one.status.conditions.is_empty();
        found.push(of(
            one,
            &one.spec.template,
            TEMPLATE,
            Some(one.spec.replicas.unwrap_or(1)),
            seen.then_some(one.status.ready_replicas),
        ));
    }
    for one in graph.all::<ReplicaSet>() {
        if one.metadata.controller().is_none() {
            let seen = one.status.observed_generation > 0;
            found.push(of(
                one,
                &one.spec.template,
                TEMPLATE,
                Some(one.spec.replicas.unwrap_or(1)),
                seen.then_some(one.status.ready_replicas),
            ));
        }
    }
    for one in graph.all::<StatefulSet>() {
        let seen = one.status.observed_generation.is_some();
        found.push(of(
            one,
            &one.spec.template,
            TEMPLATE,
            Some(one.spec.replicas.unwrap_or(1)),
            seen.then_some(one.status.ready_replicas),
        ));
    }
    for one in graph.all::<DaemonSet>() {
        let seen = one.status.observed_generation.is_some();
        found.push(of(
            one,
            &one.spec.template,
            TEMPLATE,
            seen.then_some(one.status.desired_number_scheduled),
            seen.then_some(one.status.number_ready),
        ));
    }
    for one in graph.all::<Job>() {
        let done = one.status.completion_time.is_some() || one.spec.suspend;
        if one.metadata.controller().is_none() && !done {
            found.push(of(one, &one.spec.template, TEMPLATE, None, None));
        }
    }
    for one in graph.all::<CronJob>() {
        if !one.spec.suspend {
            let template = &one.spec.job_template.spec.template;
            let path = "spec.jobTemplate.spec.template.spec";
            found.push(of(one, template, path, None, None));
        }
    }
    for pod in graph.bare_pods() {
        let over = matches!(pod.status.phase.as_str(), "Succeeded" | "Failed");
        if !over {
            found.push(Workload {
                object: pod.reference(),
                meta: &pod.metadata,
                spec: &pod.spec,
                labels: &pod.metadata.labels,
                path: "spec",
                desired: None,
                ready: None,
            });
        }
    }
    unread(graph, &mut found);
    found.retain(|workload| workload.meta.deleted.is_none());
    found.sort_by(|a, b| a.object.cmp(&b.object));
    found
}

/// Adds the controllers of pods that were not read: what is known of them is one of their pods.
fn unread<'a>(graph: &Graph<'a>, found: &mut Vec<Workload<'a>>) {
    let read = [Kind::ReplicaSets, Kind::StatefulSets, Kind::DaemonSets];
    if read.iter().all(|kind| graph.knows(*kind)) {
        return;
    }
    let mut known: BTreeSet<ObjectRef> = BTreeSet::new();
    for pod in graph.pods() {
        let Some(owner) = pod.metadata.controller() else {
            continue;
        };
        let read = match &*owner.kind {
            "ReplicaSet" => graph.knows(Kind::ReplicaSets) || graph.knows(Kind::Deployments),
            "StatefulSet" => graph.knows(Kind::StatefulSets),
            "DaemonSet" => graph.knows(Kind::DaemonSets),
            _ => true,
        };
        let over = matches!(pod.status.phase.as_str(), "Succeeded" | "Failed");
        if read || over {
            continue;
        }
        let object = ObjectRef {
            api_version: owner.api_version.to_string(),
            kind: owner.kind.to_string(),
            namespace: pod.metadata.namespace.to_string(),
            name: owner.name.to_string(),
            uid: Some(owner.uid.to_string()).filter(|uid| !uid.is_empty()),
        };
        if known.insert(object.clone()) {
            found.push(Workload {
                object,
                meta: &pod.metadata,
                spec: &pod.spec,
                labels: &pod.metadata.labels,
                path: "spec.template.spec",
                desired: None,
                ready: None,
            });
        }
    }
}

impl<'a> Workload<'a> {
    /// Its containers, init containers first, each with the name of its list.
    pub(super) fn containers(
        &self,
    ) -> impl Iterator<Item = (&'static str, &'a crate::objects::Container)> + use<'a> {
        let spec = self.spec;
        let init = spec
            .init_containers
            .iter()
            .map(|one| ("initContainers", one));
        init.chain(spec.containers.iter().map(|one| ("containers", one)))
    }

    /// Whether its pod template can be changed in place and its controller then replaces the pods.
    pub(super) fn rolls_out(&self) -> bool {
        matches!(
            self.object.kind.as_str(),
            "Deployment" | "StatefulSet" | "DaemonSet"
        )
    }
}
