//! Pods.

use std::sync::Arc;

use serde::Deserialize;

use super::{Condition, Meta, PodSpec, Text, meta::unique, object, settled::Settled, times};
use crate::wire::{self, wire};

/// A pod.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(from = "Parts")]
pub struct Pod {
    /// Metadata.
    pub metadata: Meta,
    /// The node it runs on; empty before it is scheduled.
    pub node_name: Text,
    /// What was asked for. Pods of one template share it, so the node is not in it.
    pub spec: Arc<PodSpec>,
    /// What is.
    pub status: PodStatus,
}

object!(Pod, "", "v1", "pods", protobuf);

/// A pod as it is served.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Parts {
    metadata: Meta,
    spec: Settled,
    status: PodStatus,
}

wire!(Parts { 1 => metadata, 2 => spec, 3 => status });

impl From<Parts> for Pod {
    fn from(mut parts: Parts) -> Self {
        // A vector grows to four elements at once; most pods have one container.
        parts.status.conditions.shrink_to_fit();
        parts.status.init_container_statuses.shrink_to_fit();
        parts.status.container_statuses.shrink_to_fit();
        Self {
            metadata: parts.metadata,
            node_name: parts.spec.node_name,
            spec: parts.spec.spec,
            status: parts.status,
        }
    }
}

/// A pod's status.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodStatus {
    /// `Pending`, `Running`, `Succeeded`, `Failed`, `Unknown`.
    pub phase: Text,
    /// `Evicted`, `NodeLost` …
    pub reason: Text,
    /// For people.
    pub message: Text,
    /// Address of the pod.
    #[serde(rename = "podIP", deserialize_with = "Text::deserialize_unique")]
    pub pod_ip: Text,
    /// Where the scheduler hopes to place it after a preemption.
    pub nominated_node_name: Text,
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
    pub name: Text,
    /// The image that runs.
    pub image: Text,
    /// Its digest; empty while none was pulled.
    #[serde(rename = "imageID")]
    pub image_id: Text,
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
    pub waiting: Option<Box<Waiting>>,
    /// Running.
    pub running: Option<Running>,
    /// Ended.
    pub terminated: Option<Box<Terminated>>,
}

/// A waiting container.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Waiting {
    /// `ContainerCreating`, `ImagePullBackOff` …
    pub reason: Text,
    /// For people.
    pub message: Text,
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
    pub reason: Text,
    /// For people; the termination message.
    pub message: Text,
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

wire!(PodStatus {
    1 => phase,
    2 => conditions,
    3 => message,
    4 => reason,
    6 => pod_ip via unique,
    7 => start_time via wire::time,
    8 => container_statuses,
    10 => init_container_statuses,
    11 => nominated_node_name,
});
wire!(ContainerStatus {
    1 => name,
    2 => state,
    3 => last_state,
    4 => ready,
    5 => restart_count,
    6 => image,
    7 => image_id,
    9 => started,
});
wire!(ContainerState { 1 => waiting, 2 => running, 3 => terminated });
wire!(Waiting { 1 => reason, 2 => message });
wire!(Running { 1 => started_at via wire::time });
wire!(Terminated {
    1 => exit_code,
    2 => signal,
    3 => reason,
    4 => message,
    5 => started_at via wire::time,
    6 => finished_at via wire::time,
});
