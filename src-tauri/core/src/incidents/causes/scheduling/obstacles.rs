//! What an obstacle between a pod and its nodes is called, and how it is told.

use std::collections::BTreeSet;

use kubegraf_ipc::{incident::EvidenceSource, object::ObjectRef};

use super::{super::Candidate, near_label};
use crate::{
    incidents::{
        evidence::{against, seen},
        fit::{self, Blame, Obstacle, Resource},
        graph::Graph,
        signal::Signal,
        snapshot::Kind,
    },
    objects::{Node, Object, PersistentVolumeClaim, Pod},
    quantity,
};

/// The cause an obstacle stands for.
pub(super) fn names<'a>(
    graph: &Graph<'a>,
    pod: &'a Pod,
    blame: &Blame<'a>,
    obstacle: &Obstacle,
) -> &'static str {
    match obstacle {
        Obstacle::Cordon => "node_cordoned",
        Obstacle::NotReady => "no_node_available",
        Obstacle::Taint => "taint_not_tolerated",
        Obstacle::Selector => "node_selector_mismatch",
        Obstacle::Affinity => "node_affinity_mismatch",
        Obstacle::Name => "node_name_mismatch",
        Obstacle::Room(Resource::Cpu) => "insufficient_cpu",
        Obstacle::Room(Resource::Memory) => "insufficient_memory",
        Obstacle::Room(Resource::Ephemeral) => "insufficient_ephemeral_storage",
        Obstacle::Room(Resource::Extended(_)) => "insufficient_extended_resource",
        Obstacle::Room(Resource::Pods) => "too_many_pods",
        Obstacle::HostPort => "host_port_conflict",
        Obstacle::PodAffinity => "pod_affinity_unsatisfied",
        Obstacle::PodAntiAffinity => "pod_anti_affinity_unsatisfied",
        Obstacle::Spread => "topology_spread_unsatisfied",
        Obstacle::VolumeCount => "volume_count_exceeded",
        Obstacle::Volume => match claim(graph, pod) {
            Some((_, None)) => "pvc_missing",
            Some((_, Some(claim))) if fit::held_by(graph, claim, pod).is_some() => {
                "volume_rwop_in_use"
            }
            Some((_, Some(claim))) if claim.spec.volume_name.is_empty() => "pvc_unbound",
            Some((_, Some(claim))) if fit::zoned(graph, claim, blame).is_some() => {
                "volume_zone_conflict"
            }
            _ => "volume_node_affinity_conflict",
        },
    }
}

/// The claim of the pod that keeps it off its nodes, missing ones first.
fn claim<'a>(
    graph: &Graph<'a>,
    pod: &'a Pod,
) -> Option<(&'a str, Option<&'a PersistentVolumeClaim>)> {
    let all = || {
        fit::claims(pod).map(|name| {
            (
                name,
                graph.get::<PersistentVolumeClaim>(&pod.metadata.namespace, name),
            )
        })
    };
    all()
        .find(|(_, claim)| claim.is_none() && graph.knows(Kind::Claims))
        .or_else(|| {
            all().find(|(_, claim)| {
                claim.is_some_and(|claim| fit::held_by(graph, claim, pod).is_some())
            })
        })
        .or_else(|| {
            all().find(|(_, claim)| {
                claim.is_some_and(|claim| {
                    claim.spec.volume_name.is_empty() && !fit::waits(graph, claim)
                })
            })
        })
        .or_else(|| all().next())
}

pub(super) fn blamed<'a>(
    graph: &Graph<'a>,
    signal: &Signal<'a>,
    pod: &'a Pod,
    blame: &Blame<'a>,
    obstacle: &Obstacle,
) -> Candidate {
    let met: Vec<&Node> = blame
        .nodes
        .iter()
        .filter(|(_, found)| found.contains(obstacle))
        .map(|(node, _)| *node)
        .collect();
    let count = format!("{} of {} nodes", met.len(), blame.nodes.len());
    let path = graph
        .workload(&signal.owner)
        .map_or("spec", |workload| workload.path);
    let owner = &signal.owner;
    let spec = |field: String, value: serde_json::Value| {
        seen(
            owner.clone(),
            format!("{path}.{field}"),
            value,
            EvidenceSource::Spec,
            None,
        )
    };
    let on = |node: &Node, field: &str, value: serde_json::Value| {
        seen(
            node.reference(),
            field,
            value,
            EvidenceSource::Computed,
            None,
        )
    };
    let mut target: ObjectRef = owner.clone();
    let mut evidence = Vec::new();
    let (words, explanation) = match obstacle {
        Obstacle::Cordon => {
            let freed = blame
                .nodes
                .iter()
                .find(|(_, found)| found.iter().all(|one| blame.obstacles.contains(one)));
            let node = freed.map_or(met[0], |(node, _)| *node);
            target = node.reference();
            evidence.push(on(node, "spec.unschedulable", true.into()));
            let name = &node.metadata.name;
            (
                format!("node \"{name}\" is cordoned"),
                format!("node \"{name}\" could take the pod but is cordoned ({count})"),
            )
        }
        Obstacle::NotReady => {
            target = met[0].reference();
            let name = &met[0].metadata.name;
            (
                format!("node \"{name}\" is not ready"),
                format!(
                    "the nodes that could take the pod are not ready ({count}), \"{name}\" among them"
                ),
            )
        }
        Obstacle::Taint => {
            let mut shown = BTreeSet::new();
            for node in &met {
                for taint in fit::untolerated(node, pod) {
                    let value = if taint.value.is_empty() {
                        String::new()
                    } else {
                        format!("={}", taint.value)
                    };
                    let text = format!("{}{value}:{}", taint.key, taint.effect);
                    evidence.push(on(node, "spec.taints", text.clone().into()));
                    shown.insert(text);
                }
            }
            let list: Vec<_> = shown.into_iter().collect();
            let list = list.join(", ");
            (
                format!("taint {list} is not tolerated"),
                format!("{count} have a taint that the pod does not tolerate: {list}"),
            )
        }
        Obstacle::Selector => {
            let pairs = &pod.spec.node_selector;
            let missing = pod.spec.node_selector.iter().find(|(key, value)| {
                blame
                    .nodes
                    .iter()
                    .all(|(node, _)| node.metadata.labels.get(key) != Some(*value))
            });
            if let Some((key, value)) = missing {
                let mut one = spec(format!("nodeSelector[{key}]"), value.to_string().into());
                if let Some(near) = near_label(blame, key, value) {
                    one = against(one, near);
                }
                evidence.push(one);
            }
            (
                format!("no node has the labels {pairs}"),
                format!("the pod asks for nodes labelled {pairs}; {count} are not"),
            )
        }
        Obstacle::Affinity => {
            evidence.push(spec(
                "affinity.nodeAffinity".into(),
                format!("{count} do not match").into(),
            ));
            (
                "no node satisfies the required node affinity".into(),
                format!("the required node affinity excludes {count}"),
            )
        }
        Obstacle::Name => {
            evidence.push(spec("nodeName".into(), pod.node_name.to_string().into()));
            (
                format!("the pod is pinned to node \"{}\"", pod.node_name),
                "the pod is pinned to a node by name".into(),
            )
        }
        Obstacle::Room(resource) => {
            let need = fit::asked(&pod.spec, resource);
            let text = |value: f64| match resource {
                Resource::Memory | Resource::Ephemeral => quantity::memory(value.max(0.0) as u64),
                _ => quantity::plain(value.max(0.0)),
            };
            let usage = graph.usage();
            let free = met
                .iter()
                .filter_map(|node| {
                    Some((
                        fit::free(node, resource, usage.get(&*node.metadata.name))?,
                        *node,
                    ))
                })
                .max_by(|a, b| {
                    a.0.total_cmp(&b.0)
                        .then_with(|| b.1.metadata.name.cmp(&a.1.metadata.name))
                });
            let name = resource.name();
            let most = free.map_or(0.0, |(most, _)| most);
            if let Some((most, node)) = free {
                let field = format!("status.allocatable[{name}]");
                let left = on(node, &field, format!("{} left", text(most)).into());
                evidence.push(against(left, text(need)));
            }
            let never = !Blame {
                obstacles: vec![obstacle.clone()],
                alternatives: Vec::new(),
                nodes: blame.nodes.clone(),
            }
            .may_pass(graph, pod);
            let ever = if never { "; no node is that large" } else { "" };
            let what = if *resource == Resource::Pods {
                "places for pods".to_owned()
            } else {
                name.to_owned()
            };
            (
                format!("no node has {} of {what} left", text(need)),
                format!(
                    "the pod requests {} of {what}; the most that is left is {} ({count} have too little){ever}",
                    text(need),
                    text(most)
                ),
            )
        }
        Obstacle::HostPort => (
            "its host port is taken on every node".into(),
            format!("the pod's host port is taken on {count}"),
        ),
        Obstacle::PodAffinity => (
            "no node runs the pods it must be near".into(),
            format!("the required pod affinity excludes {count}"),
        ),
        Obstacle::PodAntiAffinity => {
            let wanted = graph.workload(owner).and_then(|workload| workload.desired);
            let more = wanted.map(|wanted| {
                format!(
                    "; {wanted} replicas are wanted and {} nodes count",
                    blame.nodes.len()
                )
            });
            evidence.push(spec(
                "affinity.podAntiAffinity".into(),
                format!("{count} are closed").into(),
            ));
            (
                "every node runs a pod it must stay away from".into(),
                format!(
                    "the required pod anti-affinity excludes {count}{}",
                    more.unwrap_or_default()
                ),
            )
        }
        Obstacle::Spread => (
            "it would be spread too unevenly on every node".into(),
            format!("a topology spread constraint excludes {count}"),
        ),
        Obstacle::VolumeCount => {
            let full: Vec<_> = met
                .iter()
                .filter_map(|node| Some((*node, fit::full(graph, node, pod)?)))
                .collect();
            for (node, full) in &full {
                let field = format!("spec.drivers[name={}].allocatable.count", full.driver);
                let used = on(node, &field, format!("{} used", full.used).into());
                evidence.push(against(used, full.most));
            }
            let driver = full.first().map_or("", |(_, full)| &full.driver);
            (
                format!("no node takes another volume of driver \"{driver}\""),
                format!("driver \"{driver}\" attaches no more volumes to {count}"),
            )
        }
        Obstacle::Volume => match claim(graph, pod) {
            Some((name, None)) => {
                evidence.push(spec("volumes".into(), name.into()));
                (
                    format!("claim \"{name}\" does not exist"),
                    format!("the pod uses claim \"{name}\", which does not exist"),
                )
            }
            Some((name, Some(claim))) if fit::held_by(graph, claim, pod).is_some() => {
                let holder = fit::held_by(graph, claim, pod).map(|other| &other.metadata.name);
                let holder = holder.map_or("", |name| &**name);
                evidence.push(seen(
                    claim.reference(),
                    "spec.accessModes",
                    "ReadWriteOncePod",
                    EvidenceSource::Spec,
                    None,
                ));
                (
                    format!("claim \"{name}\" is in use by pod \"{holder}\""),
                    format!(
                        "only one pod can have claim \"{name}\" (ReadWriteOncePod), and pod \"{holder}\" has it"
                    ),
                )
            }
            Some((name, Some(claim))) if claim.spec.volume_name.is_empty() => {
                target = claim.reference();
                evidence.push(seen(
                    claim.reference(),
                    "status.phase",
                    &claim.status.phase,
                    EvidenceSource::Status,
                    None,
                ));
                (
                    format!("claim \"{name}\" is not bound"),
                    format!("the pod uses claim \"{name}\", which is not bound to a volume"),
                )
            }
            other => {
                if let Some((_, Some(claim))) = other {
                    target = claim.reference();
                }
                (
                    "its volume cannot be reached from any node".into(),
                    format!("the node affinity or zone of the pod's volume excludes {count}"),
                )
            }
        },
    };
    let mut candidate = Candidate::new(&target, words, explanation);
    evidence.truncate(6);
    candidate.evidence = evidence;
    candidate
}
