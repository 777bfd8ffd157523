//! `cargo xtask run`: from a fresh checkout to the window, or to a picture of it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;

use crate::app::{self, App};
use crate::headless::{self, Desktop};
use crate::options::{Flag, Given, Words};
use crate::verb::Verb;
use crate::{install, needs, process, ui, workspace};

const PATIENCE: Duration = Duration::from_secs(120);

/// The verb.
pub struct Run;

impl Verb for Run {
    fn name(&self) -> &'static str {
        "run"
    }
    fn about(&self) -> &'static str {
        "installs what is missing, builds the app and opens its window (the demo cluster when there is no kubeconfig)"
    }
    fn flags(&self) -> &'static [Flag] {
        &[
            Flag {
                name: "--shot",
                value: Some("FILE"),
                about: "save a picture of the first painted table and exit",
            },
            Flag {
                name: "--release",
                value: None,
                about: "build with optimisations",
            },
            Flag {
                name: "--demo",
                value: None,
                about: "open the demo cluster, whatever the kubeconfig says",
            },
        ]
    }
    fn words(&self) -> Words {
        Words::Rest {
            usage: "[-- ARGS]",
            about: "What follows `--` is handed to the app.",
        }
    }
    fn run(&self, given: &Given) -> Result<()> {
        let shot = given.value("--shot").map(PathBuf::from);
        let headless = shot.is_some() || !headless::has_display();
        let mut needed = vec![needs::WINDOW];
        if headless {
            if !cfg!(target_os = "linux") {
                anyhow::bail!(
                    "--shot works on Linux only: it needs Xvfb; without it the window opens on your desktop"
                );
            }
            needed.push(needs::HEADLESS);
        }
        install::ensure("build and run the window", &needed)?;
        if headless && shot.is_none() {
            eprintln!(
                "no display ($DISPLAY and $WAYLAND_DISPLAY are empty): the window runs under Xvfb, Ctrl-C ends it"
            );
        }
        ui::build(match given.has("--release") {
            true => ui::Profile::Shipped,
            false => ui::Profile::Small,
        })?;
        let binary = app::build(given.has("--release"))?;
        let mut arguments = given.rest.clone();
        if given.has("--demo") {
            arguments.insert(0, "--demo".to_owned());
        }
        if headless {
            return picture(&binary, &arguments, shot.as_deref());
        }
        process::run(&mut app::command(&binary, &arguments))
    }
}

/// Runs the app on a desktop of our own and saves a picture once its first table is painted; without `shot` the app then goes on.
fn picture(binary: &Path, arguments: &[String], shot: Option<&Path>) -> Result<()> {
    let desktop = Desktop::start(1280, 800)?;
    let mut command = app::command(binary, arguments);
    desktop.host(&mut command);
    let mut app = App::start(&mut command)?;
    let painted = app.painted(PATIENCE);
    // The rows are in the page; give the compositor the frame that shows them.
    process::pause(Duration::from_millis(400));
    let file = shot.map_or_else(|| workspace::target().join("kubegraf.png"), Path::to_owned);
    let saved = desktop.screenshot(&file);
    if saved.is_ok() {
        eprintln!("screenshot saved to {}", file.display());
    }
    painted?;
    saved?;
    if shot.is_none() {
        app.wait()?;
    }
    Ok(())
}
