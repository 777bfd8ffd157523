//! HTTP in, HTTP out: reads a request, applies faults and permissions, and hands it to the verb that answers it.
//! Knows the shape of paths and query parameters, nothing of how objects behave.

mod access;
mod delete;
mod discovery;
mod form;
mod logs;
mod metrics;
mod options;
mod patch;
mod read;
mod request;
mod subresource;
mod table;
mod watch;
mod write;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use futures::future::BoxFuture;
use http::{Response, StatusCode};
use http_body_util::BodyExt;
use serde_json::Value;
use tokio::sync::watch as signal;

use crate::body::SimBody;
use crate::faults::{Effect, Faults, Subject, spoil};
use crate::status::Status;
use crate::world::World;
use request::{Request, Target};

pub(crate) type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// What the service, its streams and the controllers share.
#[derive(Debug)]
pub(crate) struct Shared {
    world: Mutex<World>,
    /// The newest revision; watches and controllers wait on it.
    revision: signal::Sender<u64>,
    pub faults: Faults,
}

impl Shared {
    pub(crate) fn new(world: World, faults: Faults) -> Self {
        let (revision, _) = signal::channel(world.store.revision());
        Self {
            world: Mutex::new(world),
            revision,
            faults,
        }
    }

    /// Works on the cluster under its lock and wakes whoever waits for changes, if there were any.
    pub(crate) fn with<R>(&self, work: impl FnOnce(&mut World) -> R) -> R {
        let mut world = self.lock();
        let result = work(&mut world);
        let now = world.store.revision();
        self.revision
            .send_if_modified(|seen| std::mem::replace(seen, now) != now);
        result
    }

    pub(crate) fn subscribe(&self) -> signal::Receiver<u64> {
        self.revision.subscribe()
    }

    fn lock(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The API server as a tower service: give it to `kube::Client::new`. Clones share one cluster.
#[derive(Debug, Clone)]
pub struct SimService(pub(crate) Arc<Shared>);

impl<B> tower::Service<http::Request<B>> for SimService
where
    B: http_body::Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<BoxError>,
{
    type Response = Response<SimBody>;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<B>) -> Self::Future {
        let shared = Arc::clone(&self.0);
        Box::pin(async move {
            let (parts, body) = request.into_parts();
            let body = body.collect().await.map_err(Into::into)?.to_bytes();
            answer(&shared, &parts, body).await
        })
    }
}

type Answer = Result<Response<SimBody>, Status>;

async fn answer(
    shared: &Arc<Shared>,
    parts: &http::request::Parts,
    body: bytes::Bytes,
) -> Result<Response<SimBody>, BoxError> {
    let read = shared.with(|w| Request::read(w, parts, body));
    let request = match read {
        Ok(r) => r,
        Err(status) => return Ok(finish(shared, refusal(&status), &[])),
    };
    let resource = request.resource_path();
    let subject = Subject {
        verb: request.verb,
        resource: &resource,
        namespace: request.namespace(),
    };
    let effects = shared.faults.strike(&subject);
    for effect in &effects {
        match effect {
            Effect::Latency { base, .. } => tokio::time::sleep(*base).await,
            Effect::Refuse => {
                let refused = std::io::Error::new(
                    std::io::ErrorKind::ConnectionRefused,
                    "connection refused",
                );
                return Err(Box::new(refused));
            }
            Effect::Fail { code, retry_after } => {
                return Ok(finish(
                    shared,
                    refusal(&injected(*code, *retry_after)),
                    &effects,
                ));
            }
            Effect::Forbid => {
                return Ok(finish(
                    shared,
                    refusal(&access::forbidden(&request)),
                    &effects,
                ));
            }
            Effect::Cut { .. } | Effect::Stall { .. } | Effect::Slow { .. } => {}
        }
    }
    let answer = dispatch(shared, request)
        .await
        .unwrap_or_else(|status| refusal(&status));
    Ok(finish(shared, answer, &effects))
}

async fn dispatch(shared: &Arc<Shared>, request: Request) -> Answer {
    match (&request.target, request.verb) {
        (Target::Root(_), _) => discovery::answer(shared, &request),
        (Target::Items { .. }, "list") => read::list(shared, &request).await,
        (Target::Items { .. }, "watch") => watch::start(shared, &request),
        (Target::Items { .. }, "create") => write::create(shared, &request),
        (Target::Items { .. }, "deletecollection") => delete::collection(shared, &request),
        (Target::Item { sub: Some(_), .. }, _) => subresource::answer(shared, &request).await,
        (Target::Item { .. }, "get") => read::get(shared, &request).await,
        (Target::Item { .. }, "update") => write::update(shared, &request),
        (Target::Item { .. }, "patch") => patch::answer(shared, &request),
        (Target::Item { .. }, "delete") => delete::one(shared, &request),
        _ => Err(Status::method_not_allowed()),
    }
}

/// A JSON answer.
fn json(code: u16, value: &Value) -> Response<SimBody> {
    bytes_answer(code, "application/json", value.to_string())
}

fn bytes_answer(
    code: u16,
    content_type: &'static str,
    body: impl Into<bytes::Bytes>,
) -> Response<SimBody> {
    with_body(code, content_type, SimBody::whole(body))
}

fn with_body(code: u16, content_type: &'static str, body: SimBody) -> Response<SimBody> {
    let mut response = Response::new(body);
    *response.status_mut() =
        StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response
        .headers_mut()
        .insert("content-type", http::HeaderValue::from_static(content_type));
    response
}

fn refusal(status: &Status) -> Response<SimBody> {
    let mut response = json(status.code, &status.body);
    if let Some(seconds) = status.retry_after {
        response.headers_mut().insert("retry-after", seconds.into());
    }
    response
}

fn injected(code: u16, retry_after: Option<u32>) -> Status {
    let (reason, message) = match code {
        401 => ("Unauthorized", "Unauthorized"),
        410 => (
            "Expired",
            "The resourceVersion for the provided list is too old.",
        ),
        429 => (
            "TooManyRequests",
            "too many requests, please try again later",
        ),
        500 => (
            "InternalError",
            "Internal error occurred: etcdserver: request timed out",
        ),
        503 => (
            "ServiceUnavailable",
            "the server is currently unable to handle the request",
        ),
        504 => (
            "Timeout",
            "the server was unable to return a response in the time allotted, but may still be processing the request",
        ),
        _ => (
            "",
            "an error on the server has prevented the request from succeeding",
        ),
    };
    let mut status = Status::new(code, reason, message, None);
    status.retry_after = retry_after;
    status
}

/// Headers every answer carries, and what faults do to the body.
fn finish(shared: &Shared, response: Response<SimBody>, effects: &[Effect]) -> Response<SimBody> {
    let now = shared.with(|w| w.now());
    let mut response = response.map(|body| spoil(body, effects));
    if let Ok(date) = http::HeaderValue::from_str(&http_date(now)) {
        response.headers_mut().insert("date", date);
    }
    response.headers_mut().insert(
        "cache-control",
        http::HeaderValue::from_static("no-cache, private"),
    );
    response
}

fn http_date(at: crate::clock::Millis) -> String {
    let d = crate::clock::date(at);
    let (day, month) = (d.weekday().to_string(), d.month().to_string());
    format!(
        "{}, {:02} {} {} {:02}:{:02}:{:02} GMT",
        &day[..3],
        d.day(),
        &month[..3],
        d.year(),
        d.hour(),
        d.minute(),
        d.second()
    )
}
