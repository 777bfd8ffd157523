//! A quota raised to what is used and what is still needed.

use kubegraf_ipc::incident::{Patch, PatchType};
use serde_json::{Value, json};

use super::{Built, Case};
use crate::{
    incidents::{causes::creation, detectors, quotas},
    objects::ResourceQuota,
    quantity,
};

pub(super) fn raise(case: &Case<'_, '_>) -> Option<Built> {
    let target = case.candidate.map(|candidate| &candidate.target)?;
    let quota: &ResourceQuota = case.graph.get(&target.namespace, &target.name)?;
    let waiting = detectors::refused(case.graph, &target.namespace);
    let mut hard = serde_json::Map::new();
    let mut lines = Vec::new();
    for one in quotas::blocked(case.graph, quota, waiting.iter()) {
        if creation::cause_of(&one.resource) != case.cause || hard.contains_key(&one.resource) {
            continue;
        }
        let (used, need) = (quantity::number(&one.used)?, one.need);
        let wanted = used + need;
        let bytes = one.resource.contains("memory") || one.resource.contains("storage");
        let text = if bytes && one.resource != "persistentvolumeclaims" {
            if need <= 1.0 {
                continue;
            }
            quantity::memory((wanted / 1_048_576.0).ceil() as u64 * 1_048_576)
        } else {
            quantity::plain(wanted)
        };
        lines.push(format!(
            "spec.hard[{}]: {} → {text}",
            one.resource, one.hard
        ));
        hard.insert(one.resource, text.into());
    }
    (!hard.is_empty()).then(|| Built {
        description: format!("Raise quota \"{}\" to what is needed", target.name),
        preview: lines.join("\n"),
        target: target.clone(),
        patch: Some(Patch {
            r#type: PatchType::Merge,
            body: json!({"spec": {"hard": Value::Object(hard)}}).to_string(),
        }),
    })
}
