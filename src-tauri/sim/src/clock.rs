//! The cluster's time. It follows tokio's clock (so a test that pauses time pauses the cluster), or stands still
//! while history is being replayed.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tokio::time::Instant;

/// Milliseconds since the Unix epoch, in the cluster's own time.
pub type Millis = i64;

/// A cheap handle on the cluster's time; clones share it.
#[derive(Clone, Debug)]
pub struct Clock(Arc<Mutex<State>>);

#[derive(Debug, Clone, Copy)]
struct State {
    base: Millis,
    /// `None` while the clock stands still at `base`.
    running_since: Option<Instant>,
    skew: Millis,
}

impl Clock {
    /// A clock that starts at the machine's time and runs with tokio's.
    #[must_use]
    pub fn system() -> Self {
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        Self::starting_at(millis(since))
    }

    /// A clock that reads `start` now and runs with tokio's time.
    #[must_use]
    pub fn starting_at(start: Millis) -> Self {
        Self(Arc::new(Mutex::new(State {
            base: start,
            running_since: Some(Instant::now()),
            skew: 0,
        })))
    }

    /// Now, in the cluster's time, skew included.
    #[must_use]
    pub fn now(&self) -> Millis {
        let s = *self.state();
        s.base + s.running_since.map_or(0, |i| millis(i.elapsed())) + s.skew
    }

    /// Moves the cluster's clock against everybody else's; 0 takes the skew away.
    pub fn skew(&self, by: Millis) {
        self.state().skew = by;
    }

    /// How long to sleep until `at`; zero when it has passed.
    pub(crate) fn until(&self, at: Millis) -> Duration {
        Duration::from_millis(u64::try_from(at - self.now()).unwrap_or(0))
    }

    pub(crate) fn stand_still_at(&self, at: Millis) {
        let mut s = self.state();
        s.base = at - s.skew;
        s.running_since = None;
    }

    pub(crate) fn run_from(&self, at: Millis) {
        let mut s = self.state();
        s.base = at - s.skew;
        s.running_since = Some(Instant::now());
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(crate) fn millis(d: Duration) -> Millis {
    Millis::try_from(d.as_millis()).unwrap_or(Millis::MAX)
}

pub(crate) const SECOND: Millis = 1000;
pub(crate) const MINUTE: Millis = 60 * SECOND;
pub(crate) const HOUR: Millis = 60 * MINUTE;
pub(crate) const DAY: Millis = 24 * HOUR;

pub(crate) fn date(at: Millis) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(at) * 1_000_000)
        .unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

/// `metav1.Time`: whole seconds, UTC.
pub(crate) fn stamp(at: Millis) -> String {
    date(at - at.rem_euclid(SECOND))
        .format(&Rfc3339)
        .unwrap_or_default()
}

/// `metav1.MicroTime`: six fractional digits, UTC.
pub(crate) fn micro_stamp(at: Millis) -> String {
    let whole = stamp(at);
    format!(
        "{}.{:06}Z",
        whole.trim_end_matches('Z'),
        at.rem_euclid(SECOND) * 1000
    )
}

/// Reads either form; `None` for an empty or unreadable text.
pub(crate) fn parse_stamp(text: &str) -> Option<Millis> {
    let t = OffsetDateTime::parse(text, &Rfc3339).ok()?;
    Millis::try_from(t.unix_timestamp_nanos() / 1_000_000).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn follows_paused_time_and_skew() {
        let c = Clock::starting_at(1_000);
        tokio::time::advance(Duration::from_secs(2)).await;
        assert_eq!(c.now(), 3_000);
        c.skew(-500);
        assert_eq!(c.now(), 2_500);
        c.stand_still_at(10_000);
        tokio::time::advance(Duration::from_secs(2)).await;
        assert_eq!(c.now(), 10_000);
    }

    #[test]
    fn stamps_read_back() {
        assert_eq!(stamp(1_700_000_000_123), "2023-11-14T22:13:20Z");
        assert_eq!(
            micro_stamp(1_700_000_000_123),
            "2023-11-14T22:13:20.123000Z"
        );
        assert_eq!(
            parse_stamp("2023-11-14T22:13:20.123000Z"),
            Some(1_700_000_000_123)
        );
        assert_eq!(parse_stamp(""), None);
    }
}
