//! Object metadata without managedFields.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde::{Deserialize, Deserializer};

use super::times;

/// Applied manifests repeat the whole object; nothing here reads them.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

static NO_WIRE: ObjectMeta = EMPTY;
const EMPTY: ObjectMeta = ObjectMeta {
    annotations: None,
    creation_timestamp: None,
    deletion_grace_period_seconds: None,
    deletion_timestamp: None,
    finalizers: None,
    generate_name: None,
    generation: None,
    labels: None,
    managed_fields: None,
    name: None,
    namespace: None,
    owner_references: None,
    resource_version: None,
    self_link: None,
    uid: None,
};

/// What core keeps of `metadata`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Meta {
    /// Object name.
    pub name: String,
    /// Empty for a cluster-scoped kind.
    pub namespace: String,
    /// Identity for as long as the object lives.
    pub uid: String,
    /// Opaque version.
    pub resource_version: String,
    /// Raised when the spec changes; 0 where the kind does not count.
    pub generation: i64,
    /// Labels.
    pub labels: BTreeMap<String, String>,
    /// Annotations, without kubectl's copy of the manifest.
    pub annotations: BTreeMap<String, String>,
    /// Owners; at most one is the controller.
    pub owners: Vec<Owner>,
    /// When it was created.
    pub created: Option<i64>,
    /// When it is, or was, to be gone.
    pub deleted: Option<i64>,
    /// Seconds a pod is given to end.
    pub deletion_grace_seconds: Option<i64>,
    /// What holds the deletion.
    pub finalizers: Vec<String>,
    /// What kube's watcher reads; dropped once the object is stored.
    wire: Option<Box<ObjectMeta>>,
}

/// One owner reference.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Owner {
    /// `apps/v1`.
    pub api_version: String,
    /// `ReplicaSet`.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Its uid.
    pub uid: String,
    /// Whether it manages the object.
    pub controller: bool,
}

impl Meta {
    /// The owner that manages this object.
    #[must_use]
    pub fn controller(&self) -> Option<&Owner> {
        self.owners.iter().find(|owner| owner.controller)
    }

    /// What kube's traits ask for; empty once stored.
    pub(crate) fn wire(&self) -> &ObjectMeta {
        self.wire.as_deref().unwrap_or(&NO_WIRE)
    }

    pub(crate) fn wire_mut(&mut self) -> &mut ObjectMeta {
        self.wire.get_or_insert_with(Box::default)
    }

    /// Drops what only the watcher needs.
    pub(crate) fn settle(&mut self) {
        self.wire = None;
    }
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Wire {
    name: String,
    namespace: String,
    uid: String,
    resource_version: String,
    generation: i64,
    labels: Option<BTreeMap<String, String>>,
    annotations: Option<BTreeMap<String, String>>,
    owner_references: Option<Vec<Owner>>,
    #[serde(deserialize_with = "times::deserialize")]
    creation_timestamp: Option<i64>,
    #[serde(deserialize_with = "times::deserialize")]
    deletion_timestamp: Option<i64>,
    deletion_grace_period_seconds: Option<i64>,
    finalizers: Option<Vec<String>>,
}

impl<'de> Deserialize<'de> for Meta {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let wire = Wire::deserialize(d)?;
        let mut annotations = wire.annotations.unwrap_or_default();
        annotations.remove(LAST_APPLIED);
        Ok(Self {
            wire: Some(Box::new(ObjectMeta {
                name: Some(wire.name.clone()),
                resource_version: Some(wire.resource_version.clone()),
                ..EMPTY
            })),
            name: wire.name,
            namespace: wire.namespace,
            uid: wire.uid,
            resource_version: wire.resource_version,
            generation: wire.generation,
            labels: wire.labels.unwrap_or_default(),
            annotations,
            owners: wire.owner_references.unwrap_or_default(),
            created: wire.creation_timestamp,
            deleted: wire.deletion_timestamp,
            deletion_grace_seconds: wire.deletion_grace_period_seconds,
            finalizers: wire.finalizers.unwrap_or_default(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn managed_fields_and_applied_manifests_are_left_out() {
        let meta: Meta = serde_json::from_value(serde_json::json!({
            "name": "web", "namespace": "shop", "uid": "u", "resourceVersion": "7",
            "creationTimestamp": "2026-01-02T03:04:05Z",
            "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{}", "a": "b"},
            "managedFields": [{"manager": "kubectl", "fieldsV1": {"f:spec": {}}}],
            "ownerReferences": [{"kind": "ReplicaSet", "name": "web-1", "uid": "r", "controller": true}]
        }))
        .unwrap();
        assert_eq!(meta.created, Some(1_767_323_045));
        assert_eq!(
            meta.annotations.into_iter().collect::<Vec<_>>(),
            [("a".into(), "b".into())]
        );
        assert_eq!(meta.owners[0].name, "web-1");
        assert_eq!(meta.wire.unwrap().resource_version.as_deref(), Some("7"));
    }
}
