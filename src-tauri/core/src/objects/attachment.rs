//! Which volume is attached to which node, and what each node's storage drivers are.

use serde::Deserialize;

use super::{Meta, object, or_empty, times};

/// A volume that is, or should be, attached to a node.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct VolumeAttachment {
    /// Metadata.
    pub metadata: Meta,
    /// What was asked for.
    pub spec: AttachmentSpec,
    /// What is.
    pub status: AttachmentStatus,
}

object!(
    VolumeAttachment,
    "storage.k8s.io",
    "v1",
    "volumeattachments"
);

/// An attachment's spec.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AttachmentSpec {
    /// The driver that attaches.
    pub attacher: String,
    /// To which node.
    pub node_name: String,
    /// What.
    pub source: AttachmentSource,
}

/// What is attached.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AttachmentSource {
    /// The PersistentVolume; empty for an inline volume.
    pub persistent_volume_name: String,
}

/// An attachment's status.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AttachmentStatus {
    /// Whether it is attached.
    pub attached: bool,
    /// Why it could not be attached.
    pub attach_error: Option<AttachmentError>,
    /// Why it could not be detached.
    pub detach_error: Option<AttachmentError>,
}

/// An error of a storage driver.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct AttachmentError {
    /// For people.
    pub message: String,
    /// When.
    #[serde(deserialize_with = "times::deserialize")]
    pub time: Option<i64>,
}

/// The storage drivers of a node.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct CSINode {
    /// Metadata; it has the node's name.
    pub metadata: Meta,
    /// The drivers.
    pub spec: NodeDrivers,
}

object!(CSINode, "storage.k8s.io", "v1", "csinodes");

/// The storage drivers that run on a node.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct NodeDrivers {
    /// In any order.
    #[serde(deserialize_with = "or_empty")]
    pub drivers: Vec<NodeDriver>,
}

/// A storage driver on a node.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct NodeDriver {
    /// `ebs.csi.aws.com`.
    pub name: String,
    /// What it can do for the node; `None` where it does not say.
    pub allocatable: Option<NodeVolumes>,
}

/// What a storage driver can do for a node.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct NodeVolumes {
    /// How many volumes it attaches; `None` for any number.
    pub count: Option<usize>,
}
