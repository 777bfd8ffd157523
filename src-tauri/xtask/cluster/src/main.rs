//! Test clusters for a person: the half of `cargo xtask cluster` that links what it takes to make one. Knows the words of its command
//! line; how a cluster is made is known by `kubegraf-testcluster`.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command-line tool talks on its output"
)]

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail};
use kubegraf_testcluster::{
    Binary, Cluster, Options, Progress, Running, State, Tier, build, down, list, sweep,
};

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let asked = Asked::read(&arguments)?;
    match asked.verb.as_str() {
        "build" => binaries(&Binary::ALL),
        "up" => up(&asked),
        "down" => end(&asked),
        "status" => status(&asked),
        other => bail!("there is no verb \"{other}\": say up, down, status or build"),
    }
}

/// The command line.
#[derive(Debug, Default)]
struct Asked {
    verb: String,
    tier: Option<Tier>,
    name: Option<String>,
    nodes: Option<u32>,
    pods: Option<u32>,
    crowd: Option<u32>,
}

impl Asked {
    fn read(arguments: &[String]) -> Result<Self> {
        let mut asked = Self::default();
        let mut words = arguments.iter();
        while let Some(word) = words.next() {
            let mut value = || {
                words
                    .next()
                    .with_context(|| format!("{word} needs a value"))
            };
            match word.as_str() {
                "--name" => asked.name = Some(value()?.clone()),
                "--nodes" => asked.nodes = Some(number(word, value()?)?),
                "--pods" => asked.pods = Some(number(word, value()?)?),
                "--crowd" => asked.crowd = Some(number(word, value()?)?),
                flag if flag.starts_with('-') => bail!("there is no flag \"{flag}\""),
                verb if asked.verb.is_empty() => verb.clone_into(&mut asked.verb),
                tier => asked.tier = Some(tier.parse()?),
            }
        }
        Ok(asked)
    }

    /// Whether `cluster` is one of those meant.
    fn means(&self, cluster: &Running) -> bool {
        self.tier.is_none_or(|tier| tier == cluster.tier)
            && self.name.as_ref().is_none_or(|name| *name == cluster.name)
    }
}

fn number(flag: &str, value: &str) -> Result<u32> {
    value
        .parse()
        .with_context(|| format!("{flag} takes a whole number, not \"{value}\""))
}

fn binaries(which: &[Binary]) -> Result<()> {
    build(which, |progress| match progress {
        Progress::Waiting => eprintln!("another process builds the control plane: waiting for it"),
        Progress::Building(binary) => {
            eprintln!("building {} (once; then it is cached)", binary.name())
        }
        Progress::Built(binary) => eprintln!("built {}", binary.name()),
    })?;
    Ok(())
}

fn up(asked: &Asked) -> Result<()> {
    let tier = asked.tier.context("say which: up kwok or up real")?;
    let name = asked.name.clone().unwrap_or_else(|| tier.to_string());
    // What a crashed run left must not stand in the way.
    for swept in sweep()? {
        eprintln!("removed \"{swept}\", left behind by a run that ended badly");
    }
    if let Some(there) = list().into_iter().find(|cluster| cluster.name == name) {
        match there.state {
            State::Broken(part) => bail!(
                "\"{name}\" is broken ({part} has died): `cargo xtask cluster down --name {name}` first"
            ),
            _ => eprintln!("\"{name}\" is up already"),
        }
        tell(&there);
        return Ok(());
    }
    binaries(Binary::of(tier))?;
    let mut options = Options::of(tier).name(&name);
    if let Some(nodes) = asked.nodes {
        options = options.nodes(nodes);
    }
    if let Some(pods) = asked.pods {
        options = options.pods(pods);
    }
    if let Some(crowd) = asked.crowd {
        options = options.crowd(crowd);
    }
    if tier == Tier::Real {
        options = options.metrics(true);
    }
    let runtime = tokio::runtime::Runtime::new().context("start the async runtime")?;
    runtime.block_on(async { Cluster::up(options).await?.detach() })?;
    let there = list().into_iter().find(|cluster| cluster.name == name);
    tell(&there.context("the cluster came up but is not listed")?);
    Ok(())
}

/// Where it is, so that a shell can read it and a person can copy it.
fn tell(cluster: &Running) {
    println!("export KUBECONFIG={}", cluster.kubeconfig.display());
}

fn end(asked: &Asked) -> Result<()> {
    for swept in sweep()? {
        println!("removed \"{swept}\", left behind by a run that ended badly");
    }
    // Only what was left running on purpose: a cluster whose test runs now is not ours, unless it is named.
    let ours = |cluster: &Running| {
        asked.means(cluster) && (asked.name.is_some() || cluster.state != State::Owned)
    };
    let chosen: Vec<Running> = list().into_iter().filter(ours).collect();
    if chosen.is_empty() {
        println!("no such cluster is up");
    }
    for cluster in chosen {
        down(&cluster.name)?;
        println!("\"{}\" is down", cluster.name);
    }
    Ok(())
}

fn status(asked: &Asked) -> Result<()> {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .context("read the clock")?
        .as_secs();
    let chosen: Vec<Running> = list()
        .into_iter()
        .filter(|cluster| asked.means(cluster))
        .collect();
    if chosen.is_empty() {
        println!("no cluster is up");
    }
    for cluster in chosen {
        let state = match &cluster.state {
            _ if !cluster.ready => "coming up".to_owned(),
            State::Owned => "in use by a test".to_owned(),
            State::Detached => "up".to_owned(),
            State::Broken(part) => format!("broken: {part} has died"),
            State::Orphaned => "left behind by a crash; \"down\" removes it".to_owned(),
        };
        let minutes = now.saturating_sub(cluster.since) / 60;
        println!(
            "{:<16} {:<5} {} nodes, {} pods at start, {minutes} min, {state}\n    {}\n    {}",
            cluster.name,
            cluster.tier.to_string(),
            cluster.nodes,
            cluster.pods,
            cluster.server,
            cluster.kubeconfig.display(),
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Asked> {
        Asked::read(
            &line
                .split_whitespace()
                .map(str::to_owned)
                .collect::<Vec<_>>(),
        )
    }

    #[test]
    fn the_command_line_is_read() {
        let asked = read("up kwok --nodes 50 --pods 2000 --name big").unwrap();
        assert_eq!((asked.verb.as_str(), asked.tier), ("up", Some(Tier::Kwok)));
        assert_eq!(
            (asked.nodes, asked.pods, asked.name.as_deref()),
            (Some(50), Some(2000), Some("big"))
        );
    }

    #[test]
    fn what_makes_no_sense_is_named() {
        for (line, word) in [
            ("up kind", "kind"),
            ("up kwok --nodes many", "many"),
            ("up kwok --size 3", "--size"),
            ("up kwok --nodes", "--nodes"),
        ] {
            let error = format!("{:#}", read(line).unwrap_err());
            assert!(error.contains(word), "{line}: {error}");
        }
    }
}
