//! The kinds that workloads refer to: watched for the engine alone, without a table.
//!
//! They are many, and a user or a server may not have each of them. One that cannot be read leaves
//! the rest working and counts as unknown; one that was whole and is not any more freezes what is
//! shown, as absence of data must not heal anything.

use std::{marker::PhantomData, sync::Arc};

use kubegraf_ipc::object::{Freshness, Tone};

use crate::{
    incidents::{Held, Snapshot},
    kinds::{ColumnDef, Kind, Printed},
    objects::{
        APIService, CSINode, ClusterRole, ClusterRoleBinding, ConfigMap, CronJob, DaemonSet,
        HorizontalPodAutoscaler, Ingress, IngressClass, Job, LimitRange,
        MutatingWebhookConfiguration, NetworkPolicy, Object, PersistentVolume,
        PersistentVolumeClaim, PodDisruptionBudget, PriorityClass, ResourceQuota, Role,
        RoleBinding, RuntimeClass, Secret, ServiceAccount, StatefulSet, StorageClass,
        ValidatingWebhookConfiguration, VolumeAttachment,
    },
    watch::{Subscription, Watches},
};

/// A kind without a table.
struct Bare<T>(PhantomData<fn() -> T>);

macro_rules! bare {
    ($($type:ident: $namespaced:literal,)*) => {
        $(impl Kind for Bare<$type> {
            type Object = $type;
            const TITLE: &'static str = $type::PLURAL;
            const NAMESPACED: bool = $namespaced;
            const COLUMNS: &'static [ColumnDef] = &[];
            const FACET: Option<usize> = None;

            fn row(_: &$type) -> (Vec<Printed<'_>>, Tone) {
                (Vec::new(), Tone::Neutral)
            }
        })*

        /// Subscriptions to all of them.
        pub(super) fn subscribe(watches: &Watches) -> Vec<Referred> {
            vec![$(Referred::new(watches.subscribe::<Bare<$type>>()),)*]
        }
    };
}

bare! {
    StatefulSet: true,
    DaemonSet: true,
    Job: true,
    CronJob: true,
    ConfigMap: true,
    Secret: true,
    ServiceAccount: true,
    PersistentVolumeClaim: true,
    PersistentVolume: false,
    StorageClass: false,
    ResourceQuota: true,
    LimitRange: true,
    PodDisruptionBudget: true,
    HorizontalPodAutoscaler: true,
    Ingress: true,
    IngressClass: false,
    PriorityClass: false,
    RuntimeClass: false,
    NetworkPolicy: true,
    Role: true,
    RoleBinding: true,
    ClusterRole: false,
    ClusterRoleBinding: false,
    ValidatingWebhookConfiguration: false,
    MutatingWebhookConfiguration: false,
    APIService: false,
    VolumeAttachment: false,
    CSINode: false,
}

/// One of the kinds, its type forgotten.
pub(super) struct Referred {
    source: Box<dyn Source>,
    whole: bool,
}

trait Source: Send + Sync {
    fn freshness(&self) -> Freshness;
    fn changes(&self) -> tokio::sync::watch::Receiver<u64>;
    fn fill(&self, snapshot: &mut Snapshot);
}

impl<T: Held> Source for Arc<Subscription<Bare<T>>>
where
    Bare<T>: Kind<Object = T>,
{
    fn freshness(&self) -> Freshness {
        (***self).freshness()
    }
    fn changes(&self) -> tokio::sync::watch::Receiver<u64> {
        (***self).changes()
    }
    fn fill(&self, snapshot: &mut Snapshot) {
        *T::held_mut(snapshot) = Some(self.objects().into());
    }
}

impl Referred {
    fn new(source: impl Source + 'static) -> Self {
        Self {
            source: Box::new(source),
            whole: false,
        }
    }

    /// Tells when it has changed.
    pub(super) fn changes(&self) -> tokio::sync::watch::Receiver<u64> {
        self.source.changes()
    }

    /// Whether judging must wait for it.
    pub(super) fn waits(&mut self) -> bool {
        match self.source.freshness() {
            Freshness::Live => {
                self.whole = true;
                false
            }
            // It was taken away: from now on it is unknown.
            Freshness::Forbidden { .. } => false,
            Freshness::Loading { .. } => true,
            Freshness::Reconnecting { .. } => self.whole,
        }
    }

    /// Puts its objects into the snapshot, if they are known.
    pub(super) fn fill(&self, snapshot: &mut Snapshot) {
        if self.source.freshness() == Freshness::Live {
            self.source.fill(snapshot);
        }
    }
}
