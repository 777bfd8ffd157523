use std::sync::atomic::{AtomicUsize, Ordering};

use kubegraf_ipc::logs::LogPlace;

use super::*;

const LINES: usize = 60_000;

fn text(n: usize) -> String {
    let level = if n.is_multiple_of(1_000) {
        "ERROR"
    } else {
        "INFO"
    };
    format!("{level} line {n} of a log that does not fit into memory")
}

/// A log that holds a hundredth of its lines in memory.
fn log(folder: &Path) -> Log {
    let bounds = Bounds {
        bytes: 8 << 20,
        lines: LINES / 100,
    };
    let room = Room {
        file: 1 << 20,
        ..Room::default()
    };
    let view = LogView {
        count: 100,
        ..LogView::default()
    };
    let book = Book::new(bounds, Look::of(&view).unwrap());
    let shelf = Shelf::new(book.spilling(Spill::new(folder.into(), room)));
    let source = shelf.source(("shop", "web-1", "u"), "app");
    for from in (0..LINES).step_by(500) {
        let written = |n: usize| Written {
            at: Some(n as i64 * 1_000_000),
            text: text(n).into_bytes().into(),
            cut: 0,
        };
        let lines = (from..from + 500).map(|n| {
            let line = written(n);
            let level = line::level(&line.text);
            (line, level)
        });
        shelf.add(source, lines.collect());
        shelf.book().merge();
    }
    Log {
        shelf: Arc::new(shelf),
        view: Arc::new(watch::channel(view).0),
    }
}

fn errors() -> LogView {
    LogView {
        revision: 2,
        least: Some(LogLevel::Error),
        count: 100,
        place: LogPlace::Line { number: 0 },
        ..LogView::default()
    }
}

/// Covers: EVT-04
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_filter_reaches_the_lines_on_disk_while_the_window_is_told_how_far() {
    let folder = tempfile::tempdir().unwrap();
    let log = log(folder.path());
    assert!(log.shelf.book().head().on_disk > LINES as u64 * 9 / 10);
    let heard = Arc::new(Mutex::new(Vec::<LogsEvent>::new()));
    let told = Arc::clone(&heard);
    let sink = Box::new(move |event| {
        told.lock().unwrap().push(event);
        true
    });
    let (views, shelf) = (log.view.subscribe(), Arc::clone(&log.shelf));
    let _telling = TaskGuard::spawn(async move { tell(&shelf, views, sink).await });
    let _searching = TaskGuard::spawn(search(Arc::clone(&log.shelf)));

    log.set_view(errors()).unwrap();
    let last = loop {
        let last = heard.lock().unwrap().last().cloned();
        if let Some(last) = last.filter(|last| last.revision == 2 && last.head.unsearched == 0) {
            break last;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    assert_eq!(
        (last.head.end - last.head.first, last.head.errors),
        (60, 60)
    );
    let shown: Vec<String> = last
        .lines
        .iter()
        .map(|line| line.parts.iter().map(|part| &*part.text).collect())
        .collect();
    let expect: Vec<String> = (0..LINES).step_by(1_000).map(text).collect();
    assert_eq!(shown, expect);
    for event in heard.lock().unwrap().iter() {
        let head = &event.head;
        assert!(head.on_disk + head.held == LINES as u64, "{head:?}");
        assert!(head.unsearched <= head.on_disk, "{head:?}");
    }
}

/// Covers: EVT-04
#[test]
fn a_hit_on_disk_is_found_and_saved_before_the_search_has_come_to_it() {
    let folder = tempfile::tempdir().unwrap();
    let log = log(&folder.path().join("older"));
    let view = LogView {
        query: "line 7 ".into(),
        ..errors()
    };
    let all = LogView {
        least: None,
        ..view
    };
    log.set_view(all).unwrap();
    // Nobody searches in the background here: finding does it by itself.
    assert_eq!(log.find(u64::MAX, true), Some(7));
    assert_eq!(log.find(0, false), Some(7));
    assert_eq!(log.find(7, false), None);

    log.set_view(errors()).unwrap();
    let saved = save::save(&log.shelf, folder.path(), "errors", false).unwrap();
    assert_eq!((saved.lines, saved.missing), (60, 0));
    let text_saved = std::fs::read_to_string(&saved.path).unwrap();
    let expect: Vec<String> = (0..LINES).step_by(1_000).map(text).collect();
    assert_eq!(text_saved.lines().collect::<Vec<_>>(), expect);
}

/// Covers: EVT-04
#[test]
fn lines_are_added_while_others_are_searched() {
    let folder = tempfile::tempdir().unwrap();
    let log = log(folder.path());
    log.set_view(errors()).unwrap();
    let added = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        let searching = scope.spawn(|| while log.shelf.search() {});
        let (log, added) = (&log, &added);
        scope.spawn(move || {
            while !searching.is_finished() || added.load(Ordering::Relaxed) < 100 {
                let n = added.fetch_add(1, Ordering::Relaxed);
                let line = Written {
                    at: Some((LINES + n) as i64 * 1_000_000),
                    text: format!("ERROR new {n}").into_bytes().into(),
                    cut: 0,
                };
                log.shelf.add(0, vec![(line, Some(LogLevel::Error))]);
                log.shelf.book().merge();
            }
        });
    });
    let head = log.shelf.book().head();
    let added = added.into_inner() as u64;
    assert_eq!(head.unsearched, 0);
    assert_eq!(head.end - head.first, 60 + added, "{head:?}");
    assert_eq!(head.on_disk + head.held, LINES as u64 + added);
}
