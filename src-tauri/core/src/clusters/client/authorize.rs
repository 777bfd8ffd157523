//! Adds the credentials to every request, and forgets those that a server refused.

use std::{
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
};

use base64::{Engine, prelude::BASE64_STANDARD};
use futures::future::BoxFuture;
use http::{Method, Request, StatusCode, header::AUTHORIZATION};
use kube::{Config, client::Body};
use tower::{BoxError, Service, ServiceExt};

use super::{Answer, Below, calls::Calls, wire};
use crate::clusters::credentials::{Credential, Credentials};

/// The layer that authorizes.
#[derive(Clone)]
pub(super) struct Authorize {
    wire: Arc<Mutex<Wire>>,
    config: Arc<Config>,
    credentials: Arc<Credentials>,
    calls: Arc<Calls>,
}

/// The connections below, and the client certificate they were opened with.
struct Wire {
    below: Below,
    certificate: Option<u64>,
}

impl Authorize {
    pub(super) fn new(
        below: Below,
        config: Config,
        credentials: Arc<Credentials>,
        calls: Arc<Calls>,
    ) -> Self {
        Self {
            wire: Arc::new(Mutex::new(Wire {
                below,
                certificate: None,
            })),
            config: Arc::new(config),
            credentials,
            calls,
        }
    }

    /// What to send through: connections of an older client certificate are left behind.
    fn wire(&self, credential: &Credential) -> Result<Below, BoxError> {
        let mut held = self.wire.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(identity) = &credential.identity
            && held.certificate != Some(credential.generation)
        {
            let mut config = (*self.config).clone();
            let encoded = |pem: &str| BASE64_STANDARD.encode(pem);
            config.auth_info.client_certificate_data = Some(encoded(&identity.certificate));
            config.auth_info.client_key_data = Some(encoded(&identity.key).into());
            held.below = wire(&config)?;
            held.certificate = Some(credential.generation);
        }
        Ok(held.below.clone())
    }

    async fn send(
        &self,
        mut request: Request<Body>,
    ) -> Result<(Answer, Arc<Credential>), BoxError> {
        let credential = self.credentials.current(&self.calls).await?;
        if let Some(header) = &credential.header {
            request.headers_mut().insert(AUTHORIZATION, header.clone());
        }
        let answer = self.wire(&credential)?.oneshot(request).await?;
        Ok((answer, credential))
    }

    async fn run(self, request: Request<Body>) -> Result<Answer, BoxError> {
        // Only a read may be sent twice, and it has no body.
        let again = (request.method() == Method::GET).then(|| {
            let mut copy = Request::new(Body::empty());
            *copy.uri_mut() = request.uri().clone();
            *copy.headers_mut() = request.headers().clone();
            *copy.extensions_mut() = request.extensions().clone();
            copy
        });
        let (answer, credential) = self.send(request).await?;
        if answer.status() != StatusCode::UNAUTHORIZED || !self.credentials.refused(&credential) {
            return Ok(answer);
        }
        match again {
            Some(again) => Ok(self.send(again).await?.0),
            None => Ok(answer),
        }
    }
}

impl Service<Request<Body>> for Authorize {
    type Response = Answer;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Answer, BoxError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        Box::pin(self.clone().run(request))
    }
}
