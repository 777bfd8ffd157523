//! `cargo xtask bench`: measures the app beside other clients of the same cluster, and runs the cargo benches of the workspace. Which of
//! those there are is asked of cargo, so the list never lies.

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::options::{Flag, Given, Words};
use crate::verb::Verb;
use crate::{app, install, needs, process, ui, workspace};

pub mod sheet;
mod startup;

/// The verb.
pub struct Bench;

/// What is measured by programs of our own, and how it is explained.
const MEASURED: &[(&str, &str)] = &[
    (
        "list",
        "every pod of a cluster, from the first connection: curl, client-go, kubectl, KubeGraf's core",
    ),
    (
        "watch",
        "watch events decoded and stored, and that none is lost",
    ),
    (
        "view",
        "sorting and filtering, and from an event to the row that shows it",
    ),
    (
        "window",
        "frames of the app's own table while it scrolls, and from a change to the frame that shows it",
    ),
    (
        "incidents",
        "from a status to its incident, what looking costs at rest and under constant change, a scan of 10000 objects",
    ),
    (
        "logs",
        "a whole log of one container: curl, kubectl logs, KubeGraf's core",
    ),
    (
        "terminal",
        "a flood in a container and in a shell of this machine, up to the window's door; Ctrl-C in the middle",
    ),
    (
        "forward",
        "bytes through a port-forward both ways, on 1 and 50 connections, and short connections: kubectl, KubeGraf's core",
    ),
    (
        "startup",
        "from the start to the first painted table, and the memory of all processes",
    ),
];

impl Verb for Bench {
    fn name(&self) -> &'static str {
        "bench"
    }
    fn about(&self) -> &'static str {
        "measures the app beside other clients, prints a table and rewrites its section of docs/benchmarks.md"
    }
    fn flags(&self) -> &'static [Flag] {
        &[
            Flag {
                name: "--pods",
                value: Some("N"),
                about: "pods in the cluster, 10000 unless said; 50000 take 12 GB (list, watch, view, window, incidents)",
            },
            Flag {
                name: "--runs",
                value: Some("N"),
                about: "how often each contender runs, 3 unless said",
            },
            Flag {
                name: "--events",
                value: Some("N"),
                about: "changes that are watched, 50000 unless said (watch, view)",
            },
            Flag {
                name: "--slow",
                value: None,
                about: "also what needs minutes: kubectl with more than 10000 pods (list)",
            },
            Flag {
                name: "--dry",
                value: None,
                about: "print only, leave docs/benchmarks.md as it is",
            },
        ]
    }
    fn words(&self) -> Words {
        Words::UpTo {
            most: 1,
            usage: "[NAME]",
            about: "list, watch, view, window, incidents, logs, terminal, forward, startup, or the name of a cargo bench; without a name all are listed. On a machine that does \
                    something else at the same time the figures mean nothing.",
        }
    }
    fn run(&self, given: &Given) -> Result<()> {
        let benches = targets("bench")?;
        let Some(wanted) = given.words.first() else {
            for (name, about) in MEASURED {
                println!("{name:<16} {about}");
            }
            for bench in &benches {
                println!("{:<16} {}", bench.name, bench.package);
            }
            return Ok(());
        };
        match wanted.as_str() {
            "startup" => return startup::run(given),
            name if MEASURED.iter().any(|(measured, _)| *measured == name) => {
                return conduct(name, given);
            }
            _ => {}
        }
        let Some(bench) = benches.iter().find(|bench| bench.name == *wanted) else {
            let own = MEASURED.iter().map(|(name, _)| *name);
            let names: Vec<&str> = own
                .chain(benches.iter().map(|bench| bench.name.as_str()))
                .collect();
            bail!(
                "there is no bench \"{wanted}\"; there are: {}",
                names.join(", ")
            );
        };
        process::run(workspace::cargo().args([
            "bench",
            "--package",
            &bench.package,
            "--bench",
            &bench.name,
        ]))
    }
}

/// Hands over to the program that links the core and the clusters.
fn conduct(name: &str, given: &Given) -> Result<()> {
    install::ensure("build the control plane", &[needs::GO])?;
    let mut cargo = workspace::cargo();
    cargo.args([
        "run",
        "--quiet",
        "--release",
        "--package",
        "kubegraf-bench",
        "--",
        name,
    ]);
    for flag in ["--pods", "--runs", "--events"] {
        if let Some(value) = given.value(flag) {
            cargo.args([flag, value]);
        }
    }
    for flag in ["--slow", "--dry"] {
        if given.has(flag) {
            cargo.arg(flag);
        }
    }
    if name == "window" {
        install::ensure(
            "build and run the window",
            &[needs::WINDOW, needs::HEADLESS],
        )?;
        ui::build(ui::Profile::Small)?;
        cargo.arg("--app").arg(app::build(true)?);
    }
    process::run(&mut cargo)
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
