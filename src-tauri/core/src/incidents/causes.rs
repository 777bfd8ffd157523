//! The causes: one row each. A row says which symptoms it explains, how it is decided and what heals
//! it; the rows are in tables by subject.

use kubegraf_ipc::{incident::Evidence, object::ObjectRef};

use super::{graph::Graph, signal::Signal, snapshot::Kind};

pub(super) mod autoscaling;
mod cluster;
pub(super) mod control_plane;
mod controllers;
pub(super) mod creation;
pub(super) mod images;
mod jobs;
pub(super) mod logs;
mod network;
mod nodes;
mod pods;
mod probes;
pub(super) mod references;
pub(super) mod rights;
mod runtime;
pub(super) mod scheduling;
pub(super) mod served;
pub(super) mod services;
mod storage;
pub(super) mod volumes;
pub(super) mod workloads;

/// How a cause is decided, which sets its base confidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// Computed from objects.
    Computed,
    /// A reason or code the API enumerates.
    Enumerated,
    /// The words of a message.
    Message,
    /// What is left when nothing finer fits.
    Elimination,
}

impl Class {
    /// The confidence it starts with.
    #[must_use]
    pub fn base(self) -> f64 {
        match self {
            Self::Computed => 0.95,
            Self::Enumerated => 0.90,
            Self::Message => 0.75,
            Self::Elimination => 0.45,
        }
    }
}

/// One cause.
pub struct Rule {
    /// The id, stable API.
    pub cause: &'static str,
    /// Types it can explain.
    pub explains: &'static [&'static str],
    /// How it is decided.
    pub class: Class,
    /// Kinds without which it is less sure.
    pub needs: &'static [Kind],
    /// Whether it lies in the pod's spec alone, so that a healthy sibling speaks against it.
    pub in_spec: bool,
    /// Ids of the actions that heal it.
    pub actions: &'static [&'static str],
    /// What decides it, for docs/incidents.md.
    pub doc: &'static str,
    /// Looks at one symptom.
    pub decide: for<'g, 's, 'a> fn(&'g Graph<'a>, &'s Signal<'a>) -> Option<Candidate>,
}

/// A cause that fits a symptom.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// The object that has to change.
    pub target: ObjectRef,
    /// In the words of a title: `image tag "v9" does not exist`.
    pub words: String,
    /// One or two sentences with names and values.
    pub explanation: String,
    /// What was seen beyond the symptom's own evidence.
    pub evidence: Vec<Evidence>,
    /// Replaces the class's base, where something makes it surer.
    pub base: Option<f64>,
}

/// Every cause.
pub const RULES: &[&[Rule]] = &[
    images::RULES,
    references::RULES,
    creation::RULES,
    scheduling::RULES,
    storage::RULES,
    services::RULES,
    probes::RULES,
    logs::RULES,
    runtime::RULES,
    nodes::RULES,
    jobs::RULES,
    controllers::RULES,
    autoscaling::RULES,
    network::RULES,
    rights::RULES,
    served::RULES,
    control_plane::RULES,
    pods::RULES,
    volumes::RULES,
    cluster::RULES,
];

/// Every cause, in order.
pub(super) fn rules() -> impl Iterator<Item = &'static Rule> {
    RULES.iter().copied().flatten()
}

impl Candidate {
    fn new(target: &ObjectRef, words: impl Into<String>, explanation: impl Into<String>) -> Self {
        Self {
            target: target.clone(),
            words: words.into(),
            explanation: explanation.into(),
            evidence: Vec::new(),
            base: None,
        }
    }
}
