//! StatefulSets, DaemonSets and CronJobs that do not get where they should be.

use kubegraf_ipc::incident::{EvidenceSource, Severity};

use super::super::{
    containers,
    evidence::{self, against, seen},
    graph::Graph,
    signal::Signal,
    snapshot::Kind,
};
use super::{Detector, Earlier, deployment_unavailable, gave_up, ready};
use crate::objects::{CronJob, DaemonSet, Event, Job, Object, Pod, StatefulSet, condition};

/// `statefulset_stuck`
pub(super) struct StatefulSetStuck;

impl Detector for StatefulSetStuck {
    fn r#type(&self) -> &'static str {
        "statefulset_stuck"
    }
    fn severity(&self) -> Severity {
        Severity::High
    }
    fn reads(&self) -> &'static [Kind] {
        &[Kind::StatefulSets, Kind::Pods]
    }
    fn threshold(&self) -> i64 {
        300
    }
    fn doc(&self) -> &'static str {
        "a StatefulSet has fewer ready pods than it wants, and the lowest one that is not ready shows a symptom above or has not been ready for five minutes and past its first probes"
    }
    fn detect<'a>(&self, graph: &Graph<'a>, earlier: Earlier<'_, 'a>) -> Vec<Signal<'a>> {
        let sets = graph.all::<StatefulSet>().filter(|set| {
            let wanted = set.spec.replicas.unwrap_or(1);
            set.metadata.deleted.is_none()
                && set.status.observed_generation.is_some()
                && set.status.ready_replicas < wanted
                && !containers::ignored(&set.metadata.annotations, self.r#type())
        });
        sets.filter_map(|set| {
            let object = set.reference();
            let workload = graph.workload(&object)?;
            let blocking = graph
                .pods_under(workload)
                .into_iter()
                .filter(|pod| pod.metadata.deleted.is_none() && !ready(pod))
                .min_by_key(|pod| (ordinal(pod), &pod.metadata.name))?;
            let at = unready_since(blocking);
            let shown = earlier.signals(graph).find(|signal| {
                signal.object.name == *blocking.metadata.name && signal.pod().is_some()
            });
            let late = at.is_none_or(|at| graph.passed(at, self.threshold()));
            if shown.is_none() && (!late || deployment_unavailable::young(graph, blocking)) {
                return None;
            }
            let status = |field: &str, value: u32| {
                seen(object.clone(), field, value, EvidenceSource::Status, at)
            };
            let wanted = set.spec.replicas.unwrap_or(1);
            let evidence = vec![
                against(
                    status("status.readyReplicas", set.status.ready_replicas),
                    wanted,
                ),
                seen(
                    blocking.reference(),
                    "status.conditions[type=Ready].status",
                    "False",
                    EvidenceSource::Status,
                    at,
                ),
            ];
            let begun = shown.map(|signal| signal.first_seen).or(at);
            let begun = begun.unwrap_or_else(|| graph.now());
            Some(Signal::of(self.r#type(), object, begun, evidence))
        })
        .collect()
    }
}

/// The number at the end of a StatefulSet's pod.
fn ordinal(pod: &Pod) -> u32 {
    let (_, number) = pod.metadata.name.rsplit_once('-').unwrap_or_default();
    number.parse().unwrap_or(u32::MAX)
}

fn unready_since(pod: &Pod) -> Option<i64> {
    condition(&pod.status.conditions, "Ready")
        .and_then(|ready| ready.last_transition_time)
        .or(pod.metadata.created)
}

/// `daemonset_incomplete`
pub(super) struct DaemonSetIncomplete;

impl Detector for DaemonSetIncomplete {
    fn r#type(&self) -> &'static str {
        "daemonset_incomplete"
    }
    fn severity(&self) -> Severity {
        Severity::Medium
    }
    fn reads(&self) -> &'static [Kind] {
        &[Kind::DaemonSets, Kind::Pods]
    }
    fn threshold(&self) -> i64 {
        600
    }
    fn doc(&self) -> &'static str {
        "a DaemonSet has pods that are not ready for ten minutes, or for as long none where FailedDaemonPod or FailedPlacement events say that it could not be placed"
    }
    fn detect<'a>(&self, graph: &Graph<'a>, _: Earlier<'_, 'a>) -> Vec<Signal<'a>> {
        let sets = graph.all::<DaemonSet>().filter(|set| {
            let status = &set.status;
            let lacking = status.number_unavailable > 0
                || status.current_number_scheduled < status.desired_number_scheduled;
            set.metadata.deleted.is_none()
                && status.observed_generation.is_some()
                && lacking
                && !containers::ignored(&set.metadata.annotations, self.r#type())
        });
        sets.filter_map(|set| {
            let object = set.reference();
            let workload = graph.workload(&object)?;
            let pods = graph.pods_under(workload);
            let waiting: Vec<&Pod> = pods
                .into_iter()
                .filter(|pod| pod.metadata.deleted.is_none() && !ready(pod))
                .collect();
            let refused: Vec<&Event> = graph
                .events_about(&object)
                .filter(|event| matches!(&*event.reason, "FailedDaemonPod" | "FailedPlacement"))
                .collect();
            let since = waiting.iter().filter_map(|pod| unready_since(pod)).min();
            let since = since.or(refused.iter().filter_map(|event| event.first_seen()).min());
            let nothing = waiting.is_empty() && refused.is_empty();
            if nothing || since.is_some_and(|at| !graph.passed(at, self.threshold())) {
                return None;
            }
            let status = |field: &str, value: u32| {
                seen(object.clone(), field, value, EvidenceSource::Status, since)
            };
            let mut evidence = vec![against(
                status("status.numberReady", set.status.number_ready),
                set.status.desired_number_scheduled,
            )];
            evidence.extend(refused.last().map(|event| evidence::event(event)));
            let begun = since.unwrap_or_else(|| graph.now());
            Some(Signal::of(self.r#type(), object, begun, evidence))
        })
        .collect()
    }
}

/// `cronjob_failing`
pub(super) struct CronJobFailing;

/// What the controller says of a schedule it cannot follow.
pub(in super::super) const UNFOLLOWED: &[&str] = &[
    "InvalidSchedule",
    "UnparseableSchedule",
    "UnknownTimeZone",
    "TooManyMissedTimes",
    "MissSchedule",
];
/// An event longer ago than this says nothing of the present; seconds.
const RECENT: i64 = 3_600;

impl Detector for CronJobFailing {
    fn r#type(&self) -> &'static str {
        "cronjob_failing"
    }
    fn severity(&self) -> Severity {
        Severity::Medium
    }
    fn reads(&self) -> &'static [Kind] {
        &[Kind::CronJobs]
    }
    fn threshold(&self) -> i64 {
        0
    }
    fn doc(&self) -> &'static str {
        "the last two finished Jobs of a CronJob that is not suspended have failed, or its controller says that it cannot follow the schedule"
    }
    fn detect<'a>(&self, graph: &Graph<'a>, _: Earlier<'_, 'a>) -> Vec<Signal<'a>> {
        let all = graph.all::<CronJob>().filter(|one| {
            one.metadata.deleted.is_none()
                && !one.spec.suspend
                && !containers::ignored(&one.metadata.annotations, self.r#type())
        });
        all.filter_map(|one| {
            let object = one.reference();
            let said = graph
                .events_about(&object)
                .filter(|event| UNFOLLOWED.contains(&&*event.reason))
                .filter(|event| {
                    event
                        .last_seen()
                        .is_none_or(|at| !graph.passed(at, RECENT + 1))
                })
                .last();
            let (begun, evidence) = match (said, lost(graph, one)) {
                (Some(event), _) => (event.first_seen(), vec![evidence::event(event)]),
                (None, Some(jobs)) => {
                    let evidence = jobs.iter().map(|job| {
                        let field = "status.conditions[type=Failed].status";
                        let at = gave_up(job).and_then(|failure| failure.last_transition_time);
                        seen(job.reference(), field, "True", EvidenceSource::Status, at)
                    });
                    let first = jobs.iter().filter_map(|job| ended(job)).min();
                    (first, evidence.collect())
                }
                (None, None) => return None,
            };
            let begun = begun.unwrap_or_else(|| graph.now());
            Some(Signal::of(self.r#type(), object, begun, evidence))
        })
        .collect()
    }
}

/// The last two finished Jobs, where both have failed.
fn lost<'a>(graph: &Graph<'a>, cron: &CronJob) -> Option<[&'a Job; 2]> {
    let (namespace, name) = cron.metadata.key();
    let mut finished: Vec<&Job> = graph
        .of::<Job>(namespace)
        .iter()
        .map(AsRef::as_ref)
        .filter(|job: &&Job| {
            let owner = job.metadata.controller();
            owner.is_some_and(|owner| owner.kind == "CronJob" && owner.name == *name)
                && (gave_up(job).is_some() || job.status.completion_time.is_some())
        })
        .collect();
    finished.sort_by_key(|job| (ended(job), &job.metadata.name));
    match finished[..] {
        [.., before, last] => {
            (gave_up(before).is_some() && gave_up(last).is_some()).then_some([before, last])
        }
        _ => None,
    }
}

fn ended(job: &Job) -> Option<i64> {
    let failed = gave_up(job).and_then(|failure| failure.last_transition_time);
    failed.or(job.status.completion_time)
}
