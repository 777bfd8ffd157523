//! Failure answers in exactly the shape of Kubernetes' `Status`. Knows nothing of HTTP.

use serde_json::{Value, json};

use crate::kinds::Kind;

/// A `Status` of kind Failure, with its code and an optional wait for the client.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Status {
    pub code: u16,
    pub body: Value,
    /// Seconds for a `Retry-After` header.
    pub retry_after: Option<u32>,
}

/// One field that was refused.
#[derive(Debug, Clone)]
pub(crate) struct Refusal {
    pub reason: &'static str,
    pub message: String,
    pub field: String,
}

impl Refusal {
    pub(crate) fn required(field: impl Into<String>, detail: &str) -> Self {
        let message = if detail.is_empty() {
            "Required value".into()
        } else {
            format!("Required value: {detail}")
        };
        Self {
            reason: "FieldValueRequired",
            message,
            field: field.into(),
        }
    }

    pub(crate) fn invalid(field: impl Into<String>, value: &Value, detail: &str) -> Self {
        Self {
            reason: "FieldValueInvalid",
            message: format!("Invalid value: {value}: {detail}"),
            field: field.into(),
        }
    }

    pub(crate) fn unsupported(field: impl Into<String>, value: &Value, allowed: &[&str]) -> Self {
        let list = allowed
            .iter()
            .map(|a| format!("\"{a}\""))
            .collect::<Vec<_>>()
            .join(", ");
        Self {
            reason: "FieldValueNotSupported",
            message: format!("Unsupported value: {value}: supported values: {list}"),
            field: field.into(),
        }
    }
}

impl Status {
    pub(crate) fn new(
        code: u16,
        reason: &str,
        message: impl Into<String>,
        details: Option<Value>,
    ) -> Self {
        let mut body = json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
            "message": message.into(), "reason": reason, "code": code,
        });
        if reason.is_empty() {
            body.as_object_mut().map(|o| o.remove("reason"));
        }
        if let Some(d) = details {
            body["details"] = d;
        }
        Self {
            code,
            body,
            retry_after: None,
        }
    }

    pub(crate) fn message(&self) -> &str {
        self.body["message"].as_str().unwrap_or_default()
    }

    pub(crate) fn no_such_path() -> Self {
        Self::new(
            404,
            "NotFound",
            "the server could not find the requested resource",
            Some(json!({})),
        )
    }

    pub(crate) fn not_found(kind: &Kind, name: &str) -> Self {
        Self::new(
            404,
            "NotFound",
            format!("{} {name:?} not found", kind.resource()),
            Some(details(kind, name)),
        )
    }

    pub(crate) fn already_exists(kind: &Kind, name: &str) -> Self {
        let message = format!("{} {name:?} already exists", kind.resource());
        Self::new(409, "AlreadyExists", message, Some(details(kind, name)))
    }

    pub(crate) fn conflict(kind: &Kind, name: &str, why: &str) -> Self {
        let message = format!(
            "Operation cannot be fulfilled on {} {name:?}: {why}",
            kind.resource()
        );
        Self::new(409, "Conflict", message, Some(details(kind, name)))
    }

    pub(crate) fn stale(kind: &Kind, name: &str) -> Self {
        Self::conflict(
            kind,
            name,
            "the object has been modified; please apply your changes to the latest version and try again",
        )
    }

    pub(crate) fn invalid(kind: &Kind, name: &str, refusals: &[Refusal]) -> Self {
        let mut parts: Vec<String> = refusals
            .iter()
            .map(|r| format!("{}: {}", r.field, r.message))
            .collect();
        let listed = if parts.len() == 1 {
            parts.remove(0)
        } else {
            format!("[{}]", parts.join(", "))
        };
        let causes: Vec<Value> = refusals
            .iter()
            .map(|r| json!({"reason": r.reason, "message": r.message, "field": r.field}))
            .collect();
        let mut d = json!({"name": name, "kind": kind.kind, "causes": causes});
        if !kind.group.is_empty() {
            d["group"] = json!(kind.group);
        }
        if name.is_empty() {
            d.as_object_mut().map(|o| o.remove("name"));
        }
        let full = if kind.group.is_empty() {
            kind.kind.to_string()
        } else {
            format!("{}.{}", kind.kind, kind.group)
        };
        Self::new(
            422,
            "Invalid",
            format!("{full} {name:?} is invalid: {listed}"),
            Some(d),
        )
    }

    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(400, "BadRequest", message, None)
    }

    pub(crate) fn forbidden(kind: &Kind, name: &str, why: &str) -> Self {
        let subject = if name.is_empty() {
            kind.resource()
        } else {
            format!("{} {name:?}", kind.resource())
        };
        let mut d = details(kind, name);
        if name.is_empty() {
            d.as_object_mut().map(|o| o.remove("name"));
        }
        Self::new(
            403,
            "Forbidden",
            format!("{subject} is forbidden: {why}"),
            Some(d),
        )
    }

    pub(crate) fn method_not_allowed() -> Self {
        let message = "the server does not allow this method on the requested resource";
        Self::new(405, "MethodNotAllowed", message, Some(json!({})))
    }

    pub(crate) fn expired(message: impl Into<String>) -> Self {
        Self::new(410, "Expired", message, None)
    }

    pub(crate) fn unsupported_media(accepted: &[&str]) -> Self {
        let message = format!(
            "the body of the request was in an unknown format - accepted media types include: {}",
            accepted.join(", ")
        );
        Self::new(415, "UnsupportedMediaType", message, None)
    }

    pub(crate) fn too_many_requests(message: &str, seconds: u32, details: Value) -> Self {
        let mut s = Self::new(429, "TooManyRequests", message, Some(details));
        s.retry_after = Some(seconds);
        s
    }

    /// The revision a client asks for lies in the future.
    pub(crate) fn revision_too_large(wanted: u64, current: u64) -> Self {
        let mut s = Self::new(
            504,
            "Timeout",
            format!("Too large resource version: {wanted}, current: {current}"),
            Some(
                json!({"causes": [{"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}], "retryAfterSeconds": 1}),
            ),
        );
        s.retry_after = Some(1);
        s
    }
}

fn details(kind: &Kind, name: &str) -> Value {
    let mut d = json!({"name": name, "kind": kind.plural});
    if !kind.group.is_empty() {
        d["group"] = json!(kind.group);
    }
    d
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::{DEPLOYMENTS, Kinds, PODS};

    #[test]
    fn messages_read_as_the_real_server_writes_them() {
        let k = Kinds::built_in();
        assert_eq!(
            Status::not_found(k.get(DEPLOYMENTS), "x").message(),
            "deployments.apps \"x\" not found"
        );
        let s = Status::invalid(
            k.get(PODS),
            "x",
            &[Refusal::required("spec.containers", "")],
        );
        assert_eq!(
            s.message(),
            "Pod \"x\" is invalid: spec.containers: Required value"
        );
        assert_eq!(s.body["details"]["causes"][0]["field"], "spec.containers");
    }
}
