//! Pods that fail on the kwok tier because an annotation says so. The status is what a kubelet
//! would report at the height of the trouble; nothing ever ran.

/// The annotation of a pod (or of a pod template) whose value is [`Fault::name`]. A second one,
/// `…-restarts`, sets the restart count. Removing both heals a pod that still is Pending or Running.
pub const FAULT: &str = "testcluster.kubegraf/fault";

/// What is wrong with a pod.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Exits with 1 again and again.
    CrashLoopBackOff,
    /// Killed for memory again and again.
    OomKilled,
    /// The first answer to an image that does not exist.
    ErrImagePull,
    /// The later answer to it.
    ImagePullBackOff,
    /// Refers to a ConfigMap that is not there.
    CreateContainerConfigError,
    /// Runs, but its readiness probe fails.
    NotReady,
    /// Removed from its node for disk space.
    Evicted,
}

impl Fault {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::CrashLoopBackOff,
        Self::OomKilled,
        Self::ErrImagePull,
        Self::ImagePullBackOff,
        Self::CreateContainerConfigError,
        Self::NotReady,
        Self::Evicted,
    ];

    /// The value of the annotation [`FAULT`].
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::CrashLoopBackOff => "CrashLoopBackOff",
            Self::OomKilled => "OOMKilled",
            Self::ErrImagePull => "ErrImagePull",
            Self::ImagePullBackOff => "ImagePullBackOff",
            Self::CreateContainerConfigError => "CreateContainerConfigError",
            Self::NotReady => "NotReady",
            Self::Evicted => "Evicted",
        }
    }

    pub(super) fn event(self) -> (&'static str, &'static str) {
        match self {
            Self::CrashLoopBackOff | Self::OomKilled => {
                ("BackOff", "Back-off restarting failed container")
            }
            Self::ErrImagePull => ("Failed", "Failed to pull image: not found"),
            Self::ImagePullBackOff => ("Failed", "Error: ImagePullBackOff"),
            Self::CreateContainerConfigError => {
                ("Failed", "Error: configmap \"settings\" not found")
            }
            Self::NotReady => (
                "Unhealthy",
                "Readiness probe failed: HTTP probe failed with statuscode: 503",
            ),
            Self::Evicted => (
                "Evicted",
                "The node was low on resource: ephemeral-storage.",
            ),
        }
    }

    /// A jq path and the value it has once the fault has been played.
    pub(super) fn mark(self) -> (&'static str, &'static str) {
        match self {
            Self::NotReady => (".status.containerStatuses.[].started", "true"),
            Self::Evicted => (".status.reason", "Evicted"),
            Self::OomKilled => (
                ".status.containerStatuses.[].lastState.terminated.reason",
                "OOMKilled",
            ),
            _ => (
                ".status.containerStatuses.[].state.waiting.reason",
                self.name(),
            ),
        }
    }

    pub(super) fn restarts(self) -> u32 {
        match self {
            Self::CrashLoopBackOff => 5,
            Self::OomKilled => 3,
            _ => 0,
        }
    }

    /// The phase, and what stands beside it in the status.
    pub(super) fn pod_state(self) -> (&'static str, &'static str) {
        match self {
            Self::CrashLoopBackOff | Self::OomKilled | Self::NotReady => ("Running", ""),
            Self::Evicted => (
                "Failed",
                "reason: Evicted\nmessage: 'The node was low on resource: ephemeral-storage. '\n",
            ),
            _ => ("Pending", ""),
        }
    }

    /// The lines of a container status from `state` on.
    pub(super) fn container_state(self) -> String {
        let waiting = |reason: &str, message: &str| {
            format!(
                "  state: {{running: null, terminated: null, waiting: {{reason: {reason}, message: {message:?}}}}}\n"
            )
        };
        let ended = |exit_code: u32, reason: &str| {
            format!(
                "  lastState: {{terminated: {{exitCode: {exit_code}, reason: {reason}, \
                 startedAt: {{{{ $now | Quote }}}}, finishedAt: {{{{ $now | Quote }}}}}}}}\n"
            )
        };
        let back_off = "back-off 2m40s restarting failed container";
        match self {
            Self::CrashLoopBackOff => waiting("CrashLoopBackOff", back_off) + &ended(1, "Error"),
            Self::OomKilled => waiting("CrashLoopBackOff", back_off) + &ended(137, "OOMKilled"),
            Self::NotReady => "  started: true\n  state: {waiting: null, terminated: null, \
                 running: {startedAt: {{ $now | Quote }}}}\n"
                .into(),
            Self::Evicted => String::new(),
            _ => waiting(self.name(), self.event().1),
        }
    }
}
