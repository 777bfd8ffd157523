//! Ingresses that lead nowhere.

use kubegraf_ipc::incident::{EvidenceSource, Severity};

use super::super::{
    causes::services::{faults, reference},
    containers,
    evidence::seen,
    graph::Graph,
    signal::Signal,
    snapshot::Kind,
};
use super::{Detector, Earlier};
use crate::objects::Ingress;

/// `ingress_misconfigured`
pub(super) struct IngressMisconfigured;

impl Detector for IngressMisconfigured {
    fn r#type(&self) -> &'static str {
        "ingress_misconfigured"
    }
    fn severity(&self) -> Severity {
        Severity::High
    }
    fn reads(&self) -> &'static [Kind] {
        &[Kind::Ingresses]
    }
    fn threshold(&self) -> i64 {
        60
    }
    fn doc(&self) -> &'static str {
        "an Ingress names a Service, port, class or TLS Secret that does not exist, a TLS Secret without its keys, or the host and path of an older Ingress"
    }
    fn detect<'a>(&self, graph: &Graph<'a>, _: Earlier<'_, 'a>) -> Vec<Signal<'a>> {
        let mut signals = Vec::new();
        for ingress in graph.all::<Ingress>() {
            let meta = &ingress.metadata;
            let young = meta
                .created
                .is_some_and(|at| !graph.passed(at, self.threshold()));
            let quiet = containers::ignored(&meta.annotations, self.r#type());
            let faults = faults(graph, ingress);
            if young || quiet || meta.deleted.is_some() || faults.is_empty() {
                continue;
            }
            let object = reference(ingress);
            let evidence = faults
                .into_iter()
                .map(|(_, field, words)| {
                    seen(object.clone(), field, words, EvidenceSource::Spec, None)
                })
                .collect();
            let begun = meta.created.unwrap_or_else(|| graph.now());
            signals.push(Signal::of(self.r#type(), object, begun, evidence));
        }
        signals
    }
}
