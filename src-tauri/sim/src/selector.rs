//! Label and field selectors: their query text and their object form. Pure.

use serde_json::{Map, Value};

use crate::kinds::{
    EVENTS, JOBS, KindId, NAMESPACES, NODES, PODS, REPLICA_SETS, SECRETS, SERVICES,
};
use crate::object::Fields;

/// What a list or watch is narrowed to.
#[derive(Debug, Clone, Default)]
pub(crate) struct Filter {
    labels: Vec<Requirement>,
    fields: Vec<(String, bool, String)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Requirement {
    In(String, Vec<String>),
    NotIn(String, Vec<String>),
    Exists(String),
    Absent(String),
}

impl Requirement {
    fn holds(&self, labels: Option<&Map<String, Value>>) -> bool {
        let value = |k: &String| labels.and_then(|l| l.get(k)).and_then(Value::as_str);
        match self {
            Self::In(k, vs) => value(k).is_some_and(|v| vs.iter().any(|x| x == v)),
            Self::NotIn(k, vs) => !value(k).is_some_and(|v| vs.iter().any(|x| x == v)),
            Self::Exists(k) => value(k).is_some(),
            Self::Absent(k) => value(k).is_none(),
        }
    }
}

impl Filter {
    /// Reads the two query parameters.
    ///
    /// # Errors
    /// The server's message for a text that cannot be read or a field the kind does not offer.
    pub(crate) fn parse(
        kind: KindId,
        custom: bool,
        labels: &str,
        fields: &str,
    ) -> Result<Self, String> {
        let labels = parse_labels(labels)?;
        let mut wanted = Vec::new();
        for term in fields.split(',').filter(|t| !t.trim().is_empty()) {
            let (field, equal, value) = if let Some((f, v)) = term.split_once("!=") {
                (f, false, v)
            } else if let Some((f, v)) = term.split_once("==") {
                (f, true, v)
            } else if let Some((f, v)) = term.split_once('=') {
                (f, true, v)
            } else {
                return Err(format!(
                    "invalid selector: '{fields}'; can't understand '{term}'"
                ));
            };
            if !selectable(kind, custom, field) {
                return Err(if plain(kind) && !custom {
                    format!(
                        "{field:?} is not a known field selector: only \"metadata.name\", \"metadata.namespace\""
                    )
                } else {
                    format!("field label not supported: {field}")
                });
            }
            wanted.push((field.to_owned(), equal, value.to_owned()));
        }
        Ok(Self {
            labels,
            fields: wanted,
        })
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.labels.is_empty() && self.fields.is_empty()
    }

    pub(crate) fn matches(&self, object: &Value) -> bool {
        let labels = object.map("/metadata/labels");
        self.labels.iter().all(|r| r.holds(labels))
            && self
                .fields
                .iter()
                .all(|(f, equal, v)| (field_value(object, f) == *v) == *equal)
    }
}

/// Kinds without field selectors of their own.
fn plain(kind: KindId) -> bool {
    !matches!(
        kind,
        PODS | EVENTS | SECRETS | NAMESPACES | NODES | REPLICA_SETS | JOBS | SERVICES
    )
}

fn selectable(kind: KindId, custom: bool, field: &str) -> bool {
    if matches!(field, "metadata.name" | "metadata.namespace") {
        return true;
    }
    let fields: &[&str] = match kind {
        PODS => &[
            "spec.nodeName",
            "spec.restartPolicy",
            "spec.schedulerName",
            "spec.serviceAccountName",
            "spec.hostNetwork",
            "status.phase",
            "status.podIP",
            "status.podIPs",
            "status.nominatedNodeName",
        ],
        EVENTS => &[
            "involvedObject.kind",
            "involvedObject.namespace",
            "involvedObject.name",
            "involvedObject.uid",
            "involvedObject.apiVersion",
            "involvedObject.resourceVersion",
            "involvedObject.fieldPath",
            "reason",
            "reportingComponent",
            "source",
            "type",
        ],
        SECRETS => &["type"],
        NAMESPACES => &["status.phase"],
        NODES => &["spec.unschedulable"],
        REPLICA_SETS => &["status.replicas"],
        JOBS => &["status.successful"],
        SERVICES => &["spec.clusterIP", "spec.type"],
        _ => &[],
    };
    !custom && fields.contains(&field)
}

fn field_value(object: &Value, field: &str) -> String {
    if field == "source" {
        return object.text("/source/component").to_owned();
    }
    let pointer = format!("/{}", field.replace('.', "/"));
    match object.pointer(&pointer) {
        Some(Value::String(s)) => s.clone(),
        Some(Value::Bool(b)) => b.to_string(),
        Some(Value::Number(n)) => n.to_string(),
        _ if matches!(field, "spec.unschedulable" | "spec.hostNetwork") => "false".into(),
        _ => String::new(),
    }
}

fn parse_labels(text: &str) -> Result<Vec<Requirement>, String> {
    let mut found = Vec::new();
    for term in split_terms(text) {
        let term = term.trim();
        if term.is_empty() {
            continue;
        }
        found.push(
            parse_term(term)
                .ok_or_else(|| format!("unable to parse requirement: found '{term}'"))?,
        );
    }
    Ok(found)
}

/// Splits at commas outside parentheses.
fn split_terms(text: &str) -> Vec<&str> {
    let (mut depth, mut start, mut terms) = (0, 0, Vec::new());
    for (i, c) in text.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            ',' if depth == 0 => {
                terms.push(&text[start..i]);
                start = i + 1;
            }
            _ => {}
        }
    }
    terms.push(&text[start..]);
    terms
}

fn parse_term(term: &str) -> Option<Requirement> {
    let key_ok = |k: &str| {
        !k.is_empty()
            && k.bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'/'))
    };
    if let Some(k) = term.strip_prefix('!') {
        return key_ok(k.trim()).then(|| Requirement::Absent(k.trim().to_owned()));
    }
    if let Some(open) = term.find('(') {
        let values = term
            .get(open + 1..)?
            .strip_suffix(')')?
            .split(',')
            .map(|v| v.trim().to_owned())
            .collect();
        let mut words = term[..open].split_whitespace();
        let (key, op) = (words.next()?.to_owned(), words.next()?);
        return match op {
            "in" if key_ok(&key) => Some(Requirement::In(key, values)),
            "notin" if key_ok(&key) => Some(Requirement::NotIn(key, values)),
            _ => None,
        };
    }
    let pair = |k: &str, v: &str| (k.trim().to_owned(), vec![v.trim().to_owned()]);
    if let Some((k, v)) = term.split_once("!=") {
        let (k, v) = pair(k, v);
        return key_ok(&k).then_some(Requirement::NotIn(k, v));
    }
    if let Some((k, v)) = term.split_once("==").or_else(|| term.split_once('=')) {
        let (k, v) = pair(k, v);
        let value_ok = v[0]
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'));
        return (key_ok(&k) && value_ok).then_some(Requirement::In(k, v));
    }
    key_ok(term).then(|| Requirement::Exists(term.to_owned()))
}

/// Whether an object-form selector (`matchLabels`, `matchExpressions`) selects these labels. An absent selector
/// selects nothing, an empty one everything.
pub(crate) fn selects(selector: Option<&Value>, labels: Option<&Map<String, Value>>) -> bool {
    let Some(selector) = selector.filter(|s| s.is_object()) else {
        return false;
    };
    let plain = selector.map("/matchLabels").is_none_or(|m| {
        m.iter()
            .all(|(k, v)| labels.and_then(|l| l.get(k)) == Some(v))
    });
    plain
        && selector
            .items("/matchExpressions")
            .iter()
            .all(|e| expression(e).is_some_and(|r| r.holds(labels)))
}

/// A match expression of a selector or a node affinity term.
fn expression(e: &Value) -> Option<Requirement> {
    let key = e.text("/key").to_owned();
    let values = e
        .items("/values")
        .iter()
        .filter_map(|v| v.as_str().map(str::to_owned))
        .collect();
    Some(match e.text("/operator") {
        "In" => Requirement::In(key, values),
        "NotIn" => Requirement::NotIn(key, values),
        "Exists" => Requirement::Exists(key),
        "DoesNotExist" => Requirement::Absent(key),
        _ => return None,
    })
}

/// Whether all match expressions hold; `Gt` and `Lt` are not judged and count as false.
pub(crate) fn expressions_hold(expressions: &[Value], labels: Option<&Map<String, Value>>) -> bool {
    expressions
        .iter()
        .all(|e| expression(e).is_some_and(|r| r.holds(labels)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(selector: &str, expect: bool) {
        let pod = json!({"metadata": {"labels": {"app": "web", "tier": "front"}}, "status": {"phase": "Running"}});
        let f = Filter::parse(PODS, false, selector, "").expect("reads");
        assert_eq!(f.matches(&pod), expect, "{selector}");
    }

    #[test]
    fn label_selectors() {
        for (text, expect) in [
            ("app=web", true),
            ("app==web,tier=front", true),
            ("app!=web", false),
            ("app in (api, web),tier", true),
            ("app notin (api)", true),
            ("!app", false),
            ("!missing", true),
            ("missing!=x", true),
            ("", true),
        ] {
            check(text, expect);
        }
        assert!(Filter::parse(PODS, false, "app in web", "").is_err());
    }

    #[test]
    fn field_selectors_know_their_kinds() {
        let f = Filter::parse(PODS, false, "", "status.phase!=Running").expect("reads");
        assert!(!f.matches(&json!({"status": {"phase": "Running"}})));
        let e = Filter::parse(PODS, false, "", "spec.color=red").expect_err("unknown");
        assert_eq!(e, "field label not supported: spec.color");
    }
}
