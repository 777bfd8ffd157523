//! Quotas that leave no room for what is wanted.

use kubegraf_ipc::incident::{EvidenceSource, Severity};

use super::super::{
    containers,
    evidence::{against, seen},
    graph::Graph,
    quotas,
    signal::Signal,
    snapshot::Kind,
};
use super::{Detector, Earlier};
use crate::objects::{Object, ResourceQuota};

/// `quota_exhausted`
pub(super) struct QuotaExhausted;

impl Detector for QuotaExhausted {
    fn r#type(&self) -> &'static str {
        "quota_exhausted"
    }
    fn severity(&self) -> Severity {
        Severity::High
    }
    fn reads(&self) -> &'static [Kind] {
        &[Kind::Quotas]
    }
    fn threshold(&self) -> i64 {
        0
    }
    fn doc(&self) -> &'static str {
        "a ResourceQuota leaves less than a workload of its namespace still needs, or it is full and what a reference names could not be made"
    }
    fn detect<'a>(&self, graph: &Graph<'a>, earlier: Earlier<'_, 'a>) -> Vec<Signal<'a>> {
        let mut signals = Vec::new();
        for quota in graph.all::<ResourceQuota>() {
            if containers::ignored(&quota.metadata.annotations, self.r#type()) {
                continue;
            }
            let blocked = quotas::blocked(graph, quota, earlier.signals(graph));
            let evidence: Vec<_> = blocked
                .iter()
                .map(|one| {
                    let field = format!("status.used[{}]", one.resource);
                    let object = quota.reference();
                    let used = seen(object, field, &one.used, EvidenceSource::Status, None);
                    against(
                        used,
                        format!("at most {} less what is still needed", one.hard),
                    )
                })
                .collect();
            let since = earlier
                .signals(graph)
                .filter(|signal| signal.object.namespace == quota.metadata.namespace)
                .filter(|signal| signal.r#type == "replica_creation_failed")
                .map(|signal| signal.first_seen)
                .min();
            if !evidence.is_empty() {
                let begun = since.unwrap_or_else(|| graph.now());
                signals.push(Signal::of(
                    self.r#type(),
                    quota.reference(),
                    begun,
                    evidence,
                ));
            }
        }
        signals
    }
}
