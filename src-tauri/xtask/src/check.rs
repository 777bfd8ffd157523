//! `cargo xtask check`: everything that is wrong without running the app. Each check is an entry of [`CHECKS`]; all of them run, so that
//! one pass shows every fault.

use std::time::Instant;

use anyhow::{Context, Result, bail};

use crate::options::{Given, Words};
use crate::verb::Verb;
use crate::{install, needs, process, requirements, ui, workspace};

pub mod arrows;
pub mod deny;

/// One check.
struct One {
    name: &'static str,
    about: &'static str,
    run: fn() -> Result<()>,
}

const CHECKS: &[One] = &[
    One {
        name: "fmt",
        about: "sources are formatted",
        run: format,
    },
    One {
        name: "arrows",
        about: "dependencies point inward",
        run: arrows::check,
    },
    One {
        name: "requirements",
        about: "every Covers line names a requirement",
        run: covers,
    },
    One {
        name: "bindgen",
        about: "the bindings tool fits the front end",
        run: bindgen,
    },
    One {
        name: "deny",
        about: "licences, bans, advisories",
        run: deny::check,
    },
    One {
        name: "clippy",
        about: "no lint warns",
        run: clippy,
    },
];

/// The verb.
pub struct Check;

impl Verb for Check {
    fn name(&self) -> &'static str {
        "check"
    }
    fn about(&self) -> &'static str {
        "fmt, clippy, licences and advisories, direction of dependencies, requirement ids"
    }
    fn words(&self) -> Words {
        Words::UpTo {
            most: 1,
            usage: "[NAME]",
            about: "Names: fmt, arrows, requirements, bindgen, deny, clippy; without one all run.",
        }
    }
    fn run(&self, given: &Given) -> Result<()> {
        let wanted = given.words.first();
        let chosen: Vec<&One> = CHECKS
            .iter()
            .filter(|check| wanted.is_none_or(|name| name == check.name))
            .collect();
        if chosen.is_empty() {
            let names: Vec<&str> = CHECKS.iter().map(|check| check.name).collect();
            bail!(
                "there is no check \"{}\"; there are: {}",
                wanted.map_or("", |name| name),
                names.join(", ")
            );
        }
        let mut failed = Vec::new();
        for check in chosen {
            let start = Instant::now();
            let result = (check.run)();
            let seconds = start.elapsed().as_secs_f32();
            match result {
                Ok(()) => println!(
                    "ok      {:<13} {seconds:>6.1} s  {}",
                    check.name, check.about
                ),
                Err(error) => {
                    println!("FAILED  {:<13} {seconds:>6.1} s  {error:#}", check.name);
                    failed.push(check.name);
                }
            }
        }
        if !failed.is_empty() {
            bail!("failed: {}", failed.join(", "));
        }
        Ok(())
    }
}

fn format() -> Result<()> {
    process::run(workspace::cargo().args(["fmt", "--all", "--check"]))
        .context("run `cargo fmt --all`")
}

/// The whole workspace on the host, the front end with it: its wasm-only parts are compiled by every `run` and `test`.
fn clippy() -> Result<()> {
    install::ensure("compile the shell", &[needs::WINDOW])?;
    let mut cargo = workspace::cargo();
    cargo.args([
        "clippy",
        "--quiet",
        "--workspace",
        "--all-targets",
        "--",
        "--deny",
        "warnings",
    ]);
    process::run(&mut cargo)
}

fn covers() -> Result<()> {
    let list = std::fs::read_to_string(workspace::root().join("docs/requirements.md"))
        .context("read docs/requirements.md")?;
    let (covering, mut faults) = requirements::scan::folder(workspace::root())?;
    faults.extend(requirements::unknown(
        &requirements::list::read(&list)?,
        &covering,
    ));
    if !faults.is_empty() {
        bail!("{}", faults.join("\n  "));
    }
    Ok(())
}

fn bindgen() -> Result<()> {
    let lock =
        std::fs::read_to_string(workspace::root().join("Cargo.lock")).context("read Cargo.lock")?;
    let [front_end, tool] =
        ["wasm-bindgen", "wasm-bindgen-cli-support"].map(|name| ui::locked_version(&lock, name));
    if front_end != tool {
        let shown = |version: &Option<String>| version.clone().unwrap_or_else(|| "none".to_owned());
        bail!(
            "wasm-bindgen is {} and wasm-bindgen-cli-support {}: set the latter in src-tauri/xtask/bindgen/Cargo.toml",
            shown(&front_end),
            shown(&tool)
        );
    }
    Ok(())
}
