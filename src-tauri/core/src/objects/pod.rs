//! Pods.

use serde::Deserialize;

use super::{Condition, Meta, PodSpec, object, times};

/// A pod.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Pod {
    /// Metadata.
    pub metadata: Meta,
    /// What was asked for.
    pub spec: PodSpec,
    /// What is.
    pub status: PodStatus,
}

object!(Pod, "", "v1", "pods", NamespaceResourceScope);

/// A pod's status.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodStatus {
    /// `Pending`, `Running`, `Succeeded`, `Failed`, `Unknown`.
    pub phase: String,
    /// `Evicted`, `NodeLost` …
    pub reason: String,
    /// For people.
    pub message: String,
    /// Address of the pod.
    #[serde(rename = "podIP")]
    pub pod_ip: String,
    /// Where the scheduler hopes to place it after a preemption.
    pub nominated_node_name: String,
    /// When the kubelet took it.
    #[serde(deserialize_with = "times::deserialize")]
    pub start_time: Option<i64>,
    /// `PodScheduled`, `Initialized`, `Ready` …
    pub conditions: Vec<Condition>,
    /// One per init container that was looked at.
    pub init_container_statuses: Vec<ContainerStatus>,
    /// One per container that was looked at.
    pub container_statuses: Vec<ContainerStatus>,
}

/// State of one container.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ContainerStatus {
    /// Its name.
    pub name: String,
    /// The image that runs.
    pub image: String,
    /// Its digest; empty while none was pulled.
    #[serde(rename = "imageID")]
    pub image_id: String,
    /// Whether it passes its readiness probe.
    pub ready: bool,
    /// Whether its startup probe has passed.
    pub started: Option<bool>,
    /// How often it was restarted.
    pub restart_count: u32,
    /// Now.
    pub state: ContainerState,
    /// Before the last restart.
    pub last_state: ContainerState,
}

/// At most one of the three is set; none means waiting.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct ContainerState {
    /// Not running yet, or between restarts.
    pub waiting: Option<Waiting>,
    /// Running.
    pub running: Option<Running>,
    /// Ended.
    pub terminated: Option<Terminated>,
}

/// A waiting container.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Waiting {
    /// `ContainerCreating`, `ImagePullBackOff` …
    pub reason: String,
    /// For people.
    pub message: String,
}

/// A running container.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Running {
    /// Since when.
    #[serde(deserialize_with = "times::deserialize")]
    pub started_at: Option<i64>,
}

/// An ended container.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Terminated {
    /// `Completed`, `Error`, `OOMKilled` …
    pub reason: String,
    /// For people; the termination message.
    pub message: String,
    /// Process exit code.
    pub exit_code: i32,
    /// The signal that ended it; 0 for none.
    pub signal: i32,
    /// From when.
    #[serde(deserialize_with = "times::deserialize")]
    pub started_at: Option<i64>,
    /// Until when.
    #[serde(deserialize_with = "times::deserialize")]
    pub finished_at: Option<i64>,
}
