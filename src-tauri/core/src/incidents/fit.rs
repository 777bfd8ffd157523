//! Which nodes could take a pod, and what keeps the others out; computed from specs, never read from
//! the scheduler's message. Section 4.3 of the catalogue.

mod affinity;
mod attach;
mod room;

use std::collections::{BTreeMap, BTreeSet};

use super::graph::Graph;
use crate::objects::{
    Node, PersistentVolume, PersistentVolumeClaim, Pod, StorageClass, Taint, Toleration,
};

pub(super) use attach::full;
pub(super) use room::{Resource, Used, asked, free, usage};

/// Taints by which the control plane says that a node is ill.
const ILL: &[&str] = &[
    "node.kubernetes.io/not-ready",
    "node.kubernetes.io/unreachable",
    "node.kubernetes.io/out-of-service",
    "node.kubernetes.io/memory-pressure",
    "node.kubernetes.io/disk-pressure",
    "node.kubernetes.io/pid-pressure",
    "node.kubernetes.io/network-unavailable",
];
const CORDON: &str = "node.kubernetes.io/unschedulable";
const ROLE: &str = "node-role.kubernetes.io/";

/// What keeps a pod off a node, in the order in which equally good explanations are preferred.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Obstacle {
    /// The node is cordoned.
    Cordon,
    /// The node is ill.
    NotReady,
    /// A taint is not tolerated.
    Taint,
    /// A label of the nodeSelector is missing.
    Selector,
    /// No term of the required node affinity fits.
    Affinity,
    /// The pod is pinned to another node.
    Name,
    /// Not enough of a resource.
    Room(Resource),
    /// A port of the node is taken.
    HostPort,
    /// No pod it wants near is there.
    PodAffinity,
    /// A pod it wants far is there, or one there wants it far.
    PodAntiAffinity,
    /// It would be spread too unevenly.
    Spread,
    /// A volume cannot be reached from there.
    Volume,
    /// A storage driver there attaches no more volumes.
    VolumeCount,
}

/// Why no node takes a pod.
#[derive(Clone, Debug)]
pub(super) struct Blame<'a> {
    /// The smallest set of obstacles whose removal would free a node; empty when a node would take
    /// the pod.
    pub obstacles: Vec<Obstacle>,
    /// Other sets as small.
    pub alternatives: Vec<Vec<Obstacle>>,
    /// Every node that counts, and what keeps the pod off it.
    pub nodes: Vec<(&'a Node, BTreeSet<Obstacle>)>,
}

impl Blame<'_> {
    /// Whether time alone could free a node.
    pub(super) fn may_pass(&self, graph: &Graph<'_>, pod: &Pod) -> bool {
        self.obstacles.is_empty()
            || self.obstacles.iter().any(|obstacle| match obstacle {
                Obstacle::Cordon
                | Obstacle::NotReady
                | Obstacle::Volume
                | Obstacle::VolumeCount
                | Obstacle::HostPort => true,
                Obstacle::Room(resource) => {
                    let need = asked(&pod.spec, resource);
                    let largest = self
                        .nodes
                        .iter()
                        .filter_map(|(node, _)| room::allocatable(node, resource));
                    largest.fold(0.0, f64::max) >= need
                }
                Obstacle::PodAntiAffinity | Obstacle::PodAffinity | Obstacle::Spread => {
                    graph.nodes().next().is_none()
                }
                Obstacle::Taint | Obstacle::Selector | Obstacle::Affinity | Obstacle::Name => false,
            })
    }
}

/// Judges one pod against every node.
pub(super) fn judge<'a>(graph: &Graph<'a>, pod: &Pod) -> Blame<'a> {
    let all: Vec<&Node> = {
        let mut nodes: Vec<&Node> = graph
            .nodes()
            .filter(|node| node.metadata.deleted.is_none())
            .collect();
        nodes.sort_by_key(|node| &node.metadata.name);
        nodes
    };
    let open: Vec<&Node> = all
        .iter()
        .copied()
        .filter(|node| !reserved(node, pod))
        .collect();
    let counted = if open.is_empty() { all } else { open };
    let usage = graph.usage();
    let domains = affinity::Domains::of(graph, pod);
    let nodes: Vec<(&Node, BTreeSet<Obstacle>)> = counted
        .into_iter()
        .map(|node| {
            let mut found = placement(node, pod);
            found.extend(condition(node, pod));
            let used = usage.get(&*node.metadata.name);
            found.extend(
                room::lacking(node, pod, used)
                    .into_iter()
                    .map(Obstacle::Room),
            );
            if room::port_taken(graph, node, pod) {
                found.insert(Obstacle::HostPort);
            }
            found.extend(domains.obstacles(node));
            if volume(graph, node, pod) {
                found.insert(Obstacle::Volume);
            }
            if full(graph, node, pod).is_some() {
                found.insert(Obstacle::VolumeCount);
            }
            (node, found)
        })
        .collect();
    let (obstacles, alternatives) = least(&nodes);
    Blame {
        obstacles,
        alternatives,
        nodes,
    }
}

/// Whether the pod's author excluded the node.
fn placement(node: &Node, pod: &Pod) -> BTreeSet<Obstacle> {
    let mut found = BTreeSet::new();
    let labels = &node.metadata.labels;
    if !pod
        .spec
        .node_selector
        .iter()
        .all(|(key, value)| labels.get(key) == Some(value))
    {
        found.insert(Obstacle::Selector);
    }
    if !affinity::allowed(pod.spec.affinity.node_affinity.required.as_ref(), node) {
        found.insert(Obstacle::Affinity);
    }
    if !pod.node_name.is_empty() && pod.node_name != node.metadata.name {
        found.insert(Obstacle::Name);
    }
    found
}

/// What speaks against the node that a DaemonSet's pod runs on, of what its author decides: taints, labels, affinity.
pub(super) fn unwelcome(graph: &Graph<'_>, pod: &Pod) -> BTreeSet<Obstacle> {
    let Some(node) = graph.node(&pod.node_name) else {
        return BTreeSet::new();
    };
    let mut found = placement(node, pod);
    found.extend(condition(node, pod));
    found.retain(|one| {
        matches!(
            one,
            Obstacle::Taint | Obstacle::Selector | Obstacle::Affinity
        )
    });
    found
}

fn condition(node: &Node, pod: &Pod) -> BTreeSet<Obstacle> {
    let mut found = BTreeSet::new();
    let tolerated = |taint: &Taint| pod.spec.tolerations.iter().any(|one| tolerates(one, taint));
    for taint in &node.spec.taints {
        if !matches!(&*taint.effect, "NoSchedule" | "NoExecute") || tolerated(taint) {
            continue;
        }
        let obstacle = match &*taint.key {
            key if ILL.contains(&key) => Obstacle::NotReady,
            CORDON => Obstacle::Cordon,
            _ => Obstacle::Taint,
        };
        found.insert(obstacle);
    }
    let cordon = Taint {
        key: CORDON.into(),
        effect: "NoSchedule".into(),
        ..Taint::default()
    };
    if node.spec.unschedulable && !tolerated(&cordon) {
        found.insert(Obstacle::Cordon);
    }
    found
}

/// The untolerated taints of a node, as `key=value:effect`.
pub(super) fn untolerated<'n>(node: &'n Node, pod: &Pod) -> Vec<&'n Taint> {
    node.spec
        .taints
        .iter()
        .filter(|taint| matches!(&*taint.effect, "NoSchedule" | "NoExecute"))
        .filter(|taint| !ILL.contains(&&*taint.key) && taint.key != CORDON)
        .filter(|taint| !pod.spec.tolerations.iter().any(|one| tolerates(one, taint)))
        .collect()
}

fn tolerates(toleration: &Toleration, taint: &Taint) -> bool {
    if !toleration.effect.is_empty() && toleration.effect != taint.effect {
        return false;
    }
    if toleration.key.is_empty() {
        return toleration.operator == "Exists";
    }
    let numbers = || {
        Some((
            taint.value.parse::<i64>().ok()?,
            toleration.value.parse::<i64>().ok()?,
        ))
    };
    toleration.key == taint.key
        && match &*toleration.operator {
            "Exists" => true,
            "Lt" => numbers().is_some_and(|(taint, limit)| taint < limit),
            "Gt" => numbers().is_some_and(|(taint, limit)| taint > limit),
            _ => toleration.value == taint.value,
        }
}

/// Whether the node is kept for others by design, so that nobody wonders why it takes no pods.
fn reserved(node: &Node, pod: &Pod) -> bool {
    let role = untolerated(node, pod)
        .iter()
        .any(|taint| taint.key.starts_with(ROLE));
    let control = node.metadata.labels.iter().any(|(key, _)| {
        matches!(
            &**key,
            "node-role.kubernetes.io/control-plane" | "node-role.kubernetes.io/master"
        )
    });
    role || (control && node.spec.unschedulable)
}

/// Whether a claim of the pod cannot be used from the node.
fn volume(graph: &Graph<'_>, node: &Node, pod: &Pod) -> bool {
    claims(pod).any(|name| {
        let Some(claim) = graph.get::<PersistentVolumeClaim>(&pod.metadata.namespace, name) else {
            return graph.knows(super::snapshot::Kind::Claims);
        };
        if held_by(graph, claim, pod).is_some() {
            return true;
        }
        if claim.spec.volume_name.is_empty() {
            return claim.status.phase != "Bound" && !waits(graph, claim);
        }
        let Some(volume) = graph.get::<PersistentVolume>("", &claim.spec.volume_name) else {
            return false;
        };
        let terms = affinity::of_volume(volume);
        !affinity::allowed(terms.as_ref(), node) || other_zone(volume, node)
    })
}

/// The pod that has a claim which only one pod can have.
pub(super) fn held_by<'a>(
    graph: &Graph<'a>,
    claim: &PersistentVolumeClaim,
    pod: &Pod,
) -> Option<&'a Pod> {
    let modes = &claim.spec.access_modes;
    if !modes.iter().any(|mode| mode == "ReadWriteOncePod") {
        return None;
    }
    let others = graph.of::<Pod>(&pod.metadata.namespace).iter();
    others.map(AsRef::as_ref).find(|other: &&Pod| {
        other.metadata.name != pod.metadata.name
            && !other.node_name.is_empty()
            && !matches!(&*other.status.phase, "Succeeded" | "Failed")
            && claims(other).any(|name| *name == *claim.metadata.name)
    })
}

/// Whether the zone of a pod's volume, by its labels, is no node's that counts.
pub(super) fn zoned(
    graph: &Graph<'_>,
    claim: &PersistentVolumeClaim,
    blame: &Blame<'_>,
) -> Option<String> {
    let volume = graph.get::<PersistentVolume>("", &claim.spec.volume_name)?;
    let met = blame
        .nodes
        .iter()
        .filter(|(_, found)| found.contains(&Obstacle::Volume));
    let mut nodes = met.map(|(node, _)| node);
    let zone = volume
        .metadata
        .labels
        .get("topology.kubernetes.io/zone")
        .or_else(|| {
            volume
                .metadata
                .labels
                .get("failure-domain.beta.kubernetes.io/zone")
        })?;
    nodes
        .all(|node| other_zone(volume, node))
        .then(|| zone.to_string())
}

/// The claims a pod names.
pub(super) fn claims(pod: &Pod) -> impl Iterator<Item = &str> {
    let claims = pod
        .spec
        .volumes
        .iter()
        .filter_map(|one| one.persistent_volume_claim.as_ref());
    claims.map(|claim| &*claim.claim_name)
}

/// Whether an unbound claim is bound only once its pod has a node.
pub(super) fn waits(graph: &Graph<'_>, claim: &PersistentVolumeClaim) -> bool {
    let class = claim.spec.storage_class_name.as_deref();
    let class = match class {
        Some(name) => graph.get::<StorageClass>("", name),
        None => graph.all::<StorageClass>().find(|class| class.is_default()),
    };
    class.is_some_and(|class| class.volume_binding_mode == "WaitForFirstConsumer")
}

fn other_zone(volume: &PersistentVolume, node: &Node) -> bool {
    [
        "topology.kubernetes.io/zone",
        "topology.kubernetes.io/region",
        "failure-domain.beta.kubernetes.io/zone",
    ]
    .iter()
    .any(|key| {
        let (Some(of), Some(there)) = (
            volume.metadata.labels.get(key),
            node.metadata.labels.get(key),
        ) else {
            return false;
        };
        !of.split("__").any(|zone| **there == *zone)
    })
}

/// The smallest set that explains, and the others as small.
fn least(nodes: &[(&Node, BTreeSet<Obstacle>)]) -> (Vec<Obstacle>, Vec<Vec<Obstacle>>) {
    const AUTHOR: &[Obstacle] = &[Obstacle::Selector, Obstacle::Affinity, Obstacle::Name];
    if nodes.is_empty() || nodes.iter().any(|(_, found)| found.is_empty()) {
        return (Vec::new(), Vec::new());
    }
    let placed = |without: Option<&Obstacle>| -> usize {
        nodes
            .iter()
            .filter(|(_, found)| {
                !AUTHOR
                    .iter()
                    .any(|one| Some(one) != without && found.contains(one))
            })
            .count()
    };
    if placed(None) == 0 {
        let alone: Vec<Obstacle> = AUTHOR
            .iter()
            .filter(|one| placed(Some(one)) > 0)
            .cloned()
            .collect();
        if let [first, rest @ ..] = &*alone {
            let others = rest.iter().map(|one| vec![one.clone()]).collect();
            return (vec![first.clone()], others);
        }
        let all: BTreeSet<Obstacle> = nodes
            .iter()
            .flat_map(|(_, found)| found.iter().cloned())
            .collect();
        return (
            all.into_iter().filter(|one| AUTHOR.contains(one)).collect(),
            Vec::new(),
        );
    }
    let mut sets: BTreeMap<Vec<Obstacle>, usize> = BTreeMap::new();
    for (_, found) in nodes {
        if !AUTHOR.iter().any(|one| found.contains(one)) {
            *sets.entry(found.iter().cloned().collect()).or_default() += 1;
        }
    }
    let mut sets: Vec<(Vec<Obstacle>, usize)> = sets.into_iter().collect();
    let smallest = sets
        .iter()
        .map(|(set, _)| set.len())
        .min()
        .unwrap_or_default();
    sets.retain(|(set, _)| set.len() == smallest);
    // Freeing more nodes is the better explanation; the order of obstacles decides the rest.
    sets.sort_by(|(a, n), (b, m)| m.cmp(n).then_with(|| a.cmp(b)));
    let mut sets = sets.into_iter().map(|(set, _)| set);
    (sets.next().unwrap_or_default(), sets.collect())
}
