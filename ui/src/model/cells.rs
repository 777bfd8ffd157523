//! What a cell reads, which column a line of cells belongs to, and which cells changed.

use kubegraf_ipc::{
    age::{age, human_duration},
    table::{Cell, Row},
};

/// The text of a cell at `now` (epoch seconds).
#[must_use]
pub fn cell_text(cell: &Cell, now: i64) -> String {
    match cell {
        Cell::Text(text) => text.clone(),
        Cell::Age(since) => age(*since, now),
        Cell::Restarts { count, last } => match last {
            Some(last) if *count > 0 => format!("{count} ({} ago)", human_duration(now - last)),
            _ => count.to_string(),
        },
    }
}

/// The moment a cell is about, epoch seconds.
#[must_use]
pub const fn moment(cell: &Cell) -> Option<i64> {
    match cell {
        Cell::Age(at) => *at,
        Cell::Restarts { last, .. } => *last,
        Cell::Text(_) => None,
    }
}

/// Whether the text of a cell changes as time goes by.
#[must_use]
pub const fn ticks(cell: &Cell) -> bool {
    matches!(
        cell,
        Cell::Age(Some(_)) | Cell::Restarts { last: Some(_), .. }
    )
}

/// One bit per cell that differs, the first cell lowest; cells past the 64th are not marked.
#[must_use]
pub fn changed_cells(old: &Row, new: &Row) -> u64 {
    new.cells
        .iter()
        .take(64)
        .enumerate()
        .filter(|(index, cell)| old.cells.get(*index) != Some(cell))
        .fold(0, |mask, (index, _)| mask | 1 << index)
}

#[cfg(test)]
mod tests {
    use super::*;
    use kubegraf_ipc::object::Tone;

    #[test]
    fn restarts_read_as_kubectl_prints_them() {
        let restarts = |count, last| cell_text(&Cell::Restarts { count, last }, 1_000);
        assert_eq!(restarts(15, Some(880)), "15 (2m ago)");
        assert_eq!(restarts(3, None), "3");
        assert_eq!(restarts(0, Some(880)), "0");
    }

    #[test]
    fn ages_grow_with_the_clock_and_texts_do_not() {
        let age = Cell::Age(Some(100));
        assert_eq!(cell_text(&age, 219), "119s");
        assert_eq!(cell_text(&age, 220), "2m");
        assert!(ticks(&age) && !ticks(&Cell::Age(None)) && !ticks(&Cell::Text("1".into())));
    }

    #[test]
    fn only_differing_cells_are_marked() {
        let row = |cells: Vec<Cell>| Row {
            uid: "u".into(),
            namespace: String::new(),
            name: "n".into(),
            tone: Tone::Ok,
            cells,
        };
        let text = |text: &str| Cell::Text(text.into());
        let old = row(vec![text("n"), text("0/1"), Cell::Age(Some(1))]);
        let new = row(vec![
            text("n"),
            text("1/1"),
            Cell::Age(Some(1)),
            text("more"),
        ]);
        assert_eq!(changed_cells(&old, &new), 0b1010);
    }
}
