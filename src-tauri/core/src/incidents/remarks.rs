//! What is worth a word though nothing is broken by it: leftovers and rules about nothing. A remark has no cause, no fix and no
//! life, and is never an incident.

use kubegraf_ipc::object::ObjectRef;

use super::{
    detectors,
    graph::{Graph, selected},
    routes,
    snapshot::{Kind, Snapshot},
};
use crate::objects::{Object, PersistentVolume, PodDisruptionBudget, Service};

/// Something worth a word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    /// Which sort, stable API.
    pub note: &'static str,
    /// The object it is about.
    pub object: ObjectRef,
    /// One sentence, without a full stop.
    pub text: String,
}

/// A sort of remark.
struct Sort {
    note: &'static str,
    /// Nothing is said unless these kinds were read.
    reads: &'static [Kind],
    find: fn(&Graph<'_>) -> Vec<(ObjectRef, String)>,
}

const SORTS: &[Sort] = &[
    Sort {
        note: "service_unused",
        reads: &[Kind::Services, Kind::Pods],
        find: unused,
    },
    Sort {
        note: "volume_released",
        reads: &[Kind::Volumes],
        find: released,
    },
    Sort {
        note: "budget_covers_nothing",
        reads: &[Kind::Budgets, Kind::Pods],
        find: idle,
    },
];

/// Every remark on a snapshot, by sort and then by name.
#[must_use]
pub fn remarks(snapshot: &Snapshot) -> Vec<Remark> {
    let snapshot = snapshot.in_order();
    let graph = Graph::new(&snapshot);
    let known = |sort: &&Sort| sort.reads.iter().all(|kind| graph.knows(*kind));
    let sorts = SORTS.iter().filter(known);
    sorts
        .flat_map(|sort| {
            let found = (sort.find)(&graph).into_iter();
            found.map(|(object, text)| Remark {
                note: sort.note,
                object,
                text,
            })
        })
        .collect()
}

/// Services that lead nowhere and that nobody is known to want; those that are wanted are incidents.
fn unused(graph: &Graph<'_>) -> Vec<(ObjectRef, String)> {
    let empty = detectors::without_ready_pod(graph);
    let services = graph.all::<Service>().filter(|service| {
        let meta = &service.metadata;
        empty.contains(&(&*meta.namespace, &*meta.name))
            && meta.deleted.is_none()
            && service.spec.r#type != "ExternalName"
            && !routes::wanted(graph, service)
            && routes::meant(graph, service).is_none()
            && !graph
                .workloads_in(&meta.namespace)
                .any(|workload| selected(service, workload))
    });
    let text = "selects no pod and no workload, and nothing is known to call it";
    services
        .map(|service| (service.reference(), text.to_owned()))
        .collect()
}

/// Volumes that keep the data of a claim that is gone, and that no other claim can take.
fn released(graph: &Graph<'_>) -> Vec<(ObjectRef, String)> {
    let volumes = graph.all::<PersistentVolume>().filter(|volume| {
        volume.status.phase == "Released"
            && volume.spec.persistent_volume_reclaim_policy == "Retain"
    });
    let of = |volume: &PersistentVolume| match &volume.spec.claim_ref {
        Some(claim) => format!("of claim \"{}/{}\"", claim.namespace, claim.name),
        None => "of a claim that is gone".to_owned(),
    };
    volumes
        .map(|volume| {
            let text = format!(
                "keeps the data {} and is free for no other claim before its claimRef is cleared",
                of(volume)
            );
            (volume.reference(), text)
        })
        .collect()
}

/// Budgets that protect nothing.
fn idle(graph: &Graph<'_>) -> Vec<(ObjectRef, String)> {
    let budgets = graph.all::<PodDisruptionBudget>().filter(|budget| {
        let selector = &budget.spec.selector;
        // Without a word about labels it covers every pod, or with no selector at all none: the two read alike.
        let says = !selector.match_labels.is_empty() || !selector.match_expressions.is_empty();
        let mut workloads = graph.workloads_in(&budget.metadata.namespace);
        says && budget.metadata.deleted.is_none()
            && !workloads.any(|workload| selector.matches(workload.labels))
    });
    let text = "selects the pods of no workload, so it holds up no eviction";
    budgets
        .map(|budget| (budget.reference(), text.to_owned()))
        .collect()
}
