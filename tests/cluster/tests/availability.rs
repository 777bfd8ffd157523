//! A tier that cannot run is skipped aloud, and fails where it is required. Each case runs this
//! program once more in an environment that lacks everything.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::process::{Command, Output};

use kubegraf_testcluster::{Tier, require};

/// Set in the child; holds the tier it asks for.
const CHILD: &str = "KUBEGRAF_TEST_ASKS_FOR";

#[test]
fn a_missing_tier_is_skipped_in_one_line_or_fails_when_required() {
    if let Ok(tier) = std::env::var(CHILD) {
        let there = require(tier.parse().unwrap());
        assert!(!there, "an empty cache holds no cluster");
        return;
    }
    for (tier, label) in [(Tier::Kwok, "tier-A"), (Tier::Real, "tier-B")] {
        let skipped = ask(tier, None);
        assert!(skipped.status.success());
        let text = text(&skipped);
        let line = text
            .lines()
            .find(|line| line.starts_with(&format!("SKIPPED {label}: ")));
        let line = line.unwrap_or_else(|| panic!("no line says what was skipped:\n{text}"));
        assert!(
            line.contains("etcd") && line.contains("kubegraf-cluster-build"),
            "{line}"
        );

        assert!(
            !ask(tier, Some("KG_REQUIRE_CLUSTER")).status.success(),
            "{tier} passed"
        );
        let demanded = ask(tier, Some("KG_REQUIRE_TIER_B")).status.success();
        assert_eq!(
            demanded,
            tier == Tier::Kwok,
            "KG_REQUIRE_TIER_B is about the real tier only"
        );
    }
}

fn ask(tier: Tier, demand: Option<&str>) -> Output {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args([
            "--exact",
            "a_missing_tier_is_skipped_in_one_line_or_fails_when_required",
        ])
        .arg("--nocapture")
        .env(CHILD, tier.to_string())
        .env("KUBEGRAF_CACHE", "/nonexistent")
        .env_remove("KG_REQUIRE_CLUSTER")
        .env_remove("KG_REQUIRE_TIER_B");
    if let Some(demand) = demand {
        command.env(demand, "1");
    }
    command.output().unwrap()
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout)
}
