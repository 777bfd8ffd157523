use kubegraf_ipc::logs::{LogLevel, LogPlace, LogView};

use super::super::{
    Bounds, Find,
    tests::{add, book, view},
};
use super::*;
use crate::logs::{
    numbers,
    spill::{Room, Spill},
};

const MILLISECOND: i64 = 1_000_000;

fn text(n: u64) -> String {
    let level = match n % 10 {
        0 => "ERROR",
        5 => "WARN",
        _ => "INFO",
    };
    let rare = if n.is_multiple_of(97) { " rare" } else { "" };
    format!("{level} line {n}{rare}")
}

/// Two sources in turn.
fn fill(book: &mut Book, range: Range<u64>) {
    for n in range {
        let at = i64::try_from(n).unwrap() * MILLISECOND;
        add(book, u32::from(n.is_multiple_of(3)), &[(at, &text(n))]);
    }
}

fn with_sources(mut book: Book) -> Book {
    book.source(("n", "a", "u"), "c");
    book.source(("n", "b", "u"), "c");
    book
}

/// One that holds 50 lines in memory and the others on disk, in several files.
fn small(folder: &std::path::Path, files: usize) -> Book {
    let bounds = Bounds {
        bytes: 1 << 20,
        lines: 50,
    };
    let room = Room {
        file: 8_000,
        files,
        lines: 1_000_000,
    };
    with_sources(book(bounds).spilling(Spill::new(folder.into(), room)))
}

fn search(book: &mut Book) {
    while let Some(stretch) = book.stretch() {
        book.found(stretch.look_through().unwrap());
    }
}

fn views() -> Vec<LogView> {
    vec![
        LogView {
            query: "rare".into(),
            only_matches: true,
            ..view()
        },
        LogView {
            query: "rare".into(),
            ..view()
        },
        LogView {
            query: "line [0-9]*7$".into(),
            regex: true,
            only_matches: true,
            ..view()
        },
        LogView {
            least: Some(LogLevel::Error),
            ..view()
        },
        LogView {
            least: Some(LogLevel::Warn),
            query: "0".into(),
            ..view()
        },
        LogView {
            hidden: vec![1],
            ..view()
        },
        LogView {
            query: "no such words".into(),
            only_matches: true,
            ..view()
        },
        view(),
    ]
}

/// Every line that is shown, wherever it is, read in pieces as a window does.
fn all(book: &Book) -> Vec<String> {
    let (mut lines, head) = (Vec::new(), book.head());
    while (lines.len() as u64) < head.end - head.first {
        let number = head.first + lines.len() as u64;
        let (start, piece) = numbers(book, LogPlace::Line { number }, 37);
        assert_eq!(start, number);
        assert!(!piece.is_empty());
        lines.extend(piece);
    }
    lines
}

fn written(book: &Book) -> String {
    let mut text = Vec::new();
    let head = book.head();
    let mut from = head.first;
    while from < head.end {
        from += book.write(from, 41, true, &mut text).unwrap();
    }
    String::from_utf8(text).unwrap()
}

/// Covers: EVT-04
#[test]
fn a_view_shows_the_same_of_lines_on_disk_as_of_lines_in_memory() {
    let folder = tempfile::tempdir().unwrap();
    let mut spilled = small(folder.path(), 100);
    let mut whole = with_sources(book(Bounds::default()));
    fill(&mut spilled, 0..1_500);
    fill(&mut whole, 0..1_500);
    assert_eq!(spilled.head().on_disk, 1_450);
    for view in views() {
        for book in [&mut spilled, &mut whole] {
            book.look(Look::of(&view).unwrap());
            search(book);
        }
        let (head, expect) = (spilled.head(), whole.head());
        assert_eq!(head.unsearched, 0);
        assert_eq!(
            (head.end - head.first, head.hits, head.errors, head.warnings),
            (
                expect.end - expect.first,
                expect.hits,
                expect.errors,
                expect.warnings
            ),
            "{view:?}"
        );
        assert_eq!(all(&spilled), all(&whole), "{view:?}");
        assert_eq!(written(&spilled), written(&whole), "{view:?}");
        let by = head.first - expect.first;
        for time in [0, 3, 700, 1_449, 1_450, 1_451, 1_499, 5_000] {
            let place = LogPlace::Time { time };
            assert_eq!(
                spilled.slice(place, 1).0,
                whole.slice(place, 1).0 + by,
                "{view:?} {time}"
            );
        }
        let (last, _) = spilled.slice(LogPlace::End, 500);
        assert_eq!(last, head.first.max(head.end.saturating_sub(500)));
        for backwards in [false, true] {
            for at in 0..=(expect.end - expect.first) {
                let found = match whole.find(expect.first + at, backwards) {
                    Find::At(number) => Find::At(number + by),
                    other => other,
                };
                let told = spilled.find(head.first + at, backwards);
                assert_eq!(told, found, "{view:?} from {at}, backwards: {backwards}");
            }
        }
        if view.only_matches {
            assert_eq!(
                spilled.find(0, false),
                match head.end - head.first {
                    0 => Find::Nothing,
                    _ => Find::At(head.first),
                }
            );
        }
    }
}

/// Covers: EVT-04
#[test]
fn at_any_moment_of_a_search_what_is_told_is_true_and_keeps_its_numbers() {
    let folder = tempfile::tempdir().unwrap();
    let mut book = small(folder.path(), 12);
    fill(&mut book, 0..2_000);
    let view = &views()[3];
    book.look(Look::of(view).unwrap());
    let head = book.head();
    assert_eq!((head.unsearched, head.end - head.first), (head.on_disk, 5));
    assert_eq!(
        book.find(head.first, true),
        Find::Unsearched,
        "a hit may be further up"
    );

    let (mut n, mut rounds) = (2_000, 0);
    let mut known: std::collections::HashMap<u64, String> = std::collections::HashMap::new();
    loop {
        let head = book.head();
        let lines = all(&book);
        // From what has been looked through on, every line that belongs there and no other.
        let oldest = head.given_up + head.unsearched;
        let expect: Vec<String> = (oldest..n).filter(|n| n % 10 == 0).map(text).collect();
        assert_eq!(lines, expect, "{head:?}");
        for (number, line) in (head.first..).zip(&lines) {
            let before = known.entry(number).or_insert_with(|| line.clone());
            assert_eq!(before, line, "{number} was another line before");
        }
        assert_eq!(head.on_disk + head.held + head.given_up, n);
        let Some(stretch) = book.stretch() else { break };
        // While it is looked through, others come and the oldest files go.
        let found = stretch.look_through().unwrap();
        fill(&mut book, n..n + 130);
        n += 130;
        book.found(found);
        rounds += 1;
    }
    let head = book.head();
    assert!(rounds > 3 && head.given_up > 0, "{rounds} rounds, {head:?}");
    assert_eq!(head.unsearched, 0);
}

#[test]
fn another_look_gives_up_the_search_of_the_one_before() {
    let folder = tempfile::tempdir().unwrap();
    let mut book = small(folder.path(), 100);
    fill(&mut book, 0..500);
    book.look(Look::of(&views()[3]).unwrap());
    let found = book.stretch().unwrap().look_through().unwrap();
    book.look(Look::of(&views()[0]).unwrap());
    let before = book.head();
    book.found(found);
    assert_eq!(book.head(), before, "it is about other lines");
    search(&mut book);
    let expect: Vec<String> = (0..500).filter(|n| n % 97 == 0).map(text).collect();
    assert_eq!(all(&book), expect);
}

#[test]
fn lines_that_cannot_be_searched_are_counted_as_given_up() {
    let folder = tempfile::tempdir().unwrap();
    let mut book = small(folder.path(), 100);
    fill(&mut book, 0..300);
    for file in std::fs::read_dir(folder.path()).unwrap() {
        let path = file.unwrap().path();
        let file = std::fs::OpenOptions::new().write(true).open(path).unwrap();
        file.set_len(10).unwrap();
    }
    book.look(Look::of(&views()[3]).unwrap());
    let Err(error) = book.stretch().unwrap().look_through() else {
        panic!("there is nothing to read")
    };
    book.lose_older(&error);
    let head = book.head();
    assert_eq!(
        (head.on_disk, head.unsearched, head.given_up, head.held),
        (0, 0, 250, 50)
    );
    assert_eq!(all(&book).len(), 5);
}
