//! Reads a verb's flags and words from the command line, against the verb's own description of them. Knows no verb.

use std::fmt;

/// A flag a verb takes.
#[derive(Debug)]
pub struct Flag {
    /// As typed, with its two dashes.
    pub name: &'static str,
    /// The name of its value in the help, if it takes one.
    pub value: Option<&'static str>,
    /// One line: what it changes.
    pub about: &'static str,
}

impl Flag {
    /// The flag as the help shows it.
    #[must_use]
    pub fn shown(&self) -> String {
        match self.value {
            Some(value) => format!("{} {value}", self.name),
            None => self.name.to_owned(),
        }
    }
}

/// The words a verb takes besides its flags.
#[derive(Debug, Clone, Copy)]
pub enum Words {
    /// None at all.
    None,
    /// A few words.
    UpTo {
        /// How many at most.
        most: usize,
        /// As the usage line shows them.
        usage: &'static str,
        /// The sentence that explains them.
        about: &'static str,
    },
    /// No words of its own; what follows `--` is handed on.
    Rest {
        /// As the usage line shows it.
        usage: &'static str,
        /// The sentence that explains it.
        about: &'static str,
    },
}

impl Words {
    /// As the usage line shows them, with a leading space.
    #[must_use]
    pub fn usage(&self) -> String {
        match self {
            Self::None => String::new(),
            Self::UpTo { usage, .. } | Self::Rest { usage, .. } => format!(" {usage}"),
        }
    }

    /// The sentence that explains them.
    #[must_use]
    pub fn about(&self) -> &'static str {
        match self {
            Self::None => "",
            Self::UpTo { about, .. } | Self::Rest { about, .. } => about,
        }
    }
}

/// What a person typed after the verb.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Given {
    flags: Vec<(&'static str, Option<String>)>,
    /// The words in their order.
    pub words: Vec<String>,
    /// What stood after `--`.
    pub rest: Vec<String>,
}

impl Given {
    /// Whether the flag was given.
    #[must_use]
    pub fn has(&self, flag: &str) -> bool {
        self.flags.iter().any(|(name, _)| *name == flag)
    }

    /// The value of a flag that takes one.
    #[must_use]
    pub fn value(&self, flag: &str) -> Option<&str> {
        self.flags
            .iter()
            .find(|(name, _)| *name == flag)?
            .1
            .as_deref()
    }
}

/// Why a command line makes no sense.
#[derive(Debug, PartialEq, Eq)]
pub enum Confusion {
    /// A flag the verb does not have.
    UnknownFlag(String),
    /// A flag whose value is missing.
    NoValue(&'static str, &'static str),
    /// A flag that takes no value was given one.
    NeedlessValue(&'static str),
    /// A word too many.
    ExtraWord(String),
}

impl fmt::Display for Confusion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownFlag(flag) => write!(f, "there is no flag \"{flag}\""),
            Self::NoValue(flag, value) => write!(f, "{flag} needs a value: {flag} {value}"),
            Self::NeedlessValue(flag) => write!(f, "{flag} takes no value"),
            Self::ExtraWord(word) => write!(f, "\"{word}\" is one word too many"),
        }
    }
}

impl std::error::Error for Confusion {}

/// Reads `arguments` (without the verb).
///
/// # Errors
/// The first word that does not fit.
pub fn parse(
    flags: &'static [Flag],
    words: Words,
    arguments: &[String],
) -> Result<Given, Confusion> {
    let mut given = Given::default();
    let mut left = arguments.iter();
    while let Some(argument) = left.next() {
        if argument == "--" && matches!(words, Words::Rest { .. }) {
            given.rest.extend(left.cloned());
            break;
        }
        if !argument.starts_with('-') {
            let most = if let Words::UpTo { most, .. } = words {
                most
            } else {
                0
            };
            if given.words.len() == most {
                return Err(Confusion::ExtraWord(argument.clone()));
            }
            given.words.push(argument.clone());
            continue;
        }
        let (name, joined) = match argument.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (argument.as_str(), None),
        };
        let Some(flag) = flags.iter().find(|flag| flag.name == name) else {
            return Err(Confusion::UnknownFlag(name.to_owned()));
        };
        let value = match (flag.value, joined) {
            (None, None) => None,
            (None, Some(_)) => return Err(Confusion::NeedlessValue(flag.name)),
            (Some(_), Some(value)) => Some(value),
            (Some(shown), None) => match left.next() {
                Some(value) if !value.starts_with("--") => Some(value.clone()),
                _ => return Err(Confusion::NoValue(flag.name, shown)),
            },
        };
        given.flags.push((flag.name, value));
    }
    Ok(given)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FLAGS: &[Flag] = &[
        Flag {
            name: "--shot",
            value: Some("FILE"),
            about: "a file",
        },
        Flag {
            name: "--fast",
            value: None,
            about: "quick",
        },
    ];
    const ONE: Words = Words::UpTo {
        most: 1,
        usage: "[FILTER]",
        about: "",
    };
    const REST: Words = Words::Rest {
        usage: "[-- ARGS]",
        about: "",
    };

    fn check(words: Words, line: &str, expect: &Result<Given, Confusion>) {
        let arguments: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        assert_eq!(&parse(FLAGS, words, &arguments), expect, "{line}");
    }

    #[test]
    fn flags_words_and_rest_are_told_apart() {
        let shot = |words: &[&str], rest: &[&str]| Given {
            flags: vec![("--shot", Some("a.png".to_owned()))],
            words: words.iter().map(|&word| word.to_owned()).collect(),
            rest: rest.iter().map(|&word| word.to_owned()).collect(),
        };
        check(ONE, "--shot a.png", &Ok(shot(&[], &[])));
        check(ONE, "x --shot=a.png", &Ok(shot(&["x"], &[])));
        check(
            REST,
            "--shot a.png -- --fast b",
            &Ok(shot(&[], &["--fast", "b"])),
        );
        let fast = Given {
            flags: vec![("--fast", None)],
            ..Given::default()
        };
        assert!(fast.has("--fast") && !fast.has("--shot") && fast.value("--fast").is_none());
        check(ONE, "--fast", &Ok(fast));
    }

    #[test]
    fn what_does_not_fit_is_named() {
        check(
            ONE,
            "--quick",
            &Err(Confusion::UnknownFlag("--quick".to_owned())),
        );
        check(ONE, "--shot", &Err(Confusion::NoValue("--shot", "FILE")));
        check(
            ONE,
            "--shot --fast",
            &Err(Confusion::NoValue("--shot", "FILE")),
        );
        check(ONE, "--fast=yes", &Err(Confusion::NeedlessValue("--fast")));
        check(ONE, "a b", &Err(Confusion::ExtraWord("b".to_owned())));
        check(REST, "a", &Err(Confusion::ExtraWord("a".to_owned())));
    }
}
