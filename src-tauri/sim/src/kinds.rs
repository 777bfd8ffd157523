//! The one list of what the API serves. A kind added here is listable, watchable, writable and discoverable.
//! Knows nothing of how a kind behaves; that is the controllers' matter.

use std::borrow::Cow;

type Text = Cow<'static, str>;

/// One served resource.
#[derive(Debug, Clone)]
pub(crate) struct Kind {
    pub group: Text,
    pub version: Text,
    pub plural: Text,
    pub singular: Text,
    pub kind: Text,
    pub short: Vec<Text>,
    pub categories: Vec<Text>,
    pub namespaced: bool,
    pub subresources: Vec<Text>,
    pub form: Form,
}

/// What stands behind a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// Objects in the store, all verbs.
    Stored,
    /// Answered by computation, `create` only (access reviews, bindings).
    Question,
    /// Computed on each read, `get` and `list` only (metrics).
    Computed,
    /// A custom resource: objects in the store, merge patches only, as its definition says.
    Custom,
}

/// Index of a kind in the table; built-in kinds have constants in this module.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct KindId(pub usize);

impl Kind {
    /// `pods`, `deployments.apps`: how messages name a resource.
    pub(crate) fn resource(&self) -> String {
        if self.group.is_empty() {
            self.plural.to_string()
        } else {
            format!("{}.{}", self.plural, self.group)
        }
    }

    pub(crate) fn api_version(&self) -> String {
        if self.group.is_empty() {
            self.version.to_string()
        } else {
            format!("{}/{}", self.group, self.version)
        }
    }

    pub(crate) fn stored(&self) -> bool {
        matches!(self.form, Form::Stored | Form::Custom)
    }

    pub(crate) fn verbs(&self) -> &'static [&'static str] {
        match self.form {
            Form::Stored | Form::Custom => &[
                "create",
                "delete",
                "deletecollection",
                "get",
                "list",
                "patch",
                "update",
                "watch",
            ],
            Form::Question => &["create"],
            Form::Computed => &["get", "list"],
        }
    }
}

/// The table: built-in kinds first, then custom ones as their definitions arrive. Never shrinks, so ids stay valid.
#[derive(Debug, Clone)]
pub(crate) struct Kinds(Vec<Kind>);

impl Kinds {
    pub(crate) fn get(&self, id: KindId) -> &Kind {
        &self.0[id.0]
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (KindId, &Kind)> {
        self.0.iter().enumerate().map(|(i, k)| (KindId(i), k))
    }

    pub(crate) fn by_path(&self, group: &str, version: &str, plural: &str) -> Option<KindId> {
        self.iter()
            .find(|(_, k)| k.group == group && k.version == version && k.plural == plural)
            .map(|(i, _)| i)
    }

    pub(crate) fn by_kind(&self, api_version: &str, kind: &str) -> Option<KindId> {
        let (group, version) = api_version.rsplit_once('/').unwrap_or(("", api_version));
        self.iter()
            .find(|(_, k)| {
                k.group == group
                    && k.version == version
                    && k.kind == kind
                    && k.form != Form::Computed
            })
            .map(|(i, _)| i)
    }

    pub(crate) fn serves_group(&self, group: &str, version: &str) -> bool {
        self.0
            .iter()
            .any(|k| k.group == group && k.version == version)
    }

    pub(crate) fn register(&mut self, kind: Kind) -> KindId {
        if let Some(known) = self.by_path(&kind.group, &kind.version, &kind.plural) {
            self.0[known.0] = kind;
            return known;
        }
        self.0.push(kind);
        KindId(self.0.len() - 1)
    }
}

macro_rules! kinds {
    ($($id:ident = $group:literal $version:literal $plural:literal $singular:literal $kind:literal
        [$($short:literal)*] $scope:ident [$($sub:literal)*] [$($category:literal)*] $form:ident;)*) => {
        #[allow(non_camel_case_types, clippy::upper_case_acronyms, dead_code, reason = "the names of the constants below")]
        enum Position { $($id),* }
        $(#[allow(dead_code, reason = "every kind has its constant, used or not")]
        pub(crate) const $id: KindId = KindId(Position::$id as usize);)*

        impl Kinds {
            /// The kinds every cluster has.
            pub(crate) fn built_in() -> Self {
                Self(vec![$(Kind {
                    group: $group.into(), version: $version.into(), plural: $plural.into(),
                    singular: $singular.into(), kind: $kind.into(), short: vec![$($short.into()),*],
                    categories: vec![$($category.into()),*], namespaced: kinds!(@ $scope),
                    subresources: vec![$($sub.into()),*], form: Form::$form,
                }),*])
            }
        }
    };
    (@ namespaced) => { true };
    (@ cluster) => { false };
}

kinds! {
    BINDINGS = "" "v1" "bindings" "binding" "Binding" [] namespaced [] [] Question;
    CONFIG_MAPS = "" "v1" "configmaps" "configmap" "ConfigMap" ["cm"] namespaced [] [] Stored;
    ENDPOINTS = "" "v1" "endpoints" "endpoints" "Endpoints" ["ep"] namespaced [] [] Stored;
    EVENTS = "" "v1" "events" "event" "Event" ["ev"] namespaced [] [] Stored;
    LIMIT_RANGES = "" "v1" "limitranges" "limitrange" "LimitRange" ["limits"] namespaced [] [] Stored;
    NAMESPACES = "" "v1" "namespaces" "namespace" "Namespace" ["ns"] cluster ["finalize" "status"] [] Stored;
    NODES = "" "v1" "nodes" "node" "Node" ["no"] cluster ["proxy" "status"] [] Stored;
    CLAIMS = "" "v1" "persistentvolumeclaims" "persistentvolumeclaim" "PersistentVolumeClaim" ["pvc"] namespaced ["status"] [] Stored;
    VOLUMES = "" "v1" "persistentvolumes" "persistentvolume" "PersistentVolume" ["pv"] cluster ["status"] [] Stored;
    PODS = "" "v1" "pods" "pod" "Pod" ["po"] namespaced ["binding" "ephemeralcontainers" "eviction" "log" "resize" "status"] ["all"] Stored;
    QUOTAS = "" "v1" "resourcequotas" "resourcequota" "ResourceQuota" ["quota"] namespaced ["status"] [] Stored;
    SECRETS = "" "v1" "secrets" "secret" "Secret" [] namespaced [] [] Stored;
    SERVICE_ACCOUNTS = "" "v1" "serviceaccounts" "serviceaccount" "ServiceAccount" ["sa"] namespaced [] [] Stored;
    SERVICES = "" "v1" "services" "service" "Service" ["svc"] namespaced ["status"] ["all"] Stored;
    MUTATING_WEBHOOKS = "admissionregistration.k8s.io" "v1" "mutatingwebhookconfigurations" "mutatingwebhookconfiguration" "MutatingWebhookConfiguration" [] cluster [] ["api-extensions"] Stored;
    VALIDATING_WEBHOOKS = "admissionregistration.k8s.io" "v1" "validatingwebhookconfigurations" "validatingwebhookconfiguration" "ValidatingWebhookConfiguration" [] cluster [] ["api-extensions"] Stored;
    DEFINITIONS = "apiextensions.k8s.io" "v1" "customresourcedefinitions" "customresourcedefinition" "CustomResourceDefinition" ["crd" "crds"] cluster ["status"] ["api-extensions"] Stored;
    API_SERVICES = "apiregistration.k8s.io" "v1" "apiservices" "apiservice" "APIService" [] cluster ["status"] ["api-extensions"] Stored;
    CONTROLLER_REVISIONS = "apps" "v1" "controllerrevisions" "controllerrevision" "ControllerRevision" [] namespaced [] [] Stored;
    DAEMON_SETS = "apps" "v1" "daemonsets" "daemonset" "DaemonSet" ["ds"] namespaced ["status"] ["all"] Stored;
    DEPLOYMENTS = "apps" "v1" "deployments" "deployment" "Deployment" ["deploy"] namespaced ["scale" "status"] ["all"] Stored;
    REPLICA_SETS = "apps" "v1" "replicasets" "replicaset" "ReplicaSet" ["rs"] namespaced ["scale" "status"] ["all"] Stored;
    STATEFUL_SETS = "apps" "v1" "statefulsets" "statefulset" "StatefulSet" ["sts"] namespaced ["scale" "status"] ["all"] Stored;
    SELF_REVIEWS = "authentication.k8s.io" "v1" "selfsubjectreviews" "selfsubjectreview" "SelfSubjectReview" [] cluster [] [] Question;
    SELF_ACCESS = "authorization.k8s.io" "v1" "selfsubjectaccessreviews" "selfsubjectaccessreview" "SelfSubjectAccessReview" [] cluster [] [] Question;
    SELF_RULES = "authorization.k8s.io" "v1" "selfsubjectrulesreviews" "selfsubjectrulesreview" "SelfSubjectRulesReview" [] cluster [] [] Question;
    AUTOSCALERS = "autoscaling" "v2" "horizontalpodautoscalers" "horizontalpodautoscaler" "HorizontalPodAutoscaler" ["hpa"] namespaced ["status"] ["all"] Stored;
    CRON_JOBS = "batch" "v1" "cronjobs" "cronjob" "CronJob" ["cj"] namespaced ["status"] ["all"] Stored;
    JOBS = "batch" "v1" "jobs" "job" "Job" [] namespaced ["status"] ["all"] Stored;
    LEASES = "coordination.k8s.io" "v1" "leases" "lease" "Lease" [] namespaced [] [] Stored;
    ENDPOINT_SLICES = "discovery.k8s.io" "v1" "endpointslices" "endpointslice" "EndpointSlice" [] namespaced [] [] Stored;
    NODE_METRICS = "metrics.k8s.io" "v1beta1" "nodes" "" "NodeMetrics" [] cluster [] [] Computed;
    POD_METRICS = "metrics.k8s.io" "v1beta1" "pods" "" "PodMetrics" [] namespaced [] [] Computed;
    INGRESSES = "networking.k8s.io" "v1" "ingresses" "ingress" "Ingress" ["ing"] namespaced ["status"] [] Stored;
    INGRESS_CLASSES = "networking.k8s.io" "v1" "ingressclasses" "ingressclass" "IngressClass" [] cluster [] [] Stored;
    NETWORK_POLICIES = "networking.k8s.io" "v1" "networkpolicies" "networkpolicy" "NetworkPolicy" ["netpol"] namespaced [] [] Stored;
    RUNTIME_CLASSES = "node.k8s.io" "v1" "runtimeclasses" "runtimeclass" "RuntimeClass" [] cluster [] [] Stored;
    DISRUPTION_BUDGETS = "policy" "v1" "poddisruptionbudgets" "poddisruptionbudget" "PodDisruptionBudget" ["pdb"] namespaced ["status"] [] Stored;
    CLUSTER_ROLE_BINDINGS = "rbac.authorization.k8s.io" "v1" "clusterrolebindings" "clusterrolebinding" "ClusterRoleBinding" [] cluster [] [] Stored;
    CLUSTER_ROLES = "rbac.authorization.k8s.io" "v1" "clusterroles" "clusterrole" "ClusterRole" [] cluster [] [] Stored;
    ROLE_BINDINGS = "rbac.authorization.k8s.io" "v1" "rolebindings" "rolebinding" "RoleBinding" [] namespaced [] [] Stored;
    ROLES = "rbac.authorization.k8s.io" "v1" "roles" "role" "Role" [] namespaced [] [] Stored;
    PRIORITY_CLASSES = "scheduling.k8s.io" "v1" "priorityclasses" "priorityclass" "PriorityClass" ["pc"] cluster [] [] Stored;
    CSI_DRIVERS = "storage.k8s.io" "v1" "csidrivers" "csidriver" "CSIDriver" [] cluster [] [] Stored;
    CSI_NODES = "storage.k8s.io" "v1" "csinodes" "csinode" "CSINode" [] cluster [] [] Stored;
    STORAGE_CLASSES = "storage.k8s.io" "v1" "storageclasses" "storageclass" "StorageClass" ["sc"] cluster [] [] Stored;
    VOLUME_ATTACHMENTS = "storage.k8s.io" "v1" "volumeattachments" "volumeattachment" "VolumeAttachment" [] cluster ["status"] [] Stored;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constants_point_at_their_rows() {
        let k = Kinds::built_in();
        assert_eq!(k.get(PODS).plural, "pods");
        assert_eq!(k.get(VOLUME_ATTACHMENTS).kind, "VolumeAttachment");
        assert_eq!(k.get(DEPLOYMENTS).resource(), "deployments.apps");
        assert_eq!(k.by_path("apps", "v1", "deployments"), Some(DEPLOYMENTS));
        assert_eq!(k.by_kind("v1", "Pod"), Some(PODS));
    }
}
