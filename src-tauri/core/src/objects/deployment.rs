//! Deployments.

use serde::Deserialize;

use super::{Condition, IntOrString, Map, Meta, Template, object};
use crate::wire::wire;

/// A Deployment.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Deployment {
    /// Metadata.
    pub metadata: Meta,
    /// What was asked for.
    pub spec: DeploymentSpec,
    /// What is.
    pub status: DeploymentStatus,
}

object!(Deployment, "apps", "v1", "deployments");

/// A Deployment's spec.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DeploymentSpec {
    /// Pods wanted; 1 when absent.
    pub replicas: Option<u32>,
    /// Which pods belong to it.
    pub selector: Selector,
    /// What its pods look like.
    pub template: Template,
    /// Whether rollouts are held.
    pub paused: bool,
    /// Seconds without progress before a rollout counts as failed; 600 when absent.
    pub progress_deadline_seconds: Option<i64>,
    /// How pods are replaced.
    pub strategy: Strategy,
}

/// How a Deployment replaces its pods.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Strategy {
    /// `RollingUpdate` (also when empty) or `Recreate`.
    pub r#type: String,
    /// Bounds of a rolling update.
    pub rolling_update: Option<RollingUpdate>,
}

/// Bounds of a rolling update.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RollingUpdate {
    /// How many pods may be missing, number or percentage; 25 % when absent.
    pub max_unavailable: Option<IntOrString>,
}

/// A Deployment's status.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DeploymentStatus {
    /// The generation its controller has seen.
    pub observed_generation: i64,
    /// Pods that exist.
    pub replicas: u32,
    /// Of those, with the newest template.
    pub updated_replicas: u32,
    /// Of those, ready.
    pub ready_replicas: u32,
    /// Of those, ready for `minReadySeconds`.
    pub available_replicas: u32,
    /// Missing.
    pub unavailable_replicas: u32,
    /// `Available`, `Progressing`, `ReplicaFailure`.
    pub conditions: Vec<Condition>,
}

/// A label selector.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Selector {
    /// Labels that must be equal.
    pub match_labels: Map,
    /// Further requirements.
    pub match_expressions: Vec<SelectorRequirement>,
}

/// One requirement of a label selector.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(default)]
pub struct SelectorRequirement {
    /// Label key.
    pub key: String,
    /// `In`, `NotIn`, `Exists`, `DoesNotExist`.
    pub operator: String,
    /// Values for `In` and `NotIn`.
    pub values: Vec<String>,
}

wire!(Selector { 1 => match_labels, 2 => match_expressions });
wire!(SelectorRequirement { 1 => key, 2 => operator, 3 => values });

impl Selector {
    /// Whether the labels satisfy every requirement. An empty selector matches everything.
    #[must_use]
    pub fn matches(&self, labels: &Map) -> bool {
        self.match_labels
            .iter()
            .all(|(key, value)| labels.get(key) == Some(value))
            && self.match_expressions.iter().all(|r| r.matches(labels))
    }
}

impl SelectorRequirement {
    fn matches(&self, labels: &Map) -> bool {
        let value = labels.get(&self.key);
        match self.operator.as_str() {
            "In" => value.is_some_and(|value| self.values.iter().any(|v| v == value)),
            "NotIn" => value.is_none_or(|value| !self.values.iter().any(|v| v == value)),
            "Exists" => value.is_some(),
            "DoesNotExist" => value.is_none(),
            _ => false,
        }
    }
}

/// `app=web,tier in (a,b)`, as kubectl prints a selector; `<none>` when empty.
impl std::fmt::Display for Selector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let labels = (!self.match_labels.is_empty()).then(|| self.match_labels.to_string());
        let expressions = self
            .match_expressions
            .iter()
            .map(|r| match r.operator.as_str() {
                "In" => format!("{} in ({})", r.key, r.values.join(",")),
                "NotIn" => format!("{} notin ({})", r.key, r.values.join(",")),
                "DoesNotExist" => format!("!{}", r.key),
                _ => r.key.clone(),
            });
        let parts: Vec<_> = labels.into_iter().chain(expressions).collect();
        f.write_str(if parts.is_empty() { "<none>" } else { "" })?;
        f.write_str(&parts.join(","))
    }
}
