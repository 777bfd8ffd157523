//! List options and the combinations of them the server refuses.

use crate::status::{Refusal, Status};
use serde_json::{Value, json};

use super::request::Query;

/// Which state a list or watch wants to start from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum From {
    /// The newest state.
    Newest,
    /// Anything the server has at hand (`resourceVersion=0`).
    Any,
    /// At least as new as this.
    AtLeast(u64),
    /// Exactly this.
    Exactly(u64),
}

#[derive(Debug)]
pub(crate) struct ListOptions {
    pub from: From,
    pub limit: usize,
    pub token: String,
    pub bookmarks: bool,
    pub initial_events: bool,
    /// Seconds a watch lives.
    pub timeout: Option<i64>,
}

impl ListOptions {
    pub(crate) fn read(q: &Query, watching: bool) -> Result<Self, Status> {
        let (version, matching) = (q.text("resourceVersion"), q.text("resourceVersionMatch"));
        let mut refusals = Vec::new();
        let forbidden = |field: &str, why: &str| Refusal {
            reason: "FieldValueForbidden",
            message: format!("Forbidden: {why}"),
            field: field.into(),
        };
        let initial = q.has("sendInitialEvents");
        if !matching.is_empty() {
            if watching && !initial {
                refusals.push(forbidden("resourceVersionMatch", "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided"));
            }
            if version.is_empty() && !watching {
                refusals.push(forbidden(
                    "resourceVersionMatch",
                    "resourceVersionMatch is forbidden unless resourceVersion is provided",
                ));
            }
            if !matches!(matching, "Exact" | "NotOlderThan") {
                refusals.push(Refusal::unsupported(
                    "resourceVersionMatch",
                    &json!(matching),
                    &["Exact", "NotOlderThan", ""],
                ));
            }
            if matching == "Exact" && version == "0" {
                refusals.push(forbidden(
                    "resourceVersionMatch",
                    "resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\"",
                ));
            }
        }
        if initial {
            if !watching {
                refusals.push(forbidden(
                    "sendInitialEvents",
                    "sendInitialEvents is forbidden for list",
                ));
            } else if matching != "NotOlderThan" {
                refusals.push(forbidden(
                    "resourceVersionMatch",
                    "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan",
                ));
            }
        }
        if !refusals.is_empty() {
            return Err(invalid("ListOptions", &refusals));
        }
        let token = q.text("continue").to_owned();
        if !token.is_empty() && !matches!(version, "" | "0") {
            return Err(Status::bad_request(
                "specifying resource version is not allowed when using continue",
            ));
        }
        let from = match version {
            "" => From::Newest,
            "0" => From::Any,
            text => {
                let number = text.parse().map_err(|_| {
                    Status::bad_request(format!(
                    "invalid resource version: resourceVersion: Invalid value: {text:?}: strconv.ParseUint: parsing {text:?}: invalid syntax"
                ))
                })?;
                if matching == "Exact" {
                    From::Exactly(number)
                } else {
                    From::AtLeast(number)
                }
            }
        };
        Ok(Self {
            from,
            limit: q
                .number("limit")
                .and_then(|n| usize::try_from(n).ok())
                .unwrap_or(0),
            token,
            bookmarks: q.flag("allowWatchBookmarks"),
            initial_events: q.flag("sendInitialEvents"),
            timeout: q.number("timeoutSeconds"),
        })
    }
}

/// The refusal of a set of options.
pub(crate) fn invalid(kind: &str, refusals: &[Refusal]) -> Status {
    let row = crate::kinds::Kind {
        group: "meta.k8s.io".into(),
        version: "v1".into(),
        plural: "".into(),
        singular: "".into(),
        kind: kind.to_owned().into(),
        short: Vec::new(),
        categories: Vec::new(),
        namespaced: false,
        subresources: Vec::new(),
        form: crate::kinds::Form::Question,
    };
    Status::invalid(&row, "", refusals)
}

/// A continue token: where the next page starts and in which state.
pub(crate) fn token(revision: u64, after: &str) -> String {
    use base64::Engine;
    let text = json!({"v": "meta.k8s.io/v1", "rv": revision, "start": after}).to_string();
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text)
}

/// Reads a token back: revision (0 for "newest") and the key to start after.
pub(crate) fn read_token(token: &str) -> Result<(u64, String), Status> {
    use base64::Engine;
    let broken =
        || Status::bad_request("continue key is not valid: the token was not made by this server");
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD
        .decode(token.trim_end_matches('='))
        .map_err(|_| broken())?;
    let v: Value = serde_json::from_slice(&bytes).map_err(|_| broken())?;
    match (v["rv"].as_u64(), v["start"].as_str()) {
        (Some(rv), Some(start)) => Ok((rv, start.to_owned())),
        _ => Err(broken()),
    }
}
