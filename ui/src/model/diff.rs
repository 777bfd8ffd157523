//! How a line of a diff is marked: a sign as well as a colour.

use kubegraf_ipc::execution::{DiffLine, DiffTag};

/// Sign and CSS class of a line.
#[must_use]
pub const fn mark(tag: DiffTag) -> (&'static str, &'static str) {
    match tag {
        DiffTag::Same => (" ", "diff-same"),
        DiffTag::Delete => ("−", "diff-delete"),
        DiffTag::Insert => ("+", "diff-insert"),
        DiffTag::Gap => ("⋯", "diff-gap"),
    }
}

/// What a screen reader says before the line.
#[must_use]
pub const fn spoken(tag: DiffTag) -> &'static str {
    match tag {
        DiffTag::Same => "unchanged",
        DiffTag::Delete => "removed",
        DiffTag::Insert => "added",
        DiffTag::Gap => "unchanged lines left out",
    }
}

/// Lines that come and lines that go.
#[must_use]
pub fn counts(lines: &[DiffLine]) -> (usize, usize) {
    let count = |tag| lines.iter().filter(|line| line.tag == tag).count();
    (count(DiffTag::Insert), count(DiffTag::Delete))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_change_is_told_apart_without_colour() {
        let tags = [
            DiffTag::Same,
            DiffTag::Delete,
            DiffTag::Insert,
            DiffTag::Gap,
        ];
        for (index, one) in tags.iter().enumerate() {
            for other in &tags[index + 1..] {
                assert_ne!(mark(*one).0, mark(*other).0);
                assert_ne!(spoken(*one), spoken(*other));
            }
        }
    }

    #[test]
    fn counts_what_comes_and_what_goes() {
        let line = |tag| DiffLine {
            tag,
            old: None,
            new: None,
            text: String::new(),
        };
        let lines = [
            DiffTag::Gap,
            DiffTag::Delete,
            DiffTag::Insert,
            DiffTag::Insert,
        ]
        .map(line);
        assert_eq!(counts(&lines), (2, 1));
    }
}
