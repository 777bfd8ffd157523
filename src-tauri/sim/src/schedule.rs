//! Cron schedules: five fields, names of months and days, steps, ranges, `@daily` and its like. UTC only.

use crate::clock::{MINUTE, Millis, date};

/// A parsed schedule: one bit per allowed value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Schedule {
    minutes: u64,
    hours: u64,
    days: u64,
    months: u64,
    weekdays: u64,
    /// Whether day of month or weekday was restricted: then either one suffices.
    any_day: bool,
    any_weekday: bool,
}

impl Schedule {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let text = match text.trim() {
            "@yearly" | "@annually" => "0 0 1 1 *",
            "@monthly" => "0 0 1 * *",
            "@weekly" => "0 0 * * 0",
            "@daily" | "@midnight" => "0 0 * * *",
            "@hourly" => "0 * * * *",
            other => other,
        };
        let fields: Vec<&str> = text.split_whitespace().collect();
        let [minute, hour, day, month, weekday] = fields.as_slice() else {
            return None;
        };
        let mut weekdays = field(
            weekday,
            0,
            7,
            &["sun", "mon", "tue", "wed", "thu", "fri", "sat"],
            0,
        )?;
        if weekdays & (1 << 7) != 0 {
            weekdays |= 1;
        }
        Some(Self {
            minutes: field(minute, 0, 59, &[], 0)?,
            hours: field(hour, 0, 23, &[], 0)?,
            days: field(day, 1, 31, &[], 0)?,
            months: field(
                month,
                1,
                12,
                &[
                    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov",
                    "dec",
                ],
                1,
            )?,
            weekdays,
            any_day: day.starts_with('*') || *day == "?",
            any_weekday: weekday.starts_with('*') || *weekday == "?",
        })
    }

    /// The first time after `after`; `None` when there is none within five years.
    pub(crate) fn next(&self, after: Millis) -> Option<Millis> {
        let mut at = after - after.rem_euclid(MINUTE) + MINUTE;
        let limit = after + 5 * 366 * 1440 * MINUTE;
        while at < limit {
            let d = date(at);
            let has = |set: u64, n: u8| set & (1 << n) != 0;
            let day = has(self.days, d.day());
            let weekday = has(self.weekdays, d.weekday().number_days_from_sunday());
            let fits = match (self.any_day, self.any_weekday) {
                (false, false) => day || weekday,
                _ => day && weekday,
            };
            if !has(self.months, u8::from(d.month())) || !fits {
                at += (1440 - i64::from(d.hour()) * 60 - i64::from(d.minute())) * MINUTE;
            } else if !has(self.hours, d.hour()) {
                at += (60 - i64::from(d.minute())) * MINUTE;
            } else if !has(self.minutes, d.minute()) {
                at += MINUTE;
            } else {
                return Some(at);
            }
        }
        None
    }
}

fn field(text: &str, low: u32, high: u32, names: &[&str], first: u32) -> Option<u64> {
    let number = |t: &str| -> Option<u32> {
        let lower = t.to_lowercase();
        if let Some(i) = names.iter().position(|n| *n == lower) {
            return Some(u32::try_from(i).ok()? + first);
        }
        t.parse().ok()
    };
    let mut set = 0u64;
    for part in text.split(',') {
        let (range, step) = match part.split_once('/') {
            Some((r, s)) => (r, s.parse::<u32>().ok().filter(|s| *s > 0)?),
            None => (part, 1),
        };
        let (from, to) = match range {
            "*" | "?" => (low, high),
            _ => match range.split_once('-') {
                Some((a, b)) => (number(a)?, number(b)?),
                None if part.contains('/') => (number(range)?, high),
                None => (number(range)?, number(range)?),
            },
        };
        if from < low || to > high || from > to {
            return None;
        }
        for n in (from..=to).step_by(usize::try_from(step).ok()?) {
            set |= 1 << n;
        }
    }
    Some(set)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{parse_stamp, stamp};

    fn check(schedule: &str, after: &str, expect: &str) {
        let s = Schedule::parse(schedule).expect("parses");
        assert_eq!(
            stamp(s.next(parse_stamp(after).expect("stamp")).expect("comes")),
            expect,
            "{schedule}"
        );
    }

    #[test]
    fn next_times() {
        check(
            "*/5 * * * *",
            "2026-01-01T00:04:59Z",
            "2026-01-01T00:05:00Z",
        );
        check(
            "*/5 * * * *",
            "2026-01-01T00:05:00Z",
            "2026-01-01T00:10:00Z",
        );
        check("30 2 * * *", "2026-01-01T03:00:00Z", "2026-01-02T02:30:00Z");
        check(
            "0 0 * * mon",
            "2026-01-01T00:00:00Z",
            "2026-01-05T00:00:00Z",
        );
        check(
            "0 12 29 feb *",
            "2026-01-01T00:00:00Z",
            "2028-02-29T12:00:00Z",
        );
        check("@hourly", "2026-01-01T00:00:00Z", "2026-01-01T01:00:00Z");
        check(
            "15 10-14/2 * * *",
            "2026-01-01T12:20:00Z",
            "2026-01-01T14:15:00Z",
        );
    }

    #[test]
    fn nonsense_is_refused() {
        for text in [
            "",
            "* * * *",
            "60 * * * *",
            "*/0 * * * *",
            "a * * * *",
            "5-1 * * * *",
        ] {
            assert!(Schedule::parse(text).is_none(), "{text}");
        }
    }
}
