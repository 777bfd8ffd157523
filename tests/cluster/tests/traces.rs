//! Looks at the machine itself for what a cluster left: processes by what they were started with,
//! mounts, control groups, files. Shares no code with the removal it checks.
#![allow(dead_code, reason = "each test program uses its part")]

use std::fs;
use std::path::{Path, PathBuf};

use kubegraf_testcluster::Cluster;

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
        let entries = fs::read_dir("/proc").unwrap().flatten();
        entries
            .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
            .filter(|pid| *pid != std::process::id())
            .filter_map(|pid| Some((command_line(pid)?, pid)))
            .filter(|(command, _)| self.mentions(command))
            .collect()
    }

    fn mentions(&self, text: &str) -> bool {
        text.contains(self.directory.to_str().unwrap())
    }
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
