//! Claims that get no volume, or have lost theirs.

use kubegraf_ipc::incident::{EvidenceSource, Severity};

use super::super::{
    containers,
    evidence::{self, seen},
    fit,
    graph::Graph,
    signal::Signal,
    snapshot::Kind,
};
use super::{Detector, Earlier};
use crate::objects::{Node, Object, PersistentVolumeClaim, Pod, condition};

/// `pvc_pending`
pub(super) struct PvcPending;

/// Reasons a provisioner or the binder gives for not serving a claim.
const REFUSALS: &[&str] = &["ProvisioningFailed", "FailedBinding"];
/// How long a provisioner outside the cluster may take; seconds.
const EXTERNAL: i64 = 300;

impl Detector for PvcPending {
    fn r#type(&self) -> &'static str {
        "pvc_pending"
    }
    fn severity(&self) -> Severity {
        Severity::High
    }
    fn reads(&self) -> &'static [Kind] {
        &[Kind::Claims]
    }
    fn threshold(&self) -> i64 {
        60
    }
    fn doc(&self) -> &'static str {
        "a claim is Pending for one minute (five while a provisioner works) and a pod uses it, or its class binds at once; a claim that waits for its first consumer does not count while nothing failed"
    }
    fn detect<'a>(&self, graph: &Graph<'a>, _: Earlier<'_, 'a>) -> Vec<Signal<'a>> {
        let mut signals = Vec::new();
        for claim in graph.all::<PersistentVolumeClaim>() {
            let meta = &claim.metadata;
            if claim.status.phase != "Pending"
                || meta.deleted.is_some()
                || containers::ignored(&meta.annotations, self.r#type())
            {
                continue;
            }
            let object = claim.reference();
            let events: Vec<_> = graph.events_about(&object).collect();
            let refused = events
                .iter()
                .rev()
                .find(|event| REFUSALS.contains(&&*event.reason));
            let external = events
                .iter()
                .any(|event| event.reason == "ExternalProvisioning");
            let limit = if external && refused.is_none() {
                EXTERNAL
            } else {
                self.threshold()
            };
            let young = meta.created.is_some_and(|at| !graph.passed(at, limit));
            let used = graph.of::<Pod>(&meta.namespace).iter().any(|pod| {
                pod.node_name.is_empty() && fit::claims(pod).any(|name| *name == *meta.name)
            });
            let waits = fit::waits(graph, claim);
            if young
                || waits && refused.is_none() && !external
                || !used && refused.is_none() && !graph.knows(Kind::StorageClasses)
            {
                continue;
            }
            let mut evidence = vec![seen(
                object.clone(),
                "status.phase",
                &claim.status.phase,
                EvidenceSource::Status,
                meta.created,
            )];
            evidence.extend(refused.map(|event| evidence::event(event)));
            let begun = meta.created.unwrap_or_else(|| graph.now());
            signals.push(Signal::of(self.r#type(), object, begun, evidence));
        }
        signals
    }
}

/// `pvc_lost`
pub(super) struct PvcLost;

impl Detector for PvcLost {
    fn r#type(&self) -> &'static str {
        "pvc_lost"
    }
    fn severity(&self) -> Severity {
        Severity::Critical
    }
    fn reads(&self) -> &'static [Kind] {
        &[Kind::Claims]
    }
    fn threshold(&self) -> i64 {
        0
    }
    fn doc(&self) -> &'static str {
        "a claim has lost its volume"
    }
    fn detect<'a>(&self, graph: &Graph<'a>, _: Earlier<'_, 'a>) -> Vec<Signal<'a>> {
        let lost = graph.all::<PersistentVolumeClaim>().filter(|claim| {
            claim.status.phase == "Lost"
                && !containers::ignored(&claim.metadata.annotations, self.r#type())
        });
        lost.map(|claim| {
            let object = claim.reference();
            let status = seen(
                object.clone(),
                "status.phase",
                "Lost",
                EvidenceSource::Status,
                None,
            );
            let begun = claim.metadata.created.unwrap_or_else(|| graph.now());
            Signal::of(self.r#type(), object, begun, vec![status])
        })
        .collect()
    }
}

/// `node_pressure`
pub(super) struct NodePressure;

impl Detector for NodePressure {
    fn r#type(&self) -> &'static str {
        "node_pressure"
    }
    fn severity(&self) -> Severity {
        Severity::High
    }
    fn reads(&self) -> &'static [Kind] {
        &[Kind::Nodes]
    }
    fn threshold(&self) -> i64 {
        60
    }
    fn doc(&self) -> &'static str {
        "a node that reports has MemoryPressure, DiskPressure, PIDPressure or NetworkUnavailable for one minute"
    }
    fn detect<'a>(&self, graph: &Graph<'a>, earlier: Earlier<'_, 'a>) -> Vec<Signal<'a>> {
        let mut signals = Vec::new();
        for node in graph.own::<Node>() {
            let object = node.reference();
            let down = earlier.signals(graph).any(|signal| signal.object == object);
            if down
                || node.metadata.deleted.is_some()
                || containers::ignored(&node.metadata.annotations, self.r#type())
            {
                continue;
            }
            let found = [
                "MemoryPressure",
                "DiskPressure",
                "PIDPressure",
                "NetworkUnavailable",
            ]
            .iter()
            .filter_map(|name| condition(&node.status.conditions, name))
            .find(|one| {
                let at = one.last_transition_time;
                one.status == "True" && at.is_none_or(|at| graph.passed(at, self.threshold()))
            });
            if let Some(one) = found {
                let field = format!("status.conditions[type={}].status", one.r#type);
                let at = one.last_transition_time;
                let evidence = vec![seen(
                    object.clone(),
                    field,
                    "True",
                    EvidenceSource::Status,
                    at,
                )];
                signals.push(Signal {
                    place: super::super::signal::Place::Node(node),
                    ..Signal::of(
                        self.r#type(),
                        object,
                        at.unwrap_or_else(|| graph.now()),
                        evidence,
                    )
                });
            }
        }
        signals
    }
}
