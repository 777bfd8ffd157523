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
        HorizontalPodAutoscaler, Ingress, IngressClass, Job, Lease, LimitRange,
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
            vec![
                $(Referred::new(watches.subscribe::<Bare<$type>>()),)*
                Referred::new(watches.subscribe::<Heartbeats>()).unheard(),
            ]
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

/// The Leases of the control plane. Those of nodes, one each and renewed every ten seconds, are left alone: a node's condition
/// tells what they would.
struct Heartbeats;

impl Kind for Heartbeats {
    type Object = Lease;
    const TITLE: &'static str = Lease::PLURAL;
    const NAMESPACED: bool = true;
    const ONLY_IN: Option<&'static str> = Some("kube-system");
    const COLUMNS: &'static [ColumnDef] = &[];
    const FACET: Option<usize> = None;

    fn row(_: &Lease) -> (Vec<Printed<'_>>, Tone) {
        (Vec::new(), Tone::Neutral)
    }
}

/// One of the kinds, its type forgotten.
pub(super) struct Referred {
    source: Box<dyn Source>,
    /// Whether it has been whole: only then is there something to lose by judging without it.
    whole: bool,
    /// Whether a change of it is worth a judgement.
    heard: bool,
}

trait Source: Send + Sync {
    fn plural(&self) -> &'static str;
    fn freshness(&self) -> Freshness;
    fn changes(&self) -> tokio::sync::watch::Receiver<u64>;
    fn fill(&self, snapshot: &mut Snapshot);
}

impl<K: Kind<Object: Held>> Source for Arc<Subscription<K>> {
    fn plural(&self) -> &'static str {
        K::Object::PLURAL
    }
    fn freshness(&self) -> Freshness {
        (***self).freshness()
    }
    fn changes(&self) -> tokio::sync::watch::Receiver<u64> {
        (***self).changes()
    }
    fn fill(&self, snapshot: &mut Snapshot) {
        *K::Object::held_mut(snapshot) = Some(self.objects().into());
    }
}

impl Referred {
    fn new(source: impl Source + 'static) -> Self {
        Self {
            source: Box::new(source),
            whole: false,
            heard: true,
        }
    }

    /// Without a judgement for each change: a heartbeat says nothing by coming, and whether it is late is looked at with every tick.
    fn unheard(self) -> Self {
        Self {
            heard: false,
            ..self
        }
    }

    /// Tells when it has changed in a way worth a judgement.
    pub(super) fn changes(&self) -> Option<tokio::sync::watch::Receiver<u64>> {
        self.heard.then(|| self.source.changes())
    }

    /// Its name, where it is not read and judging does without it.
    pub(super) fn unread(&self) -> Option<&'static str> {
        let unread = match self.source.freshness() {
            Freshness::Live | Freshness::Loading { .. } => false,
            Freshness::Forbidden { .. } => true,
            Freshness::Reconnecting { .. } => !self.whole,
        };
        unread.then(|| self.source.plural())
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
