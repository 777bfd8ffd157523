//! Why a Service leads nowhere, and why a caller does not find it.

use kubegraf_ipc::incident::EvidenceSource;

use super::{Candidate, Class, Rule};
use crate::{
    incidents::{
        calls::{self, Call, Mismatch},
        evidence::{against, seen},
        graph::Graph,
        routes::{self, Wrong},
        signal::Signal,
        snapshot::Kind,
    },
    objects::{Ingress, IngressClass, Object, Secret, Service},
};

/// The table.
pub(super) const RULES: &[Rule] = &[
    Rule {
        cause: "service_selector_mismatch",
        explains: &["service_no_endpoints"],
        class: Class::Computed,
        needs: &[Kind::Services],
        in_spec: false,
        actions: &["fix_selector", "plan"],
        doc: "the Service selects no pod, while a workload has nearly those labels or the Service's name",
        decide: selector,
    },
    Rule {
        cause: "service_port_mismatch",
        explains: &["service_port_mismatch"],
        class: Class::Computed,
        needs: &[Kind::Services],
        in_spec: false,
        actions: &["fix_target_port", "plan"],
        doc: "targetPort is no declared port of the pods",
        decide: |graph, signal| port(graph, signal, false),
    },
    Rule {
        cause: "service_protocol_mismatch",
        explains: &["service_port_mismatch"],
        class: Class::Computed,
        needs: &[Kind::Services],
        in_spec: false,
        actions: &["fix_protocol", "plan"],
        doc: "the Service's protocol is not the container port's",
        decide: |graph, signal| port(graph, signal, true),
    },
    Rule {
        cause: "scaled_to_zero",
        explains: &["workload_scaled_to_zero"],
        class: Class::Computed,
        needs: &[Kind::Services],
        in_spec: false,
        actions: &["scale_up", "plan"],
        doc: "the workload wants no pods",
        decide: zero,
    },
    Rule {
        cause: "env_address_mismatch",
        explains: &["address_mismatch"],
        class: Class::Computed,
        needs: &[Kind::Services],
        in_spec: true,
        actions: &["fix_env_address", "plan"],
        doc: "an address names no Service or no port of it, and one with a near name or another port exists",
        decide: |graph, signal| address(graph, signal, true),
    },
    Rule {
        cause: "service_missing",
        explains: &[
            "address_mismatch",
            "api_service_unavailable",
            "statefulset_reference_missing",
        ],
        class: Class::Elimination,
        needs: &[Kind::Services],
        in_spec: false,
        actions: &["create_service", "plan"],
        doc: "an address names a Service that does not exist, and no name is near; or an APIService or a StatefulSet names one (0.95)",
        decide: |graph, signal| match signal.r#type {
            "api_service_unavailable" => super::served::backend(graph, signal),
            "statefulset_reference_missing" => super::workloads::service(graph, signal),
            _ => address(graph, signal, false),
        },
    },
    Rule {
        cause: "ingress_backend_missing",
        explains: &["ingress_misconfigured"],
        class: Class::Computed,
        needs: &[Kind::Services],
        in_spec: false,
        actions: &["fix_ingress_backend", "plan"],
        doc: "an Ingress leads to a Service that does not exist",
        decide: |graph, signal| ingress(graph, signal, "ingress_backend_missing"),
    },
    Rule {
        cause: "ingress_port_mismatch",
        explains: &["ingress_misconfigured"],
        class: Class::Computed,
        needs: &[Kind::Services],
        in_spec: false,
        actions: &["fix_ingress_backend", "plan"],
        doc: "an Ingress leads to a port its Service does not have",
        decide: |graph, signal| ingress(graph, signal, "ingress_port_mismatch"),
    },
    Rule {
        cause: "ingress_class_missing",
        explains: &["ingress_misconfigured"],
        class: Class::Computed,
        needs: &[Kind::IngressClasses],
        in_spec: false,
        actions: &["plan"],
        doc: "ingressClassName names no IngressClass",
        decide: |graph, signal| ingress(graph, signal, "ingress_class_missing"),
    },
    Rule {
        cause: "tls_secret_missing",
        explains: &["ingress_misconfigured"],
        class: Class::Computed,
        needs: &[Kind::Secrets],
        in_spec: false,
        actions: &["plan"],
        doc: "a TLS Secret of an Ingress does not exist",
        decide: |graph, signal| ingress(graph, signal, "tls_secret_missing"),
    },
    Rule {
        cause: "tls_secret_invalid",
        explains: &["ingress_misconfigured"],
        class: Class::Computed,
        needs: &[Kind::Secrets],
        in_spec: false,
        actions: &["plan"],
        doc: "a TLS Secret of an Ingress lacks its certificate or its key",
        decide: |graph, signal| ingress(graph, signal, "tls_secret_invalid"),
    },
    Rule {
        cause: "ingress_host_conflict",
        explains: &["ingress_misconfigured"],
        class: Class::Computed,
        needs: &[Kind::Ingresses],
        in_spec: false,
        actions: &["plan"],
        doc: "an older Ingress of the same class leads the same host and path to another Service",
        decide: |graph, signal| ingress(graph, signal, "ingress_host_conflict"),
    },
    Rule {
        cause: "service_selector_too_broad",
        explains: &["service_selector_too_broad"],
        class: Class::Computed,
        needs: &[Kind::Services],
        in_spec: false,
        actions: &["plan"],
        doc: "the selector matches pods of several workloads that are no versions of one",
        decide: broad,
    },
];

fn selector<'a>(graph: &Graph<'a>, signal: &Signal<'a>) -> Option<Candidate> {
    let service = routes::of(graph, &signal.object)?;
    let (workload, changes) = routes::meant(graph, service)?;
    let name = &service.metadata.name;
    let first = changes.iter().find(|(_, value)| value.is_some());
    let meant = first.map_or_else(String::new, |(key, value)| {
        format!("{key}={}", value.as_deref().unwrap_or_default())
    });
    let mut candidate = Candidate::new(
        &signal.object,
        format!("the selector of Service \"{name}\" matches no pod"),
        format!(
            "Service \"{name}\" selects no pod; {} \"{}\" has the label {meant}",
            workload.object.kind, workload.object.name
        ),
    );
    for (key, value) in &changes {
        let now = service
            .spec
            .selector
            .get(key.as_str())
            .map(|value| value.to_string());
        let field = format!("spec.selector[{key}]");
        let observed = seen(
            signal.object.clone(),
            field,
            now,
            EvidenceSource::Computed,
            None,
        );
        candidate.evidence.push(against(observed, value));
    }
    Some(candidate)
}

fn port<'a>(graph: &Graph<'a>, signal: &Signal<'a>, protocol: bool) -> Option<Candidate> {
    let service = routes::of(graph, &signal.object)?;
    let wrong = routes::wrong_port(graph, service)?;
    let name = &service.metadata.name;
    let text = |value: serde_json::Value| value.to_string().replace('"', "");
    let (now, meant) = (text(wrong.observed()), text(wrong.meant()));
    match (&wrong.what, protocol) {
        (Wrong::Target(..), false) => Some(Candidate::new(
            &signal.object,
            format!("Service \"{name}\" sends to port {now}, its pods listen on {meant}"),
            format!(
                "targetPort {now} of Service \"{name}\" is no port of the pods it selects; they declare {meant}"
            ),
        )),
        (Wrong::Protocol(..), true) => Some(Candidate::new(
            &signal.object,
            format!("Service \"{name}\" speaks {now}, its pods {meant}"),
            format!(
                "Service \"{name}\" forwards {now} to a port that the pods declare for {meant}"
            ),
        )),
        _ => None,
    }
}

fn zero<'a>(_: &Graph<'a>, signal: &Signal<'a>) -> Option<Candidate> {
    let (kind, name) = (&signal.owner.kind, &signal.owner.name);
    Some(Candidate::new(
        &signal.owner,
        "it is scaled to zero and still needed",
        format!("{kind} \"{name}\" wants no pods, and a Service on it is routed or called"),
    ))
}

/// The first wrong address of a workload: with something near, or without.
pub(in super::super) fn wrong_address<'g, 'a>(
    graph: &'g Graph<'a>,
    signal: &Signal<'a>,
    near: bool,
) -> Option<(&'g Call, Mismatch<'a>)> {
    let (_, all) = graph.calls().find(|(caller, _)| *caller == signal.owner)?;
    all.iter().find_map(|call| {
        let wrong = calls::harmful(graph, &signal.owner, call)?;
        (matches!(wrong, Mismatch::Service(None)) != near).then_some((call, wrong))
    })
}

fn address<'a>(graph: &Graph<'a>, signal: &Signal<'a>, near: bool) -> Option<Candidate> {
    let (call, wrong) = wrong_address(graph, signal, near)?;
    let (value, service) = (&call.value, &call.service);
    let (words, more) = match &wrong {
        Mismatch::Service(Some(name)) => (
            format!("\"{value}\" names no Service"),
            format!("there is no Service \"{service}\"; \"{name}\" exists"),
        ),
        Mismatch::Port(port) => (
            format!("\"{value}\" names no port of Service \"{service}\""),
            format!("Service \"{service}\" listens on {port}"),
        ),
        Mismatch::Service(None) => (
            format!("Service \"{service}\" does not exist"),
            format!(
                "there is no Service \"{service}\" in namespace \"{}\"",
                call.namespace
            ),
        ),
    };
    let target = if near { &call.holder } else { &signal.owner };
    let mut candidate = Candidate::new(
        target,
        words,
        format!("{} holds \"{value}\": {more}", call.field),
    );
    if near {
        candidate.base = Some(0.9);
    }
    Some(candidate)
}

fn ingress<'a>(graph: &Graph<'a>, signal: &Signal<'a>, cause: &str) -> Option<Candidate> {
    let ingress: &Ingress = graph.get(&signal.object.namespace, &signal.object.name)?;
    let (field, words) = faults(graph, ingress)
        .into_iter()
        .find_map(|(id, field, words)| (id == cause).then_some((field, words)))?;
    let mut candidate = Candidate::new(&signal.object, words.clone(), format!("{words} ({field})"));
    candidate.evidence.push(seen(
        signal.object.clone(),
        field,
        "absent",
        EvidenceSource::Computed,
        None,
    ));
    Some(candidate)
}

/// What is wrong with an Ingress: cause, field, words.
pub(in super::super) fn faults(
    graph: &Graph<'_>,
    ingress: &Ingress,
) -> Vec<(&'static str, String, String)> {
    let namespace = &*ingress.metadata.namespace;
    let mut found = Vec::new();
    for (field, backend) in ingress.backends() {
        if !graph.knows(Kind::Services) {
            break;
        }
        match graph.get::<Service>(namespace, &backend.name) {
            None => found.push((
                "ingress_backend_missing",
                format!("{field}.service.name"),
                format!("Service \"{}\" does not exist", backend.name),
            )),
            Some(service) if service.spec.r#type != "ExternalName" => {
                let port = &backend.port;
                let fits = service.spec.ports.iter().any(|one| {
                    if port.number == 0 {
                        one.name == port.name
                    } else {
                        one.port == port.number
                    }
                });
                if !fits && (port.number != 0 || !port.name.is_empty()) {
                    let asked = if port.number == 0 {
                        port.name.clone()
                    } else {
                        port.number.to_string()
                    };
                    found.push((
                        "ingress_port_mismatch",
                        format!("{field}.service.port"),
                        format!("Service \"{}\" has no port {asked}", backend.name),
                    ));
                }
            }
            Some(_) => {}
        }
    }
    if let Some(class) = &ingress.spec.ingress_class_name
        && graph.knows(Kind::IngressClasses)
        && graph.get::<IngressClass>("", class).is_none()
    {
        found.push((
            "ingress_class_missing",
            "spec.ingressClassName".into(),
            format!("IngressClass \"{class}\" does not exist"),
        ));
    }
    for (index, tls) in ingress.spec.tls.iter().enumerate() {
        let absent = !tls.secret_name.is_empty()
            && graph.knows(Kind::Secrets)
            && graph.get::<Secret>(namespace, &tls.secret_name).is_none();
        if absent {
            found.push((
                "tls_secret_missing",
                format!("spec.tls[{index}].secretName"),
                format!("TLS Secret \"{}\" does not exist", tls.secret_name),
            ));
        }
        let lacks = graph
            .get::<Secret>(namespace, &tls.secret_name)
            .and_then(|secret| {
                ["tls.crt", "tls.key"]
                    .into_iter()
                    .find(|key| !secret.keys.contains(*key))
            });
        if let Some(key) = lacks {
            found.push((
                "tls_secret_invalid",
                format!("spec.tls[{index}].secretName"),
                format!("TLS Secret \"{}\" has no key \"{key}\"", tls.secret_name),
            ));
        }
    }
    if let Some((field, words)) = conflict(graph, ingress) {
        found.push(("ingress_host_conflict", field, words));
    }
    found
}

/// The rule of an older Ingress that leads the same host and path elsewhere: field, words.
fn conflict(graph: &Graph<'_>, ingress: &Ingress) -> Option<(String, String)> {
    let apart = |one: &Ingress| {
        // These are made to share a host.
        let mut keys = one.metadata.annotations.iter();
        keys.any(|(key, _)| key.contains("canary") || key.contains("mergeable"))
    };
    let age = |one: &Ingress| {
        let meta = &one.metadata;
        (meta.created, meta.namespace.clone(), meta.name.clone())
    };
    if apart(ingress) {
        return None;
    }
    let paths = |one: &Ingress| -> Vec<(String, String, Option<String>, String)> {
        let rules = one.spec.rules.iter().enumerate();
        rules
            .filter(|(_, rule)| !rule.host.is_empty())
            .flat_map(|(at, rule)| {
                let paths = rule.http.paths.iter().enumerate();
                paths.map(move |(place, path)| {
                    let to = path.backend.service.as_ref().map(|to| to.name.clone());
                    let field = format!("spec.rules[{at}].http.paths[{place}]");
                    (rule.host.clone(), path.path.clone(), to, field)
                })
            })
            .collect()
    };
    let mine = paths(ingress);
    if mine.is_empty() {
        return None;
    }
    graph
        .every::<Ingress>()
        .filter(|other| {
            age(other) < age(ingress)
                && other.metadata.deleted.is_none()
                && other.spec.ingress_class_name == ingress.spec.ingress_class_name
                && !apart(other)
        })
        .find_map(|other| {
            let theirs = paths(other);
            let same_namespace = other.metadata.namespace == ingress.metadata.namespace;
            let (host, path, _, field) = mine.iter().find(|(host, path, to, _)| {
                theirs
                    .iter()
                    .any(|(h, p, t, _)| h == host && p == path && !(same_namespace && t == to))
            })?;
            let (of, name) = (&other.metadata.namespace, &other.metadata.name);
            let words = format!("Ingress \"{of}/{name}\" has \"{host}{path}\" already");
            Some((field.clone(), words))
        })
}

fn broad<'a>(_: &Graph<'a>, signal: &Signal<'a>) -> Option<Candidate> {
    let owners = signal.evidence.last()?;
    let owners: Vec<String> = serde_json::from_str(&owners.observed).ok()?;
    let name = &signal.object.name;
    let mut candidate = Candidate::new(
        &signal.object,
        format!("the selector of Service \"{name}\" matches several workloads"),
        format!(
            "Service \"{name}\" sends its traffic to the pods of {}",
            owners.join(" and ")
        ),
    );
    candidate.base = Some(0.7);
    Some(candidate)
}

/// The reference of an Ingress, for its detector.
pub(in super::super) fn reference(ingress: &Ingress) -> kubegraf_ipc::object::ObjectRef {
    ingress.reference()
}
