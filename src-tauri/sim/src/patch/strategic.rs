//! Strategic merge patch: maps merge, known lists merge by their key, directives delete, replace and order.

use serde_json::{Map, Value};

use super::{is_set, merge_key};

const DIRECTIVE: &str = "$patch";

/// Applies a strategic merge patch in place.
pub(crate) fn apply(target: &mut Value, patch: &Value) {
    let Value::Object(fields) = patch else {
        *target = patch.clone();
        return;
    };
    match fields.get(DIRECTIVE).and_then(Value::as_str) {
        Some("replace") => {
            *target = Value::Object(without_directives(fields));
            return;
        }
        Some("delete") => {
            *target = Value::Object(Map::new());
            return;
        }
        _ => {}
    }
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let Value::Object(map) = target else { return };
    if let Some(Value::Array(kept)) = fields.get("$retainKeys") {
        map.retain(|k, _| kept.iter().any(|x| x == k));
    }
    for (key, value) in fields.iter().filter(|(k, _)| !k.starts_with('$')) {
        match value {
            Value::Null => drop(map.remove(key)),
            Value::Array(items) => list(
                map.entry(key.clone())
                    .or_insert_with(|| Value::Array(Vec::new())),
                key,
                items,
            ),
            Value::Object(_) => apply(map.entry(key.clone()).or_insert(Value::Null), value),
            plain => drop(map.insert(key.clone(), plain.clone())),
        }
    }
    for (key, value) in fields {
        if let (Some(field), Value::Array(gone)) =
            (key.strip_prefix("$deleteFromPrimitiveList/"), value)
            && let Some(Value::Array(have)) = map.get_mut(field)
        {
            have.retain(|x| !gone.contains(x));
        }
        if let (Some(field), Value::Array(order)) = (key.strip_prefix("$setElementOrder/"), value)
            && let Some(Value::Array(have)) = map.get_mut(field)
        {
            reorder(have, field, order);
        }
    }
}

fn list(target: &mut Value, field: &str, items: &[Value]) {
    let sample = items
        .iter()
        .find(|i| i.is_object())
        .or_else(|| target.as_array().and_then(|t| t.first()));
    let key = sample.and_then(|s| merge_key(field, s));
    let replace = items.iter().any(|i| {
        i.get(DIRECTIVE).and_then(Value::as_str) == Some("replace")
            && i.as_object().is_some_and(|o| o.len() == 1)
    });
    let Value::Array(have) = target else {
        *target = Value::Array(plain(items));
        return;
    };
    if replace {
        *have = plain(items);
        return;
    }
    let Some(key) = key else {
        if is_set(field) {
            have.extend(
                items
                    .iter()
                    .filter(|i| !have.contains(i))
                    .cloned()
                    .collect::<Vec<_>>(),
            );
        } else {
            *have = plain(items);
        }
        return;
    };
    for item in items {
        let found = have.iter().position(|h| h.get(key) == item.get(key));
        let directive = item.get(DIRECTIVE).and_then(Value::as_str);
        match (found, directive) {
            (Some(i), Some("delete")) => drop(have.remove(i)),
            (None, Some("delete")) => {}
            (Some(i), _) => apply(&mut have[i], item),
            (None, _) => {
                let mut fresh = Value::Null;
                apply(&mut fresh, item);
                have.push(fresh);
            }
        }
    }
}

fn plain(items: &[Value]) -> Vec<Value> {
    items
        .iter()
        .filter(|i| i.get(DIRECTIVE).is_none())
        .map(|i| match i {
            Value::Object(_) => {
                let mut fresh = Value::Null;
                apply(&mut fresh, i);
                fresh
            }
            other => other.clone(),
        })
        .collect()
}

fn without_directives(fields: &Map<String, Value>) -> Map<String, Value> {
    fields
        .iter()
        .filter(|(k, _)| !k.starts_with('$'))
        .map(|(k, v)| (k.clone(), v.clone()))
        .collect()
}

/// Puts the named items into the named order; items not named keep their place relative to their neighbours.
fn reorder(have: &mut [Value], field: &str, order: &[Value]) {
    let key = order
        .first()
        .and_then(|o| merge_key(field, o))
        .or_else(|| have.first().and_then(|h| merge_key(field, h)));
    let place = |item: &Value| {
        order.iter().position(|o| match key {
            Some(k) => o.get(k) == item.get(k),
            None => o == item,
        })
    };
    let slots: Vec<usize> = (0..have.len())
        .filter(|i| place(&have[*i]).is_some())
        .collect();
    let mut named: Vec<Value> = slots.iter().map(|i| have[*i].clone()).collect();
    named.sort_by_key(&place);
    for (slot, item) in slots.into_iter().zip(named) {
        have[slot] = item;
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[expect(
        clippy::needless_pass_by_value,
        reason = "a literal reads better at the call"
    )]
    fn check(target: Value, patch: Value, expect: Value) {
        let mut got = target;
        apply(&mut got, &patch);
        assert_eq!(got, expect, "patch {patch}");
    }

    #[test]
    fn lists_merge_by_their_key() {
        check(
            json!({"containers": [{"name": "a", "image": "1", "env": [{"name": "X", "value": "1"}]}, {"name": "b"}]}),
            json!({"containers": [{"name": "a", "image": "2", "env": [{"name": "Y", "value": "2"}]}]}),
            json!({"containers": [{"name": "a", "image": "2", "env": [{"name": "X", "value": "1"}, {"name": "Y", "value": "2"}]}, {"name": "b"}]}),
        );
    }

    #[test]
    fn directives() {
        check(
            json!({"containers": [{"name": "a"}, {"name": "b"}]}),
            json!({"containers": [{"name": "a", "$patch": "delete"}]}),
            json!({"containers": [{"name": "b"}]}),
        );
        check(
            json!({"containers": [{"name": "a"}, {"name": "b"}]}),
            json!({"containers": [{"$patch": "replace"}, {"name": "c"}]}),
            json!({"containers": [{"name": "c"}]}),
        );
        check(
            json!({"s": {"a": 1, "b": 2}}),
            json!({"s": {"$patch": "replace", "c": 3}}),
            json!({"s": {"c": 3}}),
        );
        check(
            json!({"strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1}}}),
            json!({"strategy": {"$retainKeys": ["type"], "type": "Recreate"}}),
            json!({"strategy": {"type": "Recreate"}}),
        );
        check(
            json!({"containers": [{"name": "a"}, {"name": "b"}]}),
            json!({"$setElementOrder/containers": [{"name": "b"}, {"name": "a"}], "containers": []}),
            json!({"containers": [{"name": "b"}, {"name": "a"}]}),
        );
        check(
            json!({"finalizers": ["a", "b"]}),
            json!({"$deleteFromPrimitiveList/finalizers": ["a"], "finalizers": ["c"]}),
            json!({"finalizers": ["b", "c"]}),
        );
    }

    #[test]
    fn lists_without_a_key_are_replaced_and_null_deletes() {
        check(
            json!({"args": ["a", "b"], "x": 1}),
            json!({"args": ["c"], "x": null}),
            json!({"args": ["c"]}),
        );
        check(
            json!({"tolerations": [{"key": "a"}]}),
            json!({"tolerations": [{"key": "b"}]}),
            json!({"tolerations": [{"key": "b"}]}),
        );
    }
}
