//! What of a log's lines is on screen, and how times, sources and severities are worded. Knows no
//! browser.

use std::{
    collections::hash_map::DefaultHasher,
    hash::{Hash, Hasher},
};

use kubegraf_ipc::logs::{LogLevel, LogLine, LogRole, LogSource, LogState, MOST_LINES};

/// Height of a line in CSS px.
pub const LINE: f64 = 18.0;
/// Lines kept in the DOM above and below what is visible.
const MARGIN: u64 = 40;

/// The slice to ask for when lines are scrolled to: the number of its first line, and how many.
#[must_use]
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "scroll offsets are clamped to be positive, far below 2^53"
)]
pub fn wanted(top: f64, height: f64, first: u64) -> (u64, u32) {
    let above = (top.max(0.0) / LINE).floor() as u64;
    let visible = (height.max(0.0) / LINE).ceil() as u64 + 1;
    let start = first + above.saturating_sub(MARGIN);
    let count = (visible + 2 * MARGIN).clamp(1, u64::from(MOST_LINES));
    (start, u32::try_from(count).unwrap_or(MOST_LINES))
}

/// Whether a slice covers what is visible.
#[must_use]
pub fn covers(slice: (u64, u64), top: f64, height: f64, first: u64, end: u64) -> bool {
    let (from, count) = wanted(top, height, first);
    let visible_from = (from + MARGIN / 2).min(end);
    let visible_to = (from + u64::from(count))
        .saturating_sub(MARGIN / 2)
        .min(end);
    (slice.0 <= visible_from || slice.0 <= first) && slice.1 >= visible_to
}

/// Where a line is drawn, in CSS px.
#[must_use]
#[allow(
    clippy::cast_precision_loss,
    reason = "line numbers are far below 2^53"
)]
pub fn offset(number: u64, first: u64) -> f64 {
    number.saturating_sub(first) as f64 * LINE
}

/// What changes when a line has to be drawn anew.
#[must_use]
pub fn look(line: &LogLine) -> (u64, u64) {
    let mut hasher = DefaultHasher::new();
    for part in &line.parts {
        (&part.text, part.hit, part.role as u8).hash(&mut hasher);
    }
    (line.id, hasher.finish())
}

/// The name of a severity, for a style and for a reader.
#[must_use]
pub const fn level(level: LogLevel) -> &'static str {
    match level {
        LogLevel::Trace => "trace",
        LogLevel::Debug => "debug",
        LogLevel::Info => "info",
        LogLevel::Warn => "warn",
        LogLevel::Error => "error",
        LogLevel::Fatal => "fatal",
    }
}

/// The style of a part of a line that is data.
#[must_use]
pub const fn role(role: LogRole) -> &'static str {
    match role {
        LogRole::Text => "",
        LogRole::Level => "log-said-level ",
        LogRole::Message => "log-said ",
        LogRole::Key => "log-key ",
        LogRole::Value => "log-value ",
    }
}

/// A regular expression for the lines of a pattern, in which `#` stands for what differs.
#[must_use]
pub fn pattern_query(pattern: &str) -> String {
    let mut query = String::new();
    for character in pattern.chars() {
        match character {
            '#' => query.push_str("\\S+"),
            '\\' | '.' | '+' | '*' | '?' | '(' | ')' | '|' | '[' | ']' | '{' | '}' | '^' | '$' => {
                query.push('\\');
                query.push(character);
            }
            other => query.push(other),
        }
    }
    query
}

/// A hue of its own for each source: neighbours are far apart on the colour wheel.
#[must_use]
pub const fn hue(source: u32) -> u32 {
    (source.wrapping_mul(137) + 210) % 360
}

/// What a source is called beside its lines: as much as tells it from the others.
#[must_use]
pub fn label(source: &LogSource, all: &[LogSource]) -> String {
    let one_pod = all.iter().all(|other| other.pod == source.pod);
    let one_container = all.iter().all(|other| other.container == source.container);
    match (one_pod, one_container) {
        (true, _) => source.container.clone(),
        (false, true) => source.pod.clone(),
        (false, false) => format!("{}/{}", source.pod, source.container),
    }
}

/// How a source is read, in a few words.
#[must_use]
pub fn state(state: &LogState) -> String {
    match state {
        LogState::Waiting { reason } if reason.is_empty() => "waits to start".into(),
        LogState::Waiting { reason } => format!("waits: {reason}"),
        LogState::Opening => "is opened".into(),
        LogState::Following => "live".into(),
        LogState::Ended => "ended".into(),
        LogState::Broken { reason } => format!("interrupted: {reason}"),
        LogState::Failed { reason } => format!("cannot be read: {reason}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_finds_its_lines_and_means_nothing_else() {
        assert_eq!(pattern_query("dial # (a|b)?"), r"dial \S+ \(a\|b\)\?");
    }

    fn source(pod: &str, container: &str) -> LogSource {
        LogSource {
            id: 0,
            namespace: "shop".into(),
            pod: pod.into(),
            container: container.into(),
            state: LogState::Following,
            lines: 0,
        }
    }

    #[test]
    fn a_slice_reaches_beyond_both_edges_of_the_screen() {
        assert_eq!(wanted(0.0, 180.0, 0), (0, 91));
        assert_eq!(wanted(18_000.0, 180.0, 5_000), (5_960, 91));
        assert_eq!(wanted(0.0, 1e9, 0).1, MOST_LINES);
        let slice = wanted(18_000.0, 180.0, 0);
        let slice = (slice.0, slice.0 + u64::from(slice.1));
        assert!(covers(slice, 18_000.0, 180.0, 0, 50_000));
        assert!(covers(slice, 18_180.0, 180.0, 0, 50_000));
        assert!(!covers(slice, 20_000.0, 180.0, 0, 50_000));
        assert!(!covers(slice, 17_000.0, 180.0, 0, 50_000));
        assert!(covers((0, 12), 0.0, 900.0, 0, 12), "a short log is whole");
    }

    #[test]
    fn a_source_is_called_by_what_differs() {
        let (a, b) = (source("web-1", "app"), source("web-1", "proxy"));
        let c = source("web-2", "app");
        assert_eq!(label(&a, &[a.clone(), b.clone()]), "app");
        assert_eq!(label(&a, &[a.clone(), c.clone()]), "web-1");
        assert_eq!(label(&a, &[a.clone(), b, c]), "web-1/app");
    }

    #[test]
    fn neighbours_differ_in_colour() {
        for source in 0..50_u32 {
            let distance = hue(source).abs_diff(hue(source + 1));
            assert!(distance.min(360 - distance) > 60);
        }
    }
}
