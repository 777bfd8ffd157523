//! `kubegraf scan`: the incident engine from the command line, on files or on a cluster.
//!
//! It reads objects, lets [`crate::incidents`] judge once and prints. It opens no window and no store,
//! keeps nothing and changes nothing. What cannot be used is named on the error stream; standard
//! output carries the answer alone.

mod arguments;
mod document;
mod input;
mod live;
mod report;
mod shape;

use std::{
    ffi::OsString,
    io::{self, Read, Write},
};

use kubegraf_ipc::incident::Severity;

use crate::{
    clock::Clock,
    detection::logs,
    incidents::{Found, Remark, evaluate, remarks},
    security::{self, Finding},
};
pub(crate) use arguments::wants_json;
pub use arguments::{Arguments, Checks, Output};
use input::Gathered;

/// How a scan is to be called.
pub const HELP: &str = "\
Finds what is broken in a cluster or in files of its objects, and why

Usage: kubegraf scan [--kubeconfig F] [--context C] [--namespace N | -A] [--file F]...
                     [--now TIME] [--checks incidents|security|all] [--output table|json]
                     [--fail-on critical|high|medium|low]

  -f, --file F          read objects from a YAML or JSON file, a directory of them, or - for
                        standard input, as \"kubectl get -o yaml\" prints them; may be repeated.
                        Without it the cluster of the kubeconfig is read
  --kubeconfig F        kubeconfig to use instead of KUBECONFIG or ~/.kube/config
  --context C           context to use instead of the current one
  --allow-exec          run the program the kubeconfig names for credentials
  -n, --namespace N     only what concerns this namespace (live: default is the context's own)
  -A, --all-namespaces  all namespaces (the default with --file)
  --now TIME            cluster time, RFC 3339; default with --file: the newest time in the input
  --checks CHECKS       incidents (default), security (the Pod Security Standards and good practice
                        of pod templates) or all
  -o, --output FORMAT   table (default) or json
  --fail-on SEVERITY    exit 1 when an incident or a finding is at least this bad

Exit: 0 looked, 1 --fail-on was met, 2 could not look (the reason is on standard error).
";

/// Logs read of a cluster at most.
const LOGS: usize = 50;
/// Bytes of stack for reading nested documents.
const STACK: usize = 64 << 20;

/// How a scan ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// It has looked.
    Looked,
    /// Something is at least as bad as `--fail-on`.
    Failed,
    /// It could not look, or not at everything.
    Blind,
}

impl End {
    /// The process exit code.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Looked => 0,
            Self::Failed => 1,
            Self::Blind => 2,
        }
    }
}

/// Why a scan could not look.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The command line makes no sense.
    #[error("{0}; see kubegraf scan --help")]
    Usage(String),
    /// Nothing could be read.
    #[error("nothing could be read: {0}")]
    Unreadable(String),
    /// The cluster cannot be reached or does not let us look.
    #[error("cluster of context \"{context}\" cannot be read: {reason}")]
    Cluster {
        /// The context.
        context: String,
        /// Why.
        reason: String,
    },
}

/// Runs a scan to its end. `input` is read only for `--file -`.
///
/// # Errors
/// When `out` cannot be written.
pub async fn run(
    arguments: impl Iterator<Item = OsString>,
    input: &mut (dyn Read + Send),
    out: &mut (dyn Write + Send),
    log: &mut (dyn Write + Send),
    clock: &dyn Clock,
) -> io::Result<End> {
    let arguments: Vec<OsString> = arguments.collect();
    let wants_json = arguments::wants_json(&arguments);
    let parsed = match arguments::parse(arguments.into_iter()) {
        Ok(Some(parsed)) => parsed,
        Ok(None) => {
            out.write_all(HELP.as_bytes())?;
            return Ok(End::Looked);
        }
        Err(error) => return blind(&error, wants_json, out, log),
    };
    match look(&parsed, input, log, clock).await {
        Ok((answer, whole)) => {
            report::write(&answer, parsed.output, out)?;
            out.flush()?;
            Ok(if !whole {
                End::Blind
            } else if answer.as_bad_as(parsed.fail_on) {
                End::Failed
            } else {
                End::Looked
            })
        }
        Err(error) => blind(&error, wants_json, out, log),
    }
}

/// What a scan found.
#[derive(Debug)]
struct Answer {
    incidents: Vec<Found>,
    findings: Vec<Finding>,
    remarks: Vec<Remark>,
    now: i64,
}

impl Answer {
    fn as_bad_as(&self, limit: Option<Severity>) -> bool {
        let incidents = self.incidents.iter().map(|found| found.severity);
        let findings = self.findings.iter().map(|finding| finding.severity);
        let worst = incidents.chain(findings).min();
        worst
            .zip(limit)
            .is_some_and(|(worst, limit)| worst <= limit)
    }
}

fn blind(
    error: &Error,
    json: bool,
    out: &mut (dyn Write + Send),
    log: &mut (dyn Write + Send),
) -> io::Result<End> {
    say(log, &error.to_string());
    if json {
        report::write_empty(error, out)?;
    }
    Ok(End::Blind)
}

/// The answer, and whether everything that was named could be read.
async fn look(
    arguments: &Arguments,
    input: &mut (dyn Read + Send),
    log: &mut (dyn Write + Send),
    clock: &dyn Clock,
) -> Result<(Answer, bool), Error> {
    let mut gathered = Gathered::default();
    gathered.secure = arguments.checks != Checks::Incidents;
    let mut namespace = arguments.namespace.clone();
    let mut client = None;
    if arguments.files.is_empty() {
        let read = live::gather(arguments, &mut gathered, clock).await?;
        gathered.newest = Some(read.now);
        namespace = namespace.or(read.namespace);
        client = Some(read.client);
    } else {
        deep(|| {
            for file in &arguments.files {
                gathered.read(file, input);
            }
        })?;
    }
    for note in &gathered.notes() {
        say(log, note);
    }
    let problems = gathered.problems();
    for problem in problems {
        say(log, problem);
    }
    let whole = problems.is_empty();
    if let Some(first) = problems.first()
        && gathered.is_empty()
    {
        return Err(Error::Unreadable(first.clone()));
    }
    let now = arguments
        .now
        .or(gathered.newest)
        .unwrap_or_else(|| clock.epoch_seconds());
    let mut findings = security::gathered(gathered.judged);
    let mut snapshot = gathered.snapshot;
    snapshot.now = now;
    snapshot.still = true;
    let looks = arguments.checks != Checks::Security;
    let mut incidents = if looks {
        evaluate(&snapshot)
    } else {
        Vec::new()
    };
    if let Some(client) = client.filter(|_| looks) {
        for wanted in logs::wanted(&incidents).into_iter().take(LOGS) {
            match logs::tail(&client, &wanted).await {
                Ok(text) => {
                    snapshot.logs.insert(wanted, text.into());
                }
                Err(error) => say(log, &format!("log of pod \"{}\": {error}", wanted.pod)),
            }
        }
        incidents = evaluate(&snapshot);
    }
    let mut remarks = if looks {
        remarks(&snapshot)
    } else {
        Vec::new()
    };
    if let Some(namespace) = namespace.filter(|_| !arguments.all_namespaces) {
        remarks.retain(|remark| remark.object.namespace == namespace);
        incidents.retain(|found| concerns(found, &namespace));
        findings.retain(|finding| finding.resource.namespace == namespace);
    }
    let answer = Answer {
        incidents,
        findings,
        remarks,
        now,
    };
    Ok((answer, whole))
}

/// Runs on a stack that the deepest document that is let through cannot exhaust.
fn deep(work: impl FnOnce() + Send) -> Result<(), Error> {
    std::thread::scope(|scope| {
        let started = std::thread::Builder::new()
            .stack_size(STACK)
            .spawn_scoped(scope, work)
            .map_err(|error| Error::Unreadable(error.to_string()))?;
        let done = started.join();
        done.map_err(|_| Error::Unreadable("the reader failed".into()))
    })
}

fn concerns(found: &Found, namespace: &str) -> bool {
    found.resource.namespace == namespace
        || found.root_cause.target.namespace == namespace
        || found
            .symptoms
            .iter()
            .any(|symptom| symptom.object.namespace == namespace)
}

fn say(log: &mut (dyn Write + Send), text: &str) {
    // Nobody may be reading; there is nothing else to tell them.
    let _ = writeln!(log, "kubegraf: {text}");
}

/// The objects of a text.
#[cfg(test)]
pub(crate) fn snapshot(text: &str) -> crate::incidents::Snapshot {
    let mut gathered = Gathered::default();
    gathered.read(std::path::Path::new("-"), &mut text.as_bytes());
    gathered.snapshot
}

#[cfg(test)]
mod causes;
#[cfg(test)]
mod tests;
