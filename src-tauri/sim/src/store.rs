//! Objects by kind and key, one revision counter, and the history that watches and consistent pages read.
//! Knows nothing of verbs, defaults or rules: it stores what it is given.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;

use serde_json::Value;

use crate::kinds::KindId;
use crate::object::{self, Fields};

/// `namespace/name`, or `name` for cluster-wide kinds: sorts exactly as the real storage does.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Key(pub String);

impl Key {
    pub(crate) fn new(namespace: &str, name: &str) -> Self {
        Self(if namespace.is_empty() {
            name.to_owned()
        } else {
            format!("{namespace}/{name}")
        })
    }

    pub(crate) fn of(object: &Value) -> Self {
        Self::new(object::namespace(object), object::name(object))
    }

    pub(crate) fn namespace(&self) -> &str {
        self.0.split_once('/').map_or("", |(ns, _)| ns)
    }

    pub(crate) fn name(&self) -> &str {
        self.0.split_once('/').map_or(&self.0, |(_, n)| n)
    }
}

pub(crate) type Object = Arc<Value>;

/// One revision: what an object was before and is after.
#[derive(Debug, Clone)]
pub(crate) struct Change {
    pub revision: u64,
    pub kind: KindId,
    pub key: Key,
    pub before: Option<Object>,
    /// The object after the change; for a removal the last state, carrying the removal's revision.
    pub object: Object,
    pub removed: bool,
}

#[derive(Debug)]
pub(crate) struct Store {
    revision: u64,
    /// Changes up to this revision are forgotten.
    compacted: u64,
    objects: Vec<BTreeMap<Key, Object>>,
    history: VecDeque<Change>,
    history_limit: usize,
    /// Owner uid to what names it as an owner.
    owned: HashMap<String, BTreeSet<(KindId, Key)>>,
    by_uid: HashMap<String, (KindId, Key)>,
}

impl Store {
    pub(crate) fn new(first_revision: u64, history_limit: usize) -> Self {
        Self {
            revision: first_revision,
            compacted: first_revision,
            objects: Vec::new(),
            history: VecDeque::new(),
            history_limit,
            owned: HashMap::new(),
            by_uid: HashMap::new(),
        }
    }

    pub(crate) fn revision(&self) -> u64 {
        self.revision
    }

    pub(crate) fn compacted(&self) -> u64 {
        self.compacted
    }

    pub(crate) fn get(&self, kind: KindId, key: &Key) -> Option<&Object> {
        self.objects.get(kind.0)?.get(key)
    }

    pub(crate) fn find(&self, kind: KindId, namespace: &str, name: &str) -> Option<&Object> {
        self.get(kind, &Key::new(namespace, name))
    }

    pub(crate) fn count(&self, kind: KindId) -> usize {
        self.objects.get(kind.0).map_or(0, BTreeMap::len)
    }

    pub(crate) fn all(&self, kind: KindId) -> impl Iterator<Item = (&Key, &Object)> {
        self.objects.get(kind.0).into_iter().flatten()
    }

    /// The objects of one namespace, or all of them when it is empty.
    pub(crate) fn within(
        &self,
        kind: KindId,
        namespace: &str,
    ) -> impl Iterator<Item = (&Key, &Object)> {
        let bounds = if namespace.is_empty() {
            (Key(String::new()), Key("\u{10ffff}".to_owned()))
        } else {
            // '0' follows '/': every "namespace/…" lies between.
            (Key(format!("{namespace}/")), Key(format!("{namespace}0")))
        };
        self.objects
            .get(kind.0)
            .map(|m| m.range(bounds.0..bounds.1))
            .into_iter()
            .flatten()
    }

    pub(crate) fn by_uid(&self, uid: &str) -> Option<(KindId, &Key, &Object)> {
        let (kind, key) = self.by_uid.get(uid)?;
        self.get(*kind, key).map(|o| (*kind, key, o))
    }

    /// What names this uid among its owners.
    pub(crate) fn owned_by(&self, uid: &str) -> impl Iterator<Item = &(KindId, Key)> {
        self.owned.get(uid).into_iter().flatten()
    }

    /// The objects of one kind whose controller has this uid, in key order.
    pub(crate) fn controlled(&self, kind: KindId, uid: &str) -> Vec<Object> {
        self.owned_by(uid)
            .filter(|(k, _)| *k == kind)
            .filter_map(|(k, key)| self.get(*k, key))
            .filter(|o| object::controlled_by(o, uid))
            .cloned()
            .collect()
    }

    /// Stores a new or changed object under the next revision.
    pub(crate) fn put(&mut self, kind: KindId, mut object: Value) -> Object {
        self.revision += 1;
        object.put("/metadata/resourceVersion", self.revision.to_string());
        let key = Key::of(&object);
        let object = Arc::new(object);
        if self.objects.len() <= kind.0 {
            self.objects.resize_with(kind.0 + 1, BTreeMap::new);
        }
        let before = self.objects[kind.0].insert(key.clone(), Arc::clone(&object));
        if let Some(old) = &before {
            self.unlink(kind, &key, old);
        }
        self.link(kind, &key, &object);
        self.record(Change {
            revision: self.revision,
            kind,
            key,
            before,
            object: Arc::clone(&object),
            removed: false,
        });
        object
    }

    /// Takes an object away; the returned last state carries the removal's revision.
    pub(crate) fn remove(&mut self, kind: KindId, key: &Key) -> Option<Object> {
        let last = (**self.get(kind, key)?).clone();
        self.remove_as(kind, key, last)
    }

    /// Takes an object away, with a last state that differs from the stored one.
    pub(crate) fn remove_as(&mut self, kind: KindId, key: &Key, mut last: Value) -> Option<Object> {
        let old = self.objects.get_mut(kind.0)?.remove(key)?;
        self.unlink(kind, key, &old);
        self.revision += 1;
        last.put("/metadata/resourceVersion", self.revision.to_string());
        let last = Arc::new(last);
        self.record(Change {
            revision: self.revision,
            kind,
            key: key.clone(),
            before: Some(old),
            object: Arc::clone(&last),
            removed: true,
        });
        Some(last)
    }

    /// The changes after a revision, oldest first.
    pub(crate) fn since(&self, revision: u64) -> impl Iterator<Item = &Change> {
        let start = self.history.partition_point(|c| c.revision <= revision);
        self.history.range(start..)
    }

    /// The objects of a kind as they were at a revision; `None` when that is no longer known.
    pub(crate) fn snapshot(&self, kind: KindId, revision: u64) -> Option<BTreeMap<Key, Object>> {
        if revision < self.compacted {
            return None;
        }
        let mut then = self.objects.get(kind.0).cloned().unwrap_or_default();
        for change in self
            .history
            .iter()
            .rev()
            .take_while(|c| c.revision > revision)
        {
            if change.kind != kind {
                continue;
            }
            match &change.before {
                Some(old) => then.insert(change.key.clone(), Arc::clone(old)),
                None => then.remove(&change.key),
            };
        }
        Some(then)
    }

    /// Forgets all history: every older revision is "too old" from now on.
    pub(crate) fn compact(&mut self) {
        self.history.clear();
        self.compacted = self.revision;
    }

    fn record(&mut self, change: Change) {
        self.history.push_back(change);
        while self.history.len() > self.history_limit {
            if let Some(forgotten) = self.history.pop_front() {
                self.compacted = forgotten.revision;
            }
        }
    }

    fn link(&mut self, kind: KindId, key: &Key, object: &Value) {
        self.by_uid
            .insert(object::uid(object).to_owned(), (kind, key.clone()));
        for owner in object.items("/metadata/ownerReferences") {
            self.owned
                .entry(owner.text("/uid").to_owned())
                .or_default()
                .insert((kind, key.clone()));
        }
    }

    fn unlink(&mut self, kind: KindId, key: &Key, object: &Value) {
        self.by_uid.remove(object::uid(object));
        for owner in object.items("/metadata/ownerReferences") {
            let uid = owner.text("/uid");
            if let Some(set) = self.owned.get_mut(uid) {
                set.remove(&(kind, key.clone()));
                if set.is_empty() {
                    self.owned.remove(uid);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::kinds::PODS;

    fn pod(name: &str, mark: i64) -> Value {
        json!({"metadata": {"name": name, "namespace": "a", "uid": name}, "mark": mark})
    }

    #[test]
    fn a_snapshot_undoes_later_changes() {
        let mut s = Store::new(10, 100);
        s.put(PODS, pod("x", 1));
        let then = s.revision();
        s.put(PODS, pod("x", 2));
        s.put(PODS, pod("y", 1));
        s.remove(PODS, &Key::new("a", "x"));
        let old = s.snapshot(PODS, then).expect("in history");
        assert_eq!(old.len(), 1);
        assert_eq!(old[&Key::new("a", "x")].int("/mark"), Some(1));
        s.compact();
        assert!(s.snapshot(PODS, then).is_none());
    }

    #[test]
    fn keys_sort_as_the_real_storage_does() {
        assert!(Key::new("a-b", "x") < Key::new("a", "x"));
    }

    #[test]
    fn a_full_history_forgets_the_oldest() {
        let mut s = Store::new(0, 3);
        for i in 0..5 {
            s.put(PODS, pod("x", i));
        }
        assert_eq!(s.compacted(), 2);
        assert_eq!(s.since(2).count(), 3);
    }
}
