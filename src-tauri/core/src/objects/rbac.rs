//! Roles and their bindings: who may do what. The rules are judged elsewhere.

use serde::Deserialize;

use super::{Meta, object, or_empty};

macro_rules! role {
    ($type:ident, $plural:literal, $doc:literal) => {
        #[doc = $doc]
        #[derive(Clone, Debug, Default, PartialEq, Deserialize)]
        #[serde(default)]
        pub struct $type {
            /// Metadata.
            pub metadata: Meta,
            /// What it allows; served as null where an aggregated role has none.
            #[serde(deserialize_with = "or_empty")]
            pub rules: Vec<AccessRule>,
        }

        object!($type, "rbac.authorization.k8s.io", "v1", $plural);
    };
}

macro_rules! binding {
    ($type:ident, $plural:literal, $doc:literal) => {
        #[doc = $doc]
        #[derive(Clone, Debug, Default, PartialEq, Deserialize)]
        #[serde(rename_all = "camelCase", default)]
        pub struct $type {
            /// Metadata.
            pub metadata: Meta,
            /// What it grants.
            pub role_ref: RoleRef,
            /// To whom.
            #[serde(deserialize_with = "or_empty")]
            pub subjects: Vec<Subject>,
        }

        object!($type, "rbac.authorization.k8s.io", "v1", $plural);
    };
}

role!(Role, "roles", "Rights in one namespace.");
role!(
    ClusterRole,
    "clusterroles",
    "Rights in the whole cluster, or in the namespaces it is bound in."
);
binding!(
    RoleBinding,
    "rolebindings",
    "Grants rights in one namespace."
);
binding!(
    ClusterRoleBinding,
    "clusterrolebindings",
    "Grants rights in the whole cluster."
);

/// One rule: every verb on every resource of every group it lists.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AccessRule {
    /// `get`, `list` …, `*` for all.
    #[serde(deserialize_with = "or_empty")]
    pub verbs: Vec<String>,
    /// "" for the core group, `*` for all.
    #[serde(deserialize_with = "or_empty")]
    pub api_groups: Vec<String>,
    /// `pods`, `pods/log` …, `*` for all.
    #[serde(deserialize_with = "or_empty")]
    pub resources: Vec<String>,
    /// Names it is limited to; none means all.
    #[serde(deserialize_with = "or_empty")]
    pub resource_names: Vec<String>,
}

/// The role a binding grants.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct RoleRef {
    /// `Role` or `ClusterRole`.
    pub kind: String,
    /// Its name.
    pub name: String,
}

/// Whom a binding grants rights to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Subject {
    /// `ServiceAccount`, `User` or `Group`.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Of a ServiceAccount.
    pub namespace: String,
}
