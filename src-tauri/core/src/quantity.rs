//! Kubernetes quantities: of memory (`256Mi`, `1.5Gi`, `500M`, `1e9`) and of CPU (`250m`, `2`).

const UNITS: &[(&str, u64)] = &[
    ("Ki", 1 << 10),
    ("Mi", 1 << 20),
    ("Gi", 1 << 30),
    ("Ti", 1 << 40),
    ("Pi", 1 << 50),
    ("Ei", 1 << 60),
    ("k", 1_000),
    ("M", 1_000_000),
    ("G", 1_000_000_000),
    ("T", 1_000_000_000_000),
    ("P", 1_000_000_000_000_000),
    ("E", 1_000_000_000_000_000_000),
];

/// Bytes, rounded up as the API does; `None` when the text is no quantity or too large.
#[must_use]
pub fn bytes(text: &str) -> Option<u64> {
    let text = text.trim();
    let (number, factor) = UNITS
        .iter()
        .find_map(|(unit, factor)| Some((text.strip_suffix(unit)?, *factor as f64)))
        .or_else(|| Some((text.strip_suffix('m')?, 0.001)))
        .unwrap_or((text, 1.0));
    let plain = |b: u8| b.is_ascii_digit() || matches!(b, b'.' | b'e' | b'E' | b'+' | b'-');
    if !number.bytes().all(plain) {
        return None;
    }
    let bytes = (number.parse::<f64>().ok()? * factor).ceil();
    // The largest integer a float holds exactly; far above any machine's memory.
    (0.0..=9_007_199_254_740_992.0)
        .contains(&bytes)
        .then_some(bytes as u64)
}

/// The value of any quantity: `250m` is 0.25; `None` when the text is none.
#[must_use]
pub fn number(text: &str) -> Option<f64> {
    let text = text.trim();
    let (number, factor) = UNITS
        .iter()
        .find_map(|(unit, factor)| Some((text.strip_suffix(unit)?, *factor as f64)))
        .or_else(|| Some((text.strip_suffix('m')?, 0.001)))
        .or_else(|| Some((text.strip_suffix('u')?, 0.000_001)))
        .or_else(|| Some((text.strip_suffix('n')?, 0.000_000_001)))
        .unwrap_or((text, 1.0));
    let value = number.parse::<f64>().ok()? * factor;
    value.is_finite().then_some(value)
}

/// A quantity of a CPU-like resource as people write it: whole, or in thousandths.
#[must_use]
pub fn plain(value: f64) -> String {
    if (value - value.round()).abs() < 1e-9 {
        format!("{value:.0}")
    } else {
        format!("{:.0}m", (value * 1000.0).ceil())
    }
}

/// Thousandths of a core, rounded up as the API does; `None` when the text is no quantity.
#[must_use]
pub fn millicores(text: &str) -> Option<u64> {
    let text = text.trim();
    let (number, divisor) = [("n", 1_000_000.0), ("u", 1_000.0), ("m", 1.0)]
        .into_iter()
        .find_map(|(unit, divisor)| Some((text.strip_suffix(unit)?, divisor)))
        .unwrap_or((text, 0.001));
    let plain = |b: u8| b.is_ascii_digit() || matches!(b, b'.' | b'e' | b'E' | b'+' | b'-');
    if divisor < 1.0 && !number.bytes().all(plain) {
        return bytes(text)?.checked_mul(1_000);
    }
    let cores = (number.parse::<f64>().ok()? / divisor).ceil();
    // The largest integer a float holds exactly; far above any machine.
    (0.0..=9_007_199_254_740_992.0)
        .contains(&cores)
        .then_some(cores as u64)
}

/// The shortest exact text in binary units, rounded down to whole Mi above one Mi.
#[must_use]
pub fn memory(bytes: u64) -> String {
    const MI: u64 = 1 << 20;
    const GI: u64 = 1 << 30;
    match bytes {
        GI.. if bytes.is_multiple_of(GI) => format!("{}Gi", bytes / GI),
        MI.. => format!("{}Mi", bytes / MI),
        _ => bytes.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cpu_is_read_as_the_api_reads_it() {
        for (text, expected) in [
            ("250m", Some(250)),
            ("2", Some(2_000)),
            ("0.1", Some(100)),
            ("1k", Some(1_000_000)),
            ("123456789n", Some(124)),
            ("1500u", Some(2)),
            ("0", Some(0)),
            ("", None),
            ("m", None),
            ("-1", None),
            ("two", None),
        ] {
            assert_eq!(millicores(text), expected, "{text}");
        }
    }

    #[test]
    fn memory_is_read_as_the_api_reads_it() {
        for (text, expected) in [
            ("0", Some(0)),
            ("128974848", Some(128_974_848)),
            ("129e6", Some(129_000_000)),
            ("129M", Some(129_000_000)),
            ("123Mi", Some(128_974_848)),
            ("1.5Gi", Some(1_610_612_736)),
            ("1500m", Some(2)),
            ("500k", Some(500_000)),
            ("", None),
            ("-1", None),
            ("inf", None),
            ("12 Mi", None),
            ("Mi", None),
            ("9Ei", None),
        ] {
            assert_eq!(bytes(text), expected, "{text}");
        }
        for (bytes, expected) in [
            (512 << 20, "512Mi"),
            (2 << 30, "2Gi"),
            (1_500_000_000, "1430Mi"),
            (4_096, "4096"),
        ] {
            assert_eq!(memory(bytes), expected);
        }
    }
}
