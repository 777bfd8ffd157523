//! When a name is locked, and for how long. Pure: counts and times in, counts and times out.

/// Failures that are free.
const FREE: u32 = 5;
/// Seconds of the first lock; each further failure doubles it.
const FIRST: i64 = 15 * 60;
/// Seconds of the longest one.
const LONGEST: i64 = 24 * 60 * 60;
/// Seconds after which failures are forgotten, from the last one or from the end of its lock.
const FORGET: i64 = 24 * 60 * 60;

/// What is known of the failed attempts on a name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Failures {
    /// How many, without a success in between.
    pub(crate) count: u32,
    /// When the last one was, epoch seconds.
    pub(crate) last_at: i64,
    /// Until when nobody gets in, epoch seconds.
    pub(crate) locked_until: Option<i64>,
}

/// For how many minutes more a name is locked, rounded up.
pub(super) fn locked(failures: Failures, now: i64) -> Option<i64> {
    let left = failures.locked_until? - now;
    // A clock that was set back must not make a lock longer than any lock is.
    (left > 0).then(|| (left.min(LONGEST) + 59) / 60)
}

/// One more failure.
pub(super) fn after(before: Failures, now: i64) -> Failures {
    let quiet_since = before
        .locked_until
        .unwrap_or(before.last_at)
        .max(before.last_at);
    let count = match now - quiet_since > FORGET {
        true => 1,
        false => before.count.saturating_add(1),
    };
    let locked_until = count.checked_sub(FREE).map(|beyond| {
        let seconds = FIRST.saturating_mul(1_i64.checked_shl(beyond.min(32)).unwrap_or(i64::MAX));
        now + seconds.min(LONGEST)
    });
    Failures {
        count,
        last_at: now,
        locked_until,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn five_are_free_and_each_lock_is_twice_as_long() {
        let mut failures = Failures::default();
        let mut now = 1_000;
        for _ in 1..FREE {
            failures = after(failures, now);
            assert_eq!(locked(failures, now), None);
            now += 1;
        }
        for minutes in [15, 30, 60, 120, 240, 480, 960, 1440, 1440] {
            failures = after(failures, now);
            assert_eq!(locked(failures, now), Some(minutes));
            now = failures.locked_until.unwrap();
            assert_eq!(locked(failures, now), None, "a lock ends");
            assert!(locked(failures, now - 1).is_some());
        }
        now += FORGET + 1;
        assert_eq!(
            after(failures, now).count,
            1,
            "what is long ago is forgotten"
        );
    }

    proptest! {
        #[test]
        fn no_history_locks_for_longer_than_a_day_or_lets_a_sixth_try_in(
            pauses in prop::collection::vec(0_i64..100_000, 1..60)
        ) {
            let (mut failures, mut now, mut tries) = (Failures::default(), 0, Vec::new());
            for pause in pauses {
                now += pause;
                if locked(failures, now).is_some() {
                    continue;
                }
                failures = after(failures, now);
                tries.push(now);
                prop_assert!(failures.locked_until.is_none_or(|until| until - now <= LONGEST));
                let lately = tries.iter().filter(|at| now - **at < FIRST).count();
                prop_assert!(lately <= FREE as usize, "{lately} tries within a quarter of an hour");
            }
        }
    }
}
