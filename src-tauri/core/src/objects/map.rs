//! Labels, annotations and selectors: a small sorted map of texts, shared where it repeats.

use std::{
    fmt,
    sync::{Arc, LazyLock},
};

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};

use super::{Text, pool::Pool};

type Entries = Box<[(Text, Text)]>;

static MAPS: LazyLock<Pool<Arc<Entries>>> = LazyLock::new(Pool::new);

/// A map of texts, sorted by key. Equal maps share their entries.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Map(Option<Arc<Entries>>);

impl Map {
    /// The value of a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Text> {
        let entries = self.entries();
        let at = entries
            .binary_search_by(|(other, _)| other.as_str().cmp(key))
            .ok()?;
        Some(&entries[at].1)
    }

    /// Whether the key is there.
    #[must_use]
    pub fn contains_key(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    /// The entries, sorted by key.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&Text, &Text)> {
        self.entries().iter().map(|(key, value)| (key, value))
    }

    /// How many entries there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries().len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    fn entries(&self) -> &[(Text, Text)] {
        self.0.as_deref().map_or(&[], |entries| entries)
    }
}

impl FromIterator<(Text, Text)> for Map {
    /// The last of a key wins.
    fn from_iter<I: IntoIterator<Item = (Text, Text)>>(entries: I) -> Self {
        let mut entries: Vec<_> = entries.into_iter().collect();
        if entries.is_empty() {
            return Self(None);
        }
        // Stable: among equal keys the order of arrival stays.
        entries.sort_by(|(a, _), (b, _)| a.cmp(b));
        entries.reverse();
        entries.dedup_by(|(a, _), (b, _)| a == b);
        entries.reverse();
        let entries = entries.into_boxed_slice();
        Self(Some(MAPS.keep(&Arc::new(entries))))
    }
}

impl<'a> IntoIterator for &'a Map {
    type Item = (&'a Text, &'a Text);
    type IntoIter = std::iter::Map<
        std::slice::Iter<'a, (Text, Text)>,
        fn(&'a (Text, Text)) -> (&'a Text, &'a Text),
    >;

    fn into_iter(self) -> Self::IntoIter {
        self.entries().iter().map(|(key, value)| (key, value))
    }
}

/// `app=web,tier=front`, as labels and selectors are written.
impl fmt::Display for Map {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, (key, value)) in self.iter().enumerate() {
            let comma = if place > 0 { "," } else { "" };
            write!(f, "{comma}{key}={value}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Map {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self).finish()
    }
}

impl<'de> Deserialize<'de> for Map {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct MapVisitor;

        impl<'de> Visitor<'de> for MapVisitor {
            type Value = Map;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map of strings")
            }

            fn visit_unit<E>(self) -> Result<Map, E> {
                Ok(Map::default())
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Map, A::Error> {
                let mut entries = Vec::with_capacity(map.size_hint().unwrap_or_default());
                while let Some(entry) = map.next_entry::<Text, Text>()? {
                    entries.push(entry);
                }
                Ok(entries.into_iter().collect())
            }
        }
        d.deserialize_any(MapVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_maps_share_their_entries_and_the_last_of_a_key_wins() {
        let map: Map = serde_json::from_str(r#"{"b": "1", "a": "2", "b": "3"}"#).unwrap();
        let same: Map = serde_json::from_str(r#"{"a": "2", "b": "3"}"#).unwrap();
        assert_eq!(map, same);
        assert!(Arc::ptr_eq(
            map.0.as_ref().unwrap(),
            same.0.as_ref().unwrap()
        ));
        assert_eq!((map.len(), map.get("b").unwrap().as_str()), (2, "3"));
        assert!(!map.contains_key("c"));
        let none: Map = serde_json::from_str("null").unwrap();
        assert!(none.is_empty());
    }
}
