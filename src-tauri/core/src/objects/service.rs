//! Services.

use serde::Deserialize;

use super::{IntOrString, Map, Meta, object};

/// A Service.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Service {
    /// Metadata.
    pub metadata: Meta,
    /// What was asked for.
    pub spec: ServiceSpec,
    /// What is.
    pub status: ServiceStatus,
}

object!(Service, "", "v1", "services");

/// A part of the addresses behind a Service.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct EndpointSlice {
    /// Metadata; a label names the Service.
    pub metadata: Meta,
    /// The addresses; absent in an empty one.
    #[serde(deserialize_with = "list")]
    pub endpoints: Vec<Endpoint>,
}

object!(EndpointSlice, "discovery.k8s.io", "v1", "endpointslices");

/// One address behind a Service.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Endpoint {
    /// Its state.
    pub conditions: EndpointConditions,
}

/// State of one address.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct EndpointConditions {
    /// Absent counts as ready.
    pub ready: Option<bool>,
}

/// An absent list is served as null.
fn list<'de, D: serde::Deserializer<'de>>(d: D) -> Result<Vec<Endpoint>, D::Error> {
    Ok(Option::deserialize(d)?.unwrap_or_default())
}

/// A Service's spec.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ServiceSpec {
    /// `ClusterIP`, `NodePort`, `LoadBalancer`, `ExternalName`.
    pub r#type: String,
    /// All cluster addresses; `None` in the first means headless.
    #[serde(rename = "clusterIPs")]
    pub cluster_ips: Vec<String>,
    /// The first cluster address.
    #[serde(rename = "clusterIP")]
    pub cluster_ip: String,
    /// Addresses an administrator routes here.
    #[serde(rename = "externalIPs")]
    pub external_ips: Vec<String>,
    /// Target of an `ExternalName`.
    pub external_name: String,
    /// Labels of the pods it leads to.
    pub selector: Map,
    /// Its ports.
    pub ports: Vec<ServicePort>,
}

/// One port of a Service.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ServicePort {
    /// Its name; may be empty.
    pub name: String,
    /// The Service's port.
    pub port: u16,
    /// The pods' port; the Service's own when absent.
    pub target_port: Option<IntOrString>,
    /// The nodes' port; 0 for none.
    pub node_port: u16,
    /// `TCP`, `UDP` or `SCTP`.
    pub protocol: String,
}

/// A Service's status.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ServiceStatus {
    /// What the load balancer got.
    pub load_balancer: LoadBalancer,
}

/// A load balancer's status.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct LoadBalancer {
    /// Its addresses.
    pub ingress: Vec<LoadBalancerIngress>,
}

/// One address of a load balancer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct LoadBalancerIngress {
    /// By address.
    pub ip: String,
    /// By name.
    pub hostname: String,
}
