//! `bench watch`: changes of pods, decoded and stored. First live beside the real API server, recording what
//! it sends; then the same bytes again as fast as they can be taken. Both times the set held afterwards must
//! be what a quorum list says, or there is no number.

use std::collections::BTreeMap;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use kube::Client;
use kube::api::{Api, ListParams};
use kube::core::PartialObjectMeta;
use kubegraf_core::clock::SystemClock;
use kubegraf_core::kinds::Pods;
use kubegraf_core::objects::Object;
use kubegraf_core::watch::{Mirror, Watches};
use kubegraf_ipc::object::Freshness;
use kubegraf_testcluster::Binary;
use serde::{Deserialize, Serialize};
use xtask::bench::sheet::{Sheet, median, spread};

use crate::asked::Asked;
use crate::ours::connect;
use crate::process;
use crate::stage::Stage;
use crate::tape::{Encoding, Gate, Tape, behind};
use crate::verdict::at_least;

/// Pods that change; the others only are there.
const CHANGING: u32 = 2_000;
/// One change in so many deletes a pod and makes its namesake.
const REPLACED: u32 = 25;
/// No change for this long: everything has been told.
const QUIET: Duration = Duration::from_secs(2);
/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(300);

/// What a run of ours says.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Report {
    encoding: String,
    /// Changes made.
    events: u32,
    /// Of those, in a second, while they were made.
    live_rate: f64,
    /// Bytes of the watch.
    bytes: u64,
    /// Replays: events in a second of processor time.
    per_core: Vec<f64>,
    /// Replays: events in a second.
    per_second: Vec<f64>,
}

/// Uid and version of every object.
type Held = BTreeMap<String, String>;

/// Brings a cluster up, lets ours watch it in both encodings, prints the table.
pub async fn conduct(asked: &Asked) -> Result<()> {
    let stage = Stage::up(asked.pods).await?;
    let outcome = measured(asked, &stage).await;
    stage.down().await?;
    sheet(asked, &outcome?).publish(asked.write)
}

async fn measured(asked: &Asked, stage: &Stage) -> Result<Vec<Report>> {
    stage.quiet().await?;
    let mut reports = Vec::new();
    for json in [false, true] {
        let own = std::env::current_exe().context("find this program")?;
        let mut command = Command::new(own);
        command
            .arg("ours-watch")
            .arg("--kubeconfig")
            .arg(stage.cluster().kubeconfig());
        command.args(["--store", &stage.cluster().store()]);
        command.args([
            "--events",
            &asked.events.to_string(),
            "--runs",
            &asked.runs.to_string(),
        ]);
        command.args(["--views", if json { "1" } else { "0" }]);
        let ran = process::measure(command, true).await?;
        let report: Report = serde_json::from_str(&ran.output)
            .with_context(|| format!("read what the watcher reports: {:?}", ran.output))?;
        eprintln!(
            "{:<10} {:>9.0} events/s/core",
            report.encoding,
            median(&report.per_core)
        );
        reports.push(report);
    }
    Ok(reports)
}

fn sheet(asked: &Asked, reports: &[Report]) -> Sheet {
    let rows = reports
        .iter()
        .map(|report| {
            vec![
                report.encoding.clone(),
                spread(&report.per_core, 0),
                spread(&report.per_second, 0),
                format!("{:.0}", report.live_rate),
                format!(
                    "{:.1}",
                    bytes(report.bytes) / f64::from(report.events) / 1_000.0
                ),
                "equal".into(),
            ]
        })
        .collect();
    let best = reports
        .first()
        .map_or(0.0, |report| median(&report.per_core));
    Sheet {
        name: format!("watch {}", asked.pods),
        title: format!("Watching {} pods change", asked.pods),
        how: format!(
            "`cargo xtask bench watch --pods {} --events {} --runs {}`: the bytes of a watch of a real API server, recorded while {CHANGING} pods \
             changed (one change in {REPLACED} replaces a pod by its namesake), and played again to the core's own reflector as fast as it takes \
             them: decoded, stored, rows made. After each run the set of uid and resourceVersion equals a quorum list, or there is no figure.",
            asked.pods, asked.events, asked.runs
        ),
        columns: [
            "encoding",
            "events/s of one core",
            "events/s",
            "live events/s of the server",
            "kB an event",
            "set afterwards",
        ]
        .map(str::to_owned)
        .into(),
        rows,
        verdicts: vec![at_least(
            "events a second on one core",
            best,
            50_000.0,
            "/s",
        )],
    }
}

/// Ours: records, then replays.
pub async fn ours(asked: &Asked) -> Result<()> {
    let (_clusters, connection) = connect(&asked.kubeconfig).await?;
    let encoding = if asked.views == 1 {
        Encoding::Json
    } else {
        Encoding::AsAsked
    };
    let tape = Tape::default();
    let (truth, live_rate) =
        record(asked, connection.client(), &tape, encoding, 0.0, REPLACED).await?;
    let mut report = Report {
        encoding: if tape.is_protobuf() {
            "protobuf"
        } else {
            "JSON"
        }
        .into(),
        events: asked.events,
        live_rate,
        bytes: tape
            .after_mark()
            .iter()
            .map(|piece| piece.len() as u64)
            .sum(),
        ..Report::default()
    };
    for _ in 0..asked.runs {
        let (wall, cpu) = replay(&tape, &truth).await?;
        report
            .per_second
            .push(f64::from(asked.events) / wall.as_secs_f64());
        report
            .per_core
            .push(f64::from(asked.events) / cpu.as_secs_f64().max(0.01));
    }
    println!("{}", serde_json::to_string(&report)?);
    Ok(())
}

/// Watches the real server while pods change; answers with the set that is true afterwards and the rate.
pub async fn record(
    asked: &Asked,
    real: &Client,
    tape: &Tape,
    encoding: Encoding,
    rate: f64,
    replaced: u32,
) -> Result<(Held, f64)> {
    let watches = Watches::new(tape.record(real.clone(), encoding), Arc::new(SystemClock));
    let pods = watches.subscribe::<Pods>();
    live(&pods).await?;
    eprintln!("live with {} pods", pods.len());
    tape.mark();
    let mut churn = tokio::process::Command::new(Binary::Load.path());
    churn.arg("churn").arg(&asked.store);
    churn.args([
        "--events",
        &asked.events.to_string(),
        "--pods",
        &CHANGING.to_string(),
    ]);
    churn.args([
        "--replace",
        &replaced.to_string(),
        "--rate",
        &rate.to_string(),
    ]);
    let said = churn
        .kill_on_drop(true)
        .output()
        .await
        .context("start the churn")?;
    if !said.status.success() {
        bail!(
            "the churn failed: {}",
            String::from_utf8_lossy(&said.stderr).trim()
        );
    }
    let churned: serde_json::Value =
        serde_json::from_slice(&said.stdout).context("read what the churn reports")?;
    eprintln!("the churn has ended: {churned}");
    quiet(&pods).await?;
    eprintln!("quiet");
    let truth = quorum(real).await?;
    compare(&pods, &truth).context("live, beside the server")?;
    eprintln!("equal to a quorum list of {}", truth.len());
    let seconds = churned["seconds"].as_f64().unwrap_or(f64::INFINITY);
    Ok((truth, f64::from(asked.events) / seconds))
}

async fn replay(tape: &Tape, truth: &Held) -> Result<(Duration, Duration)> {
    let gate = Gate::new(false);
    let watches = Watches::new(tape.play(behind(&gate)), Arc::new(SystemClock));
    let pods = watches.subscribe::<Pods>();
    live(&pods).await?;
    // What the list has left to tidy up is not the watch's.
    tokio::time::sleep(Duration::from_millis(500)).await;
    let (since, cpu) = (Instant::now(), process::own_cpu());
    gate.send_replace(true);
    let last = quiet(&pods).await?;
    let spent = process::own_cpu().saturating_sub(cpu);
    compare(&pods, truth).context("replayed")?;
    Ok((last.saturating_duration_since(since), spent))
}

/// Waits for the first whole list.
pub async fn live(pods: &Mirror<Pods>) -> Result<()> {
    let mut changes = pods.changes();
    let since = Instant::now();
    while pods.freshness() != Freshness::Live {
        if since.elapsed() > PATIENCE {
            bail!(
                "the list is not whole after {} s: {:?}",
                PATIENCE.as_secs(),
                pods.freshness()
            );
        }
        // An end of the sender would be an end of the watch.
        let _ = tokio::time::timeout(Duration::from_secs(1), changes.changed()).await;
    }
    Ok(())
}

/// Waits until nothing changes any more; answers with the moment of the last change.
async fn quiet(pods: &Mirror<Pods>) -> Result<Instant> {
    let mut changes = pods.changes();
    let (begun, mut last) = (Instant::now(), Instant::now());
    while let Ok(changed) = tokio::time::timeout(QUIET, changes.changed()).await {
        changed.context("the watch ended")?;
        last = Instant::now();
        if begun.elapsed() > PATIENCE {
            bail!("the pods still change after {} s", PATIENCE.as_secs());
        }
    }
    Ok(last)
}

/// What the store holds, not a cache of it.
async fn quorum(client: &Client) -> Result<Held> {
    let api: Api<PartialObjectMeta<k8s_openapi::api::core::v1::Pod>> = Api::all(client.clone());
    let list = api
        .list_metadata(&ListParams::default())
        .await
        .context("list the pods")?;
    let held = list.items.into_iter().map(|pod| {
        let meta = pod.metadata;
        (
            meta.uid.unwrap_or_default(),
            meta.resource_version.unwrap_or_default(),
        )
    });
    Ok(held.collect())
}

fn compare(pods: &Mirror<Pods>, truth: &Held) -> Result<()> {
    let held: Held = pods
        .objects()
        .iter()
        .map(|pod| {
            (
                pod.metadata().uid.to_string(),
                pod.metadata().resource_version.to_string(),
            )
        })
        .collect();
    if held == *truth {
        return Ok(());
    }
    let ghosts = held.keys().filter(|uid| !truth.contains_key(*uid)).count();
    let lost = truth.keys().filter(|uid| !held.contains_key(*uid)).count();
    let stale = held
        .iter()
        .filter(|(uid, version)| truth.get(*uid).is_some_and(|true_one| true_one != *version))
        .count();
    bail!(
        "the run is void: {ghosts} ghosts, {lost} lost, {stale} stale of {} objects ({:?})",
        truth.len(),
        pods.freshness()
    );
}

#[allow(clippy::cast_precision_loss, reason = "bytes of one run fit a float")]
fn bytes(value: u64) -> f64 {
    value as f64
}
