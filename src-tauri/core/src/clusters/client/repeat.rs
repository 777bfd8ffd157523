//! Repeats failed reads: at once, after one second, after two. Changes and streams pass once.
//!
//! A server that says 429 is given the time it asks for, up to a cap, and that is counted.

use std::{
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use futures::future::BoxFuture;
use http::{Method, Request, StatusCode, header::RETRY_AFTER};
use kube::client::Body;
use tower::{BoxError, Service};

use super::{
    Answer,
    calls::Calls,
    is_stream,
    silence::{Silence, Silent},
};
use crate::{clock::Clock, clusters::credentials};

/// Waits before the second and the third attempt.
const WAITS: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(2)];
/// The most that is waited because of one 429, whatever it says.
const THROTTLE_CAP: Duration = Duration::from_secs(10);
/// What is waited when a 429 names no time.
const THROTTLE: Duration = Duration::from_secs(1);
/// Attempts that may end with 429 before that is the answer.
const THROTTLED_ATTEMPTS: u32 = 4;

/// The layer that repeats.
#[derive(Clone)]
pub(super) struct Repeat {
    below: Silence,
    calls: Arc<Calls>,
    clock: Arc<dyn Clock>,
}

impl Repeat {
    pub(super) fn new(below: Silence, calls: Arc<Calls>, clock: Arc<dyn Clock>) -> Self {
        Self {
            below,
            calls,
            clock,
        }
    }

    async fn run(mut self, request: Request<Body>) -> Result<Answer, BoxError> {
        let (parts, first) = request.into_parts();
        let mut body = Some(first);
        let (mut failures, mut throttled) = (0, 0);
        loop {
            // A read has no body: an empty one is the same request.
            let body = body.take().unwrap_or_else(Body::empty);
            let request = Request::from_parts(parts.clone(), body);
            std::future::poll_fn(|context| self.below.poll_ready(context)).await?;
            let answer = self.below.call(request).await;
            let wait = match &answer {
                Ok(answer) if answer.status() == StatusCode::TOO_MANY_REQUESTS => {
                    let wait = asked(answer);
                    self.calls.throttled(wait, self.clock.epoch_seconds());
                    throttled += 1;
                    (throttled < THROTTLED_ATTEMPTS).then_some(wait)
                }
                Ok(answer) if !answer.status().is_server_error() => None,
                Err(error) if error.is::<Silent>() || error.is::<credentials::Error>() => None,
                Ok(_) | Err(_) => {
                    failures += 1;
                    WAITS.get(failures - 1).copied()
                }
            };
            let Some(wait) = wait else {
                return answer;
            };
            drop(answer);
            tokio::time::sleep(wait).await;
            self.calls.repeated();
        }
    }
}

/// How long a 429 asks to wait, within reason.
fn asked(answer: &Answer) -> Duration {
    let said = answer.headers().get(RETRY_AFTER);
    let seconds = said.and_then(|value| value.to_str().ok()?.trim().parse::<u64>().ok());
    seconds
        .map_or(THROTTLE, Duration::from_secs)
        .min(THROTTLE_CAP)
}

impl Service<Request<Body>> for Repeat {
    type Response = Answer;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Answer, BoxError>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.below.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
        if is_read && !is_stream(&request) {
            return Box::pin(self.clone().run(request));
        }
        let (calls, clock) = (Arc::clone(&self.calls), Arc::clone(&self.clock));
        let answer = self.below.call(request);
        Box::pin(async move {
            let answer = answer.await;
            if let Ok(answer) = &answer
                && answer.status() == StatusCode::TOO_MANY_REQUESTS
            {
                calls.throttled(Duration::ZERO, clock.epoch_seconds());
            }
            answer
        })
    }
}

#[cfg(test)]
mod tests;
