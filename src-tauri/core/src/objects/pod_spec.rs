//! What is read of a pod's spec, in a pod and in a workload's template.

use serde::Deserialize;

use super::{
    Affinity, Container, DnsConfig, Map, NameRef, SecurityContext, SpreadRule, Text, Volume,
    pod_rules,
};
use crate::wire::{Field, Fields, Malformed, Value, wire};

/// The name of the volume with the pod's own token begins so, and ends at random.
const TOKEN_VOLUME: &str = "kube-api-access-";

/// A pod's spec.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodSpec {
    /// The containers, in order.
    pub containers: Vec<Container>,
    /// The init containers, in order; a sidecar has `restart_policy` "Always".
    pub init_containers: Vec<Container>,
    /// In a template: the node its pods are pinned to. A pod's own is [`super::Pod::node_name`].
    pub node_name: Text,
    /// Labels the node must have.
    pub node_selector: Map,
    /// Affinity rules that must hold.
    pub affinity: Affinity,
    /// Tolerated taints.
    pub tolerations: Vec<Toleration>,
    /// Volumes that refer to other objects.
    pub volumes: Vec<Volume>,
    /// `Always`, `OnFailure` or `Never`; empty means `Always`.
    pub restart_policy: String,
    /// ServiceAccount it runs as.
    pub service_account_name: String,
    /// Secrets with registry credentials.
    pub image_pull_secrets: Vec<NameRef>,
    /// Conditions that must be True for Ready.
    pub readiness_gates: Vec<ReadinessGate>,
    /// What holds the scheduling.
    pub scheduling_gates: Vec<NameRef>,
    /// Which scheduler places it.
    pub scheduler_name: String,
    /// Priority class.
    pub priority_class_name: String,
    /// The container runtime it wants; empty for the node's own.
    pub runtime_class_name: String,
    /// Shares the node's network.
    pub host_network: bool,
    /// Where names are looked up; empty means `ClusterFirst`.
    pub dns_policy: String,
    /// Name servers of its own.
    pub dns_config: DnsConfig,
    /// As whom its processes run.
    pub security_context: SecurityContext,
    /// How evenly its like are spread.
    pub topology_spread_constraints: Vec<SpreadRule>,
}

impl PodSpec {
    /// Takes the node out, and what differs between pods of one template for no reader's sake, so
    /// that they can share the rest.
    pub(super) fn settle(&mut self) -> Text {
        self.volumes
            .retain(|volume| !volume.name.starts_with(TOKEN_VOLUME));
        let node = std::mem::take(&mut self.node_name);
        // A DaemonSet pins each pod to its node by name; once it is there, that has been met.
        if !node.is_empty()
            && let Some(required) = &mut self.affinity.node_affinity.required
        {
            for term in &mut required.node_selector_terms {
                term.match_fields.clear();
            }
        }
        node
    }
}

/// One condition that must be True for Ready.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ReadinessGate {
    /// The condition's type.
    pub condition_type: String,
}

/// One toleration.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Toleration {
    /// Empty with `Exists` tolerates all.
    pub key: String,
    /// `Equal` (also when empty) or `Exists`.
    pub operator: String,
    /// Compared with `Equal`.
    pub value: String,
    /// Empty matches all effects.
    pub effect: String,
}

wire!(PodSpec {
    1 => volumes,
    2 => containers,
    3 => restart_policy,
    6 => dns_policy,
    7 => node_selector,
    8 => service_account_name,
    10 => node_name,
    11 => host_network,
    14 => security_context via pod_rules::of_pod,
    15 => image_pull_secrets via local_names,
    18 => affinity,
    19 => scheduler_name,
    20 => init_containers,
    22 => tolerations,
    24 => priority_class_name,
    26 => dns_config,
    28 => readiness_gates,
    29 => runtime_class_name,
    33 => topology_spread_constraints,
    38 => scheduling_gates via local_names,
});
wire!(ReadinessGate { 1 => condition_type });
wire!(Toleration { 1 => key, 2 => operator, 3 => value, 4 => effect });

/// `repeated LocalObjectReference`, which does not nest its name.
fn local_names(place: &mut Vec<NameRef>, value: Value<'_>) -> Result<(), Malformed> {
    let mut reference = NameRef::default();
    for field in Fields(value.bytes()?) {
        if let (1, name) = field? {
            reference.name.merge(name)?;
        }
    }
    place.push(reference);
    Ok(())
}
