//! Server-side apply, simplified: an applied object merges into the live one, fields a manager stops applying go,
//! and managers that both apply a field conflict. Writers that do not apply own nothing here.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::merge_key;
use crate::object::Fields;

/// A field owned by two managers with different values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Conflict {
    pub manager: String,
    pub field: String,
}

/// Who applies, and how.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Applier<'a> {
    pub manager: &'a str,
    pub force: bool,
    pub now: &'a str,
}

/// Merges an applied object into the live one (an empty object when it is new) and records the ownership.
///
/// # Errors
/// The conflicts with other managers, unless forced.
pub(crate) fn apply(
    live: &Value,
    applied: &Value,
    by: Applier<'_>,
) -> Result<Value, Vec<Conflict>> {
    let wanted = owned_part(applied);
    let fields = paths(&wanted);
    let entries = live.items("/metadata/managedFields").to_vec();
    let mut conflicts = Vec::new();
    let mut kept: Vec<Value> = Vec::new();
    let mut before = BTreeSet::new();
    for entry in entries {
        let owned = read_fields(entry.get("fieldsV1").unwrap_or(&Value::Null));
        if entry.text("/manager") == by.manager && entry.text("/operation") == "Apply" {
            before = owned;
            continue;
        }
        let contested: Vec<&Path> = fields
            .intersection(&owned)
            .filter(|p| {
                is_field(p) && leaf(live, p) != leaf(applied, p) && leaf(applied, p).is_some()
            })
            .collect();
        if contested.is_empty() || by.force {
            let rest: BTreeSet<Path> = owned
                .iter()
                .filter(|p| !contested.contains(p))
                .cloned()
                .collect();
            if !rest.is_empty() {
                let mut entry = entry;
                entry.put("/fieldsV1", write_fields(&rest));
                kept.push(entry);
            }
        } else {
            conflicts.extend(contested.into_iter().map(|p| Conflict {
                manager: entry.text("/manager").to_owned(),
                field: show(p),
            }));
        }
    }
    if !conflicts.is_empty() {
        return Err(conflicts);
    }
    let mut merged = live.clone();
    merge(&mut merged, applied, "");
    let others: BTreeSet<Path> = kept
        .iter()
        .flat_map(|e| read_fields(e.get("fieldsV1").unwrap_or(&Value::Null)))
        .collect();
    for gone in before
        .iter()
        .filter(|p| !fields.contains(*p) && !others.contains(*p))
    {
        let under = |set: &BTreeSet<Path>| {
            set.iter()
                .any(|p| p.len() > gone.len() && p.starts_with(gone))
        };
        if !under(&fields) && !under(&others) {
            remove(&mut merged, gone);
        }
    }
    kept.push(json!({
        "manager": by.manager, "operation": "Apply", "apiVersion": applied.text("/apiVersion"), "time": by.now,
        "fieldsType": "FieldsV1", "fieldsV1": write_fields(&fields),
    }));
    merged.put("/metadata/managedFields", Value::Array(kept));
    Ok(merged)
}

type Path = Vec<String>;

/// A field's own path; the item of a keyed list is shared by all who name it.
fn is_field(path: &[String]) -> bool {
    path.last().is_some_and(|step| step.starts_with("f:"))
}

/// What an applied object claims: not its identity.
fn owned_part(applied: &Value) -> Value {
    let mut o = applied.clone();
    for at in [
        "/apiVersion",
        "/kind",
        "/metadata/name",
        "/metadata/namespace",
        "/metadata/uid",
        "/metadata/resourceVersion",
        "/metadata/creationTimestamp",
        "/metadata/managedFields",
    ] {
        o.cut(at);
    }
    o
}

fn paths(o: &Value) -> BTreeSet<Path> {
    let mut found = BTreeSet::new();
    walk(o, "", &mut Vec::new(), &mut found);
    found
}

fn walk(o: &Value, field: &str, at: &mut Path, found: &mut BTreeSet<Path>) {
    match o {
        Value::Object(map) if !map.is_empty() => {
            for (k, v) in map {
                at.push(format!("f:{k}"));
                walk(v, k, at, found);
                at.pop();
            }
        }
        Value::Array(items) if items.first().is_some_and(|i| merge_key(field, i).is_some()) => {
            for item in items {
                at.push(item_step(field, item));
                found.insert(at.clone());
                walk(item, "", at, found);
                at.pop();
            }
        }
        _ if !at.is_empty() => drop(found.insert(at.clone())),
        _ => {}
    }
}

fn item_step(field: &str, item: &Value) -> String {
    let Some(key) = merge_key(field, item) else {
        return String::new();
    };
    let mut id = json!({key: item.get(key)});
    if field == "ports" {
        id["protocol"] = item
            .get("protocol")
            .cloned()
            .unwrap_or_else(|| json!("TCP"));
    }
    format!("k:{id}")
}

/// Where a path leads; items of keyed lists are found by their key.
fn leaf<'a>(o: &'a Value, path: &[String]) -> Option<&'a Value> {
    let mut here = o;
    for step in path {
        here = match step.strip_prefix("f:") {
            Some(name) => here.get(name)?,
            None => {
                let id = key_of(step);
                here.as_array()?
                    .iter()
                    .find(|item| matches_key(item, &id))?
            }
        };
    }
    Some(here)
}

fn remove(o: &mut Value, path: &[String]) {
    let Some((last, way)) = path.split_last() else {
        return;
    };
    let mut here = o;
    for step in way {
        let next = match step.strip_prefix("f:") {
            Some(name) => here.get_mut(name),
            None => {
                let id = key_of(step);
                here.as_array_mut()
                    .and_then(|a| a.iter_mut().find(|item| matches_key(item, &id)))
            }
        };
        let Some(next) = next else { return };
        here = next;
    }
    match (last.strip_prefix("f:"), here) {
        (Some(name), Value::Object(map)) => drop(map.remove(name)),
        (None, Value::Array(items)) => {
            let id = key_of(last);
            items.retain(|item| !matches_key(item, &id));
        }
        _ => {}
    }
}

fn key_of(step: &str) -> Map<String, Value> {
    step.strip_prefix("k:")
        .and_then(|t| serde_json::from_str(t).ok())
        .unwrap_or_default()
}

fn matches_key(item: &Value, id: &Map<String, Value>) -> bool {
    id.iter().all(|(k, v)| {
        item.get(k) == Some(v) || (k == "protocol" && item.get(k).is_none() && v == "TCP")
    })
}

fn merge(live: &mut Value, applied: &Value, field: &str) {
    match (live, applied) {
        (Value::Object(have), Value::Object(want)) => {
            for (k, v) in want {
                merge(have.entry(k.clone()).or_insert(Value::Null), v, k);
            }
        }
        (Value::Array(have), Value::Array(want))
            if want.first().is_some_and(|i| merge_key(field, i).is_some()) =>
        {
            for item in want {
                let id = key_of(&item_step(field, item));
                match have.iter_mut().find(|h| matches_key(h, &id)) {
                    Some(found) => merge(found, item, ""),
                    None => have.push(item.clone()),
                }
            }
        }
        (live, want) => *live = want.clone(),
    }
}

fn write_fields(paths: &BTreeSet<Path>) -> Value {
    let mut root = Map::new();
    for path in paths {
        insert(&mut root, path);
    }
    Value::Object(root)
}

fn insert(map: &mut Map<String, Value>, path: &[String]) {
    let Some((step, rest)) = path.split_first() else {
        return;
    };
    let below = map.entry(step.clone()).or_insert_with(|| json!({}));
    let Value::Object(below) = below else { return };
    if rest.is_empty() && step.starts_with("k:") {
        below.insert(".".into(), json!({}));
    }
    insert(below, rest);
}

fn read_fields(v: &Value) -> BTreeSet<Path> {
    fn walk(v: &Value, at: &mut Path, found: &mut BTreeSet<Path>) {
        let Some(map) = v.as_object() else { return };
        if (map.is_empty() || map.contains_key(".")) && !at.is_empty() {
            found.insert(at.clone());
        }
        for (k, inner) in map.iter().filter(|(k, _)| *k != ".") {
            at.push(k.clone());
            walk(inner, at, found);
            at.pop();
        }
    }
    let mut found = BTreeSet::new();
    walk(v, &mut Vec::new(), &mut found);
    found
}

/// `.spec.template.spec.containers[name="app"].image`, as conflict messages write it.
fn show(path: &[String]) -> String {
    path.iter()
        .map(|step| match step.strip_prefix("f:") {
            Some(name) => format!(".{name}"),
            None => {
                let keys: Vec<String> = key_of(step)
                    .iter()
                    .map(|(k, v)| format!("{k}={v}"))
                    .collect();
                format!("[{}]", keys.join(","))
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn by(manager: &str) -> Applier<'_> {
        Applier {
            manager,
            force: false,
            now: "t",
        }
    }

    #[test]
    fn a_field_no_longer_applied_goes_and_others_stay() {
        let live = json!({"metadata": {"name": "a", "labels": {"theirs": "1"}}});
        let first = json!({"apiVersion": "v1", "metadata": {"name": "a", "labels": {"mine": "1"}}, "data": {"x": "1", "y": "2"}});
        let one = apply(&live, &first, by("me")).expect("applies");
        let second = json!({"apiVersion": "v1", "metadata": {"name": "a"}, "data": {"x": "1"}});
        let two = apply(&one, &second, by("me")).expect("applies");
        assert_eq!(two["data"], json!({"x": "1"}));
        assert_eq!(two["metadata"]["labels"], json!({"theirs": "1"}));
    }

    #[test]
    fn two_managers_conflict_unless_forced() {
        let c = |image: &str| json!({"apiVersion": "v1", "spec": {"containers": [{"name": "app", "image": image}]}});
        let one = apply(&json!({}), &c("a:1"), by("first")).expect("applies");
        let conflicts = apply(&one, &c("a:2"), by("second")).expect_err("conflicts");
        assert_eq!(
            conflicts,
            [Conflict {
                manager: "first".into(),
                field: ".spec.containers[name=\"app\"].image".into()
            }]
        );
        let forced = apply(
            &one,
            &c("a:2"),
            Applier {
                force: true,
                ..by("second")
            },
        )
        .expect("forced");
        assert_eq!(forced["spec"]["containers"][0]["image"], "a:2");
        assert_eq!(
            forced["metadata"]["managedFields"].as_array().map(Vec::len),
            Some(2)
        );
    }
}
