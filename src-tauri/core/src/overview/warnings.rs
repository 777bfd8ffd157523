//! Warning events, alike ones together. Pure.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use kubegraf_ipc::{object::ObjectRef, overview::WarningGroup};

use crate::objects::Event;

/// Seconds that count as lately.
const LATELY: i64 = 300;
/// Groups shown.
const GROUPS: usize = 12;

/// How many warnings were seen lately, and the groups, the latest first.
pub(super) fn group(events: &[Arc<Event>], now: i64) -> (u64, Vec<WarningGroup>) {
    let warnings = || events.iter().filter(|event| event.r#type == "Warning");
    let lately = warnings()
        .filter(|event| event.last_seen().is_some_and(|seen| now - seen <= LATELY))
        .count() as u64;

    let mut alike: HashMap<(&str, &str, &str), Vec<&Event>> = HashMap::new();
    for event in warnings() {
        let about = &event.involved_object;
        let key = (&*event.reason, &*about.kind, &*about.namespace);
        alike.entry(key).or_default().push(event);
    }
    let mut groups: Vec<_> = alike
        .into_values()
        .map(|events| group_of(&events))
        .collect();
    groups.sort_by(|a, b| {
        (b.last_seen, &a.object.namespace, &a.reason).cmp(&(
            a.last_seen,
            &b.object.namespace,
            &b.reason,
        ))
    });
    groups.truncate(GROUPS);
    (lately, groups)
}

fn group_of(events: &[&Event]) -> WarningGroup {
    let latest = events
        .iter()
        .max_by_key(|event| (event.last_seen(), &event.involved_object.name))
        .expect("a group has at least the event that made it");
    let about = &latest.involved_object;
    let names: BTreeSet<&str> = events.iter().map(|e| &*e.involved_object.name).collect();
    WarningGroup {
        reason: latest.reason.to_string(),
        object: ObjectRef {
            api_version: about.api_version.to_string(),
            kind: about.kind.to_string(),
            namespace: about.namespace.to_string(),
            name: about.name.to_string(),
            uid: (!about.uid.is_empty()).then(|| about.uid.to_string()),
        },
        objects: names.len() as u64,
        times: events.iter().map(|event| u64::from(event.times())).sum(),
        last_seen: latest.last_seen(),
        message: latest.message.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn event(kind: &str, reason: &str, name: &str, count: u32, minute: u32) -> Arc<Event> {
        let event = json!({
            "metadata": {"name": format!("{name}.{minute}"), "namespace": "shop", "uid": format!("{name}{minute}")},
            "type": kind, "reason": reason, "count": count, "message": format!("{reason} of {name}"),
            "lastTimestamp": format!("1970-01-01T00:{minute:02}:00Z"),
            "involvedObject": {"kind": "Pod", "namespace": "shop", "name": name, "uid": name},
        });
        Arc::new(serde_json::from_value(event).unwrap())
    }

    #[test]
    fn alike_warnings_are_one_line_with_the_latest_message() {
        let events = [
            event("Warning", "BackOff", "web-1", 4, 2),
            event("Warning", "BackOff", "web-2", 3, 9),
            event("Warning", "FailedScheduling", "db-0", 1, 5),
            event("Normal", "Pulled", "web-1", 9, 10),
        ];
        let (lately, groups) = group(&events, 600);
        assert_eq!(lately, 2, "older than five minutes is not lately");
        let lines: Vec<_> = groups
            .iter()
            .map(|g| (&*g.reason, &*g.message, g.objects, g.times, g.last_seen))
            .collect();
        assert_eq!(
            lines,
            [
                ("BackOff", "BackOff of web-2", 2, 7, Some(540)),
                (
                    "FailedScheduling",
                    "FailedScheduling of db-0",
                    1,
                    1,
                    Some(300)
                ),
            ]
        );
    }
}
