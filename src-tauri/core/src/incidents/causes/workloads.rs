//! Why a workload's controller does not get on: what it names is not there, or the way it replaces pods.

use kubegraf_ipc::incident::EvidenceSource;

use super::{Candidate, Class};
use crate::{
    incidents::{
        evidence::{against, seen},
        graph::Graph,
        nearest::nearest,
        signal::Signal,
    },
    objects::{Service, StatefulSet, StorageClass},
};

/// The Service that a StatefulSet names and that does not exist.
pub(super) fn service<'a>(graph: &Graph<'a>, signal: &Signal<'a>) -> Option<Candidate> {
    let set: &StatefulSet = graph.get(&signal.object.namespace, &signal.object.name)?;
    let (namespace, wanted) = (&*set.metadata.namespace, &set.spec.service_name);
    if !lacks_service(graph, set) {
        return None;
    }
    let services = graph.of::<Service>(namespace).iter();
    let near = nearest(wanted, services.map(|one| &*one.metadata.name));
    let more = near.map_or_else(String::new, |near| format!("; \"{near}\" does"));
    let mut candidate = Candidate::new(
        &signal.object,
        format!("Service \"{wanted}\" does not exist"),
        format!(
            "StatefulSet \"{}\" names Service \"{wanted}\", which does not exist{more}, so that its pods have no names of their own",
            set.metadata.name
        ),
    );
    if let Some(near) = near {
        let observed = seen(
            signal.object.clone(),
            "spec.serviceName",
            wanted,
            EvidenceSource::Computed,
            None,
        );
        candidate.evidence.push(against(observed, near));
    }
    candidate.base = Some(Class::Computed.base());
    Some(candidate)
}

/// Whether the Service that a StatefulSet names does not exist.
pub(in super::super) fn lacks_service(graph: &Graph<'_>, set: &StatefulSet) -> bool {
    let name = &set.spec.service_name;
    !name.is_empty()
        && graph.knows(crate::incidents::snapshot::Kind::Services)
        && graph
            .get::<Service>(&set.metadata.namespace, name)
            .is_none()
}

/// The class that a claim template of a StatefulSet names and that does not exist, with its place.
pub(in super::super) fn lacks_class<'s>(
    graph: &Graph<'_>,
    set: &'s StatefulSet,
) -> Option<(usize, &'s str)> {
    let templates = set.spec.volume_claim_templates.iter().enumerate();
    templates
        .filter_map(|(index, one)| Some((index, one.spec.storage_class_name.as_deref()?)))
        .find(|(_, class)| {
            !class.is_empty()
                && graph.knows(crate::incidents::snapshot::Kind::StorageClasses)
                && graph.get::<StorageClass>("", class).is_none()
        })
}

/// The class of a StatefulSet's claims that does not exist.
pub(super) fn class<'a>(graph: &Graph<'a>, signal: &Signal<'a>) -> Option<Candidate> {
    let set: &StatefulSet = graph.get(&signal.object.namespace, &signal.object.name)?;
    let (_, class) = lacks_class(graph, set)?;
    let classes = graph.every::<StorageClass>();
    let near = nearest(class, classes.map(|one| &*one.metadata.name));
    let more = near.map_or_else(String::new, |near| format!("; \"{near}\" does"));
    Some(Candidate::new(
        &signal.object,
        format!("storage class \"{class}\" does not exist"),
        format!(
            "the claims of StatefulSet \"{}\" ask for storage class \"{class}\", which does not exist{more}",
            set.metadata.name
        ),
    ))
}
