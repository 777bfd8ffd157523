//! What the tests need of real clusters: the binaries, built behind everything else, and one cluster to compare the simulated API with.
//! How a cluster is made is known by `tests/cluster` alone.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

use crate::process::{self, Running};
use crate::{cluster, install, needs, workspace};

/// The binaries of the control plane, being built.
pub struct ControlPlane {
    state: State,
    log: PathBuf,
}

enum State {
    Building(Running),
    Ready,
    Missing(String),
}

impl ControlPlane {
    /// Starts the build, at low priority. What was built before is found in the cache.
    #[must_use]
    pub fn build() -> Self {
        let log = workspace::target().join("xtask/control-plane.log");
        let state = Self::start(&log).map_or_else(
            |error| State::Missing(format!("{error:#}")),
            State::Building,
        );
        Self { state, log }
    }

    fn start(log: &PathBuf) -> Result<Running> {
        install::ensure("build the control plane", &[needs::GO])?;
        // Compiled before it is started, so that it never holds cargo's lock while it works.
        process::run(workspace::cargo().args(["build", "--package", "xtask-cluster"]))?;
        workspace::notes()?;
        let file = File::create(log).with_context(|| format!("create \"{}\"", log.display()))?;
        let program = workspace::target().join("debug/xtask-cluster");
        let mut command = process::bound("nice");
        command
            .args(["-n", "10"])
            .arg(program)
            .arg("build")
            .stdin(Stdio::null());
        command
            .stdout(file.try_clone().context("share the log")?)
            .stderr(file);
        println!(
            "building the control plane behind the tests; its log: {}",
            log.display()
        );
        Running::start("the build of the control plane", &mut command)
    }

    /// Waits for the binaries; returns why they are missing, if they are.
    pub fn wait(&mut self) -> Option<String> {
        if let State::Building(running) = &mut self.state {
            self.state = match running.wait() {
                Ok(status) if status.success() => State::Ready,
                _ => {
                    let log = fs::read_to_string(&self.log).unwrap_or_default();
                    let last = log
                        .lines()
                        .rev()
                        .find(|line| !line.trim().is_empty())
                        .unwrap_or("no reason given");
                    State::Missing(format!(
                        "the control plane does not build ({}): {last}",
                        self.log.display()
                    ))
                }
            };
        }
        match &self.state {
            State::Missing(why) => Some(why.clone()),
            State::Ready | State::Building(_) => None,
        }
    }
}

/// A cluster of this run's own, ended when dropped.
pub struct Cluster {
    name: String,
    kubeconfig: String,
}

impl Cluster {
    /// Brings one up and waits until it answers.
    ///
    /// # Errors
    /// It does not come up.
    pub fn up(kind: &str) -> Result<Self> {
        let name = format!("xtask-{}", std::process::id());
        let mut up = cluster::tool();
        up.args(["up", kind, "--name", &name]);
        let said = process::capture(&mut up)?;
        let kubeconfig = said
            .lines()
            .find_map(|line| line.trim().strip_prefix("export KUBECONFIG="));
        let kubeconfig = kubeconfig
            .context("the cluster is up but its kubeconfig was not named")?
            .trim()
            .to_owned();
        Ok(Self { name, kubeconfig })
    }

    /// The path of its kubeconfig.
    #[must_use]
    pub fn kubeconfig(&self) -> &str {
        &self.kubeconfig
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let mut down: Command = cluster::tool();
        if let Err(error) = process::capture(down.args(["down", "--name", &self.name])) {
            eprintln!("the cluster \"{}\" is still there: {error:#}", self.name);
        }
    }
}
