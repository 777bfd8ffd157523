//! Probes: where they ask, how long they wait, and what contradicts them.

use std::collections::BTreeSet;

use super::{containers::Seen, graph::Graph};
use crate::objects::{Container, IntOrString, Probe};

/// One of the three probes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Which {
    /// Restarts.
    Liveness,
    /// Takes out of Services.
    Readiness,
    /// Holds the others back.
    Startup,
}

impl Which {
    /// The probe of a container.
    pub(super) fn of(self, container: &Container) -> Option<&Probe> {
        match self {
            Self::Liveness => container.liveness_probe.as_ref(),
            Self::Readiness => container.readiness_probe.as_ref(),
            Self::Startup => container.startup_probe.as_ref(),
        }
    }

    /// `livenessProbe`.
    pub(super) fn field(self) -> &'static str {
        match self {
            Self::Liveness => "livenessProbe",
            Self::Readiness => "readinessProbe",
            Self::Startup => "startupProbe",
        }
    }

    /// Whether an event of the kubelet is about this probe.
    pub(super) fn named(self, message: &str) -> bool {
        let message = message.to_lowercase();
        let word = match self {
            Self::Liveness => "liveness probe",
            Self::Readiness => "readiness probe",
            Self::Startup => "startup probe",
        };
        message.contains(word)
    }
}

/// How a probe asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Handler {
    /// HTTP.
    Http,
    /// HTTPS.
    Https,
    /// A connection.
    Tcp,
    /// gRPC.
    Grpc,
}

/// What contradicts a probe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Contradiction {
    /// Its port, and the one that is right.
    Port(IntOrString, IntOrString),
    /// Its handler, and the one that is right.
    Handler(Handler, Handler),
}

/// How and where a probe asks; `None` for a command.
pub(super) fn asks(probe: &Probe) -> Option<(Handler, IntOrString)> {
    if let Some(http) = &probe.http_get {
        let handler = if http.scheme == "HTTPS" {
            Handler::Https
        } else {
            Handler::Http
        };
        return Some((handler, http.port.clone()));
    }
    if let Some(tcp) = &probe.tcp_socket {
        return Some((Handler::Tcp, tcp.port.clone()));
    }
    probe
        .grpc
        .as_ref()
        .map(|grpc| (Handler::Grpc, IntOrString::Int(grpc.port)))
}

/// Seconds a container is given before this probe acts.
pub(super) fn budget(probe: &Probe, rounds: i64) -> i64 {
    probe.initial_delay_seconds.unwrap_or(0)
        + rounds * probe.period_seconds.unwrap_or(10) * probe.failure_threshold.unwrap_or(3)
}

/// What contradicts a probe, from the container's ports, its other probes and its Services.
pub(super) fn computed(
    graph: &Graph<'_>,
    container: Seen<'_>,
    which: Which,
) -> Option<Contradiction> {
    let spec = container.spec?;
    let (handler, port) = asks(which.of(spec)?)?;
    let number = |port: &IntOrString| -> Option<i64> {
        match port {
            IntOrString::Int(number) => Some(*number),
            IntOrString::Text(name) => {
                let found = spec.ports.iter().find(|one| one.name == *name)?;
                Some(i64::from(found.container_port))
            }
        }
    };
    let declared: BTreeSet<i64> = spec
        .ports
        .iter()
        .map(|one| i64::from(one.container_port))
        .collect();
    let others: Vec<(Handler, IntOrString)> = [Which::Liveness, Which::Readiness, Which::Startup]
        .into_iter()
        .filter(|other| *other != which)
        .filter_map(|other| asks(other.of(spec)?))
        .collect();
    let sibling = others.iter().find(|(_, other)| {
        number(other).is_some_and(|other| declared.is_empty() || declared.contains(&other))
    });
    let routed = || -> Option<i64> {
        let services = graph.services_to(container.pod);
        let ports = services.into_iter().flat_map(|service| &service.spec.ports);
        ports
            .filter_map(|one| match &one.target_port {
                None | Some(IntOrString::Int(0)) => Some(i64::from(one.port)),
                Some(target) => number(target),
            })
            .find(|target| declared.is_empty() || declared.contains(target))
    };
    let asked = number(&port);
    let wrong = match asked {
        None => true,
        Some(asked) if !declared.is_empty() => !declared.contains(&asked),
        Some(asked) => sibling.is_some_and(|(_, other)| number(other) != Some(asked)),
    };
    if wrong {
        let meant = sibling
            .map(|(_, port)| port.clone())
            .or_else(|| routed().map(IntOrString::Int))
            .or_else(|| declared.first().copied().map(IntOrString::Int))?;
        return Some(Contradiction::Port(port, meant));
    }
    let same = others
        .iter()
        .find(|(other, at)| number(at) == asked && *other != handler && *other != Handler::Tcp);
    let named = spec
        .ports
        .iter()
        .find(|one| Some(i64::from(one.container_port)) == asked)
        .and_then(|one| match one.name.split('-').next()? {
            "grpc" if handler != Handler::Grpc && handler != Handler::Tcp => Some(Handler::Grpc),
            "http" if handler == Handler::Grpc => Some(Handler::Http),
            _ => None,
        });
    let right = same.map(|(other, _)| *other).or(named)?;
    (handler != Handler::Tcp).then_some(Contradiction::Handler(handler, right))
}
