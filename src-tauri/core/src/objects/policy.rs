//! Quotas, limits, disruption budgets, autoscalers, priority classes and leases.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Condition, IntOrString, Meta, Selector, object, times};

/// A ResourceQuota.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct ResourceQuota {
    /// Metadata.
    pub metadata: Meta,
    /// What is allowed.
    pub spec: QuotaSpec,
    /// What is used.
    pub status: QuotaStatus,
}

object!(ResourceQuota, "", "v1", "resourcequotas");

/// A quota's spec.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct QuotaSpec {
    /// Allowed, per resource name.
    pub hard: BTreeMap<String, String>,
    /// What it counts: `BestEffort`, `NotTerminating` …; empty counts all.
    pub scopes: Vec<String>,
}

/// A quota's status.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct QuotaStatus {
    /// Enforced, per resource name.
    pub hard: BTreeMap<String, String>,
    /// Used, per resource name.
    pub used: BTreeMap<String, String>,
}

/// A LimitRange.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct LimitRange {
    /// Metadata.
    pub metadata: Meta,
    /// The limits.
    pub spec: LimitRangeSpec,
}

object!(LimitRange, "", "v1", "limitranges");

/// A LimitRange's spec.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct LimitRangeSpec {
    /// One per type.
    pub limits: Vec<Limit>,
}

/// Limits of one type of thing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Limit {
    /// `Container`, `Pod`, `PersistentVolumeClaim`.
    pub r#type: String,
    /// At most.
    pub max: BTreeMap<String, String>,
    /// At least.
    pub min: BTreeMap<String, String>,
    /// Limits given where there are none.
    pub default: BTreeMap<String, String>,
    /// Requests given where there are none.
    pub default_request: BTreeMap<String, String>,
}

/// A PodDisruptionBudget.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct PodDisruptionBudget {
    /// Metadata.
    pub metadata: Meta,
    /// What was asked for.
    pub spec: BudgetSpec,
    /// What is.
    pub status: BudgetStatus,
}

object!(PodDisruptionBudget, "policy", "v1", "poddisruptionbudgets");

/// A budget's spec.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct BudgetSpec {
    /// Which pods.
    pub selector: Selector,
    /// How many must stay, number or percentage.
    pub min_available: Option<IntOrString>,
    /// How many may go, number or percentage.
    pub max_unavailable: Option<IntOrString>,
}

/// A budget's status.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct BudgetStatus {
    /// How many may go now; `None` before its controller has seen it.
    pub disruptions_allowed: Option<i32>,
    /// Healthy pods.
    pub current_healthy: i32,
    /// Pods that must be healthy.
    pub desired_healthy: i32,
    /// Pods it covers.
    pub expected_pods: i32,
    /// `DisruptionAllowed`.
    pub conditions: Vec<Condition>,
}

/// A HorizontalPodAutoscaler.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct HorizontalPodAutoscaler {
    /// Metadata.
    pub metadata: Meta,
    /// What was asked for.
    pub spec: ScalerSpec,
    /// What is.
    pub status: ScalerStatus,
}

object!(
    HorizontalPodAutoscaler,
    "autoscaling",
    "v2",
    "horizontalpodautoscalers"
);

/// An autoscaler's spec.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ScalerSpec {
    /// What it scales.
    pub scale_target_ref: TargetRef,
    /// 1 when absent.
    pub min_replicas: Option<u32>,
    /// At most.
    pub max_replicas: u32,
    /// What it goes by.
    pub metrics: Vec<ScalerMetric>,
}

/// A metric of an autoscaler, in its spec with a target and in its status with what is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ScalerMetric {
    /// Use of a resource by the pods.
    pub resource: Option<ResourceMetric>,
    /// Use of a resource by one container of the pods.
    pub container_resource: Option<ResourceMetric>,
}

/// Use of a resource.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct ResourceMetric {
    /// `cpu`.
    pub name: String,
    /// The container, where it is of one.
    pub container: String,
    /// What is wanted.
    pub target: Utilisation,
    /// What is.
    pub current: Utilisation,
}

/// Use of a resource in parts of what is requested.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Utilisation {
    /// Per cent; absent where an amount is meant.
    pub average_utilization: Option<u32>,
}

impl ScalerMetric {
    fn held(&self) -> Option<&ResourceMetric> {
        self.resource.as_ref().or(self.container_resource.as_ref())
    }

    /// The resource whose utilisation it goes by, and the container where it is of one.
    #[must_use]
    pub fn utilisation(&self) -> Option<(&str, Option<&str>)> {
        let held = self.held()?;
        held.target.average_utilization?;
        let container = Some(&*held.container).filter(|name| !name.is_empty());
        Some((&held.name, container))
    }
}

impl HorizontalPodAutoscaler {
    /// How many pods its utilisation metrics ask for; `None` where none is known.
    #[must_use]
    pub fn wanted(&self) -> Option<u32> {
        let each = self.spec.metrics.iter().filter_map(|metric| {
            let wanted = metric.held()?;
            let now = self.status.current_metrics.iter().find_map(|now| {
                let held = now.held()?;
                let same = (&held.name, &held.container) == (&wanted.name, &wanted.container);
                same.then_some(held.current.average_utilization?)
            })?;
            let target = wanted
                .target
                .average_utilization
                .filter(|target| *target > 0)?;
            Some((self.status.current_replicas * now).div_ceil(target))
        });
        each.max()
    }
}

/// What an autoscaler scales.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TargetRef {
    /// `apps/v1`.
    pub api_version: String,
    /// `Deployment`.
    pub kind: String,
    /// Its name.
    pub name: String,
}

/// An absent list is served as null.
fn list<'de, D: serde::Deserializer<'de>>(d: D) -> Result<Vec<ScalerMetric>, D::Error> {
    Ok(Option::deserialize(d)?.unwrap_or_default())
}

/// An autoscaler's status.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ScalerStatus {
    /// Pods now.
    pub current_replicas: u32,
    /// Pods it wants.
    pub desired_replicas: u32,
    /// What its metrics are now.
    #[serde(deserialize_with = "list")]
    pub current_metrics: Vec<ScalerMetric>,
    /// `AbleToScale`, `ScalingActive`, `ScalingLimited`.
    pub conditions: Vec<Condition>,
}

/// A PriorityClass.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct PriorityClass {
    /// Metadata.
    pub metadata: Meta,
    /// Higher goes first.
    pub value: i64,
}

object!(PriorityClass, "scheduling.k8s.io", "v1", "priorityclasses");

/// A RuntimeClass.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct RuntimeClass {
    /// Metadata.
    pub metadata: Meta,
}

object!(RuntimeClass, "node.k8s.io", "v1", "runtimeclasses");

/// A Lease: the heartbeat of a node or of a controller.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Lease {
    /// Metadata.
    pub metadata: Meta,
    /// Who holds it, and since when.
    pub spec: LeaseSpec,
}

object!(Lease, "coordination.k8s.io", "v1", "leases");

/// A Lease's spec.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct LeaseSpec {
    /// Who holds it; empty when it was let go.
    pub holder_identity: String,
    /// The last heartbeat.
    #[serde(deserialize_with = "times::deserialize")]
    pub renew_time: Option<i64>,
}
