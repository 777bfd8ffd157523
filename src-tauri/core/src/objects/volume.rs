//! Volumes, as far as they refer to other objects.

use serde::Deserialize;

use super::NameRef;
use crate::wire::{self, Field, Fields, Malformed, Message, Value, wire};

/// A volume, as far as it refers to another object.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Volume {
    /// Its name in the pod.
    pub name: String,
    /// A ConfigMap.
    pub config_map: Option<NameRef>,
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
    pub config_map: Option<NameRef>,
    /// A Secret.
    pub secret: Option<NameRef>,
}

/// A Secret as a volume.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SecretVolume {
    /// The Secret.
    pub secret_name: String,
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

wire!(SecretVolume { 1 => secret_name, 4 => optional });
wire!(ClaimVolume { 1 => claim_name });
wire!(ProjectedVolume { 1 => sources });
wire!(Projection { 1 => secret via named_at_4, 3 => config_map via named_at_4 });

/// Volume sources have `optional` in field 4, where [`NameRef`] itself has it in field 2.
fn named_at_4(place: &mut Option<NameRef>, value: Value<'_>) -> Result<(), Malformed> {
    let place = place.get_or_insert_default();
    Fields(value.bytes()?).try_for_each(|field| match field? {
        (1, value) => wire::local_name(&mut place.name, value),
        (4, value) => place.optional.merge(value),
        _ => Ok(()),
    })
}
