//! Services that get no balancer.

use kubegraf_ipc::incident::EvidenceSource;

use super::super::{
    containers,
    evidence::{self, seen},
    graph::Graph,
    signal::Signal,
};
use super::{Earlier, detector};
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

fn balancer<'a>(
    graph: &Graph<'a>,
    _: Earlier<'_, 'a>,
    r#type: &'static str,
    threshold: i64,
) -> Vec<Signal<'a>> {
    let waiting = graph.all::<Service>().filter(|service| {
        let meta = &service.metadata;
        service.spec.r#type == "LoadBalancer"
            && service.status.load_balancer.ingress.is_empty()
            && service.spec.external_ips.is_empty()
            && meta.deleted.is_none()
            && meta.created.is_none_or(|at| graph.passed(at, threshold))
            && !containers::ignored(&meta.annotations, r#type)
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
            let begun = service.metadata.created.unwrap_or_else(|| graph.now());
            Signal::of(r#type, object, begun, evidence)
        })
        .collect()
}
