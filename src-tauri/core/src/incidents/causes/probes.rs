//! Why a probe fails.

use kubegraf_ipc::incident::EvidenceSource;

use super::{Candidate, Class, Rule};
use crate::incidents::{
    containers::{self, Seen},
    evidence::{against, seen},
    graph::Graph,
    probes::{self, Contradiction, Which},
    routes,
    signal::Signal,
    snapshot::Kind,
};

macro_rules! row {
    ($cause:literal, $type:literal, $class:ident, $actions:expr, $doc:expr, $decide:expr) => {
        Rule {
            cause: $cause,
            explains: &[$type],
            class: Class::$class,
            needs: &[Kind::Pods],
            in_spec: true,
            actions: $actions,
            doc: $doc,
            decide: $decide,
        }
    };
}

const FIX: &[&str] = &["fix_probe", "rollback_workload", "plan"];
const RELAX: &[&str] = &["relax_probe", "plan"];
const PORT: &str =
    "the probe's port is no port of the container, or another probe or Service asks elsewhere";
const KIND: &str = "the probe's handler differs from the one that suits the port";
const TIMING: &str = "port and handler agree with everything else, and the probe's budget is below the container's start, or one slow answer is enough";

/// The table.
pub(super) const RULES: &[Rule] = &[
    Rule {
        cause: "liveness_probe_wrong_port",
        explains: &["liveness_probe_failing", "pod_crash_loop"],
        class: Class::Computed,
        needs: &[Kind::Pods],
        in_spec: true,
        actions: FIX,
        doc: PORT,
        decide: |graph, signal| {
            // Without events a loop tells of the probe only by how it ends.
            let killed = container(signal)
                .and_then(|one| one.ended())
                .is_some_and(|(_, end)| matches!(end.exit_code, 137 | 143));
            let counts = signal.r#type != "pod_crash_loop" || killed && !graph.knows(Kind::Events);
            counts
                .then(|| port(graph, signal, Which::Liveness))
                .flatten()
        },
    },
    row!(
        "readiness_probe_wrong_port",
        "readiness_probe_failing",
        Computed,
        FIX,
        PORT,
        |g, s| port(g, s, Which::Readiness)
    ),
    row!(
        "startup_probe_wrong_port",
        "startup_probe_failing",
        Computed,
        FIX,
        PORT,
        |g, s| port(g, s, Which::Startup)
    ),
    row!(
        "liveness_probe_wrong_protocol",
        "liveness_probe_failing",
        Computed,
        FIX,
        KIND,
        |g, s| protocol(g, s, Which::Liveness)
    ),
    row!(
        "readiness_probe_wrong_protocol",
        "readiness_probe_failing",
        Computed,
        FIX,
        KIND,
        |g, s| protocol(g, s, Which::Readiness)
    ),
    row!(
        "startup_probe_wrong_protocol",
        "startup_probe_failing",
        Computed,
        FIX,
        KIND,
        |g, s| protocol(g, s, Which::Startup)
    ),
    row!(
        "liveness_probe_wrong_path",
        "liveness_probe_failing",
        Message,
        FIX,
        "the server answers 404 or 405",
        |g, s| path(g, s, Which::Liveness)
    ),
    row!(
        "readiness_probe_wrong_path",
        "readiness_probe_failing",
        Message,
        FIX,
        "the server answers 404 or 405",
        |g, s| path(g, s, Which::Readiness)
    ),
    row!(
        "liveness_probe_too_aggressive",
        "liveness_probe_failing",
        Message,
        RELAX,
        TIMING,
        |g, s| timing(g, s, Which::Liveness)
    ),
    row!(
        "readiness_probe_too_aggressive",
        "readiness_probe_failing",
        Message,
        RELAX,
        TIMING,
        |g, s| timing(g, s, Which::Readiness)
    ),
    row!(
        "startup_probe_too_short",
        "startup_probe_failing",
        Message,
        RELAX,
        "the startup probe gives up before the container has started",
        |g, s| timing(g, s, Which::Startup)
    ),
    Rule {
        cause: "probe_command_failed",
        explains: &[
            "liveness_probe_failing",
            "readiness_probe_failing",
            "startup_probe_failing",
        ],
        class: Class::Message,
        needs: &[Kind::Pods],
        in_spec: false,
        actions: &["plan"],
        doc: "the probe is a command, and it fails",
        decide: command,
    },
];

fn container<'a>(signal: &Signal<'a>) -> Option<Seen<'a>> {
    containers::named(signal.pod()?, signal.container?)
}

fn said(signal: &Signal<'_>) -> String {
    signal
        .evidence
        .iter()
        .find(|seen| seen.source == EvidenceSource::Event)
        .map(|seen| seen.observed.to_lowercase())
        .unwrap_or_default()
}

fn port<'a>(graph: &Graph<'a>, signal: &Signal<'a>, which: Which) -> Option<Candidate> {
    let one = container(signal)?;
    let Contradiction::Port(now, meant) = probes::computed(graph, one, which)? else {
        return None;
    };
    let (now, meant) = (routes::value(&now), routes::value(&meant));
    let field = which.field();
    let mut candidate = Candidate::new(
        &signal.owner,
        format!(
            "the {field} of container \"{}\" asks port {now}",
            one.name()
        ),
        format!(
            "the {field} of container \"{}\" asks port {now}; the container listens on {meant}",
            one.name()
        ),
    );
    candidate
        .evidence
        .push(against(one.asked(&format!("{field}.port"), &now), &meant));
    Some(candidate)
}

fn protocol<'a>(graph: &Graph<'a>, signal: &Signal<'a>, which: Which) -> Option<Candidate> {
    let one = container(signal)?;
    let field = which.field();
    let text = said(signal);
    let (_, _) = probes::asks(which.of(one.spec?)?)?;
    let foreign = [
        "malformed http response",
        "http response to https client",
        "tls: first record does not look like",
        "gave http response",
        "error reading server preface",
        "not a grpc",
    ]
    .iter()
    .any(|words| text.contains(words));
    let computed = match probes::computed(graph, one, which) {
        Some(Contradiction::Handler(now, right)) => Some((now, right)),
        Some(Contradiction::Port(..)) => return None,
        None => None,
    };
    if computed.is_none() && !foreign {
        return None;
    }
    let what = computed.map_or_else(
        || "the answer is of another protocol".to_owned(),
        |(now, right)| format!("it asks {now:?}, the port speaks {right:?}"),
    );
    let mut candidate = Candidate::new(
        &signal.owner,
        format!(
            "the {field} of container \"{}\" speaks the wrong protocol",
            one.name()
        ),
        format!(
            "the {field} of container \"{}\" fails because {what}",
            one.name()
        ),
    );
    candidate.base = computed.is_none().then(|| Class::Message.base() + 0.1);
    Some(candidate)
}

fn path<'a>(_: &Graph<'a>, signal: &Signal<'a>, which: Which) -> Option<Candidate> {
    let one = container(signal)?;
    let text = said(signal);
    let http = which.of(one.spec?)?.http_get.as_ref()?;
    if !(text.contains("statuscode: 404") || text.contains("statuscode: 405")) {
        return None;
    }
    let field = which.field();
    let mut candidate = Candidate::new(
        &signal.owner,
        format!(
            "the {field} of container \"{}\" asks for \"{}\", which is not there",
            one.name(),
            http.path
        ),
        format!(
            "the server of container \"{}\" does not know the path \"{}\" of its {field}",
            one.name(),
            http.path
        ),
    );
    candidate
        .evidence
        .push(one.asked(&format!("{field}.httpGet.path"), &http.path));
    Some(candidate)
}

fn timing<'a>(graph: &Graph<'a>, signal: &Signal<'a>, which: Which) -> Option<Candidate> {
    let one = container(signal)?;
    let probe = which.of(one.spec?)?;
    if probes::computed(graph, one, which).is_some()
        || probe.exec.is_some() && which == Which::Readiness
    {
        return None;
    }
    let text = said(signal);
    let late = text.contains("connection refused")
        || text.contains("deadline exceeded")
        || text.contains("timeout")
        || text.contains("timed out")
        || text.contains("statuscode: 503");
    let budget = probes::budget(probe, 1);
    let ran = one
        .ended()
        .and_then(|(_, end)| Some(end.finished_at? - end.started_at?));
    let killed = ran.is_some_and(|ran| {
        ran <= budget + 45 && ran + 5 >= probe.initial_delay_seconds.unwrap_or(0)
    });
    let hasty = probe.period_seconds.unwrap_or(10) <= 2
        && probe.failure_threshold.unwrap_or(3) <= 1
        || budget < 15 && which != Which::Readiness;
    let shown = match which {
        Which::Readiness => hasty && late,
        Which::Liveness | Which::Startup => (late || text.is_empty()) && (killed || hasty),
    };
    if !shown {
        return None;
    }
    let field = which.field();
    let mut candidate = Candidate::new(
        &signal.owner,
        format!(
            "the {field} of container \"{}\" gives it only {budget} s",
            one.name()
        ),
        format!(
            "the {field} of container \"{}\" gives up after {budget} s, before the container answers",
            one.name()
        ),
    );
    let object = crate::objects::Object::reference(one.pod);
    candidate.evidence.push(seen(
        object,
        one.spec_path(field),
        format!("{budget} s"),
        EvidenceSource::Computed,
        None,
    ));
    if hasty {
        candidate.base = Some(0.85);
    }
    Some(candidate)
}

fn command<'a>(_: &Graph<'a>, signal: &Signal<'a>) -> Option<Candidate> {
    let one = container(signal)?;
    let which = match signal.r#type {
        "liveness_probe_failing" => Which::Liveness,
        "readiness_probe_failing" => Which::Readiness,
        _ => Which::Startup,
    };
    let exec = which.of(one.spec?)?.exec.as_ref()?;
    let command = exec.command.join(" ");
    let mut candidate = Candidate::new(
        &signal.owner,
        format!(
            "the command of the {} of container \"{}\" fails",
            which.field(),
            one.name()
        ),
        format!(
            "the probe of container \"{}\" runs a command that fails",
            one.name()
        ),
    );
    let text = crate::incidents::evidence::masked(&command);
    candidate
        .evidence
        .push(one.asked(&format!("{}.exec.command", which.field()), text));
    Some(candidate)
}
