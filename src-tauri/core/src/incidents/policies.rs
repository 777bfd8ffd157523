//! What NetworkPolicies let through: the union of those that select a pod, per direction. It knows
//! nothing of who needs what; where labels or addresses are not known it says that it is let through.

use std::net::IpAddr;

use kubegraf_ipc::object::ObjectRef;

use super::{graph::Graph, snapshot::Kind};
use crate::objects::{
    IntOrString, Map, Namespace, NetworkPolicy, Pod, PolicyPeer, PolicyPort, Selector, Service,
    TrafficRule,
};

/// The name of a namespace, which every namespace has as a label.
pub(super) const NAME: &str = "kubernetes.io/metadata.name";

/// Which way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Direction {
    /// Out of the caller.
    Egress,
    /// Into the pod that is called.
    Ingress,
}

/// A port of a pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Port {
    /// `TCP`, `UDP` or `SCTP`.
    pub protocol: String,
    /// Its number in the pod.
    pub number: u16,
}

/// What keeps one pod from another.
#[derive(Clone, Debug)]
pub(super) struct Blocked<'a> {
    /// At which end.
    pub direction: Direction,
    /// The policy that most probably lacks a rule.
    pub policy: &'a NetworkPolicy,
    /// How many policies isolate that end.
    pub of: usize,
}

impl Direction {
    /// `egress`.
    pub(super) fn field(self) -> &'static str {
        match self {
            Self::Egress => "egress",
            Self::Ingress => "ingress",
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Egress => "Egress",
            Self::Ingress => "Ingress",
        }
    }

    fn rules(self, policy: &NetworkPolicy) -> &[TrafficRule] {
        match self {
            Self::Egress => &policy.spec.egress,
            Self::Ingress => &policy.spec.ingress,
        }
    }
}

/// The policies that isolate a pod in a direction, by name.
fn isolating<'a>(graph: &Graph<'a>, pod: &Pod, direction: Direction) -> Vec<&'a NetworkPolicy> {
    // Policies do not hold for pods in the node's network.
    if pod.spec.host_network {
        return Vec::new();
    }
    let all = graph.of::<NetworkPolicy>(&pod.metadata.namespace).iter();
    all.map(AsRef::as_ref)
        .filter(|policy: &&NetworkPolicy| {
            let types = &policy.spec.policy_types;
            let concerns = if types.is_empty() {
                direction == Direction::Ingress || !policy.spec.egress.is_empty()
            } else {
                types.iter().any(|one| one == direction.word())
            };
            policy.metadata.deleted.is_none()
                && concerns
                && policy.spec.pod_selector.matches(&pod.metadata.labels)
        })
        .collect()
}

/// What keeps `from` from a port of `to`, if anything does.
pub(super) fn between<'a>(
    graph: &Graph<'a>,
    from: &Pod,
    to: &Pod,
    port: &Port,
    address: &str,
) -> Option<Blocked<'a>> {
    [Direction::Egress, Direction::Ingress]
        .into_iter()
        .find_map(|direction| {
            let (held, peer) = match direction {
                Direction::Egress => (from, to),
                Direction::Ingress => (to, from),
            };
            let policies = isolating(graph, held, direction);
            let admitted = policies.iter().any(|policy| {
                direction.rules(policy).iter().any(|rule| {
                    let ports =
                        rule.ports.is_empty() || rule.ports.iter().any(|one| covers(one, to, port));
                    ports && admits(graph, policy, rule, peer, address)
                })
            });
            if policies.is_empty() || admitted {
                return None;
            }
            Some(Blocked {
                direction,
                of: policies.len(),
                policy: lacking(&policies, direction)?,
            })
        })
}

/// What keeps a pod from asking for names, where nothing is known of who answers: no rule lets
/// port 53 through.
pub(super) fn from_names<'a>(graph: &Graph<'a>, pod: &Pod) -> Option<Blocked<'a>> {
    let direction = Direction::Egress;
    let policies = isolating(graph, pod, direction);
    let names = Port {
        protocol: "UDP".into(),
        number: 53,
    };
    let open = policies
        .iter()
        .flat_map(|policy| direction.rules(policy))
        .any(|rule| {
            rule.ports.is_empty()
                || rule.ports.iter().any(|one| {
                    matches!(one.port, Some(IntOrString::Text(_))) || covers(one, pod, &names)
                })
        });
    if policies.is_empty() || open {
        return None;
    }
    Some(Blocked {
        direction,
        of: policies.len(),
        policy: lacking(&policies, direction)?,
    })
}

/// Of several, the one with rules of its own for the fewest pods is where a rule was forgotten.
fn lacking<'a>(policies: &[&'a NetworkPolicy], direction: Direction) -> Option<&'a NetworkPolicy> {
    let breadth = |selector: &Selector| {
        let labels = selector.match_labels.len() + selector.match_expressions.len();
        usize::MAX - labels
    };
    policies.iter().copied().min_by_key(|policy| {
        (
            direction.rules(policy).is_empty(),
            breadth(&policy.spec.pod_selector),
            &policy.metadata.name,
        )
    })
}

fn covers(one: &PolicyPort, to: &Pod, port: &Port) -> bool {
    let protocol = if one.protocol.is_empty() {
        "TCP"
    } else {
        &one.protocol
    };
    protocol == port.protocol
        && match (&one.port, one.end_port) {
            (None, _) => true,
            (Some(IntOrString::Int(first)), Some(last)) => {
                (*first..=i64::from(last)).contains(&i64::from(port.number))
            }
            (Some(IntOrString::Int(number)), None) => *number == i64::from(port.number),
            (Some(IntOrString::Text(name)), _) => {
                let mut ports = to.spec.containers.iter().flat_map(|one| &one.ports);
                ports.any(|declared| {
                    declared.name == *name && declared.container_port == port.number
                })
            }
        }
}

fn admits(
    graph: &Graph<'_>,
    policy: &NetworkPolicy,
    rule: &TrafficRule,
    peer: &Pod,
    address: &str,
) -> bool {
    rule.peers.is_empty()
        || rule
            .peers
            .iter()
            .any(|one| is(graph, policy, one, peer, address))
}

fn is(
    graph: &Graph<'_>,
    policy: &NetworkPolicy,
    wanted: &PolicyPeer,
    peer: &Pod,
    address: &str,
) -> bool {
    if let Some(block) = &wanted.ip_block {
        return [peer.status.pod_ip.as_str(), address].iter().any(|text| {
            let Ok(ip) = text.parse::<IpAddr>() else {
                // A pod without an address yet may well get one of these.
                return text.is_empty() && peer.status.pod_ip.is_empty();
            };
            within(ip, &block.cidr) && !block.except.iter().any(|one| within(ip, one))
        });
    }
    // What has the node's address is told by no label.
    if peer.spec.host_network {
        return true;
    }
    let namespace = match &wanted.namespace_selector {
        None => peer.metadata.namespace == policy.metadata.namespace,
        Some(selector) => in_namespace(graph, selector, &peer.metadata.namespace),
    };
    namespace
        && wanted
            .pod_selector
            .as_ref()
            .is_none_or(|selector| selector.matches(&peer.metadata.labels))
}

fn in_namespace(graph: &Graph<'_>, selector: &Selector, name: &str) -> bool {
    if let Some(namespace) = graph.get::<Namespace>("", name) {
        let named = [(NAME.into(), name.into())];
        let labels = &namespace.metadata.labels;
        let all: Map = labels
            .iter()
            .map(|(key, value)| (key.clone(), value.clone()))
            .chain(named)
            .collect();
        return selector.matches(&all);
    }
    let only_name = selector.match_expressions.is_empty()
        && selector
            .match_labels
            .iter()
            .all(|(key, value)| **key == *NAME && **value != *name);
    !only_name || selector.match_labels.is_empty()
}

/// Whether an address is in `10.0.0.0/8`; what cannot be read contains everything.
fn within(ip: IpAddr, cidr: &str) -> bool {
    let Some((base, bits)) = cidr.split_once('/') else {
        return true;
    };
    let (Ok(base), Ok(bits)) = (base.parse::<IpAddr>(), bits.parse::<u32>()) else {
        return true;
    };
    match (ip, base) {
        (IpAddr::V4(ip), IpAddr::V4(base)) => {
            let kept = u32::MAX
                .checked_shl(32_u32.saturating_sub(bits))
                .unwrap_or(0);
            u32::from(ip) & kept == u32::from(base) & kept
        }
        (IpAddr::V6(ip), IpAddr::V6(base)) => {
            let kept = u128::MAX
                .checked_shl(128_u32.saturating_sub(bits))
                .unwrap_or(0);
            u128::from(ip) & kept == u128::from(base) & kept
        }
        _ => false,
    }
}

/// The pod's port behind a port of a Service; a Service's only port where none is named.
pub(super) fn behind(service: &Service, port: Option<u16>, pod: &Pod) -> Option<Port> {
    let one = match port {
        Some(port) => service.spec.ports.iter().find(|one| one.port == port)?,
        None => service.spec.ports.first()?,
    };
    let protocol = if one.protocol.is_empty() {
        "TCP"
    } else {
        &one.protocol
    };
    let number = match &one.target_port {
        None | Some(IntOrString::Int(0)) => one.port,
        Some(IntOrString::Int(number)) => u16::try_from(*number).ok()?,
        Some(IntOrString::Text(name)) => {
            let mut ports = pod.spec.containers.iter().flat_map(|one| &one.ports);
            ports.find(|one| one.name == *name)?.container_port
        }
    };
    Some(Port {
        protocol: protocol.into(),
        number,
    })
}

/// The Service that answers for names, where it is known.
pub(super) fn names<'a>(graph: &Graph<'a>) -> Option<&'a Service> {
    ["kube-dns", "coredns"]
        .iter()
        .find_map(|name| graph.get::<Service>("kube-system", name))
}

/// The reference of a policy that may not be there any more.
pub(super) fn policy<'a>(graph: &Graph<'a>, object: &ObjectRef) -> Option<&'a NetworkPolicy> {
    (object.kind == Kind::NetworkPolicies.name())
        .then(|| graph.get(&object.namespace, &object.name))
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_within_their_ranges() {
        for (ip, cidr, expected) in [
            ("10.1.2.3", "10.0.0.0/8", true),
            ("11.1.2.3", "10.0.0.0/8", false),
            ("10.1.2.3", "0.0.0.0/0", true),
            ("10.1.2.3", "10.1.2.3/32", true),
            ("10.1.2.4", "10.1.2.3/32", false),
            ("fd00::1", "fd00::/8", true),
            ("fe80::1", "fd00::/8", false),
            ("10.1.2.3", "::/0", false),
        ] {
            assert_eq!(within(ip.parse().unwrap(), cidr), expected, "{ip} {cidr}");
        }
    }
}
