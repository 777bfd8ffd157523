//! A connection's credentials: where they come from, how long they are good, and that many
//! requests renew them once.
//!
//! Client certificates of the kubeconfig itself are TLS's affair and not seen here.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use base64::{Engine, prelude::BASE64_STANDARD};
use futures::{
    FutureExt,
    future::{BoxFuture, Shared},
};
use http::HeaderValue;
use tokio::sync::oneshot;

use super::{client::calls::Calls, exec, files};
use crate::{TaskGuard, clock::Clock};

/// A token file is read again after this long, as kubectl does.
const FILE: Duration = Duration::from_secs(10);
/// Renewed this many seconds before the end, or a tenth of the whole time if that is less.
const EARLY: i64 = 60;
/// Fresh credentials that are refused are not renewed more often than this.
const REFUSED: Duration = Duration::from_secs(30);

/// There are no credentials.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The program for credentials has not given any.
    #[error(transparent)]
    Exec(Arc<exec::Error>),
    /// The token file has not given any.
    #[error("the token file \"{path}\" cannot be used: {reason}")]
    File {
        /// The file.
        path: String,
        /// Why.
        reason: String,
    },
    /// A value cannot stand in a header.
    #[error("the {0} has characters that cannot be sent")]
    Unsendable(&'static str),
    /// The work that would have told has ended.
    #[error("the renewal of the credentials was given up")]
    GivenUp,
}

/// Where credentials come from.
pub(crate) enum Source {
    /// Nothing is added to requests.
    None,
    /// Always the same header.
    Fixed(HeaderValue),
    /// A file with a token, written again by someone else.
    File(PathBuf),
    /// A program.
    Exec(exec::Plugin),
}

/// What is added to requests.
#[derive(Debug, Default)]
pub(crate) struct Credential {
    /// The `Authorization` header.
    pub(crate) header: Option<HeaderValue>,
    /// A client certificate with its key.
    pub(crate) identity: Option<Identity>,
    /// Counts the renewals.
    pub(crate) generation: u64,
    /// When it ends, epoch seconds.
    pub(crate) expires: Option<i64>,
    obtained: i64,
}

/// A client certificate with its key.
pub(crate) struct Identity {
    /// PEM.
    pub(crate) certificate: String,
    /// PEM.
    pub(crate) key: String,
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Identity")
    }
}

type Renewal = Shared<BoxFuture<'static, Result<Arc<Credential>, Error>>>;

/// Gives the credential of the moment.
pub(crate) struct Credentials {
    source: Arc<Source>,
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

struct State {
    now: Now,
    generation: u64,
    /// When a refused credential was last given up.
    refused: Option<Instant>,
}

enum Now {
    /// Nothing is known.
    Nothing,
    /// Somebody is asking; whoever comes meanwhile waits for the same answer.
    Renewing { answer: Renewal, _work: TaskGuard },
    /// This one.
    Known(Arc<Credential>, Instant),
}

impl Credentials {
    pub(crate) fn new(source: Source, clock: Arc<dyn Clock>) -> Self {
        Self {
            source: Arc::new(source),
            clock,
            state: Mutex::new(State {
                now: Now::Nothing,
                generation: 0,
                refused: None,
            }),
        }
    }

    /// A good credential; renewed first if need be.
    pub(crate) async fn current(&self, calls: &Calls) -> Result<Arc<Credential>, Error> {
        let renewal = match self.known_or_renewal(calls) {
            Ok(known) => return Ok(known),
            Err(renewal) => renewal,
        };
        let answer = renewal.clone().await;
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Now::Renewing { answer: asked, .. } = &state.now
            && asked.ptr_eq(&renewal)
        {
            state.now = match &answer {
                Ok(credential) => Now::Known(Arc::clone(credential), Instant::now()),
                // The next request asks anew; those that waited have this answer.
                Err(_) => Now::Nothing,
            };
        }
        answer
    }

    fn known_or_renewal(&self, calls: &Calls) -> Result<Arc<Credential>, Renewal> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match &state.now {
            Now::Known(credential, since) if self.is_good(credential, *since) => {
                return Ok(Arc::clone(credential));
            }
            Now::Renewing { answer, .. } => return Err(answer.clone()),
            Now::Known(..) | Now::Nothing => {}
        }
        let before = match &state.now {
            Now::Known(credential, _) => Some(Arc::clone(credential)),
            _ => None,
        };
        state.generation += 1;
        if state.generation > 1 {
            calls.renewed();
        }
        let (tell, told) = oneshot::channel();
        let work = obtain(
            Arc::clone(&self.source),
            before,
            state.generation,
            self.clock.epoch_seconds(),
        );
        // A task of its own: the request that began it may be given up, the others still wait.
        let work = TaskGuard::spawn(async move {
            let _ = tell.send(work.await);
        });
        let answer = told
            .map(|told| told.unwrap_or(Err(Error::GivenUp)))
            .boxed()
            .shared();
        state.now = Now::Renewing {
            answer: answer.clone(),
            _work: work,
        };
        Err(answer)
    }

    fn is_good(&self, credential: &Credential, since: Instant) -> bool {
        match &*self.source {
            Source::None | Source::Fixed(_) => true,
            Source::File(_) => since.elapsed() < FILE,
            Source::Exec(_) => credential.expires.is_none_or(|expires| {
                let early = EARLY.min((expires - credential.obtained).max(0) / 10);
                self.clock.epoch_seconds() < expires - early
            }),
        }
    }

    /// A server refused this credential: it is given up, once. Says whether another try makes sense.
    pub(crate) fn refused(&self, refused: &Credential) -> bool {
        if matches!(*self.source, Source::None | Source::Fixed(_)) {
            return false;
        }
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match &state.now {
            Now::Known(known, _) if known.generation == refused.generation => {
                let lately = state.refused.is_some_and(|last| last.elapsed() < REFUSED);
                if lately {
                    return false;
                }
                state.refused = Some(Instant::now());
                state.now = Now::Nothing;
                true
            }
            // Someone else has renewed it already, or is at it.
            Now::Known(..) | Now::Renewing { .. } => true,
            Now::Nothing => true,
        }
    }
}

async fn obtain(
    source: Arc<Source>,
    before: Option<Arc<Credential>>,
    generation: u64,
    now: i64,
) -> Result<Arc<Credential>, Error> {
    let credential = match &*source {
        Source::None => Credential::default(),
        Source::Fixed(header) => Credential {
            header: Some(header.clone()),
            ..Credential::default()
        },
        Source::File(path) => match from_file(path.clone()).await {
            Ok(header) => Credential {
                header: Some(header),
                ..Credential::default()
            },
            // A file that is just being replaced is no reason to stop: the old token may still do.
            Err(error) => return before.ok_or(error),
        },
        Source::Exec(plugin) => {
            let given = plugin.run().await.map_err(|e| Error::Exec(Arc::new(e)))?;
            Credential {
                header: given.token.as_deref().map(bearer).transpose()?,
                identity: given
                    .identity
                    .map(|(certificate, key)| Identity { certificate, key }),
                expires: given.expires,
                ..Credential::default()
            }
        }
    };
    Ok(Arc::new(Credential {
        generation,
        obtained: now,
        ..credential
    }))
}

async fn from_file(path: PathBuf) -> Result<HeaderValue, Error> {
    let unusable = |path: &std::path::Path, reason: String| Error::File {
        path: path.display().to_string(),
        reason,
    };
    let shown = path.clone();
    let read = tokio::task::spawn_blocking(move || files::text(&path))
        .await
        .map_err(|_| Error::GivenUp)?;
    let token = read.map_err(|error| unusable(&shown, error.to_string()))?;
    let token = token.trim();
    if token.is_empty() {
        return Err(unusable(&shown, "it is empty".into()));
    }
    bearer(token)
}

/// The header of a token.
pub(crate) fn bearer(token: &str) -> Result<HeaderValue, Error> {
    header(format!("Bearer {}", token.trim()), "token")
}

/// The header of a name and a password.
pub(crate) fn basic(user: &str, password: &str) -> Result<HeaderValue, Error> {
    let encoded = BASE64_STANDARD.encode(format!("{user}:{password}"));
    header(format!("Basic {encoded}"), "password")
}

fn header(text: String, what: &'static str) -> Result<HeaderValue, Error> {
    let mut value = HeaderValue::try_from(text).map_err(|_| Error::Unsendable(what))?;
    value.set_sensitive(true);
    Ok(value)
}
