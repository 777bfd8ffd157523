//! The app as a process: builds the shell, starts it, and waits for the moment its first table is painted. Knows the line the app logs
//! then, and nothing else of it.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::process::{self, Running};
use crate::{needs, workspace};

/// What the app logs, at level info, once its first table has rows on screen.
const PAINTED: &str = "first table painted";

/// Builds the shell with `ui/dist` embedded and returns the binary.
///
/// # Errors
/// It does not compile.
pub fn build(release: bool) -> Result<PathBuf> {
    let mut cargo = workspace::cargo();
    cargo.args([
        "build",
        "--package",
        "kubegraf",
        "--bin",
        "kubegraf",
        "--features",
        "custom-protocol",
    ]);
    if release {
        cargo.arg("--release");
    }
    process::run(&mut cargo).with_context(|| {
        let system = needs::WINDOW_ELSEWHERE;
        if system.is_empty() {
            "the shell does not build".to_owned()
        } else {
            format!("the shell does not build ({system})")
        }
    })?;
    Ok(binary(release))
}

/// Where cargo puts the app.
#[must_use]
pub fn binary(release: bool) -> PathBuf {
    let profile = if release { "release" } else { "debug" };
    workspace::target()
        .join(profile)
        .join(format!("kubegraf{}", std::env::consts::EXE_SUFFIX))
}

/// The app, started and listened to. Ends when dropped.
#[derive(Debug)]
pub struct App {
    running: Running,
    lines: mpsc::Receiver<String>,
}

impl App {
    /// Starts `command` (a [`process::bound`] one) and passes its log on to ours.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn start(command: &mut Command) -> Result<Self> {
        command.stdin(Stdio::null()).stderr(Stdio::piped());
        let mut running = Running::start("kubegraf", command)?;
        let log = running.child().stderr.take().expect("its log is piped");
        let (send, lines) = mpsc::channel();
        thread::spawn(move || {
            process::each_line(log, |line| {
                eprintln!("{line}");
                // Nobody listens any more once the table was painted.
                let _ = send.send(line.to_owned());
            });
        });
        Ok(Self { running, lines })
    }

    /// Waits until the first table is painted.
    ///
    /// # Errors
    /// The app ended before, or `patience` ran out; the message has the last lines of its log.
    pub fn painted(&mut self, patience: Duration) -> Result<()> {
        let start = Instant::now();
        let mut last: VecDeque<String> = VecDeque::new();
        loop {
            let left = patience.saturating_sub(start.elapsed());
            match self.lines.recv_timeout(left) {
                Ok(line) if line.contains(PAINTED) => return Ok(()),
                Ok(line) => {
                    last.push_back(line);
                    if last.len() > 12 {
                        last.pop_front();
                    }
                }
                Err(RecvTimeoutError::Timeout) => {
                    let log = Vec::from(last).join("\n  ");
                    bail!(
                        "no table was painted within {} s; the app's last lines:\n  {log}",
                        patience.as_secs()
                    );
                }
                Err(RecvTimeoutError::Disconnected) => {
                    let log = Vec::from(last).join("\n  ");
                    let how = self
                        .running
                        .wait()
                        .map_or_else(|_| "an unknown status".to_owned(), process::outcome);
                    bail!(
                        "the app ended with {how} before a table was painted; its last lines:\n  {log}"
                    );
                }
            }
        }
    }

    /// Waits for the app to end by itself.
    ///
    /// # Errors
    /// It ended with a failure.
    pub fn wait(&mut self) -> Result<()> {
        let status = self.running.wait()?;
        if !status.success() {
            bail!("the app ended with {}", process::outcome(status));
        }
        Ok(())
    }

    /// The process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.running.id()
    }

    /// Whether it has ended by itself.
    pub fn has_ended(&mut self) -> bool {
        self.running.ended().is_some()
    }
}

/// The command that starts `binary` with `arguments` from the root of the checkout.
#[must_use]
pub fn command(binary: &Path, arguments: &[String]) -> Command {
    let mut command = process::bound(binary);
    command.args(arguments);
    command
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> App {
        let mut command = process::bound("sh");
        App::start(command.args(["-c", script])).unwrap()
    }

    #[test]
    fn the_painted_line_is_seen_wherever_it_stands_in_the_log() {
        let mut app = shell(
            "echo start >&2; echo 'INFO app: first table painted rows=12' >&2; exec sleep 60",
        );
        app.painted(Duration::from_secs(20)).unwrap();
        assert!(!app.has_ended());
    }

    #[test]
    fn an_app_that_ends_or_hangs_is_told_apart() {
        let ended = shell("echo boom >&2; exit 3")
            .painted(Duration::from_secs(20))
            .unwrap_err()
            .to_string();
        assert!(
            ended.contains("exit code 3") && ended.contains("boom"),
            "{ended}"
        );
        let hung = shell("echo here >&2; exec sleep 60")
            .painted(Duration::from_millis(300))
            .unwrap_err()
            .to_string();
        assert!(
            hung.contains("no table was painted") && hung.contains("here"),
            "{hung}"
        );
    }
}
