//! Quotas that leave no room for what is wanted.

use kubegraf_ipc::incident::EvidenceSource;

use super::super::{
    evidence::{against, seen},
    quotas,
    signal::Signal,
};
use super::{Look, detector};
use crate::objects::{Object, ResourceQuota};

detector!(
    QuotaExhausted,
    "quota_exhausted",
    High,
    [Quotas],
    0,
    "a ResourceQuota leaves less than a workload of its namespace still needs, or it is full and what a reference names could not be made",
    detect
);

fn detect<'a>(look: Look<'_, 'a>) -> Vec<Signal<'a>> {
    let graph = look.graph;
    let mut signals = Vec::new();
    for quota in look.all::<ResourceQuota>() {
        let blocked = quotas::blocked(graph, quota, look.earlier());
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
        let since = look
            .earlier()
            .filter(|signal| signal.object.namespace == quota.metadata.namespace)
            .filter(|signal| signal.r#type == "replica_creation_failed")
            .map(|signal| signal.first_seen)
            .min();
        if !evidence.is_empty() {
            signals.push(look.object(quota.reference(), since, evidence));
        }
    }
    signals
}
