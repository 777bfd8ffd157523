//! Resources: what pods ask for, what nodes have, what is taken.

use std::collections::{BTreeSet, HashMap};

use super::super::graph::Graph;
use crate::{
    objects::{Container, Node, Pod, PodSpec},
    quantity,
};

/// A resource of a node.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in super::super) enum Resource {
    /// Processor time.
    Cpu,
    /// Memory.
    Memory,
    /// Local storage.
    Ephemeral,
    /// Anything else, by name.
    Extended(String),
    /// Pods.
    Pods,
}

impl Resource {
    /// As the API calls it.
    pub(in super::super) fn name(&self) -> &str {
        match self {
            Self::Cpu => "cpu",
            Self::Memory => "memory",
            Self::Ephemeral => "ephemeral-storage",
            Self::Extended(name) => name,
            Self::Pods => "pods",
        }
    }

    fn of(name: &str) -> Self {
        match name {
            "cpu" => Self::Cpu,
            "memory" => Self::Memory,
            "ephemeral-storage" => Self::Ephemeral,
            _ => Self::Extended(name.to_owned()),
        }
    }
}

/// What the pods of a node ask for, in base units, by resource name.
pub(in super::super) type Used = HashMap<String, f64>;

/// What the pods of every node ask for together.
pub(in super::super) fn usage<'a>(graph: &Graph<'a>) -> HashMap<&'a str, Used> {
    let mut usage: HashMap<&str, Used> = HashMap::new();
    for (pod, node) in graph.placed() {
        let used = usage.entry(&*node.metadata.name).or_default();
        *used.entry("pods".into()).or_default() += 1.0;
        for name in names(&pod.spec) {
            *used.entry(name.to_owned()).or_default() += total(&pod.spec, name);
        }
    }
    usage
}

/// What a pod asks of a resource, in base units.
pub(in super::super) fn asked(spec: &PodSpec, resource: &Resource) -> f64 {
    match resource {
        Resource::Pods => 1.0,
        _ => total(spec, resource.name()),
    }
}

/// What a node has of a resource for pods; `None` when it does not say.
pub(super) fn allocatable(node: &Node, resource: &Resource) -> Option<f64> {
    let status = &node.status;
    let text = status
        .allocatable
        .get(resource.name())
        .or(status.capacity.get(resource.name()))?;
    quantity::number(text)
}

/// The resources a node has too little of.
pub(super) fn lacking(node: &Node, pod: &Pod, used: Option<&Used>) -> Vec<Resource> {
    let mut wanted: Vec<Resource> = names(&pod.spec).into_iter().map(Resource::of).collect();
    wanted.push(Resource::Pods);
    wanted
        .into_iter()
        .filter(|resource| {
            let need = asked(&pod.spec, resource);
            let taken = used.and_then(|used| used.get(resource.name())).copied();
            let whole = match (allocatable(node, resource), resource) {
                (Some(whole), _) => whole,
                // A node that lists resources at all lacks those it does not list.
                (None, Resource::Extended(_)) if !node.status.allocatable.is_empty() => 0.0,
                (None, _) => return false,
            };
            need > 0.0 && whole - taken.unwrap_or_default() < need - 1e-9
        })
        .collect()
}

/// What is left of a resource on a node, in base units.
pub(in super::super) fn free(node: &Node, resource: &Resource, used: Option<&Used>) -> Option<f64> {
    let taken = used.and_then(|used| used.get(resource.name())).copied();
    Some(allocatable(node, resource)? - taken.unwrap_or_default())
}

/// Whether a host port of the pod is taken on the node.
pub(super) fn port_taken(graph: &Graph<'_>, node: &Node, pod: &Pod) -> bool {
    let wanted = ports(&pod.spec);
    !wanted.is_empty()
        && graph
            .pods_on(&node.metadata.name)
            .into_iter()
            .filter(|other| !std::ptr::eq(*other, pod) && lives(other))
            .any(|other| ports(&other.spec).intersection(&wanted).next().is_some())
}

/// Whether a pod still takes room.
pub(in super::super) fn lives(pod: &Pod) -> bool {
    !matches!(&*pod.status.phase, "Succeeded" | "Failed")
}

fn ports(spec: &PodSpec) -> BTreeSet<(u16, String)> {
    let ports = spec
        .containers
        .iter()
        .flat_map(|container| &container.ports);
    ports
        .filter(|port| port.host_port != 0)
        .map(|port| {
            (
                port.host_port,
                if port.protocol.is_empty() {
                    "TCP".into()
                } else {
                    port.protocol.to_string()
                },
            )
        })
        .collect()
}

fn names(spec: &PodSpec) -> BTreeSet<&str> {
    let containers = spec.containers.iter().chain(&spec.init_containers);
    containers
        .flat_map(|one| {
            one.resources
                .requests
                .iter()
                .chain(one.resources.limits.iter())
        })
        .map(|(name, _)| &**name)
        .filter(|name| !name.starts_with("hugepages-"))
        .collect()
}

fn total(spec: &PodSpec, name: &str) -> f64 {
    // Without a request the server fills in the limit.
    let of = |one: &Container| -> f64 {
        let text = one
            .resources
            .requests
            .get(name)
            .or(one.resources.limits.get(name));
        text.and_then(|text| quantity::number(text))
            .unwrap_or_default()
    };
    let main: f64 = spec.containers.iter().map(of).sum();
    let (mut sidecars, mut peak) = (0.0, 0.0_f64);
    for init in &spec.init_containers {
        if init.restart_policy == "Always" {
            sidecars += of(init);
            peak = peak.max(sidecars);
        } else {
            peak = peak.max(of(init) + sidecars);
        }
    }
    (main + sidecars).max(peak)
}
