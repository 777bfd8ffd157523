//! The rows that pass a filter, and how many there are of each facet. Order is not its matter.

use std::{cmp::Ordering, sync::Arc};

use hashbrown::HashMap;
use kubegraf_ipc::{
    object::{Freshness, Tone},
    table::{Facet, TableView},
};

use crate::{
    table::{Table, filter::Filter},
    watch::{CellRef, Listed, Snapshot},
};

/// In the order of their numbers.
const TONES: [Tone; 5] = [
    Tone::Ok,
    Tone::Pending,
    Tone::Neutral,
    Tone::Warn,
    Tone::Bad,
];

/// A row that is no longer there, or no longer the same.
const GONE: u32 = u32::MAX;

/// What a filter finds in a snapshot.
pub(super) struct Found {
    snapshot: Snapshot,
    text: String,
    filter: Result<Filter, String>,
    facet: Option<usize>,
    /// Beside the rows: whether each passes.
    passes: Vec<bool>,
    /// Rows in scope, whatever the filter says.
    total: u64,
    counts: HashMap<String, [u64; TONES.len()]>,
}

/// How the rows of one snapshot lie in the next one.
pub(super) struct Moved {
    /// Old index to new index; [`GONE`] for what changed or went.
    places: Vec<u32>,
    /// New indices of what changed or came, ascending.
    pub(super) fresh: Vec<u32>,
}

impl Moved {
    /// Where an unchanged row lies now.
    pub(super) fn place(&self, old: u32) -> Option<u32> {
        let place = *self.places.get(old as usize)?;
        (place != GONE).then_some(place)
    }
}

impl Found {
    /// Looks at every row.
    pub(super) fn new(table: &Table, snapshot: Snapshot, view: &TableView) -> Self {
        Self::filled(
            table,
            snapshot,
            view.filter.clone(),
            Filter::parse(&view.filter),
        )
    }

    fn filled(
        table: &Table,
        snapshot: Snapshot,
        text: String,
        filter: Result<Filter, String>,
    ) -> Self {
        let rows = Arc::clone(&snapshot.rows);
        let mut found = Self {
            snapshot,
            text,
            filter,
            facet: table.facet,
            passes: Vec::with_capacity(rows.len()),
            total: 0,
            counts: HashMap::new(),
        };
        for (index, row) in rows.iter().enumerate() {
            let passes = found.enters(table, index, row);
            found.passes.push(passes);
        }
        if found.filter.is_err() {
            found.passes = vec![false; rows.len()];
            found.counts.clear();
        }
        found
    }

    /// Counts a row and says whether it passes. A filter that asks for what the kind does not have
    /// becomes an error; the total is known even so.
    fn enters(&mut self, table: &Table, index: usize, row: &Listed) -> bool {
        if !table.shows(row.namespace()) {
            return false;
        }
        self.total += 1;
        let Ok(filter) = &self.filter else {
            return false;
        };
        match filter.admits(&self.snapshot, index, row) {
            Ok(passes) => {
                if passes {
                    self.count(row);
                }
                passes
            }
            Err(path) => {
                self.filter = Err(format!("there is no field \"{path}\" to select by"));
                false
            }
        }
    }

    fn leaves(&mut self, table: &Table, row: &Listed, passed: bool) {
        self.total -= u64::from(table.shows(row.namespace()));
        if passed
            && let Some(column) = self.facet
            && let Some(tones) = self.counts.get_mut(facet_value(row, column))
        {
            tones[row.tone() as usize] -= 1;
        }
    }

    fn count(&mut self, row: &Listed) {
        if let Some(column) = self.facet {
            let value = facet_value(row, column);
            self.counts.entry_ref(value).or_default()[row.tone() as usize] += 1;
        }
    }

    /// Whether this is the view's filter.
    pub(super) fn is_of(&self, view: &TableView) -> bool {
        self.text == view.filter
    }

    /// Whether these are the very rows.
    pub(super) fn holds(&self, now: &Snapshot) -> bool {
        Arc::ptr_eq(&self.snapshot.rows, &now.rows)
    }

    /// The same rows, as fresh as they are now.
    pub(super) fn refresh(&mut self, now: Snapshot) {
        self.snapshot = now;
    }

    /// Goes on to the next snapshot, looking only at rows that changed. Both are sorted by
    /// namespace and name. A filter that cannot be followed looks at every row again and says
    /// nothing of moves.
    pub(super) fn advance(mut self, table: &Table, now: Snapshot) -> (Self, Option<Moved>) {
        let before = std::mem::replace(&mut self.snapshot, now).rows;
        let rows = Arc::clone(&self.snapshot.rows);
        let passed = std::mem::take(&mut self.passes);
        let mut moved = Moved {
            places: vec![GONE; before.len()],
            fresh: Vec::new(),
        };
        let mut passes = vec![false; rows.len()];
        let (mut old, mut new) = (0, 0);
        loop {
            let order = match (before.get(old), rows.get(new)) {
                (None, None) => break,
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some(was), Some(is)) if Arc::ptr_eq(was, is) => {
                    moved.places[old] = number(new);
                    passes[new] = passed[old];
                    (old, new) = (old + 1, new + 1);
                    continue;
                }
                (Some(was), Some(is)) => key(was).cmp(&key(is)),
            };
            if order.is_le() {
                self.leaves(table, &before[old], passed[old]);
                old += 1;
            }
            if order.is_ge() {
                passes[new] = self.enters(table, new, &rows[new]);
                moved.fresh.push(number(new));
                new += 1;
            }
        }
        if self.filter.is_err() {
            let filter = Filter::parse(&self.text);
            return (Self::filled(table, self.snapshot, self.text, filter), None);
        }
        self.passes = passes;
        (self, Some(moved))
    }

    /// Whether a row passes filter and facet.
    pub(super) fn passes(&self, index: u32, facet: Option<&str>) -> bool {
        let index = index as usize;
        self.passes[index]
            && facet.is_none_or(|wanted| {
                let column = self.facet;
                column
                    .is_none_or(|column| facet_value(&self.snapshot.rows[index], column) == wanted)
            })
    }

    /// How many rows there are, in scope or not.
    pub(super) fn len(&self) -> u32 {
        number(self.passes.len())
    }

    /// All rows, whether they pass or not.
    pub(super) fn all(&self) -> &[Arc<Listed>] {
        &self.snapshot.rows
    }

    /// The rows at these indices.
    pub(super) fn rows<'a>(&'a self, indices: &'a [u32]) -> impl Iterator<Item = Arc<Listed>> + 'a {
        let row = |&index: &u32| Arc::clone(&self.snapshot.rows[index as usize]);
        indices.iter().map(row)
    }

    pub(super) fn total(&self) -> u64 {
        self.total
    }

    pub(super) fn freshness(&self) -> &Freshness {
        &self.snapshot.freshness
    }

    pub(super) fn limited_to(&self) -> &[String] {
        &self.snapshot.limited_to
    }

    pub(super) fn error(&self) -> Option<&str> {
        self.filter.as_ref().err().map(String::as_str)
    }

    /// The facets, the most frequent first.
    pub(super) fn facets(&self) -> Vec<Facet> {
        let mut facets: Vec<_> = self
            .counts
            .iter()
            .map(|(value, tones)| Facet {
                value: value.clone(),
                count: tones.iter().sum(),
                // One pod that is not ready yet makes "Running" no bad state: most of them decide.
                tone: TONES
                    .into_iter()
                    .max_by_key(|&tone| tones[tone as usize])
                    .unwrap_or_default(),
            })
            .filter(|facet| facet.count > 0)
            .collect();
        facets.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.value.cmp(&b.value)));
        facets
    }
}

/// A cluster has no four billion objects of a kind.
fn number(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(GONE)
}

fn key(row: &Listed) -> (&str, &str) {
    (row.namespace(), row.name())
}

fn facet_value(row: &Listed, column: usize) -> &str {
    match row.cell(column) {
        CellRef::Text(text) => text,
        CellRef::Age(_) | CellRef::Restarts(..) => "",
    }
}
