//! What grave lines have in common: the same words with other numbers are one pattern, counted
//! since the log was opened.

use std::collections::HashMap;

use kubegraf_ipc::logs::{LogLevel, LogPattern};

use super::{display::plain, record, repeats::Repeats};

/// The most patterns that are told apart; what is new beyond is not counted by itself.
const MOST: usize = 1_000;
/// The most patterns that are told.
const TOLD: usize = 100;
/// What a line is compared by, characters.
const LENGTH: usize = 200;

/// The patterns of a log.
#[derive(Default)]
pub(super) struct Patterns {
    known: HashMap<String, LogPattern>,
    /// Grave lines that belong to no pattern because there are too many.
    others: u64,
    /// What single containers say again and again.
    pub(super) repeats: Repeats,
}

impl Patterns {
    /// Counts a line, if it is a warning or worse.
    pub(super) fn add(&mut self, text: &[u8], level: Option<LogLevel>, at: i64, source: u32) {
        let Some(level) = level.filter(|level| *level >= LogLevel::Warn) else {
            return;
        };
        let written = plain(text);
        let text = template(&written);
        if level >= LogLevel::Error {
            self.repeats.add(source, &text, &written, at);
        }
        let at = at / 1_000_000;
        if let Some(known) = self.known.get_mut(&text) {
            known.count += 1;
            known.level = known.level.max(level);
            known.last_at = known.last_at.max(at);
            if !known.sources.contains(&source) {
                known.sources.push(source);
            }
        } else if self.known.len() < MOST {
            let pattern = LogPattern {
                text: text.clone(),
                level,
                count: 1,
                first_at: at,
                last_at: at,
                sources: vec![source],
            };
            self.known.insert(text, pattern);
        } else {
            self.others += 1;
        }
    }

    /// The gravest and most frequent, and how many lines are in none.
    pub(super) fn told(&self) -> (Vec<LogPattern>, u64) {
        let mut all: Vec<_> = self.known.values().cloned().collect();
        all.sort_by(|left, right| {
            let by = |pattern: &LogPattern| (pattern.level >= LogLevel::Error, pattern.count);
            by(right)
                .cmp(&by(left))
                .then_with(|| left.text.cmp(&right.text))
        });
        let rest = all.split_off(all.len().min(TOLD));
        let rest: u64 = rest.iter().map(|pattern| pattern.count).sum();
        (all, self.others + rest)
    }
}

/// A line without what differs from one time to the next: words with digits become `#`.
fn template(text: &str) -> String {
    let record = record::read(text);
    let text = record
        .as_ref()
        .and_then(|record| record.message.as_deref())
        .unwrap_or(text);
    let is_word = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    let mut made = String::new();
    let mut rest = text.trim();
    while let Some(first) = rest.chars().next().filter(|_| made.len() < LENGTH) {
        let end = rest
            .find(|c| is_word(c) != is_word(first))
            .unwrap_or(rest.len());
        let (piece, after) = rest.split_at(end);
        rest = after;
        if piece.contains(|c: char| c.is_ascii_digit()) && is_word(first) {
            // 10.0.0.1:80 is one thing.
            let joined = made
                .strip_suffix(['.', ':', '/'])
                .filter(|made| made.ends_with('#'));
            match joined.map(str::len) {
                Some(length) => made.truncate(length),
                None => made.push('#'),
            }
        } else {
            made.extend(piece.chars().map(|c| if c.is_control() { ' ' } else { c }));
        }
    }
    made
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_words_with_other_numbers_are_one_pattern() {
        for (text, expect) in [
            ("dial tcp 10.0.0.1:5432: refused", "dial tcp #: refused"),
            ("pod web-7d9f-x2 took 12ms", "pod # took #"),
            (
                "at 2026-11-21T10:00:00.123Z ERROR no luck",
                "at # ERROR no luck",
            ),
            ("error-rate is high", "error-rate is high"),
            (
                r#"{"level":"error","msg":"try 3 failed","id":"a1"}"#,
                "try # failed",
            ),
            ("a\u{7}b", "a b"),
            ("", ""),
        ] {
            assert_eq!(template(text), expect, "{text}");
        }
        assert!(template(&"word ".repeat(10_000)).len() <= LENGTH + 8);
    }

    #[test]
    fn patterns_are_counted_ranked_and_bounded() {
        let mut patterns = Patterns::default();
        for at in 0..5 {
            patterns.add(b"slow 12 ms", Some(LogLevel::Warn), at * 1_000_000, 0);
        }
        patterns.add(b"failed 1", Some(LogLevel::Error), 7_000_000, 1);
        patterns.add(b"failed 2", Some(LogLevel::Fatal), 9_000_000, 2);
        patterns.add(b"fine", Some(LogLevel::Info), 0, 0);
        patterns.add(b"prose", None, 0, 0);
        let (told, others) = patterns.told();
        let brief: Vec<_> = told.iter().map(|p| (&*p.text, p.count, p.level)).collect();
        let expect = [
            ("failed #", 2, LogLevel::Fatal),
            ("slow # ms", 5, LogLevel::Warn),
        ];
        assert_eq!((brief.as_slice(), others), (&expect[..], 0));
        assert_eq!(
            (told[0].first_at, told[0].last_at, &*told[0].sources),
            (7, 9, &[1, 2][..])
        );

        for index in 0..2_000_u32 {
            let letters: String = index
                .to_string()
                .bytes()
                .map(|b| char::from(b + 49))
                .collect();
            patterns.add(letters.as_bytes(), Some(LogLevel::Error), 0, 0);
        }
        let (told, others) = patterns.told();
        assert_eq!(told.len(), TOLD);
        let counted: u64 = told.iter().map(|p| p.count).sum();
        assert_eq!(counted + others, 2_007, "no line is forgotten");
    }
}
