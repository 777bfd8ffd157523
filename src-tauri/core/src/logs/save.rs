//! Writes what a log view shows to a file, piece by piece: reading goes on meanwhile.

use std::{
    io::{BufWriter, Write},
    path::Path,
};

use kubegraf_ipc::{Code, Error, logs::SavedLogs};

use super::Shelf;
use crate::table::export;

/// Lines written between two looks at the book.
const PIECE: usize = 5_000;

/// Writes every line that is shown now to a new file named after `name` in `folder`.
///
/// # Errors
/// When the file cannot be written; none is left behind then.
pub(super) fn save(
    shelf: &Shelf,
    folder: &Path,
    name: &str,
    prefixed: bool,
) -> Result<SavedLogs, Error> {
    let (path, file) = export::create(folder, name, "log")?;
    match write(shelf, prefixed, BufWriter::new(file)) {
        Ok((lines, missing)) => Ok(SavedLogs {
            path: path.display().to_string(),
            lines,
            missing,
        }),
        Err(source) => {
            // Half a log looks like a whole one.
            let _ = std::fs::remove_file(&path);
            let message = format!("\"{}\" cannot be written: {source}", path.display());
            Err(Error::new(Code::Storage, message))
        }
    }
}

fn write(shelf: &Shelf, prefixed: bool, mut out: impl Write) -> std::io::Result<(u64, u64)> {
    // What is shown of the older lines has to be known first.
    while shelf.search() {}
    let (mut from, end, mut missing, looks) = {
        let mut book = shelf.book();
        book.merge();
        let head = book.head();
        (head.first, head.end, head.given_up, book.looks)
    };
    if missing > 0 {
        writeln!(out, "--- {missing} earlier lines were not kept")?;
    }
    let mut lines = 0;
    while from < end {
        let mut piece = Vec::new();
        {
            let book = shelf.book();
            if book.looks != looks {
                return Err(std::io::Error::other("other lines were chosen meanwhile"));
            }
            // Lines may be given up while others are written.
            let lost = book.head().first.saturating_sub(from).min(end - from);
            if lost > 0 {
                missing += lost;
                from += lost;
                writeln!(
                    piece,
                    "--- {lost} lines were given up while this file was written"
                )?;
            }
            let count = usize::try_from(end - from).unwrap_or(PIECE).min(PIECE);
            let written = book.write(from, count, prefixed, &mut piece)?;
            if written == 0 {
                break;
            }
            from += written;
            lines += written;
        }
        out.write_all(&piece)?;
    }
    out.flush()?;
    Ok((lines, missing))
}

#[cfg(test)]
mod tests {
    use kubegraf_ipc::logs::LogView;

    use super::*;
    use crate::logs::{
        book::{Book, Bounds},
        line::Written,
        look::Look,
    };

    fn shelf(view: &LogView, lines: usize) -> Shelf {
        let mut book = Book::new(Bounds::default(), Look::of(view).unwrap());
        let id = book.source(("shop", "web-1", "u"), "app");
        let written = |n: usize| Written {
            at: Some(n as i64 * 1_000_000_000),
            text: format!("line {n} \u{fc}").into_bytes().into(),
            cut: 0,
        };
        book.add(id, (0..lines).map(|n| (written(n), None)).collect());
        Shelf::new(book)
    }

    /// Covers: EVT-04
    #[test]
    fn a_file_holds_exactly_what_is_shown() {
        let folder = tempfile::tempdir().unwrap();
        let view = LogView {
            count: 1,
            query: "9".into(),
            only_matches: true,
            ..LogView::default()
        };
        let shelf = shelf(&view, 20_000);
        let saved = save(&shelf, folder.path(), "../etc/x", false).unwrap();
        assert!(saved.path.starts_with(&*folder.path().to_string_lossy()));
        let text = std::fs::read_to_string(&saved.path).unwrap();
        let expect: Vec<String> = (0..20_000)
            .map(|n| format!("line {n} \u{fc}"))
            .filter(|line| line.contains('9'))
            .collect();
        assert_eq!(text.lines().collect::<Vec<_>>(), expect);
        assert_eq!((saved.lines, saved.missing), (expect.len() as u64, 0));

        let prefixed = save(&shelf, folder.path(), "x", true).unwrap();
        let text = std::fs::read_to_string(prefixed.path).unwrap();
        assert_eq!(
            text.lines().next(),
            Some("1970-01-01T00:00:09Z web-1/app line 9 \u{fc}")
        );
    }
}
