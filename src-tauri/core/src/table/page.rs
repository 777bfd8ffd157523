//! Rows asked for once: to copy them, or to act on them by name.

use std::collections::HashSet;

use kubegraf_ipc::{
    Code, Error,
    table::{RowPage, TableView},
};

use super::{Query, Table, validate};

/// Rows that may be read at once.
const MOST: u32 = 10_000;

/// The rows of a view as they are now, or those of them with the uids in `only`.
///
/// # Errors
/// [`Code::InvalidArgument`] when the view names no column, asks for more than 10,000 rows, or its
/// filter is no filter.
pub fn read(table: &Table, view: &TableView, only: &[String]) -> Result<RowPage, Error> {
    if view.count > MOST {
        let message = format!(
            "view.count is {}, at most {MOST} rows can be read",
            view.count
        );
        return Err(Error::new(Code::InvalidArgument, message));
    }
    validate(
        &TableView {
            count: 0,
            ..view.clone()
        },
        &table.columns,
    )?;
    let refused = |reason| Error::new(Code::InvalidArgument, reason);
    if only.is_empty() {
        let answer = Query::default().run(table, view);
        if let Some(reason) = answer.head.filter_error {
            return Err(refused(reason));
        }
        return Ok(RowPage {
            matched: answer.head.matched,
            freshness: answer.head.freshness,
            rows: answer.rows.iter().map(|listed| listed.row()).collect(),
        });
    }
    let rows = Query::all(table, view).map_err(refused)?;
    let only: HashSet<&str> = only.iter().map(String::as_str).collect();
    let named = rows.iter().filter(|row| only.contains(row.uid().as_str()));
    Ok(RowPage {
        matched: rows.len() as u64,
        freshness: table.rows.snapshot().freshness,
        rows: named.take(MOST as usize).map(|row| row.row()).collect(),
    })
}
