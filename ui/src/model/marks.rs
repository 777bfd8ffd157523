//! The rows a person has marked to do something with. A mark is on a row, not on a place or a
//! filter: rows that arrive later are not marked, however well they fit.

use std::collections::BTreeMap;

use kubegraf_ipc::table::Row;

/// What is remembered of a marked row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Marked {
    /// Its namespace; empty for a cluster-scoped kind.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

/// The marked rows by uid, and where the last mark was set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Marks {
    rows: BTreeMap<String, Marked>,
    anchor: Option<u64>,
}

impl Marks {
    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Whether the row with that uid is marked.
    #[must_use]
    pub fn holds(&self, uid: &str) -> bool {
        self.rows.contains_key(uid)
    }

    /// Their uids.
    #[must_use]
    pub fn uids(&self) -> Vec<String> {
        self.rows.keys().cloned().collect()
    }

    /// Marks the row at `index`, or takes its mark away; a range starts there next.
    pub fn toggle(&mut self, row: &Row, index: u64) {
        self.anchor = Some(index);
        if self.rows.remove(&row.uid).is_none() {
            self.put(row);
        }
    }

    /// The places from the anchor to `index`, both included; `index` alone without an anchor.
    #[must_use]
    pub fn range(&self, index: u64) -> std::ops::RangeInclusive<u64> {
        let anchor = self.anchor.unwrap_or(index);
        anchor.min(index)..=anchor.max(index)
    }

    /// Where a range starts when nothing was marked before it.
    pub fn anchor(&mut self, index: Option<u64>) {
        self.anchor = index;
    }

    /// Marks all of them.
    pub fn add<'a>(&mut self, rows: impl IntoIterator<Item = &'a Row>) {
        for row in rows {
            self.put(row);
        }
    }

    /// Takes all marks away.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    fn put(&mut self, row: &Row) {
        let marked = Marked {
            namespace: row.namespace.clone(),
            name: row.name.clone(),
        };
        self.rows.insert(row.uid.clone(), marked);
    }
}

#[cfg(test)]
mod tests {
    use kubegraf_ipc::object::Tone;

    use super::*;

    fn row(uid: &str) -> Row {
        Row {
            uid: uid.into(),
            namespace: "shop".into(),
            name: format!("pod-{uid}"),
            tone: Tone::Ok,
            cells: vec![],
        }
    }

    /// Covers: CMP-01
    #[test]
    fn marks_stay_with_their_rows() {
        let mut marks = Marks::default();
        marks.toggle(&row("a"), 4);
        marks.toggle(&row("b"), 9);
        assert_eq!(marks.uids(), ["a", "b"]);
        assert_eq!(marks.range(6), 6..=9, "from the last mark");
        assert_eq!(marks.range(12), 9..=12);
        marks.toggle(&row("b"), 9);
        assert!(marks.holds("a") && !marks.holds("b"));
        marks.add(&[row("a"), row("c")]);
        assert_eq!(marks.len(), 2, "a row is marked once");
        marks.clear();
        assert_eq!(marks.range(3), 3..=3);
    }
}
