//! Services that get no balancer.

use kubegraf_ipc::incident::EvidenceSource;

use super::super::{
    evidence::{self, seen},
    signal::Signal,
};
use super::{Look, detector};
use crate::objects::{Object, Service};

detector!(
    LoadBalancerPending,
    "load_balancer_pending",
    Medium,
    [Services],
    300,
    "a Service of type LoadBalancer has had no address for five minutes",
    balancer
);

fn balancer<'a>(look: Look<'_, 'a>) -> Vec<Signal<'a>> {
    let graph = look.graph;
    let waiting = look.all::<Service>().filter(|service| {
        service.spec.r#type == "LoadBalancer"
            && service.status.load_balancer.ingress.is_empty()
            && service.spec.external_ips.is_empty()
            && look.lasted(service.metadata.created)
    });
    waiting
        .map(|service| {
            let object = service.reference();
            let mut evidence = vec![seen(
                object.clone(),
                "status.loadBalancer.ingress",
                Vec::<&str>::new(),
                EvidenceSource::Status,
                None,
            )];
            let told = graph
                .events_about(&object)
                .filter(|event| {
                    matches!(
                        &*event.reason,
                        "SyncLoadBalancerFailed"
                            | "UnAvailableLoadBalancer"
                            | "CreatingLoadBalancerFailed"
                            | "AllocationFailed"
                    )
                })
                .last();
            evidence.extend(told.map(evidence::event));
            let begun = service.metadata.created;
            look.object(object, begun, evidence)
        })
        .collect()
}
