//! Probes put right; never removed.

use serde_json::json;

use super::{Built, Case, json_patch};
use crate::incidents::{
    containers,
    probes::{self, Contradiction, Which},
    routes,
};

fn which(case: &Case<'_, '_>) -> Option<Which> {
    match case.signal.r#type {
        "liveness_probe_failing" => Some(Which::Liveness),
        "readiness_probe_failing" => Some(Which::Readiness),
        "startup_probe_failing" => Some(Which::Startup),
        _ => None,
    }
}

fn place(case: &Case<'_, '_>) -> Option<(String, String)> {
    let workload = case
        .graph
        .workload(&case.signal.owner)
        .filter(|one| one.rolls_out())?;
    let name = case.signal.container?;
    let index = workload
        .spec
        .containers
        .iter()
        .position(|one| one.name == name)?;
    let field = which(case)?.field();
    Some((
        format!(
            "/{}/containers/{index}/{field}",
            workload.path.replace('.', "/")
        ),
        format!("{}.containers[name={name}].{field}", workload.path),
    ))
}

/// The port the container listens on.
pub(super) fn port(case: &Case<'_, '_>) -> Option<Built> {
    let which = which(case)?;
    let container = containers::named(case.signal.pod()?, case.signal.container?)?;
    let Contradiction::Port(now, meant) = probes::computed(case.graph, container, which)? else {
        return None;
    };
    let probe = which.of(container.spec?)?;
    let handler = if probe.http_get.is_some() {
        "httpGet"
    } else if probe.tcp_socket.is_some() {
        "tcpSocket"
    } else {
        "grpc"
    };
    let (path, field) = place(case)?;
    let (now, meant) = (routes::value(&now), routes::value(&meant));
    Some(Built {
        description: format!("Let the {} ask port {meant}", which.field()),
        preview: format!("{field}.{handler}.port: {now} → {meant}"),
        target: case.signal.owner.clone(),
        patch: Some(json_patch(&[
            json!({"op": "replace", "path": format!("{path}/{handler}/port"), "value": meant}),
        ])),
    })
}

/// More patience: a budget of at least half as much again as was seen, and no less than a minute.
pub(super) fn relax(case: &Case<'_, '_>) -> Option<Built> {
    let which = which(case)?;
    let container = containers::named(case.signal.pod()?, case.signal.container?)?;
    let probe = which.of(container.spec?)?;
    let ran = container
        .ended()
        .and_then(|(_, end)| Some(end.finished_at? - end.started_at?))
        .unwrap_or_default();
    let period = probe.period_seconds.unwrap_or(10).max(10);
    let wanted = (ran.max(probes::budget(probe, 1)) * 3 / 2).max(60);
    let delay = probe.initial_delay_seconds.unwrap_or(0);
    let threshold = ((wanted - delay).max(0) + period - 1) / period;
    let threshold = threshold.max(3);
    let timeout = probe.timeout_seconds.unwrap_or(1).max(3);
    let (path, field) = place(case)?;
    let mut steps = Vec::new();
    let mut lines = Vec::new();
    for (name, old, new) in [
        ("periodSeconds", probe.period_seconds.unwrap_or(10), period),
        (
            "failureThreshold",
            probe.failure_threshold.unwrap_or(3),
            threshold,
        ),
        (
            "timeoutSeconds",
            probe.timeout_seconds.unwrap_or(1),
            timeout,
        ),
    ] {
        if old != new {
            steps.push(json!({"op": "add", "path": format!("{path}/{name}"), "value": new}));
            lines.push(format!("{field}.{name}: {old} → {new}"));
        }
    }
    (!steps.is_empty()).then(|| Built {
        description: format!(
            "Give the {} of container \"{}\" more time",
            which.field(),
            container.name()
        ),
        preview: lines.join("\n"),
        target: case.signal.owner.clone(),
        patch: Some(json_patch(&steps)),
    })
}
