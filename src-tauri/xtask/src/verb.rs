//! What a verb is, the list of them, and the help made from that list. Refuses to know what any verb does.

use std::fmt::{self, Write as _};

use anyhow::Result;

use crate::options::{Flag, Given, Words};
use crate::{bench, bundle, check, cluster, dev, requirements, run, screenshots, test};

/// One verb of `cargo xtask`.
pub trait Verb: Sync {
    /// The word typed after `cargo xtask`.
    fn name(&self) -> &'static str;
    /// One line: what it does.
    fn about(&self) -> &'static str;
    /// Its flags, in the order the help shows them.
    fn flags(&self) -> &'static [Flag] {
        &[]
    }
    /// The words it takes besides flags.
    fn words(&self) -> Words {
        Words::None
    }
    /// Does the work.
    ///
    /// # Errors
    /// The reason in words for a person; the tool prints it and exits with 1.
    fn run(&self, given: &Given) -> Result<()>;
}

/// A failure whose reasons were printed already.
#[derive(Debug)]
pub struct AlreadySaid;

impl fmt::Display for AlreadySaid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("failed")
    }
}

impl std::error::Error for AlreadySaid {}

/// Every verb, in the order of the help.
pub const VERBS: &[&dyn Verb] = &[
    &run::Run,
    &test::Test,
    &check::Check,
    &dev::Dev,
    &bench::Bench,
    &cluster::ClusterVerb,
    &requirements::Requirements,
    &bundle::Bundle,
    &screenshots::Screenshots,
];

/// The help of the whole tool.
#[must_use]
pub fn overview() -> String {
    let mut text = String::from(
        "KubeGraf's own tool. Two commands are enough:\n\n    cargo xtask run     the app on screen (installs what is missing first)\n    \
         cargo xtask test    every test there is\n\nVerbs:\n",
    );
    for verb in VERBS {
        let _ = writeln!(text, "    {:<13} {}", verb.name(), verb.about());
    }
    text.push_str("\n`cargo xtask VERB --help` lists a verb's flags.\n");
    text
}

/// The help of one verb.
#[must_use]
pub fn explain(verb: &dyn Verb) -> String {
    let mut text = format!("{}\n\nUsage: cargo xtask {}", verb.about(), verb.name());
    for flag in verb.flags() {
        let _ = write!(text, " [{}]", flag.shown());
    }
    let _ = writeln!(text, "{}", verb.words().usage());
    if !verb.flags().is_empty() {
        text.push('\n');
    }
    for flag in verb.flags() {
        let _ = writeln!(text, "    {:<22} {}", flag.shown(), flag.about);
    }
    let more = verb.words().about();
    if !more.is_empty() {
        let _ = writeln!(text, "\n{more}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_verb_is_listed_once_and_explained() {
        let overview = overview();
        for verb in VERBS {
            assert_eq!(
                VERBS
                    .iter()
                    .filter(|other| other.name() == verb.name())
                    .count(),
                1
            );
            assert!(overview.contains(&format!("    {:<13} {}", verb.name(), verb.about())));
            let help = explain(*verb);
            for flag in verb.flags() {
                assert!(flag.name.starts_with("--"), "{}", flag.name);
                assert!(help.contains(flag.about), "{help}");
            }
        }
    }
}
