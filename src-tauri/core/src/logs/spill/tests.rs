use std::path::Path;

use super::{kept::level, *};

fn line(n: u64) -> Kept {
    let text = format!("line {n} {}", "x".repeat((n % 50) as usize));
    Kept {
        order: i64::try_from(n / 3).unwrap(),
        at: i64::try_from(n).unwrap(),
        id: n,
        source: 7,
        level: level((n % 7) as u8),
        remark: n.is_multiple_of(11),
        cut: n,
        text: text.into_bytes().into(),
    }
}

fn lines(range: std::ops::Range<u64>) -> Vec<Kept> {
    range.map(line).collect()
}

fn files(folder: &Path) -> usize {
    fs::read_dir(folder).map_or(0, Iterator::count)
}

#[test]
fn what_is_put_there_is_read_again_wherever_one_looks() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("lines");
    let room = Room {
        file: 4_000,
        files: 100,
        lines: 1_000_000,
    };
    let mut spill = Spill::new(place.clone(), room);
    assert!(spill.read(0, 10).unwrap().is_empty() && !place.exists());
    for piece in [1, 2, 63, 64, 65, 300, 505] {
        let from = spill.figures().lines;
        spill.add(&lines(from..from + piece)).unwrap();
    }
    assert_eq!(spill.figures().lines, 1_000);
    assert!(files(&place) > 5, "it is in several files");
    for (from, count) in [
        (0, 1),
        (0, 1_000),
        (63, 2),
        (127, 130),
        (999, 5),
        (500, 400),
    ] {
        let expect = lines(from..(from + count as u64).min(1_000));
        assert_eq!(spill.read(from, count).unwrap(), expect, "{from} {count}");
    }
    assert!(spill.read(1_000, 5).unwrap().is_empty());
    for order in [-5, 0, 1, 21, 22, 200, 333] {
        let expect = (0..1_000).find(|n| line(*n).order >= order);
        assert_eq!(spill.since(order).unwrap(), expect, "{order}");
    }
    assert_eq!(spill.since(334).unwrap(), None);
    drop(spill);
    assert_eq!(files(&place), 0, "it goes with the log");
}

#[test]
fn the_oldest_go_where_there_is_no_room() {
    let folder = tempfile::tempdir().unwrap();
    let room = Room {
        file: 4_000,
        files: 3,
        lines: 1_000_000,
    };
    let mut spill = Spill::new(folder.path().into(), room);
    for n in 0..50 {
        spill.add(&lines(n * 20..(n + 1) * 20)).unwrap();
        assert!(files(folder.path()) <= 4);
    }
    let left = spill.figures().lines;
    assert!(left < 300, "{left} lines");
    assert_eq!(spill.read(0, 2_000).unwrap(), lines(1_000 - left..1_000));
    let text = lines(1_000 - left..1_000)
        .iter()
        .map(|line| line.text.len() as u64)
        .sum::<u64>();
    assert_eq!(spill.figures().bytes, text);

    let mut few = Spill::new(folder.path().into(), Room { lines: 100, ..room });
    few.add(&lines(0..1_000)).unwrap();
    assert!(few.figures().lines <= 200, "{} lines", few.figures().lines);
}

#[cfg(unix)]
#[test]
fn nobody_else_reads_it_and_a_killed_app_leaves_nothing() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let mut spill = Spill::new(folder.path().into(), Room::default());
    spill.add(&lines(0..10)).unwrap();
    let path = spill.parts[0].path().to_owned();
    let mode = fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    std::mem::forget(spill);
    let other = folder.path().join("kept.txt");
    fs::write(&other, "x").unwrap();
    sweep(folder.path());
    assert!(!path.exists() && other.exists());
    sweep(&folder.path().join("never-made"));
}
