//! Claims, volumes and storage classes.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::{Condition, Meta, Selector, object};

/// A claim on a volume.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct PersistentVolumeClaim {
    /// Metadata.
    pub metadata: Meta,
    /// What was asked for.
    pub spec: ClaimSpec,
    /// What is.
    pub status: ClaimStatus,
}

object!(PersistentVolumeClaim, "", "v1", "persistentvolumeclaims");

/// A claim's spec.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ClaimSpec {
    /// `ReadWriteOnce` …
    pub access_modes: Vec<String>,
    /// `None` asks for the default class, "" for none at all.
    pub storage_class_name: Option<String>,
    /// The volume it is bound to, or wants.
    pub volume_name: String,
    /// `Filesystem` (also when empty) or `Block`.
    pub volume_mode: String,
    /// Labels the volume must have.
    pub selector: Option<Selector>,
    /// `requests.storage`.
    pub resources: super::Resources,
}

/// A claim's status.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ClaimStatus {
    /// `Pending`, `Bound`, `Lost`; empty before its controller has seen it.
    pub phase: String,
    /// What it got.
    pub capacity: BTreeMap<String, String>,
    /// Resizes and the like.
    pub conditions: Vec<Condition>,
}

/// A volume.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct PersistentVolume {
    /// Metadata.
    pub metadata: Meta,
    /// What it is.
    pub spec: VolumeSpec,
    /// Where it stands.
    pub status: VolumeStatus,
}

object!(PersistentVolume, "", "v1", "persistentvolumes");

/// A volume's spec.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct VolumeSpec {
    /// `storage`.
    pub capacity: BTreeMap<String, String>,
    /// `ReadWriteOnce` …
    pub access_modes: Vec<String>,
    /// Empty for none.
    pub storage_class_name: String,
    /// `Filesystem` (also when empty) or `Block`.
    pub volume_mode: String,
    /// The claim it belongs to.
    pub claim_ref: Option<ClaimRef>,
    /// `Retain`, `Delete`.
    pub persistent_volume_reclaim_policy: String,
    /// `required` node selector, as served.
    pub node_affinity: Option<Value>,
    /// The driver it belongs to; `None` for a volume of another kind.
    pub csi: Option<CsiSource>,
}

/// The storage driver of a volume.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct CsiSource {
    /// `ebs.csi.aws.com`.
    pub driver: String,
}

/// The claim a volume belongs to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct ClaimRef {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its uid; empty when reserved by hand.
    pub uid: String,
}

/// A volume's status.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct VolumeStatus {
    /// `Available`, `Bound`, `Released`, `Failed`.
    pub phase: String,
    /// For people.
    pub message: String,
    /// CamelCase word.
    pub reason: String,
}

/// A way to make volumes.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct StorageClass {
    /// Metadata; an annotation makes it the default.
    pub metadata: Meta,
    /// Who makes the volumes; `kubernetes.io/no-provisioner` makes none.
    pub provisioner: String,
    /// `Immediate` (also when empty) or `WaitForFirstConsumer`.
    pub volume_binding_mode: String,
    /// Whether its volumes can grow.
    pub allow_volume_expansion: bool,
}

object!(StorageClass, "storage.k8s.io", "v1", "storageclasses");

impl StorageClass {
    /// Whether claims without a class get this one.
    #[must_use]
    pub fn is_default(&self) -> bool {
        [
            "storageclass.kubernetes.io/is-default-class",
            "storageclass.beta.kubernetes.io/is-default-class",
        ]
        .iter()
        .any(|key| {
            self.metadata
                .annotations
                .get(key)
                .is_some_and(|value| value == "true")
        })
    }
}
