//! The four patch algorithms, pure: an object and a patch in, an object out.

pub(crate) mod apply;
pub(crate) mod strategic;

use serde_json::{Map, Value};

/// JSON merge patch (RFC 7386): null deletes, maps merge, everything else replaces.
pub(crate) fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(fields) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let Value::Object(map) = target else { return };
    for (key, value) in fields {
        if value.is_null() {
            map.remove(key);
        } else {
            merge(map.entry(key.clone()).or_insert(Value::Null), value);
        }
    }
}

/// JSON patch (RFC 6902).
///
/// # Errors
/// What could not be read or applied.
pub(crate) fn operations(target: &mut Value, patch: &Value) -> Result<(), OperationError> {
    let read: json_patch::Patch = serde_json::from_value(patch.clone())
        .map_err(|e| OperationError::Unreadable(e.to_string()))?;
    json_patch::patch(target, &read).map_err(|_| OperationError::Inapplicable)
}

/// Why a JSON patch failed.
#[derive(Debug)]
pub(crate) enum OperationError {
    /// It is no JSON patch.
    Unreadable(String),
    /// A test failed or a path is missing.
    Inapplicable,
}

/// The key that tells items of a list apart when the list merges item by item; `None` for lists replaced whole.
pub(crate) fn merge_key(field: &str, sample: &Value) -> Option<&'static str> {
    match field {
        "containers"
        | "initContainers"
        | "ephemeralContainers"
        | "env"
        | "volumes"
        | "imagePullSecrets"
        | "secrets"
        | "resourceClaims"
        | "schedulingGates" => Some("name"),
        "ports" if sample.get("containerPort").is_some() => Some("containerPort"),
        "ports" if sample.get("port").is_some() => Some("port"),
        "volumeMounts" => Some("mountPath"),
        "volumeDevices" => Some("devicePath"),
        "ownerReferences" => Some("uid"),
        "conditions" | "addresses" => Some("type"),
        "topologySpreadConstraints" => Some("topologyKey"),
        "hostAliases" | "podIPs" | "hostIPs" => Some("ip"),
        _ => None,
    }
}

/// Lists of plain values that merge as sets.
pub(crate) fn is_set(field: &str) -> bool {
    field == "finalizers"
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            any::<bool>().prop_map(Value::from),
            (0..9i64).prop_map(Value::from),
            "[a-c]".prop_map(Value::from)
        ];
        leaf.prop_recursive(3, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
                prop::collection::btree_map("[a-d]", inner, 0..4)
                    .prop_map(|m| Value::Object(m.into_iter().collect())),
            ]
        })
    }

    /// The merge patch that leads from one value to another.
    fn diff(from: &Value, to: &Value) -> Value {
        let (Value::Object(a), Value::Object(b)) = (from, to) else {
            return to.clone();
        };
        let mut patch = Map::new();
        for key in a.keys().filter(|k| !b.contains_key(*k)) {
            patch.insert(key.clone(), Value::Null);
        }
        for (key, new) in b {
            match a.get(key) {
                Some(old) if old == new => {}
                Some(old) => drop(patch.insert(key.clone(), diff(old, new))),
                None => drop(patch.insert(key.clone(), new.clone())),
            }
        }
        Value::Object(patch)
    }

    proptest! {
        #[test]
        fn a_diff_merged_gives_the_wanted_value(from in value(), to in value()) {
            let from = json!({"o": from});
            let to = json!({"o": to});
            let mut got = from.clone();
            merge(&mut got, &diff(&from, &to));
            prop_assert_eq!(got, to);
        }

        #[test]
        fn merging_twice_changes_nothing_more(target in value(), patch in value()) {
            let mut once = target;
            merge(&mut once, &patch);
            let mut twice = once.clone();
            merge(&mut twice, &patch);
            prop_assert_eq!(once, twice);
        }
    }

    #[test]
    fn operations_tell_unreadable_from_inapplicable() {
        let mut o = json!({"a": 1});
        assert!(matches!(
            operations(&mut o, &json!([{"op": "dance"}])),
            Err(OperationError::Unreadable(_))
        ));
        let test = json!([{"op": "test", "path": "/a", "value": 2}]);
        assert!(matches!(
            operations(&mut o, &test),
            Err(OperationError::Inapplicable)
        ));
        operations(&mut o, &json!([{"op": "add", "path": "/b", "value": 2}])).expect("applies");
        assert_eq!(o, json!({"a": 1, "b": 2}));
    }
}
