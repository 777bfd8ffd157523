//! One run of a program: no terminal, bounded output, and an end for it and its children.

use std::{process::Stdio, sync::LazyLock, time::Duration};

use regex::Regex;
use tokio::{
    io::{AsyncRead, AsyncReadExt},
    process::{Child, Command},
};

use super::Error;

/// More than this is no credential.
const STDOUT: usize = 1024 * 1024;
/// The end of stderr that is kept.
const STDERR: usize = 8 * 1024;

/// How a program ended.
#[derive(Debug)]
pub(crate) struct Ended {
    /// `exited with 1`; `None` for success.
    pub(crate) failure: Option<String>,
    pub(crate) stdout: Vec<u8>,
    /// Its end, tokens masked.
    pub(crate) stderr: String,
}

/// Ends the program with everything it has started, when dropped before it ended by itself.
struct Group {
    child: Child,
    #[cfg(unix)]
    leader: Option<rustix::process::Pid>,
}

impl Group {
    fn end(&mut self) {
        #[cfg(unix)]
        if let Some(leader) = self.leader.take() {
            // Gone already is fine.
            let _ = rustix::process::kill_process_group(leader, rustix::process::Signal::KILL);
        }
        let _ = self.child.start_kill();
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.end();
    }
}

/// Runs a command to its end, or ends it after `timeout`.
pub(super) async fn run(
    mut command: Command,
    name: &str,
    timeout: Duration,
) -> Result<Ended, Error> {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    #[cfg(unix)]
    command.process_group(0);
    #[cfg(windows)]
    command.creation_flags(0x0800_0000); // CREATE_NO_WINDOW: no console flashes up.
    let mut child = command.spawn().map_err(|source| Error::Start {
        command: name.into(),
        source,
    })?;
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    #[cfg(unix)]
    let leader = child
        .id()
        .and_then(|id| rustix::process::Pid::from_raw(i32::try_from(id).ok()?));
    let mut group = Group {
        child,
        #[cfg(unix)]
        leader,
    };
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let work = async {
        // A child that inherits the pipes and lives on must not hold up a program that has ended.
        let reading = async {
            tokio::join!(head(stdout, &mut out), tail(stderr, &mut err));
        };
        tokio::pin!(reading);
        tokio::select! {
            status = group.child.wait() => {
                let _ = tokio::time::timeout(Duration::from_millis(500), &mut reading).await;
                status
            }
            () = &mut reading => group.child.wait().await,
        }
    };
    let ended = tokio::time::timeout(timeout, work).await;
    let stderr = masked(&err);
    match ended {
        Err(_) => {
            group.end();
            Err(Error::TimedOut {
                command: name.into(),
                after: timeout,
                stderr,
            })
        }
        Ok(Err(source)) => Err(Error::Start {
            command: name.into(),
            source,
        }),
        Ok(Ok(_)) if out.len() > STDOUT => Err(Error::Malformed {
            command: name.into(),
            reason: format!("it wrote more than {STDOUT} bytes"),
            stderr,
        }),
        Ok(Ok(status)) => Ok(Ended {
            failure: (!status.success()).then(|| how(status)),
            stdout: out,
            stderr,
        }),
    }
}

fn how(status: std::process::ExitStatus) -> String {
    #[cfg(unix)]
    {
        use std::os::unix::process::ExitStatusExt;
        if let Some(signal) = status.signal() {
            return format!("was ended by signal {signal}");
        }
    }
    status
        .code()
        .map_or_else(|| "failed".into(), |code| format!("exited with {code}"))
}

/// Keeps the beginning and one byte too many; the rest is not read, so that the writer stops.
async fn head(from: Option<impl AsyncRead + Unpin>, into: &mut Vec<u8>) {
    if let Some(from) = from {
        // What was read before an error still counts.
        let _ = from.take(STDOUT as u64 + 1).read_to_end(into).await;
    }
}

/// Keeps the end.
async fn tail(from: Option<impl AsyncRead + Unpin>, into: &mut Vec<u8>) {
    let Some(mut from) = from else { return };
    let mut chunk = [0; 4096];
    while let Ok(read) = from.read(&mut chunk).await {
        if read == 0 {
            return;
        }
        into.extend_from_slice(&chunk[..read]);
        let excess = into.len().saturating_sub(STDERR);
        into.drain(..excess);
    }
}

/// What looks like a token is not shown to whoever reads the message.
fn masked(bytes: &[u8]) -> String {
    static TOKEN: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"eyJ[A-Za-z0-9_-]{10,}(\.[A-Za-z0-9_-]*)*|k8s-aws-v1\.[A-Za-z0-9_-]+")
            .expect("the pattern is well-formed")
    });
    let text = String::from_utf8_lossy(bytes);
    TOKEN.replace_all(&text, "***").into_owned()
}
