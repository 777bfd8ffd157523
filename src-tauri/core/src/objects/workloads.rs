//! StatefulSets, DaemonSets, Jobs and CronJobs.

use serde::Deserialize;

use super::{Condition, Meta, Selector, Template, object, storage::ClaimSpec, times};

/// A StatefulSet.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct StatefulSet {
    /// Metadata.
    pub metadata: Meta,
    /// What was asked for.
    pub spec: StatefulSetSpec,
    /// What is.
    pub status: StatefulSetStatus,
}

object!(StatefulSet, "apps", "v1", "statefulsets");

/// A StatefulSet's spec.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct StatefulSetSpec {
    /// Pods wanted; 1 when absent.
    pub replicas: Option<u32>,
    /// Which pods belong to it.
    pub selector: Selector,
    /// What its pods look like.
    pub template: Template,
    /// The Service that names its pods.
    pub service_name: String,
    /// Claims made for each pod.
    pub volume_claim_templates: Vec<ClaimTemplate>,
    /// When pods are replaced.
    pub update_strategy: UpdateStrategy,
}

/// A claim made for each pod.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct ClaimTemplate {
    /// Its name is the volume's.
    pub metadata: Meta,
    /// What each pod's claim asks for.
    pub spec: ClaimSpec,
}

/// When pods are replaced.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct UpdateStrategy {
    /// `RollingUpdate` (also when empty) or `OnDelete`.
    pub r#type: String,
}

/// A StatefulSet's status.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct StatefulSetStatus {
    /// The generation its controller has seen; `None` before it has.
    pub observed_generation: Option<i64>,
    /// Pods that exist.
    pub replicas: u32,
    /// Of those, ready.
    pub ready_replicas: u32,
    /// The revision of the old pods.
    pub current_revision: String,
    /// The revision of the new pods.
    pub update_revision: String,
}

/// A DaemonSet.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct DaemonSet {
    /// Metadata.
    pub metadata: Meta,
    /// What was asked for.
    pub spec: DaemonSetSpec,
    /// What is.
    pub status: DaemonSetStatus,
}

object!(DaemonSet, "apps", "v1", "daemonsets");

/// A DaemonSet's spec.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct DaemonSetSpec {
    /// Which pods belong to it.
    pub selector: Selector,
    /// What its pods look like.
    pub template: Template,
}

/// A DaemonSet's status.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DaemonSetStatus {
    /// The generation its controller has seen; `None` before it has.
    pub observed_generation: Option<i64>,
    /// Nodes that should run a pod.
    pub desired_number_scheduled: u32,
    /// Nodes that do.
    pub current_number_scheduled: u32,
    /// Of those, ready.
    pub number_ready: u32,
    /// Of those that should, not available.
    pub number_unavailable: u32,
    /// Nodes that run a pod and should not.
    pub number_misscheduled: u32,
}

/// A Job.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Job {
    /// Metadata.
    pub metadata: Meta,
    /// What was asked for.
    pub spec: JobSpec,
    /// What is.
    pub status: JobStatus,
}

object!(Job, "batch", "v1", "jobs");

/// A Job's spec.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct JobSpec {
    /// What its pods look like.
    pub template: Template,
    /// Failures that are put up with; 6 when absent.
    pub backoff_limit: Option<u32>,
    /// Seconds it may take.
    pub active_deadline_seconds: Option<i64>,
    /// Whether it is held.
    pub suspend: bool,
}

/// A Job's status.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct JobStatus {
    /// Pods that run.
    pub active: u32,
    /// Pods that failed.
    pub failed: u32,
    /// Pods that succeeded.
    pub succeeded: u32,
    /// When it began.
    #[serde(deserialize_with = "times::deserialize")]
    pub start_time: Option<i64>,
    /// When it was done.
    #[serde(deserialize_with = "times::deserialize")]
    pub completion_time: Option<i64>,
    /// `Complete`, `Failed`, `Suspended`.
    pub conditions: Vec<Condition>,
}

/// A CronJob.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct CronJob {
    /// Metadata.
    pub metadata: Meta,
    /// What was asked for.
    pub spec: CronJobSpec,
}

object!(CronJob, "batch", "v1", "cronjobs");

/// A CronJob's spec.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CronJobSpec {
    /// Five fields.
    pub schedule: String,
    /// Whether it is held.
    pub suspend: bool,
    /// What its Jobs look like.
    pub job_template: JobTemplate,
}

/// What a CronJob's Jobs look like.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct JobTemplate {
    /// The Job's spec.
    pub spec: JobSpec,
}
