//! Claims that do not grow.

use kubegraf_ipc::incident::EvidenceSource;

use super::super::{
    causes::volumes::grows,
    containers,
    evidence::{self, against, masked, seen},
    graph::Graph,
    signal::Signal,
};
use super::{Earlier, detector};
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
const RECENT: i64 = 900;

fn expand<'a>(
    graph: &Graph<'a>,
    _: Earlier<'_, 'a>,
    r#type: &'static str,
    threshold: i64,
) -> Vec<Signal<'a>> {
    let claims = graph.all::<PersistentVolumeClaim>().filter(|claim| {
        claim.metadata.deleted.is_none()
            && !containers::ignored(&claim.metadata.annotations, r#type)
    });
    claims
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
            let told = graph
                .events_about(&object)
                .filter(|event| {
                    matches!(
                        &*event.reason,
                        "VolumeResizeFailed" | "FileSystemResizeFailed"
                    ) && event
                        .last_seen()
                        .is_none_or(|at| !graph.passed(at, RECENT + 1))
                })
                .last()
                .filter(|event| {
                    event
                        .first_seen()
                        .is_none_or(|at| graph.passed(at, threshold))
                });
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
            let begun = begun.unwrap_or_else(|| graph.now());
            Some(Signal::of(r#type, object, begun, evidence))
        })
        .collect()
}
