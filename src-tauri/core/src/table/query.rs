//! A view run over a table: scope, filter, facets, order; kept while nothing of that changes.

use std::sync::Arc;

use hashbrown::HashMap;

use kubegraf_ipc::{
    object::Tone,
    table::{Facet, TableHead, TableView},
};

use super::{
    Table,
    filter::Filter,
    order::{self, By},
};
use crate::watch::{CellRef, Listed, Snapshot};

/// Sorts by namespace; not among a kind's columns.
pub(super) const NAMESPACE: &str = "NAMESPACE";

/// In the order of their numbers.
const TONES: [Tone; 5] = [
    Tone::Ok,
    Tone::Pending,
    Tone::Neutral,
    Tone::Warn,
    Tone::Bad,
];

/// The rows of a table in the order of a view. Scrolling and unchanged rows cost nothing.
#[derive(Default)]
pub struct Query {
    ran: Option<Ran>,
}

/// What was run, over what, and what came out.
struct Ran {
    snapshot: Snapshot,
    view: TableView,
    matched: Vec<u32>,
    total: u64,
    facets: Vec<Facet>,
    filter_error: Option<String>,
}

/// A slice of what a query finds.
pub struct Answer {
    /// Totals and freshness.
    pub head: TableHead,
    /// The slice.
    pub rows: Vec<Arc<Listed>>,
}

impl Query {
    /// Runs a view over the rows as they are now.
    pub fn run(&mut self, table: &Table, view: &TableView) -> Answer {
        let snapshot = table.rows.snapshot();
        let ran = match self.ran.take() {
            Some(ran) if ran.holds(&snapshot, view) => Ran { snapshot, ..ran },
            _ => Ran::new(table, snapshot, view),
        };
        let answer = ran.slice(view);
        self.ran = Some(ran);
        answer
    }

    /// All rows that match, in order: what an export writes.
    pub fn all(table: &Table, view: &TableView) -> Result<Vec<Arc<Listed>>, String> {
        let ran = Ran::new(table, table.rows.snapshot(), view);
        match ran.filter_error {
            Some(error) => Err(error),
            None => {
                let row = |&index: &u32| Arc::clone(&ran.snapshot.rows[index as usize]);
                Ok(ran.matched.iter().map(row).collect())
            }
        }
    }
}

impl Ran {
    fn holds(&self, snapshot: &Snapshot, view: &TableView) -> bool {
        Arc::ptr_eq(&self.snapshot.rows, &snapshot.rows)
            && self.view.filter == view.filter
            && self.view.facet == view.facet
            && self.view.sort == view.sort
    }

    fn new(table: &Table, snapshot: Snapshot, view: &TableView) -> Self {
        let mut ran = Self {
            matched: Vec::new(),
            total: 0,
            facets: Vec::new(),
            filter_error: None,
            view: view.clone(),
            snapshot,
        };
        if let Err(error) = ran.filter(table) {
            ran.matched.clear();
            ran.facets.clear();
            ran.filter_error = Some(error);
            return ran;
        }
        if let Some(column) = table.facet {
            ran.facets = ran.count(column);
            if let Some(wanted) = &view.facet {
                let rows = &ran.snapshot.rows;
                ran.matched
                    .retain(|&index| facet_value(&rows[index as usize], column) == wanted);
            }
        }
        if let Some(sort) = &view.sort {
            let by = match table.columns.iter().position(|c| c.name == sort.column) {
                Some(column) => By::Column(column),
                None => By::Namespace,
            };
            order::sort(&ran.snapshot.rows, &mut ran.matched, by, sort.descending);
        }
        ran
    }

    /// Finds the rows in scope that pass the filter.
    fn filter(&mut self, table: &Table) -> Result<(), String> {
        let filter = Filter::parse(&self.view.filter);
        for (number, (index, row)) in (0..).zip(self.snapshot.rows.iter().enumerate()) {
            if !table.shows(row.namespace()) {
                continue;
            }
            self.total += 1;
            // The total is known even when the filter is not.
            let Ok(filter) = &filter else { continue };
            let admitted = filter.admits(&self.snapshot, index, row);
            if admitted.map_err(|path| format!("there is no field \"{path}\" to select by"))? {
                self.matched.push(number);
            }
        }
        filter.map(drop)
    }

    fn count(&self, column: usize) -> Vec<Facet> {
        let mut counts: HashMap<&str, [u64; TONES.len()]> = HashMap::new();
        for &index in &self.matched {
            let row = &self.snapshot.rows[index as usize];
            counts.entry(facet_value(row, column)).or_default()[row.tone() as usize] += 1;
        }
        let mut facets: Vec<_> = counts
            .into_iter()
            .map(|(value, tones)| Facet {
                value: value.into(),
                count: tones.iter().sum(),
                // One pod that is not ready yet makes "Running" no bad state: most of them decide.
                tone: TONES
                    .into_iter()
                    .max_by_key(|&tone| tones[tone as usize])
                    .unwrap_or_default(),
            })
            .collect();
        facets.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.value.cmp(&b.value)));
        facets
    }

    fn slice(&self, view: &TableView) -> Answer {
        let matched = self.matched.len() as u64;
        let offset = view.offset.min(matched);
        let row = |&index: &u32| Arc::clone(&self.snapshot.rows[index as usize]);
        let rows = self
            .matched
            .iter()
            .skip(usize::try_from(offset).unwrap_or(usize::MAX))
            .take(view.count as usize)
            .map(row)
            .collect();
        let head = TableHead {
            revision: view.revision,
            total: self.total,
            matched,
            offset,
            facets: self.facets.clone(),
            freshness: self.snapshot.freshness.clone(),
            filter_error: self.filter_error.clone(),
        };
        Answer { head, rows }
    }
}

fn facet_value(row: &Listed, column: usize) -> &str {
    match row.cell(column) {
        CellRef::Text(text) => text,
        CellRef::Age(_) | CellRef::Restarts(..) => "",
    }
}
