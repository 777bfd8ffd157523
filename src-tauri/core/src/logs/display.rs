//! Makes a line safe to show: invalid bytes, control and bidi characters are written out, of
//! escape sequences only colours have an effect, and no line is endless.

use std::borrow::Cow;

use kubegraf_ipc::logs::{LogPart, LogRole};
use regex::Regex;

use super::record::Record;

/// The most of a line that is shown, characters; the whole can be copied.
const SHOWN: usize = 4_000;
/// The most places that are marked in a line.
const MARKS: usize = 200;

#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct Look {
    color: Option<u8>,
    bold: bool,
    role: LogRole,
}

/// The text without escape sequences, for filters and searches.
pub(super) fn plain(text: &[u8]) -> Cow<'_, str> {
    if !text.contains(&0x1b) {
        return String::from_utf8_lossy(text);
    }
    let text = String::from_utf8_lossy(text);
    let mut plain = String::with_capacity(text.len());
    pieces(&text, |piece| {
        if let Piece::Text(character) = piece {
            plain.push(character);
        }
    });
    Cow::Owned(plain)
}

/// The parts of a line as they are shown, and how many bytes of it are not.
pub(super) fn parts(text: &[u8], query: Option<&Regex>) -> (Vec<LogPart>, u64) {
    // A character has four bytes at most.
    let looked_at = text.len().min(SHOWN * 4);
    let lossy = String::from_utf8_lossy(&text[..looked_at]);
    let mut shown = String::new();
    let mut looks: Vec<(usize, Look)> = vec![(0, Look::default())];
    let mut look = Look::default();
    let mut count = 0;
    let mut left = 0;
    pieces(&lossy, |piece| match piece {
        Piece::Text(character) if count < SHOWN => {
            count += 1;
            show(character, &mut shown);
        }
        Piece::Text(character) => left += character.len_utf8() as u64,
        Piece::Colors(codes) => {
            apply(codes, &mut look);
            looks.push((shown.len(), look));
        }
    });
    left += (text.len() - looked_at) as u64;
    (cut(&shown, &looks, query), left)
}

/// The parts of a line that is data, and how many characters of it are not shown.
pub(super) fn record_parts(record: &Record, query: Option<&Regex>) -> (Vec<LogPart>, u64) {
    let mut shown = String::new();
    let mut looks = Vec::new();
    let (mut count, mut left) = (0, 0);
    let mut put = |role: LogRole, text: &str, after: &str| {
        let look = Look {
            role,
            ..Look::default()
        };
        looks.push((shown.len(), look));
        for character in text.chars() {
            if count < SHOWN {
                count += 1;
                show(character, &mut shown);
            } else {
                left += 1;
            }
        }
        if count < SHOWN {
            looks.push((shown.len(), Look::default()));
            shown.push_str(after);
        }
    };
    if let Some(level) = &record.level {
        put(LogRole::Level, level, " ");
    }
    if let Some(message) = &record.message {
        let after = if record.fields.is_empty() { "" } else { "  " };
        put(LogRole::Message, message, after);
    }
    let last = record.fields.len().saturating_sub(1);
    for (index, (name, value)) in record.fields.iter().enumerate() {
        put(LogRole::Key, name, "=");
        put(LogRole::Value, value, if index < last { " " } else { "" });
    }
    (cut(&shown, &looks, query), left)
}

/// Cuts what is shown where its look changes and where a hit begins and ends.
fn cut(shown: &str, looks: &[(usize, Look)], query: Option<&Regex>) -> Vec<LogPart> {
    let hits: Vec<_> = query
        .map(|query| {
            let found = query.find_iter(shown).filter(|hit| !hit.is_empty());
            found.take(MARKS).map(|hit| hit.range()).collect()
        })
        .unwrap_or_default();
    let mut cuts: Vec<usize> = looks.iter().map(|(at, _)| *at).collect();
    cuts.extend(hits.iter().flat_map(|hit| [hit.start, hit.end]));
    cuts.push(shown.len());
    cuts.sort_unstable();
    cuts.dedup();
    let part = |ends: &[usize]| {
        let (from, to) = (ends[0], ends[1]);
        let at = looks.partition_point(|(at, _)| *at <= from);
        let look = looks
            .get(at.saturating_sub(1))
            .map_or_else(Look::default, |(_, look)| *look);
        LogPart {
            text: shown[from..to].to_owned(),
            color: look.color,
            bold: look.bold,
            role: look.role,
            hit: hits.iter().any(|hit| hit.contains(&from)),
        }
    };
    cuts.windows(2).map(part).collect()
}

/// What a text is made of.
enum Piece<'a> {
    Text(char),
    /// The numbers of a sequence that sets colours.
    Colors(&'a str),
}

/// Escape sequences other than colours are left out whole, up to where they end.
fn pieces<'a>(text: &'a str, mut piece: impl FnMut(Piece<'a>)) {
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        rest = &rest[character.len_utf8()..];
        if character != '\u{1b}' {
            piece(Piece::Text(character));
            continue;
        }
        let mut after = rest.chars();
        match after.next() {
            Some('[') => {
                let body = after.as_str();
                let end = body.find(|c| ('\u{40}'..='\u{7e}').contains(&c));
                let Some(end) = end else { return };
                if body.as_bytes()[end] == b'm' {
                    piece(Piece::Colors(&body[..end]));
                }
                rest = &body[end + 1..];
            }
            // Operating system commands, device control, privacy messages: titles, links, clipboards.
            Some(']' | 'P' | '^' | '_' | 'X') => {
                let body = after.as_str();
                let bell = body.find('\u{7}').map(|at| (at, 1));
                let string = body.find("\u{1b}\\").map(|at| (at, 2));
                let end = match (bell, string) {
                    (Some(bell), Some(string)) => Some(bell.min(string)),
                    (bell, string) => bell.or(string),
                };
                let Some((end, length)) = end else { return };
                rest = &body[end + length..];
            }
            Some(_) => rest = after.as_str(),
            None => piece(Piece::Text('\u{1b}')),
        }
    }
}

/// Adds a character so that it has no effect.
pub(super) fn show(character: char, into: &mut String) {
    match character {
        '\t' => into.push_str("    "),
        '\u{0}'..='\u{1f}' => {
            let picture = char::from_u32(0x2400 + u32::from(character));
            into.push(picture.unwrap_or('\u{fffd}'));
        }
        '\u{7f}' => into.push('\u{2421}'),
        // C1 controls, bidi controls and what has no width at all.
        '\u{80}'..='\u{9f}'
        | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{feff}' => into.push_str(&format!("<U+{:04X}>", u32::from(character))),
        other => into.push(other),
    }
}

fn apply(codes: &str, look: &mut Look) {
    let mut numbers = codes.split([';', ':']);
    while let Some(number) = numbers.next() {
        match number.parse::<u16>() {
            Err(_) if number.is_empty() => *look = Look::default(),
            Ok(0) => *look = Look::default(),
            Ok(1) => look.bold = true,
            Ok(22) => look.bold = false,
            #[allow(clippy::cast_possible_truncation, reason = "0 to 15")]
            Ok(number @ 30..=37) => look.color = Some((number - 30) as u8),
            #[allow(clippy::cast_possible_truncation, reason = "0 to 15")]
            Ok(number @ 90..=97) => look.color = Some((number - 82) as u8),
            Ok(39) => look.color = None,
            // A palette or a free colour: its numbers are no codes of their own.
            Ok(38 | 48) => {
                let skipped = if numbers.next() == Some("2") { 3 } else { 1 };
                for _ in 0..skipped {
                    numbers.next();
                }
            }
            Ok(_) | Err(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(parts: &[LogPart]) -> String {
        parts.iter().map(|part| part.text.as_str()).collect()
    }

    fn shown(bytes: &[u8]) -> String {
        text(&parts(bytes, None).0)
    }

    #[test]
    fn what_could_act_is_written_out_or_left_out() {
        for (bytes, expect) in [
            (&b"a\0b\x07c\x7f"[..], "a\u{2400}b\u{2407}c\u{2421}"),
            (b"bad \xff\xfe utf-8", "bad \u{fffd}\u{fffd} utf-8"),
            ("a\u{202e}b\u{2066}c".as_bytes(), "a<U+202E>b<U+2066>c"),
            (b"\x1b]52;c;cm0gLXJm\x07copied", "copied"),
            (b"\x1b]8;;https://evil\x1b\\link\x1b]8;;\x1b\\", "link"),
            (b"\x1b]0;title\x07x\x1bP+q544e\x1b\\y", "xy"),
            (b"\x1b[2J\x1b[H\x1b[6n\x1b[2147483647bgone", "gone"),
            (b"\x1bc reset, never ended \x1b]0;", " reset, never ended "),
            (b"a\tb", "a    b"),
            (b"", ""),
        ] {
            assert_eq!(shown(bytes), expect, "{bytes:?}");
            let all: String = parts(bytes, None)
                .0
                .iter()
                .map(|part| &*part.text)
                .collect();
            assert!(!all.chars().any(char::is_control), "{all:?}");
        }
    }

    #[test]
    fn colours_and_hits_cut_a_line() {
        let query = Regex::new("ro").unwrap();
        let (parts, more) = parts(b"\x1b[1;31mERROR\x1b[0m: \x1b[38;5;31mround", Some(&query));
        let told: Vec<_> = parts
            .iter()
            .map(|part| (&*part.text, part.color, part.bold, part.hit))
            .collect();
        assert_eq!(
            told,
            [
                ("ERROR", Some(1), true, false),
                (": ", None, false, false),
                ("ro", None, false, true),
                ("und", None, false, false),
            ]
        );
        assert_eq!(more, 0);
        assert_eq!(plain(b"\x1b[31mE\x1b[0mrr"), "Err");
    }

    #[test]
    fn data_is_told_as_what_it_says_and_its_fields() {
        let told = |line: &str| {
            let record = super::super::record::read(line).unwrap();
            let (parts, left) = record_parts(&record, Some(&Regex::new("no").unwrap()));
            let told: Vec<_> = parts
                .into_iter()
                .map(|part| (part.role, part.text, part.hit))
                .collect();
            (told, left)
        };
        let (parts, left) = told("{\"level\":\"warn\",\"msg\":\"so\u{202e}, no\",\"a\":1}");
        let expect = [
            (LogRole::Level, "warn", false),
            (LogRole::Text, " ", false),
            (LogRole::Message, "so<U+202E>, ", false),
            (LogRole::Message, "no", true),
            (LogRole::Text, "  ", false),
            (LogRole::Key, "a", false),
            (LogRole::Text, "=", false),
            (LogRole::Value, "1", false),
        ];
        let expect = expect.map(|(role, text, hit)| (role, text.to_owned(), hit));
        assert_eq!((parts.as_slice(), left), (&expect[..], 0));
        let (parts, left) = told(&format!("{{\"msg\":\"{}\",\"b\":1}}", "x".repeat(5_000)));
        assert_eq!(parts.iter().map(|part| part.1.len()).sum::<usize>(), SHOWN);
        assert_eq!(left, 1_002);
        assert!(told("{}").0.is_empty());
    }

    #[test]
    fn a_giant_shows_its_beginning_and_says_how_much_is_missing() {
        let giant = vec![b'x'; 60_000];
        let (parts, more) = parts(&giant, None);
        assert_eq!(text(&parts).len(), SHOWN);
        assert_eq!(more, 60_000 - SHOWN as u64);
        let marks = "e\u{301}".to_owned() + &"\u{301}".repeat(1_000_000);
        assert!(shown(marks.as_bytes()).chars().count() <= SHOWN);
    }
}
