//! Pods whose volumes cannot be mounted.

use kubegraf_ipc::incident::Severity;

use super::super::{
    containers, evidence,
    graph::Graph,
    signal::{Place, Signal},
    snapshot::Kind,
};
use super::{Detector, Earlier};
use crate::objects::Object;

/// `volume_mount_failed`
pub(super) struct VolumeMountFailed;

/// Failures longer ago than this are over; seconds.
const RECENT: i64 = 900;

impl Detector for VolumeMountFailed {
    fn r#type(&self) -> &'static str {
        "volume_mount_failed"
    }
    fn severity(&self) -> Severity {
        Severity::High
    }
    fn reads(&self) -> &'static [Kind] {
        &[Kind::Pods, Kind::Events]
    }
    fn threshold(&self) -> i64 {
        60
    }
    fn doc(&self) -> &'static str {
        "FailedMount or FailedMapVolume events of a pod whose containers wait to be created, twice or for one minute"
    }
    fn detect<'a>(&self, graph: &Graph<'a>, _: Earlier<'_, 'a>) -> Vec<Signal<'a>> {
        let waits = |pod: &crate::objects::Pod| {
            containers::of(pod).any(|one| {
                one.waiting().is_some_and(|waiting| {
                    matches!(&*waiting.reason, "ContainerCreating" | "PodInitializing")
                })
            })
        };
        graph
            .suspects()
            .filter(|pod| !containers::quiet(pod, self.r#type()) && waits(pod))
            .filter_map(|pod| {
                let object = pod.reference();
                let events: Vec<_> = graph
                    .events_about(&object)
                    .filter(|event| matches!(&*event.reason, "FailedMount" | "FailedMapVolume"))
                    .filter(|event| {
                        event
                            .last_seen()
                            .is_none_or(|at| !graph.passed(at, RECENT + 1))
                    })
                    .collect();
                let first = events.iter().filter_map(|event| event.first_seen()).min();
                let times: u32 = events.iter().map(|event| event.times()).sum();
                let old = first.is_none_or(|at| graph.passed(at, self.threshold()));
                let last = events.last().filter(|_| times >= 2 || old)?;
                Some(Signal {
                    r#type: self.r#type(),
                    owner: graph.owner(pod),
                    object,
                    container: None,
                    first_seen: first.unwrap_or_else(|| graph.now()),
                    evidence: vec![evidence::event(last)],
                    place: Place::Pod(pod),
                })
            })
            .collect()
    }
}
