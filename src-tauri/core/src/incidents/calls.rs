//! Whom a workload calls: addresses of Services in its environment, arguments and ConfigMaps.

use std::{
    collections::BTreeSet,
    sync::{Arc, LazyLock},
};

use kubegraf_ipc::object::ObjectRef;
use regex::Regex;

use super::{graph::Graph, nearest::nearest, notes::Notes, snapshot::Kind, workloads::Workload};
use crate::objects::{ConfigMap, Namespace, Object, Service};

/// Endings of variables that hold an address.
const ENDINGS: &[&str] = &[
    "HOST", "HOSTNAME", "ADDR", "ADDRESS", "URL", "URI", "ENDPOINT", "SERVER", "SERVICE",
];

/// An address a workload holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Call {
    /// The object that holds it: the workload, or its ConfigMap.
    pub holder: ObjectRef,
    /// Where in it.
    pub field: String,
    /// The container that uses it.
    pub container: Option<String>,
    /// The value as written, credentials left out.
    pub value: String,
    /// The variable or key that holds it.
    pub key: String,
    /// The Service's namespace.
    pub namespace: String,
    /// The Service's name.
    pub service: String,
    /// The port, where one is given.
    pub port: Option<u16>,
}

/// What is wrong with an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Mismatch<'a> {
    /// There is no such Service; the name that was most probably meant.
    Service(Option<&'a str>),
    /// The Service has no such port; one it has.
    Port(u16),
}

/// A workload, and whom it calls.
pub(super) type Caller = (ObjectRef, Vec<Call>);

/// The workloads of a namespace that call someone, in name order; and what was read for it.
pub(super) fn in_namespace(graph: &Graph<'_>, namespace: &str) -> (Arc<[Caller]>, Notes) {
    graph.from(namespace, || {
        graph
            .workloads()
            .map(|one| (one.object.clone(), of(graph, one)))
            .filter(|(_, calls)| !calls.is_empty())
            .collect()
    })
}

/// Every address of a workload that is meant for the cluster.
fn of(graph: &Graph<'_>, workload: &Workload<'_>) -> Vec<Call> {
    let namespace = &*workload.meta.namespace;
    let mut found: Vec<Call> = Vec::new();
    for (list, container) in workload.containers() {
        let base = format!("{}.{list}[name={}]", workload.path, container.name);
        for env in &container.env {
            let field = format!("{base}.env[name={}].value", env.name);
            let held = (&workload.object, field, Some(&*container.name));
            let from = env
                .value_from
                .as_ref()
                .and_then(|from| from.config_map_key_ref.as_ref());
            if let Some(key) = from {
                if let Some(map) = graph.get::<ConfigMap>(namespace, &key.name)
                    && let Some(value) = map.short.get(&*key.key)
                {
                    let field = format!("data[{}]", &*key.key);
                    let held = (&map.reference(), field, Some(&*container.name));
                    found.extend(parse(graph, namespace, &env.name, value, held));
                }
                continue;
            }
            let port = port_beside(container, &env.name);
            let calls = parse(graph, namespace, &env.name, &env.value, held);
            found.extend(calls.into_iter().map(|call| Call {
                port: call.port.or(port),
                ..call
            }));
        }
        for from in container
            .env_from
            .iter()
            .filter_map(|from| from.config_map_ref.as_ref())
        {
            let Some(map) = graph.get::<ConfigMap>(namespace, &from.name) else {
                continue;
            };
            for (key, value) in &map.short {
                let held = (
                    &map.reference(),
                    format!("data[{key}]"),
                    Some(&*container.name),
                );
                found.extend(parse(graph, namespace, key, value, held));
            }
        }
        for (word, texts) in [("command", &container.command), ("args", &container.args)] {
            for (index, text) in texts.iter().enumerate() {
                for token in tokens(text) {
                    let held = (
                        &workload.object,
                        format!("{base}.{word}[{index}]"),
                        Some(&*container.name),
                    );
                    let (key, value) = token
                        .trim_start_matches('-')
                        .split_once('=')
                        .unwrap_or(("", token));
                    found.extend(parse(graph, namespace, key, value, held));
                }
            }
        }
    }
    let mut seen = BTreeSet::new();
    found.retain(|call| {
        seen.insert((
            call.holder.clone(),
            call.field.clone(),
            call.service.clone(),
            call.port,
        ))
    });
    found
}

/// Others that work with an address until it counts as one that nobody needs.
const BORNE: usize = 2;

/// What is wrong with an address that may keep its caller from working. One that several other
/// workloads hold, too, and work, harms nobody: an exporter of traces, say.
pub(super) fn harmful<'a>(
    graph: &Graph<'a>,
    caller: &ObjectRef,
    call: &Call,
) -> Option<Mismatch<'a>> {
    let wrong = mismatch(graph, call)?;
    let to = |call: &Call| (call.namespace.clone(), call.service.clone(), call.port);
    let wanted = to(call);
    let works = |one: &ObjectRef| {
        let counts = graph
            .workload(one)
            .and_then(|one| one.ready.zip(one.desired));
        counts.is_some_and(|(ready, desired)| desired > 0 && ready >= desired)
    };
    let borne = graph
        .calls()
        .filter(|(other, calls)| {
            other != caller && calls.iter().any(|call| to(call) == wanted) && works(other)
        })
        .take(BORNE)
        .count();
    (borne < BORNE).then_some(wrong)
}

/// What is wrong with the address, if anything; `None` too where it cannot be known.
fn mismatch<'a>(graph: &Graph<'a>, call: &Call) -> Option<Mismatch<'a>> {
    if !graph.knows(Kind::Services) {
        return None;
    }
    let Some(service) = graph.get::<Service>(&call.namespace, &call.service) else {
        let names: BTreeSet<&str> = graph
            .all::<Service>()
            .filter(|service| service.metadata.namespace == call.namespace)
            .map(|service| &*service.metadata.name)
            .collect();
        return Some(Mismatch::Service(nearest(&call.service, names)));
    };
    let port = call.port?;
    let plain = !service.spec.r#type.eq("ExternalName") && !headless(service);
    let ports: BTreeSet<u16> = service.spec.ports.iter().map(|port| port.port).collect();
    let first = service.spec.ports.first()?.port;
    (plain && !ports.contains(&port)).then(|| {
        let target = service
            .spec
            .ports
            .iter()
            .find(|one| one.target_port == Some(crate::objects::IntOrString::Int(i64::from(port))))
            .map_or(first, |one| one.port);
        Mismatch::Port(target)
    })
}

/// Whether a Service has no address of its own.
pub(super) fn headless(service: &Service) -> bool {
    service.spec.cluster_ip == "None"
}

/// `X_PORT` beside `X_HOST`.
fn port_beside(container: &crate::objects::Container, name: &str) -> Option<u16> {
    let prefix = ["HOST", "HOSTNAME", "ADDR", "ADDRESS", "SERVER"]
        .iter()
        .find_map(|ending| name.strip_suffix(ending))?;
    let wanted = format!("{prefix}PORT");
    let port = container.env.iter().find(|env| env.name == wanted)?;
    port.value.trim().parse().ok()
}

fn tokens(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter: char| letter.is_whitespace() || "\"'`,;()<>|{}[]".contains(letter))
        .filter(|token| !token.is_empty())
}

fn parse(
    graph: &Graph<'_>,
    namespace: &str,
    key: &str,
    value: &str,
    (holder, field, container): (&ObjectRef, String, Option<&str>),
) -> Vec<Call> {
    static ADDRESS: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"^(?:(?P<scheme>[a-z][a-z0-9+.-]*):(?:[a-z]+:)?//)?(?:[^@/\s]*@)?(?:tcp\()?(?P<host>[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?)\.?(?::(?P<port>[0-9]{1,5}))?\)?(?:[/?#].*)?$")
            .expect("the pattern is constant and valid")
    });
    let mut calls = Vec::new();
    for token in value.split(',').map(str::trim) {
        let Some(found) = ADDRESS.captures(token) else {
            continue;
        };
        let host = &found["host"];
        let port: Option<u16> = found
            .name("port")
            .and_then(|port| port.as_str().parse().ok());
        let scheme = found.name("scheme").is_some();
        let upper = key.to_ascii_uppercase().replace(['-', '.'], "_");
        let named = ENDINGS.iter().any(|ending| upper.ends_with(ending));
        if found.name("port").is_some() && port.is_none_or(|port| port == 0) {
            continue;
        }
        // "file://path" and "image:tag" are no addresses.
        if found
            .name("scheme")
            .is_some_and(|scheme| matches!(scheme.as_str(), "file" | "unix" | "jar"))
        {
            continue;
        }
        let local = matches!(
            host,
            "localhost" | "host" | "none" | "null" | "true" | "false"
        ) || host.parse::<std::net::IpAddr>().is_ok()
            || host.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        if local || !(scheme || port.is_some() || named) {
            continue;
        }
        let Some((service, of)) = in_cluster(graph, host, namespace) else {
            continue;
        };
        // A word such as "disabled" in X_SERVICE is an address only if there is such a Service.
        let certain = scheme || port.is_some() || host.contains('.');
        if !certain && upper.ends_with("SERVICE") && graph.get::<Service>(&of, &service).is_none() {
            continue;
        }
        calls.push(Call {
            holder: holder.clone(),
            field: field.clone(),
            container: container.map(str::to_owned),
            value: super::evidence::masked(token),
            key: key.to_owned(),
            namespace: of,
            service,
            port: port.or(match found.name("scheme").map(|scheme| scheme.as_str()) {
                Some("http") => Some(80),
                Some("https") => Some(443),
                _ => None,
            }),
        });
    }
    calls
}

/// Name and namespace of the Service a host name stands for: `web`, `web.shop`, `web.shop.svc…`.
fn in_cluster(graph: &Graph<'_>, host: &str, namespace: &str) -> Option<(String, String)> {
    let mut parts = host.split('.');
    let service = parts.next()?.to_owned();
    let letter = service.starts_with(|letter: char| letter.is_ascii_alphabetic());
    match (parts.next(), parts.next()) {
        (None, _) => letter.then(|| (service, namespace.to_owned())),
        (Some(of), None) => exists(graph, of).then(|| (service, of.to_owned())),
        (Some(of), Some("svc")) => Some((service, of.to_owned())),
        _ => None,
    }
}

fn exists(graph: &Graph<'_>, namespace: &str) -> bool {
    graph.get::<Namespace>("", namespace).is_some() || !graph.of::<Service>(namespace).is_empty()
}
