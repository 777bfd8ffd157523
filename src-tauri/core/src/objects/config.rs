//! ConfigMaps, Secrets and ServiceAccounts: what a pod refers to by name.
//!
//! Of a Secret only the key names are kept: a value never outlives its decoding.

use std::collections::{BTreeMap, BTreeSet};

use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, Visitor},
};

use super::{Meta, NameRef, object};

/// Values longer than this are no addresses; bytes.
const LONGEST: usize = 512;

/// A ConfigMap.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ConfigMap {
    /// Metadata.
    pub metadata: Meta,
    /// Keys of `data` and `binaryData`.
    pub keys: BTreeSet<String>,
    /// Short values of `data`: where addresses are looked for.
    pub short: BTreeMap<String, String>,
}

object!(ConfigMap, "", "v1", "configmaps");

impl<'de> Deserialize<'de> for ConfigMap {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        #[derive(Default, Deserialize)]
        #[serde(rename_all = "camelCase", default)]
        struct Wire {
            metadata: Meta,
            data: Option<BTreeMap<String, String>>,
            binary_data: Keys,
        }
        let wire = Wire::deserialize(d)?;
        let data = wire.data.unwrap_or_default();
        let mut keys = wire.binary_data.0;
        keys.extend(data.keys().cloned());
        let mut short = data;
        short.retain(|_, value| value.len() <= LONGEST);
        Ok(Self {
            metadata: wire.metadata,
            keys,
            short,
        })
    }
}

/// A Secret, without its values.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Secret {
    /// Metadata.
    pub metadata: Meta,
    /// `Opaque`, `kubernetes.io/tls`, `kubernetes.io/dockerconfigjson` …
    pub r#type: String,
    /// Keys of `data` and `stringData`.
    pub keys: BTreeSet<String>,
}

object!(Secret, "", "v1", "secrets");

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        #[derive(Default, Deserialize)]
        #[serde(rename_all = "camelCase", default)]
        struct Wire {
            metadata: Meta,
            r#type: String,
            data: Keys,
            string_data: Keys,
        }
        let wire = Wire::deserialize(d)?;
        let mut keys = wire.data.0;
        keys.extend(wire.string_data.0);
        let mut metadata = wire.metadata;
        // Tools copy whole manifests, values included, into annotations.
        metadata.annotations = super::Map::default();
        Ok(Self {
            metadata,
            r#type: wire.r#type,
            keys,
        })
    }
}

/// A ServiceAccount.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ServiceAccount {
    /// Metadata.
    pub metadata: Meta,
    /// Secrets with registry credentials, added to its pods.
    pub image_pull_secrets: Vec<NameRef>,
}

object!(ServiceAccount, "", "v1", "serviceaccounts");

/// The keys of a map; the values are skipped undecoded.
#[derive(Default)]
struct Keys(BTreeSet<String>);

impl<'de> Deserialize<'de> for Keys {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct Names;
        impl<'de> Visitor<'de> for Names {
            type Value = Keys;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a map")
            }
            fn visit_unit<E>(self) -> Result<Keys, E> {
                Ok(Keys::default())
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Keys, A::Error> {
                let mut keys = BTreeSet::new();
                while let Some((key, _)) = map.next_entry::<String, IgnoredAny>()? {
                    keys.insert(key);
                }
                Ok(Keys(keys))
            }
        }
        d.deserialize_any(Names)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Covers: SEC-19
    #[test]
    fn of_a_secret_only_key_names_are_kept() {
        let secret: Secret = serde_json::from_value(json!({
            "metadata": {"name": "db", "annotations": {"copy": "hunter2"}},
            "type": "Opaque", "data": {"password": "aHVudGVyMg=="}, "stringData": {"user": "hunter2"}
        }))
        .unwrap();
        assert_eq!(secret.keys.iter().collect::<Vec<_>>(), ["password", "user"]);
        let text = format!("{secret:?}");
        assert!(
            !text.contains("hunter2") && !text.contains("aHVudGVy"),
            "{text}"
        );
    }

    #[test]
    fn of_a_config_map_long_values_are_left_out() {
        let map: ConfigMap = serde_json::from_value(json!({
            "metadata": {"name": "c"}, "data": {"HOST": "db:5432", "big": "x".repeat(600)},
            "binaryData": {"raw": "AAAA"}
        }))
        .unwrap();
        assert_eq!(map.keys.iter().collect::<Vec<_>>(), ["HOST", "big", "raw"]);
        assert_eq!(map.short.keys().collect::<Vec<_>>(), ["HOST"]);
    }
}
