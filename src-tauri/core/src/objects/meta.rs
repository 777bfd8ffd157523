//! Object metadata without managedFields.

use std::sync::{Arc, LazyLock};

use serde::{Deserialize, Deserializer};

use super::{Map, Text, pool::Pool, times};
use crate::wire::{self, Malformed, MapEntries, Message, Value, wire};

/// Applied manifests repeat the whole object; nothing here reads them.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";
/// Longer annotation values are left out, bytes: manifests, network states, dashboards.
const ANNOTATION: usize = 256;

static OWNERS: LazyLock<Pool<Arc<[Owner]>>> = LazyLock::new(Pool::new);
static FINALIZERS: LazyLock<Pool<Arc<[Text]>>> = LazyLock::new(Pool::new);

/// What core keeps of `metadata`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Meta {
    /// Object name.
    pub name: Text,
    /// Empty for a cluster-scoped kind.
    pub namespace: Text,
    /// Identity for as long as the object lives.
    pub uid: Text,
    /// Opaque version.
    pub resource_version: Text,
    /// Raised when the spec changes; 0 where the kind does not count.
    pub generation: i64,
    /// Labels.
    pub labels: Map,
    /// Annotations, without kubectl's copy of the manifest and without values over 256 bytes.
    pub annotations: Map,
    /// Owners; at most one is the controller.
    pub owners: Arc<[Owner]>,
    /// When it was created.
    pub created: Option<i64>,
    /// When it is, or was, to be gone.
    pub deleted: Option<i64>,
    /// Seconds a pod is given to end.
    pub deletion_grace_seconds: Option<i64>,
    /// What holds the deletion.
    pub finalizers: Arc<[Text]>,
}

/// One owner reference.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Owner {
    /// `apps/v1`.
    pub api_version: Text,
    /// `ReplicaSet`.
    pub kind: Text,
    /// Its name.
    pub name: Text,
    /// Its uid.
    pub uid: Text,
    /// Whether it manages the object.
    pub controller: bool,
}

wire!(Owner { 1 => kind, 3 => name, 4 => uid, 5 => api_version, 6 => controller });

impl Meta {
    /// The owner that manages this object.
    #[must_use]
    pub fn controller(&self) -> Option<&Owner> {
        self.owners.iter().find(|owner| owner.controller)
    }

    /// What the object's list is sorted by.
    #[must_use]
    pub fn key(&self) -> (&str, &str) {
        (&self.namespace, &self.name)
    }
}

/// Metadata in the making.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Parts {
    #[serde(deserialize_with = "Text::deserialize_unique")]
    name: Text,
    namespace: Text,
    #[serde(deserialize_with = "Text::deserialize_unique")]
    uid: Text,
    #[serde(deserialize_with = "Text::deserialize_unique")]
    resource_version: Text,
    generation: i64,
    labels: Map,
    #[serde(deserialize_with = "short_annotations")]
    annotations: Map,
    owner_references: Option<Vec<Owner>>,
    #[serde(deserialize_with = "times::deserialize")]
    creation_timestamp: Option<i64>,
    #[serde(deserialize_with = "times::deserialize")]
    deletion_timestamp: Option<i64>,
    deletion_grace_period_seconds: Option<i64>,
    finalizers: Option<Vec<Text>>,
    #[serde(skip)]
    wire_labels: MapEntries,
    #[serde(skip)]
    wire_annotations: MapEntries,
}

wire!(Parts {
    1 => name via unique,
    3 => namespace,
    5 => uid via unique,
    6 => resource_version via unique,
    7 => generation,
    8 => creation_timestamp via wire::time,
    9 => deletion_timestamp via wire::time,
    10 => deletion_grace_period_seconds,
    11 => wire_labels,
    12 => wire_annotations via short_annotation,
    13 => owner_references,
    14 => finalizers,
});

/// Reads text that is not expected to occur twice.
pub(super) fn unique(place: &mut Text, value: Value<'_>) -> Result<(), Malformed> {
    let text = std::str::from_utf8(value.bytes()?).map_err(|_| Malformed::Utf8)?;
    *place = Text::unique(text);
    Ok(())
}

/// Whether an annotation is kept.
fn is_short(key: &str, value: &str) -> bool {
    value.len() <= ANNOTATION && key != LAST_APPLIED
}

fn short_annotation(place: &mut MapEntries, value: Value<'_>) -> Result<(), Malformed> {
    place.push_if(value, is_short)
}

fn short_annotations<'de, D: Deserializer<'de>>(d: D) -> Result<Map, D::Error> {
    let all = Map::deserialize(d)?;
    if all.iter().all(|(key, value)| is_short(key, value)) {
        return Ok(all);
    }
    let short = all.iter().filter(|(key, value)| is_short(key, value));
    Ok(short
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect())
}

impl From<Parts> for Meta {
    fn from(mut parts: Parts) -> Self {
        // Only one of the two encodings has filled its part.
        let either = |json: Map, wire: &mut MapEntries| {
            if json.is_empty() { wire.take() } else { json }
        };
        let owners = parts.owner_references.unwrap_or_default();
        let finalizers = parts.finalizers.unwrap_or_default();
        Self {
            name: parts.name,
            namespace: parts.namespace,
            uid: parts.uid,
            resource_version: parts.resource_version,
            generation: parts.generation,
            labels: either(parts.labels, &mut parts.wire_labels),
            annotations: either(parts.annotations, &mut parts.wire_annotations),
            owners: if owners.is_empty() {
                Arc::default()
            } else {
                OWNERS.keep(&owners.into())
            },
            created: parts.creation_timestamp,
            deleted: parts.deletion_timestamp,
            deletion_grace_seconds: parts.deletion_grace_period_seconds,
            finalizers: if finalizers.is_empty() {
                Arc::default()
            } else {
                FINALIZERS.keep(&finalizers.into())
            },
        }
    }
}

impl<'de> Deserialize<'de> for Meta {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        Parts::deserialize(d).map(Self::from)
    }
}

impl wire::Field for Meta {
    fn merge(&mut self, value: Value<'_>) -> Result<(), Malformed> {
        let mut parts = Parts::default();
        parts.merge_message(value.bytes()?)?;
        *self = parts.into();
        Ok(())
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
            "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{}", "a": "b",
                "long": "x".repeat(257)},
            "managedFields": [{"manager": "kubectl", "fieldsV1": {"f:spec": {}}}],
            "ownerReferences": [{"kind": "ReplicaSet", "name": "web-1", "uid": "r", "controller": true}]
        }))
        .unwrap();
        assert_eq!(meta.created, Some(1_767_323_045));
        assert_eq!(format!("{:?}", meta.annotations), r#"{"a": "b"}"#);
        assert_eq!(meta.owners[0].name, "web-1");
        assert_eq!(meta.resource_version, "7");
    }
}
