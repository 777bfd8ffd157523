//! Claims that do not grow.

use kubegraf_ipc::incident::EvidenceSource;

use super::super::{
    causes::volumes::grows,
    evidence::{self, against, masked, seen},
    signal::Signal,
};
use super::{Look, detector};
use crate::objects::{Event, Object, PersistentVolumeClaim, StorageClass, condition};

detector!(
    VolumeExpandFailed,
    "volume_expand_failed",
    Medium,
    [Claims],
    300,
    "a claim's expansion has failed for five minutes, has waited an hour for its pod to be restarted, or its class does not allow what it asks for",
    expand
);

/// A volume that only its pod's restart makes larger may wait so long; seconds.
const RESTART: i64 = 3_600;

fn expand<'a>(look: Look<'_, 'a>) -> Vec<Signal<'a>> {
    let Look {
        graph, threshold, ..
    } = look;
    look.all::<PersistentVolumeClaim>()
        .filter_map(|claim| {
            let object = claim.reference();
            let conditions = [
                ("ControllerResizeError", threshold),
                ("NodeResizeError", threshold),
                ("ModifyVolumeError", threshold),
                ("FileSystemResizePending", RESTART),
            ];
            let failed = conditions.iter().find_map(|(name, limit)| {
                let one = condition(&claim.status.conditions, name)?;
                let at = one.last_transition_time;
                let lasted = at.is_none_or(|at| graph.passed(at, *limit));
                (one.status == "True" && lasted).then_some(one)
            });
            let told = look.told(&object, &["VolumeResizeFailed", "FileSystemResizeFailed"]);
            let told = told.last.filter(|_| look.lasted(told.first));
            let asked = grows(claim).filter(|_| {
                let class = claim.spec.storage_class_name.as_deref();
                let class = class.and_then(|name| graph.get::<StorageClass>("", name));
                class.is_some_and(|class| !class.allow_volume_expansion)
            });
            if failed.is_none() && told.is_none() && asked.is_none() {
                return None;
            }
            let mut evidence = Vec::new();
            if let Some(one) = failed {
                let field = format!("status.conditions[type={}].message", one.r#type);
                let (message, at) = (masked(&one.message), one.last_transition_time);
                evidence.push(seen(
                    object.clone(),
                    field,
                    message,
                    EvidenceSource::Status,
                    at,
                ));
            }
            if let Some((asked, has)) = grows(claim) {
                let observed = seen(
                    object.clone(),
                    "status.capacity.storage",
                    has,
                    EvidenceSource::Status,
                    None,
                );
                evidence.push(against(observed, asked));
            }
            evidence.extend(told.map(evidence::event));
            let begun = failed
                .and_then(|one| one.last_transition_time)
                .or_else(|| told.and_then(Event::first_seen));
            Some(look.object(object, begun, evidence))
        })
        .collect()
}
