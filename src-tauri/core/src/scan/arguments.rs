//! The command line of a scan.

use std::{ffi::OsString, path::PathBuf};

use kubegraf_ipc::incident::Severity;

use super::Error;
use crate::objects::times;

/// What is looked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Checks {
    /// Incidents.
    #[default]
    Incidents,
    /// Insecure settings.
    Security,
    /// Both.
    All,
}

/// How the answer is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Output {
    /// For people.
    #[default]
    Table,
    /// For programs.
    Json,
}

/// What was asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Arguments {
    /// Files, directories, or `-`; none reads a cluster.
    pub files: Vec<PathBuf>,
    /// Kubeconfig of the cluster.
    pub kubeconfig: Option<PathBuf>,
    /// Context of the cluster.
    pub context: Option<String>,
    /// Only this namespace.
    pub namespace: Option<String>,
    /// Every namespace.
    pub all_namespaces: bool,
    /// Cluster time, epoch seconds.
    pub now: Option<i64>,
    /// What is looked for.
    pub checks: Checks,
    /// How the answer is printed.
    pub output: Output,
    /// Whether the kubeconfig's program for credentials may run.
    pub allow_exec: bool,
    /// From which severity on the exit code is 1.
    pub fail_on: Option<Severity>,
}

/// Whether standard output has to stay JSON, even if the rest makes no sense.
pub(crate) fn wants_json(arguments: &[OsString]) -> bool {
    arguments.iter().enumerate().any(|(place, argument)| {
        let next = || arguments.get(place + 1).is_some_and(|next| next == "json");
        match argument.to_str() {
            Some("--output" | "-o") => next(),
            Some("--output=json" | "-o=json" | "-ojson") => true,
            _ => false,
        }
    })
}

/// The arguments; `None` asks for help.
pub(super) fn parse(
    mut arguments: impl Iterator<Item = OsString>,
) -> Result<Option<Arguments>, Error> {
    let mut parsed = Arguments::default();
    while let Some(argument) = arguments.next() {
        let text = argument.to_str().map(str::to_owned);
        let Some(text) = text.filter(|text| text.starts_with('-') && text != "-") else {
            return Err(usage(format!("unexpected argument {argument:?}")));
        };
        let (flag, attached) = split(&text);
        match flag {
            "--help" | "-h" => return Ok(None),
            "--all-namespaces" | "-A" => {
                parsed.all_namespaces = true;
                continue;
            }
            "--allow-exec" => {
                parsed.allow_exec = true;
                continue;
            }
            _ => {}
        }
        let known = [
            "--file",
            "-f",
            "--kubeconfig",
            "--context",
            "--namespace",
            "-n",
            "--now",
            "--checks",
            "--output",
            "-o",
            "--fail-on",
        ];
        if !known.contains(&flag) {
            return Err(usage(format!("unknown argument {argument:?}")));
        }
        let value = match attached {
            Some(value) => OsString::from(value),
            None => arguments
                .next()
                .ok_or_else(|| usage(format!("{flag} needs a value")))?,
        };
        if matches!(flag, "--file" | "-f") {
            parsed.files.push(value.into());
            continue;
        }
        if flag == "--kubeconfig" {
            parsed.kubeconfig = Some(value.into());
            continue;
        }
        let value = value
            .into_string()
            .map_err(|value| usage(format!("{flag} {value:?} is not text")))?;
        match flag {
            "--context" => parsed.context = Some(value),
            "--namespace" | "-n" => parsed.namespace = Some(value),
            "--now" => {
                let now = times::parse(&value).ok_or_else(|| {
                    usage(format!(
                        "--now \"{value}\" is no RFC 3339 time such as 2026-01-02T03:04:05Z"
                    ))
                })?;
                parsed.now = Some(now);
            }
            "--checks" => {
                parsed.checks = match value.as_str() {
                    "incidents" => Checks::Incidents,
                    "security" => Checks::Security,
                    "all" => Checks::All,
                    _ => return Err(one_of(flag, &value, "incidents, security or all")),
                }
            }
            "--output" | "-o" => {
                parsed.output = match value.as_str() {
                    "table" => Output::Table,
                    "json" => Output::Json,
                    _ => return Err(one_of(flag, &value, "table or json")),
                }
            }
            _ => {
                parsed.fail_on = Some(match value.as_str() {
                    "critical" => Severity::Critical,
                    "high" => Severity::High,
                    "medium" => Severity::Medium,
                    "low" => Severity::Low,
                    _ => return Err(one_of(flag, &value, "critical, high, medium or low")),
                });
            }
        }
    }
    if parsed.all_namespaces && parsed.namespace.is_some() {
        return Err(usage("--namespace and -A exclude each other".into()));
    }
    if !parsed.files.is_empty() && (parsed.kubeconfig.is_some() || parsed.context.is_some()) {
        return Err(usage(
            "--file reads no cluster: leave out --kubeconfig and --context".into(),
        ));
    }
    Ok(Some(parsed))
}

/// `--flag=value`, `-fvalue` and `-f=value` as kubectl takes them.
fn split(text: &str) -> (&str, Option<&str>) {
    if text.starts_with("--") {
        return match text.split_once('=') {
            Some((flag, value)) => (flag, Some(value)),
            None => (text, None),
        };
    }
    match text.char_indices().nth(2) {
        Some((at, _)) => {
            let (flag, value) = text.split_at(at);
            (flag, Some(value.strip_prefix('=').unwrap_or(value)))
        }
        None => (text, None),
    }
}

fn usage(text: String) -> Error {
    Error::Usage(text)
}

fn one_of(flag: &str, value: &str, allowed: &str) -> Error {
    usage(format!("{flag} \"{value}\" is none of {allowed}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(arguments: &[&str]) -> Result<Arguments, String> {
        parse(arguments.iter().map(OsString::from))
            .map(|parsed| parsed.expect("no help was asked for"))
            .map_err(|error| error.to_string())
    }

    #[test]
    fn every_spelling_of_a_flag_is_read() {
        let arguments = parsed(&[
            "-f",
            "a.yaml",
            "--file=b.yaml",
            "-fc.yaml",
            "-ojson",
            "-n",
            "shop",
            "--now",
            "1970-01-01T00:01:00Z",
            "--fail-on=high",
            "--checks",
            "all",
        ])
        .unwrap();
        let files: Vec<_> = arguments
            .files
            .iter()
            .map(|f| f.to_str().unwrap())
            .collect();
        assert_eq!(files, ["a.yaml", "b.yaml", "c.yaml"]);
        assert_eq!(arguments.output, Output::Json);
        assert_eq!(arguments.namespace.as_deref(), Some("shop"));
        assert_eq!(arguments.now, Some(60));
        assert_eq!(arguments.fail_on, Some(Severity::High));
        assert_eq!(arguments.checks, Checks::All);
        assert!(parsed(&["-A"]).unwrap().all_namespaces);
        assert_eq!(parsed(&["-f", "-"]).unwrap().files, [PathBuf::from("-")]);
    }

    #[test]
    fn nonsense_is_named() {
        for (arguments, word) in [
            (&["--flie", "a"][..], "--flie"),
            (&["a.yaml"], "a.yaml"),
            (&["--now", "yesterday"], "yesterday"),
            (&["-o", "yaml"], "yaml"),
            (&["--fail-on", "bad"], "bad"),
            (&["--file"], "--file"),
            (&["-A", "-n", "x"], "--namespace"),
            (&["-f", "a", "--context", "b"], "--context"),
        ] {
            let error = parsed(arguments).unwrap_err();
            assert!(error.contains(word), "{error}");
        }
        assert!(parse(["-h".into()].into_iter()).unwrap().is_none());
        assert!(wants_json(&["-x".into(), "-o".into(), "json".into()]));
    }
}
