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
    let all = TableView {
        count: u32::MAX,
        offset: 0,
        ..view.clone()
    };
    let wanted = if only.is_empty() { view } else { &all };
    let answer = Query::new(table, wanted).run();
    if let Some(reason) = answer.head.filter_error {
        return Err(Error::new(Code::InvalidArgument, reason));
    }
    let only: HashSet<&str> = only.iter().map(String::as_str).collect();
    let rows = answer.rows.iter().map(|listed| &listed.row);
    let rows = rows.filter(|row| only.is_empty() || only.contains(&*row.uid));
    Ok(RowPage {
        matched: answer.head.matched,
        freshness: answer.head.freshness,
        rows: rows.take(MOST as usize).cloned().collect(),
    })
}
