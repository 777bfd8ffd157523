use kubegraf_ipc::logs::{LogPlace, LogView};

use super::*;
use crate::logs::{line::level, numbers};

pub(super) fn view() -> LogView {
    LogView {
        count: 500,
        ..LogView::default()
    }
}

pub(super) fn book(bounds: Bounds) -> Book {
    Book::new(bounds, Look::of(&view()).unwrap())
}

pub(super) fn add(book: &mut Book, source: u32, lines: &[(i64, &str)]) {
    let lines = lines.iter().map(|(at, text)| {
        let written = Written {
            at: Some(*at),
            text: text.as_bytes().into(),
            cut: 0,
        };
        (written, level(text.as_bytes()))
    });
    book.add(source, lines.collect());
    book.merge();
}

fn all(book: &Book) -> Vec<String> {
    numbers(book, LogPlace::Line { number: 0 }, 500).1
}

/// Covers: EVT-04
#[test]
fn sources_are_merged_by_time_however_late_they_come() {
    let mut book = book(Bounds::default());
    let (a, b) = (
        book.source(("n", "a", "u"), "c"),
        book.source(("n", "b", "u"), "c"),
    );
    add(&mut book, a, &[(10, "a10"), (30, "a30"), (50, "a50")]);
    add(&mut book, b, &[(20, "b20"), (30, "b30"), (60, "b60")]);
    add(&mut book, a, &[(55, "a55")]);
    assert_eq!(
        all(&book),
        ["a10", "b20", "a30", "b30", "a50", "a55", "b60"]
    );
}

#[test]
fn a_source_keeps_its_order_when_its_clock_goes_back() {
    let mut book = book(Bounds::default());
    let a = book.source(("n", "a", "u"), "c");
    add(&mut book, a, &[(100, "one"), (40, "two")]);
    add(&mut book, a, &[(50, "three")]);
    assert_eq!(all(&book), ["one", "two", "three"]);
}

#[test]
fn what_is_too_much_is_given_up_from_the_oldest_on_and_counted() {
    let mut book = book(Bounds {
        bytes: 1 << 20,
        lines: 100,
    });
    let a = book.source(("n", "a", "u"), "c");
    for n in 0..1_000 {
        add(&mut book, a, &[(n, &format!("ERROR {n}"))]);
    }
    let head = book.head();
    assert_eq!((head.held, head.given_up, head.errors), (100, 900, 100));
    assert_eq!(
        (head.first, head.end),
        (900, 1_000),
        "numbers are not used again"
    );
    assert_eq!(
        head.given_up_bytes,
        (0..900)
            .map(|n| format!("ERROR {n}").len() as u64)
            .sum::<u64>()
    );
    let (start, lines) = numbers(&book, LogPlace::End, 2);
    assert_eq!(
        (start, lines),
        (998, vec!["ERROR 998".into(), "ERROR 999".into()])
    );
    let (start, lines) = numbers(&book, LogPlace::Line { number: 5 }, 1);
    assert_eq!((start, lines), (900, vec!["ERROR 900".to_owned()]));

    let mut heavy = super::Book::new(
        Bounds {
            bytes: 100_000,
            lines: 1_000_000,
        },
        Look::of(&view()).unwrap(),
    );
    let a = heavy.source(("n", "a", "u"), "c");
    for n in 0..1_000 {
        add(&mut heavy, a, &[(n, &"x".repeat(1_000))]);
    }
    assert!(heavy.weight <= 100_000);
    assert_eq!(heavy.head().held + heavy.head().given_up, 1_000);
}

/// Covers: EVT-04
#[test]
fn another_look_shows_other_lines_of_the_same_book() {
    let mut book = book(Bounds::default());
    let (a, b) = (
        book.source(("n", "a", "u"), "c"),
        book.source(("n", "b", "u"), "c"),
    );
    add(
        &mut book,
        a,
        &[(1, "INFO start"), (3, "WARN Slow query"), (5, "plain")],
    );
    add(&mut book, b, &[(2, "ERROR no query"), (4, "DEBUG query")]);
    let look = |book: &mut Book, change: &dyn Fn(&mut LogView)| {
        let mut view = view();
        change(&mut view);
        book.look(Look::of(&view).unwrap());
        (all(book), book.head().hits)
    };
    let (shown, hits) = look(&mut book, &|view| {
        view.query = "QUERY".into();
        view.only_matches = true;
    });
    assert_eq!(shown, ["ERROR no query", "WARN Slow query", "DEBUG query"]);
    assert_eq!(hits, 3);
    let (shown, hits) = look(&mut book, &|view| view.query = "q.ery".into());
    assert_eq!((shown.len(), hits), (5, 0), "a dot is a dot");
    let (_, hits) = look(&mut book, &|view| {
        view.query = "^.*q.ery$".into();
        view.regex = true;
    });
    assert_eq!(hits, 3);
    let (shown, _) = look(&mut book, &|view| view.least = Some(LogLevel::Warn));
    assert_eq!(shown, ["ERROR no query", "WARN Slow query"]);
    let (shown, _) = look(&mut book, &|view| view.hidden = vec![a]);
    assert_eq!(shown, ["ERROR no query", "DEBUG query"]);
    // New lines are judged by the look that is current.
    add(&mut book, a, &[(6, "unseen")]);
    add(&mut book, b, &[(7, "seen")]);
    assert_eq!(all(&book), ["ERROR no query", "DEBUG query", "seen"]);
}

#[test]
fn the_next_hit_is_found_in_both_directions() {
    let mut book = book(Bounds::default());
    let a = book.source(("n", "a", "u"), "c");
    add(
        &mut book,
        a,
        &[(1, "x"), (2, "hit"), (3, "x"), (4, "hit"), (5, "x")],
    );
    let query = LogView {
        query: "hit".into(),
        ..view()
    };
    book.look(Look::of(&query).unwrap());
    assert_eq!(book.find(0, false), Find::At(1));
    assert_eq!(book.find(1, false), Find::At(3));
    assert_eq!(book.find(3, false), Find::Nothing);
    assert_eq!(book.find(3, true), Find::At(1));
    assert_eq!(book.find(1, true), Find::Nothing);
    assert_eq!(book.find(u64::MAX, true), Find::At(3));
}

#[test]
fn a_view_that_cannot_be_is_refused() {
    for (view, word) in [
        (LogView { count: 0, ..view() }, "count is 0"),
        (
            LogView {
                count: 501,
                ..view()
            },
            "count is 501",
        ),
        (
            LogView {
                query: "(".into(),
                regex: true,
                ..view()
            },
            "no regular expression",
        ),
    ] {
        let Err(error) = Look::of(&view) else {
            panic!("{view:?} is taken")
        };
        assert!(error.message.contains(word), "{}", error.message);
    }
}

/// Covers: EVT-04
#[test]
fn a_moment_is_the_place_of_the_first_shown_line_after_it() {
    let mut book = book(Bounds::default());
    let a = book.source(("n", "a", "u"), "c");
    let second = 1_000_000_000;
    let lines: Vec<(i64, String)> = (0..10).map(|n| (n * second, format!("line {n}"))).collect();
    let lines: Vec<(i64, &str)> = lines.iter().map(|(at, text)| (*at, &**text)).collect();
    add(&mut book, a, &lines);
    for (time, expect) in [(0, 0), (2_999, 3), (3_000, 3), (3_001, 4), (99_000, 10)] {
        let (start, _) = numbers(&book, LogPlace::Time { time }, 5);
        assert_eq!(start, expect, "{time} ms");
    }
    let view = LogView {
        query: "line 8".into(),
        only_matches: true,
        ..view()
    };
    book.look(Look::of(&view).unwrap());
    let (start, lines) = numbers(&book, LogPlace::Time { time: 3_000 }, 5);
    assert_eq!((start, lines), (0, vec!["line 8".to_owned()]));
}

#[test]
fn lines_that_are_data_are_told_so_only_when_asked() {
    let told = |fields: bool| {
        let view = LogView { fields, ..view() };
        let mut book = Book::new(Bounds::default(), Look::of(&view).unwrap());
        let a = book.source(("n", "a", "u"), "c");
        add(
            &mut book,
            a,
            &[(1, r#"{"msg":"up","port":80}"#), (2, "plain")],
        );
        all(&book)
    };
    assert_eq!(told(false), [r#"{"msg":"up","port":80}"#, "plain"]);
    assert_eq!(told(true), ["up  port=80", "plain"]);
}

/// Covers: EVT-04
#[test]
fn what_memory_gives_up_is_scrolled_back_to_on_disk() {
    use crate::logs::spill::{Room, Spill};
    let folder = tempfile::tempdir().unwrap();
    let room = Room {
        file: 20_000,
        files: 4,
        lines: 1_000_000,
    };
    let bounds = Bounds {
        bytes: 1 << 20,
        lines: 100,
    };
    let mut book = book(bounds).spilling(Spill::new(folder.path().into(), room));
    let a = book.source(("n", "a", "u"), "c");
    let name = |n: u64| {
        format!(
            "{} {n}",
            if n.is_multiple_of(10) {
                "ERROR"
            } else {
                "INFO"
            }
        )
    };
    for n in 0..600 {
        add(
            &mut book,
            a,
            &[(i64::try_from(n).unwrap() * 1_000_000, &name(n))],
        );
    }
    let head = book.head();
    assert_eq!((head.held, head.on_disk, head.given_up), (100, 500, 0));
    assert_eq!((head.first, head.end), (0, 600), "nothing is lost");
    let expect = |from: u64, to: u64| (from..to).map(name).collect::<Vec<_>>();
    // On disk, in memory, and across.
    for (number, count) in [(0, 5), (499, 1), (490, 20), (500, 10), (598, 10)] {
        let (start, lines) = numbers(&book, LogPlace::Line { number }, count);
        assert_eq!(
            (start, lines),
            (number, expect(number, (number + u64::from(count)).min(600)))
        );
    }
    for time in [0, 7, 499, 500, 550] {
        let (start, lines) = numbers(&book, LogPlace::Time { time }, 1);
        assert_eq!(
            (start, lines),
            (
                time.unsigned_abs(),
                expect(time.unsigned_abs(), time.unsigned_abs() + 1)
            )
        );
    }
    assert_eq!(numbers(&book, LogPlace::End, 2).1, expect(598, 600));
    let mut text = Vec::new();
    assert_eq!(book.write(450, 100, false, &mut text).unwrap(), 100);
    assert_eq!(
        String::from_utf8(text).unwrap().lines().collect::<Vec<_>>(),
        expect(450, 550)
    );

    // Where the disk has no room either, the gap has a size, and numbers go on.
    for n in 600..3_000 {
        add(
            &mut book,
            a,
            &[(i64::try_from(n).unwrap() * 1_000_000, &name(n))],
        );
    }
    let head = book.head();
    assert!(head.given_up > 0 && head.given_up == head.first, "{head:?}");
    assert_eq!(head.given_up + head.on_disk + head.held, 3_000);
    assert_eq!(head.end, 3_000);
    assert_eq!(
        head.given_up_bytes,
        (0..head.given_up)
            .map(|n| name(n).len() as u64)
            .sum::<u64>()
    );
    let (start, lines) = numbers(&book, LogPlace::Line { number: 0 }, 3);
    assert_eq!(
        (start, lines),
        (head.first, expect(head.first, head.first + 3))
    );
}

#[test]
fn a_disk_that_fails_costs_the_older_lines_and_nothing_else() {
    use crate::logs::spill::{Room, Spill};
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("in-the-way");
    std::fs::write(&file, "").unwrap();
    let bounds = Bounds {
        bytes: 1 << 20,
        lines: 10,
    };
    let mut book = book(bounds).spilling(Spill::new(file, Room::default()));
    let a = book.source(("n", "a", "u"), "c");
    for n in 0..100 {
        add(&mut book, a, &[(n, &format!("line {n}"))]);
    }
    let head = book.head();
    assert_eq!((head.on_disk, head.given_up, head.first), (0, 90, 90));
    assert_eq!(
        numbers(&book, LogPlace::Line { number: 0 }, 1).1,
        ["line 90"]
    );
}
