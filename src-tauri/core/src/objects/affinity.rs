//! Affinity rules that must hold. Preferred ones only rank nodes, so they are not kept.

use serde::Deserialize;

use super::{Selector, SelectorRequirement};
use crate::wire::wire;

/// What a pod requires of its node and its neighbours.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Affinity {
    /// Which nodes are allowed.
    pub node_affinity: NodeAffinity,
    /// Pods that must be near.
    pub pod_affinity: PodAffinity,
    /// Pods that must not be near.
    pub pod_anti_affinity: PodAffinity,
}

/// Which nodes are allowed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(default)]
pub struct NodeAffinity {
    /// One of the terms must hold; `None` allows every node.
    #[serde(rename = "requiredDuringSchedulingIgnoredDuringExecution")]
    pub required: Option<NodeSelector>,
}

/// Terms of which one must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NodeSelector {
    /// The terms.
    pub node_selector_terms: Vec<NodeTerm>,
}

/// Requirements that must all hold; a term without any matches no node.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NodeTerm {
    /// On the node's labels; besides a selector's operators `Gt` and `Lt`.
    pub match_expressions: Vec<SelectorRequirement>,
    /// On the node's fields; only `metadata.name` exists.
    pub match_fields: Vec<SelectorRequirement>,
}

/// Pods that must, or must not, run in the same place.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(default)]
pub struct PodAffinity {
    /// Every term must hold.
    #[serde(rename = "requiredDuringSchedulingIgnoredDuringExecution")]
    pub required: Vec<PodAffinityTerm>,
}

/// One group of pods and what counts as the same place.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodAffinityTerm {
    /// Which pods; `None` matches none.
    pub label_selector: Option<Selector>,
    /// In which namespaces; empty means the pod's own, unless `namespace_selector` is set.
    pub namespaces: Vec<String>,
    /// In which namespaces, by their labels.
    pub namespace_selector: Option<Selector>,
    /// The node label whose value makes a place.
    pub topology_key: String,
}

wire!(Affinity { 1 => node_affinity, 2 => pod_affinity, 3 => pod_anti_affinity });
wire!(NodeAffinity { 1 => required });
wire!(NodeSelector { 1 => node_selector_terms });
wire!(NodeTerm { 1 => match_expressions, 2 => match_fields });
wire!(PodAffinity { 1 => required });
wire!(PodAffinityTerm {
    1 => label_selector,
    2 => namespaces,
    3 => topology_key,
    4 => namespace_selector,
});
