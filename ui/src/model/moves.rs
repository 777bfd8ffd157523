//! Where a key takes the selection.

/// The index after `key`, or `None` when the key does not move. `current` is `None` while nothing
/// is selected; `page` is the number of whole rows in view.
#[must_use]
pub fn moved(key: &str, current: Option<u64>, total: u64, page: u64) -> Option<u64> {
    let last = total.checked_sub(1)?;
    let step = page.max(1);
    let target = match (key, current) {
        ("ArrowDown" | "ArrowUp" | "PageDown" | "PageUp", None) | ("Home", _) => 0,
        ("End", _) => last,
        ("ArrowDown", Some(at)) => at + 1,
        ("ArrowUp", Some(at)) => at.saturating_sub(1),
        ("PageDown", Some(at)) => at + step,
        ("PageUp", Some(at)) => at.saturating_sub(step),
        _ => return None,
    };
    Some(target.min(last))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_move_and_stop_at_the_ends() {
        for (key, current, expected) in [
            ("ArrowDown", None, Some(0)),
            ("ArrowUp", None, Some(0)),
            ("ArrowDown", Some(3), Some(4)),
            ("ArrowDown", Some(99), Some(99)),
            ("ArrowUp", Some(0), Some(0)),
            ("ArrowUp", Some(3), Some(2)),
            ("PageDown", Some(3), Some(23)),
            ("PageUp", Some(3), Some(0)),
            ("Home", Some(50), Some(0)),
            ("End", Some(50), Some(99)),
            ("End", None, Some(99)),
            ("x", Some(1), None),
        ] {
            assert_eq!(
                moved(key, current, 100, 20),
                expected,
                "{key} at {current:?}"
            );
        }
    }

    #[test]
    fn an_empty_table_has_nowhere_to_go() {
        assert_eq!(moved("ArrowDown", None, 0, 20), None);
    }

    #[test]
    fn a_selection_beyond_a_shrunk_set_comes_back_into_it() {
        assert_eq!(moved("ArrowDown", Some(500), 10, 20), Some(9));
    }
}
