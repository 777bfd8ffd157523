//! What a process has cost: processor time, memory, and the end of one that was started to be measured.
//! Read from /proc, so Linux only; elsewhere the figures are absent.

use std::fs;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// A program that ran to its end.
#[derive(Debug)]
pub struct Ran {
    /// From its start to its end.
    pub wall: Duration,
    /// User and system time.
    pub cpu: Duration,
    /// The most memory it had, kB. Looked at every 2 ms, so a peak in its last moment may be missed; a
    /// program that reports its own is believed more.
    pub peak_kb: u64,
    /// Its output.
    pub output: String,
}

/// Runs a program to its end and measures it. Its output is kept, or thrown away by `keep`.
pub async fn measure(mut command: Command, keep: bool) -> Result<Ran> {
    let shown = xtask::process::shown(&command);
    command
        .stdin(Stdio::null())
        .stdout(if keep { Stdio::piped() } else { Stdio::null() })
        .stderr(Stdio::piped());
    let since = Instant::now();
    let mut child = command
        .spawn()
        .with_context(|| format!("start \"{shown}\""))?;
    let pid = child.id();
    let (out, err) = (child.stdout.take(), child.stderr.take());
    let reader = std::thread::spawn(move || out.map(read_all).unwrap_or_default());
    let errors = std::thread::spawn(move || err.map(read_all).unwrap_or_default());
    let mut peak_kb = 0;
    // A zombie keeps its times and has lost its memory: it is looked at until it is one.
    while !zombie(pid) {
        peak_kb = status_kb(pid, "VmHWM").unwrap_or(0).max(peak_kb);
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    let wall = since.elapsed();
    let cpu = cpu(pid).unwrap_or_default();
    let status = child
        .wait()
        .with_context(|| format!("wait for \"{shown}\""))?;
    let output = reader.join().unwrap_or_default();
    let errors = errors.join().unwrap_or_default();
    if !status.success() {
        bail!(
            "\"{shown}\" ended with {}: {}",
            xtask::process::outcome(status),
            errors.trim()
        );
    }
    Ok(Ran {
        wall,
        cpu,
        peak_kb,
        output,
    })
}

fn read_all(mut pipe: impl std::io::Read) -> String {
    let mut text = Vec::new();
    // What was read until it failed is what there is.
    let _ = pipe.read_to_end(&mut text);
    String::from_utf8_lossy(&text).into_owned()
}

fn zombie(pid: u32) -> bool {
    let state = fields(pid).and_then(|fields| fields.into_iter().next());
    state.is_none_or(|state| state == "Z" || state == "X")
}

/// User and system time of a process so far, also of one that nobody has waited for yet.
pub fn cpu(pid: u32) -> Option<Duration> {
    let fields = fields(pid)?;
    let ticks = fields.get(11)?.parse::<u64>().ok()? + fields.get(12)?.parse::<u64>().ok()?;
    // USER_HZ is 100 on every Linux there is.
    Some(Duration::from_millis(ticks * 10))
}

/// The fields of /proc/PID/stat from the third, the state, on.
fn fields(pid: u32) -> Option<Vec<String>> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, rest) = stat.rsplit_once(')')?;
    Some(rest.split_whitespace().map(str::to_owned).collect())
}

/// A line of /proc/PID/status, kB: `VmHWM`, `VmRSS`.
pub fn status_kb(pid: u32, name: &str) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with(name))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// This process' own.
pub fn own_kb(name: &str) -> u64 {
    status_kb(std::process::id(), name).unwrap_or_default()
}

/// This process' own.
pub fn own_cpu() -> Duration {
    cpu(std::process::id()).unwrap_or_default()
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_program_is_measured_and_a_failure_is_told() {
        let mut command = Command::new("sh");
        command.args([
            "-c",
            "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done; echo done",
        ]);
        let ran = measure(command, true).await.unwrap();
        assert_eq!(ran.output, "done\n");
        assert!(
            ran.cpu >= Duration::from_millis(10) && ran.cpu <= ran.wall * 2,
            "{ran:?}"
        );
        assert!(ran.peak_kb > 100, "{ran:?}");
        let mut command = Command::new("sh");
        command.args(["-c", "echo broken >&2; exit 3"]);
        let error = measure(command, false).await.unwrap_err().to_string();
        assert!(
            error.contains("exit code 3") && error.contains("broken"),
            "{error}"
        );
    }
}
