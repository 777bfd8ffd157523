//! The `Table` form: columns and cells as kubectl prints them. Kinds without columns of their own get name and
//! creation time, as on the real server.

mod cluster;
mod pod;
mod workload;

use serde_json::{Value, json};

use crate::clock::{Millis, parse_stamp};
use crate::kinds::{self, KindId};
use crate::object::{self, Fields};

/// Name, type, priority of a column.
type Column = (&'static str, &'static str, i64);

const DEFAULT: &[Column] = &[("Name", "string", 0), ("Created At", "date", 0)];

fn built_in(kind: KindId) -> &'static [Column] {
    match kind {
        kinds::PODS => pod::COLUMNS,
        kinds::DEPLOYMENTS => workload::DEPLOYMENT,
        kinds::REPLICA_SETS => workload::REPLICA_SET,
        kinds::STATEFUL_SETS => workload::STATEFUL_SET,
        kinds::DAEMON_SETS => workload::DAEMON_SET,
        kinds::JOBS => workload::JOB,
        kinds::CRON_JOBS => workload::CRON_JOB,
        kinds::NODES => cluster::NODE,
        kinds::NAMESPACES => cluster::NAMESPACE,
        kinds::SERVICES => cluster::SERVICE,
        kinds::EVENTS => cluster::EVENT,
        kinds::CONFIG_MAPS => cluster::CONFIG_MAP,
        kinds::SECRETS => cluster::SECRET,
        kinds::CLAIMS => cluster::CLAIM,
        _ => DEFAULT,
    }
}

pub(super) fn columns(kind: KindId, custom: &[Value]) -> Vec<Value> {
    if !custom.is_empty() {
        let name = column("Name", "string", "name", 0);
        let own = custom.iter().map(|c| {
            let mut definition = column(
                c.text("/name"),
                c.text("/type"),
                c.text("/format"),
                c.int("/priority").unwrap_or(0),
            );
            definition["description"] = json!(c.text("/description"));
            definition
        });
        return std::iter::once(name).chain(own).collect();
    }
    built_in(kind)
        .iter()
        .map(|(name, kind, priority)| {
            column(
                name,
                kind,
                if *name == "Name" { "name" } else { "" },
                *priority,
            )
        })
        .collect()
}

fn column(name: &str, kind: &str, format: &str, priority: i64) -> Value {
    json!({"name": name, "type": kind, "format": format, "description": "", "priority": priority})
}

pub(super) fn cells(kind: KindId, custom: &[Value], o: &Value, now: Millis) -> Vec<Value> {
    if !custom.is_empty() {
        return custom_cells(custom, o, now);
    }
    match kind {
        kinds::PODS => pod::cells(o, now),
        kinds::DEPLOYMENTS
        | kinds::REPLICA_SETS
        | kinds::STATEFUL_SETS
        | kinds::DAEMON_SETS
        | kinds::JOBS
        | kinds::CRON_JOBS => workload::cells(kind, o, now),
        kinds::NODES
        | kinds::NAMESPACES
        | kinds::SERVICES
        | kinds::EVENTS
        | kinds::CONFIG_MAPS
        | kinds::SECRETS
        | kinds::CLAIMS => cluster::cells(kind, o, now),
        _ => vec![
            json!(object::name(o)),
            json!(o.text("/metadata/creationTimestamp")),
        ],
    }
}

fn custom_cells(custom: &[Value], o: &Value, now: Millis) -> Vec<Value> {
    let own = custom.iter().map(|c| {
        let found = simple_path(o, c.text("/jsonPath"));
        match (c.text("/type"), found) {
            ("date", Some(Value::String(s))) => {
                json!(parse_stamp(s).map_or_else(|| "<invalid>".to_owned(), |t| duration(now - t)))
            }
            (_, Some(v)) => v.clone(),
            (_, None) => Value::Null,
        }
    });
    std::iter::once(json!(object::name(o))).chain(own).collect()
}

/// The printer paths in use: dots, and a filter by equality as in `.status.conditions[?(@.type=="Ready")].status`.
fn simple_path<'a>(o: &'a Value, path: &str) -> Option<&'a Value> {
    let mut here = o;
    let mut rest = path.trim_start_matches('.');
    while !rest.is_empty() {
        if let Some(filter) = rest.strip_prefix("[?(@.") {
            let (condition, after) = filter.split_once(")]")?;
            let (field, wanted) = condition.split_once("==")?;
            let wanted = wanted.trim_matches(['"', '\'']);
            here = here
                .as_array()?
                .iter()
                .find(|i| i.text(&format!("/{field}")) == wanted)?;
            rest = after.trim_start_matches('.');
            continue;
        }
        let end = rest.find(['.', '[']).unwrap_or(rest.len());
        here = here.get(rest[..end].replace('\\', ""))?;
        rest = rest[end..].trim_start_matches('.');
    }
    Some(here)
}

fn age(o: &Value, now: Millis) -> Value {
    json!(since(o.text("/metadata/creationTimestamp"), now))
}

fn since(stamp: &str, now: Millis) -> String {
    parse_stamp(stamp).map_or_else(|| "<unknown>".to_owned(), |t| duration(now - t))
}

/// A duration as kubectl prints it: two units while small, one when large.
fn duration(millis: Millis) -> String {
    let seconds = millis / 1000;
    if seconds < -1 {
        return "<invalid>".into();
    }
    let s = seconds.max(0);
    let (minutes, hours, days) = (s / 60, s / 3600, s / 86_400);
    let two = |big: i64, unit: char, small: i64, sub: char| {
        if small == 0 {
            format!("{big}{unit}")
        } else {
            format!("{big}{unit}{small}{sub}")
        }
    };
    match () {
        () if s < 120 => format!("{s}s"),
        () if minutes < 10 => two(minutes, 'm', s % 60, 's'),
        () if minutes < 180 => format!("{minutes}m"),
        () if hours < 8 => two(hours, 'h', minutes % 60, 'm'),
        () if hours < 48 => format!("{hours}h"),
        () if days < 8 => two(days, 'd', hours % 24, 'h'),
        () if days < 730 => format!("{days}d"),
        () if days < 8 * 365 => two(days / 365, 'y', days % 365, 'd'),
        () => format!("{}y", days / 365),
    }
}

/// Container names and images of a template, each joined by commas.
fn containers(o: &Value, at: &str) -> (Value, Value) {
    let join = |field: &str| {
        let all: Vec<&str> = o.items(at).iter().map(|c| c.text(field)).collect();
        json!(all.join(","))
    };
    (join("/name"), join("/image"))
}

/// A label selector as text.
fn selector(o: &Value, at: &str) -> Value {
    let Some(s) = o.pointer(at) else {
        return json!("<none>");
    };
    let plain = s
        .map("/matchLabels")
        .or_else(|| s.as_object())
        .into_iter()
        .flatten();
    let parts: Vec<String> = plain
        .map(|(k, v)| format!("{k}={}", v.as_str().unwrap_or_default()))
        .collect();
    if parts.is_empty() {
        json!("<none>")
    } else {
        json!(parts.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_as_kubectl_prints_them() {
        for (seconds, expect) in [
            (0, "0s"),
            (119, "119s"),
            (120, "2m"),
            (125, "2m5s"),
            (600, "10m"),
            (3 * 3600 - 1, "179m"),
            (3 * 3600, "3h"),
            (5 * 3600 + 120, "5h2m"),
            (30 * 3600, "30h"),
            (3 * 86_400 + 7200, "3d2h"),
            (20 * 86_400, "20d"),
        ] {
            assert_eq!(duration(seconds * 1000), expect);
        }
    }

    #[test]
    fn printer_paths_with_a_filter() {
        let o = json!({"status": {"conditions": [{"type": "Ready", "status": "True"}]}});
        assert_eq!(
            simple_path(&o, ".status.conditions[?(@.type==\"Ready\")].status"),
            Some(&json!("True"))
        );
        assert_eq!(simple_path(&o, ".spec.x"), None);
    }
}
