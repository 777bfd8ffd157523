//! Whether this machine can run a tier, decided before anything is started.
//! A tier that cannot run is skipped aloud or, on request, fails; it never passes.

use std::fmt;
use std::path::Path;

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
    eprintln!("SKIPPED {label}: {missing}");
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
    if !rustix::process::geteuid().is_root() {
        missing.push(Missing::new("root", "run the tests as root"));
    }
    let packages: Vec<_> = TOOLS
        .iter()
        .filter(|(tool, _)| find(tool).is_none())
        .map(|(_, package)| *package)
        .collect();
    let absent = |path: &&(&'static str, &'static str)| !Path::new(path.0).exists();
    let packages: Vec<_> = packages
        .into_iter()
        .chain(FILES.iter().filter(absent).map(|(_, package)| *package))
        .collect();
    let mut names = packages.clone();
    names.dedup();
    if !names.is_empty() {
        let names = names.join(" ");
        missing.push(Missing::new(
            names.clone(),
            format!("apt-get install -y {names}"),
        ));
    }
    missing.extend(crate::cgroup::unusable());
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

/// The full path of a program.
pub(crate) fn find(program: &str) -> Option<std::path::PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(["/usr/sbin", "/sbin", "/usr/bin", "/bin"].map(Into::into))
        .map(|directory| directory.join(program))
        .find(|candidate| candidate.is_file())
}
