//! Which row is selected, through every refresh.

/// A selected row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selected {
    /// The row; `None` while its slice is on the way.
    pub uid: Option<String>,
    /// Its place; `None` after a re-sort until it is found again.
    pub index: Option<u64>,
}

/// The selection after the slice became `order`, its first row standing at `offset`.
///
/// The selected row is followed by uid. Where it was deleted, the row now in its place is
/// selected; where it is merely out of the slice, the selection stays as it is.
#[must_use]
pub fn reconcile(selected: Selected, order: &[String], offset: u64) -> Option<Selected> {
    let found = selected
        .uid
        .as_ref()
        .and_then(|uid| order.iter().position(|other| other == uid));
    if let Some(place) = found {
        let index = Some(offset + place as u64);
        return Some(Selected { index, ..selected });
    }
    let Some(index) = selected.index else {
        return Some(selected);
    };
    let Some(place) = index.checked_sub(offset) else {
        return Some(selected);
    };
    if order.is_empty() {
        return None;
    }
    match usize::try_from(place)
        .ok()
        .and_then(|place| order.get(place))
    {
        Some(uid) => Some(Selected {
            uid: Some(uid.clone()),
            index: Some(index),
        }),
        None => Some(selected),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(uid: Option<&str>, index: Option<u64>, expected: Option<(Option<&str>, Option<u64>)>) {
        let order = ["a", "b", "c"].map(str::to_owned);
        let selected = Selected {
            uid: uid.map(str::to_owned),
            index,
        };
        let expected = expected.map(|(uid, index)| Selected {
            uid: uid.map(str::to_owned),
            index,
        });
        assert_eq!(
            reconcile(selected, &order, 100),
            expected,
            "{uid:?} at {index:?}"
        );
    }

    #[test]
    fn follows_the_row_not_the_place() {
        check(Some("c"), Some(100), Some((Some("c"), Some(102))));
        check(Some("b"), None, Some((Some("b"), Some(101))));
    }

    #[test]
    fn a_deleted_row_hands_its_place_on() {
        check(Some("gone"), Some(101), Some((Some("b"), Some(101))));
    }

    #[test]
    fn out_of_the_slice_stays_selected() {
        check(Some("far"), Some(7), Some((Some("far"), Some(7))));
        check(Some("far"), Some(900), Some((Some("far"), Some(900))));
        check(Some("far"), None, Some((Some("far"), None)));
    }

    #[test]
    fn a_place_without_a_row_yet_gets_one() {
        check(None, Some(102), Some((Some("c"), Some(102))));
        assert_eq!(
            reconcile(
                Selected {
                    uid: Some("a".into()),
                    index: Some(0)
                },
                &[],
                0
            ),
            None
        );
    }
}
