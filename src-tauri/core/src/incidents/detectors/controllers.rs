//! StatefulSets, DaemonSets and CronJobs that do not get where they should be.

use kubegraf_ipc::incident::EvidenceSource;

use super::super::{
    evidence::{self, against, seen},
    fit,
    graph::Graph,
    signal::Signal,
};
use super::{Look, deployment_unavailable, detector, gave_up, ready};
use crate::objects::{CronJob, DaemonSet, Event, Job, Object, Pod, StatefulSet, condition};

detector!(
    StatefulSetStuck,
    "statefulset_stuck",
    High,
    [StatefulSets, Pods],
    300,
    "a StatefulSet has fewer ready pods than it wants, and the lowest one that is not ready shows a symptom above or has not been ready for five minutes and past its first probes",
    stuck_sets
);

fn stuck_sets<'a>(look: Look<'_, 'a>) -> Vec<Signal<'a>> {
    let graph = look.graph;
    let sets = look.all::<StatefulSet>().filter(|set| {
        let wanted = set.spec.replicas.unwrap_or(1);
        set.status.observed_generation.is_some() && set.status.ready_replicas < wanted
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
        let shown = look
            .earlier()
            .find(|signal| signal.object.name == *blocking.metadata.name && signal.pod().is_some());
        let late = look.lasted(at);
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
        Some(look.object(object, begun, evidence))
    })
    .collect()
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

detector!(
    DaemonSetIncomplete,
    "daemonset_incomplete",
    Medium,
    [DaemonSets, Pods],
    600,
    "a DaemonSet has pods that are not ready for ten minutes, or for as long none where FailedDaemonPod or FailedPlacement events say that it could not be placed, or pods of ten minutes on nodes that are not theirs",
    incomplete_sets
);

fn incomplete_sets<'a>(look: Look<'_, 'a>) -> Vec<Signal<'a>> {
    look.all::<DaemonSet>()
        .filter(|set| set.status.observed_generation.is_some())
        .filter_map(|set| lacking(look, set).or_else(|| misplaced(look, set)))
        .collect()
}

fn lacking<'a>(look: Look<'_, 'a>, set: &'a DaemonSet) -> Option<Signal<'a>> {
    let (graph, status) = (look.graph, &set.status);
    if status.number_unavailable == 0
        && status.current_number_scheduled >= status.desired_number_scheduled
    {
        return None;
    }
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
    if nothing || !look.lasted(since) {
        return None;
    }
    let ready = seen(
        object.clone(),
        "status.numberReady",
        status.number_ready,
        EvidenceSource::Status,
        since,
    );
    let mut evidence = vec![against(ready, status.desired_number_scheduled)];
    evidence.extend(refused.last().map(|event| evidence::event(event)));
    Some(look.object(object, since, evidence))
}

/// Pods on nodes that are not theirs. Since when is told by nothing: one that is younger than the threshold cannot have been there
/// for long.
fn misplaced<'a>(look: Look<'_, 'a>, set: &'a DaemonSet) -> Option<Signal<'a>> {
    let graph = look.graph;
    if set.status.number_misscheduled == 0 {
        return None;
    }
    let object = set.reference();
    let workload = graph.workload(&object)?;
    let strays: Vec<&Pod> = graph
        .pods_under(workload)
        .into_iter()
        .filter(|pod| pod.metadata.deleted.is_none() && look.lasted(pod.metadata.created))
        .filter(|pod| !fit::unwelcome(graph, pod).is_empty())
        .collect();
    let since = strays.iter().filter_map(|pod| pod.metadata.created).min();
    if strays.is_empty() {
        return None;
    }
    let figure = set.status.number_misscheduled;
    let status = seen(
        object.clone(),
        "status.numberMisscheduled",
        figure,
        EvidenceSource::Status,
        None,
    );
    let places = strays.iter().take(4).map(|pod| {
        let node = &*pod.node_name;
        seen(
            pod.reference(),
            "spec.nodeName",
            node,
            EvidenceSource::Spec,
            None,
        )
    });
    let evidence = std::iter::once(status).chain(places).collect();
    Some(look.object(object, since, evidence))
}

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

detector!(
    CronJobFailing,
    "cronjob_failing",
    Medium,
    [CronJobs],
    0,
    "the last two finished Jobs of a CronJob that is not suspended have failed, or its controller says that it cannot follow the schedule",
    failing_cron_jobs
);

fn failing_cron_jobs<'a>(look: Look<'_, 'a>) -> Vec<Signal<'a>> {
    let graph = look.graph;
    let all = look.all::<CronJob>().filter(|one| !one.spec.suspend);
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
        Some(look.object(object, begun, evidence))
    })
    .collect()
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
