//! Found rows in the order of a view.

use std::cmp::Ordering;

use kubegraf_ipc::table::{Sort, TableView};

use super::found::{Found, Moved};
use crate::table::{
    Table,
    order::{self, By},
};

/// More changed rows than one in this many are sorted with all the others.
const FEW: usize = 8;

/// Indices of rows, in order.
pub(super) struct Ordered {
    facet: Option<String>,
    sort: Option<Sort>,
    matched: Vec<u32>,
}

impl Ordered {
    /// Sorts everything.
    pub(super) fn new(found: &Found, table: &Table, view: &TableView) -> Self {
        Self::sorted(found, table, view.facet.clone(), view.sort.clone())
    }

    fn sorted(found: &Found, table: &Table, facet: Option<String>, sort: Option<Sort>) -> Self {
        let passes = |index: &u32| found.passes(*index, facet.as_deref());
        let mut matched: Vec<u32> = (0..found.len()).filter(passes).collect();
        if let Some(sort) = &sort {
            order::sort(found.all(), &mut matched, by(table, sort), sort.descending);
        }
        Self {
            facet,
            sort,
            matched,
        }
    }

    /// Whether this is the view's facet and order.
    pub(super) fn is_of(&self, view: &TableView) -> bool {
        self.facet == view.facet && self.sort == view.sort
    }

    pub(super) fn matched(&self) -> &[u32] {
        &self.matched
    }

    /// Goes on to the next rows: what did not change keeps its order, what did is put in its place.
    pub(super) fn follow(self, found: &Found, moved: &Moved, table: &Table) -> Self {
        let Self {
            facet,
            sort,
            matched,
        } = self;
        if moved.fresh.len() > found.len() as usize / FEW {
            return Self::sorted(found, table, facet, sort);
        }
        let kept: Vec<u32> = matched
            .into_iter()
            .filter_map(|old| moved.place(old))
            .collect();
        let mut fresh: Vec<u32> = moved
            .fresh
            .iter()
            .copied()
            .filter(|&index| found.passes(index, facet.as_deref()))
            .collect();
        // Equal rows keep the order of their names.
        let order = |a: u32, b: u32| match &sort {
            None => a.cmp(&b),
            Some(sort) => {
                let rows = found.all();
                let (one, other) = (&rows[a as usize], &rows[b as usize]);
                let order = order::compare(one, other, by(table, sort));
                let order = if sort.descending {
                    order.reverse()
                } else {
                    order
                };
                order.then_with(|| a.cmp(&b))
            }
        };
        fresh.sort_by(|&a, &b| order(a, b));
        let mut merged = Vec::with_capacity(kept.len() + fresh.len());
        let mut rest = kept.as_slice();
        for index in fresh {
            let before = rest.partition_point(|&there| order(there, index) == Ordering::Less);
            let (earlier, later) = rest.split_at(before);
            merged.extend_from_slice(earlier);
            merged.push(index);
            rest = later;
        }
        merged.extend_from_slice(rest);
        Self {
            facet,
            sort,
            matched: merged,
        }
    }
}

fn by(table: &Table, sort: &Sort) -> By {
    let column = table.columns.iter().position(|c| c.name == sort.column);
    column.map_or(By::Namespace, By::Column)
}
