//! Reading and writing the fields of an object by JSON pointer, and the few metadata fields everybody asks for.
//! Knows nothing of kinds, of storage or of rules.

use serde_json::{Map, Value};

/// Field access by JSON pointer. Reading a field that is absent gives the empty value of its type.
pub(crate) trait Fields {
    fn text(&self, pointer: &str) -> &str;
    fn int(&self, pointer: &str) -> Option<i64>;
    fn flag(&self, pointer: &str) -> bool;
    fn items(&self, pointer: &str) -> &[Value];
    fn map(&self, pointer: &str) -> Option<&Map<String, Value>>;
    fn has(&self, pointer: &str) -> bool;
    /// Sets a field and creates the maps on the way to it.
    fn put(&mut self, pointer: &str, value: impl Into<Value>);
    /// Sets a field only where it is absent or null.
    fn default_to(&mut self, pointer: &str, value: impl Into<Value>);
    /// Removes a field; absent is fine.
    fn cut(&mut self, pointer: &str) -> Option<Value>;
}

impl Fields for Value {
    fn text(&self, pointer: &str) -> &str {
        find(self, pointer)
            .and_then(Self::as_str)
            .unwrap_or_default()
    }

    fn int(&self, pointer: &str) -> Option<i64> {
        find(self, pointer).and_then(Self::as_i64)
    }

    fn flag(&self, pointer: &str) -> bool {
        find(self, pointer)
            .and_then(Self::as_bool)
            .unwrap_or_default()
    }

    fn items(&self, pointer: &str) -> &[Value] {
        find(self, pointer)
            .and_then(Self::as_array)
            .map_or(&[], Vec::as_slice)
    }

    fn map(&self, pointer: &str) -> Option<&Map<String, Value>> {
        find(self, pointer).and_then(Self::as_object)
    }

    fn has(&self, pointer: &str) -> bool {
        find(self, pointer).is_some_and(|v| !v.is_null())
    }

    fn put(&mut self, pointer: &str, value: impl Into<Value>) {
        if let Some(slot) = slot(self, pointer) {
            *slot = value.into();
        }
    }

    fn default_to(&mut self, pointer: &str, value: impl Into<Value>) {
        if !self.has(pointer) {
            self.put(pointer, value);
        }
    }

    fn cut(&mut self, pointer: &str) -> Option<Value> {
        let (parent, leaf) = pointer.rsplit_once('/')?;
        match self.pointer_mut(parent)? {
            Self::Object(map) => map.remove(&unescape(leaf)),
            Self::Array(items) => {
                let index: usize = leaf.parse().ok()?;
                (index < items.len()).then(|| items.remove(index))
            }
            _ => None,
        }
    }
}

/// `Value::pointer` without its two string copies a step: controllers read fields all day.
fn find<'a>(root: &'a Value, pointer: &str) -> Option<&'a Value> {
    if pointer.contains('~') {
        return root.pointer(pointer);
    }
    pointer
        .split('/')
        .skip(1)
        .try_fold(root, |here, step| match here {
            Value::Object(map) => map.get(step),
            Value::Array(items) => items.get(step.parse::<usize>().ok()?),
            _ => None,
        })
}

fn slot<'a>(root: &'a mut Value, pointer: &str) -> Option<&'a mut Value> {
    let mut here = root;
    for raw in pointer.split('/').skip(1) {
        if let Value::Array(items) = here {
            here = items.get_mut(raw.parse::<usize>().ok()?)?;
            continue;
        }
        if !here.is_object() {
            *here = Value::Object(Map::new());
        }
        here = here
            .as_object_mut()?
            .entry(unescape(raw))
            .or_insert(Value::Null);
    }
    Some(here)
}

fn unescape(segment: &str) -> String {
    if segment.contains('~') {
        segment.replace("~1", "/").replace("~0", "~")
    } else {
        segment.to_owned()
    }
}

/// A pointer segment for a key that may hold a slash (label and annotation names do).
pub(crate) fn escape(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

pub(crate) fn name(object: &Value) -> &str {
    object.text("/metadata/name")
}

pub(crate) fn namespace(object: &Value) -> &str {
    object.text("/metadata/namespace")
}

pub(crate) fn uid(object: &Value) -> &str {
    object.text("/metadata/uid")
}

pub(crate) fn annotation<'a>(object: &'a Value, key: &str) -> &'a str {
    object
        .map("/metadata/annotations")
        .and_then(|m| m.get(key))
        .and_then(Value::as_str)
        .unwrap_or_default()
}

pub(crate) fn label<'a>(object: &'a Value, key: &str) -> &'a str {
    object
        .map("/metadata/labels")
        .and_then(|m| m.get(key))
        .and_then(Value::as_str)
        .unwrap_or_default()
}

/// The owner reference marked as controller.
pub(crate) fn controller(object: &Value) -> Option<&Value> {
    object
        .items("/metadata/ownerReferences")
        .iter()
        .find(|o| o.flag("/controller"))
}

pub(crate) fn controlled_by(object: &Value, owner_uid: &str) -> bool {
    controller(object).is_some_and(|o| o.text("/uid") == owner_uid)
}

/// Whether deletion was asked for and the object still waits for a finalizer or its grace period.
pub(crate) fn deleting(object: &Value) -> bool {
    object.has("/metadata/deletionTimestamp")
}

/// The condition of that type, if the status has one.
pub(crate) fn condition<'a>(object: &'a Value, kind: &str) -> Option<&'a Value> {
    object
        .items("/status/conditions")
        .iter()
        .find(|c| c.text("/type") == kind)
}

pub(crate) fn condition_is_true(object: &Value, kind: &str) -> bool {
    condition(object, kind).is_some_and(|c| c.text("/status") == "True")
}

/// Adds or replaces a condition. `lastTransitionTime` moves only when its status changes.
pub(crate) fn set_condition(object: &mut Value, mut wanted: Value, now: &str) {
    if !object
        .pointer("/status/conditions")
        .is_some_and(Value::is_array)
    {
        object.put("/status/conditions", Value::Array(Vec::new()));
    }
    let Some(list) = object
        .pointer_mut("/status/conditions")
        .and_then(Value::as_array_mut)
    else {
        return;
    };
    let kind = wanted.text("/type").to_owned();
    match list.iter_mut().find(|c| c.text("/type") == kind) {
        Some(found) => {
            let since = if found.text("/status") == wanted.text("/status") {
                found.text("/lastTransitionTime").to_owned()
            } else {
                now.to_owned()
            };
            wanted.put("/lastTransitionTime", since);
            *found = wanted;
        }
        None => {
            wanted.put("/lastTransitionTime", now);
            list.push(wanted);
        }
    }
}

/// Whether every entry of `selector` (a plain label map) is among `labels`.
pub(crate) fn labels_match(
    selector: Option<&Map<String, Value>>,
    labels: Option<&Map<String, Value>>,
) -> bool {
    match selector {
        None => false,
        Some(wanted) => wanted
            .iter()
            .all(|(k, v)| labels.and_then(|l| l.get(k)) == Some(v)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn put_creates_the_way_and_cut_removes_the_leaf() {
        let mut o = json!({"spec": null});
        o.put("/spec/template/replicas", 3);
        o.put("/metadata/labels/app.kubernetes.io~1name", "x");
        assert_eq!(o.int("/spec/template/replicas"), Some(3));
        assert_eq!(label(&o, "app.kubernetes.io/name"), "x");
        o.cut("/spec/template/replicas");
        assert!(!o.has("/spec/template/replicas"));
    }

    #[test]
    fn a_condition_keeps_its_transition_time_until_its_status_changes() {
        let mut o = json!({});
        set_condition(&mut o, json!({"type": "Ready", "status": "True"}), "t1");
        set_condition(
            &mut o,
            json!({"type": "Ready", "status": "True", "reason": "x"}),
            "t2",
        );
        assert_eq!(
            condition(&o, "Ready")
                .expect("set")
                .text("/lastTransitionTime"),
            "t1"
        );
        set_condition(&mut o, json!({"type": "Ready", "status": "False"}), "t3");
        assert_eq!(
            condition(&o, "Ready")
                .expect("set")
                .text("/lastTransitionTime"),
            "t3"
        );
    }
}
