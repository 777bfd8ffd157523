//! How Services reach pods: who wants them, whom they were meant for, which port is wrong.

use std::collections::BTreeMap;

use super::{
    graph::{Graph, selected},
    nearest::nearest,
    workloads::Workload,
};
use crate::objects::{
    APIService, Container, Ingress, IntOrString, MutatingWebhookConfiguration, Object, Pod,
    Service, ServiceRef, ValidatingWebhookConfiguration, Webhook,
};

/// Selector keys with the value they should have; `None` for one that should go.
pub(super) type Changes = BTreeMap<String, Option<String>>;

/// Whether someone needs the Service: it is open to the outside, routed, or called.
pub(super) fn wanted(graph: &Graph<'_>, service: &Service) -> bool {
    let meta = &service.metadata;
    matches!(service.spec.r#type.as_str(), "LoadBalancer" | "NodePort")
        || graph
            .of::<Ingress>(&meta.namespace)
            .iter()
            .any(|ingress| ingress.backends().any(|(_, one)| meta.name == *one.name))
        || !graph.callers(service).is_empty()
        || asked_for(graph, service)
}

/// Whether the API server itself calls the Service: as a webhook, or for an API.
fn asked_for(graph: &Graph<'_>, service: &Service) -> bool {
    let meta = &service.metadata;
    let this = |to: &ServiceRef| meta.name == *to.name && meta.namespace == *to.namespace;
    let called = |hooks: &[Webhook]| {
        let mut services = hooks
            .iter()
            .filter_map(|one| one.client_config.service.as_ref());
        services.any(this)
    };
    graph
        .every::<APIService>()
        .any(|one| one.spec.service.as_ref().is_some_and(this))
        || graph
            .every::<ValidatingWebhookConfiguration>()
            .any(|one| called(&one.webhooks))
        || graph
            .every::<MutatingWebhookConfiguration>()
            .any(|one| called(&one.webhooks))
}

/// The workload a Service that selects nothing was meant for, and the selector that finds it.
pub(super) fn meant<'g, 'a>(
    graph: &'g Graph<'a>,
    service: &Service,
) -> Option<(&'g Workload<'a>, Changes)> {
    let selector = &service.spec.selector;
    let workloads = graph
        .workloads_in(&service.metadata.namespace)
        .filter(|one| one.desired != Some(0));
    let all: Vec<&Workload<'_>> = workloads.collect();
    if selector.is_empty() || all.iter().any(|one| selected(service, one)) {
        return None;
    }
    let mut best: Option<(usize, &Workload<'_>, Changes)> = None;
    for workload in all {
        let mut score = usize::from(workload.object.name == *service.metadata.name) * 3;
        let mut changes = BTreeMap::new();
        let mut right = 0;
        for (key, value) in selector {
            match workload.labels.get(key) {
                Some(held) if held == value => right += 1,
                Some(held) => {
                    let near = nearest(value, [&**held]).is_some();
                    let named = **held == *service.metadata.name || **held == *workload.object.name;
                    score += usize::from(near) * 2 + usize::from(named);
                    changes.insert(key.to_string(), Some(held.to_string()));
                }
                None => {
                    let keys = workload.labels.iter().map(|(key, _)| &**key);
                    let other = nearest(key, keys).or_else(|| {
                        workload
                            .labels
                            .iter()
                            .find(|(_, held)| *held == value)
                            .map(|(key, _)| &**key)
                    });
                    changes.insert(key.to_string(), None);
                    if let Some(other) = other
                        && let Some(held) = workload.labels.get(other)
                    {
                        score += 2;
                        changes.insert(other.to_owned(), Some(held.to_string()));
                    }
                }
            }
        }
        // One of several pairs is right, or one is a slip away, or it has the Service's name.
        score += right * 2;
        if score >= 2 && best.as_ref().is_none_or(|(most, ..)| score > *most) {
            best = Some((score, workload, changes));
        }
    }
    best.map(|(_, workload, changes)| (workload, changes))
}

/// A port of a Service that its pods do not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct WrongPort {
    /// Place among the Service's ports.
    pub index: usize,
    /// What is wrong.
    pub what: Wrong,
}

/// What is wrong with a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Wrong {
    /// The target port, and the one that was most probably meant.
    Target(IntOrString, IntOrString),
    /// The protocol, and the container's.
    Protocol(String, String),
}

impl WrongPort {
    /// The field that is wrong.
    pub(super) fn field(&self) -> String {
        let leaf = match self.what {
            Wrong::Target(..) => "targetPort",
            Wrong::Protocol(..) => "protocol",
        };
        format!("spec.ports[{}].{leaf}", self.index)
    }

    /// Its value.
    pub(super) fn observed(&self) -> serde_json::Value {
        match &self.what {
            Wrong::Target(now, _) => value(now),
            Wrong::Protocol(now, _) => now.clone().into(),
        }
    }

    /// What it should be.
    pub(super) fn meant(&self) -> serde_json::Value {
        match &self.what {
            Wrong::Target(_, meant) => value(meant),
            Wrong::Protocol(_, meant) => meant.clone().into(),
        }
    }
}

/// A port as JSON has it.
pub(super) fn value(port: &IntOrString) -> serde_json::Value {
    match port {
        IntOrString::Int(number) => (*number).into(),
        IntOrString::Text(name) => name.clone().into(),
    }
}

/// The first port of a Service that is wrong.
pub(super) fn wrong_port(graph: &Graph<'_>, service: &Service) -> Option<WrongPort> {
    let containers: Vec<&Container> = {
        let of_workloads = graph
            .workloads_in(&service.metadata.namespace)
            .filter(|one| selected(service, one))
            .flat_map(|one| &one.spec.containers);
        let found: Vec<&Container> = of_workloads.collect();
        if found.is_empty() {
            let mut pods = graph.of::<Pod>(&service.metadata.namespace).iter();
            pods.find(|pod| super::graph::selects(service, pod))
                .into_iter()
                .flat_map(|pod| &pod.spec.containers)
                .collect()
        } else {
            found
        }
    };
    let declared: Vec<_> = containers.iter().flat_map(|one| &one.ports).collect();
    if declared.is_empty() {
        return None;
    }
    for (index, port) in service.spec.ports.iter().enumerate() {
        let same = IntOrString::Int(i64::from(port.port));
        let target = match &port.target_port {
            None | Some(IntOrString::Int(0)) => &same,
            Some(target) => target,
        };
        let found = declared.iter().find(|one| match target {
            IntOrString::Int(number) => i64::from(one.container_port) == *number,
            IntOrString::Text(name) => one.name == *name,
        });
        let protocol = |text: &str| {
            if text.is_empty() {
                "TCP".to_owned()
            } else {
                text.to_owned()
            }
        };
        match found {
            Some(_) => {
                let asked = protocol(&port.protocol);
                let alike = declared.iter().filter(|one| match target {
                    IntOrString::Int(number) => i64::from(one.container_port) == *number,
                    IntOrString::Text(name) => one.name == *name,
                });
                let there: Vec<String> = alike.map(|one| protocol(&one.protocol)).collect();
                if !there.contains(&asked) {
                    let meant = there.into_iter().next()?;
                    return Some(WrongPort {
                        index,
                        what: Wrong::Protocol(asked, meant),
                    });
                }
            }
            None => {
                let meant = match target {
                    IntOrString::Text(name) => {
                        let names = declared.iter().map(|one| one.name.as_str());
                        nearest(name, names).map(|name| IntOrString::Text(name.to_owned()))
                    }
                    IntOrString::Int(_) => None,
                };
                let by_name = declared
                    .iter()
                    .find(|one| !one.name.is_empty() && one.name == port.name);
                let by_port = declared.iter().find(|one| one.container_port == port.port);
                let nearby = declared.iter().min_by_key(|one| {
                    let number = match target {
                        IntOrString::Int(number) => *number,
                        IntOrString::Text(_) => i64::from(port.port),
                    };
                    (i64::from(one.container_port) - number).abs()
                })?;
                let one = by_name.or(by_port).unwrap_or(nearby);
                let meant = meant.unwrap_or(IntOrString::Int(i64::from(one.container_port)));
                return Some(WrongPort {
                    index,
                    what: Wrong::Target(target.clone(), meant),
                });
            }
        }
    }
    None
}

/// The Service itself, for a signal about it.
pub(super) fn of<'a>(
    graph: &Graph<'a>,
    object: &kubegraf_ipc::object::ObjectRef,
) -> Option<&'a Service> {
    (object.kind == Service::KIND)
        .then(|| graph.get(&object.namespace, &object.name))
        .flatten()
}
