//! Faults on demand: what the network and a tired API server do to a client. Seeded, so that a test that fails
//! fails again.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::StreamExt;

use crate::body::{Chunks, SimBody};
use crate::rng::Rng;

/// What goes wrong.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// The answer starts this much later, plus up to `jitter`.
    Latency {
        /// Always waited.
        base: Duration,
        /// Upper bound of the random part.
        jitter: Duration,
    },
    /// A `Status` with this code instead of an answer; 429 and 503 carry `Retry-After` when given.
    Fail {
        /// HTTP status, 400 to 599.
        code: u16,
        /// Seconds for the header.
        retry_after: Option<u32>,
    },
    /// 403 for the request; access reviews say so too.
    Forbid,
    /// No answer at all: the connection is refused.
    Refuse,
    /// The body ends with a connection error after this many bytes, mid-frame if it must be.
    Cut {
        /// Bytes let through.
        after_bytes: usize,
    },
    /// The body stops without an end after this many bytes: the half-open connection.
    Stall {
        /// Bytes let through.
        after_bytes: usize,
    },
    /// The body trickles.
    Slow {
        /// Bytes per second, at least 1.
        bytes_per_second: u32,
    },
}

/// An effect, the requests it hits and how often.
#[derive(Debug, Clone)]
pub struct Fault {
    effect: Effect,
    verb: Option<String>,
    resource: Option<String>,
    namespace: Option<String>,
    times: Option<u32>,
    probability: f64,
}

impl Fault {
    /// A fault that hits every request until it is cleared.
    #[must_use]
    pub fn new(effect: Effect) -> Self {
        Self {
            effect,
            verb: None,
            resource: None,
            namespace: None,
            times: None,
            probability: 1.0,
        }
    }

    /// Only requests of this verb (`get`, `list`, `watch`, `create`, `update`, `patch`, `delete`, `deletecollection`).
    #[must_use]
    pub fn verb(mut self, verb: &str) -> Self {
        self.verb = Some(verb.to_owned());
        self
    }

    /// Only requests for this resource (`pods`, `deployments`, `pods/log`).
    #[must_use]
    pub fn resource(mut self, resource: &str) -> Self {
        self.resource = Some(resource.to_owned());
        self
    }

    /// Only requests in this namespace.
    #[must_use]
    pub fn namespace(mut self, namespace: &str) -> Self {
        self.namespace = Some(namespace.to_owned());
        self
    }

    /// Only the next `n` requests that match.
    #[must_use]
    pub fn times(mut self, n: u32) -> Self {
        self.times = Some(n);
        self
    }

    /// Each matching request with this probability, 0 to 1.
    #[must_use]
    pub fn probability(mut self, p: f64) -> Self {
        self.probability = p;
        self
    }

    fn concerns(&self, what: &Subject<'_>) -> bool {
        self.verb.as_deref().is_none_or(|v| v == what.verb)
            && self.resource.as_deref().is_none_or(|r| r == what.resource)
            && self
                .namespace
                .as_deref()
                .is_none_or(|n| n == what.namespace)
            && self.times != Some(0)
    }
}

/// What a request is, as far as faults and permissions care.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Subject<'a> {
    pub verb: &'a str,
    /// `pods` or `pods/log`.
    pub resource: &'a str,
    pub namespace: &'a str,
}

/// The handle tests hold; clones share the same faults.
#[derive(Debug, Clone)]
pub struct Faults(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    active: Vec<Fault>,
    rng: Rng,
}

impl Faults {
    pub(crate) fn new(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(State {
            active: Vec::new(),
            rng: Rng::new(seed ^ 0xfa17),
        })))
    }

    /// Adds a fault; it acts on requests that start from now on.
    pub fn add(&self, fault: Fault) {
        self.state().active.push(fault);
    }

    /// Takes all faults away. Streams already cut or stalled stay so.
    pub fn clear(&self) {
        self.state().active.clear();
    }

    /// The effects that hit this request, counted and drawn.
    pub(crate) fn strike(&self, what: &Subject<'_>) -> Vec<Effect> {
        let mut state = self.state();
        let State { active, rng } = &mut *state;
        let mut hits = Vec::new();
        for fault in active.iter_mut().filter(|f| f.concerns(what)) {
            if fault.probability < 1.0 && !rng.chance(fault.probability) {
                continue;
            }
            if let Some(left) = &mut fault.times {
                *left -= 1;
            }
            hits.push(match &fault.effect {
                Effect::Latency { base, jitter } => {
                    let extra = rng.below(u64::try_from(jitter.as_millis()).unwrap_or(0) + 1);
                    Effect::Latency {
                        base: *base + Duration::from_millis(extra),
                        jitter: Duration::ZERO,
                    }
                }
                other => other.clone(),
            });
        }
        active.retain(|f| f.times != Some(0));
        hits
    }

    /// Whether a review should answer "denied" for this.
    pub(crate) fn denies(&self, what: &Subject<'_>) -> bool {
        self.state()
            .active
            .iter()
            .any(|f| f.effect == Effect::Forbid && f.concerns(what))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Does to a body what the effects say.
pub(crate) fn spoil(body: SimBody, effects: &[Effect]) -> SimBody {
    let mut body = body;
    for effect in effects {
        body = match *effect {
            Effect::Cut { after_bytes } => {
                let cut = futures::stream::iter([Err(io::Error::new(
                    io::ErrorKind::ConnectionReset,
                    "connection reset by peer",
                ))]);
                SimBody::flowing(Box::pin(
                    first_bytes(body.into_chunks(), after_bytes).chain(cut),
                ))
            }
            Effect::Stall { after_bytes } => SimBody::flowing(Box::pin(
                first_bytes(body.into_chunks(), after_bytes).chain(futures::stream::pending()),
            )),
            Effect::Slow { bytes_per_second } => {
                SimBody::flowing(trickle(body.into_chunks(), bytes_per_second))
            }
            _ => body,
        };
    }
    body
}

fn first_bytes(
    chunks: Chunks,
    limit: usize,
) -> impl futures::Stream<Item = io::Result<bytes::Bytes>> + Send {
    chunks.scan(limit, |left, chunk| {
        let taken = match chunk {
            _ if *left == 0 => None,
            Ok(mut bytes) => {
                bytes.truncate(*left);
                *left -= bytes.len();
                Some(Ok(bytes))
            }
            Err(e) => Some(Err(e)),
        };
        futures::future::ready(taken)
    })
}

fn trickle(chunks: Chunks, bytes_per_second: u32) -> Chunks {
    let step = usize::try_from(bytes_per_second.max(10) / 10).unwrap_or(1);
    Box::pin(
        chunks
            .flat_map(move |chunk| {
                let parts: Vec<io::Result<bytes::Bytes>> = match chunk {
                    Ok(b) => (0..b.len())
                        .step_by(step)
                        .map(|i| Ok(b.slice(i..b.len().min(i + step))))
                        .collect(),
                    Err(e) => vec![Err(e)],
                };
                futures::stream::iter(parts)
            })
            .then(|part| async move {
                tokio::time::sleep(Duration::from_millis(100)).await;
                part
            }),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST_PODS: Subject<'_> = Subject {
        verb: "list",
        resource: "pods",
        namespace: "a",
    };

    #[test]
    fn a_fault_hits_what_it_names_and_as_often_as_it_says() {
        let faults = Faults::new(1);
        let fail = Effect::Fail {
            code: 503,
            retry_after: None,
        };
        faults.add(Fault::new(fail.clone()).verb("list").times(2));
        assert_eq!(
            faults.strike(&Subject {
                verb: "get",
                ..LIST_PODS
            }),
            []
        );
        assert_eq!(faults.strike(&LIST_PODS), std::slice::from_ref(&fail));
        assert_eq!(faults.strike(&LIST_PODS), [fail]);
        assert_eq!(faults.strike(&LIST_PODS), []);
    }

    #[test]
    fn the_same_seed_strikes_the_same_requests() {
        let run = |seed| {
            let f = Faults::new(seed);
            f.add(Fault::new(Effect::Refuse).probability(0.5));
            (0..64)
                .map(|_| f.strike(&LIST_PODS).len())
                .collect::<Vec<_>>()
        };
        assert_eq!(run(3), run(3));
        assert_ne!(run(3), run(4));
    }

    #[tokio::test]
    async fn a_cut_body_ends_in_an_error_mid_frame() {
        let body = spoil(
            SimBody::whole("0123456789"),
            &[Effect::Cut { after_bytes: 4 }],
        );
        let parts: Vec<_> = body.into_chunks().collect().await;
        assert_eq!(parts.len(), 2);
        assert_eq!(parts[0].as_ref().expect("data"), "0123");
        assert!(parts[1].is_err());
    }
}
