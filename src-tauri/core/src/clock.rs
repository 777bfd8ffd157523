//! Time, passed in.

use std::fmt::Debug;

use time::OffsetDateTime;

/// Where "now" comes from.
pub trait Clock: Debug + Send + Sync + 'static {
    /// The time of day, UTC.
    fn now(&self) -> OffsetDateTime;

    /// Whole seconds since the epoch.
    fn epoch_seconds(&self) -> i64 {
        self.now().unix_timestamp()
    }
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> OffsetDateTime {
        OffsetDateTime::now_utc()
    }
}
