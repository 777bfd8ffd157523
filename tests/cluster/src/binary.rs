//! The programs a cluster is made of: which version, where they are kept, how they are built.
//! Built from Go modules into the user's cache, never into the repository.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use sha2::{Digest, Sha256};

use crate::{Error, Missing, Tier};

/// One program that is built from source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Binary {
    /// The store.
    Etcd,
    /// kube-apiserver.
    ApiServer,
    /// kube-controller-manager.
    ControllerManager,
    /// kube-scheduler.
    Scheduler,
    /// An independent client.
    Kubectl,
    /// Plays nodes and pods.
    Kwok,
    /// A real node's agent.
    Kubelet,
    /// Makes Service addresses work on real nodes.
    KubeProxy,
    /// Answers `metrics.k8s.io`.
    MetricsServer,
    /// Our own: first process, relay and registry of a real cluster.
    Node,
    /// Our own: fills the store, changes pods at a rate, and is the peer built on client-go.
    Load,
}

impl Binary {
    /// All of them, in the order in which building pays off soonest.
    pub const ALL: [Self; 11] = [
        Self::Etcd,
        Self::ApiServer,
        Self::Kubectl,
        Self::Scheduler,
        Self::ControllerManager,
        Self::Kwok,
        Self::Node,
        Self::Kubelet,
        Self::MetricsServer,
        Self::KubeProxy,
        Self::Load,
    ];

    /// What a cluster of `tier` is made of.
    #[must_use]
    pub fn of(tier: Tier) -> &'static [Self] {
        match tier {
            Tier::Kwok => &Self::ALL[..6],
            Tier::Real => &[
                Self::Etcd,
                Self::ApiServer,
                Self::Kubectl,
                Self::Scheduler,
                Self::ControllerManager,
                Self::Node,
                Self::Kubelet,
                Self::MetricsServer,
                Self::KubeProxy,
            ],
        }
    }

    /// The program's usual name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Etcd => "etcd",
            Self::ApiServer => "kube-apiserver",
            Self::ControllerManager => "kube-controller-manager",
            Self::Scheduler => "kube-scheduler",
            Self::Kubectl => "kubectl",
            Self::Kwok => "kwok",
            Self::Kubelet => "kubelet",
            Self::KubeProxy => "kube-proxy",
            Self::MetricsServer => "metrics-server",
            Self::Node => "node",
            Self::Load => "load",
        }
    }

    /// Where it is, or will be once built.
    #[must_use]
    pub fn path(self) -> PathBuf {
        let version = match self {
            Self::Etcd => format!("etcd-{ETCD}"),
            Self::Kwok => format!("kwok-{KWOK}"),
            Self::MetricsServer => format!("metrics-server-{METRICS_SERVER}"),
            Self::Node | Self::Load => format!("{}-{}", self.name(), own_version(self.name())),
            _ => format!("kubernetes-{KUBERNETES}"),
        };
        cache().join("bin").join(version).join(self.name())
    }

    /// Whether it has been built.
    #[must_use]
    pub fn exists(self) -> bool {
        self.path().is_file()
    }

    fn source(self) -> Source {
        match self {
            Self::Etcd => Source::Module("go.etcd.io/etcd/server/v3".into()),
            Self::Node | Self::Load => Source::Module(format!("./{}", self.name())),
            Self::Kwok => Source::Published(format!("sigs.k8s.io/kwok/cmd/kwok@v{KWOK}")),
            Self::MetricsServer => Source::Published(format!(
                "sigs.k8s.io/metrics-server/cmd/metrics-server@v{METRICS_SERVER}"
            )),
            _ => Source::Module(format!("k8s.io/kubernetes/cmd/{}", self.name())),
        }
    }
}

/// Where a program's source is.
enum Source {
    /// A package of our own Go module, which pins it and all it needs.
    Module(String),
    /// A package whose own go.mod pins what it needs.
    Published(String),
}

/// Something worth telling whoever waits for [`build`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// Another process builds; this one waits for it.
    Waiting,
    /// This program is compiled now: seconds to some minutes.
    Building(Binary),
    /// This program has been put into the cache.
    Built(Binary),
}

/// The Kubernetes release of every component; the patch version also names the staging modules.
pub const KUBERNETES: &str = "1.36.3";
/// The etcd release that this Kubernetes release asks for.
pub const ETCD: &str = "3.6.8";
/// The kwok release.
pub const KWOK: &str = "0.8.0";
/// The metrics-server release.
pub const METRICS_SERVER: &str = "0.9.0";

/// The Go module with go.mod, go.sum and our own program.
const MODULE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/go");

/// Where everything is kept that is the same for every run: `KUBEGRAF_CACHE`, else `kubegraf` in the
/// user's cache directory.
#[must_use]
pub fn cache() -> PathBuf {
    let set = |name| {
        std::env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    set("KUBEGRAF_CACHE")
        .or_else(|| set("XDG_CACHE_HOME").map(|cache| cache.join("kubegraf")))
        .or_else(|| set("HOME").map(|home| home.join(".cache").join("kubegraf")))
        .unwrap_or_else(|| std::env::temp_dir().join("kubegraf-cache"))
}

/// Builds what is not in the cache yet, one program after the other; the Go compiler itself uses all
/// processors. Cold, all of them take 10 to 15 minutes on two cores; a second call takes no time.
/// Processes that build at the same time wait for each other.
///
/// # Errors
/// [`Error::Missing`] without a Go compiler, [`Error::Command`] with the compiler's words.
pub fn build(which: &[Binary], mut progress: impl FnMut(Progress)) -> Result<(), Error> {
    if which.iter().all(|binary| binary.exists()) {
        return Ok(());
    }
    go_present()?;
    let directory = cache().join("bin");
    fs::create_dir_all(&directory).map_err(Error::file("create", &directory))?;
    let lock_path = directory.join("lock");
    let lock = File::create(&lock_path).map_err(Error::file("lock", &lock_path))?;
    if lock.try_lock().is_err() {
        progress(Progress::Waiting);
        lock.lock().map_err(Error::file("lock", &lock_path))?;
    }
    for &binary in which.iter().filter(|binary| !binary.exists()) {
        progress(Progress::Building(binary));
        compile(binary)?;
        progress(Progress::Built(binary));
    }
    Ok(())
}

fn go_present() -> Result<(), Error> {
    let answer = Command::new("go")
        .arg("version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    match answer {
        Ok(status) if status.success() => Ok(()),
        _ => Err(Missing::new("go", "install Go 1.26 or newer").into()),
    }
}

fn compile(binary: Binary) -> Result<(), Error> {
    let path = binary.path();
    let parent = path
        .parent()
        .expect("a binary lies in a directory of its version");
    let fresh = parent.join(format!(".new-{}", std::process::id()));
    fs::create_dir_all(&fresh).map_err(Error::file("create", &fresh))?;
    let mut command = Command::new("go");
    command.env("CGO_ENABLED", "0").stdin(Stdio::null());
    match binary.source() {
        Source::Module(package) => {
            let version = "-X k8s.io/component-base/version.git";
            let minor = KUBERNETES
                .split('.')
                .nth(1)
                .expect("a version has three parts");
            let flags = format!(
                "-s -w {version}Version=v{KUBERNETES} {version}Major=1 {version}Minor={minor}"
            );
            command
                .current_dir(MODULE)
                .args(["build", "-trimpath", "-ldflags", &flags, "-o"]);
            command.arg(fresh.join(binary.name())).arg(package);
        }
        Source::Published(package) => {
            // Outside any module, or go would look for it in that module's go.mod.
            command.current_dir(&fresh).env("GOBIN", &fresh);
            command.args(["install", "-trimpath", "-ldflags", "-s -w", &package]);
        }
    }
    let built = run(&mut command).and_then(|()| {
        fs::rename(fresh.join(binary.name()), &path).map_err(Error::file("write", &path))
    });
    let cleaned = fs::remove_dir_all(&fresh).map_err(Error::file("remove", &fresh));
    built.and(cleaned)
}

fn run(command: &mut Command) -> Result<(), Error> {
    let program = PathBuf::from(command.get_program());
    let output = command
        .output()
        .map_err(|source| Error::Start { program, source })?;
    if output.status.success() {
        return Ok(());
    }
    Err(Error::Command {
        command: format!("{command:?}"),
        output: String::from_utf8_lossy(&output.stderr).trim().into(),
    })
}

/// Changes with the source of our own `program`, so that an old build is never used.
fn own_version(program: &str) -> String {
    let mut hash = Sha256::new();
    let mut files: Vec<_> = fs::read_dir(Path::new(MODULE).join(program))
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .collect();
    files.sort();
    for file in files {
        hash.update(fs::read(file).unwrap_or_default());
    }
    let digest = hash.finalize();
    digest
        .iter()
        .take(6)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_agree_with_the_go_module() {
        let module = fs::read_to_string(Path::new(MODULE).join("go.mod")).unwrap();
        assert!(module.contains(&format!("k8s.io/kubernetes v{KUBERNETES} ")));
        assert!(module.contains(&format!("go.etcd.io/etcd/server/v3 v{ETCD} ")));
        let staging = KUBERNETES.replacen('1', "v0", 1);
        let replaced: Vec<_> = module
            .lines()
            .filter(|line| line.contains(" => k8s.io/"))
            .collect();
        assert!(replaced.len() > 30);
        for line in replaced {
            assert!(line.ends_with(&staging), "{line:?} is not of {staging}");
        }
    }

    #[test]
    fn binaries_of_one_version_share_a_directory_in_the_cache() {
        let api_server = Binary::ApiServer.path();
        assert!(api_server.starts_with(cache()));
        assert_eq!(api_server.parent(), Binary::Kubelet.path().parent());
        assert_ne!(api_server.parent(), Binary::Etcd.path().parent());
        assert_eq!(Binary::Node.path(), Binary::Node.path());
        assert_ne!(Binary::Node.path(), Binary::Load.path());
    }
}
