//! What extends the API server: admission webhooks and APIs that others serve.

use serde::Deserialize;

use super::{Condition, Meta, object, or_empty};

macro_rules! configuration {
    ($type:ident, $plural:literal, $doc:literal) => {
        #[doc = $doc]
        #[derive(Clone, Debug, Default, PartialEq, Deserialize)]
        #[serde(default)]
        pub struct $type {
            /// Metadata.
            pub metadata: Meta,
            /// The webhooks, in order.
            #[serde(deserialize_with = "or_empty")]
            pub webhooks: Vec<Webhook>,
        }

        object!($type, "admissionregistration.k8s.io", "v1", $plural);
    };
}

configuration!(
    ValidatingWebhookConfiguration,
    "validatingwebhookconfigurations",
    "Webhooks that may refuse what is written."
);
configuration!(
    MutatingWebhookConfiguration,
    "mutatingwebhookconfigurations",
    "Webhooks that may change what is written."
);

/// One admission webhook.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Webhook {
    /// `validate.example.com`.
    pub name: String,
    /// `Fail` (also when empty) or `Ignore`.
    pub failure_policy: String,
    /// Where it is called.
    pub client_config: WebhookClient,
    /// What it is called for.
    #[serde(deserialize_with = "or_empty")]
    pub rules: Vec<WebhookRule>,
}

/// Where a webhook is called.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct WebhookClient {
    /// A Service of the cluster; `None` for an address outside.
    pub service: Option<ServiceRef>,
}

/// A Service that serves the API server.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct ServiceRef {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

/// What a webhook is called for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct WebhookRule {
    /// `CREATE`, `UPDATE` …, `*`.
    #[serde(deserialize_with = "or_empty")]
    pub operations: Vec<String>,
    /// `pods`, `*` …
    #[serde(deserialize_with = "or_empty")]
    pub resources: Vec<String>,
}

/// An API that the API server serves, or passes on to a Service.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct APIService {
    /// Metadata.
    pub metadata: Meta,
    /// What was asked for.
    pub spec: ApiServiceSpec,
    /// What is.
    pub status: ApiServiceStatus,
}

object!(APIService, "apiregistration.k8s.io", "v1", "apiservices");

/// An API's spec.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct ApiServiceSpec {
    /// `metrics.k8s.io`.
    pub group: String,
    /// Who serves it; `None` for the API server itself.
    pub service: Option<ServiceRef>,
}

/// An API's status.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct ApiServiceStatus {
    /// `Available`.
    #[serde(deserialize_with = "or_empty")]
    pub conditions: Vec<Condition>,
}
