//! `cargo xtask bench`: runs the benches of the workspace. Which there are is asked of cargo, so the list never lies.

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::options::{Given, Words};
use crate::verb::Verb;
use crate::{process, workspace};

/// The verb.
pub struct Bench;

impl Verb for Bench {
    fn name(&self) -> &'static str {
        "bench"
    }
    fn about(&self) -> &'static str {
        "runs a bench of the workspace, or lists them"
    }
    fn words(&self) -> Words {
        Words::UpTo {
            most: 1,
            usage: "[NAME]",
            about: "Without a name the benches are listed; \"all\" runs them all.",
        }
    }
    fn run(&self, given: &Given) -> Result<()> {
        let benches = targets("bench")?;
        let Some(wanted) = given.words.first() else {
            if benches.is_empty() {
                println!("the workspace has no benches yet");
            }
            for bench in &benches {
                println!("{:<16} {}", bench.name, bench.package);
            }
            return Ok(());
        };
        let chosen: Vec<&Target> = benches
            .iter()
            .filter(|bench| wanted == "all" || bench.name == *wanted)
            .collect();
        if chosen.is_empty() {
            let names: Vec<&str> = benches.iter().map(|bench| bench.name.as_str()).collect();
            let there = if names.is_empty() {
                "none yet".to_owned()
            } else {
                names.join(", ")
            };
            bail!("there is no bench \"{wanted}\"; there are: {there}");
        }
        for bench in chosen {
            process::run(workspace::cargo().args([
                "bench",
                "--package",
                &bench.package,
                "--bench",
                &bench.name,
            ]))?;
        }
        Ok(())
    }
}

/// A target of the workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Its package.
    pub package: String,
    /// Its own name.
    pub name: String,
}

/// The targets of `kind` (`bench`, `test`, …) in the workspace.
///
/// # Errors
/// Cargo cannot read the workspace.
pub fn targets(kind: &str) -> Result<Vec<Target>> {
    let said = process::capture(workspace::cargo().args([
        "metadata",
        "--no-deps",
        "--format-version",
        "1",
    ]))?;
    let metadata: Value =
        serde_json::from_str(&said).context("read what \"cargo metadata\" says")?;
    let mut found = Vec::new();
    for package in metadata["packages"].as_array().into_iter().flatten() {
        for target in package["targets"].as_array().into_iter().flatten() {
            let is_kind = target["kind"]
                .as_array()
                .is_some_and(|kinds| kinds.iter().any(|one| one == kind));
            if let (true, Some(name), Some(package)) =
                (is_kind, target["name"].as_str(), package["name"].as_str())
            {
                found.push(Target {
                    package: package.to_owned(),
                    name: name.to_owned(),
                });
            }
        }
    }
    Ok(found)
}
