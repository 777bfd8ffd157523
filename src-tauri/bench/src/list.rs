//! `bench list`: every pod of a cluster, by several clients in turn.

use std::process::Command;

use anyhow::{Context, Result, bail};
use kubegraf_testcluster::Binary;
use xtask::bench::sheet::{Sheet, median, spread};

use crate::asked::Asked;
use crate::ours::Report;
use crate::process::{self, Ran};
use crate::stage::Stage;
use crate::verdict::at_most;

/// Above this number of pods kubectl takes a minute and gigabytes.
const KUBECTL: u32 = 10_000;
const PROTOBUF: &str = "application/vnd.kubernetes.protobuf";
const JSON: &str = "application/json";

/// Who reads the pods.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Contender {
    /// curl to nowhere: what the server and the wire cost.
    Drain(&'static str),
    /// A client-go informer.
    Informer { encoding: &'static str, list: bool },
    /// `kubectl get pods -A`.
    Kubectl,
    /// KubeGraf's core, with so many open tables.
    Ours { views: u32 },
}

impl Contender {
    const ALL: [Self; 8] = [
        Self::Drain(JSON),
        Self::Drain(PROTOBUF),
        Self::Informer {
            encoding: "protobuf",
            list: false,
        },
        Self::Informer {
            encoding: "protobuf",
            list: true,
        },
        Self::Informer {
            encoding: "json",
            list: true,
        },
        Self::Kubectl,
        Self::Ours { views: 0 },
        Self::Ours { views: 10 },
    ];

    fn name(self) -> String {
        match self {
            Self::Drain(JSON) => "curl drain, JSON".into(),
            Self::Drain(_) => "curl drain, protobuf".into(),
            Self::Informer {
                encoding,
                list: true,
            } => format!("client-go informer, {encoding}, list"),
            Self::Informer {
                encoding,
                list: false,
            } => format!("client-go informer, {encoding}, streamed"),
            Self::Kubectl => "kubectl get pods -A".into(),
            Self::Ours { views: 0 } => "KubeGraf".into(),
            Self::Ours { views } => format!("KubeGraf, {views} open tables"),
        }
    }

    fn command(self, stage: &Stage) -> Result<Command> {
        let kubeconfig = stage.cluster().kubeconfig();
        Ok(match self {
            Self::Drain(accept) => stage.curl(accept),
            Self::Informer { encoding, list } => {
                let mut command = Command::new(Binary::Load.path());
                command
                    .arg("informer")
                    .arg(kubeconfig)
                    .args(["--encoding", encoding]);
                command.env(
                    "KUBE_FEATURE_WatchListClient",
                    if list { "false" } else { "true" },
                );
                if list {
                    command.arg("--list");
                }
                command
            }
            Self::Kubectl => {
                let mut command = stage.cluster().kubectl();
                command.args(["get", "pods", "-A"]);
                command
            }
            Self::Ours { views } => {
                let own = std::env::current_exe().context("find this program")?;
                let mut command = Command::new(own);
                command.arg("ours-list").arg("--kubeconfig").arg(kubeconfig);
                command.args(["--views", &views.to_string()]);
                command
            }
        })
    }
}

/// One contender's runs.
struct Runs {
    contender: Contender,
    all: Vec<Run>,
}

struct Run {
    report: Report,
    cpu: f64,
    server_cpu: f64,
    megabytes: f64,
}

impl Runs {
    fn of(&self, value: impl Fn(&Run) -> f64) -> Vec<f64> {
        self.all
            .iter()
            .map(value)
            .filter(|value| *value > 0.0)
            .collect()
    }

    fn middle(&self, value: impl Fn(&Run) -> f64) -> f64 {
        median(&self.of(value))
    }
}

/// Brings a cluster up, lets everyone read it, prints the table.
pub async fn conduct(asked: &Asked) -> Result<()> {
    let stage = Stage::up(asked.pods).await?;
    let outcome = measured(asked, &stage).await;
    stage.down().await?;
    sheet(asked, &outcome?).publish(asked.write)
}

async fn measured(asked: &Asked, stage: &Stage) -> Result<Vec<Runs>> {
    stage.quiet().await?;
    let mut contenders: Vec<_> = Contender::ALL
        .into_iter()
        .filter(|one| *one != Contender::Kubectl || asked.pods <= KUBECTL || asked.slow)
        .map(|contender| Runs {
            contender,
            all: Vec::new(),
        })
        .collect();
    for turn in 0..asked.runs {
        // There and back again, so that nobody always runs after the same neighbour.
        if turn % 2 == 1 {
            contenders.reverse();
        }
        for one in &mut contenders {
            let run = run(one.contender, asked, stage).await?;
            eprintln!(
                "{:<40} {:>7.2} s",
                one.contender.name(),
                run.report.whole_ms / 1_000.0
            );
            one.all.push(run);
        }
        if turn % 2 == 1 {
            contenders.reverse();
        }
    }
    Ok(contenders)
}

async fn run(contender: Contender, asked: &Asked, stage: &Stage) -> Result<Run> {
    let before = stage.bytes().await?;
    let idle = stage.cpu();
    let keep = contender != Contender::Kubectl;
    let ran = process::measure(contender.command(stage)?, keep).await?;
    let server_cpu = stage.cpu().saturating_sub(idle);
    let after = stage.bytes().await?;
    let report = report(contender, &ran)?;
    let whole = matches!(
        contender,
        Contender::Informer { .. } | Contender::Ours { .. }
    );
    if whole && report.objects != u64::from(asked.pods) {
        bail!(
            "{} has {} of {} pods: the run is void",
            contender.name(),
            report.objects,
            asked.pods
        );
    }
    #[allow(clippy::cast_precision_loss, reason = "bytes of one run fit a float")]
    let megabytes = after.saturating_sub(before) as f64 / 1e6;
    Ok(Run {
        report,
        cpu: ran.cpu.as_secs_f64(),
        server_cpu: server_cpu.as_secs_f64(),
        megabytes,
    })
}

/// What the contender says of itself, or for a stranger what was seen of it.
fn report(contender: Contender, ran: &Ran) -> Result<Report> {
    let seen = Report {
        whole_ms: ran.wall.as_secs_f64() * 1_000.0,
        peak_kb: ran.peak_kb,
        ..Report::default()
    };
    match contender {
        Contender::Kubectl | Contender::Drain(_) => Ok(seen),
        Contender::Informer { .. } | Contender::Ours { .. } => {
            let mut report: Report = serde_json::from_str(&ran.output).with_context(|| {
                format!("read what {} reports: {:?}", contender.name(), ran.output)
            })?;
            report.peak_kb = report.peak_kb.max(ran.peak_kb);
            Ok(report)
        }
    }
}

fn sheet(asked: &Asked, all: &[Runs]) -> Sheet {
    let pods = f64::from(asked.pods);
    let find = |contender| all.iter().find(|runs| runs.contender == contender);
    let floor = find(Contender::Drain(PROTOBUF)).map_or(1.0, |runs| runs.middle(whole));
    let rows = all
        .iter()
        .map(|runs| {
            let steady = runs.middle(|run| kb(run.report.steady_kb));
            let growth = runs.middle(growth);
            vec![
                runs.contender.name(),
                spread(&runs.of(|run| run.report.first_ms), 0),
                spread(&runs.of(whole), 2),
                format!("{:.2}", runs.middle(whole) / floor),
                format!("{:.2}", runs.middle(|run| run.cpu)),
                format!("{:.0}", runs.middle(|run| kb(run.report.peak_kb)) / 1_000.0),
                if steady > 0.0 {
                    format!("{:.0}", steady / 1_000.0)
                } else {
                    "–".into()
                },
                if growth > 0.0 {
                    format!("{:.2}", growth / pods)
                } else {
                    "–".into()
                },
                format!("{:.2}", runs.middle(|run| run.server_cpu)),
                format!("{:.0}", runs.middle(|run| run.megabytes)),
            ]
        })
        .collect();
    Sheet {
        name: format!("list {}", asked.pods),
        title: format!("Reading {} pods", asked.pods),
        how: format!(
            "`cargo xtask bench list --pods {} --runs {}`: a real API server and etcd, pods of 10 KB of JSON; each client a process of its own, in \
             turn. Median, and the range in parentheses. The ratio is to curl's drain of the same pods as protobuf; \
             times of KubeGraf and client-go begin before their first connection, and whole means every pod can be found.",
            asked.pods, asked.runs
        ),
        columns: [
            "client",
            "first row ms",
            "whole s",
            "ratio",
            "client CPU s",
            "peak MB",
            "steady MB",
            "kB a pod",
            "API server CPU s",
            "MB sent",
        ]
        .map(str::to_owned)
        .into(),
        rows,
        verdicts: verdicts(pods, &find),
    }
}

fn verdicts<'a>(pods: f64, find: &impl Fn(Contender) -> Option<&'a Runs>) -> Vec<String> {
    let runs = (
        find(Contender::Ours { views: 0 }),
        find(Contender::Ours { views: 10 }),
        find(Contender::Drain(PROTOBUF)),
        find(Contender::Informer {
            encoding: "protobuf",
            list: false,
        }),
        find(Contender::Informer {
            encoding: "protobuf",
            list: true,
        }),
    );
    let (Some(ours), Some(views), Some(drain), Some(streamed), Some(listed)) = runs else {
        return Vec::new();
    };
    let first = ours.middle(|run| run.report.first_ms) / 1_000.0;
    let all = ours.middle(whole);
    let steady = ours.middle(growth);
    let peak = ours.middle(|run| kb(run.report.peak_kb));
    let limit = 1.3 * ours.middle(|run| kb(run.report.steady_kb)) + 32_000.0;
    let peer = streamed.middle(whole).min(listed.middle(whole));
    let peer_cost = listed
        .middle(|run| run.server_cpu)
        .max(streamed.middle(|run| run.server_cpu));
    vec![
        at_most("first row", first, 0.5, "s"),
        at_most("first row ÷ whole list", first / all, 0.25, ""),
        at_most(
            "whole list ÷ drain of protobuf",
            all / drain.middle(whole),
            1.15,
            "",
        ),
        at_most(
            "whole list ÷ client-go's faster protobuf informer",
            all / peer,
            1.0,
            "",
        ),
        at_most("steady memory a pod", steady / pods, 1.5, "kB"),
        at_most(
            "peak while listing (1.3 × steady + 32 MB)",
            peak / 1_000.0,
            limit / 1_000.0,
            "MB",
        ),
        at_most(
            "API server CPU with 10 open tables ÷ one informer's",
            views.middle(|run| run.server_cpu) / peer_cost,
            1.1,
            "",
        ),
        at_most(
            "bytes with 10 open tables ÷ with none",
            views.middle(|run| run.megabytes) / ours.middle(|run| run.megabytes).max(0.001),
            1.05,
            "",
        ),
    ]
}

fn whole(run: &Run) -> f64 {
    run.report.whole_ms / 1_000.0
}

/// kB that the pods have added.
fn growth(run: &Run) -> f64 {
    kb(run.report.steady_kb.saturating_sub(run.report.idle_kb))
}

#[allow(
    clippy::cast_precision_loss,
    reason = "kilobytes of one process fit a float"
)]
fn kb(value: u64) -> f64 {
    value as f64
}
