//! Where a section's flyout stands, which sections are pinned, and which views a few letters mean.

use crate::model::fuzzy;

/// Height of a flyout's head and foot, and of one of its lines, CSS px.
const FRAME: f64 = 60.0;
const LINE: f64 = 30.0;
/// It keeps so far from the window's edge.
const EDGE: f64 = 8.0;

/// Top of a flyout of `lines` lines whose button is at `at`, in a window of that height: beside its button, but never
/// over the lower edge while there is room above.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "a section has a few views")]
pub fn top(at: f64, lines: usize, window: f64) -> f64 {
    let height = FRAME + LINE * lines as f64;
    at.min(window - height - EDGE).max(EDGE)
}

/// Reads what [`write`] wrote; names of sections that are gone are left out.
#[must_use]
pub fn read<S: Copy>(stored: &str, all: &[S], id: impl Fn(S) -> &'static str) -> Vec<S> {
    let is_pinned = |section: &&S| stored.split(' ').any(|word| word == id(**section));
    all.iter().filter(is_pinned).copied().collect()
}

/// What is stored of the pinned sections.
#[must_use]
pub fn write<S: Copy>(pinned: &[S], id: impl Fn(S) -> &'static str) -> String {
    let words: Vec<&str> = pinned.iter().map(|section| id(*section)).collect();
    words.join(" ")
}

/// Indices of the titles that suit what is typed, the best first; all in their order while nothing is.
#[must_use]
pub fn found(typed: &str, titles: &[String]) -> Vec<usize> {
    let mut found: Vec<(i32, usize)> = titles
        .iter()
        .enumerate()
        .filter_map(|(index, title)| Some((fuzzy::score(typed, title)?, index)))
        .collect();
    if !typed.trim().is_empty() {
        found.sort_by_key(|(score, index)| (-score, *index));
    }
    found.into_iter().map(|(_, index)| index).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flyout_stands_beside_its_button_and_inside_the_window() {
        assert_eq!(top(100.0, 3, 800.0), 100.0);
        assert_eq!(top(760.0, 2, 800.0), 800.0 - 120.0 - EDGE);
        assert_eq!(top(300.0, 30, 400.0), EDGE, "a low window");
    }

    #[test]
    fn pins_come_back_in_the_order_of_the_rail_and_what_is_gone_does_not() {
        let id = |section: char| match section {
            'a' => "alpha",
            _ => "beta",
        };
        let all = ['a', 'b'];
        assert_eq!(write(&all, id), "alpha beta");
        assert_eq!(read("beta gone alpha", &all, id), all);
        assert!(read("", &all, id).is_empty());
        assert!(read("alph", &all, id).is_empty(), "a part is no name");
    }

    #[test]
    fn a_few_letters_find_their_view() {
        let titles = ["Pods", "Deployments", "Port-forwards"].map(String::from);
        assert_eq!(found("", &titles), [0, 1, 2]);
        assert_eq!(found("po", &titles)[0], 0);
        assert_eq!(found("pf", &titles), [2]);
        assert!(found("zz", &titles).is_empty());
    }
}
