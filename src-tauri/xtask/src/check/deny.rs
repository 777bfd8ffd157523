//! cargo-deny: found, or compiled once into the cache that all checkouts share. Where the database of advisories cannot be fetched the
//! other checks still run, and the skipped one is said aloud.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::{process, workspace};

/// Licences, bans and sources, and advisories when they can be had.
///
/// # Errors
/// A rule of deny.toml is broken, or cargo-deny cannot be installed.
pub fn check() -> Result<()> {
    let tool = tool()?;
    let run = |what: &[&str]| {
        let mut command = Command::new(&tool);
        command
            .current_dir(workspace::root())
            .args([
                "--log-level",
                "warn",
                "--all-features",
                "check",
                "--hide-inclusion-graph",
            ])
            .args(what);
        command
    };
    process::run(&mut run(&["bans", "licenses", "sources"]))
        .context("see deny.toml for the rules")?;
    let mut said = Vec::new();
    let status = process::lines(&mut run(&["advisories"]), |line| said.push(line.to_owned()))?;
    if !status.success() {
        let said = said.join("\n");
        if !said.contains("failed to fetch advisory database")
            && !said.contains("failed to load advisory database")
        {
            bail!("an advisory applies:\n{said}");
        }
        println!(
            "SKIPPED deny: the advisory database could not be fetched (is there a network?); known vulnerabilities were NOT checked"
        );
    }
    Ok(())
}

/// cargo-deny from the PATH or the cache.
fn tool() -> Result<PathBuf> {
    if let Some(found) = process::find("cargo-deny") {
        return Ok(found);
    }
    let root = workspace::cache()?.join("tools");
    let tool = root
        .join("bin")
        .join(format!("cargo-deny{}", std::env::consts::EXE_SUFFIX));
    if tool.exists() {
        return Ok(tool);
    }
    eprintln!(
        "cargo-deny is missing: compiling it once into {} (some minutes)",
        root.display()
    );
    let mut cargo = workspace::cargo();
    cargo
        .args(["install", "--quiet", "--locked", "cargo-deny", "--root"])
        .arg(&root);
    // It reads some hundred manifests: how fast it is compiled matters more than how fast it runs.
    cargo
        .env("CARGO_PROFILE_RELEASE_LTO", "off")
        .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1");
    cargo.env("CARGO_TARGET_DIR", root.join("build"));
    let done = process::run(&mut cargo);
    // Its build directory is of no use afterwards; a left-over one only costs room.
    let _ = std::fs::remove_dir_all(root.join("build"));
    done.context("cargo-deny could not be installed: run `cargo install cargo-deny --locked`; the other checks run without it")?;
    Ok(tool)
}
