//! Lists and watches as requests: one kind, one scope, in the encoding the kind is read in.
//!
//! It turns answers into objects while they arrive and says how an answer ended. When to ask again
//! is the reflector's business.

mod json;
mod protobuf;

use std::{marker::PhantomData, time::Duration};

use bytes::Bytes;
use http::{
    HeaderValue, Response, StatusCode,
    header::{ACCEPT, CONTENT_TYPE, RETRY_AFTER},
};
use http_body_util::BodyExt;
use kube::{
    Client,
    client::Body,
    core::{
        Request,
        params::{ListParams, WatchParams},
    },
};

use super::broken::Broken;
use crate::objects::Object;

/// Objects per page of a list that comes as JSON, which can only be read whole, and of a first glance.
const PAGE: u32 = 500;
/// How long the server runs one watch, seconds. Short, because a watch that says nothing for longer
/// than this is a dead connection, and nobody should look at dead rows for minutes.
const WATCH: u32 = 30;
/// Silence after which a running list or watch counts as broken.
const SILENCE: Duration = Duration::from_secs(40);
/// How long the first byte of a watch may take.
const ANSWER: Duration = Duration::from_secs(10);
/// How long the first byte of a list may take; an old server prepares the whole of it first.
const LIST_ANSWER: Duration = Duration::from_secs(60);
/// A page or an event longer than this is not believed, bytes.
const LARGEST: usize = 512 << 20;

const PROTOBUF: &str = "application/vnd.kubernetes.protobuf";
const JSON: &str = "application/json";

/// Where the objects of a kind are looked for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Scope {
    /// The whole cluster.
    Cluster,
    /// One namespace.
    Namespace(String),
}

/// One kind in one scope of one cluster.
pub(super) struct Source<T> {
    client: Client,
    path: String,
    object: PhantomData<fn() -> T>,
}

/// The beginning of a list.
pub(super) struct Glance<T> {
    pub(super) objects: Vec<T>,
    /// The version to watch from, when the beginning is all there is.
    pub(super) version: Option<String>,
}

/// What a watch says.
#[derive(Debug, PartialEq)]
pub(super) enum Told<T> {
    /// New or changed.
    Applied(T),
    /// Gone.
    Deleted(T),
    /// Everything up to this version has been told.
    Bookmark(String),
}

impl<T: Object> Source<T> {
    pub(super) fn new(client: Client, scope: &Scope) -> Self {
        let api = if T::GROUP.is_empty() {
            format!("/api/{}", T::VERSION)
        } else {
            format!("/apis/{}/{}", T::GROUP, T::VERSION)
        };
        let path = match scope {
            Scope::Cluster => format!("{api}/{}", T::PLURAL),
            Scope::Namespace(namespace) => format!("{api}/namespaces/{namespace}/{}", T::PLURAL),
        };
        Self {
            client,
            path,
            object: PhantomData,
        }
    }

    /// Lists all objects, handing them over in the order they arrive; answers the version to watch
    /// from.
    ///
    /// A protobuf list is one request: the server streams it and the items are read one by one. A
    /// JSON list comes in pages.
    pub(super) async fn list(&self, mut take: impl FnMut(Vec<T>)) -> Result<String, Broken> {
        let mut params = ListParams {
            limit: T::DECODE.is_none().then_some(PAGE),
            ..ListParams::default()
        };
        loop {
            let (version, token) = self.page(&params, &mut take).await?;
            if token.is_empty() {
                return Ok(version);
            }
            params.continue_token = Some(token);
        }
    }

    /// The first page alone, for who waits for something to look at: before a server streams a list it gathers and measures the whole of
    /// it, a second at 50,000 pods. With the page comes the version to watch from when there is no more than it. `None` for a kind whose
    /// list comes in pages anyway.
    pub(super) async fn glance(&self) -> Result<Option<Glance<T>>, Broken> {
        if T::DECODE.is_none() {
            return Ok(None);
        }
        let params = ListParams::default().limit(PAGE);
        let mut objects = Vec::new();
        let (version, token) = self
            .page(&params, &mut |mut page| objects.append(&mut page))
            .await?;
        let version = token.is_empty().then_some(version);
        Ok(Some(Glance { objects, version }))
    }

    /// One request; answers its version and the token of the next page.
    async fn page(
        &self,
        params: &ListParams,
        take: &mut impl FnMut(Vec<T>),
    ) -> Result<(String, String), Broken> {
        let request = Request::new(&*self.path)
            .list(params)
            .map_err(|error| Broken::other("list", error))?;
        let response = self.send("list", request, LIST_ANSWER).await?;
        let frames = Frames::new("list", response, SILENCE);
        match (T::DECODE, frames.protobuf) {
            (Some(decode), true) => protobuf::list(frames, decode, take).await,
            _ => json::list(frames, take).await,
        }
    }

    /// Whether the server lets the user list; no answer is no.
    pub(super) async fn may_list(&self) -> bool {
        let params = ListParams::default().limit(1);
        let Ok(request) = Request::new(&*self.path).list(&params) else {
            return false;
        };
        self.send("list", request, ANSWER).await.is_ok()
    }

    /// Watches from a version until the server ends the watch; `begun` is called once it runs.
    pub(super) async fn watch(
        &self,
        version: &str,
        begun: impl FnOnce(),
        take: impl FnMut(Vec<Told<T>>),
    ) -> Result<(), Broken> {
        let params = WatchParams {
            timeout: Some(WATCH),
            bookmarks: true,
            ..WatchParams::default()
        };
        let request = Request::new(&*self.path)
            .watch(&params, version)
            .map_err(|error| Broken::other("watch", error))?;
        let response = self.send("watch", request, ANSWER).await?;
        begun();
        let frames = Frames::new("watch", response, SILENCE);
        match (T::DECODE, frames.protobuf) {
            (Some(decode), true) => protobuf::watch(frames, decode, take).await,
            _ => json::watch(frames, take).await,
        }
    }

    async fn send(
        &self,
        verb: &'static str,
        request: http::Request<Vec<u8>>,
        patience: Duration,
    ) -> Result<Response<Body>, Broken> {
        let mut request = request.map(Body::from);
        let accept = match T::DECODE {
            Some(_) => {
                const {
                    HeaderValue::from_static(
                        "application/vnd.kubernetes.protobuf, application/json",
                    )
                }
            }
            None => HeaderValue::from_static(JSON),
        };
        request.headers_mut().insert(ACCEPT, accept);
        let response = tokio::time::timeout(patience, self.client.send(request))
            .await
            .map_err(|_| Broken::Silent {
                seconds: patience.as_secs(),
            })?
            .map_err(|error| Broken::of_client(verb, error))?;
        if response.status().is_success() {
            return Ok(response);
        }
        Err(refused(verb, response).await)
    }
}

/// The error that an answer other than 2xx means.
async fn refused(verb: &'static str, response: Response<Body>) -> Broken {
    /// Longer explanations are cut, bytes.
    const LONGEST: usize = 64 << 10;
    #[derive(Default, serde::Deserialize)]
    #[serde(default)]
    struct Status {
        message: String,
    }
    let code = response.status();
    let retry_after = response
        .headers()
        .get(RETRY_AFTER)
        .and_then(|value| value.to_str().ok()?.parse().ok());
    let is_protobuf = is_protobuf(&response);
    let body = http_body_util::Limited::new(response.into_body(), LONGEST);
    let body = match tokio::time::timeout(ANSWER, body.collect()).await {
        Ok(Ok(body)) => body.to_bytes(),
        Ok(Err(_)) | Err(_) => Bytes::new(),
    };
    let message = if is_protobuf {
        protobuf::status_message(&body)
    } else {
        serde_json::from_slice::<Status>(&body)
            .ok()
            .map(|status| status.message)
    };
    let message = message
        .filter(|message| !message.is_empty())
        .unwrap_or_else(|| code.to_string());
    Broken::of_status(verb, code.as_u16(), message, retry_after)
}

fn is_protobuf(response: &Response<Body>) -> bool {
    let content = response.headers().get(CONTENT_TYPE);
    content
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.starts_with(PROTOBUF))
}

/// An answer's body, piece by piece, with a limit on silence.
struct Frames {
    verb: &'static str,
    body: Body,
    silence: Duration,
    protobuf: bool,
}

impl Frames {
    fn new(verb: &'static str, response: Response<Body>, silence: Duration) -> Self {
        Self {
            verb,
            silence,
            protobuf: is_protobuf(&response),
            body: response.into_body(),
        }
    }

    /// The next piece; `None` at the end.
    async fn next(&mut self) -> Result<Option<Bytes>, Broken> {
        loop {
            let frame = tokio::time::timeout(self.silence, self.body.frame())
                .await
                .map_err(|_| Broken::Silent {
                    seconds: self.silence.as_secs(),
                })?;
            match frame {
                None => return Ok(None),
                Some(Err(error)) => return Err(Broken::other(self.verb, error)),
                Some(Ok(frame)) => {
                    if let Ok(data) = frame.into_data() {
                        return Ok(Some(data));
                    }
                }
            }
        }
    }
}

/// What the status object of an `ERROR` event means.
fn told_error(code: u16, message: String, retry_after: Option<u64>) -> Broken {
    // Some proxies end a watch with an event that has no code.
    let code = if code == 0 {
        StatusCode::INTERNAL_SERVER_ERROR.as_u16()
    } else {
        code
    };
    Broken::of_status("watch", code, message, retry_after)
}
