//! Namespaces.

use serde::Deserialize;

use super::{Meta, object};

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
}
