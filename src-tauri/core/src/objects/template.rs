//! A workload's pod template: the fields that are read, and the whole of it as text.

use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::{Map, Meta, PodSpec};

/// A pod template.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Template {
    /// The pods' labels.
    pub labels: Map,
    /// The pods' annotations.
    pub annotations: Map,
    /// The pods' spec.
    pub spec: PodSpec,
    /// The template as served, JSON: what a rollback puts back. Empty when there was none.
    pub json: Box<str>,
}

impl<'de> Deserialize<'de> for Template {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct Parts {
            metadata: Meta,
            spec: PodSpec,
        }
        let whole = Value::deserialize(d)?;
        if whole.is_null() {
            return Ok(Self::default());
        }
        let json = whole.to_string().into_boxed_str();
        let parts: Parts = serde_json::from_value(whole).map_err(serde::de::Error::custom)?;
        Ok(Self {
            labels: parts.metadata.labels,
            annotations: parts.metadata.annotations,
            spec: parts.spec,
            json,
        })
    }
}
