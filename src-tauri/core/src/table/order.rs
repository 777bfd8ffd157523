//! The order of a table: by value, not by how a value is printed.

use std::cmp::{Ordering, Reverse};

use hashbrown::HashMap;

use crate::watch::{CellRef, Listed};

/// What a table is sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum By {
    /// The cells of a column.
    Column(usize),
    /// The namespace.
    Namespace,
}

/// Sorts indices of `rows`. Equal ones keep their order.
pub(super) fn sort(rows: &[impl AsRef<Listed>], indices: &mut [u32], by: By, descending: bool) {
    let Some(&first) = indices.first() else {
        return;
    };
    let row = |index: u32| rows[index as usize].as_ref();
    match cell(row(first), by) {
        CellRef::Text(_) => sort_texts(indices, |index| text(row(index), by), descending),
        CellRef::Age(_) | CellRef::Restarts(..) => {
            sort_keys(indices, |index| number(cell(row(index), by)), descending);
        }
    }
}

/// How two rows compare, ascending.
pub(super) fn compare(a: &Listed, b: &Listed, by: By) -> Ordering {
    match (cell(a, by), cell(b, by)) {
        (CellRef::Text(a), CellRef::Text(b)) => natural(a, b),
        (a, b) => number(a).cmp(&number(b)),
    }
}

fn cell(row: &Listed, by: By) -> CellRef<'_> {
    match by {
        By::Column(column) => row.cell(column),
        By::Namespace => CellRef::Text(row.namespace()),
    }
}

fn text(row: &Listed, by: By) -> &str {
    match cell(row, by) {
        CellRef::Text(text) => text,
        CellRef::Age(_) | CellRef::Restarts(..) => "",
    }
}

/// The youngest first, an unknown age last; fewer restarts first.
fn number(cell: CellRef<'_>) -> (i64, i64) {
    match cell {
        CellRef::Age(at) => (at.map_or(i64::MAX, i64::wrapping_neg), 0),
        CellRef::Restarts(count, last) => (count, last.unwrap_or(i64::MIN)),
        CellRef::Text(_) => (0, 0),
    }
}

fn sort_keys<K: Ord + Copy>(indices: &mut [u32], key: impl Fn(u32) -> K, descending: bool) {
    let mut keyed: Vec<(K, u32)> = indices.iter().map(|&index| (key(index), index)).collect();
    if descending {
        keyed.sort_by_key(|&(key, _)| Reverse(key));
    } else {
        keyed.sort_by_key(|&(key, _)| key);
    }
    for (place, (_, index)) in indices.iter_mut().zip(keyed) {
        *place = index;
    }
}

/// Rank and place in one word, so that equal ranks keep their order and comparing is one step.
fn sort_ranks(indices: &mut [u32], ranks: impl Iterator<Item = u32>, descending: bool) {
    let turned = if descending { u32::MAX } else { 0 };
    let mut keyed: Vec<u64> = (0_u64..)
        .zip(ranks)
        .map(|(place, rank)| u64::from(rank ^ turned) << 32 | place)
        .collect();
    keyed.sort_unstable();
    let before = indices.to_vec();
    for (index, key) in indices.iter_mut().zip(keyed) {
        *index = before[(key & u64::from(u32::MAX)) as usize];
    }
}

/// Columns like STATUS have a handful of values, columns like NAME as many as rows.
fn sort_texts<'a>(indices: &mut [u32], text: impl Fn(u32) -> &'a str, descending: bool) {
    /// More values than this are not worth ranking.
    const FEW: usize = 16_384;
    let mut known: HashMap<&str, u32> = HashMap::new();
    let mut places = Vec::with_capacity(indices.len());
    for &index in &*indices {
        let next = u32::try_from(known.len()).unwrap_or(u32::MAX);
        places.push(*known.entry(text(index)).or_insert(next));
        if known.len() > FEW {
            return sort_many(indices, text, descending);
        }
    }
    let mut values: Vec<(&str, u32)> = known.into_iter().collect();
    values.sort_unstable_by(|(a, _), (b, _)| natural(a, b));
    let mut ranks = vec![0_u32; values.len()];
    for (rank, (_, at)) in (0..).zip(values) {
        ranks[at as usize] = rank;
    }
    let ranks = places.into_iter().map(|place| ranks[place as usize]);
    sort_ranks(indices, ranks, descending);
}

/// Most comparisons end within the first bytes: those are laid side by side.
fn sort_many<'a>(indices: &mut [u32], text: impl Fn(u32) -> &'a str, descending: bool) {
    let mut keyed: Vec<(u128, u32)> = indices
        .iter()
        .map(|&index| (prefix(text(index)), index))
        .collect();
    let order = |&(a, i): &(u128, u32), &(b, j): &(u128, u32)| {
        a.cmp(&b).then_with(|| natural(text(i), text(j)))
    };
    if descending {
        keyed.sort_by(|a, b| order(b, a));
    } else {
        keyed.sort_by(order);
    }
    for (place, (_, index)) in indices.iter_mut().zip(keyed) {
        *place = index;
    }
}

/// The first bytes of a text, so that comparing two of them is [`natural`] as far as they go: a
/// number becomes a zero, its length and its digits.
fn prefix(text: &str) -> u128 {
    let mut key = [0_u8; size_of::<u128>()];
    let mut filled = 0;
    let mut rest = text.as_bytes();
    let mut push = |byte: u8| {
        if let Some(place) = key.get_mut(filled) {
            *place = byte;
        }
        filled += 1;
        filled < size_of::<u128>()
    };
    'text: while let Some(&byte) = rest.first() {
        if byte.is_ascii_digit() {
            let (number, after) = digits(rest);
            push(b'0');
            // A number of 256 digits and more ends the prefix: what follows is left to `natural`.
            let Ok(length) = u8::try_from(number.len()) else {
                break;
            };
            push(length);
            for &digit in number {
                if !push(digit) {
                    break 'text;
                }
            }
            rest = after;
        } else {
            rest = &rest[1..];
            if !push(byte) {
                break;
            }
        }
    }
    u128::from_be_bytes(key)
}

/// Text with the numbers in it compared as numbers: `web-2` before `web-10`, `2/3` before `10/10`.
fn natural(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a.as_bytes(), b.as_bytes());
    // What is equal at the beginning decides nothing, except that it may hold half a number.
    let mut same = a.iter().zip(b).take_while(|(x, y)| x == y).count();
    while same > 0 && a[same - 1].is_ascii_digit() {
        same -= 1;
    }
    (a, b) = (&a[same..], &b[same..]);
    loop {
        let (Some(&x), Some(&y)) = (a.first(), b.first()) else {
            return a.len().cmp(&b.len());
        };
        if x.is_ascii_digit() && y.is_ascii_digit() {
            let (na, rest_a) = digits(a);
            let (nb, rest_b) = digits(b);
            let order = na.len().cmp(&nb.len()).then_with(|| na.cmp(nb));
            if order != Ordering::Equal {
                return order;
            }
            (a, b) = (rest_a, rest_b);
        } else if x == y {
            (a, b) = (&a[1..], &b[1..]);
        } else {
            return x.cmp(&y);
        }
    }
}

/// The number a text begins with, without leading zeros, and what follows it.
fn digits(text: &[u8]) -> (&[u8], &[u8]) {
    let end = text
        .iter()
        .position(|byte| !byte.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, rest) = text.split_at(end);
    let zeros = number.iter().take_while(|&&byte| byte == b'0').count();
    (&number[zeros..], rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_text_sort_as_numbers() {
        let mut names = [
            "web-10", "web-2", "web", "10/10", "2/3", "web-02b", "web-1-9", "web-1-10",
        ];
        names.sort_by(|a, b| natural(a, b));
        let expected = [
            "2/3", "10/10", "web", "web-1-9", "web-1-10", "web-2", "web-02b", "web-10",
        ];
        assert_eq!(names, expected);
    }

    #[test]
    fn the_youngest_sorts_first_by_age_and_the_unknown_last() {
        let age = |at| number(CellRef::Age(at));
        assert!(age(Some(20)) < age(Some(10)) && age(Some(10)) < age(None));
    }

    proptest::proptest! {
        /// The bytes laid side by side never contradict the whole comparison.
        #[test]
        fn prefixes_order_as_the_texts_do(a in "[a-c.0-2-]{0,24}", b in "[a-c.0-2-]{0,24}") {
            let order = prefix(&a).cmp(&prefix(&b));
            proptest::prop_assert!(order == Ordering::Equal || order == natural(&a, &b));
        }

        #[test]
        fn many_texts_sort_as_one_by_one(
            values in proptest::collection::vec("[a-b]{1,18}-[0-9]{1,3}", 0..50),
            descending: bool,
        ) {
            let mut indices: Vec<u32> = (0..).take(values.len()).collect();
            sort_many(&mut indices, |i| &values[i as usize], descending);
            let mut expected: Vec<u32> = (0..).take(values.len()).collect();
            expected.sort_by(|&a, &b| {
                let order = natural(&values[a as usize], &values[b as usize]);
                if descending { order.reverse() } else { order }
            });
            proptest::prop_assert_eq!(indices, expected);
        }
    }

    #[test]
    fn equal_texts_keep_their_order_both_ways() {
        let values = ["b", "a", "b", "a"];
        let mut indices = [0, 1, 2, 3];
        sort_texts(&mut indices, |i| values[i as usize], false);
        assert_eq!(indices, [1, 3, 0, 2]);
        let mut indices = [0, 1, 2, 3];
        sort_texts(&mut indices, |i| values[i as usize], true);
        assert_eq!(indices, [0, 2, 1, 3]);
    }
}
