//! What the engine looks at: one cluster at one time, kind by kind.

use std::{borrow::Cow, sync::Arc};

use kubegraf_ipc::object::ObjectRef;
use serde_json::Value;

use super::{experience::Experience, list::List, notes::Kinds};
use crate::objects::{
    APIService, CSINode, ClusterRole, ClusterRoleBinding, ConfigMap, CronJob, DaemonSet,
    Deployment, EndpointSlice, Event, HorizontalPodAutoscaler, Ingress, IngressClass, Job, Lease,
    LimitRange, MutatingWebhookConfiguration, Namespace, NetworkPolicy, Node, Object,
    PersistentVolume, PersistentVolumeClaim, Pod, PodDisruptionBudget, PriorityClass, ReplicaSet,
    ResourceQuota, Role, RoleBinding, RuntimeClass, Secret, Service, ServiceAccount, StatefulSet,
    StorageClass, ValidatingWebhookConfiguration, VolumeAttachment,
};

/// The objects of one kind; `None` means unknown or unreadable, never empty.
pub type Objects<T> = Option<List<T>>;

/// Whether an object is in the snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existence {
    /// It is there, with the same uid where one is known.
    Present,
    /// Its kind was read and it is not there.
    Gone,
    /// Its kind was not read.
    Unknown,
}

/// A kind of object that a snapshot holds.
pub(crate) trait Held: Object {
    /// Its name in the list of kinds.
    const OF: Kind;
    /// Its objects.
    fn held(snapshot: &Snapshot) -> &Objects<Self>;
    /// Its objects, to fill in.
    fn held_mut(snapshot: &mut Snapshot) -> &mut Objects<Self>;

    /// The namespace whose judgement it may change; empty for the cluster's own.
    fn district(&self) -> &str {
        &self.metadata().namespace
    }

    /// What a judgement has read that this object may change.
    fn marks(&self) -> Kinds {
        Kinds::of(Self::OF)
    }
}

macro_rules! kinds {
    ($($field:ident: $variant:ident of $type:ident
        $({ $($method:ident -> $reply:ty = $body:expr;)* })?;)*) => {
        /// One cluster at one time.
        #[derive(Clone, Debug, Default)]
        pub struct Snapshot {
            /// The cluster's id.
            pub cluster: String,
            /// The newest cluster time, epoch seconds; never this machine's clock.
            pub now: i64,
            /// What containers said before they ended, as far as it was read.
            pub logs: super::logs::Logs,
            /// What was learned from fixes and people.
            pub experience: Experience,
            /// Whether it is looked at once, not followed: then what has no time of its own has lasted.
            pub still: bool,
            $(#[doc = concat!(stringify!($variant), ".")] pub $field: Objects<$type>,)*
        }

        /// A kind the engine reads.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Kind {
            $(#[doc = concat!(stringify!($variant), ".")] $variant,)*
        }

        $(impl Held for $type {
            const OF: Kind = Kind::$variant;
            fn held(snapshot: &Snapshot) -> &Objects<Self> {
                &snapshot.$field
            }
            fn held_mut(snapshot: &mut Snapshot) -> &mut Objects<Self> {
                &mut snapshot.$field
            }
            $($(fn $method(&self) -> $reply { $body(self) })*)?
        })*

        impl Kind {
            /// Whether objects of the kind live in namespaces.
            #[must_use]
            pub fn namespaced(self) -> bool {
                !matches!(
                    self,
                    Self::Nodes
                        | Self::Namespaces
                        | Self::Volumes
                        | Self::StorageClasses
                        | Self::IngressClasses
                        | Self::PriorityClasses
                        | Self::RuntimeClasses
                        | Self::ClusterRoles
                        | Self::ClusterRoleBindings
                        | Self::ValidatingWebhooks
                        | Self::MutatingWebhooks
                        | Self::ApiServices
                        | Self::Attachments
                        | Self::NodeDrivers
                )
            }

            /// Every kind.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The kind of that name and API group, in any of its versions.
            #[must_use]
            pub fn named(group: &str, kind: &str) -> Option<Self> {
                $(if kind == $type::KIND && group == $type::GROUP {
                    return Some(Self::$variant);
                })*
                None
            }

            /// `Pod`.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $type::KIND,)* }
            }

            /// `apps`; empty for the core group.
            #[must_use]
            pub fn group(self) -> &'static str {
                match self { $(Self::$variant => $type::GROUP,)* }
            }

            /// `v1`.
            #[must_use]
            pub fn version(self) -> &'static str {
                match self { $(Self::$variant => $type::VERSION,)* }
            }

            /// `pods`.
            #[must_use]
            pub fn plural(self) -> &'static str {
                match self { $(Self::$variant => $type::PLURAL,)* }
            }
        }

        impl Snapshot {
            /// Whether the kind was read.
            #[must_use]
            pub fn knows(&self, kind: Kind) -> bool {
                match kind { $(Kind::$variant => self.$field.is_some(),)* }
            }

            /// The same with every list in the order of names.
            #[must_use]
            pub fn in_order(&self) -> Cow<'_, Self> {
                let ordered = true $(&& self.$field.as_ref().is_none_or(List::is_ordered))*;
                if ordered {
                    return Cow::Borrowed(self);
                }
                let mut sorted = self.clone();
                $(if let Some(list) = &mut sorted.$field {
                    list.order();
                })*
                Cow::Owned(sorted)
            }

            /// Whether both know the same kinds, and the same of them are empty.
            pub(super) fn as_broad_as(&self, other: &Self) -> bool {
                true $(&& self.$field.as_ref().map(List::is_empty)
                    == other.$field.as_ref().map(List::is_empty))*
            }

            /// Tells of every object that is not the same in `before`: as it was, as it is, or both.
            pub(super) fn changed_since(
                &self,
                before: &Self,
                mut tell: impl FnMut(&str, Kinds),
            ) {
                $(if let (Some(now), Some(before)) = (&self.$field, &before.$field) {
                    now.changed_since(before, |object: &$type| {
                        tell(object.district(), object.marks());
                    });
                })*
            }

            /// Tells of the namespaces of a kind's objects, each at least once.
            pub(super) fn each_namespace<'a>(&'a self, mut tell: impl FnMut(&'a str)) {
                $(for namespace in self.$field.iter().flat_map(List::namespaces) {
                    tell(namespace);
                })*
            }

            /// Takes over the objects of another snapshot, or replaces those of the same names.
            #[cfg(test)]
            pub(super) fn absorb(&mut self, other: &Self) {
                $(for object in other.$field.iter().flatten() {
                    self.$field.get_or_insert_default().put(Arc::clone(object));
                })*
            }

            /// Replaces the n-th object by a copy, or takes it away.
            #[cfg(test)]
            pub(super) fn disturb(&mut self, n: usize, remove: bool) {
                let total = 0 $(+ self.$field.as_ref().map_or(0, List::len))*;
                if total == 0 {
                    return;
                }
                let n = n % total;
                let mut from = 0;
                $(if let Some(list) = &mut self.$field {
                    if (from..from + list.len()).contains(&n) {
                        return list.disturb(n - from, remove);
                    }
                    from += list.len();
                })*
                unreachable!("object {n} of {from}");
            }

            /// Declares a kind read, though it may be empty.
            pub fn declare(&mut self, kind: Kind) {
                match kind { $(Kind::$variant => { self.$field.get_or_insert_default(); })* }
            }

            /// Adds an object as the API serves it.
            ///
            /// # Errors
            /// Says which field is of the wrong shape.
            pub fn add(&mut self, kind: Kind, object: Value) -> Result<(), serde_json::Error> {
                match kind {
                    $(Kind::$variant => {
                        let object: $type = serde_json::from_value(object)?;
                        self.$field.get_or_insert_default().push(Arc::new(object));
                    })*
                }
                Ok(())
            }

            /// Whether the object is there. A name taken over by another uid counts as present: the
            /// owner was replaced, not removed.
            #[must_use]
            pub fn existence(&self, object: &ObjectRef) -> Existence {
                match object.kind.as_str() {
                    $($type::KIND => find(&self.$field, object),)*
                    _ => Existence::Unknown,
                }
            }
        }
    };
}

kinds! {
    pods: Pods of Pod { marks -> Kinds = of_pod; };
    deployments: Deployments of Deployment;
    replica_sets: ReplicaSets of ReplicaSet;
    nodes: Nodes of Node;
    events: Events of Event { district -> &str = about; };
    services: Services of Service;
    namespaces: Namespaces of Namespace;
    stateful_sets: StatefulSets of StatefulSet;
    daemon_sets: DaemonSets of DaemonSet;
    jobs: Jobs of Job;
    cron_jobs: CronJobs of CronJob;
    config_maps: ConfigMaps of ConfigMap;
    secrets: Secrets of Secret;
    service_accounts: ServiceAccounts of ServiceAccount;
    claims: Claims of PersistentVolumeClaim;
    volumes: Volumes of PersistentVolume;
    storage_classes: StorageClasses of StorageClass;
    quotas: Quotas of ResourceQuota;
    limit_ranges: LimitRanges of LimitRange;
    budgets: Budgets of PodDisruptionBudget;
    autoscalers: Autoscalers of HorizontalPodAutoscaler;
    ingresses: Ingresses of Ingress;
    ingress_classes: IngressClasses of IngressClass;
    priority_classes: PriorityClasses of PriorityClass;
    runtime_classes: RuntimeClasses of RuntimeClass;
    network_policies: NetworkPolicies of NetworkPolicy;
    roles: Roles of Role;
    role_bindings: RoleBindings of RoleBinding;
    cluster_roles: ClusterRoles of ClusterRole;
    cluster_role_bindings: ClusterRoleBindings of ClusterRoleBinding;
    validating_webhooks: ValidatingWebhooks of ValidatingWebhookConfiguration;
    mutating_webhooks: MutatingWebhooks of MutatingWebhookConfiguration;
    api_services: ApiServices of APIService;
    attachments: Attachments of VolumeAttachment;
    node_drivers: NodeDrivers of CSINode;
    slices: EndpointSlices of EndpointSlice;
    leases: Leases of Lease;
}

/// A pod without a controller is a workload itself.
fn of_pod(pod: &Pod) -> Kinds {
    let kind = Kinds::of(Kind::Pods);
    match pod.metadata.controller() {
        Some(_) => kind,
        None => kind | Kinds::BARE_PODS,
    }
}

/// An event counts where the object is that it is about.
fn about(event: &Event) -> &str {
    &event.involved_object.namespace
}

fn find<T: Object>(objects: &Objects<T>, wanted: &ObjectRef) -> Existence {
    let Some(objects) = objects else {
        return Existence::Unknown;
    };
    if objects.get(&wanted.namespace, &wanted.name).is_some() {
        Existence::Present
    } else {
        Existence::Gone
    }
}
