//! The detectors: one unit struct per incident type, one list.

use super::{graph::Graph, signal::Signal, snapshot::Kind};
use kubegraf_ipc::incident::Severity;

mod autoscaling;
mod claims;
mod cluster;
mod container_config_error;
mod container_start_error;
mod controllers;
mod dangling_reference;
mod deployment_rollout_failure;
mod deployment_unavailable;
mod high_restart_count;
mod image_pull_error;
mod ingress_misconfigured;
mod job_failed;
mod job_stuck;
mod load_balancer_pending;
mod look;
mod network_policy_blocking;
mod node_not_ready;
mod oom_killed;
mod persistent_failure;
mod pod_crash_loop;
mod pod_evicted;
mod pod_unschedulable;
mod pods_ending;
mod pods_starting;
mod probes;
mod pv_failed;
mod quota_exhausted;
mod rbac_denied;
mod replica_creation_failed;
mod served;
mod service_selector_too_broad;
mod services;
mod statefulset_reference_missing;
mod volume_expand_failed;
mod volume_mount_failed;

pub(super) use autoscaling::{covers, target_exists};
pub(super) use controllers::UNFOLLOWED;
pub(super) use deployment_rollout_failure::newest;
pub(super) use deployment_unavailable::ready;
pub(super) use job_failed::failed as gave_up;
pub(super) use rbac_denied::runs_as;
pub(super) use served::{Serving, answers, backends, serving};
pub(super) use services::without_ready_pod;

/// A detector: its type, severity, kinds, threshold and words are a row, what finds it is a function.
macro_rules! detector {
    ($name:ident, $id:literal, $severity:ident, [$($reads:ident),*], $threshold:expr, $doc:literal, $find:path) => {
        #[doc = concat!("`", $id, "`")]
        pub(super) struct $name;

        impl super::Detector for $name {
            fn r#type(&self) -> &'static str {
                $id
            }
            fn severity(&self) -> kubegraf_ipc::incident::Severity {
                kubegraf_ipc::incident::Severity::$severity
            }
            fn reads(&self) -> &'static [crate::incidents::snapshot::Kind] {
                &[$(crate::incidents::snapshot::Kind::$reads),*]
            }
            fn threshold(&self) -> i64 {
                $threshold
            }
            fn doc(&self) -> &'static str {
                $doc
            }
            fn detect<'a>(
                &self,
                graph: &crate::incidents::graph::Graph<'a>,
                earlier: super::Earlier<'_, 'a>,
            ) -> Vec<crate::incidents::signal::Signal<'a>> {
                $find(super::Look::new(graph, earlier, $id, $threshold))
            }
        }
    };
}
use detector;
use look::Look;

/// Finds one type of symptom.
pub trait Detector: Sync {
    /// The type, stable API.
    fn r#type(&self) -> &'static str;
    /// Before the circumstances adjust it.
    fn severity(&self) -> Severity;
    /// Without these kinds it says nothing, and its incidents are frozen.
    fn reads(&self) -> &'static [Kind];
    /// Seconds a symptom must have lasted by the object's own times.
    fn threshold(&self) -> i64;
    /// What it sees, for docs/incidents.md.
    fn doc(&self) -> &'static str;
    /// The symptoms at their threshold of what is looked at, in any order.
    fn detect<'a>(&self, graph: &Graph<'a>, earlier: Earlier<'_, 'a>) -> Vec<Signal<'a>>;
}

/// What the detectors earlier in the list found, in the cluster's own and in the present namespace.
#[derive(Clone, Copy, Debug, Default)]
pub struct Earlier<'s, 'a> {
    pub(super) common: &'s [Signal<'a>],
    pub(super) own: &'s [Signal<'a>],
}

impl<'s, 'a> Earlier<'s, 'a> {
    fn signals(self, graph: &Graph<'a>) -> impl Iterator<Item = &'s Signal<'a>> + Clone {
        graph.read_earlier();
        self.common.iter().chain(self.own)
    }
}

/// Every detector; a workload's come after the pods' they read.
pub const DETECTORS: &[&dyn Detector] = &[
    &cluster::ControlPlaneDegraded,
    &node_not_ready::NodeNotReady,
    &cluster::NodeProblem,
    &claims::NodePressure,
    &served::ApiServiceUnavailable,
    &served::AdmissionWebhookFailing,
    &served::ClusterDnsDown,
    &pv_failed::PvFailed,
    &claims::PvcLost,
    &claims::PvcPending,
    &volume_expand_failed::VolumeExpandFailed,
    &dangling_reference::DanglingReference,
    &replica_creation_failed::ReplicaCreationFailed,
    &statefulset_reference_missing::StatefulSetReferenceMissing,
    &quota_exhausted::QuotaExhausted,
    &image_pull_error::ImagePullError,
    &container_config_error::ContainerConfigError,
    &volume_mount_failed::VolumeMountFailed,
    &oom_killed::OomKilled,
    &probes::StartupProbeFailing,
    &probes::LivenessProbeFailing,
    &container_start_error::ContainerStartError,
    &pod_crash_loop::InitContainerFailed,
    &pod_crash_loop::PodCrashLoop,
    &high_restart_count::HighRestartCount,
    &probes::ReadinessProbeFailing,
    &pod_unschedulable::PodUnschedulable,
    &pods_starting::PodNotScheduled,
    &pods_starting::PodSchedulingGated,
    &pods_starting::PodSandboxFailed,
    &pods_starting::VolumeAttachFailed,
    &pods_starting::InitContainerStuck,
    &pods_starting::LifecycleHookFailed,
    &pod_evicted::PodEvicted,
    &pods_ending::PodRejectedByNode,
    &pods_ending::PodDeadlineExceeded,
    &pods_ending::PodStatusUnknown,
    &pods_ending::ContainerKilled,
    &pods_ending::PodStuckTerminating,
    &pods_ending::PodKillFailed,
    &pods_ending::PodPreemptedRepeatedly,
    &rbac_denied::RbacDenied,
    &services::ServicePortMismatch,
    &services::WorkloadScaledToZero,
    &services::AddressMismatch,
    &pods_starting::PodNotReady,
    &network_policy_blocking::NetworkPolicyBlocking,
    &deployment_rollout_failure::DeploymentRolloutFailure,
    &deployment_unavailable::DeploymentUnavailable,
    &job_failed::JobFailed,
    &job_stuck::JobStuck,
    &cluster::ControllerLagging,
    &controllers::StatefulSetStuck,
    &controllers::DaemonSetIncomplete,
    &controllers::CronJobFailing,
    &autoscaling::HpaTargetInvalid,
    &autoscaling::HpaMetricsUnavailable,
    &autoscaling::HpaSaturated,
    &autoscaling::PdbBlocking,
    &services::ServiceNoEndpoints,
    &service_selector_too_broad::ServiceSelectorTooBroad,
    &load_balancer_pending::LoadBalancerPending,
    &cluster::NamespaceStuckTerminating,
    &ingress_misconfigured::IngressMisconfigured,
    &persistent_failure::PersistentFailure,
];

/// The detector of a type.
pub(super) fn of(r#type: &str) -> Option<&'static dyn Detector> {
    DETECTORS
        .iter()
        .copied()
        .find(|detector| detector.r#type() == r#type)
}

/// The workloads of a namespace whose pods are refused, for the causes of the quota that refuses them.
pub(super) fn refused<'a>(graph: &Graph<'a>, namespace: &str) -> Vec<Signal<'a>> {
    let detector = &replica_creation_failed::ReplicaCreationFailed;
    let (refused, _) = graph.from(namespace, || detector.detect(graph, Earlier::default()));
    refused
}
