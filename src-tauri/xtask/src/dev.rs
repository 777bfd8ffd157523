//! `cargo xtask dev`: the window, rebuilt and restarted whenever a source changes. Looks at file times; a broken build leaves the running
//! window alone.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use anyhow::{Result, bail};

use crate::app::{self, App};
use crate::options::{Flag, Given, Words};
use crate::verb::Verb;
use crate::{headless, install, needs, process, ui, workspace};

/// The verb.
pub struct Dev;

impl Verb for Dev {
    fn name(&self) -> &'static str {
        "dev"
    }
    fn about(&self) -> &'static str {
        "opens the window, rebuilds and reopens it whenever a source changes"
    }
    fn flags(&self) -> &'static [Flag] {
        &[Flag {
            name: "--demo",
            value: None,
            about: "open the demo cluster, whatever the kubeconfig says",
        }]
    }
    fn words(&self) -> Words {
        Words::Rest {
            usage: "[-- ARGS]",
            about: "What follows `--` is handed to the app.",
        }
    }
    fn run(&self, given: &Given) -> Result<()> {
        if !headless::has_display() {
            bail!(
                "no display ($DISPLAY and $WAYLAND_DISPLAY are empty): `cargo xtask run --shot FILE` works without one"
            );
        }
        install::ensure("build and run the window", &[needs::WINDOW])?;
        let mut arguments = given.rest.clone();
        if given.has("--demo") {
            arguments.insert(0, "--demo".to_owned());
        }
        let mut window: Option<App> = None;
        loop {
            let seen = newest();
            match build() {
                Ok(binary) => {
                    drop(window.take());
                    window = Some(App::start(&mut app::command(&binary, &arguments))?);
                    eprintln!("dev: running; waiting for a change");
                }
                Err(error) => {
                    eprintln!("dev: {error:#}; the window stays as it is, waiting for a change")
                }
            }
            while newest() <= seen {
                process::pause(Duration::from_millis(400));
                if window.as_mut().is_some_and(App::has_ended) {
                    eprintln!("dev: the window was closed");
                    return Ok(());
                }
            }
            // An editor or a branch switch writes many files: take them as one change.
            process::pause(Duration::from_millis(300));
        }
    }
}

fn build() -> Result<PathBuf> {
    ui::build(ui::Profile::Quick)?;
    app::build(false)
}

/// When a source was last changed. What is built, and what only tests read, does not count.
fn newest() -> Option<SystemTime> {
    let root = workspace::root();
    let places = [
        "ui",
        "src-tauri/src",
        "src-tauri/ipc",
        "src-tauri/core",
        "src-tauri/sim",
        "migrations",
        "icons",
        "tauri.conf.json",
        "Cargo.toml",
    ];
    places
        .iter()
        .filter_map(|place| newest_below(&root.join(place)))
        .max()
}

fn newest_below(path: &Path) -> Option<SystemTime> {
    let name = path.file_name()?.to_string_lossy();
    if ["dist", "node_modules", "target", "tests"].contains(&name.as_ref()) || name.starts_with('.')
    {
        return None;
    }
    let about = fs::metadata(path).ok()?;
    let own = about.modified().ok();
    if !about.is_dir() {
        return own;
    }
    // A folder's own time tells of a removed file.
    let below = fs::read_dir(path)
        .ok()?
        .flatten()
        .filter_map(|entry| newest_below(&entry.path()));
    below.chain(own).max()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_and_a_removed_source_are_seen_and_a_built_file_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("ui");
        fs::create_dir_all(root.join("src/views")).unwrap();
        fs::create_dir_all(root.join("dist")).unwrap();
        fs::write(root.join("src/views/a.rs"), "a").unwrap();
        let step = || process::pause(Duration::from_millis(20));

        let first = newest_below(&root);
        step();
        fs::write(root.join("dist/out.js"), "built").unwrap();
        assert_eq!(newest_below(&root), first);
        step();
        fs::write(root.join("src/views/a.rs"), "b").unwrap();
        let second = newest_below(&root);
        assert!(second > first);
        step();
        fs::remove_file(root.join("src/views/a.rs")).unwrap();
        assert!(newest_below(&root) > second);
    }
}
