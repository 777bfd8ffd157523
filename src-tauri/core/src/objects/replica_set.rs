//! ReplicaSets.

use serde::Deserialize;

use super::{Condition, Meta, Selector, Template, object};

/// A ReplicaSet.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct ReplicaSet {
    /// Metadata; `deployment.kubernetes.io/revision` tells which rollout it is.
    pub metadata: Meta,
    /// What was asked for.
    pub spec: ReplicaSetSpec,
    /// What is.
    pub status: ReplicaSetStatus,
}

object!(ReplicaSet, "apps", "v1", "replicasets");

/// A ReplicaSet's spec.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ReplicaSetSpec {
    /// Pods wanted; 1 when absent.
    pub replicas: Option<u32>,
    /// Which pods belong to it.
    pub selector: Selector,
    /// What its pods look like.
    pub template: Template,
}

/// A ReplicaSet's status.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ReplicaSetStatus {
    /// The generation its controller has seen.
    pub observed_generation: i64,
    /// Pods that exist.
    pub replicas: u32,
    /// Of those, ready.
    pub ready_replicas: u32,
    /// Of those, ready for `minReadySeconds`.
    pub available_replicas: u32,
    /// `ReplicaFailure`.
    pub conditions: Vec<Condition>,
}

impl ReplicaSet {
    /// The rollout it belongs to, counted from 1; `None` outside a Deployment.
    #[must_use]
    pub fn revision(&self) -> Option<u64> {
        self.metadata
            .annotations
            .get("deployment.kubernetes.io/revision")?
            .parse()
            .ok()
    }
}
