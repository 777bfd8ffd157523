//! The requests an execution makes, raw: what was previewed must be, byte for byte, what is sent,
//! and whether a failed request may have been executed must be known.
//!
//! Reads and dry runs are repeated after 1 and 2 seconds when the connection fails. A change is
//! sent once.

use std::{collections::HashMap, fmt, sync::Mutex, time::Duration};

use futures::FutureExt;
use http::{Method, Request, StatusCode, header};
use http_body_util::BodyExt;
use kube::{Client, client::Body, core::Status};
use kubegraf_ipc::{Code, object::ObjectRef};
use serde_json::{Value, json};

use super::error::Error;

/// The name changes are booked under in `managedFields`.
pub(super) const FIELD_MANAGER: &str = "kubegraf";

const READ_ATTEMPTS: [Duration; 3] = [
    Duration::ZERO,
    Duration::from_secs(1),
    Duration::from_secs(2),
];

/// How a request failed.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// The server has answered and has done nothing.
    #[error("{message}")]
    Refused {
        /// HTTP status.
        status: u16,
        /// The server's own words.
        message: String,
        /// Machine-readable reason, `Conflict`.
        reason: String,
        /// The fields complained about.
        fields: Vec<String>,
    },
    /// No answer, half an answer, or a server error: whether it was done is not known.
    #[error("{message}")]
    Unclear {
        /// What happened.
        message: String,
    },
}

impl ApiError {
    /// The class of failure the window acts on.
    pub fn code(&self) -> Code {
        match self {
            Self::Unclear { .. } | Self::Refused { status: 401, .. } => Code::Unreachable,
            Self::Refused { status: 403, .. } => Code::Forbidden,
            Self::Refused {
                status: 404 | 410, ..
            } => Code::NotFound,
            Self::Refused { status: 409, .. } => Code::Conflict,
            Self::Refused {
                status: 400..=499, ..
            } => Code::InvalidArgument,
            Self::Refused { .. } => Code::Internal,
        }
    }

    pub(super) fn retryable(&self) -> bool {
        matches!(
            self,
            Self::Unclear { .. } | Self::Refused { status: 429, .. }
        )
    }

    pub(super) fn detail(&self) -> Option<String> {
        match self {
            Self::Refused { status, reason, .. } => Some(format!("{status} {reason}")),
            Self::Unclear { .. } => None,
        }
    }

    pub(super) fn is(&self, wanted: StatusCode) -> bool {
        matches!(self, Self::Refused { status, .. } if *status == wanted.as_u16())
    }

    /// The same error without the values a server may quote in its words.
    pub(super) fn without_values(self) -> Self {
        match self {
            Self::Refused {
                status,
                reason,
                fields,
                ..
            } => Self::Refused {
                message: if fields.is_empty() {
                    format!("{reason} (values are not shown for a Secret)")
                } else {
                    format!(
                        "{reason}: {} (values are not shown for a Secret)",
                        fields.join(", ")
                    )
                },
                status,
                reason,
                fields,
            },
            unclear => unclear,
        }
    }
}

/// Where the objects of a kind live.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Resource {
    pub group: String,
    pub version: String,
    pub plural: String,
    pub namespaced: bool,
}

/// Kinds looked up so far, per cluster.
#[derive(Debug, Default)]
pub(super) struct Resources(Mutex<HashMap<(String, String, String), Resource>>);

impl Resources {
    /// Asks the server once per cluster and kind.
    pub async fn find(
        &self,
        cluster: &str,
        client: &Client,
        api_version: &str,
        kind: &str,
    ) -> Result<Resource, Error> {
        let key = (cluster.to_owned(), api_version.to_owned(), kind.to_owned());
        if let Some(found) = self.lock().get(&key) {
            return Ok(found.clone());
        }
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        let path = base(group, version);
        let unknown = || Error::UnknownKind {
            api_version: api_version.to_owned(),
            kind: kind.to_owned(),
        };
        let list = match read(client, || get(&path)).await {
            Ok(reply) => reply.body,
            Err(error) if error.is(StatusCode::NOT_FOUND) => return Err(unknown()),
            Err(error) => return Err(Error::api(format!("look up the kind \"{kind}\""))(error)),
        };
        let found = list["resources"]
            .as_array()
            .into_iter()
            .flatten()
            .find(|entry| {
                entry["kind"] == kind
                    && entry["name"]
                        .as_str()
                        .is_some_and(|name| !name.contains('/'))
            })
            .ok_or_else(unknown)?;
        let resource = Resource {
            group: group.to_owned(),
            version: version.to_owned(),
            plural: found["name"].as_str().unwrap_or_default().to_owned(),
            namespaced: found["namespaced"].as_bool().unwrap_or(true),
        };
        self.lock().insert(key, resource.clone());
        Ok(resource)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<(String, String, String), Resource>> {
        self.0
            .lock()
            .expect("no code panics while it holds the lock")
    }
}

impl Resource {
    /// Path of the collection in `namespace`.
    pub fn collection(&self, namespace: &str) -> String {
        let base = base(&self.group, &self.version);
        if self.namespaced {
            format!("{base}/namespaces/{namespace}/{}", self.plural)
        } else {
            format!("{base}/{}", self.plural)
        }
    }

    /// Path of one object.
    pub fn object(&self, target: &ObjectRef) -> String {
        format!("{}/{}", self.collection(&target.namespace), target.name)
    }
}

/// A request that is the same for the dry run and for the change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mutation {
    pub method: Method,
    pub path: String,
    pub content_type: &'static str,
    pub body: Vec<u8>,
}

impl Mutation {
    pub fn request(&self, dry_run: bool) -> Request<Body> {
        let dry = if dry_run { "&dryRun=All" } else { "" };
        Request::builder()
            .method(self.method.clone())
            .uri(format!(
                "{}?fieldManager={FIELD_MANAGER}&fieldValidation=Warn{dry}",
                self.path
            ))
            .header(header::CONTENT_TYPE, self.content_type)
            .header(header::ACCEPT, "application/json")
            .body(Body::from(self.body(dry_run)))
            .expect("paths are made of API names, which are URI characters")
    }

    /// A server that finds options in the body of a DELETE does not read those of the query: the
    /// dry run has to be said in the body, or it is none.
    fn body(&self, dry_run: bool) -> Vec<u8> {
        if !dry_run || self.method != Method::DELETE {
            return self.body.clone();
        }
        let mut options: Value =
            serde_json::from_slice(&self.body).expect("the options were written as JSON");
        options["dryRun"] = json!(["All"]);
        options.to_string().into_bytes()
    }
}

/// What a server answered.
#[derive(Debug)]
pub(super) struct ApiReply {
    pub body: Value,
    pub warnings: Vec<String>,
}

pub(super) fn get(path: &str) -> Request<Body> {
    Request::get(path)
        .header(header::ACCEPT, "application/json")
        .body(Body::from(Vec::new()))
        .expect("paths are made of API names, which are URI characters")
}

/// Whether the user may do a verb to the object or a subresource of it, as the server says. `None` when it would not say.
pub(super) async fn allowed(
    client: &Client,
    resource: &Resource,
    target: &ObjectRef,
    (verb, subresource): (&str, Option<&str>),
) -> Result<Option<bool>, ApiError> {
    let review = json!({
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": { "resourceAttributes": {
            "namespace": target.namespace,
            "verb": verb,
            "group": resource.group,
            "version": resource.version,
            "resource": resource.plural,
            "subresource": subresource.unwrap_or_default(),
            "name": target.name,
        }},
    });
    let body = review.to_string().into_bytes();
    let answer = read(client, || {
        Request::post("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews")
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(body.clone()))
            .expect("the path is a literal")
    })
    .await;
    match answer {
        Ok(reply) => Ok(reply.body["status"]["allowed"].as_bool()),
        Err(ApiError::Refused { .. }) => Ok(None),
        Err(unclear) => Err(unclear),
    }
}

/// Sends what changes nothing, again where the connection failed.
pub(super) async fn read(
    client: &Client,
    request: impl Fn() -> Request<Body> + Send,
) -> Result<ApiReply, ApiError> {
    let mut last = None;
    for pause in READ_ATTEMPTS {
        tokio::time::sleep(pause).await;
        match send(client, request(), Duration::from_secs(15)).await {
            Err(error) if error.retryable() => last = Some(error),
            settled => return settled,
        }
    }
    Err(last.expect("there is at least one attempt"))
}

/// Sends a request once.
pub(super) async fn send(
    client: &Client,
    request: Request<Body>,
    timeout: Duration,
) -> Result<ApiReply, ApiError> {
    let exchange = async {
        let response = client.send(request).await.map_err(unclear)?;
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.map_err(unclear)?.to_bytes();
        if !parts.status.is_success() {
            return Err(refusal(parts.status, &bytes));
        }
        let warnings = parts
            .headers
            .get_all(header::WARNING)
            .iter()
            .filter_map(|value| warning(value.to_str().ok()?))
            .collect();
        let body = serde_json::from_slice(&bytes).map_err(unclear)?;
        Ok(ApiReply { body, warnings })
    };
    // Boxed: the client's future is large and lives in many places.
    match tokio::time::timeout(timeout, exchange.boxed()).await {
        Ok(answer) => answer,
        Err(_) => Err(ApiError::Unclear {
            message: format!("no answer within {} s", timeout.as_secs_f32()),
        }),
    }
}

fn unclear(error: impl std::error::Error) -> ApiError {
    let mut message = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let text = cause.to_string();
        if !message.contains(&text) {
            message = format!("{message}: {text}");
        }
        source = cause.source();
    }
    ApiError::Unclear { message }
}

fn refusal(status: StatusCode, bytes: &[u8]) -> ApiError {
    let answer: Option<Status> = serde_json::from_slice(bytes).ok();
    let message = answer
        .as_ref()
        .map(|answer| answer.message.clone())
        .filter(|message| !message.is_empty())
        .unwrap_or_else(|| format!("the server answered {status}"));
    // A proxy's or etcd's 5xx says nothing about what happened behind it.
    if status.is_server_error() || status == StatusCode::REQUEST_TIMEOUT {
        return ApiError::Unclear { message };
    }
    let (reason, fields) = answer.map_or_else(Default::default, |answer| {
        let causes = answer.details.map(|details| details.causes);
        let fields = causes.into_iter().flatten().map(|cause| cause.field);
        (answer.reason, fields.collect())
    });
    ApiError::Refused {
        status: status.as_u16(),
        message,
        reason,
        fields,
    }
}

/// The text of a `299 - "text"` header.
fn warning(header: &str) -> Option<String> {
    let text = header.strip_prefix("299 ")?.split_once(' ')?.1.trim();
    let text = text.strip_prefix('"')?.strip_suffix('"')?;
    Some(text.replace("\\\"", "\"").replace("\\\\", "\\"))
}

fn base(group: &str, version: &str) -> String {
    if group.is_empty() {
        format!("/api/{version}")
    } else {
        format!("/apis/{group}/{version}")
    }
}

/// `deployment shop/checkout`, as it is said in lines and errors.
pub(super) struct Named<'a>(pub &'a ObjectRef);

impl fmt::Display for Named<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = self.0.kind.to_lowercase();
        if self.0.namespace.is_empty() {
            write!(f, "{kind} {}", self.0.name)
        } else {
            write!(f, "{kind} {}/{}", self.0.namespace, self.0.name)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_warning_header_loses_its_wrapping() {
        assert_eq!(
            warning(r#"299 - "unknown field \"spec.x\"""#).as_deref(),
            Some(r#"unknown field "spec.x""#)
        );
        assert_eq!(warning("110 - stale"), None);
    }

    #[test]
    fn only_a_definite_answer_is_a_refusal() {
        let status = br#"{"kind":"Status","code":409,"reason":"Conflict","message":"busy"}"#;
        assert!(refusal(StatusCode::CONFLICT, status).is(StatusCode::CONFLICT));
        assert!(matches!(
            refusal(StatusCode::GATEWAY_TIMEOUT, b"<html>"),
            ApiError::Unclear { .. }
        ));
    }

    #[test]
    fn a_refusal_about_a_secret_names_fields_only() {
        let status =
            br#"{"kind":"Status","code":422,"reason":"Invalid","message":"bad value: hunter2",
            "details":{"causes":[{"field":"data.password","message":"Invalid value: hunter2"}]}}"#;
        let text = refusal(StatusCode::UNPROCESSABLE_ENTITY, status)
            .without_values()
            .to_string();
        assert!(
            text.contains("data.password") && !text.contains("hunter2"),
            "{text}"
        );
    }
}
