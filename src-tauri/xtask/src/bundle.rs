//! `cargo xtask bundle`: the packages people install, made by Tauri's own bundler from npm (prebuilt, so that nothing more is compiled).
//! What goes into them is said in tauri.conf.json.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::options::{Flag, Given};
use crate::verb::Verb;
use crate::{app, install, needs, process, ui, workspace};

/// The bundler's version: the newest of Tauri's own line, exact so that two machines make the same package.
const BUNDLER: &str = "2.12.5";

/// The verb.
pub struct Bundle;

impl Verb for Bundle {
    fn name(&self) -> &'static str {
        "bundle"
    }
    fn about(&self) -> &'static str {
        "makes the installable packages (.deb and .rpm)"
    }
    fn flags(&self) -> &'static [Flag] {
        &[Flag {
            name: "--debug",
            value: None,
            about: "without optimisations: quicker, for a try",
        }]
    }
    fn run(&self, given: &Given) -> Result<()> {
        let build = if given.has("--debug") {
            Build::Debug
        } else {
            Build::Release
        };
        let packages = make(build)?;
        for file in [&packages.deb, &packages.rpm] {
            let size = fs::metadata(file).map_or(0, |about| about.len());
            println!("{} ({:.1} MB)", file.display(), size as f64 / 1e6);
        }
        Ok(())
    }
}

/// How the packaged app is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Build {
    /// For people.
    Release,
    /// For the test of the package, which reuses what the other tests compiled.
    Debug,
}

/// The packages made.
#[derive(Debug)]
pub struct Packages {
    /// For Debian and Ubuntu.
    pub deb: PathBuf,
    /// For Fedora and its like.
    pub rpm: PathBuf,
}

/// Builds the app and its packages.
///
/// # Errors
/// Something is missing, does not build, or was not where the bundler puts it.
pub fn make(build: Build) -> Result<Packages> {
    if !cfg!(target_os = "linux") {
        bail!("packages for this system are not made yet: .deb and .rpm are made on Linux");
    }
    install::ensure("make packages", &[needs::WINDOW, needs::NPM])?;
    let bundler = bundler()?;
    ui::build(ui::Profile::Shipped)?;
    app::build(build == Build::Release)?;
    let folder = workspace::target()
        .join(if build == Build::Release {
            "release"
        } else {
            "debug"
        })
        .join("bundle");
    // A package of an earlier version must not be taken for today's.
    let _ = fs::remove_dir_all(&folder);
    let mut command = Command::new(bundler);
    command
        .current_dir(workspace::root())
        .env("CARGO_TARGET_DIR", workspace::target());
    command.args([
        "bundle",
        "--ci",
        "--bundles",
        "deb,rpm",
        "--features",
        "custom-protocol",
    ]);
    if build == Build::Debug {
        command.arg("--debug");
    }
    process::run(&mut command)?;
    Ok(Packages {
        deb: only(&folder.join("deb"), "deb")?,
        rpm: only(&folder.join("rpm"), "rpm")?,
    })
}

/// Tauri's CLI, fetched once into the cache.
fn bundler() -> Result<PathBuf> {
    let folder = workspace::cache()?
        .join("npm")
        .join(format!("tauri-cli-{BUNDLER}"));
    let program = folder.join("node_modules/.bin/tauri");
    if program.exists() {
        return Ok(program);
    }
    workspace::folder(folder.clone())?;
    let mut npm = Command::new("npm");
    npm.args(["install", "--silent", "--no-fund", "--no-audit", "--prefix"])
        .arg(&folder);
    npm.arg(format!("@tauri-apps/cli@{BUNDLER}"));
    process::run(&mut npm).context("the bundler could not be fetched from npm (is there a network?); run and test work without it")?;
    Ok(program)
}

/// The one file of `kind` in `folder`.
fn only(folder: &Path, kind: &str) -> Result<PathBuf> {
    let entries = fs::read_dir(folder).with_context(|| format!("list \"{}\"", folder.display()))?;
    let mut files = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|end| end == kind));
    match (files.next(), files.next()) {
        (Some(file), None) => Ok(file),
        (None, _) => bail!("the bundler left no .{kind} in \"{}\"", folder.display()),
        (Some(_), Some(_)) => bail!("more than one .{kind} in \"{}\"", folder.display()),
    }
}
