//! Volumes, as far as they refer to other objects.

use serde::Deserialize;

use crate::wire::{self, Field, Fields, Malformed, Message, Value, wire};

/// A volume, as far as it refers to another object.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Volume {
    /// Its name in the pod.
    pub name: String,
    /// A ConfigMap.
    pub config_map: Option<Mounted>,
    /// A Secret.
    pub secret: Option<SecretVolume>,
    /// A claim.
    pub persistent_volume_claim: Option<ClaimVolume>,
    /// Several sources in one.
    pub projected: Option<ProjectedVolume>,
}

/// Several sources as one volume.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(default)]
pub struct ProjectedVolume {
    /// The sources, as far as they refer to other objects.
    pub sources: Vec<Projection>,
}

/// One source of a projected volume.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Projection {
    /// A ConfigMap.
    pub config_map: Option<Mounted>,
    /// A Secret.
    pub secret: Option<Mounted>,
}

/// A ConfigMap or Secret as files.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(default)]
pub struct Mounted {
    /// Its name.
    pub name: String,
    /// The keys that are wanted; none are all.
    pub items: Vec<Item>,
    /// Whether it, or one of the keys, may be missing.
    pub optional: bool,
}

/// One key as a file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(default)]
pub struct Item {
    /// The key.
    pub key: String,
}

/// A Secret as a volume.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SecretVolume {
    /// The Secret.
    pub secret_name: String,
    /// The keys that are wanted; none are all.
    pub items: Vec<Item>,
    /// Whether it may be missing.
    pub optional: bool,
}

/// A claim as a volume.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ClaimVolume {
    /// The PersistentVolumeClaim.
    pub claim_name: String,
}

// `Volume` wraps its source in a message of its own, JSON does not.
impl Message for Volume {
    fn field(&mut self, number: u32, value: Value<'_>) -> Result<(), Malformed> {
        match number {
            1 => self.name.merge(value),
            2 => Fields(value.bytes()?).try_for_each(|source| match source? {
                (6, value) => self.secret.merge(value),
                (10, value) => self.persistent_volume_claim.merge(value),
                (19, value) => named_at_4(&mut self.config_map, value),
                (26, value) => self.projected.merge(value),
                _ => Ok(()),
            }),
            _ => Ok(()),
        }
    }
}

wire!(SecretVolume { 1 => secret_name, 2 => items, 4 => optional });
wire!(Item { 1 => key });
wire!(ClaimVolume { 1 => claim_name });
wire!(ProjectedVolume { 1 => sources });
wire!(Projection { 1 => secret via named_at_4, 3 => config_map via named_at_4 });

/// The name is in a message of its own.
fn named_at_4(place: &mut Option<Mounted>, value: Value<'_>) -> Result<(), Malformed> {
    let place = place.get_or_insert_default();
    Fields(value.bytes()?).try_for_each(|field| match field? {
        (1, value) => wire::local_name(&mut place.name, value),
        (2, value) => place.items.merge(value),
        (4, value) => place.optional.merge(value),
        _ => Ok(()),
    })
}
