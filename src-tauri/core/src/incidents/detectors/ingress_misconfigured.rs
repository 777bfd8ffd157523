//! Ingresses that lead nowhere.

use kubegraf_ipc::incident::EvidenceSource;

use super::super::{
    causes::services::{faults, reference},
    evidence::seen,
    signal::Signal,
};
use super::{Look, detector};
use crate::objects::Ingress;

detector!(
    IngressMisconfigured,
    "ingress_misconfigured",
    High,
    [Ingresses],
    60,
    "an Ingress names a Service, port, class or TLS Secret that does not exist, a TLS Secret without its keys, or the host and path of an older Ingress",
    detect
);

fn detect<'a>(look: Look<'_, 'a>) -> Vec<Signal<'a>> {
    look.all::<Ingress>()
        .filter(|ingress| look.lasted(ingress.metadata.created))
        .filter_map(|ingress| {
            let faults = faults(look.graph, ingress);
            let object = reference(ingress);
            let evidence: Vec<_> = faults
                .into_iter()
                .map(|(_, field, words)| {
                    seen(object.clone(), field, words, EvidenceSource::Spec, None)
                })
                .collect();
            let begun = ingress.metadata.created;
            (!evidence.is_empty()).then(|| look.object(object, begun, evidence))
        })
        .collect()
}
