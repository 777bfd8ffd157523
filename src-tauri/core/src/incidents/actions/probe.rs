//! Probes put right; never removed.

use serde_json::{Value, json};

use super::{Built, Case, json_patch};
use crate::incidents::{
    containers,
    probes::{self, Contradiction, Which},
    routes,
};
use crate::objects::Probe;

fn which(case: &Case<'_, '_>) -> Option<Which> {
    match case.signal.r#type {
        "liveness_probe_failing" | "pod_crash_loop" => Some(Which::Liveness),
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

/// The probe put right by what the container says elsewhere: its port, handler or path.
pub(super) fn right(case: &Case<'_, '_>) -> Option<Built> {
    if case.cause.ends_with("_wrong_port") {
        port(case)
    } else {
        as_the_other(case)
    }
}

/// The handler of another probe of the container that asks the same port differently.
fn as_the_other(case: &Case<'_, '_>) -> Option<Built> {
    let which = which(case)?;
    let container = containers::named(case.signal.pod()?, case.signal.container?)?;
    let spec = container.spec?;
    let probe = which.of(spec)?;
    let (old, now) = handler(probe)?;
    let path = case.cause.ends_with("_wrong_path");
    let (new, value) = [Which::Liveness, Which::Readiness, Which::Startup]
        .into_iter()
        .filter(|other| *other != which)
        .filter_map(|other| handler(other.of(spec)?))
        .find(|(name, value)| match path {
            true => *name == old && value["port"] == now["port"] && value["path"] != now["path"],
            false => {
                value["port"] == now["port"] && (*name != old || value["scheme"] != now["scheme"])
            }
        })?;
    let (place, field) = place(case)?;
    let mut steps = Vec::new();
    if old != new {
        steps.push(json!({"op": "remove", "path": format!("{place}/{old}")}));
    }
    steps.push(json!({"op": "add", "path": format!("{place}/{new}"), "value": value}));
    Some(Built {
        description: format!(
            "Let the {} ask as the container's other probe does",
            which.field()
        ),
        preview: format!("{field}.{old}: {now}\n{field}.{new}: {value}"),
        target: case.signal.owner.clone(),
        patch: Some(json_patch(&steps)),
    })
}

/// A probe's handler as the API has it; `None` for a command.
fn handler(probe: &Probe) -> Option<(&'static str, Value)> {
    if let Some(http) = &probe.http_get {
        let path = if http.path.is_empty() {
            "/"
        } else {
            &http.path
        };
        let scheme = if http.scheme == "HTTPS" {
            "HTTPS"
        } else {
            "HTTP"
        };
        let port = routes::value(&http.port);
        return Some((
            "httpGet",
            json!({"path": path, "port": port, "scheme": scheme}),
        ));
    }
    if let Some(tcp) = &probe.tcp_socket {
        return Some(("tcpSocket", json!({"port": routes::value(&tcp.port)})));
    }
    let grpc = probe.grpc.as_ref()?;
    Some(("grpc", json!({"port": grpc.port})))
}

/// The port the container listens on.
fn port(case: &Case<'_, '_>) -> Option<Built> {
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
