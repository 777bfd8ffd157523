//! Lines that are data, JSON objects and logfmt, as a person reads them: how grave, what it says,
//! then the rest. Knows nothing of looks.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::Value;

/// Fields that hold what a line says, the likeliest first.
const MESSAGE: &[&str] = &["msg", "message", "event", "log", "body", "@m", "text"];
/// Fields that say how grave it is.
const LEVEL: &[&str] = &["level", "severity", "lvl", "log.level", "levelname", "@l"];
/// Fields that hold the time, which stands beside the line already.
const TIME: &[&str] = &[
    "time",
    "ts",
    "timestamp",
    "@timestamp",
    "t",
    "@t",
    "datetime",
];
/// Lines with fewer fields are prose with an equals sign.
const LEAST: usize = 2;

/// A line that is data.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Record {
    /// How grave, as it is written.
    pub(super) level: Option<String>,
    /// What it says.
    pub(super) message: Option<String>,
    /// The rest in its order, times last.
    pub(super) fields: Vec<(String, String)>,
}

/// Reads a line; `None` when it is no data.
pub(super) fn read(text: &str) -> Option<Record> {
    let text = text.trim();
    let pairs = if text.starts_with('{') {
        let Pairs(pairs) = serde_json::from_str(text).ok()?;
        let told = |(name, value): (String, Value)| match value {
            Value::String(text) => (name, text),
            other => (name, other.to_string()),
        };
        pairs.into_iter().map(told).collect()
    } else {
        logfmt(text).filter(|pairs| pairs.len() >= LEAST)?
    };
    Some(arranged(pairs))
}

fn arranged(mut pairs: Vec<(String, String)>) -> Record {
    let mut take = |names: &[&str]| {
        let at = names.iter().find_map(|name| {
            let found = |pair: &(String, String)| pair.0 == *name && !pair.1.is_empty();
            pairs.iter().position(found)
        });
        at.map(|at| pairs.remove(at).1)
    };
    let (level, message) = (take(LEVEL), take(MESSAGE));
    pairs.sort_by_key(|(name, _)| TIME.contains(&name.as_str()));
    Record {
        level,
        message,
        fields: pairs,
    }
}

/// `key=value key="quoted value"`, and nothing else on the line.
fn logfmt(text: &str) -> Option<Vec<(String, String)>> {
    let mut pairs = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.find(['=', ' ', '"'])?;
        let (name, after) = rest.split_at(end);
        let is_name = |c: char| c.is_ascii_alphanumeric() || "_.-/@".contains(c);
        if name.is_empty() || !name.chars().all(is_name) {
            return None;
        }
        let after = after.strip_prefix('=')?;
        let (value, after) = match after.strip_prefix('"') {
            Some(quoted) => unquoted(quoted)?,
            None => {
                let end = after.find(' ').unwrap_or(after.len());
                (after[..end].to_owned(), &after[end..])
            }
        };
        pairs.push((name.to_owned(), value));
        rest = match after.strip_prefix(' ') {
            Some(after) => after.trim_start(),
            None if after.is_empty() => after,
            None => return None,
        };
    }
    Some(pairs)
}

/// Up to the closing quote, and what stands behind it.
fn unquoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Some((value, &text[at + 1..])),
            '\\' => match characters.next()?.1 {
                'n' => value.push('\n'),
                't' => value.push('\t'),
                other => value.push(other),
            },
            other => value.push(other),
        }
    }
    None
}

/// An object's fields in the order they were written.
struct Pairs(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Pairs;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Pairs(pairs))
            }
        }
        from.deserialize_map(InOrder)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Option<String> {
        let record = read(text)?;
        let fields = record
            .fields
            .iter()
            .map(|(name, value)| format!("{name}={value}"));
        Some(format!(
            "{}|{}|{}",
            record.level.unwrap_or_default(),
            record.message.unwrap_or_default(),
            fields.collect::<Vec<_>>().join(" ")
        ))
    }

    #[test]
    fn data_is_read_and_prose_is_left_alone() {
        for (text, expect) in [
            (
                r#"{"ts":17,"level":"error","msg":"refused","tries":3,"at":{"b":1,"a":[2]}}"#,
                Some(r#"error|refused|tries=3 at={"a":[2],"b":1} ts=17"#),
            ),
            (
                r#"{"level":30,"message":"","event":"up"}"#,
                Some("30|up|message="),
            ),
            (r#"  {"a":"x\ny"}  "#, Some("||a=x\ny")),
            ("{}", Some("||")),
            (
                r#"time=10:00 level=warn msg="slow \"query\"" ms=12 path=/a/b"#,
                Some(r#"warn|slow "query"|ms=12 path=/a/b time=10:00"#),
            ),
            ("a= b=", Some("||a= b=")),
            ("size=3 is too small", None),
            ("x=1", None),
            ("connecting to host=db port=1", None),
            (r#"a=1 b="never ends"#, None),
            (r#"a="x"y b=2"#, None),
            (r#"{"cut": "in the mid"#, None),
            ("[1,2]", None),
            ("", None),
        ] {
            assert_eq!(told(text).as_deref(), expect, "{text}");
        }
        // Depth ends in prose, not in a fall.
        assert_eq!(read(&"{\"a\":".repeat(10_000)), None);
    }
}
