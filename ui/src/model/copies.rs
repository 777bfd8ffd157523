//! Rows as text for the clipboard.

use kubegraf_ipc::table::Row;

use crate::model::{
    cells::cell_text,
    columns::{From, Shown},
};

/// One name a line; with the namespace in front where rows of several were asked for.
#[must_use]
pub fn names(rows: &[Row]) -> String {
    let first = rows.first().map(|row| row.namespace.as_str());
    let mixed = rows.iter().any(|row| Some(row.namespace.as_str()) != first);
    let lines: Vec<String> = rows
        .iter()
        .map(|row| {
            if mixed && !row.namespace.is_empty() {
                format!("{}/{}", row.namespace, row.name)
            } else {
                row.name.clone()
            }
        })
        .collect();
    lines.join("\n")
}

/// The shown columns with their heads, separated by tabs: what a spreadsheet takes as it is.
#[must_use]
pub fn table(columns: &[Shown], rows: &[Row], now: i64) -> String {
    let heads: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
    let mut text = heads.join("\t");
    for row in rows {
        let cells: Vec<String> = columns
            .iter()
            .map(|column| cell(column, row, now))
            .collect();
        text.push('\n');
        text.push_str(&cells.join("\t"));
    }
    text
}

/// The text of one cell on one line.
#[must_use]
pub fn cell(column: &Shown, row: &Row, now: i64) -> String {
    let text = match column.from {
        From::Namespace => row.namespace.clone(),
        From::Cell(index) => row
            .cells
            .get(index)
            .map_or_else(String::new, |cell| cell_text(cell, now)),
    };
    text.replace(['\t', '\n', '\r'], " ")
}

#[cfg(test)]
mod tests {
    use kubegraf_ipc::{object::Tone, table::Cell};

    use super::*;

    fn row(namespace: &str, name: &str) -> Row {
        Row {
            uid: name.into(),
            namespace: namespace.into(),
            name: name.into(),
            tone: Tone::Ok,
            cells: vec![
                Cell::Text(name.into()),
                Cell::Text("two\nlines\tand tab".into()),
                Cell::Age(Some(100)),
            ],
        }
    }

    #[test]
    fn names_say_their_namespace_only_when_they_differ() {
        assert_eq!(names(&[row("a", "x"), row("a", "y")]), "x\ny");
        assert_eq!(names(&[row("a", "x"), row("b", "y")]), "a/x\nb/y");
        assert_eq!(names(&[]), "");
    }

    /// Covers: CMP-01
    #[test]
    fn rows_become_a_table_a_spreadsheet_understands() {
        let column = |name: &str, from| Shown {
            name: name.into(),
            numeric: false,
            from,
            width: None,
        };
        let columns = [
            column("NAMESPACE", From::Namespace),
            column("MESSAGE", From::Cell(1)),
            column("AGE", From::Cell(2)),
        ];
        assert_eq!(
            table(&columns, &[row("a", "x")], 219),
            "NAMESPACE\tMESSAGE\tAGE\na\ttwo lines and tab\t119s"
        );
    }
}
