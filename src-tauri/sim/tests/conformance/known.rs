//! Where the sim differs from the real server on purpose: one table, each row with its reason.

/// Scenario, step (`None` for all), path prefix, reason.
const KNOWN: &[(&str, Option<usize>, &str, &str)] = &[
];

/// Why a difference at this place is accepted; `None` when it is not.
pub fn reason(scenario: &str, step: usize, at: &str) -> Option<&'static str> {
    KNOWN
        .iter()
        .find(|(s, n, prefix, _)| (*s == scenario || s.is_empty()) && n.is_none_or(|n| n == step) && at.starts_with(prefix))
        .map(|(_, _, _, why)| *why)
}
