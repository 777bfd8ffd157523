//! One pass over the rows: scope, filter, facets, order, slice.

use std::{cmp::Ordering, collections::BTreeMap, sync::Arc};

use kubegraf_ipc::{
    object::Tone,
    table::{Cell, Facet, TableHead, TableView},
};
use regex::{Regex, RegexBuilder};

use super::Table;
use crate::watch::Listed;

/// Sorts by namespace; not among a kind's columns.
pub(super) const NAMESPACE: &str = "NAMESPACE";
/// Memory a compiled filter may take, bytes.
const REGEX_LIMIT: usize = 1 << 20;

/// A view, ready to be run over a table.
pub struct Query<'a> {
    table: &'a Table,
    view: &'a TableView,
}

/// What a query finds.
pub struct Answer {
    /// Totals and freshness.
    pub head: TableHead,
    /// The slice.
    pub rows: Vec<Arc<Listed>>,
}

enum Filter {
    Words(Vec<String>),
    Pattern(Regex),
}

impl Filter {
    fn new(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let pattern = text
            .strip_prefix('/')
            .map(|rest| rest.strip_suffix('/').unwrap_or(rest));
        let Some(pattern) = pattern else {
            return Ok(Self::Words(
                text.to_ascii_lowercase()
                    .split_whitespace()
                    .map(String::from)
                    .collect(),
            ));
        };
        RegexBuilder::new(pattern)
            .case_insensitive(true)
            .multi_line(true)
            .size_limit(REGEX_LIMIT)
            .build()
            .map(Self::Pattern)
            .map_err(|error| match error {
                regex::Error::CompiledTooBig(_) => "the expression is too large".into(),
                error => error.to_string().lines().last().unwrap_or_default().into(),
            })
    }

    fn admits(&self, listed: &Listed) -> bool {
        match self {
            Self::Words(words) => words.iter().all(|word| listed.haystack.contains(word)),
            Self::Pattern(pattern) => pattern.is_match(&listed.haystack),
        }
    }
}

impl<'a> Query<'a> {
    /// A view of a table.
    pub fn new(table: &'a Table, view: &'a TableView) -> Self {
        Self { table, view }
    }

    /// Runs it over the rows as they are now.
    pub fn run(&self) -> Answer {
        let mut freshness = self.table.rows.freshness();
        let mut rows = self.table.rows.rows();
        // A change between the two reads shows in the next event; never as fresher than it is.
        let after = self.table.rows.freshness();
        if after != freshness {
            freshness = after;
        }
        if !self.table.namespaces.is_empty() {
            rows.retain(|listed| self.table.namespaces.contains(&listed.row.namespace));
        }
        let total = rows.len() as u64;
        let filter_error = match Filter::new(&self.view.filter) {
            Ok(filter) => {
                rows.retain(|listed| filter.admits(listed));
                None
            }
            Err(error) => {
                rows.clear();
                Some(error)
            }
        };
        let facets = self.facets(&rows);
        if let (Some(wanted), Some(column)) = (&self.view.facet, self.table.facet) {
            rows.retain(|listed| facet_value(listed, column) == wanted);
        }
        self.sort(&mut rows);
        let matched = rows.len() as u64;
        let offset = self.view.offset.min(matched);
        let rows = rows
            .into_iter()
            .skip(usize::try_from(offset).unwrap_or(usize::MAX))
            .take(self.view.count as usize)
            .collect();
        let head = TableHead {
            revision: self.view.revision,
            total,
            matched,
            offset,
            facets,
            freshness,
            filter_error,
        };
        Answer { head, rows }
    }

    fn facets(&self, rows: &[Arc<Listed>]) -> Vec<Facet> {
        let Some(column) = self.table.facet else {
            return Vec::new();
        };
        let mut counts: BTreeMap<&str, BTreeMap<Tone, u64>> = BTreeMap::new();
        for listed in rows {
            let tones = counts.entry(facet_value(listed, column)).or_default();
            *tones.entry(listed.row.tone).or_default() += 1;
        }
        let mut facets: Vec<_> = counts
            .into_iter()
            .map(|(value, tones)| Facet {
                value: value.into(),
                count: tones.values().sum(),
                // One pod that is not ready yet makes "Running" no bad state: most of them decide.
                tone: tones
                    .iter()
                    .max_by_key(|(_, count)| **count)
                    .map_or_else(Tone::default, |(tone, _)| *tone),
            })
            .collect();
        facets.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.value.cmp(&b.value)));
        facets
    }

    fn sort(&self, rows: &mut [Arc<Listed>]) {
        let by_name = |a: &Listed, b: &Listed| {
            (&a.row.namespace, &a.row.name, &a.row.uid).cmp(&(
                &b.row.namespace,
                &b.row.name,
                &b.row.uid,
            ))
        };
        let Some(sort) = &self.view.sort else {
            return rows.sort_unstable_by(|a, b| by_name(a, b));
        };
        let column = self
            .table
            .columns
            .iter()
            .position(|c| c.name == sort.column);
        let by_column = |a: &Listed, b: &Listed| match column {
            Some(column) => compare(&a.row.cells[column], &b.row.cells[column]),
            None => a.row.namespace.cmp(&b.row.namespace),
        };
        rows.sort_unstable_by(|a, b| {
            let order = by_column(a, b);
            let order = if sort.descending {
                order.reverse()
            } else {
                order
            };
            order.then_with(|| by_name(a, b))
        });
    }
}

fn facet_value(listed: &Listed, column: usize) -> &str {
    match &listed.row.cells[column] {
        Cell::Text(text) => text,
        Cell::Age(_) | Cell::Restarts { .. } => "",
    }
}

/// Cells of one column by value: the youngest first, numbers as numbers, text as text.
fn compare(a: &Cell, b: &Cell) -> Ordering {
    match (a, b) {
        (Cell::Age(a), Cell::Age(b)) => b.cmp(a),
        (Cell::Restarts { count: a, last: la }, Cell::Restarts { count: b, last: lb }) => {
            a.cmp(b).then(la.cmp(lb))
        }
        (Cell::Text(a), Cell::Text(b)) => natural(a, b),
        _ => Ordering::Equal,
    }
}

/// Text with the numbers in it compared as numbers: `web-2` before `web-10`, `2/3` before `10/10`.
fn natural(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a.as_bytes(), b.as_bytes());
    loop {
        let (Some(&x), Some(&y)) = (a.first(), b.first()) else {
            return a.len().cmp(&b.len());
        };
        if x.is_ascii_digit() && y.is_ascii_digit() {
            let (na, rest_a) = digits(a);
            let (nb, rest_b) = digits(b);
            let order = na.len().cmp(&nb.len()).then_with(|| na.cmp(nb));
            if order != Ordering::Equal {
                return order;
            }
            (a, b) = (rest_a, rest_b);
        } else if x == y {
            (a, b) = (&a[1..], &b[1..]);
        } else {
            return x.cmp(&y);
        }
    }
}

/// The number a text begins with, without leading zeros, and what follows it.
fn digits(text: &[u8]) -> (&[u8], &[u8]) {
    let end = text
        .iter()
        .position(|byte| !byte.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, rest) = text.split_at(end);
    let zeros = number.iter().take_while(|&&byte| byte == b'0').count();
    (&number[zeros..], rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_text_sort_as_numbers() {
        let mut names = ["web-10", "web-2", "web", "10/10", "2/3", "web-02b"];
        names.sort_by(|a, b| natural(a, b));
        assert_eq!(names, ["2/3", "10/10", "web", "web-2", "web-02b", "web-10"]);
    }

    #[test]
    fn the_youngest_sorts_first_by_age() {
        let (old, young) = (Cell::Age(Some(10)), Cell::Age(Some(20)));
        assert_eq!(compare(&young, &old), Ordering::Less);
    }
}
