//! Control groups that hold the nodes of one cluster: made before the kubelet, removed after it.
//! Version 1 (one hierarchy per controller) and version 2 (one for all).

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use crate::{Error, Missing, process};

const MOUNT: &str = "/sys/fs/cgroup";

/// Which of the two layouts this machine has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Version {
    V1,
    V2,
}

pub(crate) fn version() -> Version {
    if Path::new(MOUNT).join("cgroup.controllers").exists() {
        Version::V2
    } else {
        Version::V1
    }
}

/// Creates `group` (a path such as `kg-1a2b/n1`) in every hierarchy.
pub(crate) fn create(group: &str) -> Result<(), Error> {
    for hierarchy in hierarchies() {
        let mut path = hierarchy.clone();
        for part in group.split('/') {
            let parent = path.clone();
            path.push(part);
            match fs::create_dir(&path) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                made => made.map_err(Error::file("create", &path))?,
            }
            inherit(&parent, &path)?;
        }
    }
    Ok(())
}

/// Removes `group` and all below it from every hierarchy. What is absent is removed.
pub(crate) fn remove(name: &str, group: &str) -> Result<(), Error> {
    let limit = Instant::now() + Duration::from_secs(10);
    for hierarchy in hierarchies() {
        let path = hierarchy.join(group);
        // A group is busy for a moment after its last process died.
        while let Err(error) = remove_tree(&path) {
            if Instant::now() > limit {
                let what = format!("control group \"{}\": {error}", path.display());
                return Err(Error::Remains {
                    name: name.into(),
                    what,
                });
            }
            process::pause(Duration::from_millis(20));
        }
    }
    Ok(())
}

/// The directories under which groups are made; empty where there are no control groups.
pub(crate) fn hierarchies() -> Vec<PathBuf> {
    if version() == Version::V2 {
        return vec![MOUNT.into()];
    }
    let entries = fs::read_dir(MOUNT).into_iter().flatten().flatten();
    // A link is a second name of one hierarchy.
    entries
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
        .map(|entry| entry.path())
        .filter(|path| path.join("cgroup.procs").exists())
        .collect()
}

/// Version 1 cpusets start empty, and nothing can run in an empty one; version 2 controllers reach
/// a child only when its parent hands them down.
fn inherit(parent: &Path, child: &Path) -> Result<(), Error> {
    for file in ["cpuset.cpus", "cpuset.mems"] {
        let (from, to) = (parent.join(file), child.join(file));
        if version() == Version::V1 && to.exists() {
            let value = fs::read(&from).map_err(Error::file("read", &from))?;
            fs::write(&to, value).map_err(Error::file("write", &to))?;
        }
    }
    if version() == Version::V2 {
        let (from, to) = (
            parent.join("cgroup.controllers"),
            parent.join("cgroup.subtree_control"),
        );
        let offered = fs::read_to_string(&from).map_err(Error::file("read", &from))?;
        let wanted: String = offered
            .split_whitespace()
            .map(|name| format!("+{name} "))
            .collect();
        fs::write(&to, wanted.trim_end()).map_err(Error::file("write", &to))?;
    }
    Ok(())
}

fn remove_tree(path: &Path) -> io::Result<()> {
    let entries = match fs::read_dir(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries.flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            remove_tree(&entry.path())?;
        }
    }
    fs::remove_dir(path)
}

/// Why nodes cannot be given control groups here.
pub(crate) fn unusable() -> Option<Missing> {
    let hierarchies = hierarchies();
    let needed = match version() {
        Version::V1 => &["cpu", "cpuset", "memory", "pids", "devices", "freezer"][..],
        Version::V2 => &[],
    };
    let absent: Vec<_> = needed
        .iter()
        .filter(|controller| !hierarchies.iter().any(|path| serves(path, controller)))
        .copied()
        .collect();
    if hierarchies.is_empty() || !absent.is_empty() {
        let what = format!("control groups {}", absent.join(", "));
        return Some(Missing::new(
            what.trim_end(),
            format!("mount them below {MOUNT}"),
        ));
    }
    // Tests of one process ask at the same time; each makes a group of its own.
    static ASKED: AtomicU32 = AtomicU32::new(0);
    let turn = ASKED.fetch_add(1, Ordering::Relaxed);
    let probe = format!("kg-probe-{}-{turn}", std::process::id());
    for hierarchy in hierarchies {
        let path = hierarchy.join(&probe);
        if let Err(error) = fs::create_dir(&path).and_then(|()| fs::remove_dir(&path)) {
            let what = format!("writable control groups (\"{}\": {error})", path.display());
            return Some(Missing::new(what, "run as root, in a privileged container"));
        }
    }
    None
}

/// Some hierarchies hold two controllers and are named "cpu,cpuacct".
fn serves(hierarchy: &Path, controller: &str) -> bool {
    let name = hierarchy.file_name().unwrap_or_default().to_string_lossy();
    name.split(',').any(|part| part == controller)
}
