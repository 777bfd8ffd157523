//! The overview and the preferences through the façade, on the demo cluster.

#![allow(
    clippy::unwrap_used,
    reason = "a test file: what is not there fails the test"
)]

#[path = "demo/stage.rs"]
mod stage;

use std::sync::{Arc, Mutex};

use kubegraf_core::{Core, StreamKey};
use kubegraf_ipc::{
    Code,
    object::Freshness,
    overview::{Overview, Resource, Usage, WatchOverview},
    table::{ReadRows, RowPage, TableView},
};
use stage::{DEMO, start, until};

async fn read(core: &Core, kind: &str, view: TableView, only: Vec<String>) -> RowPage {
    let request = ReadRows {
        cluster: DEMO.into(),
        kind: kind.into(),
        namespaces: vec![],
        view,
        only,
    };
    core.read_rows(request).await.unwrap()
}

/// Covers: NAV-38, CLU-19
#[tokio::test]
async fn the_overview_counts_what_the_tables_show() {
    let data = tempfile::tempdir().unwrap();
    let core = start(data.path()).await;
    let last: Arc<Mutex<Option<Overview>>> = Arc::default();
    let kept = Arc::clone(&last);
    let request = WatchOverview {
        cluster: DEMO.into(),
    };
    let sink = Box::new(move |overview| {
        *kept.lock().unwrap() = Some(overview);
        true
    });
    core.watch_overview(request, StreamKey::new("main", 1), sink)
        .await
        .unwrap();

    // The demo cluster lives: both are read until they speak of the same moment.
    let overview = until("an overview that equals the tables", async || {
        let overview = last.lock().unwrap().clone()?;
        let live = |o: &Overview| o.sources.iter().all(|s| s.freshness == Freshness::Live);
        if !live(&overview) || overview.health.is_none() || matches!(overview.usage, Usage::Waiting)
        {
            return None;
        }
        for (kind, counts) in [
            ("pods", &overview.pods),
            ("nodes", &overview.nodes),
            ("deployments", &overview.deployments),
            ("services", &overview.services),
            ("namespaces", &overview.namespaces),
        ] {
            let states: u64 = counts.states.iter().map(|state| state.count).sum();
            assert_eq!(states, counts.total, "the states of {kind} add up");
            let all = read(&core, kind, TableView::default(), vec![])
                .await
                .matched;
            if all != counts.total {
                return None;
            }
            for state in counts.states.iter().filter(|_| kind == "pods") {
                let facet = Some(state.word.clone());
                let view = TableView {
                    facet,
                    ..TableView::default()
                };
                if read(&core, kind, view, vec![]).await.matched != state.count {
                    return None;
                }
            }
        }
        Some(overview)
    })
    .await;

    let health = overview.health.unwrap();
    let lost: u32 = health.losses.iter().map(|loss| loss.points).sum();
    assert_eq!(health.score, 100 - lost.min(100));
    let memory = overview
        .capacity
        .iter()
        .find(|capacity| capacity.resource == Resource::Memory)
        .unwrap();
    assert!(
        memory.requested > 0 && memory.requested < memory.allocatable,
        "{memory:?}"
    );
    assert!(
        memory.used.is_some_and(|used| used > 0),
        "the demo serves metrics: {memory:?}"
    );
    let of_nodes: u64 = overview
        .per_node
        .iter()
        .flat_map(|node| &node.capacity)
        .filter(|capacity| capacity.resource == Resource::Memory)
        .map(|capacity| capacity.requested)
        .sum();
    assert_eq!(of_nodes, memory.requested, "nodes add up to the cluster");
    let in_namespaces: u64 = overview.per_namespace.iter().map(|n| n.pods).sum();
    assert_eq!(in_namespaces, overview.pods.total);
    assert!(!overview.events.is_empty() && overview.incidents.is_some_and(|i| i.total > 0));
    core.stop().await;
}

/// Covers: CMP-01
#[tokio::test]
async fn rows_are_read_by_view_and_by_uid() {
    let data = tempfile::tempdir().unwrap();
    let core = start(data.path()).await;
    let first = TableView {
        count: 3,
        ..TableView::default()
    };
    let page = until("rows", async || {
        let page = read(&core, "deployments", first.clone(), vec![]).await;
        (page.rows.len() == 3 && page.freshness == Freshness::Live).then_some(page)
    })
    .await;
    assert!(page.matched > 3);

    let last = page.rows[2].clone();
    let only = vec![last.uid.clone(), "no-such-uid".into()];
    let named = read(&core, "deployments", first, only).await;
    assert_eq!(
        named.rows.iter().map(|row| &row.uid).collect::<Vec<_>>(),
        [&last.uid]
    );

    let too_many = ReadRows {
        cluster: DEMO.into(),
        kind: "deployments".into(),
        namespaces: vec![],
        view: TableView {
            count: 10_001,
            ..TableView::default()
        },
        only: vec![],
    };
    let refused = core.read_rows(too_many.clone()).await.unwrap_err();
    assert_eq!(refused.code, Code::InvalidArgument);
    let broken = ReadRows {
        view: TableView {
            filter: "/(/".into(),
            ..TableView::default()
        },
        ..too_many
    };
    let refused = core.read_rows(broken).await.unwrap_err();
    assert!(refused.message.contains("unclosed"), "{refused}");
    core.stop().await;
}
