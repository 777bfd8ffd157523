//! Processes that outlive whoever started them: identity, start, end.
//! Never looks for a process by name; a pid counts only with its start time, because pids come round again.

use std::fmt;
use std::fs::{self, File};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::str::FromStr;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::Error;

/// One process for as long as the machine is up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Identity {
    pub pid: u32,
    /// Clock ticks after boot: field 22 of `/proc/PID/stat`.
    pub start: u64,
}

impl Identity {
    /// `None` when no such process lives.
    pub fn of(pid: u32) -> Option<Self> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The name in field 2 may hold spaces and parentheses; the last ")" ends it.
        let (_, fields) = stat.rsplit_once(')')?;
        let mut fields = fields.split_whitespace();
        let state = fields.next()?;
        let start = fields.nth(18)?.parse().ok()?;
        (!matches!(state, "Z" | "X")).then_some(Self { pid, start })
    }

    pub fn current() -> Self {
        let pid = std::process::id();
        Self::of(pid).unwrap_or(Self { pid, start: 0 })
    }

    pub fn lives(self) -> bool {
        Self::of(self.pid) == Some(self)
    }

    /// The process it started, for a program that starts one and waits for it.
    pub fn child(self) -> Option<Self> {
        let entries = fs::read_dir("/proc").ok()?.flatten();
        entries
            .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
            .find(|pid| parent(*pid) == Some(self.pid))
            .and_then(Self::of)
    }

    pub fn kill(self) {
        self.signal(Signal::Kill);
    }

    pub fn signal(self, signal: Signal) {
        if !self.lives() {
            return;
        }
        #[cfg(unix)]
        {
            use rustix::process::{Pid, Signal as Number, kill_process};
            let number = match signal {
                Signal::Kill => Number::KILL,
                Signal::Stop => Number::STOP,
                Signal::Continue => Number::CONT,
            };
            if let Some(pid) = i32::try_from(self.pid).ok().and_then(Pid::from_raw) {
                // It may have ended since; then there is nothing left to signal.
                let _ = kill_process(pid, number);
            }
        }
        #[cfg(not(unix))]
        let _ = signal;
    }
}

fn parent(pid: u32) -> Option<u32> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, fields) = stat.rsplit_once(')')?;
    fields.split_whitespace().nth(1)?.parse().ok()
}

/// What a process can be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signal {
    /// To end at once.
    Kill,
    /// To stand still.
    Stop,
    /// To go on.
    Continue,
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.pid, self.start)
    }
}

impl FromStr for Identity {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (pid, start) = text.trim().split_once(' ').ok_or(())?;
        Ok(Self {
            pid: pid.parse().map_err(drop)?,
            start: start.parse().map_err(drop)?,
        })
    }
}

/// Starts `command` apart from the caller's terminal, its output appended to `log`, its identity in `pid_file`.
pub(crate) fn start(command: &mut Command, log: &Path, pid_file: &Path) -> Result<Child, Error> {
    let output = File::options()
        .create(true)
        .append(true)
        .open(log)
        .map_err(Error::file("open", log))?;
    let errors = output.try_clone().map_err(Error::file("open", log))?;
    command.stdin(Stdio::null()).stdout(output).stderr(errors);
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(command, 0);
    let program = command.get_program().into();
    let mut child = command
        .spawn()
        .map_err(|source| Error::Start { program, source })?;
    if let Some(identity) = Identity::of(child.id())
        && let Err(source) = fs::write(pid_file, identity.to_string())
    {
        identity.kill();
        let _ = child.wait();
        return Err(Error::file("write", pid_file)(source));
    }
    Ok(child)
}

/// Kills every process named in the files of `pids` and waits until all are gone.
///
/// # Errors
/// [`Error::Remains`] when one still lives after 15 s.
pub(crate) fn end_all(name: &str, pids: &Path, children: &mut Vec<Child>) -> Result<(), Error> {
    let named = read_all(pids);
    for (_, identity) in &named {
        identity.kill();
    }
    for mut child in children.drain(..) {
        // An error means that somebody else waited for it.
        let _ = child.kill();
        let _ = child.wait();
    }
    let limit = Instant::now() + Duration::from_secs(15);
    for (component, identity) in named {
        while identity.lives() {
            if Instant::now() > limit {
                let what = format!("{component} (pid {}) survives SIGKILL", identity.pid);
                return Err(Error::Remains {
                    name: name.into(),
                    what,
                });
            }
            pause(Duration::from_millis(10));
        }
    }
    Ok(())
}

/// Components and their identities; an unreadable file is a process that never started.
pub(crate) fn read_all(pids: &Path) -> Vec<(String, Identity)> {
    let entries = fs::read_dir(pids).into_iter().flatten().flatten();
    entries
        .filter_map(|entry| {
            let identity = fs::read_to_string(entry.path()).ok()?.parse().ok()?;
            Some((entry.file_name().to_string_lossy().into_owned(), identity))
        })
        .collect()
}

/// For removal, which runs in `Drop`, where nothing can be awaited.
#[allow(
    clippy::disallowed_methods,
    reason = "removal is synchronous: it must work without a runtime"
)]
pub(crate) fn pause(time: Duration) {
    std::thread::sleep(time);
}

/// Characters of a log line that are shown; some components write kilobytes into one.
const LINE: usize = 600;

/// The last `lines` lines of a log, or why there are none.
pub(crate) fn tail(log: &Path, lines: usize) -> String {
    match fs::read(log) {
        Ok(bytes) => {
            let text = String::from_utf8_lossy(&bytes);
            let all: Vec<_> = text.lines().collect();
            let short = |line: &&str| line.chars().take(LINE).collect::<String>();
            let last: Vec<_> = all[all.len().saturating_sub(lines)..]
                .iter()
                .map(short)
                .collect();
            last.join("\n")
        }
        Err(error) => format!("no log at \"{}\": {error}", log.display()),
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn an_identity_survives_its_file_and_ends_with_its_process() {
        let mut child = Command::new("sleep").arg("60").spawn().unwrap();
        let identity = Identity::of(child.id()).unwrap();
        assert_eq!(identity.to_string().parse::<Identity>(), Ok(identity));
        assert!(identity.lives());
        let namesake = Identity {
            start: identity.start + 1,
            ..identity
        };
        assert!(!namesake.lives());
        namesake.kill();
        assert!(identity.lives(), "a recycled pid was killed");
        identity.kill();
        child.wait().unwrap();
        assert!(!identity.lives());
    }

    #[test]
    fn a_zombie_is_dead() {
        let mut child = Command::new("true").spawn().unwrap();
        let limit = Instant::now() + Duration::from_secs(10);
        while Identity::of(child.id()).is_some() {
            assert!(Instant::now() < limit, "a zombie counts as living");
            pause(Duration::from_millis(5));
        }
        child.wait().unwrap();
    }
}
