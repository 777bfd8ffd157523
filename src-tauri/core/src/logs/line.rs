//! One line of a log: cut out of a stream of bytes, with its time and how grave it says it is.
//!
//! A line may have any length: what goes beyond a cap is counted, never kept.

use kubegraf_ipc::logs::LogLevel;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::display::plain;

/// The most that is kept of one line, bytes.
pub(super) const LONGEST: usize = 64 << 10;
/// A time with nanoseconds and an offset, and the space behind it.
const STAMP: usize = 48;

/// A line as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Written {
    /// When, nanoseconds since the epoch; `None` when the line does not say.
    pub(super) at: Option<i64>,
    /// The text without its end.
    pub(super) text: Box<[u8]>,
    /// Bytes beyond [`LONGEST`], which are not kept.
    pub(super) cut: u64,
}

/// Cuts an answer with timestamps into lines.
#[derive(Default)]
pub(super) struct Splitter {
    /// The beginning of a line whose end has not come.
    begun: Vec<u8>,
    cut: u64,
}

impl Splitter {
    /// Takes the next bytes and hands over every line that is whole.
    pub(super) fn take(&mut self, mut bytes: &[u8], mut line: impl FnMut(Written)) {
        while let Some(end) = bytes.iter().position(|byte| *byte == b'\n') {
            let (piece, rest) = bytes.split_at(end);
            bytes = &rest[1..];
            if self.begun.is_empty() && piece.len() <= LONGEST + STAMP {
                line(written(piece, 0));
            } else {
                self.keep(piece);
                line(self.finish());
            }
        }
        self.keep(bytes);
    }

    /// The line that the end of the stream ends, if one had begun.
    pub(super) fn rest(&mut self) -> Option<Written> {
        (!self.begun.is_empty()).then(|| self.finish())
    }

    fn keep(&mut self, piece: &[u8]) {
        let room = (LONGEST + STAMP).saturating_sub(self.begun.len());
        let kept = piece.len().min(room);
        self.begun.extend_from_slice(&piece[..kept]);
        self.cut += (piece.len() - kept) as u64;
    }

    fn finish(&mut self) -> Written {
        let line = written(&self.begun, self.cut);
        self.begun.clear();
        // One giant must not hold its room for ever.
        self.begun.shrink_to(LONGEST);
        self.cut = 0;
        line
    }
}

fn written(line: &[u8], cut: u64) -> Written {
    let space = line.iter().take(STAMP).position(|byte| *byte == b' ');
    let stamped = space.and_then(|space| Some((nanoseconds(&line[..space])?, &line[space + 1..])));
    let (at, text) = match stamped {
        Some((at, text)) => (Some(at), text),
        None => (None, line),
    };
    let text = text.strip_suffix(b"\r").unwrap_or(text);
    let kept = text.len().min(LONGEST);
    Written {
        at,
        text: text[..kept].into(),
        cut: cut + (text.len() - kept) as u64,
    }
}

fn nanoseconds(stamp: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(stamp).ok()?;
    let at = OffsetDateTime::parse(text, &Rfc3339).ok()?;
    i64::try_from(at.unix_timestamp_nanos()).ok()
}

/// Bytes of a line in which its severity is looked for.
const LOOKED_AT: usize = 400;

/// How grave a line says it is: by a field of JSON or logfmt, by klog's letter, or by a word.
pub(super) fn level(text: &[u8]) -> Option<LogLevel> {
    let text = &text[..text.len().min(LOOKED_AT)];
    let text = plain(text);
    let text = text.trim_start();
    if text.starts_with('{') {
        return field(
            text,
            &[
                "\"level\":",
                "\"severity\":",
                "\"lvl\":",
                "\"log.level\":",
                "\"levelname\":",
            ],
        );
    }
    if let Some(level) = klog(text) {
        return Some(level);
    }
    field(text, &["level=", "lvl=", "severity="]).or_else(|| by_word(text))
}

/// `E1121 10:00:00.000000`.
fn klog(text: &str) -> Option<LogLevel> {
    let bytes = text.as_bytes();
    let digits = bytes.get(1..5)?.iter().all(u8::is_ascii_digit);
    if !digits || bytes.get(5) != Some(&b' ') {
        return None;
    }
    Some(match bytes[0] {
        b'I' => LogLevel::Info,
        b'W' => LogLevel::Warn,
        b'E' => LogLevel::Error,
        b'F' => LogLevel::Fatal,
        _ => return None,
    })
}

fn field(text: &str, names: &[&str]) -> Option<LogLevel> {
    let value = names.iter().find_map(|name| {
        let (before, value) = text.split_once(name)?;
        // `level=` must not be the end of `loglevel=`.
        let whole = !name.ends_with('=') || !before.ends_with(|c: char| c.is_alphanumeric());
        whole.then_some(value)
    })?;
    let value = value.trim_start_matches([' ', '"']);
    let end = value
        .find(|c: char| !c.is_alphanumeric())
        .unwrap_or(value.len());
    let value = &value[..end];
    // bunyan and pino count.
    if let Ok(number) = value.parse::<u32>() {
        return match number {
            10..20 => Some(LogLevel::Trace),
            20..30 => Some(LogLevel::Debug),
            30..40 => Some(LogLevel::Info),
            40..50 => Some(LogLevel::Warn),
            50..60 => Some(LogLevel::Error),
            60..70 => Some(LogLevel::Fatal),
            _ => None,
        };
    }
    word(&value.to_ascii_uppercase())
}

fn by_word(text: &str) -> Option<LogLevel> {
    if text.starts_with("panic:") || text.starts_with("fatal error:") {
        return Some(LogLevel::Fatal);
    }
    if text.starts_with("Traceback (most recent call last)") || text.starts_with("Exception in ") {
        return Some(LogLevel::Error);
    }
    let mut rest = text;
    // A severity stands near the beginning; later words are prose.
    for _ in 0..24 {
        let start = rest.find(|c: char| c.is_ascii_alphabetic())?;
        let before = rest[..start].chars().next_back();
        rest = &rest[start..];
        let end = rest
            .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .unwrap_or(rest.len());
        let (candidate, after) = rest.split_at(end);
        // Prose says "no error"; a severity is in capitals, in brackets, or followed by a colon.
        let marked = (before == Some('[') && after.starts_with(']')) || after.starts_with(": ");
        let capitals = candidate.bytes().all(|byte| byte.is_ascii_uppercase());
        if (capitals || marked)
            && let Some(level) = word(&candidate.to_ascii_uppercase())
        {
            return Some(level);
        }
        rest = after;
    }
    None
}

fn word(word: &str) -> Option<LogLevel> {
    Some(match word {
        "TRACE" | "TRC" => LogLevel::Trace,
        "DEBUG" | "DBG" => LogLevel::Debug,
        "INFO" | "INFORMATION" | "NOTICE" | "INF" | "LOG" => LogLevel::Info,
        "WARN" | "WARNING" | "WRN" => LogLevel::Warn,
        "ERROR" | "ERR" | "SEVERE" => LogLevel::Error,
        "FATAL" | "CRITICAL" | "CRIT" | "PANIC" | "EMERGENCY" | "ALERT" => LogLevel::Fatal,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(pieces: &[&[u8]]) -> Vec<(Option<i64>, String, u64)> {
        let mut splitter = Splitter::default();
        let mut lines = Vec::new();
        for piece in pieces {
            splitter.take(piece, |line| lines.push(line));
        }
        lines.extend(splitter.rest());
        let told = |line: Written| {
            let text = String::from_utf8_lossy(&line.text).into_owned();
            (line.at, text, line.cut)
        };
        lines.into_iter().map(told).collect()
    }

    #[test]
    fn pieces_of_any_size_give_the_same_lines() {
        let whole = b"2026-11-21T10:00:00.000000001Z one\n2026-11-21T12:00:00+02:00 \nno time\r\n1970-01-01T00:00:00Z two words";
        let expect = [
            (Some(1_795_255_200_000_000_001), "one".to_owned(), 0),
            (Some(1_795_255_200_000_000_000), String::new(), 0),
            (None, "no time".to_owned(), 0),
            (Some(0), "two words".to_owned(), 0),
        ];
        assert_eq!(split(&[whole]), expect);
        for size in [1, 2, 7, 30] {
            let pieces: Vec<&[u8]> = whole.chunks(size).collect();
            assert_eq!(split(&pieces), expect, "pieces of {size}");
        }
    }

    #[test]
    fn a_line_without_an_end_is_capped_and_says_by_how_much() {
        let mut splitter = Splitter::default();
        let mut lines = Vec::new();
        splitter.take(b"2026-11-21T10:00:00Z ", |line| lines.push(line));
        let piece = vec![b'x'; 1 << 20];
        for _ in 0..100 {
            splitter.take(&piece, |line| lines.push(line));
            assert!(splitter.begun.len() <= LONGEST + STAMP);
        }
        splitter.take(b"\nnext\n", |line| lines.push(line));
        assert_eq!(lines.len(), 2);
        assert_eq!(lines[0].text.len(), LONGEST);
        assert_eq!(lines[0].text.len() as u64 + lines[0].cut, 100 << 20);
        assert_eq!(*lines[1].text, *b"next");
    }

    #[test]
    fn severities_are_read_as_the_usual_loggers_write_them() {
        use LogLevel::{Debug, Error, Fatal, Info, Trace, Warn};
        for (text, expect) in [
            (r#"{"ts":1,"level":"error","msg":"no info"}"#, Some(Error)),
            (r#"{"level": 30,"time":1}"#, Some(Info)),
            (r#"{"msg":"plain"}"#, None),
            (r#"{"severity":"CRITICAL"}"#, Some(Fatal)),
            ("time=x level=warning msg=\"an ERROR\"", Some(Warn)),
            ("loglevel=debug starting", None),
            ("E1121 10:00:00.000000 1 main.go:1] x", Some(Error)),
            ("2026-11-21 10:00:00.123 UTC [1] LOG:  ready", Some(Info)),
            ("2026/11/21 10:00:00 [error] 7#7: refused", Some(Error)),
            ("10:00:00.1 WARN  1 --- [main] c.s.A : slow", Some(Warn)),
            ("[DEBUG] x", Some(Debug)),
            ("TRACE enter", Some(Trace)),
            ("\u{1b}[31mERROR\u{1b}[0m red", Some(Error)),
            ("error: it failed", Some(Error)),
            ("there was no error at all", None),
            ("panic: runtime error", Some(Fatal)),
            ("GET /error HTTP/1.1 200", None),
            ("", None),
        ] {
            assert_eq!(level(text.as_bytes()), expect, "{text}");
        }
    }
}
