//! Ingresses and their classes.

use serde::Deserialize;

use super::{Meta, object};

/// An Ingress.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Ingress {
    /// Metadata.
    pub metadata: Meta,
    /// What was asked for.
    pub spec: IngressSpec,
}

object!(Ingress, "networking.k8s.io", "v1", "ingresses");

/// An Ingress' spec.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct IngressSpec {
    /// Who serves it; `None` leaves it to the default class.
    pub ingress_class_name: Option<String>,
    /// Where everything else goes.
    pub default_backend: Option<Backend>,
    /// Where what goes.
    pub rules: Vec<IngressRule>,
    /// Certificates.
    pub tls: Vec<IngressTls>,
}

impl Ingress {
    /// Every Service it leads to, each with where it says so.
    pub fn backends(&self) -> impl Iterator<Item = (String, &BackendService)> {
        let default = self.spec.default_backend.iter().filter_map(|backend| {
            Some(("spec.defaultBackend".to_owned(), backend.service.as_ref()?))
        });
        let rules = self
            .spec
            .rules
            .iter()
            .enumerate()
            .flat_map(|(rule, rules)| {
                let paths = rules.http.paths.iter().enumerate();
                paths.filter_map(move |(path, one)| {
                    let field = format!("spec.rules[{rule}].http.paths[{path}].backend");
                    Some((field, one.backend.service.as_ref()?))
                })
            });
        default.chain(rules)
    }
}

/// The rules of one host.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct IngressRule {
    /// Empty for every host.
    pub host: String,
    /// The paths.
    pub http: IngressPaths,
}

/// The paths of one host.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct IngressPaths {
    /// In order.
    pub paths: Vec<IngressPath>,
}

/// One path.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct IngressPath {
    /// `/`.
    pub path: String,
    /// Where it goes.
    pub backend: Backend,
}

/// Where a path goes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Backend {
    /// A Service; `None` for a resource of another kind.
    pub service: Option<BackendService>,
}

/// A Service as a backend.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct BackendService {
    /// Its name.
    pub name: String,
    /// Its port.
    pub port: BackendPort,
}

/// A Service's port, by number or by name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct BackendPort {
    /// Empty when by number.
    pub name: String,
    /// 0 when by name.
    pub number: u16,
}

/// The certificate of some hosts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct IngressTls {
    /// Which hosts.
    pub hosts: Vec<String>,
    /// The Secret; empty leaves it to the controller.
    pub secret_name: String,
}

/// A class of Ingresses.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct IngressClass {
    /// Metadata.
    pub metadata: Meta,
}

object!(IngressClass, "networking.k8s.io", "v1", "ingressclasses");
