//! Why a CronJob makes no Jobs, and why a kubelet ended a pod.

use super::{Candidate, Class, Rule};
use crate::{
    incidents::{detectors::UNFOLLOWED, graph::Graph, signal::Signal, snapshot::Kind},
    objects::CronJob,
};

/// The table.
pub(super) const RULES: &[Rule] = &[
    Rule {
        cause: "cron_schedule_invalid",
        explains: &["cronjob_failing"],
        class: Class::Enumerated,
        needs: &[Kind::CronJobs],
        in_spec: false,
        actions: &["plan"],
        doc: "the controller says that it cannot read the schedule",
        decide: schedule,
    },
    Rule {
        cause: "time_zone_unknown",
        explains: &["cronjob_failing"],
        class: Class::Enumerated,
        needs: &[Kind::CronJobs],
        in_spec: false,
        actions: &["plan"],
        doc: "the controller says that it does not know the time zone",
        decide: zone,
    },
    Rule {
        cause: "ephemeral_storage_exceeded",
        explains: &["pod_evicted"],
        class: Class::Enumerated,
        needs: &[Kind::Pods],
        in_spec: false,
        actions: &["plan"],
        doc: "the kubelet ended the pod because it, a container or an emptyDir of it took more local storage than allowed, or the node ran short of it",
        decide: storage,
    },
];

/// Whether the controller has said this of the CronJob.
fn said(graph: &Graph<'_>, signal: &Signal<'_>, reasons: &[&str]) -> bool {
    graph
        .events_about(&signal.object)
        .filter(|event| UNFOLLOWED.contains(&&*event.reason))
        .last()
        .is_some_and(|event| reasons.contains(&&*event.reason))
}

fn schedule<'a>(graph: &Graph<'a>, signal: &Signal<'a>) -> Option<Candidate> {
    let one: &CronJob = graph.get(&signal.object.namespace, &signal.object.name)?;
    let text = &one.spec.schedule;
    said(graph, signal, &["InvalidSchedule", "UnparseableSchedule"]).then(|| {
        Candidate::new(
            &signal.object,
            format!("schedule \"{text}\" cannot be read"),
            format!("its controller cannot read spec.schedule \"{text}\", so it makes no Jobs"),
        )
    })
}

fn zone<'a>(graph: &Graph<'a>, signal: &Signal<'a>) -> Option<Candidate> {
    said(graph, signal, &["UnknownTimeZone"]).then(|| {
        Candidate::new(
            &signal.object,
            "its time zone is not known",
            "its controller does not know spec.timeZone, so it makes no Jobs",
        )
    })
}

fn storage<'a>(_: &Graph<'a>, signal: &Signal<'a>) -> Option<Candidate> {
    let pod = signal.pod()?;
    let said = pod.status.message.to_lowercase();
    let about = ["ephemeral", "emptydir", "local storage"];
    about.iter().any(|word| said.contains(word)).then(|| {
        Candidate::new(
            &signal.owner,
            "took more local storage than there was for it",
            format!(
                "the kubelet ended pod \"{}\" for its local storage: its logs, its emptyDirs or what it writes into its containers grew too large",
                pod.metadata.name
            ),
        )
    })
}
