//! How well a text answers what was typed: all letters in order, word starts and runs first.

/// The score of `text` for `typed`, higher is better; `None` when a letter is missing. An empty
/// query suits everything equally.
#[must_use]
pub fn score(typed: &str, text: &str) -> Option<i32> {
    let text: Vec<char> = text.chars().collect();
    let mut total = 0;
    for word in typed.split_whitespace() {
        total += word_score(word, &text)?;
    }
    // Of two texts that suit alike, the shorter one is meant.
    let length = i32::try_from(text.len()).unwrap_or(i32::MAX / 4);
    Some(total * 16 - length)
}

fn word_score(word: &str, text: &[char]) -> Option<i32> {
    let word: Vec<char> = word.to_lowercase().chars().collect();
    let starts = (0..text.len()).filter(|&at| same(text[at], *word.first().unwrap_or(&' ')));
    starts.filter_map(|at| run(&word, text, at)).max()
}

fn run(word: &[char], text: &[char], from: usize) -> Option<i32> {
    let mut score = 0;
    let mut at = from;
    let mut last = None;
    for &letter in word {
        while !same(*text.get(at)?, letter) {
            at += 1;
        }
        let begins = at == 0
            || !text[at - 1].is_alphanumeric()
            || (text[at].is_uppercase() && text[at - 1].is_lowercase());
        score += match (last, begins) {
            (Some(before), _) if before + 1 == at => 5,
            (_, true) => 6,
            _ => 1,
        };
        last = Some(at);
        at += 1;
    }
    let whole = from == 0 && word.len() == text.len();
    Some(score + if whole { 10 } else { 0 })
}

fn same(letter: char, typed: char) -> bool {
    letter.to_lowercase().eq(typed.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn best<'a>(typed: &str, texts: &[&'a str]) -> &'a str {
        texts
            .iter()
            .max_by_key(|text| score(typed, text))
            .expect("there are texts")
    }

    /// Covers: NAV-23
    #[test]
    fn what_is_meant_comes_first() {
        assert_eq!(
            best("pod", &["Show deployments", "Show pods", "Upload"]),
            "Show pods"
        );
        assert_eq!(best("ns", &["Nodes", "Namespaces", "Insights"]), "Nodes");
        assert_eq!(
            best("rs", &["Services", "ReplicaSets", "Rollouts"]),
            "ReplicaSets"
        );
        assert_eq!(
            best("dep", &["Deployments", "kube-dns-endpoint"]),
            "Deployments"
        );
        assert_eq!(
            best("prod eu", &["prod-us", "prod-eu", "eu-dev"]),
            "prod-eu"
        );
    }

    #[test]
    fn a_missing_letter_is_no_match_and_nothing_typed_suits_all() {
        assert_eq!(score("xyz", "Pods"), None);
        assert!(score("", "Pods").is_some());
        assert!(score("PODS", "pods").is_some());
        assert_eq!(score("pods", ""), None);
    }
}
