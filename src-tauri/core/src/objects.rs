//! Objects as core keeps them: the fields that a column or a detector reads, and nothing else.
//!
//! Decoding skips the rest (managedFields, most of spec), which is what makes a list quick and an
//! object small. Times are epoch seconds. The full object is fetched when a person opens it; it is
//! never built from these types.

mod affinity;
mod attachment;
mod config;
mod container;
mod deployment;
mod event;
mod extension;
mod map;
mod meta;
mod namespace;
mod network_policy;
mod node;
mod pod;
mod pod_rules;
mod pod_spec;
mod policy;
mod pool;
mod probe;
mod rbac;
mod replica_set;
mod routing;
mod service;
mod settled;
mod storage;
mod template;
mod text;
pub(crate) mod times;
mod volume;
mod workloads;

use std::fmt::Debug;

use kubegraf_ipc::object::ObjectRef;
use serde::de::DeserializeOwned;

pub use affinity::{Affinity, NodeAffinity, NodeSelector, NodeTerm, PodAffinity, PodAffinityTerm};
pub use attachment::{CSINode, VolumeAttachment};
pub use config::{ConfigMap, Secret, ServiceAccount};
pub use container::{
    Container, ContainerPort, EnvFrom, EnvSource, EnvVar, IntOrString, KeyRef, NameRef, Resources,
};
pub use deployment::{Deployment, DeploymentSpec, DeploymentStatus, Selector, SelectorRequirement};
pub use event::{Event, EventSeries, EventSource, InvolvedObject};
pub use extension::{
    APIService, MutatingWebhookConfiguration, ServiceRef, ValidatingWebhookConfiguration, Webhook,
};
pub use map::Map;
pub use meta::{Meta, Owner};
pub use namespace::Namespace;
pub use network_policy::{IpBlock, NetworkPolicy, PolicyPeer, PolicyPort, TrafficRule};
pub use node::{Node, NodeAddress, NodeInfo, NodeSpec, NodeStatus, Taint};
pub use pod::{ContainerState, ContainerStatus, Pod, PodStatus, Running, Terminated, Waiting};
pub use pod_rules::{DnsConfig, SecurityContext, SpreadRule};
pub use pod_spec::{PodSpec, ReadinessGate, Toleration};
pub use policy::{
    HorizontalPodAutoscaler, Lease, Limit, LimitRange, PodDisruptionBudget, PriorityClass,
    ResourceQuota, RuntimeClass,
};
pub use probe::{Exec, Grpc, HttpGet, Probe, TcpSocket};
pub use rbac::{AccessRule, ClusterRole, ClusterRoleBinding, Role, RoleBinding, RoleRef, Subject};
pub use replica_set::{ReplicaSet, ReplicaSetSpec, ReplicaSetStatus};
pub use routing::{Backend, BackendPort, BackendService, Ingress, IngressClass};
pub use service::{
    Endpoint, EndpointConditions, EndpointSlice, LoadBalancerIngress, Service, ServicePort,
    ServiceSpec, ServiceStatus,
};
pub use storage::{ClaimSpec, PersistentVolume, PersistentVolumeClaim, StorageClass};
pub use template::Template;
pub use text::Text;
pub use volume::{ClaimVolume, ProjectedVolume, Projection, SecretVolume, Volume};
pub use workloads::{CronJob, DaemonSet, Job, StatefulSet};

use crate::wire::{self, wire};

/// Reads an object from its protobuf message.
pub type Decode<T> = fn(&[u8]) -> Result<T, wire::Malformed>;

/// A kind core has a type for.
pub trait Object: Clone + Debug + Default + DeserializeOwned + Send + Sync + 'static {
    /// `Pod`.
    const KIND: &'static str;
    /// Empty for the core group.
    const GROUP: &'static str;
    /// `v1`.
    const VERSION: &'static str;
    /// `pods`.
    const PLURAL: &'static str;

    /// How it is read from the protobuf encoding; `None` for a kind that comes as JSON.
    const DECODE: Option<Decode<Self>> = None;

    /// The object's metadata.
    fn metadata(&self) -> &Meta;

    /// `v1`, `apps/v1` …
    fn api_version_text() -> String {
        if Self::GROUP.is_empty() {
            Self::VERSION.into()
        } else {
            format!("{}/{}", Self::GROUP, Self::VERSION)
        }
    }

    /// Names this object.
    fn reference(&self) -> ObjectRef {
        let meta = self.metadata();
        ObjectRef {
            api_version: Self::api_version_text(),
            kind: Self::KIND.into(),
            namespace: meta.namespace.to_string(),
            name: meta.name.to_string(),
            uid: Some(meta.uid.to_string()).filter(|uid| !uid.is_empty()),
        }
    }
}

/// One condition of a status.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Condition {
    /// `Ready`, `Progressing` …
    pub r#type: Text,
    /// `True`, `False` or `Unknown`.
    pub status: Text,
    /// CamelCase word.
    pub reason: Text,
    /// For people.
    pub message: Text,
    /// When `status` last changed.
    #[serde(deserialize_with = "times::deserialize")]
    pub last_transition_time: Option<i64>,
    /// When it was last reported (Deployment `lastUpdateTime`, Node `lastHeartbeatTime`).
    #[serde(deserialize_with = "times::deserialize", alias = "lastHeartbeatTime")]
    pub last_update_time: Option<i64>,
}

// PodCondition; the number of the time differs in every other kind's conditions.
wire!(Condition {
    1 => r#type,
    2 => status,
    4 => last_transition_time via wire::time,
    5 => reason,
    6 => message,
});

/// The condition of that type, if it is there.
#[must_use]
pub fn condition<'a>(conditions: &'a [Condition], r#type: &str) -> Option<&'a Condition> {
    conditions
        .iter()
        .find(|condition| condition.r#type == r#type)
}

/// Reads a list that may be served as null.
pub(crate) fn or_empty<'de, D, T>(d: D) -> Result<Vec<T>, D::Error>
where
    D: serde::Deserializer<'de>,
    T: serde::Deserialize<'de>,
{
    let list: Option<Vec<T>> = serde::Deserialize::deserialize(d)?;
    Ok(list.unwrap_or_default())
}

/// Names a kind's type; with `protobuf` at the end it is read in that encoding, through `Parts`.
macro_rules! object {
    ($type:ident, $group:literal, $version:literal, $plural:literal $(, $encoding:ident)?) => {
        impl crate::objects::Object for $type {
            const KIND: &'static str = stringify!($type);
            const GROUP: &'static str = $group;
            const VERSION: &'static str = $version;
            const PLURAL: &'static str = $plural;
            $(object!(@$encoding);)?
            fn metadata(&self) -> &crate::objects::Meta {
                &self.metadata
            }
        }
    };
    (@protobuf) => {
        const DECODE: Option<crate::objects::Decode<Self>> = Some(|message| {
            let mut parts = Parts::default();
            crate::wire::Message::merge_message(&mut parts, message)?;
            Ok(parts.into())
        });
    };
}
pub(crate) use object;
