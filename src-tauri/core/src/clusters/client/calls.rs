//! Counts what is asked of an API server and how long the answers take.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicI64, AtomicU32, AtomicU64, Ordering::Relaxed},
    },
    task::{Context, Poll},
    time::{Duration, Instant},
};

use futures::future::BoxFuture;
use http::Request;
use kube::client::Body;
use kubegraf_ipc::inspect::ApiCalls;
use tower::{BoxError, Service};

use super::{Answer, Below};

/// Upper bounds of the histogram's buckets, milliseconds; one more takes what is slower.
const BOUNDS: [u32; 24] = [
    1, 2, 3, 5, 8, 12, 20, 30, 50, 80, 120, 200, 300, 500, 800, 1_200, 2_000, 3_000, 5_000, 8_000,
    12_000, 20_000, 30_000, 60_000,
];
const NEVER: i64 = i64::MIN;

/// The figures of one connection.
#[derive(Debug)]
pub(crate) struct Calls {
    sent: AtomicU64,
    repeated: AtomicU64,
    failed: AtomicU64,
    throttled: AtomicU64,
    throttled_ms: AtomicU64,
    throttled_at: AtomicI64,
    in_flight: AtomicU32,
    renewals: AtomicU64,
    latency: [AtomicU64; BOUNDS.len() + 1],
    minute: Mutex<Minute>,
}

/// Requests per second of the last minute.
#[derive(Debug)]
struct Minute {
    began: Instant,
    /// The second that the last request fell into, since `began`.
    second: u64,
    counts: [u32; 60],
}

impl Minute {
    fn add(&mut self, now: Instant, requests: u32) -> u32 {
        let second = now.saturating_duration_since(self.began).as_secs();
        let passed = second.saturating_sub(self.second).min(60);
        for step in 1..=passed {
            self.counts[((self.second + step) % 60) as usize] = 0;
        }
        self.second = self.second.max(second);
        self.counts[(self.second % 60) as usize] += requests;
        self.counts.iter().sum()
    }
}

impl Default for Calls {
    fn default() -> Self {
        let minute = Minute {
            began: Instant::now(),
            second: 0,
            counts: [0; 60],
        };
        Self {
            sent: AtomicU64::default(),
            repeated: AtomicU64::default(),
            failed: AtomicU64::default(),
            throttled: AtomicU64::default(),
            throttled_ms: AtomicU64::default(),
            throttled_at: AtomicI64::new(NEVER),
            in_flight: AtomicU32::default(),
            renewals: AtomicU64::default(),
            latency: std::array::from_fn(|_| AtomicU64::default()),
            minute: Mutex::new(minute),
        }
    }
}

impl Calls {
    /// A request was sent again.
    pub(super) fn repeated(&self) {
        self.repeated.fetch_add(1, Relaxed);
    }

    /// The server asked to slow down, at `now`, and that much is waited.
    pub(super) fn throttled(&self, wait: Duration, now: i64) {
        self.throttled.fetch_add(1, Relaxed);
        self.throttled_ms
            .fetch_add(wait.as_millis() as u64, Relaxed);
        self.throttled_at.store(now, Relaxed);
    }

    /// Credentials were renewed.
    pub(crate) fn renewed(&self) {
        self.renewals.fetch_add(1, Relaxed);
    }

    fn begin(self: &Arc<Self>) -> InFlight {
        self.sent.fetch_add(1, Relaxed);
        self.in_flight.fetch_add(1, Relaxed);
        let now = Instant::now();
        self.minute(now, 1);
        InFlight {
            calls: Arc::clone(self),
            began: now,
        }
    }

    fn minute(&self, now: Instant, requests: u32) -> u32 {
        let mut minute = self.minute.lock().unwrap_or_else(PoisonError::into_inner);
        minute.add(now, requests)
    }

    fn end(&self, took: Duration, failed: bool) {
        if failed {
            self.failed.fetch_add(1, Relaxed);
        }
        let ms = took.as_micros().div_ceil(1000);
        let bucket = BOUNDS.iter().position(|bound| ms <= u128::from(*bound));
        self.latency[bucket.unwrap_or(BOUNDS.len())].fetch_add(1, Relaxed);
    }

    /// The figures now.
    pub(crate) fn figures(&self) -> ApiCalls {
        let throttled_at = self.throttled_at.load(Relaxed);
        let latency: Vec<u64> = self
            .latency
            .iter()
            .map(|count| count.load(Relaxed))
            .collect();
        ApiCalls {
            sent: self.sent.load(Relaxed),
            repeated: self.repeated.load(Relaxed),
            failed: self.failed.load(Relaxed),
            throttled: self.throttled.load(Relaxed),
            throttled_ms: self.throttled_ms.load(Relaxed),
            throttled_at: (throttled_at != NEVER).then_some(throttled_at),
            in_flight: self.in_flight.load(Relaxed),
            last_minute: self.minute(Instant::now(), 0),
            p50_ms: quantile(&latency, 50),
            p95_ms: quantile(&latency, 95),
            p99_ms: quantile(&latency, 99),
            renewals: self.renewals.load(Relaxed),
        }
    }
}

/// The bound of the bucket that holds this share of the answers; the last bound stands for all above.
fn quantile(counts: &[u64], percent: u64) -> Option<u32> {
    let total: u64 = counts.iter().sum();
    let wanted = (total * percent).div_ceil(100);
    let mut seen = 0;
    let bucket = counts.iter().position(|count| {
        seen += count;
        seen >= wanted && seen > 0
    })?;
    Some(BOUNDS[bucket.min(BOUNDS.len() - 1)])
}

/// A request without an answer yet; one that is given up counts as over.
struct InFlight {
    calls: Arc<Calls>,
    began: Instant,
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.calls.in_flight.fetch_sub(1, Relaxed);
    }
}

/// The layer that counts.
#[derive(Clone)]
pub(super) struct Counted {
    below: Below,
    calls: Arc<Calls>,
}

impl Counted {
    pub(super) fn new(below: Below, calls: Arc<Calls>) -> Self {
        Self { below, calls }
    }
}

impl Service<Request<Body>> for Counted {
    type Response = Answer;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Answer, BoxError>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.below.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let under_way = self.calls.begin();
        let answer = self.below.call(request);
        Box::pin(async move {
            let answer = answer.await;
            let failed = answer.as_ref().map_or(true, |a| a.status().as_u16() >= 400);
            under_way.calls.end(under_way.began.elapsed(), failed);
            answer
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_bounds_of_buckets() {
        let calls = Arc::new(Calls::default());
        assert_eq!(calls.figures().p50_ms, None);
        for ms in [1, 1, 1, 40, 40, 40, 40, 40, 40, 90_000] {
            calls.end(Duration::from_millis(ms), ms > 1000);
        }
        let figures = calls.figures();
        assert_eq!((figures.p50_ms, figures.p95_ms), (Some(50), Some(60_000)));
        assert_eq!(figures.failed, 1);
    }

    #[test]
    fn the_last_minute_forgets() {
        let began = Instant::now();
        let mut minute = Minute {
            began,
            second: 0,
            counts: [0; 60],
        };
        let at = |seconds| began + Duration::from_secs(seconds);
        minute.add(at(0), 5);
        assert_eq!(minute.add(at(59), 1), 6);
        assert_eq!(minute.add(at(60), 1), 2, "the first second has left");
        assert_eq!(minute.add(at(400), 0), 0);
    }

    #[test]
    fn a_request_that_is_given_up_is_not_in_flight() {
        let calls = Arc::new(Calls::default());
        let request = calls.begin();
        assert_eq!(calls.figures().in_flight, 1);
        drop(request);
        assert_eq!((calls.figures().in_flight, calls.figures().sent), (0, 1));
    }
}
