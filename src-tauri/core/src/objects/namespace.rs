//! Namespaces.

use serde::Deserialize;

use super::{Condition, Meta, object, or_empty};

/// A namespace.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Namespace {
    /// Metadata.
    pub metadata: Meta,
    /// What is.
    pub status: NamespaceStatus,
}

object!(Namespace, "", "v1", "namespaces");

/// A namespace's status.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct NamespaceStatus {
    /// `Active` or `Terminating`.
    pub phase: String,
    /// What keeps a deleted one from going: `NamespaceContentRemaining` and the like.
    #[serde(deserialize_with = "or_empty")]
    pub conditions: Vec<Condition>,
}
