//! Message families: what registries, runtimes and kubelets write where the API has no field.
//!
//! The only file that reads prose. Case does not count; the image reference is taken out first, so
//! that a repository named "denied" proves nothing.

/// What a message is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Family {
    /// The registry has no such tag or repository.
    TagNotFound,
    /// The registry wants other credentials.
    RegistryAuth,
    /// The registry has had enough of us.
    RateLimit,
    /// The registry does not answer, or answers 5xx.
    Unreachable,
    /// The registry's certificate is not accepted.
    Tls,
    /// No image for this machine.
    Platform,
    /// The node's disk is full.
    NoSpace,
    /// The program is not in the image.
    CommandNotFound,
    /// The program may not be executed.
    NotExecutable,
    /// The limit is too small even to start the process.
    OomAtStart,
    /// The container runtime does not answer.
    RuntimeDown,
    /// The pod network is not set up.
    NetworkDown,
    /// The scheduler finds too little CPU.
    NoCpu,
    /// The scheduler finds too little memory.
    NoMemory,
    /// The scheduler finds too little local storage.
    NoEphemeral,
    /// The scheduler finds no place for another pod.
    TooManyPods,
    /// No node has the labels.
    NoSelector,
    /// No node satisfies the affinity.
    NoAffinity,
    /// A taint is not tolerated.
    Untolerated,
    /// Nodes are cordoned.
    Cordoned,
    /// Pods it must be near are nowhere.
    NoPodAffinity,
    /// Pods it must avoid are everywhere.
    PodAntiAffinity,
    /// Spread constraints.
    Spread,
    /// Host ports.
    HostPort,
    /// A claim does not exist.
    ClaimMissing,
    /// A claim is not bound.
    ClaimUnbound,
    /// A volume is elsewhere.
    VolumeElsewhere,
    /// A storage driver attaches no more volumes.
    TooManyVolumes,
    /// The API server could not call an admission webhook.
    WebhookCall,
    /// A hostPath is not what the pod says it is.
    HostPath,
    /// The storage driver is not on the node.
    DriverMissing,
    /// A volume is attached elsewhere.
    AttachedElsewhere,
    /// What holds the files does not answer or refuses.
    MountBackend,
    /// A working directory or mount of the container cannot be made.
    MountOrWorkdir,
    /// The network of a pod cannot be set up.
    SandboxNetwork,
    /// A port is taken.
    AddressInUse,
    /// Asking for a name fails.
    NameLookup,
    /// No message says it.
    Nothing,
}

const FAMILIES: &[(Family, &[&str])] = &[
    (
        Family::TagNotFound,
        &[
            "manifest unknown",
            "manifest_unknown",
            ": not found",
            "no such manifest",
            "repository does not exist",
            "name unknown",
            "name_unknown",
        ],
    ),
    (
        Family::RegistryAuth,
        &[
            "unauthorized",
            "authentication required",
            "access denied",
            "access is denied",
            "access forbidden",
            "permission_denied",
            "requested access to the resource is denied",
            "insufficient_scope",
            "authorization failed",
            "no basic auth credentials",
            "401 unauthorized",
            "status: 401",
            "status code 401",
            "403 forbidden",
            "status: 403",
            "status code 403",
        ],
    ),
    (
        Family::RateLimit,
        &[
            "toomanyrequests",
            "429 too many",
            "too many requests",
            "status: 429",
            "status code 429",
            "rate limit",
            "ratelimit",
        ],
    ),
    (
        Family::Unreachable,
        &[
            "no such host",
            "i/o timeout",
            "connection refused",
            "no route to host",
            "network is unreachable",
            "connection reset",
            "context deadline exceeded",
            "tls handshake timeout",
            "server misbehaving",
            "temporary failure in name resolution",
            "500 internal server error",
            "502 bad gateway",
            "503 service unavailable",
            "504 gateway time",
            "client.timeout exceeded",
            ": eof",
        ],
    ),
    (
        Family::Tls,
        &[
            "x509:",
            "certificate signed by unknown authority",
            "certificate has expired",
            "server gave http response to https client",
            "tls: failed to verify certificate",
        ],
    ),
    (
        Family::Platform,
        &[
            "no match for platform",
            "exec format error",
            "no matching manifest for",
        ],
    ),
    (Family::NoSpace, &["no space left on device"]),
    (
        Family::CommandNotFound,
        &["executable file not found", "no such file or directory"],
    ),
    (Family::NotExecutable, &["permission denied"]),
    (
        Family::OomAtStart,
        &["init was oom-killed", "container init was oom"],
    ),
    (
        Family::RuntimeDown,
        &[
            "container runtime is down",
            "pleg is not healthy",
            "runtime status check",
            "container runtime not ready",
        ],
    ),
    (
        Family::NetworkDown,
        &[
            "network not ready",
            "networkpluginnotready",
            "cni plugin not initialized",
            "cni config uninitialized",
        ],
    ),
    (Family::NoCpu, &["insufficient cpu"]),
    (Family::NoMemory, &["insufficient memory"]),
    (Family::NoEphemeral, &["insufficient ephemeral-storage"]),
    (Family::TooManyPods, &["too many pods"]),
    (
        Family::NoSelector,
        &[
            "didn't match pod's node affinity/selector",
            "didn't match node selector",
        ],
    ),
    (Family::NoAffinity, &["didn't match pod's node affinity"]),
    (
        Family::Untolerated,
        &["untolerated taint", "didn't tolerate"],
    ),
    (Family::Cordoned, &["were unschedulable"]),
    (Family::NoPodAffinity, &["didn't match pod affinity rules"]),
    (
        Family::PodAntiAffinity,
        &[
            "didn't match pod anti-affinity rules",
            "didn't satisfy existing pods anti-affinity",
        ],
    ),
    (
        Family::Spread,
        &["didn't match pod topology spread constraints"],
    ),
    (Family::HostPort, &["didn't have free ports"]),
    (
        Family::ClaimMissing,
        &["persistentvolumeclaim \\\"", "persistentvolumeclaim \""],
    ),
    (
        Family::ClaimUnbound,
        &["unbound immediate persistentvolumeclaims"],
    ),
    (Family::VolumeElsewhere, &["volume node affinity conflict"]),
    (Family::TooManyVolumes, &["exceed max volume count"]),
    (Family::WebhookCall, &["failed calling webhook"]),
    (Family::HostPath, &["hostpath type check failed"]),
    (
        Family::DriverMissing,
        &["not found in the list of registered csi drivers"],
    ),
    (
        Family::AttachedElsewhere,
        &["multi-attach error", "already exclusively attached"],
    ),
    (
        Family::MountBackend,
        &[
            "mount failed",
            "mount.nfs",
            "nfs server",
            "iscsi",
            "connection timed out",
            "timed out waiting for the condition",
            "context deadline exceeded",
            "deadlineexceeded",
            "stale file handle",
            "access denied by server",
            "wrong fs type",
            "bad superblock",
            "failed to find plugin",
            "exit status 32",
        ],
    ),
    (
        Family::MountOrWorkdir,
        &[
            "chdir to cwd",
            "error mounting",
            "failed to mount",
            "are you trying to mount a directory onto a file",
            "not a directory",
            "invalid mount",
            "working directory",
            "subpath",
            "is reserved for",
            "must be absolute",
        ],
    ),
    (
        Family::SandboxNetwork,
        &[
            "failed to setup network for sandbox",
            "failed to set up sandbox container",
            "networkplugin cni failed",
            "plugin type=",
            "no ip addresses available",
            "failed to assign an ip address",
            "no available ip",
        ],
    ),
    (
        Family::AddressInUse,
        &["address already in use", "eaddrinuse", "address in use"],
    ),
    (
        Family::NameLookup,
        &[
            "no such host",
            "enotfound",
            "eai_again",
            "name or service not known",
            "could not translate host name",
            "temporary failure in name resolution",
            "nodename nor servname",
            "unknownhostexception",
            "unknown host",
            "server misbehaving",
            ":53: i/o timeout",
            ":53: read: connection refused",
            "could not resolve host",
        ],
    ),
    (Family::Nothing, &[]),
];

/// Whether the message belongs to the family. `image` is not looked at.
pub(super) fn is(family: Family, message: &str, image: &str) -> bool {
    let message = without(message, image).to_lowercase();
    let (_, needles) = FAMILIES
        .iter()
        .find(|(id, _)| *id == family)
        .expect("every family has its row");
    needles.iter().any(|needle| message.contains(needle))
}

/// Whether the message says no more than that a pull is being retried.
pub(super) fn silent(message: &str, image: &str) -> bool {
    // What comes after is about other things than pulls.
    !FAMILIES
        .iter()
        .take_while(|(family, _)| *family != Family::WebhookCall)
        .any(|(family, _)| is(*family, message, image))
}

/// Registries write the repository alone too, and runtimes add the default registry in front.
fn without(message: &str, image: &str) -> String {
    if image.is_empty() {
        return message.to_owned();
    }
    let repository = super::image::parse(image).map_or(image, |image| image.repository);
    let path = repository
        .split_once('/')
        .map_or(repository, |(_, path)| path);
    let mut text = message.replace(image, "");
    for known in [repository, path] {
        // A short name such as "a" would eat the message.
        if known.len() >= 3 {
            text = text.replace(known, "");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: &[Family] = &[
        Family::TagNotFound,
        Family::RegistryAuth,
        Family::RateLimit,
        Family::Unreachable,
        Family::Tls,
        Family::Platform,
        Family::NoSpace,
    ];

    fn check(message: &str, image: &str, expected: &[Family]) {
        let found: Vec<_> = ALL
            .iter()
            .copied()
            .filter(|f| is(*f, message, image))
            .collect();
        assert_eq!(found, expected, "{message}");
    }

    #[test]
    fn pull_errors_fall_into_their_family() {
        let image = "reg.io/shop/web:v9";
        check(
            r#"Failed to pull image "reg.io/shop/web:v9": rpc error: code = NotFound desc = failed to pull and unpack image "reg.io/shop/web:v9": failed to resolve reference "reg.io/shop/web:v9": reg.io/shop/web:v9: not found"#,
            image,
            &[Family::TagNotFound],
        );
        check(
            "manifest for reg.io/shop/web:v9 not found: manifest unknown: manifest unknown",
            image,
            &[Family::TagNotFound],
        );
        check(
            "failed to authorize: failed to fetch anonymous token: unexpected status: 401 Unauthorized",
            image,
            &[Family::RegistryAuth],
        );
        check(
            "pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed",
            image,
            &[Family::TagNotFound, Family::RegistryAuth],
        );
        check(
            "toomanyrequests: You have reached your pull rate limit",
            image,
            &[Family::RateLimit],
        );
        check(
            "dial tcp: lookup reg.io on 10.0.0.10:53: no such host",
            image,
            &[Family::Unreachable],
        );
        check(
            "dial tcp 10.0.0.1:443: i/o timeout",
            image,
            &[Family::Unreachable],
        );
        check(
            "unexpected status from HEAD request: 503 Service Unavailable",
            image,
            &[Family::Unreachable],
        );
        check(
            "tls: failed to verify certificate: x509: certificate signed by unknown authority",
            image,
            &[Family::Tls],
        );
        check(
            "no match for platform in manifest: not found",
            image,
            &[Family::TagNotFound, Family::Platform],
        );
        check(
            "write /var/lib/x: no space left on device",
            image,
            &[Family::NoSpace],
        );
        check(r#"Back-off pulling image "reg.io/shop/web:v9""#, image, &[]);
    }

    #[test]
    fn a_repository_name_proves_nothing() {
        check(
            r#"failed to resolve reference "reg.io/unauthorized/toomanyrequests:v1": dial tcp: i/o timeout"#,
            "reg.io/unauthorized/toomanyrequests:v1",
            &[Family::Unreachable],
        );
    }

    #[test]
    fn start_errors_fall_into_their_family() {
        let missing = r#"exec: "/bin/nope": stat /bin/nope: no such file or directory: unknown"#;
        assert!(is(Family::CommandNotFound, missing, ""));
        assert!(is(
            Family::NotExecutable,
            r#"exec: "/etc/hosts": permission denied: unknown"#,
            ""
        ));
        assert!(is(
            Family::RuntimeDown,
            "[container runtime is down, PLEG is not healthy]",
            ""
        ));
    }
}
