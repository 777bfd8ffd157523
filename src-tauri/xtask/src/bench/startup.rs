//! From the start of the process to a painted table, and what all its processes weigh, beside the least window Tauri can open. Knows
//! Linux's `/proc`; nothing of what is painted.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::sheet::Sheet;
use crate::app::{self, App};
use crate::headless::Desktop;
use crate::options::Given;
use crate::{install, needs, process, ui, workspace};

/// Patience with one start.
const PATIENCE: Duration = Duration::from_secs(60);
/// What runs after the first paint – late scripts, fonts, caches – is done by then.
const SETTLE: Duration = Duration::from_secs(5);
/// How long idling is watched.
const IDLE: Duration = Duration::from_secs(10);
/// Clock ticks a second in `/proc/PID/stat`: `USER_HZ`, 100 on every Linux a desktop runs.
const TICKS: f64 = 100.0;
/// Milliseconds a warm start of the app may take.
const TARGET_MS: f64 = 1000.0;

/// One start.
#[derive(Debug, Clone, Copy)]
struct Seen {
    painted_ms: f64,
    pss_mb: f64,
    processes: usize,
    /// Of one core.
    idle_percent: f64,
}

/// Measures `--runs` starts of each contender in turn.
///
/// # Errors
/// Something does not build, a window is not painted, or this is no Linux.
pub(super) fn run(given: &Given) -> Result<()> {
    if !cfg!(target_os = "linux") {
        bail!("bench startup reads /proc and draws under Xvfb: it works on Linux only");
    }
    let runs: usize = match given.value("--runs") {
        None => 3,
        Some(text) => text
            .parse()
            .ok()
            .filter(|runs| (1..=100).contains(runs))
            .with_context(|| format!("--runs \"{text}\" is no number from 1 to 100"))?,
    };
    install::ensure(
        "build and run the window",
        &[needs::WINDOW, needs::HEADLESS],
    )?;
    ui::build(ui::Profile::Shipped)?;
    let ours = app::build(true)?;
    process::run(workspace::cargo().args([
        "build",
        "--release",
        "--package",
        "kubegraf",
        "--example",
        "hello",
        // As the app has it, else Tauri is built twice.
        "--features",
        "custom-protocol",
    ]))?;
    let hello = workspace::target().join("release/examples/hello");
    let desktop = Desktop::start(1280, 800)?;
    let kept = home("kept")?;
    let demo = ["--demo".to_owned()];

    let mut seen: BTreeMap<&str, Vec<Seen>> = BTreeMap::new();
    // One start of each that does not count: the first one reads the programs from the disk.
    start(&desktop, &hello, &[], &kept)?;
    start(&desktop, &ours, &demo, &kept)?;
    for _ in 0..runs {
        let fresh = home("fresh")?;
        for (name, binary, arguments, home) in [
            (HELLO, &hello, &[][..], &kept),
            (FIRST, &ours, &demo[..], &fresh),
            (AGAIN, &ours, &demo[..], &kept),
        ] {
            seen.entry(name)
                .or_default()
                .push(start(&desktop, binary, arguments, home)?);
        }
    }
    sheet(&seen, runs).publish(!given.has("--dry"))
}

const HELLO: &str = "hello-world Tauri window";
const FIRST: &str = "KubeGraf, demo cluster, first start of a user";
const AGAIN: &str = "KubeGraf, demo cluster, later start";

fn start(desktop: &Desktop, binary: &Path, arguments: &[String], home: &Path) -> Result<Seen> {
    let mut command = app::command(binary, arguments);
    desktop.host(&mut command);
    at_home(&mut command, home);
    let began = Instant::now();
    let mut app = App::start(&mut command)?;
    app.painted(PATIENCE)?;
    let painted_ms = began.elapsed().as_secs_f64() * 1000.0;
    process::pause(SETTLE);
    let before = ticks(&family(app.id())?);
    process::pause(IDLE);
    let family = family(app.id())?;
    let ran = ticks(&family).saturating_sub(before);
    #[expect(clippy::cast_precision_loss, reason = "a bench reports three digits")]
    Ok(Seen {
        painted_ms,
        pss_mb: family.iter().filter_map(|pid| pss_kb(*pid)).sum::<u64>() as f64 / 1024.0,
        processes: family.len(),
        idle_percent: ran as f64 / TICKS / IDLE.as_secs_f64() * 100.0,
    })
}

/// An empty home directory.
fn home(name: &str) -> Result<PathBuf> {
    let folder = workspace::target().join("tmp/startup").join(name);
    if folder.exists() {
        fs::remove_dir_all(&folder).with_context(|| format!("empty \"{}\"", folder.display()))?;
    }
    workspace::folder(folder)
}

/// Nothing is read from or left in the home directory of who measures.
fn at_home(command: &mut Command, home: &Path) {
    command.env("HOME", home).env_remove("KUBECONFIG");
    for (name, folder) in [
        ("XDG_DATA_HOME", "data"),
        ("XDG_CONFIG_HOME", "config"),
        ("XDG_CACHE_HOME", "cache"),
        ("XDG_STATE_HOME", "state"),
    ] {
        command.env(name, home.join(folder));
    }
}

/// A process and all that descend from it.
fn family(root: u32) -> Result<Vec<u32>> {
    let mut parents = BTreeMap::new();
    for entry in fs::read_dir("/proc").context("read /proc")?.flatten() {
        let Some(pid) = entry
            .file_name()
            .to_str()
            .and_then(|name| name.parse().ok())
        else {
            continue;
        };
        // The second field is the parent, counted after the name, which may hold anything.
        if let Some(parent) = stat(pid).and_then(|fields| fields.get(1)?.parse::<u32>().ok()) {
            parents.insert(pid, parent);
        }
    }
    let mut found = vec![root];
    let mut at = 0;
    while let Some(&pid) = found.get(at) {
        found.extend(
            parents
                .iter()
                .filter(|(_, parent)| **parent == pid)
                .map(|(child, _)| *child),
        );
        at += 1;
    }
    Ok(found)
}

/// The fields of `/proc/PID/stat` that follow the name.
fn stat(pid: u32) -> Option<Vec<String>> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, rest) = text.rsplit_once(')')?;
    Some(rest.split_whitespace().map(str::to_owned).collect())
}

/// Time the processes have run, ticks; those that are gone count nothing.
fn ticks(family: &[u32]) -> u64 {
    let of = |pid: &u32| {
        let fields = stat(*pid)?;
        let field = |at: usize| fields.get(at)?.parse::<u64>().ok();
        Some(field(11)? + field(12)?)
    };
    family.iter().filter_map(of).sum()
}

/// What a process weighs when shared pages are shared out, kB.
fn pss_kb(pid: u32) -> Option<u64> {
    let text = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("Pss:"))?;
    line.split_whitespace().next()?.parse().ok()
}

fn median(seen: &[Seen], of: impl Fn(&Seen) -> f64) -> f64 {
    let mut values: Vec<f64> = seen.iter().map(of).collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

fn sheet(seen: &BTreeMap<&str, Vec<Seen>>, runs: usize) -> Sheet {
    let row = |name: &&str| {
        let all = seen.get(*name).map_or(&[][..], Vec::as_slice);
        vec![
            (*name).to_owned(),
            format!("{:.0}", median(all, |s| s.painted_ms)),
            format!("{:.0}", median(all, |s| s.pss_mb)),
            all.last()
                .map_or_else(String::new, |s| s.processes.to_string()),
            format!("{:.1}", median(all, |s| s.idle_percent)),
        ]
    };
    let of = |name: &str, what: fn(&Seen) -> f64| {
        median(seen.get(name).map_or(&[][..], Vec::as_slice), what)
    };
    let (again, hello) = (of(AGAIN, |s| s.painted_ms), of(HELLO, |s| s.painted_ms));
    let met = if again <= TARGET_MS { "met" } else { "missed" };
    Sheet {
        name: "startup".to_owned(),
        title: "Start to a painted table".to_owned(),
        how: format!(
            "A release build under Xvfb (software rendering), {runs} runs of each in turn, medians. Painted: from the start of the process to \
             the frame that shows the first table or dashboard of the demo cluster. Memory is the PSS of all processes, WebKit's included, {} s \
             after that; idle is their use of one core over {} s, beside a demo cluster that goes on living.",
            SETTLE.as_secs(),
            IDLE.as_secs()
        ),
        columns: [
            "",
            "painted, ms",
            "PSS, MB",
            "processes",
            "idle, % of a core",
        ]
        .map(str::to_owned)
        .into(),
        rows: [HELLO, FIRST, AGAIN].iter().map(row).collect(),
        verdicts: vec![
            format!("painted in {again:.0} ms, target {TARGET_MS:.0} ms: {met}"),
            format!(
                "beside hello-world: {:.2} × the time, {:.2} × the memory",
                again / hello,
                of(AGAIN, |s| s.pss_mb) / of(HELLO, |s| s.pss_mb)
            ),
        ],
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_family_is_a_process_and_its_descendants() {
        let mut command = process::bound("sh");
        command.args(["-c", "sleep 30 & wait"]);
        let shell = process::Running::start("a shell", &mut command).unwrap();
        let deadline = Instant::now() + Duration::from_secs(10);
        let mut found = Vec::new();
        while found.len() < 2 && Instant::now() < deadline {
            found = family(shell.id()).unwrap();
        }
        assert_eq!((found.len(), found[0]), (2, shell.id()));
        assert!(pss_kb(shell.id()).unwrap() > 0);
    }
}
