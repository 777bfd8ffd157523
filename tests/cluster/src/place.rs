//! Where clusters live on this machine, and how they end. A cluster is a directory with a record;
//! whoever can read it can remove the cluster, also after its owner crashed.
//! Knows nothing of Kubernetes.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use crate::process::{self, Identity};
use crate::{Error, Tier, cgroup};

/// Written before anything else of the cluster exists.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Record {
    pub name: String,
    pub tier: Tier,
    pub nodes: u32,
    pub pods: u32,
    /// Seconds since 1970.
    pub since: u64,
    /// `None` once detached.
    pub owner: Option<Identity>,
    /// Empty until the API server has an address.
    pub server: String,
    /// The control group that holds its nodes, below each hierarchy's root.
    pub cgroup: Option<String>,
    pub ready: bool,
}

impl Record {
    pub fn write(&self, directory: &Path) -> Result<(), Error> {
        let path = directory.join(RECORD);
        let fresh = directory.join(".cluster.json");
        let text = serde_json::to_vec_pretty(self).expect("a record is strings and numbers");
        fs::write(&fresh, text).map_err(Error::file("write", &fresh))?;
        fs::rename(&fresh, &path).map_err(Error::file("write", &path))
    }

    fn read(directory: &Path) -> Result<Self, Error> {
        let path = directory.join(RECORD);
        let text = fs::read(&path).map_err(Error::file("read", &path))?;
        serde_json::from_slice(&text).map_err(|source| Error::Record { path, source })
    }

    fn state(&self, directory: &Path) -> State {
        match self.owner {
            Some(owner) if owner.lives() => State::Owned,
            Some(_) => State::Orphaned,
            None => {
                let parts = process::read_all(&directory.join(PIDS));
                let dead = parts.iter().find(|(_, identity)| !identity.lives());
                match dead {
                    _ if parts.is_empty() => State::Orphaned,
                    None => State::Detached,
                    Some(_) if parts.iter().all(|(_, identity)| !identity.lives()) => {
                        State::Orphaned
                    }
                    Some((part, _)) => State::Broken(part.clone()),
                }
            }
        }
    }
}

/// Who answers for a cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// A living process holds its guard.
    Owned,
    /// Left running on purpose; all its parts live.
    Detached,
    /// Left running on purpose, and this part of it has died since.
    Broken(String),
    /// Its owner crashed, or the machine was restarted: [`sweep`] removes it.
    Orphaned,
}

/// A cluster found on this machine.
#[derive(Debug, Clone)]
pub struct Running {
    /// Its name, unique on this machine and for this user.
    pub name: String,
    /// What it is made of.
    pub tier: Tier,
    /// Nodes asked for.
    pub nodes: u32,
    /// Pods it was filled with.
    pub pods: u32,
    /// Seconds since 1970 when its building began.
    pub since: u64,
    /// `https://127.0.0.1:PORT`; empty while it is being built.
    pub server: String,
    /// The administrator's kubeconfig.
    pub kubeconfig: PathBuf,
    /// Where its logs and data are.
    pub directory: PathBuf,
    /// Whether its building has finished.
    pub ready: bool,
    /// Who answers for it.
    pub state: State,
}

pub(crate) const PIDS: &str = "pids";
const RECORD: &str = "cluster.json";
/// A directory under construction is this old at most.
const BIRTH: Duration = Duration::from_secs(60);

/// The directory of all clusters of this user: `KUBEGRAF_CLUSTERS`, else one below the system's
/// directory for temporary files.
#[must_use]
pub fn root() -> PathBuf {
    if let Some(chosen) = std::env::var_os("KUBEGRAF_CLUSTERS").filter(|value| !value.is_empty()) {
        return chosen.into();
    }
    #[cfg(unix)]
    let user = rustix::process::getuid().as_raw();
    #[cfg(not(unix))]
    let user = "user";
    std::env::temp_dir().join(format!("kubegraf-clusters-{user}"))
}

/// Every cluster of this user, by name. Unreadable ones are left out; [`sweep`] reports them.
#[must_use]
pub fn list() -> Vec<Running> {
    let mut found: Vec<_> = directories()
        .into_iter()
        .filter_map(|directory| {
            let record = Record::read(&directory).ok()?;
            Some(Running {
                state: record.state(&directory),
                kubeconfig: directory.join("kubeconfig"),
                name: record.name,
                tier: record.tier,
                nodes: record.nodes,
                pods: record.pods,
                since: record.since,
                server: record.server,
                ready: record.ready,
                directory,
            })
        })
        .collect();
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found
}

/// Removes a cluster, whoever started it. `Ok(false)` when there is none of that name, so that
/// asking twice is fine.
///
/// # Errors
/// [`Error::Remains`] when a process, control group or directory cannot be removed.
pub fn down(name: &str) -> Result<bool, Error> {
    crate::options::check_name(name)?;
    let directory = root().join(name);
    let there = directory.exists();
    remove(&directory, &mut Vec::new())?;
    Ok(there)
}

/// Removes what crashed runs left behind, and answers with the names. Clusters whose owner lives and
/// detached clusters that run are not touched.
///
/// # Errors
/// As [`down`]; the others are removed nevertheless.
pub fn sweep() -> Result<Vec<String>, Error> {
    let mut swept = Vec::new();
    let mut failed = None;
    for directory in directories() {
        let name = directory
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let orphaned = match Record::read(&directory) {
            Ok(record) => record.state(&directory) == State::Orphaned,
            // Born and removed by renaming: what has no record is unfinished, or half removed.
            Err(_) => name.starts_with(".gone-") || age(&directory) > BIRTH,
        };
        if !orphaned {
            continue;
        }
        match remove(&directory, &mut Vec::new()) {
            Ok(()) => swept.push(name),
            Err(error) => failed = Some(error),
        }
    }
    failed.map_or(Ok(swept), Err)
}

/// Creates the directory of a new cluster with its record in it, or fails if the name is taken.
pub(crate) fn claim(record: &Record) -> Result<PathBuf, Error> {
    let root = root();
    private_directory(&root)?;
    let directory = root.join(&record.name);
    // Unix socket paths end at 107 bytes; the longest of ours adds 30.
    if directory.as_os_str().len() > 75 {
        return Err(Error::Options(format!(
            "\"{}\" is too long a path for sockets; set KUBEGRAF_CLUSTERS to a shorter directory",
            directory.display()
        )));
    }
    let fresh = root.join(format!(".new-{}", random(8)));
    private_directory(&fresh)?;
    record.write(&fresh)?;
    for part in [PIDS, "logs", "pki", "data"] {
        private_directory(&fresh.join(part))?;
    }
    // Renaming onto a directory that holds files fails, so exactly one claim wins.
    fs::rename(&fresh, &directory).map_err(|source| {
        let _ = fs::remove_dir_all(&fresh);
        match source.kind() {
            io::ErrorKind::DirectoryNotEmpty | io::ErrorKind::AlreadyExists => {
                Error::Exists(record.name.clone())
            }
            _ => Error::file("create", &directory)(source),
        }
    })?;
    Ok(directory)
}

/// Ends the processes, control groups and files of the cluster in `directory`.
pub(crate) fn remove(directory: &Path, children: &mut Vec<Child>) -> Result<(), Error> {
    let name = directory
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    process::end_all(&name, &directory.join(PIDS), children)?;
    if let Ok(Record {
        cgroup: Some(group),
        ..
    }) = Record::read(directory)
    {
        cgroup::remove(&name, &group)?;
    }
    let gone = directory.with_file_name(format!(".gone-{}", random(8)));
    match fs::rename(directory, &gone) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        renamed => renamed.map_err(Error::file("remove", directory))?,
    }
    let limit = Instant::now() + Duration::from_secs(5);
    loop {
        match fs::remove_dir_all(&gone) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(_) if Instant::now() < limit => process::pause(Duration::from_millis(50)),
            removed => return removed.map_err(Error::file("remove", &gone)),
        }
    }
}

/// Copies the logs of a cluster that is about to go to where somebody asked for them.
pub(crate) fn keep_logs(directory: &Path) {
    let Some(kept) = std::env::var_os("KUBEGRAF_CLUSTER_LOGS").filter(|kept| !kept.is_empty())
    else {
        return;
    };
    let kept = Path::new(&kept).join(directory.file_name().unwrap_or_default());
    let logs = fs::read_dir(directory.join("logs"))
        .into_iter()
        .flatten()
        .flatten();
    // Whatever fails here must not hide the failure that the logs are about.
    let _ = fs::create_dir_all(&kept);
    for log in logs {
        let _ = fs::copy(log.path(), kept.join(log.file_name()));
    }
}

/// Who runs as `part`, if it still does.
pub(crate) fn identity(directory: &Path, part: &str) -> Option<Identity> {
    let text = fs::read_to_string(directory.join(PIDS).join(part)).ok()?;
    text.parse()
        .ok()
        .filter(|identity: &Identity| identity.lives())
}

/// Remembers a process that was not started directly.
pub(crate) fn note(directory: &Path, part: &str, identity: Identity) -> Result<(), Error> {
    let path = directory.join(PIDS).join(part);
    fs::write(&path, identity.to_string()).map_err(Error::file("write", &path))
}

pub(crate) fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}

/// Lower-case hexadecimal digits, for names.
pub(crate) fn random(digits: usize) -> String {
    let mut text = uuid::Uuid::new_v4().simple().to_string();
    text.truncate(digits);
    text
}

fn directories() -> Vec<PathBuf> {
    let entries = fs::read_dir(root()).into_iter().flatten().flatten();
    entries
        .map(|entry| entry.path())
        .filter(|path| path.is_dir())
        .collect()
}

fn age(directory: &Path) -> Duration {
    let changed = fs::metadata(directory)
        .and_then(|data| data.modified())
        .ok();
    changed
        .and_then(|time| time.elapsed().ok())
        .unwrap_or_default()
}

fn private_directory(path: &Path) -> Result<(), Error> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(Error::file("create", path))
}
