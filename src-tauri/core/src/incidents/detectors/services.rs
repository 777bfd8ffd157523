//! Services that lead nowhere.

use std::collections::{BTreeSet, HashMap, HashSet};

use kubegraf_ipc::{incident::EvidenceSource, object::ObjectRef};

use super::super::{
    calls,
    evidence::{against, seen},
    graph::{Graph, selected, selects},
    routes,
    signal::Signal,
    snapshot::Kind,
};
use super::{Look, detector};
use crate::objects::{EndpointSlice, Object, Pod, Service, condition};

detector!(
    ServiceNoEndpoints,
    "service_no_endpoints",
    High,
    [Services],
    60,
    "a Service with a selector has no ready pod, and it is routed, called by a workload, or a workload's labels are nearly what it selects",
    without_endpoints
);

fn without_endpoints<'a>(look: Look<'_, 'a>) -> Vec<Signal<'a>> {
    let graph = look.graph;
    let mut signals = Vec::new();
    let empty = without_ready_pod(graph);
    for service in look.all::<Service>() {
        let meta = &service.metadata;
        if !look.lasted(meta.created)
            || service.spec.selector.is_empty()
            || service.spec.r#type == "ExternalName"
        {
            continue;
        }
        if graph.knows(Kind::Pods) && !empty.contains(&(&*meta.namespace, &*meta.name)) {
            continue;
        }
        let matched = graph
            .workloads_in(&meta.namespace)
            .filter(|one| selected(service, one))
            .count();
        let judged = !graph.knows(Kind::Pods)
            && if graph.knows(Kind::EndpointSlices) {
                addressed(graph, service)
            } else {
                matched > 0
            };
        // Pods its controller has not made yet, or has not been seen to make, prove nothing.
        let unseen = graph.without_pods() && matched > 0;
        // Pods that were not read may well be there.
        let unread = !graph.knows(Kind::Pods)
            && !graph.knows(Kind::EndpointSlices)
            && routes::meant(graph, service).is_none();
        if judged
            || unseen
            || unread
            || !routes::wanted(graph, service) && routes::meant(graph, service).is_none()
        {
            continue;
        }
        let object = service.reference();
        let mut evidence = vec![seen(
            object.clone(),
            "spec.selector",
            service.spec.selector.to_string(),
            EvidenceSource::Spec,
            None,
        )];
        evidence.push(seen(
            object.clone(),
            "endpoints",
            0,
            EvidenceSource::Computed,
            Some(graph.now()),
        ));
        let begun = meta.created;
        signals.push(look.object(object, begun, evidence));
    }
    signals
}

/// Whether an EndpointSlice of the Service holds a ready address.
fn addressed(graph: &Graph<'_>, service: &Service) -> bool {
    let meta = &service.metadata;
    let of_service = |slice: &&EndpointSlice| {
        let labels = &slice.metadata.labels;
        labels
            .get("kubernetes.io/service-name")
            .is_some_and(|name| *meta.name == **name)
    };
    graph
        .of::<EndpointSlice>(&meta.namespace)
        .iter()
        .map(AsRef::as_ref)
        .filter(of_service)
        .flat_map(|slice| &slice.endpoints)
        .any(|one| one.conditions.ready != Some(false))
}

/// Namespace and name of every Service with a selector that leads to no ready pod.
pub(in super::super) fn without_ready_pod<'a>(graph: &Graph<'a>) -> HashSet<(&'a str, &'a str)> {
    // By one pair of their selectors: a pod then meets only Services that ask for one of its labels.
    let mut open: HashMap<(&str, &str, &str), Vec<&'a Service>> = HashMap::new();
    for service in graph.all::<Service>() {
        if let Some((key, value)) = service.spec.selector.iter().next() {
            let namespace = &*service.metadata.namespace;
            let services = open.entry((namespace, &**key, &**value)).or_default();
            services.push(service);
        }
    }
    for pod in graph.pods() {
        let namespace = &*pod.metadata.namespace;
        let mut serving = None;
        for (key, value) in pod.metadata.labels.iter() {
            if let Some(services) = open.get_mut(&(namespace, &**key, &**value))
                && !services.is_empty()
                && *serving.get_or_insert_with(|| serves(pod))
            {
                services.retain(|service| !selects(service, pod));
            }
        }
    }
    open.into_values()
        .flatten()
        .map(|service| (&*service.metadata.namespace, &*service.metadata.name))
        .collect()
}

fn serves(pod: &Pod) -> bool {
    pod.metadata.deleted.is_none()
        && condition(&pod.status.conditions, "Ready").map_or_else(
            || {
                let all = &pod.status.container_statuses;
                !all.is_empty() && all.iter().all(|one| one.ready)
            },
            |ready| ready.status == "True",
        )
}

detector!(
    ServicePortMismatch,
    "service_port_mismatch",
    High,
    [Services],
    0,
    "a Service's targetPort is no port of the pods it selects, where those declare ports, or the protocol differs",
    wrong_ports
);

fn wrong_ports<'a>(look: Look<'_, 'a>) -> Vec<Signal<'a>> {
    let graph = look.graph;
    let mut services: Vec<&Service> = look.all().collect();
    services.sort_by_key(|service| (&service.metadata.namespace, &service.metadata.name));
    services
        .into_iter()
        .filter(|service| !calls::headless(service) && service.spec.r#type != "ExternalName")
        .filter_map(|service| {
            let wrong = routes::wrong_port(graph, service)?;
            let object = service.reference();
            let observed = seen(
                object.clone(),
                wrong.field(),
                wrong.observed(),
                EvidenceSource::Spec,
                None,
            );
            let evidence = vec![against(observed, wrong.meant())];
            let begun = service.metadata.created;
            Some(look.object(object, begun, evidence))
        })
        .collect()
}

detector!(
    WorkloadScaledToZero,
    "workload_scaled_to_zero",
    High,
    [Services],
    0,
    "a workload wants no pods while a Service on it is routed or called by another workload",
    scaled_to_zero
);

fn scaled_to_zero<'a>(look: Look<'_, 'a>) -> Vec<Signal<'a>> {
    let graph = look.graph;
    let mut signals = Vec::new();
    for workload in graph.workloads() {
        let by_design = workload
            .meta
            .annotations
            .iter()
            .any(|(key, _)| key.starts_with("autoscaling.keda.sh/"));
        if workload.desired != Some(0)
            || by_design
            || !matches!(workload.object.kind.as_str(), "Deployment" | "StatefulSet")
            || look.ignores(&workload.meta.annotations)
        {
            continue;
        }
        let services = graph.of::<Service>(&workload.meta.namespace).iter();
        let Some(service) = services
            .map(AsRef::as_ref)
            .find(|service| selected(service, workload) && routes::wanted(graph, service))
        else {
            continue;
        };
        let object = workload.object.clone();
        let evidence = vec![
            seen(
                object.clone(),
                "spec.replicas",
                0,
                EvidenceSource::Spec,
                None,
            ),
            seen(
                service.reference(),
                "endpoints",
                0,
                EvidenceSource::Computed,
                None,
            ),
        ];
        let begun = workload.meta.created;
        signals.push(look.object(object, begun, evidence));
    }
    signals
}

detector!(
    AddressMismatch,
    "address_mismatch",
    Medium,
    [Services],
    0,
    "an address in a workload's environment, arguments or ConfigMaps names no Service of the cluster or no port of it, the workload's pods fail or are not ready, and no two others hold it and work",
    wrong_addresses
);

fn wrong_addresses<'a>(look: Look<'_, 'a>) -> Vec<Signal<'a>> {
    let graph = look.graph;
    let mut signals = Vec::new();
    let ill: BTreeSet<&ObjectRef> = look
        .earlier()
        .filter(|signal| signal.pod().is_some())
        .map(|signal| &signal.owner)
        .collect();
    // Without any pod in the input nothing says that it works; a near name then decides.
    let unseen = graph.without_pods();
    for workload in graph.workloads() {
        let caller = &workload.object;
        let failing = ill.contains(caller);
        let short = workload
            .ready
            .zip(workload.desired)
            .is_some_and(|(ready, wanted)| ready < wanted);
        if !(failing || short || unseen) {
            continue;
        }
        let mut evidence = Vec::new();
        let calls = graph.calls_of(caller);
        for call in calls {
            let Some(wrong) = calls::harmful(graph, caller, call) else {
                continue;
            };
            let near = !matches!(wrong, calls::Mismatch::Service(None));
            if !(failing || short || unseen && near) {
                continue;
            }
            let observed = seen(
                call.holder.clone(),
                call.field.clone(),
                &call.value,
                EvidenceSource::Spec,
                None,
            );
            evidence.push(match &wrong {
                calls::Mismatch::Service(Some(name)) => against(observed, name),
                calls::Mismatch::Port(port) => against(observed, port),
                calls::Mismatch::Service(None) => observed,
            });
        }
        if !evidence.is_empty() {
            let begun = workload.meta.created;
            signals.push(look.object(caller.clone(), begun, evidence));
        }
    }
    signals
}
