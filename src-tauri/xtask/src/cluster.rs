//! `cargo xtask cluster`: real control planes for a person to play with. Hands over to a binary of its own, because what it links is
//! heavier than everything else here.

use anyhow::{Result, bail};

use crate::options::{Flag, Given, Words};
use crate::verb::Verb;
use crate::{install, needs, process, workspace};

/// The verb.
pub struct ClusterVerb;

impl Verb for ClusterVerb {
    fn name(&self) -> &'static str {
        "cluster"
    }
    fn about(&self) -> &'static str {
        "brings real test clusters up and down, and lists them"
    }
    fn flags(&self) -> &'static [Flag] {
        &[
            Flag {
                name: "--nodes",
                value: Some("N"),
                about: "how many nodes (up)",
            },
            Flag {
                name: "--pods",
                value: Some("N"),
                about: "how many running pods to start with (up)",
            },
            Flag {
                name: "--crowd",
                value: Some("N"),
                about: "how many pods of 10 KB as production has them; 50000 take half a minute (up kwok)",
            },
            Flag {
                name: "--name",
                value: Some("X"),
                about: "the cluster's name (up, down, status); default: the kind's",
            },
        ]
    }
    fn words(&self) -> Words {
        Words::UpTo {
            most: 2,
            usage: "up|down|status [kwok|real]",
            about: "kwok: a real control plane with played nodes, no root needed. real: a real kubelet, containerd and runc; Linux, root.",
        }
    }
    fn run(&self, given: &Given) -> Result<()> {
        let words: Vec<&str> = given.words.iter().map(String::as_str).collect();
        match words.as_slice() {
            ["up", "kwok"] => install::ensure("build the control plane", &[needs::GO])?,
            ["up", "real"] => install::ensure("run real nodes", &[needs::GO, needs::REAL_NODES])?,
            ["down" | "status"] | ["down" | "status", "kwok" | "real"] => {}
            _ => bail!("say up kwok, up real, down or status (`cargo xtask cluster --help`)"),
        }
        let mut cargo = tool();
        cargo.args(&given.words);
        for flag in ["--nodes", "--pods", "--crowd", "--name"] {
            if let Some(value) = given.value(flag) {
                cargo.args([flag, value]);
            }
        }
        process::run(&mut cargo)
    }
}

/// The command that runs the binary that knows clusters.
#[must_use]
pub fn tool() -> std::process::Command {
    let mut cargo = workspace::cargo();
    cargo.args(["run", "--quiet", "--package", "xtask-cluster", "--"]);
    cargo
}
