//! A table as a CSV file (RFC 4180): every row of a view, the columns a person shows.

use std::{
    fs::OpenOptions,
    io::{BufWriter, ErrorKind, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

use kubegraf_ipc::{
    Code, Error as WireError,
    table::{Exported, TableView},
};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::{Query, Table, query::NAMESPACE, validate};
use crate::watch::{CellRef, Listed};

/// Files of one second that may stand side by side.
const TRIES: u32 = 100;

/// An export that did not happen; no file is left behind.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The view cannot be run.
    #[error("{0}")]
    View(String),
    /// A column the table does not have.
    #[error("\"{0}\" is no column of this table")]
    Column(String),
    /// There is no folder to write to.
    #[error("there is neither a downloads folder nor a home directory to write to")]
    NoFolder,
    /// The file cannot be written.
    #[error("\"{path}\" cannot be written: {source}")]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

impl From<Error> for WireError {
    fn from(error: Error) -> Self {
        let code = match error {
            Error::View(_) | Error::Column(_) => Code::InvalidArgument,
            Error::NoFolder | Error::Write { .. } => Code::Storage,
        };
        Self::new(code, error.to_string())
    }
}

/// Where one column's text comes from.
#[derive(Clone, Copy)]
enum Source {
    Namespace,
    Cell(usize),
}

/// The person's downloads folder, else the home directory.
///
/// # Errors
/// [`Error::NoFolder`].
pub fn folder() -> Result<PathBuf, Error> {
    dirs::download_dir()
        .filter(|folder| folder.is_dir())
        .or_else(dirs::home_dir)
        .ok_or(Error::NoFolder)
}

/// Writes every row of a view to a new file named after `name` in `folder`.
///
/// # Errors
/// When the view or a column does not exist, or the file cannot be written.
pub fn export(
    table: &Table,
    view: &TableView,
    columns: &[String],
    folder: &Path,
    name: &str,
) -> Result<Exported, Error> {
    let first = TableView {
        count: 0,
        ..view.clone()
    };
    validate(&first, &table.columns).map_err(|error| Error::View(error.message))?;
    let from: Vec<Source> = columns
        .iter()
        .map(|name| {
            if name == NAMESPACE {
                return Ok(Source::Namespace);
            }
            let place = table.columns.iter().position(|column| column.name == *name);
            place
                .map(Source::Cell)
                .ok_or_else(|| Error::Column(name.clone()))
        })
        .collect::<Result<_, _>>()?;
    let rows = Query::all(table, view).map_err(Error::View)?;
    let (path, file) = create(folder, name, "csv")?;
    let written = write(BufWriter::new(file), columns, &from, &rows);
    if let Err(source) = written {
        // Half an export looks like a whole one.
        let _ = std::fs::remove_file(&path);
        return Err(Error::Write { path, source });
    }
    Ok(Exported {
        path: path.display().to_string(),
        rows: rows.len() as u64,
    })
}

/// Writes a text to a new file named after `name` in `folder`.
///
/// # Errors
/// When the file cannot be written; none is left behind then.
pub fn text(folder: &Path, name: &str, ending: &str, text: &str) -> Result<PathBuf, Error> {
    let (path, mut file) = create(folder, name, ending)?;
    if let Err(source) = file.write_all(text.as_bytes()) {
        let _ = std::fs::remove_file(&path);
        return Err(Error::Write { path, source });
    }
    Ok(path)
}

/// A file that was not there before.
///
/// # Errors
/// [`Error::Write`].
pub(crate) fn create(
    folder: &Path,
    name: &str,
    ending: &str,
) -> Result<(PathBuf, std::fs::File), Error> {
    let name: String = name
        .chars()
        .map(|c| {
            if c.is_alphanumeric() || "-_.".contains(c) {
                c
            } else {
                '_'
            }
        })
        .collect();
    let mut tried = 1;
    loop {
        let path = match tried {
            1 => folder.join(format!("{name}.{ending}")),
            _ => folder.join(format!("{name}-{tried}.{ending}")),
        };
        match OpenOptions::new().write(true).create_new(true).open(&path) {
            Ok(file) => return Ok((path, file)),
            Err(error) if error.kind() == ErrorKind::AlreadyExists && tried < TRIES => tried += 1,
            Err(source) => return Err(Error::Write { path, source }),
        }
    }
}

fn write(
    mut out: impl Write,
    columns: &[String],
    from: &[Source],
    rows: &[Arc<Listed>],
) -> std::io::Result<()> {
    let heads: Vec<String> = columns.iter().map(|name| field(name)).collect();
    write!(out, "{}\r\n", heads.join(","))?;
    for row in rows {
        let fields: Vec<String> = from
            .iter()
            .map(|from| match from {
                Source::Namespace => field(row.namespace()),
                Source::Cell(place) => shown(row.cell(*place)),
            })
            .collect();
        write!(out, "{}\r\n", fields.join(","))?;
    }
    out.flush()
}

/// A file is read later: ages are written as the times they are counted from.
fn shown(cell: CellRef<'_>) -> String {
    match cell {
        CellRef::Text(text) => field(text),
        CellRef::Age(None) => String::new(),
        CellRef::Age(Some(at)) => OffsetDateTime::from_unix_timestamp(at)
            .ok()
            .and_then(|at| at.format(&Rfc3339).ok())
            .unwrap_or_default(),
        CellRef::Restarts(count, _) => count.to_string(),
    }
}

/// A field with quotes where the format wants them, and never one a spreadsheet would run.
fn field(text: &str) -> String {
    let runs = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let safe = if runs {
        format!("'{text}")
    } else {
        text.to_owned()
    };
    if safe.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", safe.replace('"', "\"\""))
    } else {
        safe
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Covers: CMP-01
    #[test]
    fn fields_are_quoted_and_never_run() {
        for (text, expected) in [
            ("plain", "plain"),
            ("a,b", "\"a,b\""),
            ("say \"hi\"", "\"say \"\"hi\"\"\""),
            ("two\nlines", "\"two\nlines\""),
            ("=HYPERLINK(\"x\")", "\"'=HYPERLINK(\"\"x\"\")\""),
            ("-1", "'-1"),
            ("@cmd", "'@cmd"),
            ("<none>", "<none>"),
            ("", ""),
        ] {
            assert_eq!(field(text), expected, "{text}");
        }
    }

    #[test]
    fn no_file_is_ever_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let (first, _) = create(folder.path(), "pods-prod/eu", "csv").unwrap();
        let (second, _) = create(folder.path(), "pods-prod/eu", "csv").unwrap();
        assert_eq!(first, folder.path().join("pods-prod_eu.csv"));
        assert_eq!(second, folder.path().join("pods-prod_eu-2.csv"));
        let nowhere = create(&folder.path().join("gone"), "x", "csv").unwrap_err();
        assert!(nowhere.to_string().contains("gone"), "{nowhere}");
    }
}
