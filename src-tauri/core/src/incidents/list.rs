//! The objects of one kind, in the order of their namespaces and names.

use std::{cmp::Ordering, slice, sync::Arc};

use crate::objects::Object;

/// Objects of one kind. Copies share them; two copies are compared by place in memory.
#[derive(Clone, Debug)]
pub struct List<T> {
    objects: Arc<Vec<Arc<T>>>,
    ordered: bool,
}

impl<T> Default for List<T> {
    fn default() -> Self {
        Self {
            objects: Arc::default(),
            ordered: true,
        }
    }
}

/// Takes objects that are in order already, as a mirror holds them.
impl<T: Object> From<Arc<Vec<Arc<T>>>> for List<T> {
    fn from(objects: Arc<Vec<Arc<T>>>) -> Self {
        debug_assert!(
            objects.is_sorted_by(|a, b| a.metadata().key() <= b.metadata().key()),
            "a mirror is sorted by namespace and name"
        );
        Self {
            objects,
            ordered: true,
        }
    }
}

impl<'a, T> IntoIterator for &'a List<T> {
    type Item = &'a Arc<T>;
    type IntoIter = slice::Iter<'a, Arc<T>>;

    fn into_iter(self) -> Self::IntoIter {
        self.objects.iter()
    }
}

impl<T> List<T> {
    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.objects.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.objects.is_empty()
    }

    pub(super) fn all(&self) -> &[Arc<T>] {
        &self.objects
    }

    pub(super) fn is_ordered(&self) -> bool {
        self.ordered
    }
}

impl<T: Object> List<T> {
    /// Adds an object in any order.
    pub fn push(&mut self, object: Arc<T>) {
        let last = self.objects.last().map(|last| last.metadata().key());
        self.ordered &= last <= Some(object.metadata().key());
        Arc::make_mut(&mut self.objects).push(object);
    }

    /// Puts the objects in order; of equals the later stays behind.
    pub(super) fn order(&mut self) {
        if !self.ordered {
            Arc::make_mut(&mut self.objects)
                .sort_by(|a, b| a.metadata().key().cmp(&b.metadata().key()));
            self.ordered = true;
        }
    }

    /// The object of that name; of several the last.
    pub(super) fn get(&self, namespace: &str, name: &str) -> Option<&T> {
        let wanted = (namespace, name);
        if !self.ordered {
            let mut all = self.objects.iter().rev();
            return all
                .find(|object| object.metadata().key() == wanted)
                .map(AsRef::as_ref);
        }
        let after = self
            .objects
            .partition_point(|object| object.metadata().key() <= wanted);
        let found = self.objects.get(after.checked_sub(1)?)?;
        (found.metadata().key() == wanted).then_some(&**found)
    }

    /// Those of a namespace.
    pub(super) fn of(&self, namespace: &str) -> &[Arc<T>] {
        let from = self
            .objects
            .partition_point(|object| *object.metadata().namespace < *namespace);
        let rest = &self.objects[from..];
        let many = reach(rest, |object| *object.metadata().namespace == *namespace);
        &rest[..many]
    }

    /// The namespaces they are in, in order.
    pub(super) fn namespaces(&self) -> impl Iterator<Item = &str> {
        let mut rest = &self.objects[..];
        std::iter::from_fn(move || {
            let namespace = &*rest.first()?.metadata().namespace;
            let many = reach(rest, |object| *object.metadata().namespace == *namespace);
            rest = &rest[many..];
            Some(namespace)
        })
    }

    /// Tells of each object of either list that is not the same object in the other.
    pub(super) fn changed_since(&self, before: &Self, mut tell: impl FnMut(&T)) {
        if Arc::ptr_eq(&self.objects, &before.objects) {
            return;
        }
        let (mut now, mut old) = (
            self.objects.iter().peekable(),
            before.objects.iter().peekable(),
        );
        loop {
            match (now.peek(), old.peek()) {
                (Some(new), Some(one)) if Arc::ptr_eq(new, one) => {
                    now.next();
                    old.next();
                }
                (Some(new), Some(one)) => {
                    let order = new.metadata().key().cmp(&one.metadata().key());
                    if order != Ordering::Greater {
                        tell(new);
                    }
                    if order != Ordering::Less {
                        tell(one);
                    }
                    if order != Ordering::Greater {
                        now.next();
                    }
                    if order != Ordering::Less {
                        old.next();
                    }
                }
                (Some(new), None) => {
                    tell(new);
                    now.next();
                }
                (None, Some(one)) => {
                    tell(one);
                    old.next();
                }
                (None, None) => return,
            }
        }
    }
}

#[cfg(test)]
impl<T: Object> List<T> {
    /// Puts an object in its place, instead of the one that was there.
    pub(super) fn put(&mut self, object: Arc<T>) {
        let objects = Arc::make_mut(&mut self.objects);
        match objects.binary_search_by(|one| one.metadata().key().cmp(&object.metadata().key())) {
            Ok(at) => objects[at] = object,
            Err(at) => objects.insert(at, object),
        }
    }

    /// Replaces one by a copy of itself, or takes it away.
    pub(super) fn disturb(&mut self, at: usize, remove: bool) {
        let objects = Arc::make_mut(&mut self.objects);
        if remove {
            objects.remove(at);
        } else {
            objects[at] = Arc::new(T::clone(&objects[at]));
        }
    }
}

/// How many of the first objects agree, where those that do stand together: in steps that double, as
/// a namespace holds few of all.
fn reach<T>(objects: &[Arc<T>], agrees: impl Fn(&T) -> bool) -> usize {
    let mut step = 1;
    while step < objects.len() && agrees(&objects[step]) {
        step *= 2;
    }
    let end = (step + 1).min(objects.len());
    objects[..end].partition_point(|object| agrees(object))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::objects::ConfigMap;

    fn map(namespace: &str, name: &str) -> Arc<ConfigMap> {
        let object = json!({"metadata": {"namespace": namespace, "name": name}});
        Arc::new(serde_json::from_value(object).unwrap())
    }

    #[test]
    fn objects_are_found_by_name_and_namespace_in_any_order_of_input() {
        let mut list = List::default();
        for (namespace, name) in [("b", "z"), ("a", "y"), ("b", "x"), ("c", "x"), ("b", "y")] {
            list.push(map(namespace, name));
        }
        assert!(!list.is_ordered());
        assert!(list.get("b", "x").is_some());
        list.order();
        assert_eq!(list.namespaces().collect::<Vec<_>>(), ["a", "b", "c"]);
        let names = |namespace| -> Vec<String> {
            let all = list.of(namespace).iter();
            all.map(|one| one.metadata.name.to_string()).collect()
        };
        assert_eq!(names("b"), ["x", "y", "z"]);
        assert_eq!(names("c"), ["x"]);
        assert!(names("").is_empty() && names("bb").is_empty() && names("d").is_empty());
        assert!(list.get("b", "z").is_some() && list.get("a", "z").is_none());
    }

    #[test]
    fn what_came_went_and_changed_is_told() {
        let [a, b, c, d] = ["a", "b", "c", "d"].map(|name| map("n", name));
        let list = |all: &[&Arc<ConfigMap>]| {
            let all: Vec<_> = all.iter().copied().cloned().collect();
            List::from(Arc::new(all))
        };
        let told = |now: &List<ConfigMap>, before: &List<ConfigMap>| {
            let mut told = Vec::new();
            now.changed_since(before, |one| told.push(one.metadata.name.to_string()));
            told
        };
        let before = list(&[&a, &b, &d]);
        assert!(told(&before.clone(), &before).is_empty());
        assert!(told(&list(&[&a, &b, &d]), &before).is_empty());
        let b2 = map("n", "b");
        assert_eq!(told(&list(&[&a, &b2, &d]), &before), ["b", "b"]);
        assert_eq!(told(&list(&[&b, &c]), &before), ["a", "c", "d"]);
        assert_eq!(told(&list(&[]), &before), ["a", "b", "d"]);
    }
}
