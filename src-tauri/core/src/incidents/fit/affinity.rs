//! Node affinity, pod affinity and spread: the rules of a pod, and whether a node satisfies them.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::{super::graph::Graph, Obstacle};
use crate::objects::{
    Namespace, Node, NodeSelector, NodeTerm, PersistentVolume, Pod, PodAffinityTerm, Selector,
    SelectorRequirement, SpreadRule,
};

/// Whether any of the terms fits the node; none at all fits every node.
pub(super) fn allowed(selector: Option<&NodeSelector>, node: &Node) -> bool {
    selector.is_none_or(|selector| {
        let terms = &selector.node_selector_terms;
        terms.iter().any(|term| fits(term, node))
    })
}

/// The nodes a volume can be reached from.
pub(super) fn of_volume(volume: &PersistentVolume) -> Option<NodeSelector> {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Side {
        required: Option<NodeSelector>,
    }
    let side = volume.spec.node_affinity.as_ref()?;
    Side::deserialize(side).ok()?.required
}

/// Whether the node satisfies all of it; an empty term fits no node.
fn fits(term: &NodeTerm, node: &Node) -> bool {
    let asked = !term.match_expressions.is_empty() || !term.match_fields.is_empty();
    let labels = &node.metadata.labels;
    asked
        && term
            .match_expressions
            .iter()
            .all(|one| holds(one, labels.get(&one.key).map(|value| &**value)))
        && term.match_fields.iter().all(|one| {
            holds(
                one,
                (one.key == "metadata.name").then_some(&*node.metadata.name),
            )
        })
}

fn holds(one: &SelectorRequirement, value: Option<&str>) -> bool {
    let listed = |value: &str| one.values.iter().any(|other| other == value);
    let compare = |holds: fn(i64, i64) -> bool| {
        let limit = one.values.first().and_then(|limit| limit.parse().ok());
        let value = value.and_then(|value| value.parse().ok());
        value
            .zip(limit)
            .is_some_and(|(value, limit)| holds(value, limit))
    };
    match &*one.operator {
        "In" => value.is_some_and(listed),
        "NotIn" => value.is_none_or(|value| !listed(value)),
        "Exists" => value.is_some(),
        "DoesNotExist" => value.is_none(),
        "Gt" => compare(|value, limit| value > limit),
        "Lt" => compare(|value, limit| value < limit),
        _ => false,
    }
}

fn counts(term: &PodAffinityTerm, graph: &Graph<'_>, namespace: &str, other: &Pod) -> bool {
    let there = &*other.metadata.namespace;
    let selected = term.namespace_selector.as_ref().is_some_and(|selector| {
        let known = graph.get::<Namespace>("", there);
        known.is_some_and(|known| selector.matches(&known.metadata.labels))
            || selector == &Selector::default()
    });
    let listed = term.namespaces.iter().any(|one| one == there);
    let own = term.namespaces.is_empty() && term.namespace_selector.is_none() && there == namespace;
    (selected || listed || own)
        && term
            .label_selector
            .as_ref()
            .is_some_and(|selector| selector.matches(&other.metadata.labels))
}

/// Which domains other pods close or open to a pod.
pub(super) struct Domains<'p> {
    near: Vec<(&'p PodAffinityTerm, BTreeSet<String>, bool)>,
    closed: Vec<(String, BTreeSet<String>)>,
    spread: Vec<(&'p SpreadRule, BTreeMap<String, u32>)>,
}

impl<'p> Domains<'p> {
    pub(super) fn of(graph: &Graph<'_>, pod: &'p Pod) -> Self {
        let affinity = &pod.spec.affinity;
        let strict: Vec<&SpreadRule> = pod
            .spec
            .topology_spread_constraints
            .iter()
            .filter(|rule| rule.when_unsatisfiable != "ScheduleAnyway")
            .collect();
        let namespace = &*pod.metadata.namespace;
        let mut near: Vec<_> = affinity
            .pod_affinity
            .required
            .iter()
            // The first of its kind may stand anywhere.
            .map(|term| (term, BTreeSet::new(), counts(term, graph, namespace, pod)))
            .collect();
        let mut closed: Vec<(String, BTreeSet<String>)> = affinity
            .pod_anti_affinity
            .required
            .iter()
            .map(|term| (term.topology_key.clone(), BTreeSet::new()))
            .collect();
        let mut spread: Vec<(&SpreadRule, BTreeMap<String, u32>)> = strict
            .into_iter()
            .map(|rule| {
                let domains = graph.nodes().filter_map(|node| {
                    Some((node.metadata.labels.get(&rule.topology_key)?.to_string(), 0))
                });
                (rule, domains.collect())
            })
            .collect();
        for (other, node) in graph.placed() {
            let domain = |key: &str| node.metadata.labels.get(key).map(|value| value.to_string());
            for (term, open, first) in &mut near {
                if counts(term, graph, namespace, other) {
                    *first = false;
                    open.extend(domain(&term.topology_key));
                }
            }
            for (term, (_, closed)) in affinity.pod_anti_affinity.required.iter().zip(&mut closed) {
                if counts(term, graph, namespace, other) {
                    closed.extend(domain(&term.topology_key));
                }
            }
            for term in &other.spec.affinity.pod_anti_affinity.required {
                if counts(term, graph, &other.metadata.namespace, pod) {
                    let domain = domain(&term.topology_key).into_iter().collect();
                    closed.push((term.topology_key.clone(), domain));
                }
            }
            for (rule, found) in &mut spread {
                let alike = rule
                    .label_selector
                    .as_ref()
                    .is_some_and(|selector| selector.matches(&other.metadata.labels));
                if alike
                    && *other.metadata.namespace == *namespace
                    && let Some(domain) = domain(&rule.topology_key)
                {
                    *found.entry(domain).or_default() += 1;
                }
            }
        }
        Self {
            near,
            closed,
            spread,
        }
    }

    pub(super) fn obstacles(&self, node: &Node) -> BTreeSet<Obstacle> {
        let mut found = BTreeSet::new();
        let domain = |key: &str| node.metadata.labels.get(key).map(|value| value.to_string());
        for (term, open, first) in &self.near {
            let there = domain(&term.topology_key);
            if !there.is_some_and(|there| *first || open.contains(&there)) {
                found.insert(Obstacle::PodAffinity);
            }
        }
        for (key, closed) in &self.closed {
            if domain(key).is_some_and(|there| closed.contains(&there)) {
                found.insert(Obstacle::PodAntiAffinity);
            }
        }
        for (rule, counts) in &self.spread {
            let least = counts.values().min().copied().unwrap_or_default();
            let there = domain(&rule.topology_key).and_then(|there| counts.get(&there).copied());
            if there.is_none_or(|there| there + 1 - least.min(there + 1) > rule.max_skew.max(1)) {
                found.insert(Obstacle::Spread);
            }
        }
        found
    }
}
