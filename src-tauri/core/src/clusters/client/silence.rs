//! Notices a server that has gone silent in the middle of an answer.
//!
//! Only silence counts, not duration: a large list over a slow line may take its time. Streams are
//! left to their readers and to TCP's keepalive.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use futures::future::BoxFuture;
use http::{Method, Request};
use http_body_util::combinators::UnsyncBoxBody;
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use kube::client::Body;
use tokio::time::{Instant, Sleep};
use tower::{BoxError, Service};

use super::{Answer, boxed, calls::Counted, is_stream};

/// For the beginning of an answer: a list of everything is encoded before its first byte is sent.
const ANSWER: Duration = Duration::from_secs(60);
/// Between two pieces of an answer.
const PIECE: Duration = Duration::from_secs(30);

/// The server went silent.
#[derive(Debug, thiserror::Error)]
#[error("the server was silent for {} s", .0.as_secs())]
pub(super) struct Silent(Duration);

/// The layer that listens.
#[derive(Clone)]
pub(super) struct Silence {
    below: Counted,
}

impl Silence {
    pub(super) fn new(below: Counted) -> Self {
        Self { below }
    }
}

impl Service<Request<Body>> for Silence {
    type Response = Answer;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Answer, BoxError>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.below.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let listened = request.method() == Method::GET && !is_stream(&request);
        let answer = self.below.call(request);
        if !listened {
            return answer;
        }
        Box::pin(async move {
            let answer = tokio::time::timeout(ANSWER, answer)
                .await
                .map_err(|_| Silent(ANSWER))??;
            Ok(answer.map(|body| boxed(Listened::new(body))))
        })
    }
}

/// A body that ends with an error when nothing comes any more.
struct Listened {
    body: UnsyncBoxBody<Bytes, BoxError>,
    deadline: Pin<Box<Sleep>>,
}

impl Listened {
    fn new(body: UnsyncBoxBody<Bytes, BoxError>) -> Self {
        Self {
            body,
            deadline: Box::pin(tokio::time::sleep(PIECE)),
        }
    }
}

impl HttpBody for Listened {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(context) {
            self.deadline.as_mut().reset(Instant::now() + PIECE);
            return Poll::Ready(frame);
        }
        ready!(self.deadline.as_mut().poll(context));
        Poll::Ready(Some(Err(Silent(PIECE).into())))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
