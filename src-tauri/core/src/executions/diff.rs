//! What of an object is shown, and the difference of two objects as YAML lines.
//!
//! Fields the server owns are left out; values of a Secret are masked before they become text.

use kubegraf_ipc::execution::{DiffLine, DiffTag};
use serde_json::{Map, Value};
use similar::{ChangeTag, TextDiff};

const CONTEXT: usize = 3;
const MASK: &str = "••••";

/// Fields of `metadata` that change by themselves.
const SERVER_OWNED: [&str; 7] = [
    "managedFields",
    "resourceVersion",
    "generation",
    "uid",
    "creationTimestamp",
    "deletionTimestamp",
    "selfLink",
];
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// The object as a person wrote it: keys sorted, nothing of the server's.
pub(super) fn authored(object: &Value, keep_status: bool) -> Value {
    let mut object = sorted(object);
    if let Some(root) = object.as_object_mut() {
        if !keep_status {
            root.remove("status");
        }
        if let Some(metadata) = root.get_mut("metadata").and_then(Value::as_object_mut) {
            for field in SERVER_OWNED {
                metadata.remove(field);
            }
            if let Some(annotations) = metadata
                .get_mut("annotations")
                .and_then(Value::as_object_mut)
            {
                annotations.remove(LAST_APPLIED);
                if annotations.is_empty() {
                    metadata.remove("annotations");
                }
            }
        }
    }
    object
}

/// Masks the values of both sides of a Secret; what differs still differs.
pub(super) fn mask(before: &mut Value, after: &mut Value) {
    for section in ["data", "stringData"] {
        let old = section_of(before, section);
        let new = section_of(after, section);
        for (side, other, note) in [(&mut *before, &new, "before"), (&mut *after, &old, "after")] {
            let Some(values) = side.get_mut(section).and_then(Value::as_object_mut) else {
                continue;
            };
            for (key, value) in values {
                let same = other.get(key) == Some(value) || !other.contains_key(key);
                *value = if same {
                    MASK.into()
                } else {
                    format!("{MASK} ({note})").into()
                };
            }
        }
    }
}

/// Whether values of this kind are secret.
pub(super) fn is_secret(api_version: &str, kind: &str) -> bool {
    api_version == "v1" && kind == "Secret"
}

/// The difference of two authored objects; `None` is an absent one.
pub(super) fn lines(before: Option<&Value>, after: Option<&Value>) -> Vec<DiffLine> {
    let (before, after) = (
        before.map_or_else(String::new, yaml),
        after.map_or_else(String::new, yaml),
    );
    let diff = TextDiff::from_lines(before.as_str(), after.as_str());
    let number = |index: Option<usize>| index.and_then(|index| u32::try_from(index + 1).ok());
    let total = diff.old_len();
    let mut lines = Vec::new();
    let mut shown = 0;
    for group in diff.grouped_ops(CONTEXT) {
        let first = group.first().map_or(0, |op| op.old_range().start);
        push_gap(&mut lines, shown, first);
        for op in &group {
            for change in diff.iter_changes(op) {
                lines.push(DiffLine {
                    tag: match change.tag() {
                        ChangeTag::Equal => DiffTag::Same,
                        ChangeTag::Delete => DiffTag::Delete,
                        ChangeTag::Insert => DiffTag::Insert,
                    },
                    old: number(change.old_index()),
                    new: number(change.new_index()),
                    text: change.value().trim_end_matches('\n').to_owned(),
                });
            }
            shown = op.old_range().end;
        }
    }
    if !lines.is_empty() {
        push_gap(&mut lines, shown, total);
    }
    lines
}

/// Paths of the fields that differ, `spec.template.spec.containers[0].image`, without values.
pub(super) fn changed_fields(before: Option<&Value>, after: Option<&Value>) -> Vec<String> {
    let mut fields = Vec::new();
    walk(
        before.unwrap_or(&Value::Null),
        after.unwrap_or(&Value::Null),
        &mut String::new(),
        &mut fields,
    );
    fields
}

fn walk(before: &Value, after: &Value, path: &mut String, fields: &mut Vec<String>) {
    let length = path.len();
    match (before, after) {
        (Value::Object(old), Value::Object(new)) => {
            let added = new.keys().filter(|key| !old.contains_key(*key));
            for key in old.keys().chain(added) {
                if key.contains(['.', '/']) {
                    path.push_str(&format!("[{key}]"));
                } else {
                    path.push_str(if length == 0 { "" } else { "." });
                    path.push_str(key);
                }
                walk(
                    old.get(key).unwrap_or(&Value::Null),
                    new.get(key).unwrap_or(&Value::Null),
                    path,
                    fields,
                );
                path.truncate(length);
            }
        }
        (Value::Array(old), Value::Array(new)) if old.len() == new.len() => {
            for (index, (old, new)) in old.iter().zip(new).enumerate() {
                path.push_str(&format!("[{index}]"));
                walk(old, new, path, fields);
                path.truncate(length);
            }
        }
        (old, new) if old != new => fields.push(path.clone()),
        _ => {}
    }
}

fn push_gap(lines: &mut Vec<DiffLine>, from: usize, to: usize) {
    let left_out = to.saturating_sub(from);
    if left_out > 0 {
        let plural = if left_out == 1 { "" } else { "s" };
        lines.push(DiffLine {
            tag: DiffTag::Gap,
            old: None,
            new: None,
            text: format!("{left_out} unchanged line{plural}"),
        });
    }
}

fn section_of(object: &Value, section: &str) -> Map<String, Value> {
    object
        .get(section)
        .and_then(Value::as_object)
        .cloned()
        .unwrap_or_default()
}

/// Keys in alphabetical order, whatever order the map type keeps.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_by_key(|(key, _)| *key);
            entries
                .into_iter()
                .map(|(key, value)| (key.clone(), sorted(value)))
                .collect::<Map<_, _>>()
                .into()
        }
        Value::Array(items) => items.iter().map(sorted).collect::<Vec<_>>().into(),
        scalar => scalar.clone(),
    }
}

fn yaml(value: &Value) -> String {
    // JSON is YAML: should the writer ever refuse, the lines are still true.
    serde_saphyr::to_string(value)
        .or_else(|_| serde_json::to_string_pretty(value))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn deployment(image: &str) -> Value {
        json!({
            "apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": { "name": "checkout", "namespace": "shop", "resourceVersion": "7",
                "generation": 2, "uid": "u", "creationTimestamp": "2026-01-01T00:00:00Z",
                "managedFields": [{}], "annotations": { LAST_APPLIED: "{}" } },
            "spec": { "replicas": 3, "selector": { "matchLabels": { "app": "checkout" } },
                "strategy": { "type": "RollingUpdate" },
                "template": { "spec": { "containers": [
                    { "name": "app", "image": image, "ports": [{ "containerPort": 8080 }] } ] } } },
            "status": { "replicas": 3 },
        })
    }

    #[test]
    fn shows_the_changed_line_with_three_lines_around_it() {
        let (old, new) = (
            authored(&deployment("a:1"), false),
            authored(&deployment("a:2"), false),
        );
        let lines = lines(Some(&old), Some(&new));
        let text: Vec<_> = lines
            .iter()
            .map(|line| (line.tag, line.text.trim()))
            .collect();
        let changed = text
            .iter()
            .position(|(tag, _)| *tag == DiffTag::Delete)
            .unwrap();
        assert_eq!(text[0].0, DiffTag::Gap);
        assert_eq!(
            text[changed].1.trim_start_matches("- "),
            "image: a:1",
            "{text:?}"
        );
        assert_eq!(text[changed + 1].0, DiffTag::Insert);
        assert_eq!(text[1..changed].len(), 3);
        assert!(
            text.last().is_some_and(|(tag, _)| *tag == DiffTag::Same),
            "{text:?}"
        );
        let all = format!("{lines:?}");
        for noise in [
            "managedFields",
            "resourceVersion",
            "uid",
            "status",
            "last-applied",
        ] {
            assert!(!all.contains(noise), "{noise} in {all}");
        }
        assert_eq!(
            changed_fields(Some(&old), Some(&new)),
            ["spec.template.spec.containers[0].image"]
        );
    }

    #[test]
    fn yaml_reads_back_as_the_same_object() {
        let object = json!({
            "a": "true", "b": "1", "c": "", "d": null, "e": "line one\nline two\n", "f": [],
            "g": {}, "h": "0x1f", "i": "- x", "j": "a: b", "k": 1.5, "l": "~", "m": "2026-01-01",
            "n": "#no comment", "o": "ends with space ", "p": "yes", "q": "012", "r": "1e3",
        });
        let text = yaml(&object);
        let back: Value = serde_saphyr::from_str(&text).unwrap();
        assert_eq!(back, object, "{text}");
    }

    #[test]
    fn equal_objects_have_no_diff() {
        let object = authored(&deployment("a:1"), false);
        assert!(lines(Some(&object), Some(&object)).is_empty());
    }

    #[test]
    fn secret_values_are_masked_and_still_differ() {
        let mut old =
            json!({ "data": { "same": "c2FtZQ==", "password": "b2xk", "gone": "Z29uZQ==" } });
        let mut new =
            json!({ "data": { "same": "c2FtZQ==", "password": "bmV3", "added": "YWRk" } });
        mask(&mut old, &mut new);
        let lines = lines(Some(&old), Some(&new));
        let text = format!("{lines:?}");
        for value in ["c2FtZQ", "b2xk", "Z29uZQ", "bmV3", "YWRk"] {
            assert!(!text.contains(value), "{value} in {text}");
        }
        let changed: Vec<_> = lines
            .iter()
            .filter(|line| line.tag != DiffTag::Same)
            .map(|line| line.text.trim().split(':').next().unwrap().to_owned())
            .collect();
        assert_eq!(changed.len(), 4, "{lines:?}");
        assert!(!changed.contains(&"same".to_owned()));
    }
}
