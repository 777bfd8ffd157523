//! Services that select the pods of several workloads.

use std::collections::{BTreeMap, BTreeSet};

use kubegraf_ipc::{incident::EvidenceSource, object::ObjectRef};

use super::super::{
    evidence::seen,
    graph::{selected, selects},
    image,
    signal::Signal,
};
use super::{Look, detector, ready};
use crate::objects::{Object, Pod, Service, condition};

detector!(
    ServiceSelectorTooBroad,
    "service_selector_too_broad",
    Medium,
    [Services, Pods],
    900,
    "the ready pods behind a Service have belonged to several workloads for fifteen minutes that no label tells apart as versions of one",
    too_broad
);

/// Labels that tell versions of one workload apart.
const VERSIONS: &[&str] = &[
    "version",
    "track",
    "release-track",
    "canary",
    "color",
    "colour",
    "slot",
    "role",
    "shard",
    "app.kubernetes.io/version",
    "app.kubernetes.io/component",
    "rollouts-pod-template-hash",
];

fn too_broad<'a>(look: Look<'_, 'a>) -> Vec<Signal<'a>> {
    let graph = look.graph;
    let services = look.all::<Service>().filter(|service| {
        !service.spec.selector.is_empty()
            && service.spec.cluster_ip != "None"
            && service.spec.r#type != "ExternalName"
    });
    services
        .filter_map(|service| {
            let namespace = &*service.metadata.namespace;
            // Few Services select more than one workload: those are looked at closer.
            let mut workloads = graph
                .workloads_in(namespace)
                .filter(|one| selected(service, one));
            workloads.next()?;
            workloads.next()?;
            let pods = graph.of::<Pod>(namespace).iter().map(AsRef::as_ref);
            let mut by_owner: BTreeMap<ObjectRef, Vec<&Pod>> = BTreeMap::new();
            for pod in pods.filter(|pod: &&Pod| selects(service, pod) && ready(pod)) {
                let at = condition(&pod.status.conditions, "Ready")
                    .and_then(|one| one.last_transition_time);
                if look.lasted(at) {
                    by_owner.entry(graph.owner(pod)).or_default().push(pod);
                }
            }
            by_owner.retain(|owner, _| {
                matches!(&*owner.kind, "Deployment" | "StatefulSet" | "DaemonSet")
            });
            if by_owner.len() < 2 || of_one(&by_owner) {
                return None;
            }
            let object = service.reference();
            let mut evidence = vec![seen(
                object.clone(),
                "spec.selector",
                service.spec.selector.to_string(),
                EvidenceSource::Spec,
                None,
            )];
            let owners: Vec<String> = by_owner
                .keys()
                .map(|owner| format!("{}/{}", owner.kind, owner.name))
                .collect();
            evidence.push(seen(
                object.clone(),
                "endpoints",
                owners,
                EvidenceSource::Computed,
                None,
            ));
            let begun = service.metadata.created;
            Some(look.object(object, begun, evidence))
        })
        .collect()
}

/// Whether several workloads are versions of one: a label tells them apart, their names begin alike,
/// or they run the same program.
fn of_one(by_owner: &BTreeMap<ObjectRef, Vec<&Pod>>) -> bool {
    let pods = || by_owner.values().filter_map(|pods| pods.first());
    let labelled = VERSIONS
        .iter()
        .any(|key| pods().all(|pod| pod.metadata.labels.contains_key(key)));
    let marked = pods().any(|pod| {
        let labels = pod.metadata.labels.iter();
        labels.into_iter().any(|(key, value)| {
            **key == *"canary"
                || matches!(&**value, "canary" | "stable" | "preview" | "blue" | "green")
        })
    });
    let stem = |owner: &ObjectRef| owner.name.split('-').next().map(str::to_owned);
    let stems: BTreeSet<_> = by_owner.keys().map(stem).collect();
    let repository = |pod: &Pod| {
        let image = pod.spec.containers.first().map(|one| one.image.clone());
        image.and_then(|image| image::parse(&image).map(|image| image.repository.to_owned()))
    };
    let programs: BTreeSet<_> = pods().map(|pod| repository(pod)).collect();
    labelled || marked || stems.len() == 1 || programs.len() == 1
}
