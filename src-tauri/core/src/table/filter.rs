//! What a person types into the filter, and whether a row passes it.
//!
//! `web prod` all words, `!web` not that word, `/^web-\d+$/` a regular expression on any one cell,
//! `-l app=web,tier!=x` a label selector and `-f status.phase=Running` a field selector as kubectl
//! reads them, before the rest. Case does not matter but in selectors.

use regex::{Regex, RegexBuilder};

use super::selector::{self, FieldRequirement};
use crate::{
    objects::Selector,
    watch::{Listed, SEPARATOR, Snapshot},
};

/// Memory a compiled filter may take, bytes.
const REGEX_LIMIT: usize = 1 << 20;

/// A filter, ready to be run.
#[derive(Debug)]
pub(super) struct Filter {
    labels: Option<Selector>,
    fields: Vec<FieldRequirement>,
    text: Vec<Term>,
}

/// One thing the text of a row must, or must not, have in it.
#[derive(Debug)]
struct Term {
    pattern: Regex,
    wanted: bool,
}

impl Filter {
    /// Reads a filter.
    ///
    /// # Errors
    /// What is wrong with it, for people.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut filter = Self {
            labels: None,
            fields: Vec::new(),
            text: Vec::new(),
        };
        let mut rest = text.trim();
        loop {
            if let Some(after) = option(rest, &["-l", "--selector"]) {
                let (selector, after) = selector::labels(after)?;
                let all = filter.labels.get_or_insert_default();
                all.match_expressions.extend(selector.match_expressions);
                rest = after.trim_start();
            } else if let Some(after) = option(rest, &["-f", "--field-selector"]) {
                let (fields, after) = selector::fields(after)?;
                filter.fields.extend(fields);
                rest = after.trim_start();
            } else {
                break;
            }
        }
        if let Some(pattern) = rest.strip_prefix('/') {
            let pattern = pattern.strip_suffix('/').unwrap_or(pattern);
            filter.text.push(Term {
                pattern: compile(pattern, true)?,
                wanted: true,
            });
            return Ok(filter);
        }
        for word in rest.split_whitespace() {
            let (word, wanted) = match word.strip_prefix('!') {
                Some(word) if !word.is_empty() => (word, false),
                _ => (word, true),
            };
            // A word of ASCII letters is found several times faster without Unicode's cases.
            let pattern = compile(&regex::escape(word), !word.is_ascii())?;
            filter.text.push(Term { pattern, wanted });
        }
        Ok(filter)
    }

    /// Whether the row at `index` of the snapshot passes.
    ///
    /// # Errors
    /// The path of a field that the kind does not have.
    pub(super) fn admits<'a>(
        &'a self,
        snapshot: &Snapshot,
        index: usize,
        row: &Listed,
    ) -> Result<bool, &'a str> {
        if let Some(labels) = &self.labels
            && !labels.matches(row.labels())
        {
            return Ok(false);
        }
        for field in &self.fields {
            let value = snapshot.fields.field(index, &field.path);
            let value = value.ok_or(field.path.as_str())?;
            if (value == field.value) != field.equal {
                return Ok(false);
            }
        }
        let has = |term: &Term| term.pattern.is_match(row.text()) == term.wanted;
        Ok(self.text.iter().all(has))
    }
}

/// What follows an option: `-l x`, `-l=x`.
fn option<'a>(text: &'a str, names: &[&str]) -> Option<&'a str> {
    names.iter().find_map(|name| {
        let after = text.strip_prefix(name)?;
        let value = after
            .strip_prefix('=')
            .unwrap_or_else(|| after.trim_start());
        (value.len() < after.len()).then_some(value)
    })
}

fn compile(pattern: &str, unicode: bool) -> Result<Regex, String> {
    RegexBuilder::new(pattern)
        .case_insensitive(true)
        .unicode(unicode)
        .multi_line(true)
        .line_terminator(SEPARATOR as u8)
        .size_limit(REGEX_LIMIT)
        .build()
        .map_err(|error| match error {
            regex::Error::CompiledTooBig(_) => "the expression is too large".into(),
            error => error.to_string().lines().last().unwrap_or_default().into(),
        })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{
        kinds::Pods,
        objects::Pod,
        watch::{Rows, Subscription},
    };

    fn admitted(filter: &str) -> Result<Vec<String>, String> {
        let pod = |name: &str, app: &str, phase: &str| -> Pod {
            serde_json::from_value(serde_json::json!({
                "metadata": {"name": name, "namespace": "shop", "uid": name, "labels": {"app": app}},
                "status": {"phase": phase},
            }))
            .unwrap()
        };
        let snapshot = Subscription::<Pods>::still([
            pod("api-1", "api", "Pending"),
            pod("web-1", "web", "Running"),
            pod("web-10", "web", "Failed"),
        ])
        .snapshot();
        let filter = Filter::parse(filter)?;
        let mut names = Vec::new();
        for (index, row) in snapshot.rows.iter().enumerate() {
            let row: &Arc<Listed> = row;
            if filter.admits(&snapshot, index, row)? {
                names.push(row.name().to_owned());
            }
        }
        Ok(names)
    }

    /// Covers: CMP-01
    #[tokio::test]
    async fn words_patterns_and_selectors_pick_rows() {
        for (filter, expected) in [
            ("", "api-1 web-1 web-10"),
            ("WEB run", "web-1"),
            ("!web", "api-1"),
            ("/^web-\\d$/", "web-1"),
            ("/^running$/", "web-1"),
            ("-l app=web", "web-1 web-10"),
            ("-l app in (api, x) 1", "api-1"),
            ("-l app!=web", "api-1"),
            ("-f status.phase!=Running -l app=web", "web-10"),
            ("-f=metadata.name=web-1", "web-1"),
            ("--selector !app", ""),
        ] {
            assert_eq!(admitted(filter).unwrap().join(" "), expected, "{filter}");
        }
    }

    #[tokio::test]
    async fn what_is_wrong_is_named() {
        assert!(admitted("/(/").unwrap_err().contains("unclosed group"));
        assert!(admitted("-l app=").is_ok(), "an empty value is a value");
        assert!(admitted("-l in (").unwrap_err().contains("in ("));
        assert_eq!(admitted("-f spec.nothing=1").unwrap_err(), "spec.nothing");
    }
}
