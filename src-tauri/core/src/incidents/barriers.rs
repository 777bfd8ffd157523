//! Whom a workload must reach and may not: what it calls, and whoever answers for names, against what
//! NetworkPolicies let through.

use super::{
    calls::Call,
    graph::{Graph, selects},
    policies::{self, Blocked, Port},
    workloads::Workload,
};
use crate::objects::{Pod, Service};

/// A way that a workload needs and that is closed.
pub(super) struct Barrier<'g, 'a> {
    /// What closes it.
    pub blocked: Blocked<'a>,
    /// The pod that is kept back.
    pub from: &'a Pod,
    /// Whom it must reach; `None` where nothing is known of who answers for names.
    pub service: Option<&'a Service>,
    /// On which port of its pods.
    pub port: Port,
    /// The address that says so; `None` for names.
    pub call: Option<&'g Call>,
}

/// Others that work behind the same barrier until it counts as one that nobody minds.
const BORNE: usize = 2;

/// The first way that a workload needs and that is closed for all of its pods' peers.
pub(super) fn of<'g, 'a>(graph: &'g Graph<'a>, workload: &Workload<'a>) -> Option<Barrier<'g, 'a>> {
    let calls = graph.calls_of(&workload.object);
    if calls.is_empty() {
        return None;
    }
    let pods = graph.pods_under(workload);
    let from = pods
        .into_iter()
        .find(|pod| pod.metadata.deleted.is_none() && !pod.node_name.is_empty())?;
    // Whoever calls by name must be able to ask for it first.
    names(graph, from).or_else(|| {
        calls
            .iter()
            .find_map(|call| to(graph, from, call))
            .filter(|barrier| !borne(graph, workload, barrier))
    })
}

fn names<'g, 'a>(graph: &'g Graph<'a>, from: &'a Pod) -> Option<Barrier<'g, 'a>> {
    if matches!(&*from.spec.dns_policy, "Default" | "None") {
        return None;
    }
    let service = policies::names(graph);
    let peers = service.map_or_else(Vec::new, |service| behind(graph, service));
    let port = Port {
        protocol: "UDP".into(),
        number: 53,
    };
    let blocked = match service.filter(|_| !peers.is_empty()) {
        None => policies::from_names(graph, from)?,
        Some(service) => all(graph, from, service, &peers, |pod| {
            policies::behind(service, Some(53), pod).map(|found| Port {
                number: found.number,
                ..port.clone()
            })
        })?,
    };
    Some(Barrier {
        blocked,
        from,
        service,
        port,
        call: None,
    })
}

fn to<'g, 'a>(graph: &'g Graph<'a>, from: &'a Pod, call: &'g Call) -> Option<Barrier<'g, 'a>> {
    let service = graph.get::<Service>(&call.namespace, &call.service)?;
    let peers = behind(graph, service);
    let port = policies::behind(service, call.port, peers.first()?)?;
    let blocked = all(graph, from, service, &peers, |pod| {
        policies::behind(service, call.port, pod)
    })?;
    Some(Barrier {
        blocked,
        from,
        service: Some(service),
        port,
        call: Some(call),
    })
}

/// What keeps a pod from every pod behind a Service.
fn all<'a>(
    graph: &Graph<'a>,
    from: &Pod,
    service: &Service,
    peers: &[&'a Pod],
    port: impl Fn(&Pod) -> Option<Port>,
) -> Option<Blocked<'a>> {
    let address = &service.spec.cluster_ip;
    let mut found = None;
    for peer in peers {
        let blocked = policies::between(graph, from, peer, &port(peer)?, address)?;
        found = found.or(Some(blocked));
    }
    found
}

fn behind<'a>(graph: &Graph<'a>, service: &Service) -> Vec<&'a Pod> {
    let pods = graph.of::<Pod>(&service.metadata.namespace).iter();
    pods.map(AsRef::as_ref)
        .filter(|pod: &&Pod| {
            pod.metadata.deleted.is_none()
                && !matches!(&*pod.status.phase, "Succeeded" | "Failed")
                && selects(service, pod)
        })
        .collect()
}

/// Whether others call the same, are kept from it as well, and work.
fn borne(graph: &Graph<'_>, workload: &Workload<'_>, barrier: &Barrier<'_, '_>) -> bool {
    let Some(call) = barrier.call else {
        return false;
    };
    let same = |other: &Call| {
        (&other.namespace, &other.service, other.port)
            == (&call.namespace, &call.service, call.port)
    };
    let works = |one: &Workload<'_>| {
        let counts = one.ready.zip(one.desired);
        counts.is_some_and(|(ready, desired)| desired > 0 && ready >= desired)
    };
    let others = graph.calls().filter(|(other, calls)| {
        *other != workload.object
            && calls.iter().any(same)
            && graph.workload(other).is_some_and(|one| {
                let mut pods = graph.pods_under(one).into_iter();
                works(one) && pods.any(|pod| to(graph, pod, call).is_some())
            })
    });
    others.take(BORNE).count() >= BORNE
}
