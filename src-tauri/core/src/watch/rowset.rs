//! The objects of a kind in the order of their names, with one row each.
//!
//! Readers take the whole of it by counting a reference up; the writer copies it only while a
//! reader still holds the last one. The key is (namespace, name): a cluster never has two objects
//! of one kind under one name, so an object that was replaced unseen leaves no ghost.

use std::{cmp::Ordering, sync::Arc};

use super::listed::Listed;
use crate::{kinds::Kind, objects::Object};

/// Insertions and removals up to which moving the rest of the vector is cheaper than merging.
const FEW: usize = 8;

/// A change of one object.
pub(super) struct Change<T> {
    /// As it is now, or was last.
    pub(super) object: Arc<T>,
    /// Its row; `None` when it is gone.
    pub(super) listed: Option<Arc<Listed>>,
}

impl<T: Object> Change<T> {
    pub(super) fn applied<K: Kind<Object = T>>(object: T) -> Self {
        Self {
            listed: Some(Arc::new(Listed::of::<K>(&object))),
            object: Arc::new(object),
        }
    }

    pub(super) fn deleted(object: T) -> Self {
        Self {
            object: Arc::new(object),
            listed: None,
        }
    }

    fn key(&self) -> (&str, &str) {
        self.object.metadata().key()
    }
}

/// Two vectors of one length and order.
pub(super) struct Rowset<T> {
    objects: Arc<Vec<Arc<T>>>,
    listed: Arc<Vec<Arc<Listed>>>,
}

impl<T> Default for Rowset<T> {
    fn default() -> Self {
        Self {
            objects: Arc::default(),
            listed: Arc::default(),
        }
    }
}

impl<T: Object> Rowset<T> {
    pub(super) fn objects(&self) -> &Arc<Vec<Arc<T>>> {
        &self.objects
    }

    pub(super) fn listed(&self) -> &Arc<Vec<Arc<Listed>>> {
        &self.listed
    }

    pub(super) fn len(&self) -> usize {
        self.objects.len()
    }

    /// The same object in the same version, if it is here.
    pub(super) fn same(&self, object: &T) -> Option<Change<T>> {
        let wanted = object.metadata();
        let at = self.find(wanted.key()).ok()?;
        let there = self.objects[at].metadata();
        let same = there.uid == wanted.uid && there.resource_version == wanted.resource_version;
        same.then(|| Change {
            object: Arc::clone(&self.objects[at]),
            listed: Some(Arc::clone(&self.listed[at])),
        })
    }

    /// Takes changes in the order they happened.
    pub(super) fn apply(&mut self, mut changes: Vec<Change<T>>) {
        // Stable: of several changes of one object the last one counts.
        changes.sort_by(|a, b| a.key().cmp(&b.key()));
        changes.reverse();
        changes.dedup_by(|earlier, later| earlier.key() == later.key());
        changes.reverse();
        if changes.is_empty() {
            return;
        }
        let last = self.objects.last().map(|object| object.metadata().key());
        if last < Some(changes[0].key()) {
            return self.append(changes);
        }
        let places: Vec<_> = changes
            .iter()
            .map(|change| self.find(change.key()))
            .collect();
        let moves = places
            .iter()
            .zip(&changes)
            .filter(|(place, change)| place.is_err() || change.listed.is_none())
            .count();
        if moves <= FEW {
            self.place(changes, &places);
        } else {
            self.merge(changes);
        }
    }

    /// Removes what a whole list of these (namespace, name) keys no longer has, and takes the list.
    /// `covers` tells which objects the list speaks of.
    pub(super) fn replace(&mut self, list: Vec<Change<T>>, covers: impl Fn(&T) -> bool) {
        let kept = self
            .objects
            .iter()
            .zip(self.listed.iter())
            .filter(|(object, _)| !covers(object))
            .map(|(object, listed)| Change {
                object: Arc::clone(object),
                listed: Some(Arc::clone(listed)),
            });
        let mut all: Vec<_> = kept.chain(list).collect();
        all.sort_by(|a, b| a.key().cmp(&b.key()));
        all.dedup_by(|a, b| a.key() == b.key());
        *self = Self::default();
        self.append(all);
    }

    fn find(&self, key: (&str, &str)) -> Result<usize, usize> {
        self.objects
            .binary_search_by(|object| object.metadata().key().cmp(&key))
    }

    fn append(&mut self, changes: Vec<Change<T>>) {
        let objects = Arc::make_mut(&mut self.objects);
        let rows = Arc::make_mut(&mut self.listed);
        for Change { object, listed } in changes {
            if let Some(listed) = listed {
                objects.push(object);
                rows.push(listed);
            }
        }
    }

    /// From the back, so that the places found before stay right.
    fn place(&mut self, changes: Vec<Change<T>>, places: &[Result<usize, usize>]) {
        let objects = Arc::make_mut(&mut self.objects);
        let rows = Arc::make_mut(&mut self.listed);
        for (Change { object, listed }, place) in changes.into_iter().zip(places).rev() {
            match (place, listed) {
                (&Ok(at), Some(listed)) => {
                    objects[at] = object;
                    rows[at] = listed;
                }
                (&Ok(at), None) => {
                    objects.remove(at);
                    rows.remove(at);
                }
                (&Err(at), Some(listed)) => {
                    objects.insert(at, object);
                    rows.insert(at, listed);
                }
                (Err(_), None) => {}
            }
        }
    }

    fn merge(&mut self, changes: Vec<Change<T>>) {
        let room = self.len() + changes.len();
        let mut objects = Vec::with_capacity(room);
        let mut rows = Vec::with_capacity(room);
        let mut changes = changes.into_iter().peekable();
        for (object, row) in self.objects.iter().zip(self.listed.iter()) {
            let key = object.metadata().key();
            let mut replaced = false;
            while let Some(change) = changes.next_if(|change| change.key() <= key) {
                replaced |= change.key().cmp(&key) == Ordering::Equal;
                if let Some(listed) = change.listed {
                    objects.push(change.object);
                    rows.push(listed);
                }
            }
            if !replaced {
                objects.push(Arc::clone(object));
                rows.push(Arc::clone(row));
            }
        }
        for change in changes {
            if let Some(listed) = change.listed {
                objects.push(change.object);
                rows.push(listed);
            }
        }
        self.objects = Arc::new(objects);
        self.listed = Arc::new(rows);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::{kinds::Pods, objects::Pod};

    fn pod(namespace: u8, name: u8, uid: u32) -> Pod {
        serde_json::from_value(serde_json::json!({"metadata": {
            "namespace": format!("n{namespace}"), "name": format!("p{name}"), "uid": uid.to_string(),
        }}))
        .unwrap()
    }

    proptest! {
        /// Whatever way a batch is taken, the result is that of a map.
        #[test]
        fn it_is_a_sorted_map(
            batches in prop::collection::vec(
                prop::collection::vec((0..3_u8, 0..40_u8, 0..9_u32, any::<bool>()), 0..60), 0..12),
            hold in any::<bool>(),
        ) {
            let mut set = Rowset::<Pod>::default();
            let mut model = BTreeMap::new();
            let mut held = Vec::new();
            for batch in batches {
                let mut changes = Vec::new();
                // A deletion names the object that is there: the server never sends another.
                for (namespace, name, uid, gone) in batch {
                    let key = (format!("n{namespace}"), format!("p{name}"));
                    if !gone {
                        model.insert(key, uid.to_string());
                        changes.push(Change::applied::<Pods>(pod(namespace, name, uid)));
                    } else if let Some(there) = model.remove(&key) {
                        let object = pod(namespace, name, there.parse().unwrap());
                        changes.push(Change::deleted(object));
                    }
                }
                set.apply(changes);
                if hold {
                    held.push((Arc::clone(set.objects()), set.len()));
                }
            }
            let seen: Vec<_> = set.objects().iter().map(|o| {
                let meta = o.metadata();
                ((meta.namespace.to_string(), meta.name.to_string()), meta.uid.to_string())
            }).collect();
            prop_assert_eq!(seen, model.into_iter().collect::<Vec<_>>());
            for (object, row) in set.objects().iter().zip(set.listed().iter()) {
                prop_assert_eq!(object.metadata().key(), (row.namespace(), row.name()));
            }
            for (objects, len) in held {
                prop_assert_eq!(objects.len(), len, "what a reader holds never changes");
            }
        }
    }
}
