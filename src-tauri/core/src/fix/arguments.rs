//! The command line of a fix.

use std::{ffi::OsString, path::PathBuf};

use super::Error;
use crate::scan::Output;

/// Which incident.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Which {
    /// The most probable root of all.
    #[default]
    First,
    /// The one with this id or fingerprint.
    Id(String),
}

/// What was asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Arguments {
    /// Which incident.
    pub which: Which,
    /// Only show what would be done.
    pub dry_run: bool,
    /// Do not ask.
    pub yes: bool,
    /// What a protected cluster wants typed.
    pub confirm: Option<String>,
    /// How the answer is printed.
    pub output: Output,
    /// Kubeconfig of the cluster.
    pub kubeconfig: Option<PathBuf>,
    /// Context of the cluster.
    pub context: Option<String>,
    /// Only incidents that concern this namespace.
    pub namespace: Option<String>,
    /// The embedded demo cluster.
    pub demo: bool,
    /// Whether the kubeconfig's program for credentials is allowed.
    pub allow_exec: bool,
}

/// The arguments; `None` asks for help.
pub(super) fn parse(
    mut arguments: impl Iterator<Item = OsString>,
) -> Result<Option<Arguments>, Error> {
    let usage = |text: String| Err(Error::Usage(text));
    let mut parsed = Arguments::default();
    let (mut chosen, mut everywhere) = (0, false);
    while let Some(argument) = arguments.next() {
        let Some(text) = argument.to_str().map(str::to_owned) else {
            return usage(format!("unexpected argument {argument:?}"));
        };
        let (flag, attached) = match text.split_once('=') {
            Some((flag, value)) if flag.starts_with("--") => (flag, Some(value.to_owned())),
            _ => (&*text, None),
        };
        let plain = match flag {
            "--help" | "-h" => return Ok(None),
            "--first" => {
                chosen += 1;
                true
            }
            "--dry-run" => {
                parsed.dry_run = true;
                true
            }
            "--yes" | "-y" => {
                parsed.yes = true;
                true
            }
            "--all-namespaces" | "-A" => {
                everywhere = true;
                true
            }
            "--demo" => {
                parsed.demo = true;
                true
            }
            "--allow-exec" => {
                parsed.allow_exec = true;
                true
            }
            _ => false,
        };
        if plain && attached.is_none() {
            continue;
        }
        let known = [
            "--incident",
            "--confirm",
            "--output",
            "-o",
            "--kubeconfig",
            "--context",
            "--namespace",
            "-n",
        ];
        if !known.contains(&flag) {
            return usage(format!("unknown argument {argument:?}"));
        }
        let value = match attached {
            Some(value) => value,
            None => match arguments.next().map(OsString::into_string) {
                Some(Ok(value)) => value,
                Some(Err(value)) => return usage(format!("{flag} {value:?} is not text")),
                None => return usage(format!("{flag} needs a value")),
            },
        };
        match flag {
            "--incident" => {
                chosen += 1;
                parsed.which = Which::Id(value);
            }
            "--confirm" => parsed.confirm = Some(value),
            "--kubeconfig" => parsed.kubeconfig = Some(value.into()),
            "--context" => parsed.context = Some(value),
            "--namespace" | "-n" => parsed.namespace = Some(value),
            _ => {
                parsed.output = match value.as_str() {
                    "table" => Output::Table,
                    "json" => Output::Json,
                    _ => return usage(format!("{flag} \"{value}\" is none of table or json")),
                }
            }
        }
    }
    if chosen != 1 {
        return usage("say which incident: --incident ID or --first".into());
    }
    if everywhere && parsed.namespace.is_some() {
        return usage("--namespace and -A exclude each other".into());
    }
    if parsed.demo && (parsed.kubeconfig.is_some() || parsed.context.is_some()) {
        return usage("--demo reads no kubeconfig: leave out --kubeconfig and --context".into());
    }
    Ok(Some(parsed))
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
    fn flags_are_read_and_nonsense_is_named() {
        let all = parsed(&[
            "--incident=inc-x-1",
            "--dry-run",
            "-y",
            "-o",
            "json",
            "-n",
            "shop",
        ]);
        let all = all.unwrap();
        assert_eq!(all.which, Which::Id("inc-x-1".into()));
        assert!(all.dry_run && all.yes && all.output == Output::Json);
        assert_eq!(all.namespace.as_deref(), Some("shop"));
        assert_eq!(parsed(&["--first"]).unwrap().which, Which::First);
        for (arguments, word) in [
            (&[][..], "--first"),
            (&["--first", "--incident", "x"], "--incident"),
            (&["--first", "-o", "yaml"], "yaml"),
            (&["--first", "--frist"], "--frist"),
            (&["--incident"], "needs a value"),
            (&["--first", "-A", "-n", "x"], "exclude"),
            (&["--first", "--demo", "--context", "x"], "--demo"),
            (&["--first=1"], "--first=1"),
        ] {
            let error = parsed(arguments).unwrap_err();
            assert!(error.contains(word), "{error}");
        }
    }
}
