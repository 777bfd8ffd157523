//! KubeGraf's core as a contender: what the app does when it opens the pods of a cluster, without a window.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use kubegraf_core::{
    clock::{Clock, SystemClock},
    clusters::{Clusters, Connection, Preferences, Sources},
    kinds::{self, Pods},
    store::Store,
    table::{self, Table},
};
use kubegraf_ipc::object::Freshness;
use kubegraf_ipc::table::TableView;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::asked::Asked;
use crate::process;

/// What a contender says of itself; client-go's says the same.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Report {
    /// To the first object, from before the first connection.
    pub first_ms: f64,
    /// To the whole set.
    pub whole_ms: f64,
    /// How many there are then.
    pub objects: u64,
    /// Memory after it has settled, kB.
    pub steady_kb: u64,
    /// Memory before the first pod arrived, kB; 0 if it does not say.
    pub idle_kb: u64,
    /// The most memory there was, kB; 0 if it does not say.
    pub peak_kb: u64,
}

/// Patience with a whole list.
const PATIENCE: Duration = Duration::from_secs(300);
/// An allocator gives back what it does not need in this time, or never.
const SETTLE: Duration = Duration::from_secs(3);

/// The app's own connection to the one cluster of a kubeconfig. The clusters must be kept as long.
pub async fn connect(kubeconfig: &str) -> Result<(Clusters, Arc<Connection>)> {
    let sources = Sources {
        kubeconfigs: vec![PathBuf::from(kubeconfig)],
        ..Sources::default()
    };
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let preferences = Preferences::load(Store::in_memory().await?, Arc::clone(&clock)).await?;
    let clusters = Clusters::new(sources, preferences, clock);
    clusters.reload().await;
    let entry = clusters
        .list()
        .clusters
        .into_iter()
        .find(|entry| !entry.is_demo);
    let id = entry.context("the kubeconfig has no context")?.id;
    let connection = clusters.switch(&id).await?;
    Ok((clusters, connection))
}

/// Reads all pods, opens as many tables on them as asked for, and reports.
pub async fn list(asked: &Asked) -> Result<()> {
    let since = Instant::now();
    let (_clusters, connection) = connect(&asked.kubeconfig).await?;
    let mut report = Report {
        idle_kb: process::own_kb("VmRSS"),
        ..Report::default()
    };
    let pods = connection.watches().subscribe::<Pods>();
    let views: Vec<_> = (0..asked.views).map(|_| open(&connection)).collect();
    let mut changes = pods.changes();
    loop {
        let seen = pods.len();
        if seen > 0 && report.first_ms == 0.0 {
            report.first_ms = ms(since);
        }
        match pods.freshness() {
            Freshness::Live => break,
            Freshness::Forbidden { message, .. } => bail!("the pods may not be read: {message}"),
            Freshness::Loading { .. } | Freshness::Reconnecting { .. } => {}
        }
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
    report.whole_ms = ms(since);
    report.objects = pods.len() as u64;
    tokio::time::sleep(SETTLE).await;
    report.steady_kb = process::own_kb("VmRSS");
    report.peak_kb = process::own_kb("VmHWM");
    println!("{}", serde_json::to_string(&report)?);
    drop(views);
    Ok(())
}

/// An open table, as a window has one; it ends with its sender.
fn open(connection: &Connection) -> watch::Sender<TableView> {
    let kind = kinds::find("pods").expect("pods have a table");
    let table = Table {
        rows: kind.rows(connection.watches()),
        columns: kind.info().columns,
        facet: kind.facet(),
        namespaces: Vec::new(),
    };
    let (view, wanted) = watch::channel(TableView {
        count: 60,
        ..TableView::default()
    });
    let (_, undrawn) = watch::channel(None);
    tokio::spawn(table::run(table, wanted, undrawn, |event| {
        std::hint::black_box(event);
        true
    }));
    view
}

/// Milliseconds since then.
pub fn ms(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1_000.0
}
