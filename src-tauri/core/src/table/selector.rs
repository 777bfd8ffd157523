//! Label and field selectors, read as kubectl reads them.

use crate::objects::{Selector, SelectorRequirement};

/// One requirement of a field selector.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct FieldRequirement {
    pub(super) path: String,
    pub(super) value: String,
    /// Whether the values must be equal, or must differ.
    pub(super) equal: bool,
}

/// Reads a label selector from the beginning of a text; answers what follows it.
pub(crate) fn labels(text: &str) -> Result<(Selector, &str), String> {
    let (text, after) = quoted(text);
    let mut selector = Selector::default();
    let mut rest = text;
    loop {
        let (requirement, after) = requirement(rest.trim_start())?;
        selector.match_expressions.push(requirement);
        match after.trim_start().strip_prefix(',') {
            Some(more) => rest = more,
            None => {
                rest = after;
                break;
            }
        }
    }
    Ok((selector, after.unwrap_or(rest)))
}

/// Reads a field selector from the beginning of a text; answers what follows it.
pub(super) fn fields(text: &str) -> Result<(Vec<FieldRequirement>, &str), String> {
    let (text, after) = quoted(text);
    let end = text.find(char::is_whitespace).unwrap_or(text.len());
    let (selector, rest) = text.split_at(end);
    let fields: Result<_, _> = selector
        .split(',')
        .map(|part| {
            let (path, value, equal) = match (part.split_once("!="), part.split_once('=')) {
                (Some((path, value)), _) => (path, value, false),
                (None, Some((path, value))) => {
                    (path, value.strip_prefix('=').unwrap_or(value), true)
                }
                (None, None) => {
                    return Err(format!(
                        "\"{part}\" is no field selector; expected field=value or field!=value"
                    ));
                }
            };
            Ok(FieldRequirement {
                path: path.to_owned(),
                value: value.to_owned(),
                equal,
            })
        })
        .collect();
    Ok((fields?, after.unwrap_or(rest)))
}

/// The inside of a quoted beginning and what follows it; without quotes the whole text.
fn quoted(text: &str) -> (&str, Option<&str>) {
    for quote in ['\'', '"'] {
        if let Some(inside) = text.strip_prefix(quote)
            && let Some((inside, after)) = inside.split_once(quote)
        {
            return (inside, Some(after));
        }
    }
    (text, None)
}

fn requirement(text: &str) -> Result<(SelectorRequirement, &str), String> {
    let wrong = || {
        let shown: String = text.chars().take(40).collect();
        format!(
            "\"{shown}\" is no label selector; expected key=value, key!=value, key in (a,b), key or !key"
        )
    };
    let (negated, text_after) = match text.strip_prefix('!') {
        Some(after) => (true, after.trim_start()),
        None => (false, text),
    };
    let (key, rest) = word(text_after);
    if key.is_empty() {
        return Err(wrong());
    }
    let make = |operator: &str, values: Vec<String>| SelectorRequirement {
        key: key.to_owned(),
        operator: operator.to_owned(),
        values,
    };
    if negated {
        return Ok((make("DoesNotExist", Vec::new()), rest));
    }
    for (sign, operator) in [("!=", "NotIn"), ("==", "In"), ("=", "In")] {
        if let Some(after) = rest.strip_prefix(sign) {
            let (value, after) = word(after);
            return Ok((make(operator, vec![value.to_owned()]), after));
        }
    }
    let spaced = rest.trim_start();
    for (name, operator) in [("notin", "NotIn"), ("in", "In")] {
        let list = spaced.strip_prefix(name).map(str::trim_start);
        if let Some(list) = list.and_then(|list| list.strip_prefix('(')) {
            let (values, after) = list.split_once(')').ok_or_else(wrong)?;
            let values = values.split(',').map(|v| v.trim().to_owned()).collect();
            return Ok((make(operator, values), after));
        }
    }
    // `in (…)` without a key is no key called "in".
    if spaced.starts_with('(') {
        return Err(wrong());
    }
    Ok((make("Exists", Vec::new()), rest))
}

/// A key or value, and what follows it.
fn word(text: &str) -> (&str, &str) {
    let part = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
    let end = text.find(|c| !part(c)).unwrap_or(text.len());
    text.split_at(end)
}
