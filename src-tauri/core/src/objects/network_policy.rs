//! NetworkPolicies: who may talk to the pods they select. What a rule admits is judged elsewhere.

use serde::Deserialize;

use super::{IntOrString, Meta, Selector, object, or_empty};

/// A NetworkPolicy.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct NetworkPolicy {
    /// Metadata.
    pub metadata: Meta,
    /// What was asked for.
    pub spec: NetworkPolicySpec,
}

object!(NetworkPolicy, "networking.k8s.io", "v1", "networkpolicies");

/// A policy's spec.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NetworkPolicySpec {
    /// Which pods it isolates; an empty one means all of its namespace.
    pub pod_selector: Selector,
    /// `Ingress`, `Egress`; empty leaves it to the rules.
    #[serde(deserialize_with = "or_empty")]
    pub policy_types: Vec<String>,
    /// Who may call the pods.
    #[serde(deserialize_with = "or_empty")]
    pub ingress: Vec<TrafficRule>,
    /// Whom the pods may call.
    #[serde(deserialize_with = "or_empty")]
    pub egress: Vec<TrafficRule>,
}

/// One rule: peers and ports that are let through; without peers all of them, without ports all.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct TrafficRule {
    /// `from` or `to`.
    #[serde(alias = "from", alias = "to", deserialize_with = "or_empty")]
    pub peers: Vec<PolicyPeer>,
    /// The ports of the pod that is called.
    #[serde(deserialize_with = "or_empty")]
    pub ports: Vec<PolicyPort>,
}

/// Who is let through.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PolicyPeer {
    /// Pods with these labels, in the policy's namespace unless the other selector is there, too.
    pub pod_selector: Option<Selector>,
    /// Namespaces with these labels.
    pub namespace_selector: Option<Selector>,
    /// Addresses.
    pub ip_block: Option<IpBlock>,
}

/// A range of addresses.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct IpBlock {
    /// `10.0.0.0/8`.
    pub cidr: String,
    /// Ranges within it that do not count.
    #[serde(deserialize_with = "or_empty")]
    pub except: Vec<String>,
}

/// A port that is let through.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PolicyPort {
    /// `TCP` (also when empty), `UDP` or `SCTP`.
    pub protocol: String,
    /// `None` for all of the protocol.
    pub port: Option<IntOrString>,
    /// The last port of a range that begins with `port`.
    pub end_port: Option<u16>,
}
