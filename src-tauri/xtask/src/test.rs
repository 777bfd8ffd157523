//! `cargo xtask test`: sets up and runs every tier of tests in its order, and ends with the totals of what ran, what failed and what was
//! skipped and why. The tiers are data in [`tiers`]; a skipped test is never counted as passed.

use std::time::{Duration, Instant};

use anyhow::Result;

use crate::options::{Flag, Given, Words};
use crate::verb::{AlreadySaid, Verb};

pub mod clusters;
pub mod libtest;
pub mod tiers;

use libtest::Tally;
use tiers::{Session, TIERS, Tier};

/// The verb.
pub struct Test;

impl Verb for Test {
    fn name(&self) -> &'static str {
        "test"
    }
    fn about(&self) -> &'static str {
        "runs every test there is, and says what was skipped and why"
    }
    fn flags(&self) -> &'static [Flag] {
        &[
            Flag {
                name: "--fast",
                value: None,
                about: "only what needs no cluster and no window",
            },
            Flag {
                name: "--tier",
                value: Some("NAME"),
                about: "only this tier: unit, ui, shell, cluster, window or bundle",
            },
        ]
    }
    fn words(&self) -> Words {
        Words::UpTo {
            most: 1,
            usage: "[FILTER]",
            about: "With a filter only tests whose path contains it run.",
        }
    }
    fn run(&self, given: &Given) -> Result<()> {
        let wanted = given.value("--tier");
        let chosen: Vec<&Tier> = TIERS
            .iter()
            .filter(|tier| {
                wanted.map_or(tier.fast || !given.has("--fast"), |name| name == tier.name)
            })
            .collect();
        if chosen.is_empty() {
            let names: Vec<&str> = TIERS.iter().map(|tier| tier.name).collect();
            anyhow::bail!(
                "there is no tier \"{}\"; there are: {}",
                wanted.unwrap_or_default(),
                names.join(", ")
            );
        }
        let mut session = Session::new(given.words.first().cloned());
        if chosen.iter().any(|tier| tier.clusters) {
            session.prepare_clusters();
        }
        let mut rows = Vec::new();
        for tier in chosen {
            let start = Instant::now();
            let tally = session.play(tier);
            rows.push(Row {
                tier: tier.name,
                tally,
                time: start.elapsed(),
            });
        }
        drop(session);
        print!("{}", totals(&rows));
        if rows.iter().any(|row| row.tally.failed > 0) {
            return Err(AlreadySaid.into());
        }
        Ok(())
    }
}

/// What came of one tier.
struct Row {
    tier: &'static str,
    tally: Tally,
    time: Duration,
}

/// The table, the skips with their reasons, the failures, and as the very last line the sums.
fn totals(rows: &[Row]) -> String {
    let mut text = format!(
        "\n{:<9}{:>8}{:>8}{:>9}{:>9}\n",
        "tier", "passed", "failed", "skipped", "time"
    );
    let mut sum = Tally::default();
    for Row { tier, tally, time } in rows {
        let seconds = format!("{:.1} s", time.as_secs_f32());
        text.push_str(&format!(
            "{tier:<9}{:>8}{:>8}{:>9}{seconds:>9}\n",
            tally.passed, tally.failed, tally.skipped
        ));
        sum.add(tally);
    }
    let mut reasons: Vec<(&str, usize)> = Vec::new();
    for reason in &sum.reasons {
        match reasons.iter_mut().find(|(known, _)| known == reason) {
            Some((_, times)) => *times += 1,
            None => reasons.push((reason, 1)),
        }
    }
    for (reason, times) in reasons {
        let times = if times == 1 {
            String::new()
        } else {
            format!(" ({times} times)")
        };
        text.push_str(&format!("SKIPPED {reason}{times}\n"));
    }
    for failure in &sum.failures {
        text.push_str(&format!("FAILED {failure}\n"));
    }
    text.push_str(&format!(
        "{} passed, {} failed, {} skipped\n",
        sum.passed, sum.failed, sum.skipped
    ));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_has_the_sums_and_every_skip_its_reason() {
        let tally = |passed, failures: &[&str], reasons: &[&str]| Tally {
            passed,
            failed: failures.len(),
            skipped: reasons.len(),
            failures: failures.iter().map(|&name| name.to_owned()).collect(),
            reasons: reasons.iter().map(|&reason| reason.to_owned()).collect(),
        };
        let rows = [
            Row {
                tier: "unit",
                tally: tally(12, &["core: a::b"], &[]),
                time: Duration::from_millis(2500),
            },
            Row {
                tier: "cluster",
                tally: tally(3, &[], &["real: not root", "real: not root"]),
                time: Duration::from_secs(70),
            },
        ];
        let text = totals(&rows);
        assert!(
            text.contains("unit           12       1        0    2.5 s\n"),
            "{text}"
        );
        assert!(
            text.contains("cluster         3       0        2   70.0 s\n"),
            "{text}"
        );
        assert!(
            text.contains("SKIPPED real: not root (2 times)\n"),
            "{text}"
        );
        assert!(
            text.ends_with("FAILED core: a::b\n15 passed, 1 failed, 2 skipped\n"),
            "{text}"
        );
    }
}
