//! What a container said before it ended: the line that tells why.
//!
//! Besides the messages of kubelets and runtimes, this is the only place where prose is read. Reading
//! a log is somebody else's work; here it is text that may be absent.

use std::{
    collections::BTreeMap,
    sync::{Arc, LazyLock},
};

use regex::{Regex, RegexBuilder};

use super::{containers::Seen, graph::Graph};

/// Names the log of one run of a container.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LogRef {
    /// Namespace of the pod.
    pub namespace: String,
    /// The pod.
    pub pod: String,
    /// The container.
    pub container: String,
    /// Which run: its restarts so far.
    pub restarts: u32,
    /// Whether the run that ended is the one before the present.
    pub previous: bool,
}

/// The ends of logs that were read.
pub type Logs = BTreeMap<LogRef, Arc<str>>;

/// What a line is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// A setting is missing or wrong.
    Config,
    /// Somebody it needs does not answer.
    Dependency,
    /// It may not read or write a file.
    Permission,
    /// The disk is full.
    DiskFull,
    /// A program is not there.
    Command,
    /// It died of an error of its own.
    Trace,
}

const LINES: &[(Told, &str)] = &[
    (
        Told::Config,
        r#"(required|missing|undefined|unset|empty|expected|invalid) (environment|env\b|config|setting|parameter|option)|(environment variable|env var|setting|parameter|variable|option)s? .{0,80}(not set|unset|missing|required|not (found|defined|present|provided)|must be|is empty|invalid)|[A-Z][A-Z0-9]*_[A-Z0-9_]+["'`]? (is|are|was) (not set|unset|required|missing|undefined|empty)|(must|please) (set|provide|specify|define) |is required but|no value for required|KeyError: '[A-Z][A-Z0-9_]+'|parameter (null or )?not set|unbound variable|(cannot|could not|can't|failed to|unable to|error) (load|read|parse|parsing|reading|loading|open)[a-z]* .{0,40}(config|configuration|settings|\.ya?ml|\.toml|\.json|\.conf|\.properties|\.env)|(invalid|bad|malformed|unknown) (configuration|config|flag|option|argument|directive)|yaml: (line|unmarshal)|flag provided but not defined|unknown (flag|directive)|unrecognized (argument|option)|(password )?authentication failed|access denied for user|wrongpass|noauth|invalid (username|password|credentials|api key)|login failed for user"#,
    ),
    (
        Told::Dependency,
        r"connection refused|econnrefused|no such host|enotfound|eai_again|name or service not known|could not translate host name|temporary failure in name resolution|nodename nor servname|unknownhostexception|unknown host|i/o timeout|connection timed out|etimedout|connecttimeout|no route to host|host is unreachable|could not connect to|unable to connect to|failed to connect to|connection to .{1,80} failed|server selection timed out|brokers? (not|un)available|max retries exceeded",
    ),
    (
        Told::DiskFull,
        r"no space left on device|enospc|disk quota exceeded",
    ),
    (
        Told::Permission,
        r"permission denied|eacces|permissionerror|accessdeniedexception|operation not permitted|read-only file system|erofs",
    ),
    (
        Told::Command,
        r": (command )?not found$|no such file or directory$|executable file not found|cannot execute",
    ),
    (
        Told::Trace,
        r"^panic: |^fatal error: |panicked at |^Traceback \(most recent|exception in thread|unhandled exception|uncaught exception|uncaughtexception|unhandledpromiserejection|^caused by: |^[A-Za-z_.]*(Error|Exception)\b.*: |cannot find module|segmentation fault|assertion failed|^fatal[: ]",
    ),
];

/// The line that tells most: the last one that tells of anything in particular, else the last trace.
pub(super) fn telling(text: &str) -> Option<(Told, &str)> {
    static PATTERNS: LazyLock<Vec<(Told, Regex)>> = LazyLock::new(|| {
        let compile = |pattern: &str| {
            let built = RegexBuilder::new(pattern).case_insensitive(true).build();
            built.expect("the patterns are constant and valid")
        };
        LINES
            .iter()
            .map(|(told, pattern)| (*told, compile(pattern)))
            .collect()
    });
    let mut trace = None;
    for line in text
        .lines()
        .rev()
        .map(str::trim)
        .filter(|line| !line.is_empty())
    {
        let found = PATTERNS.iter().find(|(_, pattern)| pattern.is_match(line));
        match found {
            Some((Told::Trace, _)) => trace = trace.or(Some((Told::Trace, line))),
            Some((told, _)) => return Some((*told, line)),
            None => {}
        }
    }
    trace
}

/// Which log tells how a container ended; `None` while it has not.
pub(super) fn reference(container: Seen<'_>) -> Option<LogRef> {
    let (path, _) = container.ended()?;
    Some(LogRef {
        namespace: container.pod.metadata.namespace.to_string(),
        pod: container.pod.metadata.name.to_string(),
        container: container.name().to_owned(),
        restarts: container.status.restart_count,
        previous: path.starts_with("lastState"),
    })
}

/// Where a telling line stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// In the container's log.
    Log,
    /// In its termination message.
    Message,
}

/// What a container said about its end: its log where one was read, else its termination message.
pub(super) fn said<'g>(
    graph: &'g Graph<'_>,
    container: Seen<'g>,
) -> Option<(Told, &'g str, Source)> {
    let log = reference(container)
        .and_then(|log| graph.snapshot().logs.get(&log))
        .and_then(|text| telling(text));
    if let Some((told, line)) = log {
        return Some((told, line, Source::Log));
    }
    let (_, end) = container.ended()?;
    // The runtime's own words about a start that failed are no words of the program.
    if matches!(end.reason.as_str(), "StartError" | "ContainerCannotRun") {
        return None;
    }
    let (told, line) = telling(&end.message)?;
    Some((told, line, Source::Message))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<Told>) {
        assert_eq!(telling(text).map(|(told, _)| told), expected, "{text}");
    }

    #[test]
    fn the_telling_line_of_common_runtimes_is_found() {
        for (text, told) in [
            (
                "Error: required environment variable DATABASE_URL is not set",
                Told::Config,
            ),
            (
                "  File \"/app/main.py\", line 3, in <module>\n    os.environ['API_KEY']\nKeyError: 'API_KEY'",
                Told::Config,
            ),
            ("/entry.sh: line 4: TOKEN: unbound variable", Told::Config),
            (
                "psycopg2.OperationalError: FATAL: password authentication failed for user \"app\"",
                Told::Config,
            ),
            (
                "failed to parse config: yaml: line 3: mapping values are not allowed",
                Told::Config,
            ),
            (
                "2026/01/01 dial tcp 10.0.0.1:5432: connect: connection refused\nexit status 1",
                Told::Dependency,
            ),
            (
                "Error: connect ECONNREFUSED 10.0.0.1:6379\n    at TCPConnectWrap.afterConnect (node:net:1636:16)",
                Told::Dependency,
            ),
            ("getaddrinfo ENOTFOUND redis", Told::Dependency),
            ("java.net.UnknownHostException: db", Told::Dependency),
            ("open /data/lock: permission denied", Told::Permission),
            (
                "PermissionError: [Errno 13] Permission denied: '/data/x'",
                Told::Permission,
            ),
            ("write /data/x: no space left on device", Told::DiskFull),
            ("sh: serve: not found", Told::Command),
            ("bash: /app/run: No such file or directory", Told::Command),
            (
                "panic: runtime error: index out of range [3] with length 3\n\ngoroutine 1 [running]:\nmain.main()",
                Told::Trace,
            ),
            (
                "Traceback (most recent call last):\n  File \"x\", line 1\nValueError: bad",
                Told::Trace,
            ),
            (
                "Exception in thread \"main\" java.lang.IllegalStateException: x\n\tat Main.main(Main.java:3)",
                Told::Trace,
            ),
            (
                "thread 'main' panicked at src/main.rs:3:5:\nboom",
                Told::Trace,
            ),
        ] {
            check(text, Some(told));
        }
        check("listening on :8080\nserved 12 requests", None);
        check("", None);
    }

    #[test]
    fn the_last_particular_word_counts_and_a_trace_only_without_one() {
        let text = "dial tcp: connection refused, retrying\npanic: gave up";
        check(text, Some(Told::Dependency));
        let (_, line) = telling("panic: one\nmore\npanic: two\n").unwrap();
        assert_eq!(line, "panic: two");
    }
}
