//! Observations: where, which field, what value. Credentials in texts are masked.

use std::sync::LazyLock;

use kubegraf_ipc::{
    incident::{Evidence, EvidenceSource},
    object::ObjectRef,
};
use regex::Regex;
use serde::Serialize;

use crate::objects::{Condition, Event, Object};

/// Cluster text longer than this is cut; characters.
const LONGEST: usize = 2_000;

/// An observation of one field.
pub(super) fn seen(
    object: ObjectRef,
    field: impl Into<String>,
    observed: impl Serialize,
    source: EvidenceSource,
    at: Option<i64>,
) -> Evidence {
    Evidence {
        object,
        field: field.into(),
        observed: json(observed),
        expected: None,
        source,
        at,
    }
}

/// An observation with what would have been right.
pub(super) fn against(evidence: Evidence, expected: impl Serialize) -> Evidence {
    Evidence {
        expected: Some(json(expected)),
        ..evidence
    }
}

/// What a condition of an object says: its reason and its message.
pub(super) fn condition(object: &ObjectRef, one: &Condition) -> Vec<Evidence> {
    let message = masked(&one.message);
    [("reason", &*one.reason), ("message", &message)]
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(leaf, value)| {
            let field = format!("status.conditions[type={}].{leaf}", one.r#type);
            let at = one.last_transition_time;
            seen(object.clone(), field, value, EvidenceSource::Status, at)
        })
        .collect()
}

/// What an event says.
pub(super) fn event(event: &Event) -> Evidence {
    seen(
        event.reference(),
        "message",
        masked(&event.message),
        EvidenceSource::Event,
        event.last_seen(),
    )
}

/// A text of the cluster without credentials in URLs and headers, cut to a sane length.
pub(super) fn masked(text: &str) -> String {
    static SECRET: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r#"(?i)(://)[^/\s@"]+@|((?:bearer|basic)\s+)[A-Za-z0-9+/=._~-]{8,}|([?&](?:[a-z_-]*(?:token|signature|password|secret|sig|key))=)[^&\s":,]+|((?:password|passwd|pwd|secret|token|api[_-]?key|access[_-]?key|credentials?)["']?\s*[=:]\s*["']?)[^\s"',;&]{3,}"#)
            .expect("the pattern is constant and valid")
    });
    let text: String = text.chars().take(LONGEST).collect();
    SECRET.replace_all(&text, "$1$2$3$4***").into_owned()
}

fn json(value: impl Serialize) -> String {
    serde_json::to_string(&value).expect("plain data serialises")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_in_cluster_text_are_masked() {
        for (text, expected) in [
            (
                "Get https://bob:s3cret@reg.io/v2/: 401",
                "Get https://***reg.io/v2/: 401",
            ),
            (
                "header Bearer eyJhbGciOi.abc refused",
                "header Bearer *** refused",
            ),
            (
                "GET /token?service=x&access_token=abcd: 403",
                "GET /token?service=x&access_token=***: 403",
            ),
            (
                "reg.io/app@sha256:0123: not found",
                "reg.io/app@sha256:0123: not found",
            ),
            (
                "env DB_PASSWORD=hunter2 api_key: 'abcdef' is wrong",
                "env DB_PASSWORD=*** api_key: '***' is wrong",
            ),
            (
                "password authentication failed",
                "password authentication failed",
            ),
        ] {
            assert_eq!(masked(text), expected);
        }
        assert_eq!(masked(&"x".repeat(9_000)).len(), LONGEST);
    }
}
