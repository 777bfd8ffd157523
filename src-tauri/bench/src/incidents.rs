//! `bench incidents`: what it costs to look for what is broken. From a status to the incident that tells of it, the
//! processor time of the whole core on a large cluster at rest and under constant change, and a scan of a file.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use k8s_openapi::api::core::v1::Pod;
use kube::{
    Api, Client, ResourceExt,
    api::{DeleteParams, Patch, PatchParams, PostParams},
};
use kubegraf_core::{Core, Options, StreamKey, clock::SystemClock, clusters::Sources};
use kubegraf_ipc::{
    cluster::{RefreshClusters, SwitchCluster},
    incident::{IncidentsEvent, WatchIncidents},
    object::{Delta, Freshness},
};
use kubegraf_testcluster::Binary;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::sync::mpsc;
use xtask::bench::sheet::{Sheet, median};

use crate::asked::Asked;
use crate::ours::{connect, ms};
use crate::stage::Stage;
use crate::verdict::at_most;
use crate::{process, snapshots};

/// How often something breaks.
const TIMES: usize = 20;
/// How long each share of a core is measured.
const SPAN: Duration = Duration::from_secs(30);
/// Changes in a second, one pod each.
const RATES: [u32; 2] = [20, 200];
/// Patience with the core.
const PATIENCE: Duration = Duration::from_secs(300);

/// What the core reports of itself.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Report {
    /// Changes in a second, and the share of one core that was spent meanwhile.
    shares: Vec<(u32, f64)>,
    /// Milliseconds from before the status is sent to the incident.
    latencies: Vec<f64>,
    /// The same while [`RATES`]' first many changes happen in a second.
    busy: Vec<f64>,
    /// Incidents that were there before.
    known: usize,
}

/// Brings a cluster up, breaks pods of it, scans files, prints the table.
pub async fn conduct(asked: &Asked) -> Result<()> {
    let scans = snapshots::scanned().await?;
    let stage = Stage::up(asked.pods).await?;
    let outcome = measured(&stage).await;
    stage.down().await?;
    sheet(asked, &outcome?, &scans).publish(asked.write)
}

async fn measured(stage: &Stage) -> Result<Report> {
    stage.quiet().await?;
    let own = std::env::current_exe().context("find this program")?;
    let mut command = Command::new(own);
    command
        .arg("ours-incidents")
        .arg("--kubeconfig")
        .arg(stage.cluster().kubeconfig());
    command.args(["--store", &stage.cluster().store()]);
    let ran = process::measure(command, true).await?;
    serde_json::from_str(&ran.output)
        .with_context(|| format!("read what the core reports: {:?}", ran.output))
}

fn sheet(asked: &Asked, report: &Report, scans: &[snapshots::Scanned]) -> Sheet {
    let mut rows = Vec::new();
    for (rate, share) in &report.shares {
        let what = match rate {
            0 => "share of one core, nothing changes".to_owned(),
            rate => format!("share of one core, {rate} changes/s"),
        };
        rows.push(vec![what, format!("{:.1} %", share * 100.0), String::new()]);
    }
    let all = |name: &str, times: &[f64]| {
        let most = times.iter().copied().fold(0.0, f64::max);
        vec![
            name.to_owned(),
            format!("{:.0} ms", median(times)),
            format!("{most:.0} ms"),
        ]
    };
    rows.push(all(
        "status → incident, nothing else changes",
        &report.latencies,
    ));
    let busy = format!("status → incident, {} changes/s", RATES[0]);
    rows.push(all(&busy, &report.busy));
    for scan in scans {
        rows.push(vec![
            format!("scan of {} objects, {}", scan.objects, scan.format),
            format!("{:.0} ms", scan.ms),
            format!("{} MB at most", scan.peak_kb / 1024),
        ]);
    }
    let share = |wanted: u32| {
        let found = report.shares.iter().find(|(rate, _)| *rate == wanted);
        found.map_or(f64::NAN, |(_, share)| share * 100.0)
    };
    let slowest = report.latencies.iter().chain(&report.busy);
    Sheet {
        name: format!("incidents {}", asked.pods),
        title: format!("Looking for what is broken among {} pods", asked.pods),
        how: format!(
            "`cargo xtask bench incidents --pods {}`: the whole core without a window, with every kind it watches, on a real API server; {} incidents \
             of the crowd are known before. Its processor time over {} s, changes written beside the API server. {TIMES} pods get the status of one whose \
             image cannot be pulled, one after the other: from before that is sent to the incident in the stream a window has. A scan is the command line's, \
             in a process of its own.",
            asked.pods,
            report.known,
            SPAN.as_secs()
        ),
        columns: ["what", "median", "most"].map(str::to_owned).into(),
        rows,
        verdicts: vec![
            at_most("share of one core, nothing changes", share(0), 5.0, "%"),
            at_most(
                &format!("share of one core, {} changes/s", RATES[0]),
                share(RATES[0]),
                5.0,
                "%",
            ),
            at_most(
                "the slowest from a status to its incident",
                slowest.copied().fold(0.0, f64::max),
                2_000.0,
                "ms",
            ),
        ],
    }
}

/// The core, and what it says of incidents.
struct Watched {
    core: Core,
    events: mpsc::UnboundedReceiver<(Instant, IncidentsEvent)>,
    known: usize,
}

impl Watched {
    async fn start(data: &Path, kubeconfig: &str) -> Result<Self> {
        let core = Core::start(Options {
            data_dir: data.into(),
            sources: Sources {
                kubeconfigs: vec![kubeconfig.into()],
                demo: false,
            },
            actor: "bench".into(),
            clock: Arc::new(SystemClock),
        })
        .await?;
        let cluster = {
            let list = core.refresh_clusters(RefreshClusters {}).await?;
            let real = list.clusters.into_iter().find(|entry| !entry.is_demo);
            real.context("the kubeconfig has no context")?.id
        };
        core.switch_cluster(SwitchCluster {
            request_id: "bench".into(),
            cluster: cluster.clone(),
        })
        .await?;
        let (send, events) = mpsc::unbounded_channel();
        let sink = Box::new(move |event| send.send((Instant::now(), event)).is_ok());
        core.watch_incidents(WatchIncidents { cluster }, StreamKey::new("bench", 1), sink)
            .await?;
        let mut watched = Self {
            core,
            events,
            known: 0,
        };
        let since = Instant::now();
        loop {
            let left = PATIENCE.saturating_sub(since.elapsed());
            let next = tokio::time::timeout(left, watched.events.recv()).await;
            let (_, event) = next
                .context("nothing was judged in time")?
                .context("the stream of incidents ended")?;
            if event.evaluated_at > 0 && event.freshness == Freshness::Live {
                watched.known = event.order.len();
                return Ok(watched);
            }
        }
    }

    /// When an incident about the object was told of.
    async fn told(&mut self, name: &str) -> Result<Instant> {
        let since = Instant::now();
        while let Ok(Some((at, event))) =
            tokio::time::timeout(PATIENCE.saturating_sub(since.elapsed()), self.events.recv()).await
        {
            let rows = event.deltas.iter().flat_map(|delta| match delta {
                Delta::Reset { rows } | Delta::Apply { rows } => rows.as_slice(),
                Delta::Delete { .. } => &[],
            });
            if rows.into_iter().any(|row| row.resource.name == name) {
                return Ok(at);
            }
        }
        bail!("no incident about \"{name}\" was told of")
    }

    /// The share of one core that this process spends.
    async fn share(&mut self) -> f64 {
        let (since, cpu) = (Instant::now(), process::own_cpu());
        tokio::time::sleep(SPAN).await;
        let spent = process::own_cpu().saturating_sub(cpu);
        while self.events.try_recv().is_ok() {}
        spent.as_secs_f64() / (ms(since) / 1_000.0)
    }
}

/// Ours: watches a cluster, and what breaks in it.
pub async fn ours(asked: &Asked) -> Result<()> {
    let data = std::env::temp_dir().join(format!("kubegraf-bench-{}", std::process::id()));
    let outcome = watch(asked, &data).await;
    // It is ours alone, and what is left of it harms nobody.
    let _ = std::fs::remove_dir_all(&data);
    println!("{}", serde_json::to_string(&outcome?)?);
    Ok(())
}

async fn watch(asked: &Asked, data: &Path) -> Result<Report> {
    let mut watched = Watched::start(data, &asked.kubeconfig).await?;
    let mut report = Report {
        known: watched.known,
        ..Report::default()
    };
    // What the first list left to tidy up is not the judging.
    tokio::time::sleep(Duration::from_secs(10)).await;
    report.shares.push((0, watched.share().await));
    for rate in RATES {
        let churn = churn(asked, rate, SPAN + Duration::from_secs(5))?;
        tokio::time::sleep(Duration::from_secs(2)).await;
        report.shares.push((rate, watched.share().await));
        ended(churn).await?;
    }
    let (_clusters, connection) = connect(&asked.kubeconfig).await?;
    let client = connection.client().clone();
    for number in 0..TIMES {
        let took = broken(&mut watched, &client, &format!("bench-rest-{number}")).await?;
        report.latencies.push(took);
    }
    let churn = churn(asked, RATES[0], SPAN)?;
    for number in 0..TIMES {
        let took = broken(&mut watched, &client, &format!("bench-busy-{number}")).await?;
        report.busy.push(took);
    }
    ended(churn).await?;
    drop(watched.core);
    Ok(report)
}

fn churn(asked: &Asked, rate: u32, span: Duration) -> Result<tokio::process::Child> {
    let events = u64::from(rate) * span.as_secs();
    let mut churn = tokio::process::Command::new(Binary::Load.path());
    churn.arg("churn").arg(&asked.store);
    churn.args(["--events", &events.to_string(), "--pods", "2000"]);
    churn.args(["--replace", "0", "--rate", &rate.to_string()]);
    churn
        .stdout(std::process::Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .context("start the churn")
}

async fn ended(mut churn: tokio::process::Child) -> Result<()> {
    let status = churn.wait().await.context("wait for the churn")?;
    if !status.success() {
        bail!("the churn failed: {}", xtask::process::outcome(status));
    }
    Ok(())
}

/// Makes a pod, lets it fail, and waits for the incident; milliseconds.
async fn broken(watched: &mut Watched, client: &Client, name: &str) -> Result<f64> {
    let pods: Api<Pod> = Api::namespaced(client.clone(), "default");
    let pod: Pod = serde_json::from_value(json!({
        "metadata": {"name": name}, "spec": {"nodeName": "node-0", "automountServiceAccountToken": false,
            "containers": [{"name": "app", "image": "registry.example.com/shop/app:9"}]}}))?;
    let made = pods.create(&PostParams::default(), &pod).await;
    let made = made.with_context(|| format!("create pod \"{name}\""))?;
    tokio::time::sleep(Duration::from_millis(700)).await;
    let status = json!({"status": {"phase": "Pending", "containerStatuses": [{"name": "app", "ready": false,
        "restartCount": 0, "image": "registry.example.com/shop/app:9", "imageID": "",
        "state": {"waiting": {"reason": "ImagePullBackOff", "message": "manifest unknown"}}}]}});
    let since = Instant::now();
    pods.patch_status(name, &PatchParams::default(), &Patch::Merge(status))
        .await
        .with_context(|| format!("write the status of pod \"{name}\""))?;
    let told = watched.told(name).await?;
    pods.delete(&made.name_any(), &DeleteParams::default().grace_period(0))
        .await
        .with_context(|| format!("delete pod \"{name}\""))?;
    Ok(told.saturating_duration_since(since).as_secs_f64() * 1_000.0)
}
