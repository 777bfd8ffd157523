//! Resource quantities: reading `250m`, `1Gi`, `2e3`, and writing the forms metrics use.

/// A quantity in thousandths of its unit: CPU in millicores, memory in thousandths of a byte.
pub(crate) fn milli(text: &str) -> Option<i64> {
    let text = text.trim();
    let end = text
        .find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '+' | '-')))
        .unwrap_or(text.len());
    let (digits, suffix) = text.split_at(end);
    let number: f64 = digits.parse().ok()?;
    let factor: f64 = match suffix {
        "" => 1.0,
        "n" => 1e-9,
        "u" => 1e-6,
        "m" => 1e-3,
        "k" => 1e3,
        "M" => 1e6,
        "G" => 1e9,
        "T" => 1e12,
        "P" => 1e15,
        "Ki" => 1024.0,
        "Mi" => 1024.0 * 1024.0,
        "Gi" => 1024.0 * 1024.0 * 1024.0,
        "Ti" => 1024.0_f64.powi(4),
        "Pi" => 1024.0_f64.powi(5),
        exponent => 10f64.powi(exponent.strip_prefix(['e', 'E'])?.parse().ok()?),
    };
    Some(round(number * factor * 1000.0))
}

/// A quantity in whole units, rounded up: bytes, or pods.
pub(crate) fn whole(text: &str) -> Option<i64> {
    milli(text).map(|m| m.div_euclid(1000) + i64::from(m.rem_euclid(1000) > 0))
}

/// Nearest whole number; what does not fit is clamped.
#[expect(
    clippy::cast_possible_truncation,
    reason = "`as` clamps, which is what is wanted"
)]
pub(crate) fn round(x: f64) -> i64 {
    x.round() as i64
}

/// Quantities and counts here stay far below 2^53.
#[expect(clippy::cast_precision_loss, reason = "see above")]
pub(crate) fn float(x: i64) -> f64 {
    x as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_every_form() {
        assert_eq!(milli("250m"), Some(250));
        assert_eq!(milli("2"), Some(2000));
        assert_eq!(milli("0.5"), Some(500));
        assert_eq!(whole("128Mi"), Some(134_217_728));
        assert_eq!(whole("1e3"), Some(1000));
        assert_eq!(whole("1k"), Some(1000));
        assert_eq!(milli("abc"), None);
        assert_eq!(milli(""), None);
    }
}
