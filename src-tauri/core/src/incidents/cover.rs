//! One incident per root cause: which causes, chosen greedily, explain all symptoms.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use kubegraf_ipc::{
    incident::{Alternative, Severity},
    object::ObjectRef,
};

use super::{
    causes::{self, Candidate, Rule},
    confidence::{self, Circumstances, UNKNOWN, WEAKEST},
    containers, detectors,
    graph::Graph,
    links,
    signal::{Place, Signal},
};
use crate::objects::Service;

/// A cause with all the symptoms it explains.
pub(super) struct Root {
    /// The row; `None` when the cause is unknown.
    pub rule: Option<&'static Rule>,
    /// What was found out; `None` when the cause is unknown.
    pub candidate: Option<Candidate>,
    /// 0.05 to 0.99.
    pub confidence: f64,
    /// Symptoms the cause was decided on, ascending indexes.
    pub direct: Vec<usize>,
    /// Those and all they bring about, ascending indexes.
    pub symptoms: Vec<usize>,
    /// Other causes considered for the direct symptoms.
    pub alternatives: Vec<Alternative>,
}

/// Chooses the roots. `signals` are sorted.
pub(super) fn roots<'a>(graph: &Graph<'a>, signals: &[Signal<'a>]) -> Vec<Root> {
    let effects = effects(graph, signals);
    let mut candidates = candidates(graph, signals);
    rate(graph, signals, &mut candidates);
    for root in &mut candidates {
        root.symptoms = closure(&root.direct, &effects);
    }
    let mut left: BTreeSet<usize> = (0..signals.len()).collect();
    let mut chosen = Vec::new();
    let mut open: Vec<usize> = (0..candidates.len())
        .filter(|index| candidates[*index].confidence >= WEAKEST)
        .collect();
    while let Some(best) = best(signals, &candidates, &open, &left) {
        open.retain(|index| *index != best);
        let root = &candidates[best];
        let symptoms: Vec<usize> = root
            .symptoms
            .iter()
            .copied()
            .filter(|i| left.remove(i))
            .collect();
        let direct = root
            .direct
            .iter()
            .copied()
            .filter(|i| symptoms.contains(i))
            .collect();
        chosen.push((Some(best), direct, symptoms));
    }
    while let Some((direct, symptoms)) = unexplained(signals, &effects, &left) {
        for index in &symptoms {
            left.remove(index);
        }
        chosen.push((None, direct, symptoms));
    }
    chosen
        .into_iter()
        .map(|(index, direct, symptoms)| {
            let root = index.map(|index| &candidates[index]);
            Root {
                rule: root.and_then(|root| root.rule),
                candidate: root.and_then(|root| root.candidate.clone()),
                confidence: root.map_or(UNKNOWN, |root| root.confidence),
                alternatives: alternatives(&candidates, index, &direct),
                direct,
                symptoms,
            }
        })
        .collect()
}

type Key<'s> = (&'static str, ObjectRef, Option<&'s str>);

fn candidates<'a>(graph: &Graph<'a>, signals: &[Signal<'a>]) -> Vec<Root> {
    let mut found: BTreeMap<Key<'_>, Root> = BTreeMap::new();
    for (index, signal) in signals.iter().enumerate() {
        for rule in causes::rules().filter(|rule| rule.explains.contains(&signal.r#type)) {
            let Some(candidate) = (rule.decide)(graph, signal) else {
                continue;
            };
            // One cause of a node concerns the node, whichever container met it.
            let container = signal.container.filter(|_| candidate.target.kind != "Node");
            let key = (rule.cause, candidate.target.clone(), container);
            let root = found.entry(key).or_insert_with(|| Root {
                rule: Some(rule),
                candidate: None,
                confidence: 0.0,
                direct: Vec::new(),
                symptoms: Vec::new(),
                alternatives: Vec::new(),
            });
            root.direct.push(index);
            let surer = root
                .candidate
                .as_ref()
                .is_none_or(|known| candidate.base > known.base);
            if surer {
                root.candidate = Some(candidate);
            }
        }
    }
    found.into_values().collect()
}

fn rate<'a>(graph: &Graph<'a>, signals: &[Signal<'a>], roots: &mut [Root]) {
    let mut circumstances = Vec::new();
    for root in roots.iter_mut() {
        let (Some(rule), Some(candidate)) = (root.rule, &root.candidate) else {
            continue;
        };
        let lead = &signals[root.direct[0]];
        let evidence: Vec<_> = lead
            .evidence
            .iter()
            .chain(&candidate.evidence)
            .cloned()
            .collect();
        let pods: BTreeSet<_> = root
            .direct
            .iter()
            .map(|index| &signals[*index].object)
            .collect();
        let of = Circumstances {
            corroborating: confidence::corroborating(&evidence, pods.len()),
            rivals: 0,
            unreadable: rule.needs.iter().any(|kind| !graph.knows(*kind)),
            contradicted: rule.in_spec && healthy_sibling(graph, lead),
        };
        root.confidence = confidence::of(base(graph, rule, candidate), &of);
        circumstances.push(of);
    }
    let mut of_signal: HashMap<usize, Vec<usize>> = HashMap::new();
    for (index, root) in roots.iter().enumerate() {
        for signal in &root.direct {
            of_signal.entry(*signal).or_default().push(index);
        }
    }
    let alone: Vec<f64> = roots.iter().map(|root| root.confidence).collect();
    for (index, root) in roots.iter_mut().enumerate() {
        let near: BTreeSet<usize> = root
            .direct
            .iter()
            .flat_map(|signal| &of_signal[signal])
            .copied()
            .filter(|other| *other != index && alone[*other] >= 0.8 * alone[index])
            .collect();
        let (Some(rule), Some(candidate)) = (root.rule, &root.candidate) else {
            continue;
        };
        circumstances[index].rivals = near.len();
        root.confidence = confidence::of(base(graph, rule, candidate), &circumstances[index]);
    }
}

/// What a cause starts with, after what people said of it.
fn base(graph: &Graph<'_>, rule: &Rule, candidate: &Candidate) -> f64 {
    let base = candidate.base.unwrap_or(rule.class.base());
    graph.snapshot().experience.base(rule.cause, base)
}

/// Whether another pod of the same ReplicaSet has this container ready.
fn healthy_sibling(graph: &Graph<'_>, signal: &Signal<'_>) -> bool {
    let (Some(pod), Some(name)) = (signal.pod(), signal.container) else {
        return false;
    };
    graph.replica_set_of(pod).is_some_and(|set| {
        graph.pods_of(set).into_iter().any(|other| {
            other.metadata.deleted.is_none()
                && containers::named(other, name).is_some_and(|container| container.status.ready)
        })
    })
}

/// For each symptom, those it brings about.
fn effects(graph: &Graph<'_>, signals: &[Signal<'_>]) -> Vec<Vec<usize>> {
    let mut by_object: HashMap<&ObjectRef, Vec<usize>> = HashMap::new();
    let mut by_node: HashMap<&str, Vec<usize>> = HashMap::new();
    let mut by_owner: HashMap<&ObjectRef, Vec<usize>> = HashMap::new();
    // Pods reach each other through their owners and nodes; they may be many in a namespace.
    let mut by_namespace: HashMap<&str, Vec<usize>> = HashMap::new();
    let mut waiting: HashMap<&str, Vec<usize>> = HashMap::new();
    let mut unavailable: Vec<usize> = Vec::new();
    let mut served: Vec<usize> = Vec::new();
    for (index, signal) in signals.iter().enumerate() {
        by_owner.entry(&signal.owner).or_default().push(index);
        let namespace = signal.object.namespace.as_str();
        if signal.pod().is_none() && !namespace.is_empty() {
            by_namespace.entry(namespace).or_default().push(index);
        }
        if matches!(signal.r#type, "pod_unschedulable" | "volume_mount_failed") {
            waiting.entry(namespace).or_default().push(index);
        }
        if matches!(
            signal.r#type,
            "deployment_unavailable" | "statefulset_stuck" | "daemonset_incomplete"
        ) {
            unavailable.push(index);
        }
        if links::SERVED.contains(&signal.r#type) {
            served.push(index);
        }
        by_object.entry(&signal.object).or_default().push(index);
        if let Place::Pod(pod) = signal.place {
            by_node.entry(&pod.node_name).or_default().push(index);
        }
    }
    let near = |signal: &Signal<'_>| {
        let mut near = by_object[&signal.object].clone();
        if signal.owner != signal.object {
            near.extend(by_object.get(&signal.owner).into_iter().flatten());
        } else {
            near.extend(by_owner.get(&signal.owner).into_iter().flatten());
        }
        near.extend(&served);
        // Few symptoms reach so far that any other may be theirs.
        if links::reaches_far(signal) {
            near.extend(0..signals.len());
        }
        let around = by_namespace.get(signal.object.namespace.as_str());
        near.extend(around.into_iter().flatten());
        if signal.object.kind == "PersistentVolumeClaim" {
            near.extend(
                waiting
                    .get(signal.object.namespace.as_str())
                    .into_iter()
                    .flatten(),
            );
        }
        if let Some(service) = graph.get::<Service>(&signal.object.namespace, &signal.object.name)
            && signal.object.kind == "Service"
        {
            for caller in graph.callers(service) {
                near.extend(by_owner.get(caller).into_iter().flatten());
            }
        }
        if let Place::Node(node) = signal.place {
            near.extend(&unavailable);
            near.extend(
                by_node
                    .get(node.metadata.name.as_str())
                    .into_iter()
                    .flatten(),
            );
        }
        near
    };
    signals
        .iter()
        .enumerate()
        .map(|(index, signal)| {
            let mut near = near(signal);
            near.sort_unstable();
            near.dedup();
            near.retain(|other| {
                *other != index && links::explains(graph, signal, &signals[*other])
            });
            near
        })
        .collect()
}

fn closure(direct: &[usize], effects: &[Vec<usize>]) -> Vec<usize> {
    let mut seen: BTreeSet<usize> = direct.iter().copied().collect();
    let mut open: Vec<usize> = direct.to_vec();
    while let Some(index) = open.pop() {
        open.extend(
            effects[index]
                .iter()
                .copied()
                .filter(|effect| seen.insert(*effect)),
        );
    }
    seen.into_iter().collect()
}

fn best(
    signals: &[Signal<'_>],
    roots: &[Root],
    open: &[usize],
    left: &BTreeSet<usize>,
) -> Option<usize> {
    let score = |index: usize| -> f64 {
        let root = &roots[index];
        let weights = root
            .symptoms
            .iter()
            .filter(|i| left.contains(i))
            .map(|i| weight(&signals[*i]));
        f64::from(weights.sum::<u32>()) * root.confidence
    };
    open.iter()
        .copied()
        .filter(|index| {
            roots[*index]
                .direct
                .iter()
                .any(|signal| left.contains(signal))
        })
        .map(|index| (score(index), index))
        .min_by(|(a, i), (b, j)| {
            let onset = |index: usize| {
                roots[index]
                    .direct
                    .iter()
                    .map(|s| signals[*s].first_seen)
                    .min()
            };
            let specific = |index: usize| signals[roots[index].direct[0]].container.is_none();
            let cause = |index: usize| roots[index].rule.map(|rule| rule.cause);
            b.total_cmp(a)
                .then(specific(*i).cmp(&specific(*j)))
                .then(onset(*i).cmp(&onset(*j)))
                .then(cause(*i).cmp(&cause(*j)))
        })
        .map(|(_, index)| index)
}

fn weight(signal: &Signal<'_>) -> u32 {
    match detectors::of(signal.r#type).map(|detector| detector.severity()) {
        Some(Severity::Critical) => 8,
        Some(Severity::High) => 4,
        Some(Severity::Medium) => 2,
        Some(Severity::Low) | None => 1,
    }
}

/// The next symptoms without a cause: one type, owner and container, nearest to the root, with what
/// they bring about.
fn unexplained(
    signals: &[Signal<'_>],
    effects: &[Vec<usize>],
    left: &BTreeSet<usize>,
) -> Option<(Vec<usize>, Vec<usize>)> {
    let caused: BTreeSet<usize> = left
        .iter()
        .flat_map(|i| effects[*i].iter().copied())
        .collect();
    let first = left.iter().find(|i| !caused.contains(i)).or(left.first())?;
    let lead = &signals[*first];
    let same = |other: &Signal<'_>| {
        (other.r#type, &other.owner, other.container) == (lead.r#type, &lead.owner, lead.container)
    };
    let direct: Vec<usize> = left
        .iter()
        .copied()
        .filter(|i| same(&signals[*i]))
        .collect();
    let mut symptoms = closure(&direct, effects);
    symptoms.retain(|i| left.contains(i));
    Some((direct, symptoms))
}

fn alternatives(roots: &[Root], chosen: Option<usize>, direct: &[usize]) -> Vec<Alternative> {
    let mut found: Vec<Alternative> = roots
        .iter()
        .enumerate()
        .filter(|(index, root)| {
            Some(*index) != chosen && root.direct.iter().any(|signal| direct.contains(signal))
        })
        .filter_map(|(_, root)| {
            Some(Alternative {
                cause: root.rule?.cause.to_owned(),
                target: root.candidate.as_ref()?.target.clone(),
                confidence: root.confidence,
            })
        })
        .collect();
    found.sort_by(|a, b| {
        b.confidence
            .total_cmp(&a.confidence)
            .then_with(|| a.cause.cmp(&b.cause))
    });
    found
}
