//! The targets, each with the words that say whether it was met.

/// A target and what was measured.
#[must_use]
pub fn at_most(what: &str, measured: f64, limit: f64, unit: &str) -> String {
    told(measured <= limit, what, measured, "at most", limit, unit)
}

/// A target and what was measured.
#[must_use]
pub fn at_least(what: &str, measured: f64, limit: f64, unit: &str) -> String {
    told(measured >= limit, what, measured, "at least", limit, unit)
}

fn told(met: bool, what: &str, measured: f64, bound: &str, limit: f64, unit: &str) -> String {
    let word = if met { "met" } else { "MISSED" };
    format!(
        "{word}: {what}: {} {unit}, wanted {bound} {}",
        number(measured),
        number(limit)
    )
}

/// As many digits as mean something.
fn number(value: f64) -> String {
    if value.abs() >= 100.0 {
        format!("{value:.0}")
    } else {
        format!("{value:.2}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missed_target_says_so() {
        assert_eq!(
            at_most("peak", 2.0, 1.0, "MB"),
            "MISSED: peak: 2.00 MB, wanted at most 1.00"
        );
        assert_eq!(
            at_least("events", 60_000.0, 50_000.0, "/s"),
            "met: events: 60000 /s, wanted at least 50000"
        );
    }
}
