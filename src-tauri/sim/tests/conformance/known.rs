//! Where the sim differs from the real server on purpose: one table, each row with its reason.

/// Scenario, step (`None` for all), path prefix, reason.
const KNOWN: &[(&str, Option<usize>, &str, &str)] = &[
    (
        "patches",
        None,
        "/status",
        "the sim's controllers are not running here, the real cluster's are",
    ),
    (
        "pages and selectors",
        Some(8),
        "/message",
        "the label selector's parser words its complaint differently",
    ),
    (
        "pages and selectors",
        Some(9),
        "/message",
        "a continue token that cannot be read is refused in other words",
    ),
    (
        "forms",
        Some(7),
        "",
        "kinds without columns of their own show name and creation time",
    ),
];

/// Why a difference at this place is accepted; `None` when it is not.
pub fn reason(scenario: &str, step: usize, at: &str) -> Option<&'static str> {
    KNOWN
        .iter()
        .find(|(s, n, prefix, _)| {
            (*s == scenario || s.is_empty())
                && n.is_none_or(|n| n == step)
                && at.starts_with(prefix)
        })
        .map(|(_, _, _, why)| *why)
}
