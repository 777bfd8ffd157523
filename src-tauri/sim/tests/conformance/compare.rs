//! Takes away what must differ between two clusters and finds what should not.

use serde_json::{Value, json};

/// Fields that are identity or time: only their presence counts.
const VOLATILE: &[&str] = &[
    "uid",
    "creationTimestamp",
    "resourceVersion",
    "deletionTimestamp",
    "clusterIP",
    "nodePort",
    "lastTransitionTime",
    "lastUpdateTime",
    "continue",
    "time",
    "remainingItemCount",
    "ca.crt",
];
/// Fields that say nothing about behaviour.
const DROPPED: &[&str] = &["managedFields", "description", "selfLink", "clusterIPs"];

pub fn normal(v: &Value, namespace: &str) -> Value {
    match v {
        Value::Object(map) => {
            let mut out = serde_json::Map::new();
            for (k, v) in map {
                if DROPPED.contains(&k.as_str()) {
                    continue;
                }
                if VOLATILE.contains(&k.as_str()) && !v.is_null() && !v.is_object() {
                    out.insert(k.clone(), json!(format!("<{k}>")));
                } else {
                    out.insert(k.clone(), normal(v, namespace));
                }
            }
            Value::Object(out)
        }
        Value::Array(items) => Value::Array(items.iter().map(|i| normal(i, namespace)).collect()),
        Value::String(s) => json!(text(s, namespace)),
        other => other.clone(),
    }
}

/// Generated parts of texts.
fn text(s: &str, namespace: &str) -> String {
    let s = s.replace(namespace, "<ns>");
    if let Some(rest) = s.strip_prefix("kube-api-access-") {
        return if rest.len() == 5 {
            "kube-api-access-<x>".into()
        } else {
            s
        };
    }
    if let Some(rest) = s.strip_prefix("generated-") {
        return if rest.len() == 5 {
            "generated-<x>".into()
        } else {
            s
        };
    }
    // Ages and stamps in table cells.
    if s.len() == 20 && s.ends_with('Z') && s.as_bytes()[4] == b'-' {
        return "<time>".into();
    }
    if s.len() <= 5
        && s.ends_with('s')
        && s[..s.len() - 1].bytes().all(|b| b.is_ascii_digit())
        && !s[..s.len() - 1].is_empty()
    {
        return "<age>".into();
    }
    // Revisions and uids inside messages.
    s.split(' ')
        .map(|word| {
            let bare = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
            let uuid = bare.len() == 36 && bare.bytes().filter(|b| *b == b'-').count() == 4;
            let number = bare.len() >= 3 && bare.bytes().all(|b| b.is_ascii_digit());
            if uuid || number {
                word.replace(bare, "<n>")
            } else {
                word.to_owned()
            }
        })
        .collect::<Vec<_>>()
        .join(" ")
}

pub fn differences(
    ours: &Value,
    theirs: &Value,
    at: &str,
    found: &mut Vec<(String, Value, Value)>,
) {
    match (ours, theirs) {
        (Value::Object(a), Value::Object(b)) => {
            let keys: std::collections::BTreeSet<&String> = a.keys().chain(b.keys()).collect();
            for k in keys {
                let (x, y) = (a.get(k), b.get(k));
                match (x, y) {
                    (Some(x), Some(y)) => differences(x, y, &format!("{at}/{k}"), found),
                    // Null and absent mean the same to every client.
                    (Some(Value::Null), None) | (None, Some(Value::Null)) => {}
                    _ => found.push((
                        format!("{at}/{k}"),
                        x.cloned().unwrap_or(json!("<absent>")),
                        y.cloned().unwrap_or(json!("<absent>")),
                    )),
                }
            }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            for (i, (x, y)) in a.iter().zip(b).enumerate() {
                differences(x, y, &format!("{at}/{i}"), found);
            }
        }
        (x, y) if x == y => {}
        (x, y) => found.push((at.to_owned(), x.clone(), y.clone())),
    }
}
