//! Objects as core keeps them: the fields that a column or a detector reads, and nothing else.
//!
//! Decoding skips the rest (managedFields, most of spec), which is what makes a list quick and an
//! object small. Times are epoch seconds. The full object is fetched when a person opens it; it is
//! never built from these types.

mod deployment;
mod event;
mod meta;
mod namespace;
mod node;
mod pod;
mod pod_spec;
mod replica_set;
mod service;
mod template;
mod times;

use std::fmt::Debug;

use kubegraf_ipc::object::ObjectRef;
use serde::de::DeserializeOwned;

pub use deployment::{Deployment, DeploymentSpec, DeploymentStatus, Selector, SelectorRequirement};
pub use event::{Event, EventSeries, EventSource, InvolvedObject};
pub use meta::{Meta, Owner};
pub use namespace::Namespace;
pub use node::{Node, NodeAddress, NodeInfo, NodeSpec, NodeStatus, Taint};
pub use pod::{ContainerState, ContainerStatus, Pod, PodStatus, Running, Terminated, Waiting};
pub use pod_spec::{
    Container, ContainerPort, EnvFrom, EnvVar, IntOrString, KeyRef, NameRef, PodSpec, Probe,
    Resources, Toleration, Volume,
};
pub use replica_set::{ReplicaSet, ReplicaSetSpec, ReplicaSetStatus};
pub use service::{LoadBalancerIngress, Service, ServicePort, ServiceSpec, ServiceStatus};
pub use template::Template;

/// A kind core has a type for.
pub trait Object:
    kube::Resource<DynamicType = ()> + Clone + Debug + DeserializeOwned + Send + Sync + 'static
{
    /// `Pod`.
    const KIND: &'static str;
    /// Empty for the core group.
    const GROUP: &'static str;
    /// `v1`.
    const VERSION: &'static str;
    /// `pods`.
    const PLURAL: &'static str;

    /// The object's metadata.
    fn metadata(&self) -> &Meta;
    /// For the store, which drops what only the watcher needs.
    fn metadata_mut(&mut self) -> &mut Meta;

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
            namespace: meta.namespace.clone(),
            name: meta.name.clone(),
            uid: Some(meta.uid.clone()),
        }
    }
}

/// One condition of a status.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Condition {
    /// `Ready`, `Progressing` …
    pub r#type: String,
    /// `True`, `False` or `Unknown`.
    pub status: String,
    /// CamelCase word.
    pub reason: String,
    /// For people.
    pub message: String,
    /// When `status` last changed.
    #[serde(deserialize_with = "times::deserialize")]
    pub last_transition_time: Option<i64>,
    /// When it was last reported (Deployment `lastUpdateTime`, Node `lastHeartbeatTime`).
    #[serde(deserialize_with = "times::deserialize", alias = "lastHeartbeatTime")]
    pub last_update_time: Option<i64>,
}

/// The condition of that type, if it is there.
#[must_use]
pub fn condition<'a>(conditions: &'a [Condition], r#type: &str) -> Option<&'a Condition> {
    conditions
        .iter()
        .find(|condition| condition.r#type == r#type)
}

macro_rules! object {
    ($type:ident, $group:literal, $version:literal, $plural:literal, $scope:ident) => {
        impl kube::Resource for $type {
            type DynamicType = ();
            type Scope = k8s_openapi::$scope;

            fn kind((): &()) -> std::borrow::Cow<'_, str> {
                stringify!($type).into()
            }
            fn group((): &()) -> std::borrow::Cow<'_, str> {
                $group.into()
            }
            fn version((): &()) -> std::borrow::Cow<'_, str> {
                $version.into()
            }
            fn plural((): &()) -> std::borrow::Cow<'_, str> {
                $plural.into()
            }
            fn meta(&self) -> &kube::core::ObjectMeta {
                self.metadata.wire()
            }
            fn meta_mut(&mut self) -> &mut kube::core::ObjectMeta {
                self.metadata.wire_mut()
            }
        }
        impl crate::objects::Object for $type {
            const KIND: &'static str = stringify!($type);
            const GROUP: &'static str = $group;
            const VERSION: &'static str = $version;
            const PLURAL: &'static str = $plural;
            fn metadata(&self) -> &crate::objects::Meta {
                &self.metadata
            }
            fn metadata_mut(&mut self) -> &mut crate::objects::Meta {
                &mut self.metadata
            }
        }
    };
}
pub(crate) use object;
