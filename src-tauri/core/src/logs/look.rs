//! Which lines a view shows and which hold what is looked for.

use std::collections::HashSet;

use kubegraf_ipc::{
    Code, Error,
    logs::{LogLevel, LogView, MOST_LINES},
};
use regex::{Regex, RegexBuilder};

use super::{display::plain, spill::Kept};

/// The most memory a compiled expression may take, bytes.
const REGEX_SIZE: usize = 1 << 20;
/// A longer query is refused, bytes.
const QUERY: usize = 4_096;

/// A view, ready to be asked about lines.
#[derive(Default)]
pub(super) struct Look {
    query: Option<Regex>,
    only_matches: bool,
    least: Option<LogLevel>,
    hidden: HashSet<u32>,
    /// Whether lines that are data are told as such.
    pub(super) fields: bool,
}

/// What a line is to a view.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Seen {
    /// Whether it is shown.
    pub(super) shown: bool,
    /// Whether it holds the query.
    pub(super) hit: bool,
}

impl Look {
    /// Reads a view.
    ///
    /// # Errors
    /// When the query is no regular expression, or a figure is out of bounds.
    pub(super) fn of(view: &LogView) -> Result<Self, Error> {
        let refused = |message: String| Err(Error::new(Code::InvalidArgument, message));
        if !(1..=MOST_LINES).contains(&view.count) {
            return refused(format!(
                "count is {}, it must be 1 to {MOST_LINES}",
                view.count
            ));
        }
        if view.query.len() > QUERY {
            return refused(format!("the query is longer than {QUERY} bytes"));
        }
        let query = if view.query.is_empty() {
            None
        } else {
            let pattern = if view.regex {
                view.query.clone()
            } else {
                regex::escape(&view.query)
            };
            let built = RegexBuilder::new(&pattern)
                .case_insensitive(!view.match_case)
                .size_limit(REGEX_SIZE)
                .build();
            match built {
                Ok(query) => Some(query),
                Err(error) => {
                    return refused(format!(
                        "\"{}\" is no regular expression: {error}",
                        view.query
                    ));
                }
            }
        };
        Ok(Self {
            only_matches: view.only_matches,
            least: view.least,
            fields: view.fields,
            hidden: view.hidden.iter().copied().collect(),
            query,
        })
    }

    /// Whether no line is left out.
    pub(super) fn shows_all(&self) -> bool {
        (self.query.is_none() || !self.only_matches)
            && self.least.is_none()
            && self.hidden.is_empty()
    }

    /// What is looked for.
    pub(super) fn query(&self) -> Option<&Regex> {
        self.query.as_ref()
    }

    /// Judges a line; remarks are shown with the lines of their source, whatever is looked for.
    pub(super) fn judge(&self, line: &Kept) -> Seen {
        if self.hidden.contains(&line.source) {
            return Seen::default();
        }
        if line.remark {
            return Seen {
                shown: true,
                hit: false,
            };
        }
        if self
            .least
            .is_some_and(|least| line.level.is_none_or(|level| level < least))
        {
            return Seen::default();
        }
        let hit = self
            .query
            .as_ref()
            .is_some_and(|query| query.is_match(&plain(&line.text)));
        let shown = hit || !self.only_matches || self.query.is_none();
        Seen { shown, hit }
    }
}
