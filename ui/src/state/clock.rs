//! The one clock of the window: every age on screen reads it, so all of them tick together.

use std::time::Duration;

use leptos::prelude::*;

/// Epoch seconds, moving once a second.
#[derive(Clone, Copy, Debug)]
pub struct Clock(RwSignal<i64>);

impl Clock {
    /// Starts the clock for the life of the window and hands it to every component below.
    pub fn provide() {
        let now = RwSignal::new(epoch_seconds());
        set_interval(move || now.set(epoch_seconds()), Duration::from_secs(1));
        provide_context(Self(now));
    }

    /// The clock provided above.
    #[must_use]
    pub fn expect() -> Self {
        expect_context()
    }

    /// Now; whoever reads it in an effect runs again each second.
    #[must_use]
    pub fn now(self) -> i64 {
        self.0.get()
    }
}

#[allow(
    clippy::cast_possible_truncation,
    reason = "milliseconds since 1970 fit an i64"
)]
fn epoch_seconds() -> i64 {
    (js_sys::Date::now() / 1_000.0) as i64
}
