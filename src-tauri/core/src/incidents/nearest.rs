//! The existing name that was most probably meant.

/// The nearest of the names: at most two letters away, or three in a long name; ties go to the
/// first in order. Exact equals are left out.
pub(super) fn nearest<'n>(
    wanted: &str,
    names: impl IntoIterator<Item = &'n str>,
) -> Option<&'n str> {
    names
        .into_iter()
        .filter(|name| *name != wanted && !name.is_empty())
        .filter_map(|name| Some((distance(wanted, name, most(wanted))?, name)))
        .min()
        .map(|(_, name)| name)
}

fn most(wanted: &str) -> usize {
    match wanted.chars().count() {
        0..=2 => 0,
        3..=4 => 1,
        5..=11 => 2,
        _ => 3,
    }
}

/// Insertions, deletions, replacements and swaps of neighbours; `None` above `most`. A name that
/// only lacks or has one more part, separated by `-`, `_` or `.`, is one step away.
fn distance(a: &str, b: &str, most: usize) -> Option<usize> {
    if most > 0 && part_of(a, b) {
        return Some(1.min(most));
    }
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    if a.len().abs_diff(b.len()) > most {
        return None;
    }
    let mut rows = vec![vec![0; b.len() + 1]; a.len() + 1];
    for (i, row) in rows.iter_mut().enumerate() {
        row[0] = i;
    }
    rows[0] = (0..=b.len()).collect();
    for i in 1..=a.len() {
        for j in 1..=b.len() {
            let same = usize::from(a[i - 1] != b[j - 1]);
            let mut least = (rows[i - 1][j] + 1)
                .min(rows[i][j - 1] + 1)
                .min(rows[i - 1][j - 1] + same);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(rows[i - 2][j - 2] + 1);
            }
            rows[i][j] = least;
        }
    }
    Some(rows[a.len()][b.len()]).filter(|distance| *distance <= most)
}

fn part_of(a: &str, b: &str) -> bool {
    let (short, long) = if a.len() < b.len() { (a, b) } else { (b, a) };
    let cut = |rest: &str, at: Option<char>| {
        !rest.is_empty() && at.is_some_and(|letter| matches!(letter, '-' | '_' | '.'))
    };
    short.len() >= 3
        && (long
            .strip_prefix(short)
            .is_some_and(|rest| cut(rest, rest.chars().next()))
            || long
                .strip_suffix(short)
                .is_some_and(|rest| cut(rest, rest.chars().last())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_a_slip_away() {
        for (wanted, names, expected) in [
            (
                "app-config",
                &["app-cofnig", "other"][..],
                Some("app-cofnig"),
            ),
            ("app-conf", &["app-config", "db"], Some("app-config")),
            ("db", &["bd", "dbx"], None),
            ("cart-v2", &["cart", "card"], Some("cart")),
            ("web", &["api", "web"], None),
            ("web", &["wbe"], Some("wbe")),
            (
                "frontend",
                &["frontend-config", "frontent"],
                Some("frontend-config"),
            ),
        ] {
            assert_eq!(nearest(wanted, names.iter().copied()), expected, "{wanted}");
        }
    }
}
