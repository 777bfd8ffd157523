//! The guard of one running cluster, and what a test does with it.
//! Knows how to ask kubectl; how a tier is built is in `kwok` and `real`.

use std::future::Future;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::io::AsyncWriteExt;

use crate::place::{self, Record};
use crate::process::{self, Identity};
use crate::{Binary, Error, Options, Tier, availability, kwok, real};

mod outage;

pub use outage::Outage;

/// A running cluster. Dropping it ends every process, mount, namespace, control group and file of it,
/// unless it was [detached](Self::detach). When a test panics, or a cluster does not come up, the logs
/// of its parts are copied to the directory that `KUBEGRAF_CLUSTER_LOGS` names, if it names one.
#[derive(Debug)]
pub struct Cluster {
    record: Record,
    directory: PathBuf,
    kubeconfig: PathBuf,
    /// In the order of their start. Locked for moments only, never across an await.
    parts: Mutex<Vec<Part>>,
    end: End,
}

/// What dropping the guard does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// Removes the cluster.
    Remove,
    /// Nothing: it was detached, or has been removed.
    Leave,
}

#[derive(Debug)]
struct Part {
    name: String,
    /// As it was started, to start it again.
    command: Command,
    /// `None` while an [`Outage`] has ended it.
    child: Option<Child>,
}

/// Somebody besides the administrator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum User {
    /// Bound to the ClusterRole `view`: reads most things, changes nothing, sees no Secret.
    Viewer,
    /// Bound to nothing: everything but discovery answers 403.
    Nobody,
}

impl User {
    pub(crate) const ALL: [Self; 2] = [Self::Viewer, Self::Nobody];

    /// The user's name in the cluster.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Nobody => "nobody",
        }
    }
}

impl Cluster {
    /// Brings a cluster up and waits until its nodes and the pods asked for are Ready. Sweeps what
    /// crashed runs left behind first.
    ///
    /// # Errors
    /// [`Error::Missing`] names what the machine lacks (see [`availability`]); [`Error::Ended`] and
    /// [`Error::Deadline`] carry the end of the log of the part that failed. Nothing is left
    /// running then.
    pub async fn up(options: Options) -> Result<Self, Error> {
        options.check()?;
        availability(options.tier)?;
        // What cannot be swept must not stop a new cluster, which shares nothing with it.
        let _ = place::sweep();
        let mut attempt = 1;
        loop {
            match Self::attempt(&options).await {
                // A port found free may be taken by somebody else before the part binds it.
                Err(Error::Ended { log, .. })
                    if attempt < 3 && log.contains("address already in use") =>
                {
                    attempt += 1;
                }
                outcome => return outcome,
            }
        }
    }

    async fn attempt(options: &Options) -> Result<Self, Error> {
        let mut cluster = Self::claim(options)?;
        let limit = options.time_limit();
        let raised = tokio::time::timeout(limit, cluster.raise(options)).await;
        match raised {
            Ok(Ok(())) => Ok(cluster),
            Ok(Err(error)) => Err(error),
            Err(_) => Err(Error::Deadline {
                what: format!("a running cluster \"{}\"", cluster.record.name),
                seconds: limit.as_secs(),
                last: "the logs of its parts end with:".into(),
                log: cluster.logs(8),
            }),
        }
    }

    fn claim(options: &Options) -> Result<Self, Error> {
        let identity = place::random(6);
        let record = Record {
            name: options
                .name
                .clone()
                .unwrap_or_else(|| format!("{}-{identity}", options.tier)),
            tier: options.tier,
            nodes: options.nodes,
            pods: options.pods,
            since: place::now(),
            owner: Some(Identity::current()),
            server: String::new(),
            cgroup: (options.tier == Tier::Real).then(|| format!("kg-{identity}")),
            ready: false,
        };
        let directory = place::claim(&record)?;
        let kubeconfig = directory.join("kubeconfig");
        Ok(Self {
            record,
            directory,
            kubeconfig,
            parts: Mutex::default(),
            end: End::Remove,
        })
    }

    async fn raise(&mut self, options: &Options) -> Result<(), Error> {
        match options.tier {
            Tier::Kwok => kwok::raise(self, options).await?,
            Tier::Real => real::raise(self, options).await?,
        }
        self.record.ready = true;
        self.record.write(&self.directory)
    }

    /// Its name, unique on this machine and for this user.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.record.name
    }

    /// What it is made of.
    #[must_use]
    pub fn tier(&self) -> Tier {
        self.record.tier
    }

    /// `https://127.0.0.1:PORT`.
    #[must_use]
    pub fn server(&self) -> &str {
        &self.record.server
    }

    /// The directory of its logs and data, gone after the cluster.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.directory
    }

    /// The administrator's kubeconfig, certificates embedded.
    #[must_use]
    pub fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }

    /// The kubeconfig of somebody with fewer rights.
    #[must_use]
    pub fn kubeconfig_for(&self, user: User) -> PathBuf {
        self.directory.join(format!("kubeconfig-{}", user.name()))
    }

    /// Where etcd listens, as its clients write it.
    #[must_use]
    pub fn store(&self) -> String {
        format!("unix://{}", self.directory.join("etcd.sock").display())
    }

    /// kubectl as the administrator; the caller adds arguments. It reads no other configuration.
    #[must_use]
    pub fn kubectl(&self) -> Command {
        self.kubectl_with(&self.kubeconfig)
    }

    /// kubectl as somebody with fewer rights.
    #[must_use]
    pub fn kubectl_as(&self, user: User) -> Command {
        self.kubectl_with(&self.kubeconfig_for(user))
    }

    /// Runs kubectl as the administrator and answers with its output.
    ///
    /// # Errors
    /// [`Error::Command`] with kubectl's words.
    pub async fn run(&self, arguments: &[&str]) -> Result<String, Error> {
        finish(self.kubectl().args(arguments), None).await
    }

    /// Applies manifests (YAML or JSON).
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub async fn apply(&self, manifests: &str) -> Result<String, Error> {
        finish(self.kubectl().args(["apply", "-f", "-"]), Some(manifests)).await
    }

    /// Creates what must not exist yet; quicker than [`apply`](Self::apply) for many objects.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub async fn create(&self, manifests: &str) -> Result<String, Error> {
        finish(self.kubectl().args(["create", "-f", "-"]), Some(manifests)).await
    }

    /// Reads one object, or a list of them, as JSON: `get(&["pods", "-n", "shop"])`.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub async fn get(&self, arguments: &[&str]) -> Result<Value, Error> {
        let text = finish(
            self.kubectl().args(["get", "-o", "json"]).args(arguments),
            None,
        )
        .await?;
        serde_json::from_str(&text).map_err(|source| Error::Record {
            path: arguments.join(" ").into(),
            source,
        })
    }

    /// Asks `probe` again and again until it answers `Ok(value)`; `Err` says what it saw instead.
    ///
    /// # Errors
    /// [`Error::Deadline`] with the last thing seen and the end of every part's log, and
    /// [`Error::Ended`] as soon as a part of the cluster dies.
    pub async fn eventually<T, F>(
        &self,
        what: &str,
        limit: Duration,
        mut probe: impl FnMut() -> F,
    ) -> Result<T, Error>
    where
        F: Future<Output = Result<T, String>>,
    {
        let since = Instant::now();
        loop {
            let seen = match probe().await {
                Ok(value) => return Ok(value),
                Err(seen) => seen,
            };
            self.alive(what)?;
            if since.elapsed() > limit {
                return Err(Error::Deadline {
                    what: what.into(),
                    seconds: limit.as_secs(),
                    last: seen,
                    log: self.logs(6),
                });
            }
            // Asking costs a process; what has taken long may be noticed a little later.
            let pause = since.elapsed() / 10;
            tokio::time::sleep(pause.clamp(Duration::from_millis(50), Duration::from_secs(1)))
                .await;
        }
    }

    /// The full reference of a test image, usable in pods of the real tier: `app:v1` and `app:v2` (a
    /// web server on port 8080 that answers with its version), `busybox:1`. Other tags do not
    /// exist; any name below `private/` is refused with 401.
    #[must_use]
    pub fn image(&self, name: &str) -> String {
        format!("{}/{name}", real::REGISTRY)
    }

    /// Runs [`Binary::Load`], building it first if it is not there yet, and answers with its report.
    /// `arguments` stand behind the verb and the address of the store.
    ///
    /// # Errors
    /// [`Error::Command`] with its words, and what [`crate::build`] complains about.
    pub async fn load(&self, verb: &str, arguments: &[&str]) -> Result<Value, Error> {
        let built = tokio::task::spawn_blocking(|| crate::build(&[Binary::Load], |_| ()));
        built.await.expect("building does not panic")?;
        let mut command = Command::new(Binary::Load.path());
        command.arg(verb).arg(self.store()).args(arguments);
        let text = finish(&mut command, None).await?;
        serde_json::from_str(&text).map_err(|source| Error::Record {
            path: Binary::Load.path(),
            source,
        })
    }

    /// The process that does the work of a part, while it runs.
    #[must_use]
    pub fn pid(&self, part: &str) -> Option<u32> {
        self.identity(part).ok().map(|identity| identity.pid)
    }

    /// The last `lines` lines of the log of each part.
    #[must_use]
    pub fn logs(&self, lines: usize) -> String {
        let part = |part: &Part| {
            format!(
                "--- {}\n{}",
                part.name,
                process::tail(&self.log_file(&part.name), lines)
            )
        };
        self.lock().iter().map(part).collect::<Vec<_>>().join("\n")
    }

    /// Leaves the cluster running after this process; [`crate::down`] ends it.
    ///
    /// # Errors
    /// When its record cannot be written; the cluster is removed then.
    pub fn detach(mut self) -> Result<(), Error> {
        self.record.owner = None;
        self.record.write(&self.directory)?;
        self.end = End::Leave;
        Ok(())
    }

    /// Ends the cluster now, and says whether something is left.
    ///
    /// # Errors
    /// [`Error::Remains`], [`Error::File`]: what could not be removed, and why.
    pub async fn down(mut self) -> Result<(), Error> {
        self.end = End::Leave;
        let mut children = self.children();
        let directory = self.directory.clone();
        tokio::task::spawn_blocking(move || place::remove(&directory, &mut children))
            .await
            .expect("removal does not panic")
    }

    pub(crate) fn set_server(&mut self, server: String) -> Result<(), Error> {
        self.record.server = server;
        self.record.write(&self.directory)
    }

    pub(crate) fn cgroup(&self) -> Option<&str> {
        self.record.cgroup.as_deref()
    }

    /// Starts a part of the cluster; its log is `logs/NAME.log`, its pid file `pids/NAME`.
    pub(crate) fn start(&self, name: &str, mut command: Command) -> Result<(), Error> {
        let child = process::start(&mut command, &self.log_file(name), &self.pid_file(name))?;
        self.lock().push(Part {
            name: name.into(),
            command,
            child: Some(child),
        });
        Ok(())
    }

    fn pid_file(&self, part: &str) -> PathBuf {
        self.directory.join(place::PIDS).join(part)
    }

    pub(crate) fn log_file(&self, name: &str) -> PathBuf {
        self.directory.join("logs").join(format!("{name}.log"))
    }

    fn alive(&self, what: &str) -> Result<(), Error> {
        let directory = self.directory.join("logs");
        for part in self.lock().iter_mut() {
            if matches!(part.child.as_mut().map(Child::try_wait), Some(Ok(Some(_)))) {
                let log = process::tail(&directory.join(format!("{}.log", part.name)), 20);
                let component = part.name.clone();
                return Err(Error::Ended {
                    component,
                    what: what.into(),
                    log,
                });
            }
        }
        Ok(())
    }

    fn kubectl_with(&self, kubeconfig: &Path) -> Command {
        let mut command = Command::new(Binary::Kubectl.path());
        command
            .env("KUBECONFIG", kubeconfig)
            .env("HOME", &self.directory);
        command.env_remove("HTTPS_PROXY").env_remove("https_proxy");
        command
    }

    fn children(&self) -> Vec<Child> {
        // The last started first: nothing then logs that what it needs is gone.
        self.lock()
            .drain(..)
            .rev()
            .filter_map(|part| part.child)
            .collect()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Part>> {
        self.parts
            .lock()
            .expect("nothing panics while it holds the parts")
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if self.end == End::Remove {
            if std::thread::panicking() || !self.record.ready {
                place::keep_logs(&self.directory);
            }
            let mut children = self.children();
            // Drop cannot fail; what is left is found by the next sweep.
            let _ = place::remove(&self.directory, &mut children);
        }
    }
}

/// Runs a program to its end; its output, or what it complained about.
async fn finish(command: &mut Command, input: Option<&str>) -> Result<String, Error> {
    let described = describe(command);
    let program = PathBuf::from(command.get_program());
    let failed = |source| Error::Start {
        program: program.clone(),
        source,
    };
    command.stdin(if input.is_some() {
        Stdio::piped()
    } else {
        Stdio::null()
    });
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let owned = std::mem::replace(command, Command::new(""));
    let mut child = tokio::process::Command::from(owned)
        .kill_on_drop(true)
        .spawn()
        .map_err(failed)?;
    if let (Some(text), Some(mut pipe)) = (input, child.stdin.take()) {
        // A program that ends without reading says why on stderr.
        let _ = pipe.write_all(text.as_bytes()).await;
    }
    let output = child.wait_with_output().await.map_err(failed)?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let output = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Err(Error::Command {
        command: described,
        output,
    })
}

fn describe(command: &Command) -> String {
    let program = Path::new(command.get_program())
        .file_name()
        .unwrap_or_default();
    std::iter::once(program)
        .chain(command.get_args())
        .map(|part| part.to_string_lossy())
        .collect::<Vec<_>>()
        .join(" ")
}
