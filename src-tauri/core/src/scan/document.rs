//! From text to values: JSON, one or several in a row, or YAML of one or several documents.

use serde_json::Value;

/// One document, or why it is none.
pub(super) struct Document {
    /// Counted from 1.
    pub number: usize,
    /// The line it begins on, counted from 1.
    pub line: usize,
    /// What it holds; a YAML document of comments alone holds null.
    pub value: Result<Value, String>,
}

/// Every document of a text. A document that cannot be read does not hide the others, except within
/// a run of JSON values, where nothing says where the next one begins.
pub(super) fn all(text: &str) -> impl Iterator<Item = Document> + '_ {
    parts(text.trim_start_matches('\u{feff}'))
        .flat_map(|(line, part)| {
            let bare = content(part);
            let (json, yaml) = if bare.starts_with(['{', '[']) && is_json(bare) {
                (Some(from_json(line, bare)), None)
            } else {
                (None, Some((line, yaml(part))))
            };
            json.into_iter().flatten().chain(yaml)
        })
        .enumerate()
        .map(|(index, (line, value))| Document {
            number: index + 1,
            line,
            value,
        })
}

/// A part without the separator and the comments it begins with.
fn content(part: &str) -> &str {
    let mut rest = part.trim_start();
    while rest.starts_with("---") || rest.starts_with('#') {
        rest = rest
            .split_once('\n')
            .map_or("", |(_, rest)| rest)
            .trim_start();
    }
    rest
}

/// YAML may begin with a brace too; a text is JSON when its first value is.
fn is_json(text: &str) -> bool {
    serde_json::Deserializer::from_str(text)
        .into_iter::<serde::de::IgnoredAny>()
        .next()
        .is_some_and(|first| first.is_ok())
}

fn from_json(line: usize, text: &str) -> impl Iterator<Item = (usize, Result<Value, String>)> + '_ {
    let values = serde_json::Deserializer::from_str(text).into_iter::<Value>();
    values.map(move |value| {
        let at = value.as_ref().map_or_else(|error| error.line(), |_| 1);
        (line + at - 1, value.map_err(|error| error.to_string()))
    })
}

/// The documents of a YAML stream, each with its first line. A separator stands at the start of a
/// line, where no block scalar of a mapping can have it.
fn parts(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut starts = vec![(1, 0)];
    let mut at = 0;
    for (index, line) in text.split_inclusive('\n').enumerate() {
        let bare = line.trim_end();
        if bare == "---" || bare.starts_with("--- ") || bare.starts_with("---\t") {
            starts.push((index + 1, at));
        }
        at += line.len();
    }
    let ends: Vec<usize> = starts
        .iter()
        .skip(1)
        .map(|(_, at)| *at)
        .chain([text.len()])
        .collect();
    starts
        .into_iter()
        .zip(ends)
        .map(|((line, from), to)| (line, &text[from..to]))
        .filter(|(_, part)| !empty(part))
}

fn empty(part: &str) -> bool {
    part.lines().all(|line| {
        let line = line.trim();
        line.is_empty() || line.starts_with('#') || line == "---" || line == "..."
    })
}

fn yaml(text: &str) -> Result<Value, String> {
    let most = text.len().max(1 << 16);
    // The size of the text bounds what it may hold; only aliases could make it grow.
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_reader_input_bytes: None,
            max_events: most * 4,
            max_nodes: most * 2,
            max_total_scalar_bytes: most * 2,
            max_total_comment_bytes: most * 2,
            max_documents: 2,
            max_depth: 128,
        },
        duplicate_keys: serde_saphyr::options::DuplicateKeyPolicy::LastWins,
        strict_booleans: true,
        with_snippet: false,
    };
    serde_saphyr::from_str_with_options::<Value>(text, options).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[Result<&str, usize>]) {
        let found: Vec<_> = all(text)
            .map(|document| match document.value {
                Ok(value) => Ok(value.to_string()),
                Err(_) => Err(document.line),
            })
            .collect();
        let expected: Vec<_> = expected.iter().map(|one| one.map(str::to_owned)).collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn json_and_yaml_streams_are_told_apart_and_taken_apart() {
        check(r#"{"a":1} {"a":2}"#, &[Ok(r#"{"a":1}"#), Ok(r#"{"a":2}"#)]);
        check(r#"[{"a":1}]"#, &[Ok(r#"[{"a":1}]"#)]);
        check(
            "{\"a\":1}\n---\n{\"a\": 2}\n---\na: 3\n",
            &[Ok(r#"{"a":1}"#), Ok(r#"{"a":2}"#), Ok(r#"{"a":3}"#)],
        );
        check("{a: 1}", &[Ok(r#"{"a":1}"#)]);
        check(
            "---\n# nothing\n---\na: 1\n--- # two\na: yes\n...\n",
            &[Ok(r#"{"a":1}"#), Ok(r#"{"a":"yes"}"#)],
        );
        check("", &[]);
        check(
            "\u{feff}a: 1\r\n---\r\na: 2\r\n",
            &[Ok(r#"{"a":1}"#), Ok(r#"{"a":2}"#)],
        );
        check("a: |\n  x\n  ---\n  y\n", &[Ok(r#"{"a":"x\n---\ny\n"}"#)]);
    }

    #[test]
    fn one_bad_document_does_not_hide_the_others() {
        check(
            "a: 1\n---\na: [1\nb: 2\n---\na: 3\n",
            &[Ok(r#"{"a":1}"#), Err(2), Ok(r#"{"a":3}"#)],
        );
        check("a: 1\na: 2\n", &[Ok(r#"{"a":2}"#)]);
    }

    #[test]
    fn an_alias_bomb_is_refused_and_depth_is_bounded() {
        super::super::deep(hostile).unwrap();
    }

    fn hostile() {
        let mut text = String::from("a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n");
        for level in 1..12 {
            let last = format!("*a{}", level - 1);
            text += &format!("a{level}: &a{level} [{}]\n", vec![last; 10].join(","));
        }
        assert!(all(&text).next().unwrap().value.is_err());
        assert!(all(&"[".repeat(100_000)).all(|document| document.value.is_err()));
        assert!(all(&"{\"a\":".repeat(100_000)).all(|document| document.value.is_err()));
    }
}
