//! What an API server answered, kept and played again: a client in front of the real one that remembers
//! every byte, and a client of nothing but that memory. The bytes are the server's; only their pace is ours.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use futures::{Stream, StreamExt, stream, stream::BoxStream};
use http::{HeaderMap, Request, Response, StatusCode};
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use kube::Client;
use kube::client::Body;
use tokio::sync::watch;
use tower::service_fn;

/// One answer of the server.
#[derive(Debug, Clone)]
struct Answer {
    /// Path and query of the request.
    request: String,
    status: StatusCode,
    headers: HeaderMap,
    pieces: Vec<Bytes>,
    /// How many pieces had come when the list was whole.
    at_mark: usize,
    ended: bool,
}

/// All answers in the order of their requests.
#[derive(Debug, Clone, Default)]
pub struct Tape(Arc<Mutex<Vec<Answer>>>);

/// In which encoding the server is to answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// As the core asks for.
    AsAsked,
    /// JSON, whatever the core asks for.
    Json,
}

/// Whether the watch goes on after the list.
pub type Gate = watch::Sender<bool>;

impl Tape {
    /// A client whose answers come from `real` and are remembered.
    pub fn record(&self, real: Client, encoding: Encoding) -> Client {
        let tape = self.clone();
        let namespace = real.default_namespace().to_owned();
        let service = service_fn(move |mut request: Request<Body>| {
            let (tape, real) = (tape.clone(), real.clone());
            async move {
                if encoding == Encoding::Json {
                    let json = http::HeaderValue::from_static("application/json");
                    request.headers_mut().insert(http::header::ACCEPT, json);
                }
                let asked = request.uri().to_string();
                let response = real.send(request).await?;
                let (parts, body) = response.into_parts();
                let place = tape.begin(asked, &parts);
                let body = body
                    .into_data_stream()
                    .chain(stream::once(async { Ok(Bytes::new()) }));
                let body = body.map(move |piece| {
                    let piece = piece?;
                    tape.note(place, &piece);
                    Ok::<_, kube::Error>(Frame::data(piece))
                });
                Ok::<_, kube::Error>(Response::from_parts(parts, StreamBody::new(body)))
            }
        });
        Client::new(service, namespace)
    }

    /// Says that the list is whole: what comes from now on is the watch.
    pub fn mark(&self) {
        for answer in self.lock().iter_mut() {
            answer.at_mark = answer.pieces.len();
        }
    }

    /// The pieces after the mark, in order.
    pub fn after_mark(&self) -> Vec<Bytes> {
        let answers = self.lock();
        let rest = answers
            .iter()
            .flat_map(|answer| &answer.pieces[answer.at_mark..]);
        rest.cloned().collect()
    }

    /// Whether the watch came as protobuf.
    pub fn is_protobuf(&self) -> bool {
        self.lock().last().is_some_and(|answer| {
            let kind = answer.headers.get(http::header::CONTENT_TYPE);
            kind.is_some_and(|kind| {
                kind.as_bytes()
                    .starts_with(b"application/vnd.kubernetes.protobuf")
            })
        })
    }

    /// A client that answers from the tape: everything up to the mark at once, the rest as `pace` lets it
    /// come. A request that was never recorded is answered 501, so that a replay that strays is noticed.
    pub fn play<P, S>(&self, pace: P) -> Client
    where
        P: Fn(Vec<Bytes>) -> S + Send + Sync + 'static,
        S: Stream<Item = Bytes> + Send + 'static,
    {
        let left = Arc::new(Mutex::new(VecDeque::from(self.lock().clone())));
        let pace = Arc::new(pace);
        let service = service_fn(move |request: Request<Body>| {
            let asked = request.uri().to_string();
            let mut left = left.lock().unwrap_or_else(PoisonError::into_inner);
            let answer = match left.front() {
                Some(next) if next.request == asked => left.pop_front(),
                Some(_) => None,
                // After the last recorded watch there is nothing more to tell.
                None => Some(Answer::silence(&asked)),
            };
            drop(left);
            let pace = Arc::clone(&pace);
            async move { Ok::<_, Infallible>(played(answer, &*pace)) }
        });
        Client::new(service, "default")
    }

    fn begin(&self, request: String, parts: &http::response::Parts) -> usize {
        let mut answers = self.lock();
        answers.push(Answer {
            request,
            status: parts.status,
            headers: parts.headers.clone(),
            pieces: Vec::new(),
            at_mark: 0,
            ended: false,
        });
        answers.len() - 1
    }

    fn note(&self, place: usize, piece: &Bytes) {
        let mut answers = self.lock();
        if piece.is_empty() {
            answers[place].ended = true;
        } else {
            answers[place].pieces.push(piece.clone());
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Answer>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Answer {
    fn silence(request: &str) -> Self {
        Self {
            request: request.into(),
            status: StatusCode::OK,
            headers: HeaderMap::new(),
            pieces: Vec::new(),
            at_mark: 0,
            ended: false,
        }
    }
}

/// A body of pieces.
type Played = StreamBody<BoxStream<'static, Result<Frame<Bytes>, Infallible>>>;

fn body(pieces: impl Stream<Item = Bytes> + Send + 'static) -> Played {
    StreamBody::new(pieces.map(|piece| Ok(Frame::data(piece))).boxed())
}

fn played<P, S>(answer: Option<Answer>, pace: &P) -> Response<Played>
where
    P: Fn(Vec<Bytes>) -> S,
    S: Stream<Item = Bytes> + Send + 'static,
{
    let Some(mut answer) = answer else {
        let mut response =
            Response::new(body(stream::iter([Bytes::from_static(b"not on the tape")])));
        *response.status_mut() = StatusCode::NOT_IMPLEMENTED;
        return response;
    };
    let later = answer.pieces.split_off(answer.at_mark);
    let (now, rest) = (stream::iter(answer.pieces), pace(later));
    let end = stream::once(async move {
        if !answer.ended {
            std::future::pending::<()>().await;
        }
        Bytes::new()
    });
    let mut response = Response::new(body(now.chain(rest).chain(end)));
    *response.status_mut() = answer.status;
    *response.headers_mut() = answer.headers;
    response
}

/// Pieces that come at once when the gate opens.
pub fn behind(
    gate: &Gate,
) -> impl Fn(Vec<Bytes>) -> BoxStream<'static, Bytes> + Send + Sync + use<> {
    let gate = gate.subscribe();
    move |pieces| {
        // The list has nothing left: its end must not wait.
        if pieces.is_empty() {
            return stream::empty().boxed();
        }
        let mut gate = gate.clone();
        let opened = async move {
            // A gate that is gone is open: nobody waits any more.
            let _ = gate.wait_for(|open| *open).await;
            stream::iter(pieces)
        };
        stream::once(opened).flatten().boxed()
    }
}
