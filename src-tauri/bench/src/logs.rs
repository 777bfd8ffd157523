//! `bench logs`: one container's whole log, read by curl, by kubectl and by the core, which cuts it into lines,
//! judges each, keeps them within its bounds and counts what it gave up. Every line is accounted for, or there
//! is no number.

use std::fmt::Write as _;
use std::fs;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use kubegraf_core::StreamKey;
use kubegraf_ipc::logs::{LogHead, LogOptions, LogState, LogTarget, LogView, LogsEvent, WatchLogs};
use kubegraf_ipc::object::ObjectRef;
use kubegraf_testcluster::Binary;
use serde::{Deserialize, Serialize};
use xtask::bench::sheet::{Sheet, median, spread};

use crate::app::{App, told};
use crate::asked::Asked;
use crate::process;
use crate::stage::Stage;
use crate::verdict::at_least;

/// Lines of the log for each of `--events`.
const LINES: u32 = 10;
/// How long a log may take.
const PATIENCE: Duration = Duration::from_secs(600);
/// Where the kwok nodes of a cluster find the log of every container.
const LOG: &str = "data/container.log";

/// What a run of ours says.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Report {
    seconds: f64,
    lines: u64,
    given_up: u64,
    peak_kb: u64,
}

/// Brings a cluster up, lets each contender read, prints the table.
pub async fn conduct(asked: &Asked) -> Result<()> {
    // As few pods as a cluster has: nothing of them is read.
    let stage = Stage::up(100).await?;
    let outcome = measured(asked, &stage).await;
    stage.down().await?;
    outcome?.publish(asked.write)
}

async fn measured(asked: &Asked, stage: &Stage) -> Result<Sheet> {
    let cluster = stage.cluster();
    let lines = u64::from(asked.events) * u64::from(LINES);
    fs::write(cluster.dir().join(LOG), text(lines)?).context("write the log")?;
    let pod = first_pod(stage).await?;
    let (namespace, name) = (pod.0.as_str(), pod.1.as_str());
    let path = format!("/api/v1/namespaces/{namespace}/pods/{name}/log?timestamps=true");
    let mut walls = [Vec::new(), Vec::new(), Vec::new()];
    let (mut bytes, mut peak, mut given_up) = (0.0, 0, 0);
    for _ in 0..asked.runs {
        let ran = process::measure(stage.curl_path(&path, "*/*"), true).await?;
        let size = ran.output.split_whitespace().next().unwrap_or_default();
        bytes = size.parse::<f64>().context("read what curl says")?;
        walls[0].push(bytes / ran.wall.as_secs_f64() / 1e6);
        let mut kubectl = Command::new(Binary::Kubectl.path());
        kubectl.env("KUBECONFIG", cluster.kubeconfig());
        kubectl.args(["logs", "--timestamps", "-n", namespace, name]);
        let ran = process::measure(kubectl, false).await?;
        walls[1].push(bytes / ran.wall.as_secs_f64() / 1e6);
        let own = std::env::current_exe().context("find this program")?;
        let mut ours = Command::new(own);
        ours.args(["ours-logs", namespace, name, "--kubeconfig"]);
        ours.arg(cluster.kubeconfig());
        let ran = process::measure(ours, true).await?;
        let report: Report = serde_json::from_str(&ran.output)
            .with_context(|| format!("read what ours reports: {:?}", ran.output))?;
        if report.lines != lines {
            bail!(
                "the run is void: {} of {lines} lines were read",
                report.lines
            );
        }
        walls[2].push(bytes / report.seconds / 1e6);
        (peak, given_up) = (report.peak_kb.max(peak), report.given_up);
    }
    let [curl, kubectl, ours] = walls;
    let row =
        |name: &str, rates: &[f64], what: String| vec![name.to_owned(), spread(rates, 1), what];
    let held = format!(
        "{lines} of {lines} lines, {given_up} given up to stay within memory, peak {} MB",
        peak / 1_000
    );
    Ok(Sheet {
        name: "logs".into(),
        title: format!("Reading a log of {:.0} MB", bytes / 1e6),
        how: format!(
            "`cargo xtask bench logs --events {} --runs {}`: a container's log of {lines} lines through a real API server from a kwok node, which is \
             what limits all three. curl and kubectl from their start, throwing away what comes; the core from the opening of the log until it says \
             that it has ended, every line kept or counted.",
            asked.events, asked.runs
        ),
        columns: ["contender", "MB/s", "what becomes of it"]
            .map(str::to_owned)
            .into(),
        rows: vec![
            row("curl", &curl, "thrown away".into()),
            row("kubectl logs", &kubectl, "thrown away".into()),
            row("KubeGraf", &ours, held),
        ],
        verdicts: vec![
            at_least("of curl's rate", median(&ours) / median(&curl), 0.8, "×"),
            at_least(
                "of kubectl's rate",
                median(&ours) / median(&kubectl),
                1.0,
                "×",
            ),
        ],
    })
}

/// A log as a container runtime writes it.
fn text(lines: u64) -> Result<String> {
    let mut text = String::new();
    for number in 0..lines {
        let (second, nano) = (number / 1_000 % 60, number % 1_000 * 1_000_000);
        let (minute, hour) = (number / 60_000 % 60, number / 3_600_000 % 24);
        let level = if number % 100 == 0 { "error" } else { "info" };
        writeln!(
            text,
            "2026-01-01T{hour:02}:{minute:02}:{second:02}.{nano:09}Z stdout F level={level} msg=\"request served\" number={number} path=/api/v1/orders"
        )?;
    }
    Ok(text)
}

async fn first_pod(stage: &Stage) -> Result<(String, String)> {
    let list = stage.cluster().get(&["pods", "-A"]).await?;
    let pod = list["items"].get(0).context("there is no pod")?;
    let word = |name: &str| {
        pod["metadata"][name]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    };
    Ok((word("namespace"), word("name")))
}

/// Ours: opens the log, waits for its end, reports.
pub async fn ours(asked: &Asked) -> Result<()> {
    let app = App::start(&asked.kubeconfig).await?;
    let [namespace, name] = asked.words.as_slice() else {
        bail!("say the namespace and the pod");
    };
    let last = Arc::new(Mutex::new((LogHead::default(), Vec::new())));
    let heard = Arc::clone(&last);
    let sink = move |event: LogsEvent| {
        let mut last = heard
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(sources) = &event.sources {
            last.1.clone_from(sources);
        }
        last.0 = event.head;
        true
    };
    let request = WatchLogs {
        cluster: app.cluster.clone(),
        of: LogTarget::Object {
            object: ObjectRef {
                api_version: "v1".into(),
                kind: "Pod".into(),
                namespace: namespace.clone(),
                name: name.clone(),
                uid: None,
            },
            container: None,
        },
        options: LogOptions {
            follow: false,
            tail: None,
            ..LogOptions::default()
        },
        view: LogView {
            count: 120,
            fields: true,
            ..LogView::default()
        },
    };
    let since = Instant::now();
    let opened = app
        .core
        .watch_logs(request, StreamKey::new("bench", 1), Box::new(sink));
    opened.await.map_err(told)?;
    let report = loop {
        {
            let last = last
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner);
            let ended = |state: &LogState| matches!(state, LogState::Ended);
            if let Some(failed) = last.1.iter().find_map(|source| match &source.state {
                LogState::Failed { reason } => Some(reason.clone()),
                _ => None,
            }) {
                bail!("the log cannot be read: {failed}");
            }
            if !last.1.is_empty() && last.1.iter().all(|source| ended(&source.state)) {
                break Report {
                    seconds: since.elapsed().as_secs_f64(),
                    lines: last.0.held + last.0.given_up,
                    given_up: last.0.given_up,
                    peak_kb: process::own_kb("VmHWM"),
                };
            }
        }
        if since.elapsed() > PATIENCE {
            bail!("the log has no end after {} s", PATIENCE.as_secs());
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    };
    println!("{}", serde_json::to_string(&report)?);
    app.stop().await;
    Ok(())
}
