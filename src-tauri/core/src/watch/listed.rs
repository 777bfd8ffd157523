//! An object as a table finds, orders and shows it: made once per change, in a few hundred bytes.
//!
//! All text of a row lies in one string, so that a filter is one search; ages and counts stay
//! numbers. It knows cells, nothing of object types.

use kubegraf_ipc::{
    object::Tone,
    table::{Cell, Row},
};

use crate::{
    kinds::{Kind, Printed},
    objects::{Map, Object, Text},
};

/// Between two cells. It occurs in no sane object; where it does it is shown as a space.
pub const SEPARATOR: char = '\u{1f}';
/// Stands for a cell that repeats the object's name.
const NAME: &str = "\u{1}";
/// Stands for an age.
const AGE: &str = "\u{2}";
/// Stands for a count of restarts.
const RESTARTS: &str = "\u{3}";
/// An age that is not known, and restarts without a time.
const UNKNOWN: i64 = i64::MIN;

/// One row of a table.
#[derive(Debug)]
pub struct Listed {
    uid: Text,
    labels: Map,
    /// Namespace, name and cells.
    text: Box<str>,
    /// The numbers of the cells that are not text, in their order.
    numbers: Box<[i64]>,
    tone: Tone,
}

/// One cell, borrowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CellRef<'a> {
    /// Finished text.
    Text(&'a str),
    /// A time, epoch seconds.
    Age(Option<i64>),
    /// A count, and the time of the last.
    Restarts(i64, Option<i64>),
}

impl Listed {
    pub(super) fn of<K: Kind>(object: &K::Object) -> Self {
        let meta = object.metadata();
        let (cells, tone) = K::row(object);
        let mut text = String::with_capacity(128);
        let mut numbers = Vec::new();
        push(&mut text, &meta.namespace);
        text.push(SEPARATOR);
        push(&mut text, &meta.name);
        for cell in &cells {
            text.push(SEPARATOR);
            match cell {
                Printed::Text(cell) if meta.name == **cell => text.push_str(NAME),
                Printed::Text(cell) => push(&mut text, cell),
                Printed::Age(at) => {
                    text.push_str(AGE);
                    numbers.push(at.unwrap_or(UNKNOWN));
                }
                Printed::Restarts { count, last } => {
                    text.push_str(RESTARTS);
                    numbers.extend([i64::from(*count), last.unwrap_or(UNKNOWN)]);
                }
            }
        }
        Self {
            uid: meta.uid.clone(),
            labels: meta.labels.clone(),
            text: text.into(),
            numbers: numbers.into(),
            tone,
        }
    }

    /// Whether a person sees the same row.
    #[must_use]
    pub fn reads_like(&self, other: &Self) -> bool {
        (&self.text, &self.numbers, self.tone) == (&other.text, &other.numbers, other.tone)
    }

    /// The object's identity.
    #[must_use]
    pub fn uid(&self) -> &Text {
        &self.uid
    }

    /// The object's labels.
    #[must_use]
    pub fn labels(&self) -> &Map {
        &self.labels
    }

    /// How the row is marked.
    #[must_use]
    pub fn tone(&self) -> Tone {
        self.tone
    }

    /// Empty for a cluster-scoped kind.
    #[must_use]
    pub fn namespace(&self) -> &str {
        self.text.split(SEPARATOR).next().unwrap_or_default()
    }

    /// The object's name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.text.split(SEPARATOR).nth(1).unwrap_or_default()
    }

    /// What a filter looks at: namespace, name and the cells that are text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The cells in the columns' order.
    pub fn cells(&self) -> impl Iterator<Item = CellRef<'_>> {
        let mut numbers = self.numbers.iter().copied();
        let mut number = move || numbers.next().unwrap_or(UNKNOWN);
        let known = |number: i64| (number != UNKNOWN).then_some(number);
        self.text
            .split(SEPARATOR)
            .skip(2)
            .map(move |cell| match cell {
                NAME => CellRef::Text(self.name()),
                AGE => CellRef::Age(known(number())),
                RESTARTS => {
                    let count = number();
                    CellRef::Restarts(count, known(number()))
                }
                text => CellRef::Text(text),
            })
    }

    /// The cell of a column.
    #[must_use]
    pub fn cell(&self, column: usize) -> CellRef<'_> {
        self.cells().nth(column).unwrap_or(CellRef::Text(""))
    }

    /// The row as the window gets it.
    #[must_use]
    pub fn row(&self) -> Row {
        let cells = self.cells().map(|cell| match cell {
            CellRef::Text(text) => Cell::Text(text.to_owned()),
            CellRef::Age(at) => Cell::Age(at),
            CellRef::Restarts(count, last) => Cell::Restarts {
                count: u32::try_from(count).unwrap_or(u32::MAX),
                last,
            },
        });
        Row {
            uid: self.uid.to_string(),
            namespace: self.namespace().to_owned(),
            name: self.name().to_owned(),
            tone: self.tone,
            cells: cells.collect(),
        }
    }
}

fn push(text: &mut String, cell: &str) {
    // A lone control character would be taken for a cell that is no text.
    if cell.contains(|c: char| c <= '\u{3}' || c == SEPARATOR) {
        text.extend(cell.chars().map(|c| {
            if c <= '\u{3}' || c == SEPARATOR {
                ' '
            } else {
                c
            }
        }));
    } else {
        text.push_str(cell);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        kinds::{Events, Pods},
        objects::{Event, Pod},
    };

    fn rows_are_equal<K: Kind>(object: &K::Object) {
        let (cells, tone) = K::row(object);
        let listed = Listed::of::<K>(object);
        let read = listed.cells().map(|cell| match cell {
            CellRef::Text(text) => Printed::Text(text.into()),
            CellRef::Age(at) => Printed::Age(at),
            CellRef::Restarts(count, last) => Printed::Restarts {
                count: u32::try_from(count).unwrap(),
                last,
            },
        });
        assert_eq!((read.collect::<Vec<_>>(), listed.tone()), (cells, tone));
    }

    #[test]
    fn a_row_reads_back_as_it_was_made() {
        let pod: Pod = serde_json::from_value(serde_json::json!({
            "metadata": {"name": "web-1", "namespace": "shop", "uid": "u",
                "creationTimestamp": "2026-01-01T00:00:00Z"},
            "spec": {"containers": [{"name": "app"}], "nodeName": "node-1"},
            "status": {"phase": "Running", "containerStatuses": [{"name": "app", "restartCount": 3,
                "lastState": {"terminated": {"exitCode": 1, "finishedAt": "2026-01-02T00:00:00Z"}}}]}
        }))
        .unwrap();
        rows_are_equal::<Pods>(&pod);
        let event: Event = serde_json::from_value(serde_json::json!({
            "metadata": {"name": "e", "namespace": "shop"}, "message": "line\nline"
        }))
        .unwrap();
        rows_are_equal::<Events>(&event);
    }

    #[test]
    fn control_characters_cannot_pose_as_other_cells() {
        let event: Event = serde_json::from_value(serde_json::json!({
            "metadata": {"name": "e"}, "message": "x\u{1f}\u{2}", "reason": "\u{2}"
        }))
        .unwrap();
        let listed = Listed::of::<Events>(&event);
        assert_eq!(listed.cells().count(), Events::COLUMNS.len());
        assert_eq!(listed.cell(2), CellRef::Text(" "));
    }
}
