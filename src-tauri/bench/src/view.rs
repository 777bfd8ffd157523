//! `bench view`: what a window waits for. Another order or filter over the whole set, and the way of a change
//! from the bytes of the watch to the event that carries its row.

use std::collections::BTreeMap;
use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use futures::{StreamExt, stream};
use kubegraf_core::clock::SystemClock;
use kubegraf_core::kinds::{self, Pods};
use kubegraf_core::table::{self, Table};
use kubegraf_core::watch::Watches;
use kubegraf_ipc::object::Delta;
use kubegraf_ipc::table::{Cell, Sort, TableEvent, TableView};
use serde::{Deserialize, Serialize};
use tokio::sync::{mpsc, watch};
use xtask::bench::sheet::{Sheet, median};

use crate::asked::Asked;
use crate::ours::{connect, ms};
use crate::stage::Stage;
use crate::tape::{Encoding, Gate, Tape};
use crate::verdict::at_most;
use crate::watch::{live, record};
use crate::{process, wire};

/// Changes in a second.
const RATE: f64 = 1_000.0;
/// Seconds of them.
const SECONDS: u32 = 20;
/// Rows a tall window shows, and more than change in one pause of a table.
const ROWS: u32 = 200;
/// How often each question is asked.
const TIMES: u32 = 15;

/// What was asked, and what the answers took.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Report {
    /// Name of the question and milliseconds of each answer.
    questions: Vec<(String, Vec<f64>)>,
    /// Milliseconds from a change's last byte to the event with its row.
    delays: Vec<f64>,
    /// Changes that were played.
    played: u32,
    /// Of those, never seen in the slice.
    unseen: u32,
    /// Share of one core that was spent meanwhile.
    share: f64,
}

/// Brings a cluster up, lets ours record and look, prints the table.
pub async fn conduct(asked: &Asked) -> Result<()> {
    let stage = Stage::up(asked.pods).await?;
    let outcome = measured(asked, &stage).await;
    stage.down().await?;
    sheet(asked, &outcome?).publish(asked.write)
}

async fn measured(asked: &Asked, stage: &Stage) -> Result<Report> {
    stage.quiet().await?;
    let own = std::env::current_exe().context("find this program")?;
    let mut command = Command::new(own);
    command
        .arg("ours-view")
        .arg("--kubeconfig")
        .arg(stage.cluster().kubeconfig());
    command.args(["--store", &stage.cluster().store()]);
    let events = asked.events.min(RATE as u32 * SECONDS);
    command.args(["--events", &events.to_string()]);
    let ran = process::measure(command, true).await?;
    serde_json::from_str(&ran.output)
        .with_context(|| format!("read what the view reports: {:?}", ran.output))
}

fn sheet(asked: &Asked, report: &Report) -> Sheet {
    let mut rows: Vec<Vec<String>> = report
        .questions
        .iter()
        .map(|(name, times)| row(name, times))
        .collect();
    rows.push(row(
        &format!("change → event, {RATE:.0} changes/s, newest first"),
        &report.delays,
    ));
    let slowest = report
        .questions
        .iter()
        .map(|(_, times)| median(times))
        .fold(0.0, f64::max);
    Sheet {
        name: format!("view {}", asked.pods),
        title: format!("Looking at {} pods", asked.pods),
        how: format!(
            "`cargo xtask bench view --pods {}`: an open table of {ROWS} rows in the core, without a window. From another view asked for to its \
             rows, {TIMES} times each; and from the bytes of a change to the event with its row, {} changes of a recorded watch played at {RATE:.0} a \
             second into a table ordered by restarts, so that each moves a row to the top. {} of them were overtaken before they were sent. \
             All of it took {:.0} % of one core meanwhile.",
            asked.pods,
            report.played,
            report.unseen,
            report.share * 100.0
        ),
        columns: ["question", "p50 ms", "p99 ms", "most ms"]
            .map(str::to_owned)
            .into(),
        rows,
        verdicts: vec![
            at_most("the slowest order or filter, p50", slowest, 20.0, "ms"),
            at_most(
                "change → event, p99 (a frame is still to come)",
                percentile(&report.delays, 0.99),
                100.0,
                "ms",
            ),
        ],
    }
}

fn row(name: &str, times: &[f64]) -> Vec<String> {
    let figure = |share| format!("{:.1}", percentile(times, share));
    vec![name.to_owned(), figure(0.5), figure(0.99), figure(1.0)]
}

/// The value that this share of them does not exceed.
pub fn percentile(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "an index of a short list"
    )]
    let index = (sorted.len() as f64 * share).ceil() as usize;
    sorted
        .get(index.saturating_sub(1))
        .copied()
        .unwrap_or(f64::NAN)
}

/// An open table and everything it has sent.
struct Open {
    view: watch::Sender<TableView>,
    events: mpsc::UnboundedReceiver<(Instant, TableEvent)>,
}

impl Open {
    fn new(watches: &Watches, first: TableView) -> Self {
        let kind = kinds::find("pods").expect("pods have a table");
        let table = Table {
            rows: kind.rows(watches),
            columns: kind.info().columns,
            facet: kind.facet(),
            namespaces: Vec::new(),
        };
        let (view, wanted) = watch::channel(first);
        let (send, events) = mpsc::unbounded_channel();
        let (_, undrawn) = watch::channel(None);
        tokio::spawn(table::run(table, wanted, undrawn, move |event| {
            send.send((Instant::now(), event)).is_ok()
        }));
        Self { view, events }
    }

    /// Asks for another view and waits for its rows.
    async fn ask(&mut self, view: TableView) -> Result<f64> {
        let revision = view.revision;
        let since = Instant::now();
        self.view.send_replace(view);
        while let Some((at, event)) = self.events.recv().await {
            if event.head.revision == revision {
                return Ok(at.saturating_duration_since(since).as_secs_f64() * 1_000.0);
            }
        }
        bail!("the table ended")
    }
}

/// Ours: records a watch, then looks at its replay.
pub async fn ours(asked: &Asked) -> Result<()> {
    let (_clusters, connection) = connect(&asked.kubeconfig).await?;
    let tape = Tape::default();
    record(
        asked,
        connection.client(),
        &tape,
        Encoding::AsAsked,
        RATE,
        0,
    )
    .await?;
    let protobuf = tape.is_protobuf();
    let frames = wire::frames(&tape.after_mark(), protobuf);
    let sent: Sent = Arc::default();
    let gate = Gate::new(false);
    let watches = Watches::new(
        tape.play(paced(&gate, frames, protobuf, Arc::clone(&sent))),
        Arc::new(SystemClock),
    );
    let pods = watches.subscribe::<Pods>();
    live(&pods).await?;
    let mut report = Report {
        questions: questions(&watches).await?,
        ..Report::default()
    };
    follow(&watches, &gate, &sent, &mut report).await?;
    println!("{}", serde_json::to_string(&report)?);
    Ok(())
}

async fn questions(watches: &Watches) -> Result<Vec<(String, Vec<f64>)>> {
    let sorted = |column: &str, descending| TableView {
        sort: Some(Sort {
            column: column.into(),
            descending,
        }),
        ..TableView::default()
    };
    let filtered = |filter: &str| TableView {
        filter: filter.into(),
        ..TableView::default()
    };
    let asked = [
        ("order by name", TableView::default()),
        ("order by AGE", sorted("AGE", false)),
        ("order by RESTARTS, largest first", sorted("RESTARTS", true)),
        ("order by NODE", sorted("NODE", false)),
        ("filter a word", filtered("checkout")),
        (
            "filter two words that few have",
            filtered("payments crashloop"),
        ),
        (
            "filter a regular expression",
            filtered("/api-.*(node-1|node-2)/"),
        ),
        (
            "filter a word and order by AGE",
            TableView {
                filter: "api".into(),
                ..sorted("AGE", true)
            },
        ),
        (
            "scroll to the middle",
            TableView {
                offset: 20_000,
                ..TableView::default()
            },
        ),
    ];
    // Never asked by anyone else, so that no answer is one that is there already.
    let mut table = Open::new(watches, TableView::default());
    let mut revision = 1;
    let mut all: Vec<_> = asked
        .iter()
        .map(|(name, _)| ((*name).to_owned(), Vec::new()))
        .collect();
    for _ in 0..TIMES {
        for (place, (_, view)) in asked.iter().enumerate() {
            revision += 1;
            let view = TableView {
                revision,
                count: ROWS,
                ..view.clone()
            };
            all[place].1.push(table.ask(view).await?);
        }
    }
    Ok(all)
}

/// When each change was handed over.
type Sent = Arc<Mutex<BTreeMap<u32, Instant>>>;

async fn follow(watches: &Watches, gate: &Gate, sent: &Sent, report: &mut Report) -> Result<()> {
    let newest = TableView {
        revision: 1,
        sort: Some(Sort {
            column: "RESTARTS".into(),
            descending: true,
        }),
        count: ROWS,
        ..TableView::default()
    };
    let mut table = Open::new(watches, newest);
    tokio::time::sleep(Duration::from_millis(500)).await;
    let (since, cpu) = (Instant::now(), process::own_cpu());
    gate.send_replace(true);
    let mut seen = BTreeMap::new();
    while let Ok(Some((at, event))) =
        tokio::time::timeout(Duration::from_secs(2), table.events.recv()).await
    {
        for count in restarts(&event) {
            seen.entry(count).or_insert(at);
        }
    }
    let spent = process::own_cpu().saturating_sub(cpu);
    // The last two seconds were the wait for the end.
    report.share = spent.as_secs_f64() / (ms(since) / 1_000.0 - 2.0).max(0.1);
    let sent = sent.lock().unwrap_or_else(PoisonError::into_inner);
    for (count, handed) in sent.iter() {
        report.played += 1;
        match seen.get(count) {
            Some(at) => report
                .delays
                .push(at.saturating_duration_since(*handed).as_secs_f64() * 1_000.0),
            None => report.unseen += 1,
        }
    }
    if report.played == 0 || report.unseen * 10 > report.played {
        bail!(
            "{} of {} changes were never seen: the run is void",
            report.unseen,
            report.played
        );
    }
    Ok(())
}

fn restarts(event: &TableEvent) -> Vec<u32> {
    let rows = event.deltas.iter().flat_map(|delta| match delta {
        Delta::Reset { rows } | Delta::Apply { rows } => rows.as_slice(),
        Delta::Delete { .. } => &[],
    });
    rows.flat_map(|row| &row.cells)
        .filter_map(|cell| match cell {
            Cell::Restarts { count, .. } => Some(*count),
            Cell::Text(_) | Cell::Age(_) => None,
        })
        .collect()
}

/// Hands the frames over at [`RATE`] once the gate is open, and notes when.
fn paced(
    gate: &Gate,
    frames: Vec<Bytes>,
    protobuf: bool,
    sent: Sent,
) -> impl Fn(Vec<Bytes>) -> stream::BoxStream<'static, Bytes> + Send + Sync + use<> {
    let gate = gate.subscribe();
    let frames = Mutex::new(frames);
    move |pieces| {
        if pieces.is_empty() {
            return stream::empty().boxed();
        }
        let frames = std::mem::take(&mut *frames.lock().unwrap_or_else(PoisonError::into_inner));
        let numbered: Vec<_> = frames
            .into_iter()
            .map(|frame| (wire::restarts(&frame, protobuf), frame))
            .collect();
        let (mut gate, sent) = (gate.clone(), Arc::clone(&sent));
        let opened = async move {
            // A gate that is gone is open: nobody waits any more.
            let _ = gate.wait_for(|open| *open).await;
            let since = Instant::now();
            stream::iter(numbered)
                .enumerate()
                .then(move |(index, (number, frame))| {
                    let sent = Arc::clone(&sent);
                    async move {
                        #[allow(clippy::cast_precision_loss, reason = "an index of a bench")]
                        let due = since + Duration::from_secs_f64(index as f64 / RATE);
                        tokio::time::sleep_until(due.into()).await;
                        if let Some(number) = number {
                            let mut sent = sent.lock().unwrap_or_else(PoisonError::into_inner);
                            sent.entry(number).or_insert_with(Instant::now);
                        }
                        frame
                    }
                })
        };
        stream::once(opened).flatten().boxed()
    }
}
