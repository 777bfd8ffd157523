//! Errors that containers repeat, as evidence of the incidents of their pods.
//!
//! They are known of logs that somebody reads, and only while he does. So they corroborate for who looks
//! at an incident and decide nothing: what is an incident, and how sure its cause is, does not depend on
//! which logs are open.

use kubegraf_ipc::{incident::EvidenceSource, object::ObjectRef};
use serde::Serialize;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::{
    evidence::{masked, seen},
    found::Found,
};

/// The most that are told of one incident: the most frequent.
const TOLD: usize = 3;
/// An error that was last written longer than this before an incident began is none of its own, seconds.
const BEFORE: i64 = 600;

/// A pattern of errors that one container repeats.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repeat {
    /// Its pod.
    pub pod: ObjectRef,
    /// The container.
    pub container: String,
    /// The words; what differs is `#`.
    pub pattern: String,
    /// Lines that were read.
    pub count: u64,
    /// When the first of them was written, epoch seconds of the cluster.
    pub first: i64,
    /// When the last was.
    pub last: i64,
    /// One of them, as it was written.
    pub sample: String,
    /// Until when the log was read, if it is not read any more; epoch seconds of the cluster.
    pub read_until: Option<i64>,
}

/// What is observed, as it is shown.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Observed {
    pattern: String,
    lines: u64,
    first: String,
    last: String,
    sample: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    read_until: Option<String>,
}

/// Adds what repeats in the logs of their pods to the evidence of incidents.
pub fn corroborate(found: &mut [Found], repeats: &[Repeat]) {
    for one in found {
        let about = |repeat: &&Repeat| {
            let is_its = |object: &ObjectRef| same_pod(object, &repeat.pod);
            let pods = one.symptoms.iter().map(|symptom| &symptom.object);
            repeat.last >= one.first_seen - BEFORE && pods.chain([&one.resource]).any(is_its)
        };
        let mut its: Vec<&Repeat> = repeats.iter().filter(about).collect();
        its.sort_by(|a, b| {
            let by = |repeat: &Repeat| (repeat.container.clone(), repeat.pattern.clone());
            b.count.cmp(&a.count).then_with(|| by(a).cmp(&by(b)))
        });
        let evidence = its.into_iter().take(TOLD).map(|repeat| {
            let observed = Observed {
                pattern: masked(&repeat.pattern),
                lines: repeat.count,
                first: stamp(repeat.first),
                last: stamp(repeat.last),
                sample: masked(&repeat.sample),
                read_until: repeat.read_until.map(stamp),
            };
            seen(
                repeat.pod.clone(),
                format!("log[container={}].repeated", repeat.container),
                observed,
                EvidenceSource::Log,
                Some(repeat.last),
            )
        });
        one.root_cause.evidence.extend(evidence);
    }
}

/// A pod that took another's name is another one.
fn same_pod(object: &ObjectRef, pod: &ObjectRef) -> bool {
    let uids = object.uid.as_ref().zip(pod.uid.as_ref());
    object.kind == "Pod"
        && (&object.namespace, &object.name) == (&pod.namespace, &pod.name)
        && uids.is_none_or(|(one, other)| one == other)
}

fn stamp(seconds: i64) -> String {
    let at = OffsetDateTime::from_unix_timestamp(seconds).ok();
    at.and_then(|at| at.format(&Rfc3339).ok())
        .unwrap_or_else(|| seconds.to_string())
}
