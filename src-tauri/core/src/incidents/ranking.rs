//! The order of incidents: the most probable root first.

use std::cmp::Reverse;

use kubegraf_ipc::incident::Severity;

/// Sorts ascending: severity, confidence band, number of symptoms, newest onset, then `last`.
pub(super) fn key<T: Ord>(
    severity: Severity,
    confidence: f64,
    objects: usize,
    first_seen: i64,
    last: T,
) -> impl Ord {
    let band = if confidence >= 0.8 {
        0
    } else if confidence >= 0.5 {
        1
    } else {
        2
    };
    (severity, band, Reverse(objects), Reverse(first_seen), last)
}
