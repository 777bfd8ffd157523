//! Whether this machine can run a tier, decided before anything is started.
//! A tier that cannot run is skipped aloud or, on request, fails; it never passes.

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

use crate::{Binary, Tier};

/// What a tier needs and this machine lacks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Missing {
    /// Short, for one line: "not root", "containerd" …
    pub what: String,
    /// The command, or the step, that changes it.
    pub remedy: String,
}

impl Missing {
    pub(crate) fn new(what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            remedy: remedy.into(),
        }
    }
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "missing: {} ({})", self.what, self.remedy)
    }
}

/// Says whether a cluster of `tier` can be brought up here.
///
/// # Errors
/// Everything that is missing, in one message.
pub fn availability(tier: Tier) -> Result<(), Missing> {
    if !cfg!(target_os = "linux") {
        return Err(Missing::new("Linux", "the test clusters run on Linux only"));
    }
    let mut missing = Vec::new();
    if tier == Tier::Real {
        missing.extend(machine_lacks());
    }
    let unbuilt: Vec<_> = Binary::of(tier)
        .iter()
        .filter(|binary| !binary.exists())
        .map(|b| b.name())
        .collect();
    if !unbuilt.is_empty() {
        missing.push(Missing::new(
            format!("built {}", unbuilt.join(", ")),
            format!("cargo run -p kubegraf-testcluster --bin kubegraf-cluster-build -- {tier}"),
        ));
    }
    missing
        .into_iter()
        .reduce(|first, second| join(&first, &second))
        .map_or(Ok(()), Err)
}

/// Whether a test that needs `tier` may go on. When not, prints the reason as one line,
/// `SKIPPED tier-A: …` (kwok) or `SKIPPED tier-B: …` (real).
///
/// # Panics
/// When the tier is missing although `KG_REQUIRE_CLUSTER=1`, or for the real tier
/// `KG_REQUIRE_TIER_B=1`, says that it must not be skipped.
#[must_use]
#[allow(
    clippy::print_stderr,
    reason = "the skip has to be seen in the test's output"
)]
pub fn require(tier: Tier) -> bool {
    let Err(missing) = availability(tier) else {
        return true;
    };
    let label = match tier {
        Tier::Kwok => "tier-A",
        Tier::Real => "tier-B",
    };
    let demanded = |name| std::env::var(name).is_ok_and(|value| value == "1");
    if demanded("KG_REQUIRE_CLUSTER") || (tier == Tier::Real && demanded("KG_REQUIRE_TIER_B")) {
        panic!("{label} is required and cannot run; {missing}");
    }
    // In one piece, or what other tests print gets into the line.
    let line = format!("SKIPPED {label}: {missing}\n");
    eprint!("{line}");
    false
}

fn join(first: &Missing, second: &Missing) -> Missing {
    Missing {
        what: format!("{}, {}", first.what, second.what),
        remedy: format!("{}; {}", first.remedy, second.remedy),
    }
}

fn machine_lacks() -> Vec<Missing> {
    let mut missing = Vec::new();
    #[cfg(unix)]
    let root = rustix::process::geteuid().is_root();
    #[cfg(not(unix))]
    let root = false;
    if root {
        missing.extend(crate::cgroup::unusable());
    } else {
        missing.push(Missing::new("root", "run the tests as root"));
    }
    let tools = TOOLS.iter().filter(|(tool, _)| !on_path(tool));
    let files = FILES.iter().filter(|(file, _)| !Path::new(file).exists());
    let mut names: Vec<_> = tools.chain(files).map(|(_, package)| *package).collect();
    names.sort_unstable();
    names.dedup();
    if !names.is_empty() {
        let names = names.join(" ");
        missing.push(Missing::new(
            names.clone(),
            format!("apt-get install -y {names}"),
        ));
    }
    missing
}

/// Programs on PATH (or in the directories that only root's PATH has) and their Debian packages.
const TOOLS: &[(&str, &str)] = &[
    ("unshare", "util-linux"),
    ("nsenter", "util-linux"),
    ("mount", "mount"),
    ("ip", "iproute2"),
    ("iptables", "iptables"),
    ("containerd", "containerd"),
    ("runc", "runc"),
];

const FILES: &[(&str, &str)] = &[
    (BUSYBOX, "busybox-static"),
    ("/usr/lib/cni/bridge", "containernetworking-plugins"),
];

/// Where Debian's package puts them.
pub(crate) const CNI_PLUGINS: &str = "/usr/lib/cni";

/// Statically linked, or nothing in the test images starts; the registry checks that.
pub(crate) const BUSYBOX: &str = "/bin/busybox";

/// PATH, and where Debian keeps root's tools, which the PATH of `su` may lack.
pub(crate) fn search_path() -> OsString {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let system = ["/usr/sbin", "/sbin", "/usr/bin", "/bin"].map(PathBuf::from);
    // Only a directory with a ":" in its name cannot be joined, and PATH holds none.
    std::env::join_paths(std::env::split_paths(&path).chain(system)).unwrap_or(path)
}

fn on_path(program: &str) -> bool {
    std::env::split_paths(&search_path()).any(|directory| directory.join(program).is_file())
}
