//! Runs other programs: to their end, for their output, or as a guard that ends them when dropped. Ends only what it started.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// Runs `command` with this terminal's streams and fails unless it succeeds.
///
/// # Errors
/// It cannot be started, or it fails.
pub fn run(command: &mut Command) -> Result<()> {
    let line = shown(command);
    let status = command
        .status()
        .with_context(|| format!("start \"{line}\""))?;
    if !status.success() {
        bail!("\"{line}\" ended with {}", outcome(status));
    }
    Ok(())
}

/// Runs `command` quietly and returns what it printed on its output.
///
/// # Errors
/// It cannot be started, or it fails; then with what it printed on its error stream.
pub fn capture(command: &mut Command) -> Result<String> {
    let line = shown(command);
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("start \"{line}\""))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!(
            "\"{line}\" ended with {}: {}",
            outcome(output.status),
            said.trim()
        );
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Whether `command` can be started and succeeds; says nothing.
pub fn succeeds(command: &mut Command) -> bool {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// Runs `command` with its output and error streams merged, handing on line after line.
///
/// # Errors
/// It cannot be started. A failure of the program itself is in the status.
pub fn lines(command: &mut Command, mut each: impl FnMut(&str)) -> Result<ExitStatus> {
    let line = shown(command);
    let (reader, writer) = std::io::pipe().context("open a pipe")?;
    command
        .stdin(Stdio::null())
        .stdout(writer.try_clone().context("share a pipe")?)
        .stderr(writer);
    let mut child = command
        .spawn()
        .with_context(|| format!("start \"{line}\""))?;
    // The command keeps its ends of the pipe open; without this the reader never sees the end.
    command.stdout(Stdio::null()).stderr(Stdio::null());
    each_line(reader, &mut each);
    child.wait().with_context(|| format!("wait for \"{line}\""))
}

/// Hands on every line of `reader`, decoded loosely.
pub fn each_line(reader: impl Read, mut each: impl FnMut(&str)) {
    let mut reader = BufReader::new(reader);
    let mut bytes = Vec::new();
    while reader
        .read_until(b'\n', &mut bytes)
        .is_ok_and(|read| read > 0)
    {
        let text = String::from_utf8_lossy(&bytes);
        each(text.trim_end_matches(['\n', '\r']));
        bytes.clear();
    }
}

/// The command as one would type it.
#[must_use]
pub fn shown(command: &Command) -> String {
    let mut line = command.get_program().to_string_lossy().into_owned();
    if let Some((_, name)) = line.rsplit_once('/') {
        line = name.to_owned();
    }
    for argument in command.get_args() {
        line.push(' ');
        line.push_str(&argument.to_string_lossy());
    }
    line
}

/// An exit status in words.
#[must_use]
pub fn outcome(status: ExitStatus) -> String {
    match status.code() {
        Some(code) => format!("exit code {code}"),
        None => status.to_string(),
    }
}

/// A program that runs until this guard is dropped.
#[derive(Debug)]
pub struct Running {
    child: Child,
    name: &'static str,
}

impl Running {
    /// Starts `command`; one made by [`bound`] also ends when this tool is killed and cannot drop its guards.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn start(name: &'static str, command: &mut Command) -> Result<Self> {
        let child = command.spawn().with_context(|| format!("start {name}"))?;
        Ok(Self { child, name })
    }

    /// The process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// The started process, for its streams.
    pub fn child(&mut self) -> &mut Child {
        &mut self.child
    }

    /// How it ended, if it has.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// Waits for it to end by itself.
    ///
    /// # Errors
    /// The system does not tell how it ended.
    pub fn wait(&mut self) -> Result<ExitStatus> {
        let name = self.name;
        self.child
            .wait()
            .with_context(|| format!("wait for {name}"))
    }

    /// Asks it to end, and makes it end after `patience`.
    pub fn end(&mut self, patience: Duration) {
        if self.ended().is_some() {
            return;
        }
        if cfg!(unix) {
            succeeds(Command::new("sh").args(["-c", &format!("kill -TERM {}", self.id())]));
            if until(patience, || self.ended().is_some()) {
                return;
            }
        }
        // It may have ended between the look and the blow.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.end(Duration::from_secs(4));
    }
}

/// A command for `program` that, on Linux with `setpriv`, the kernel ends together with this tool.
#[must_use]
pub fn bound(program: impl AsRef<OsStr>) -> Command {
    if cfg!(target_os = "linux") && find("setpriv").is_some() {
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "TERM"]).arg(program);
        return command;
    }
    Command::new(program)
}

/// Where a program is on the PATH.
#[must_use]
pub fn find(program: &str) -> Option<std::path::PathBuf> {
    let names = if cfg!(windows) {
        vec![format!("{program}.exe"), format!("{program}.cmd")]
    } else {
        vec![program.to_owned()]
    };
    std::env::split_paths(&std::env::var_os("PATH")?)
        .flat_map(|folder| {
            names
                .iter()
                .map(move |name| folder.join(name))
                .collect::<Vec<_>>()
        })
        .find(|path| path.is_file())
}

/// Waits until `done`, at most for `patience`; tells whether it was done in time.
pub fn until(patience: Duration, mut done: impl FnMut() -> bool) -> bool {
    let start = Instant::now();
    loop {
        if done() {
            return true;
        }
        if start.elapsed() >= patience {
            return false;
        }
        pause(Duration::from_millis(50));
    }
}

/// Waits.
#[expect(
    clippy::disallowed_methods,
    reason = "this tool has no async runtime whose worker could be blocked"
)]
pub fn pause(time: Duration) {
    thread::sleep(time);
}
