//! How sure a cause is: section 7 of the catalogue, one function.

use std::collections::BTreeSet;

use kubegraf_ipc::incident::{Evidence, EvidenceSource};

/// Below this a candidate is only an alternative.
pub(super) const WEAKEST: f64 = 0.30;
/// What "unknown" is worth.
pub(super) const UNKNOWN: f64 = 0.20;

/// What raises and lowers a base confidence.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Circumstances {
    /// Sources of other kinds that say the same; three count at most.
    pub corroborating: usize,
    /// Causes for the same signals that are nearly as good.
    pub rivals: usize,
    /// Whether a kind the rule needs could not be read.
    pub unreadable: bool,
    /// Whether something with the same spec is healthy.
    pub contradicted: bool,
}

/// The confidence, 0.05 to 0.99, two decimals.
pub(super) fn of(base: f64, circumstances: &Circumstances) -> f64 {
    let power = i32::try_from(circumstances.corroborating.min(3)).expect("three at most");
    let mut confidence = 1.0 - (1.0 - base) * 0.7_f64.powi(power);
    confidence /= 1.0 + 0.5 * f64::from(u8::try_from(circumstances.rivals).unwrap_or(u8::MAX));
    if circumstances.unreadable {
        confidence *= 0.8;
    }
    if circumstances.contradicted {
        confidence *= 0.5;
    }
    (confidence.clamp(0.05, 0.99) * 100.0).round() / 100.0
}

/// Sources beyond the one that decided: other kinds of source, and other pods that show the same.
pub(super) fn corroborating(evidence: &[Evidence], siblings: usize) -> usize {
    let kinds: BTreeSet<EvidenceSource> = evidence.iter().map(|e| e.source).collect();
    kinds.len().saturating_sub(1) + usize::from(siblings > 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn confidence_follows_the_catalogue() {
        let plain = Circumstances::default();
        assert_eq!(of(0.75, &plain), 0.75);
        assert_eq!(
            of(
                0.75,
                &Circumstances {
                    corroborating: 2,
                    ..plain
                }
            ),
            0.88
        );
        assert_eq!(
            of(
                0.75,
                &Circumstances {
                    corroborating: 9,
                    ..plain
                }
            ),
            0.91
        );
        assert_eq!(of(0.90, &Circumstances { rivals: 1, ..plain }), 0.60);
        assert_eq!(
            of(
                0.90,
                &Circumstances {
                    unreadable: true,
                    ..plain
                }
            ),
            0.72
        );
        assert_eq!(
            of(
                0.90,
                &Circumstances {
                    contradicted: true,
                    ..plain
                }
            ),
            0.45
        );
        assert_eq!(
            of(
                1.0,
                &Circumstances {
                    corroborating: 3,
                    ..Circumstances::default()
                }
            ),
            0.99
        );
    }
}
