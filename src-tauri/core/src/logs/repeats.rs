//! Errors that a container repeats: what the incident engine may know of a log while it is read.
//!
//! A pattern repeats as soon as [`TIMES`] of its lines were written within [`WINDOW`]; it stays one
//! then, with everything counted since the log was opened. One sample is kept, as it was written.

use std::collections::{HashMap, VecDeque};

use super::display;

/// So many lines of one pattern have to be written …
pub(super) const TIMES: usize = 10;
/// … within so many nanoseconds: five minutes.
pub(super) const WINDOW: i64 = 300 * 1_000_000_000;
/// The most patterns of containers that are counted.
const MOST: usize = 2_000;
/// Characters of a sample.
const SAMPLE: usize = 500;

/// What was counted of one pattern of one container.
pub(super) struct Run {
    pub(super) count: u64,
    /// When the first and the last of the lines were written, nanoseconds since the epoch.
    pub(super) first: i64,
    pub(super) last: i64,
    pub(super) sample: String,
    /// When the latest were written.
    latest: VecDeque<i64>,
    repeats: bool,
}

/// The errors of a log, by container and pattern.
#[derive(Default)]
pub(super) struct Repeats {
    known: HashMap<u32, HashMap<String, Run>>,
    patterns: usize,
}

impl Repeats {
    /// Counts a line that says error or worse.
    pub(super) fn add(&mut self, source: u32, pattern: &str, text: &str, at: i64) {
        let of_source = self.known.entry(source).or_default();
        if let Some(run) = of_source.get_mut(pattern) {
            run.take(at);
        } else if self.patterns < MOST {
            self.patterns += 1;
            let mut sample = String::new();
            for character in text.chars().take(SAMPLE) {
                display::show(character, &mut sample);
            }
            let mut run = Run {
                count: 0,
                first: at,
                last: at,
                sample,
                latest: VecDeque::with_capacity(TIMES),
                repeats: false,
            };
            run.take(at);
            of_source.insert(pattern.to_owned(), run);
        }
    }

    /// Those that repeat.
    pub(super) fn told(&self) -> impl Iterator<Item = (u32, &str, &Run)> {
        self.known.iter().flat_map(|(source, runs)| {
            let repeated = runs.iter().filter(|(_, run)| run.repeats);
            repeated.map(|(pattern, run)| (*source, pattern.as_str(), run))
        })
    }
}

impl Run {
    fn take(&mut self, at: i64) {
        self.count += 1;
        self.first = self.first.min(at);
        self.last = self.last.max(at);
        if self.repeats {
            return;
        }
        if self.latest.len() == TIMES {
            self.latest.pop_front();
        }
        self.latest.push_back(at);
        let spread = self.latest.back().zip(self.latest.front());
        self.repeats = self.latest.len() == TIMES
            && spread.is_some_and(|(last, first)| last.saturating_sub(*first) <= WINDOW);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000_000;

    fn told(repeats: &Repeats) -> Vec<(u32, String, u64)> {
        let mut told: Vec<_> = repeats
            .told()
            .map(|(source, pattern, run)| (source, pattern.to_owned(), run.count))
            .collect();
        told.sort();
        told
    }

    #[test]
    fn what_one_container_writes_often_enough_in_time_repeats() {
        let mut repeats = Repeats::default();
        for n in 0..9 {
            repeats.add(0, "refused #", &format!("refused {n}"), n * SECOND);
            repeats.add(1, "refused #", "refused", n * SECOND);
            // One a minute: never ten in five of them.
            repeats.add(2, "slow", "slow", n * 60 * SECOND);
        }
        assert_eq!(told(&repeats), []);
        repeats.add(0, "refused #", "refused 9", 299 * SECOND);
        repeats.add(1, "refused #", "refused", 301 * SECOND);
        repeats.add(2, "slow", "slow", 540 * SECOND);
        assert_eq!(told(&repeats), [(0, "refused #".to_owned(), 10)]);
        // It stays one, however long nothing comes.
        repeats.add(0, "refused #", "refused", 9_000 * SECOND);
        assert_eq!(told(&repeats), [(0, "refused #".to_owned(), 11)]);
        let (.., run) = repeats.told().next().unwrap();
        assert_eq!((run.first, run.last), (0, 9_000 * SECOND));
        assert_eq!(run.sample, "refused 0");
    }

    #[test]
    fn a_flood_of_patterns_is_bounded() {
        let mut repeats = Repeats::default();
        for n in 0..10_000_u32 {
            let pattern = n.to_string();
            repeats.add(n % 7, &pattern, &"x".repeat(9_000), 0);
        }
        let kept: usize = repeats.known.values().map(HashMap::len).sum();
        assert_eq!(kept, MOST);
        let mut runs = repeats.known.values().flat_map(HashMap::values);
        assert!(runs.all(|run| run.sample.len() <= SAMPLE));
    }
}
