//! The command line of the benches.

use anyhow::{Context, Result, bail};

/// What was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// `list`, `watch`, `view`, `window`, or one of the contenders.
    pub verb: String,
    /// Pods in the cluster.
    pub pods: u32,
    /// How often each contender runs.
    pub runs: u32,
    /// Changes that are watched.
    pub events: u32,
    /// Whether contenders run that need minutes.
    pub slow: bool,
    /// Whether the section of the document is rewritten.
    pub write: bool,
    /// For a contender: where the cluster is.
    pub kubeconfig: String,
    /// For a contender: etcd's address.
    pub store: String,
    /// For the window: the app.
    pub app: String,
    /// For a contender: how many tables are open.
    pub views: u32,
    /// For a contender: what it is about.
    pub words: Vec<String>,
}

impl Asked {
    /// Reads the words after the program's name.
    pub fn read(arguments: &[String]) -> Result<Self> {
        let mut asked = Self {
            verb: String::new(),
            pods: 10_000,
            runs: 3,
            events: 50_000,
            slow: false,
            write: true,
            kubeconfig: String::new(),
            store: String::new(),
            app: String::new(),
            views: 0,
            words: Vec::new(),
        };
        let mut words = arguments.iter();
        while let Some(word) = words.next() {
            let mut value = || {
                words
                    .next()
                    .with_context(|| format!("{word} needs a value"))
            };
            match word.as_str() {
                "--pods" => asked.pods = number(word, value()?)?,
                "--runs" => asked.runs = number(word, value()?)?.max(1),
                "--events" => asked.events = number(word, value()?)?.max(1),
                "--views" => asked.views = number(word, value()?)?,
                "--slow" => asked.slow = true,
                "--dry" => asked.write = false,
                "--kubeconfig" => asked.kubeconfig = value()?.clone(),
                "--app" => asked.app.clone_from(value()?),
                "--store" => asked.store = value()?.clone(),
                flag if flag.starts_with('-') => bail!("there is no flag \"{flag}\""),
                verb if asked.verb.is_empty() => verb.clone_into(&mut asked.verb),
                word if asked.verb.starts_with("ours-") => asked.words.push(word.to_owned()),
                word => bail!("\"{word}\" is one word too many"),
            }
        }
        Ok(asked)
    }
}

fn number(flag: &str, value: &str) -> Result<u32> {
    value
        .parse()
        .with_context(|| format!("{flag} takes a whole number, not \"{value}\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Asked> {
        let words: Vec<_> = line.split_whitespace().map(str::to_owned).collect();
        Asked::read(&words)
    }

    #[test]
    fn the_command_line_is_read() {
        let asked = read("list --pods 50000 --runs 2 --slow").unwrap();
        assert_eq!(
            (asked.verb.as_str(), asked.pods, asked.runs),
            ("list", 50_000, 2)
        );
        assert!(asked.slow && asked.write);
        for (line, word) in [
            ("list --pods many", "many"),
            ("list --size 1", "--size"),
            ("list a", "\"a\""),
        ] {
            let error = format!("{:#}", read(line).unwrap_err());
            assert!(error.contains(word), "{line}: {error}");
        }
    }
}
