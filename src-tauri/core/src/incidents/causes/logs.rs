//! Causes that the container itself names before it ends: in its log, or its termination message.

use kubegraf_ipc::{
    incident::{Evidence, EvidenceSource},
    object::ObjectRef,
};

use super::{Candidate, Class, Rule};
use crate::{
    incidents::{
        containers::{self, Seen},
        detectors,
        evidence::{masked, seen},
        graph::Graph,
        logs::{self, Source, Told},
        signal::Signal,
        snapshot::Kind,
    },
    objects::{Job, Object, PersistentVolumeClaim},
};

/// Types of containers that end by themselves.
const EXPLAINS: &[&str] = &[
    "init_container_failed",
    "pod_crash_loop",
    "high_restart_count",
    "persistent_failure",
    "job_failed",
];

macro_rules! row {
    ($cause:literal, $told:ident, $actions:expr, $doc:literal) => {
        Rule {
            cause: $cause,
            explains: EXPLAINS,
            class: Class::Message,
            needs: &[Kind::Pods],
            in_spec: false,
            actions: $actions,
            doc: $doc,
            decide: |graph, signal| decide(graph, signal, Told::$told),
        }
    };
}

/// The table.
pub(super) const RULES: &[Rule] = &[
    row!(
        "application_config_error",
        Config,
        &["rollback_workload", "plan"],
        "the last words of the log or the termination message name a setting that is missing or wrong, or credentials that are refused"
    ),
    row!(
        "dependency_unreachable",
        Dependency,
        &["plan"],
        "the last words of the log or the termination message name a server that does not answer or has no address"
    ),
    row!(
        "volume_permission_denied",
        Permission,
        &["plan"],
        "the container has a volume of its own, and its last words are that it may not read or write a file"
    ),
    row!(
        "volume_disk_full",
        DiskFull,
        &["plan"],
        "the container uses one claim, and its last words are that no space is left"
    ),
];

/// The container whose last words count: the signal's own, or that of a Job's last failed pod.
pub(in super::super) fn container<'a>(graph: &Graph<'a>, signal: &Signal<'a>) -> Option<Seen<'a>> {
    let found = match signal.pod() {
        Some(pod) => containers::named(pod, signal.container?)?,
        None => last_failed(graph, signal)?,
    };
    // Killed from outside, its last words are about something else.
    let code = found.ended()?.1.exit_code;
    (!matches!(code, 0 | 137 | 139)).then_some(found)
}

fn last_failed<'a>(graph: &Graph<'a>, signal: &Signal<'a>) -> Option<Seen<'a>> {
    let (namespace, name) = (&signal.object.namespace, &signal.object.name);
    let job = graph.get::<Job>(namespace, name)?;
    detectors::gave_up(job)?;
    let of_job = graph.pods().filter(|pod| {
        pod.metadata.namespace == *namespace
            && pod
                .metadata
                .controller()
                .is_some_and(|owner| owner.kind == "Job" && owner.name == *name)
    });
    of_job
        .flat_map(containers::of)
        .filter(|one| one.ended().is_some_and(|(_, end)| end.exit_code != 0))
        .max_by_key(|one| {
            let at = one.ended().and_then(|(_, end)| end.finished_at);
            (at, &one.pod.metadata.name)
        })
}

/// The line, as it was observed.
pub(in super::super) fn evidence(one: Seen<'_>, line: &str, source: Source) -> Evidence {
    let line = masked(line);
    match source {
        Source::Log => {
            let field = format!("log[container={}]", one.name());
            seen(one.pod.reference(), field, line, EvidenceSource::Log, None)
        }
        Source::Message => {
            let (path, at) = one
                .ended()
                .map_or(("lastState.terminated", None), |(path, end)| {
                    (path, end.finished_at)
                });
            one.observed(&format!("{path}.message"), line, at)
        }
    }
}

fn decide<'a>(graph: &Graph<'a>, signal: &Signal<'a>, wanted: Told) -> Option<Candidate> {
    let one = container(graph, signal)?;
    let (told, line, source) = logs::said(graph, one).filter(|(told, ..)| *told == wanted)?;
    let name = one.name();
    let mut target = match signal.pod() {
        Some(_) => signal.owner.clone(),
        None => signal.object.clone(),
    };
    let what = match told {
        Told::Config => format!("container \"{name}\" does not get the configuration it needs"),
        Told::Dependency => format!("container \"{name}\" cannot reach what it depends on"),
        Told::Permission => {
            let own = |name: &str| !name.starts_with("kube-api-access-");
            one.pod
                .spec
                .volumes
                .iter()
                .find(|volume| own(&volume.name))?;
            format!("container \"{name}\" may not use a file of its volumes")
        }
        Told::DiskFull => {
            target = only_claim(graph, one)?;
            format!("claim \"{}\" is full", target.name)
        }
        Told::Command | Told::Trace => return None,
    };
    let mut candidate = Candidate::new(
        &target,
        what,
        format!(
            "the last words of container \"{name}\" before it ended: {}",
            masked(line)
        ),
    );
    candidate.evidence.push(evidence(one, line, source));
    Some(candidate)
}

fn only_claim(graph: &Graph<'_>, one: Seen<'_>) -> Option<ObjectRef> {
    let mut claims = crate::incidents::fit::claims(one.pod);
    let name = claims.next().filter(|_| claims.next().is_none())?;
    let namespace = &one.pod.metadata.namespace;
    let known = graph.get::<PersistentVolumeClaim>(namespace, name);
    Some(known.map_or_else(
        || ObjectRef {
            api_version: "v1".into(),
            kind: "PersistentVolumeClaim".into(),
            namespace: namespace.to_string(),
            name: name.to_string(),
            uid: None,
        },
        Object::reference,
    ))
}
