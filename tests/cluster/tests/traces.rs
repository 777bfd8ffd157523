//! Looks at the machine itself for what a cluster left: processes by what they were started with,
//! mounts, control groups, files. Shares no code with the removal it checks.
#![allow(dead_code, reason = "each test program uses its part")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use kubegraf_testcluster::{Cluster, Error, Options, State, list, sweep};

/// Set in the child that is to be killed.
const VICTIM: &str = "KUBEGRAF_TEST_VICTIM";

/// Starts `test` (the caller) once more as a process that brings a cluster up, kills that process
/// with a signal it cannot handle, and expects the sweep to remove all it left.
pub async fn killed_owner(options: Options, test: &str) -> Result<(), Error> {
    if let Ok(name) = std::env::var(VICTIM) {
        let _cluster = Cluster::up(options.name(name)).await?;
        std::future::pending::<()>().await;
    }
    let name = format!("killed-{}", std::process::id());
    let mut owner = Command::new(std::env::current_exe().expect("a test has a path"))
        .args(["--exact", test, "--nocapture"])
        .env(VICTIM, &name)
        .spawn()
        .expect("a test can start itself");
    let find = || list().into_iter().find(|running| running.name == name);
    let limit = Instant::now() + Duration::from_secs(90);
    while !find().is_some_and(|running| running.ready) {
        assert!(Instant::now() < limit, "the child brought nothing up");
        assert!(owner.try_wait().unwrap().is_none(), "the child ended early");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(find().map(|running| running.state), Some(State::Owned));
    let traces = Traces::at(&find().expect("it is listed").directory);
    owner
        .kill()
        .and_then(|()| owner.wait())
        .expect("a child can be killed");
    // Another test that starts now may sweep it first: then there is no state to see.
    if let Some(left) = find() {
        assert_eq!(left.state, State::Orphaned);
    }
    sweep()?;
    let limit = Instant::now() + Duration::from_secs(20);
    while find().is_some() && Instant::now() < limit {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    traces.assert_none();
    Ok(())
}

pub struct Traces {
    directory: PathBuf,
    pids: Vec<(String, u32)>,
    groups: Vec<PathBuf>,
    links: Vec<String>,
}

impl Traces {
    pub fn of(cluster: &Cluster) -> Self {
        Self::at(cluster.dir())
    }

    /// Notes what is there now, so that it can be missed later.
    pub fn at(directory: &Path) -> Self {
        let mut traces = Self {
            directory: directory.into(),
            pids: Vec::new(),
            groups: Vec::new(),
            links: links(),
        };
        traces.pids = traces.processes();
        assert!(
            traces.pids.len() >= 4,
            "too few processes: {:?}",
            traces.pids
        );
        let record = fs::read_to_string(directory.join("cluster.json")).unwrap();
        let record: serde_json::Value = serde_json::from_str(&record).unwrap();
        if let Some(group) = record["cgroup"].as_str() {
            let hierarchies = fs::read_dir("/sys/fs/cgroup").unwrap().flatten();
            let mut groups: Vec<_> = hierarchies.map(|entry| entry.path().join(group)).collect();
            groups.push(Path::new("/sys/fs/cgroup").join(group));
            traces.groups = groups;
            assert!(
                traces.groups.iter().any(|path| path.exists()),
                "no control group {group}"
            );
        }
        traces
    }

    pub fn any(&self) -> bool {
        self.directory.exists() && !self.processes().is_empty()
    }

    #[track_caller]
    pub fn assert_none(&self) {
        assert!(
            !self.directory.exists(),
            "{} is left",
            self.directory.display()
        );
        let named = self.processes();
        assert!(named.is_empty(), "processes are left: {named:?}");
        for (command, pid) in &self.pids {
            assert!(
                command_line(*pid).is_none_or(|now| now != *command),
                "{command} is left"
            );
        }
        let mounts = fs::read_to_string("/proc/self/mounts").unwrap();
        let mounts: Vec<_> = mounts.lines().filter(|line| self.mentions(line)).collect();
        assert!(mounts.is_empty(), "mounts are left: {mounts:?}");
        let groups: Vec<_> = self.groups.iter().filter(|path| path.exists()).collect();
        assert!(groups.is_empty(), "control groups are left: {groups:?}");
        assert_eq!(
            links(),
            self.links,
            "network devices of the machine changed"
        );
    }

    pub fn kill(&self, part: &str) {
        let (_, pid) = self
            .pids
            .iter()
            .find(|(command, _)| command.contains(part))
            .unwrap();
        let killed = std::process::Command::new("kill")
            .args(["-9", &pid.to_string()])
            .status();
        assert!(killed.unwrap().success());
    }

    /// Everything whose arguments name the cluster's directory.
    fn processes(&self) -> Vec<(String, u32)> {
        processes_naming(&self.directory)
    }

    fn mentions(&self, text: &str) -> bool {
        text.contains(self.directory.to_str().unwrap())
    }
}

#[track_caller]
pub fn assert_nothing_names(directory: &Path) {
    assert!(!directory.exists(), "{} is left", directory.display());
    let named = processes_naming(directory);
    assert!(named.is_empty(), "processes are left: {named:?}");
}

fn processes_naming(directory: &Path) -> Vec<(String, u32)> {
    let entries = fs::read_dir("/proc").unwrap().flatten();
    entries
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(|pid| *pid != std::process::id())
        .filter_map(|pid| Some((command_line(pid)?, pid)))
        .filter(|(command, _)| command.contains(directory.to_str().unwrap()))
        .collect()
}

fn command_line(pid: u32) -> Option<String> {
    let bytes = fs::read(format!("/proc/{pid}/cmdline"))
        .ok()
        .filter(|bytes| !bytes.is_empty())?;
    Some(String::from_utf8_lossy(&bytes).replace('\0', " "))
}

fn links() -> Vec<String> {
    let entries = fs::read_dir("/sys/class/net")
        .into_iter()
        .flatten()
        .flatten();
    let mut names: Vec<_> = entries
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}
