//! Programs that give credentials ("exec plugins"): which they are, whether a person has allowed
//! them, and how they are run.
//!
//! A program runs with the login shell's PATH, without a terminal, for 30 s at most; its output is
//! bounded and its stderr kept for whoever has to understand a failure.

mod command;
mod credential;
mod path;
mod process;

use std::{ffi::OsString, path::PathBuf, time::Duration};

use serde_json::{Value, json};

pub(crate) use command::ExecCommand;
pub(crate) use credential::Given;
pub(crate) use path::SearchPath;
pub(crate) use process::Ended;

/// For the whole run, a person's log-in in a browser included.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(30);

/// The program has given no credentials.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// Nobody has allowed it.
    #[error("\"{0}\" gives the credentials and was never allowed to run")]
    NotAllowed(String),
    /// It asks for what the app cannot give.
    #[error("\"{0}\" works only in a terminal (interactiveMode: Always)")]
    NeedsTerminal(String),
    /// A protocol that was retired, or a misspelt one.
    #[error("\"{command}\" is to speak \"{version}\", which is not known; v1 and v1beta1 are")]
    Version {
        /// The command.
        command: String,
        /// `apiVersion` of the kubeconfig.
        version: String,
    },
    /// There is no such program.
    #[error("\"{command}\" was not found{}", hinted(.hint))]
    NotFound {
        /// The command.
        command: String,
        /// Where it was looked for.
        path: String,
        /// The kubeconfig's own advice.
        hint: Option<String>,
    },
    /// It could not be started.
    #[error("\"{command}\" cannot be started: {source}")]
    Start {
        /// The binary.
        command: String,
        /// Why.
        source: std::io::Error,
    },
    /// It ran for too long and was ended.
    #[error("\"{command}\" gave no credentials within {} s", .after.as_secs())]
    TimedOut {
        /// The binary.
        command: String,
        /// After which time it was ended.
        after: Duration,
        /// The end of its stderr.
        stderr: String,
    },
    /// It says that it failed.
    #[error("\"{command}\" {how}{}", quoted(.stderr))]
    Failed {
        /// The binary.
        command: String,
        /// `exited with 1`, `was ended by signal 9`.
        how: String,
        /// The end of its stderr.
        stderr: String,
    },
    /// What it wrote are no credentials.
    #[error("\"{command}\" wrote no usable credentials: {reason}")]
    Malformed {
        /// The binary.
        command: String,
        /// What is wrong, without what it wrote.
        reason: String,
        /// The end of its stderr.
        stderr: String,
    },
}

fn hinted(hint: &Option<String>) -> String {
    hint.as_ref()
        .map(|hint| format!(": {}", hint.trim()))
        .unwrap_or_default()
}

fn quoted(stderr: &str) -> String {
    let last = stderr.lines().rev().find(|line| !line.trim().is_empty());
    last.map(|line| format!(": {}", line.trim()))
        .unwrap_or_default()
}

/// A program with everything it is told.
#[derive(Clone)]
pub(crate) struct Plugin {
    pub(crate) command: ExecCommand,
    pub(crate) allowed: bool,
    /// What it is told of the cluster, when it wants to know.
    pub(crate) cluster: Option<Value>,
    pub(crate) path: SearchPath,
    pub(crate) timeout: Duration,
}

impl Plugin {
    /// Runs it and reads what it gives.
    pub(crate) async fn run(&self) -> Result<Given, Error> {
        let (binary, path) = self.binary().await?;
        let ended = self.start(&binary, path).await?;
        self.read(&binary.display().to_string(), ended)
    }

    /// The binary that would run, and the PATH it was found on.
    pub(crate) async fn binary(&self) -> Result<(PathBuf, OsString), Error> {
        let command = &self.command.command;
        if !self.allowed {
            return Err(Error::NotAllowed(command.clone()));
        }
        let version = &self.command.api_version;
        if !matches!(
            version.strip_prefix("client.authentication.k8s.io/"),
            Some("v1" | "v1beta1")
        ) {
            return Err(Error::Version {
                command: command.clone(),
                version: version.clone(),
            });
        }
        if self.command.needs_terminal {
            return Err(Error::NeedsTerminal(command.clone()));
        }
        let path = self.path.get().await;
        let found = path::find(command, &path);
        match found {
            Some(binary) => Ok((binary, path)),
            None => Err(Error::NotFound {
                command: command.clone(),
                path: path.to_string_lossy().into_owned(),
                hint: self.command.install_hint.clone(),
            }),
        }
    }

    async fn start(&self, binary: &std::path::Path, path: OsString) -> Result<Ended, Error> {
        let mut process = tokio::process::Command::new(binary);
        process.args(&self.command.args).env("PATH", path);
        process.envs(self.command.env.iter().map(|(name, value)| (name, value)));
        process.env("KUBERNETES_EXEC_INFO", self.info().to_string());
        process::run(process, &binary.display().to_string(), self.timeout).await
    }

    fn info(&self) -> Value {
        let mut spec = json!({"interactive": false});
        if let Some(cluster) = self
            .cluster
            .as_ref()
            .filter(|_| self.command.provide_cluster_info)
        {
            spec["cluster"] = cluster.clone();
        }
        json!({"apiVersion": self.command.api_version, "kind": "ExecCredential", "spec": spec})
    }

    fn read(&self, binary: &str, ended: Ended) -> Result<Given, Error> {
        if let Some(how) = ended.failure {
            return Err(Error::Failed {
                command: binary.into(),
                how,
                stderr: ended.stderr,
            });
        }
        credential::read(&ended.stdout, &self.command.api_version).map_err(|reason| {
            Error::Malformed {
                command: binary.into(),
                reason,
                stderr: ended.stderr,
            }
        })
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests;
