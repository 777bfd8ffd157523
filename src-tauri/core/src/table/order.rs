//! The order of a table: by value, not by how a value is printed.

use std::{cmp::Ordering, cmp::Reverse, collections::HashMap};

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

/// Columns like STATUS have a handful of values: those are compared once, the rows by their rank.
fn sort_texts<'a>(indices: &mut [u32], text: impl Fn(u32) -> &'a str, descending: bool) {
    let mut places: HashMap<&str, u32> = HashMap::new();
    let mut values: Vec<&str> = Vec::new();
    let mut ranked: Vec<(u32, u32)> = Vec::with_capacity(indices.len());
    for &index in &*indices {
        let value = text(index);
        let place = *places.entry(value).or_insert_with(|| {
            values.push(value);
            u32::try_from(values.len() - 1).expect("a table has fewer than 4 billion rows")
        });
        ranked.push((place, index));
    }
    let mut order: Vec<u32> = (0..).take(values.len()).collect();
    order.sort_unstable_by(|&a, &b| natural(values[a as usize], values[b as usize]));
    let mut ranks = vec![0_u32; values.len()];
    for (rank, place) in (0..).zip(order) {
        ranks[place as usize] = rank;
    }
    for (place, _) in &mut ranked {
        *place = ranks[*place as usize];
    }
    if descending {
        ranked.sort_by_key(|&(rank, _)| Reverse(rank));
    } else {
        ranked.sort_by_key(|&(rank, _)| rank);
    }
    for (place, (_, index)) in indices.iter_mut().zip(ranked) {
        *place = index;
    }
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
