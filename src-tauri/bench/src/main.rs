//! The programs of `cargo xtask bench list|watch|view|window|incidents|logs|terminal|forward`: a conductor that brings a cluster up and starts
//! each contender as a process of its own, and the contender that is KubeGraf's core.
//! Knows the core's public face only; what a target is stands in [`verdict`].
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command-line tool talks on its output"
)]

mod app;
mod asked;
mod forward;
mod incidents;
mod list;
mod logs;
mod ours;
mod process;
mod snapshots;
mod stage;
mod tape;
mod terminal;
mod verdict;
mod view;
mod watch;
mod window;
mod wire;

use anyhow::{Result, bail};

use crate::asked::Asked;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let asked = Asked::read(&arguments)?;
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(async {
        match asked.verb.as_str() {
            "list" => list::conduct(&asked).await,
            "watch" => watch::conduct(&asked).await,
            "view" => view::conduct(&asked).await,
            "window" => window::conduct(&asked).await,
            "incidents" => incidents::conduct(&asked).await,
            "logs" => logs::conduct(&asked).await,
            "terminal" => terminal::conduct(&asked).await,
            "forward" => forward::conduct(&asked).await,
            "ours-logs" => logs::ours(&asked).await,
            "ours-list" => ours::list(&asked).await,
            "ours-watch" => watch::ours(&asked).await,
            "ours-view" => view::ours(&asked).await,
            "ours-incidents" => incidents::ours(&asked).await,
            "ours-scan" => snapshots::ours(&asked).await,
            other => bail!(
                "there is no bench \"{other}\": say list, watch, view, window, incidents, logs, terminal or forward"
            ),
        }
    })
}
