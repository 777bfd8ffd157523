//! Tables against the real kubectl: every cell of `kubectl get -A -o wide`, on a real API server
//! with pods that fail in every way the cluster can play.

#![allow(
    clippy::unwrap_used,
    reason = "a test file: what is not there fails the test"
)]

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use kubegraf_core::{Core, Options, StreamKey, clock::SystemClock, clusters::Sources};
use kubegraf_ipc::{
    age::human_duration,
    cluster::GetStatus,
    object::{Delta, Freshness},
    table::{Cell, Column, ListKinds, Row, TableEvent, TableView, WatchTable},
};
use kubegraf_testcluster::{Cluster, FAULT, Fault, Tier, require};
use serde_json::json;

/// A table as the window holds it.
#[derive(Default)]
struct Held {
    rows: BTreeMap<String, Row>,
    live: bool,
}

impl Held {
    fn take(&mut self, event: TableEvent) {
        for delta in event.deltas {
            match delta {
                Delta::Reset { rows } => {
                    self.rows = rows.into_iter().map(|row| (row.uid.clone(), row)).collect();
                }
                Delta::Apply { rows } => {
                    self.rows
                        .extend(rows.into_iter().map(|row| (row.uid.clone(), row)));
                }
                Delta::Delete { ids } => self.rows.retain(|uid, _| !ids.contains(uid)),
            }
        }
        self.live = event.head.freshness == Freshness::Live;
    }
}

/// Covers: CLU-01, CLU-17, POD-01, POD-03, DEP-01
#[tokio::test(flavor = "multi_thread")]
async fn every_cell_reads_as_kubectl_prints_it() {
    if !require(Tier::Kwok) {
        return;
    }
    let cluster = Cluster::up(kubegraf_testcluster::Options::kwok().nodes(3).pods(40))
        .await
        .unwrap();
    cluster.create(&faulty_pods()).await.unwrap();
    cluster.create(&events()).await.unwrap();
    cluster.run(&["cordon", "node-1"]).await.unwrap();
    settled(&cluster).await;

    let data = tempfile::tempdir().unwrap();
    let core = Core::start(Options {
        data_dir: data.path().into(),
        sources: Sources {
            kubeconfigs: vec![cluster.kubeconfig().into()],
            demo: false,
        },
        actor: "tester".into(),
        clock: Arc::new(SystemClock),
    })
    .await
    .unwrap();
    let id = connected(&core).await;

    for kind in core.list_kinds(ListKinds {}).await.unwrap() {
        let mut wrong = Vec::new();
        for _ in 0..10 {
            let mut ours = table(&core, &id, &kind.id).await;
            let mut arguments = vec!["get", kind.id.as_str(), "-o", "wide"];
            arguments.extend(kind.namespaced.then_some("-A"));
            if kind.id == "events" {
                // What the cluster itself tells is repeated while one looks.
                ours.retain(|row| row.namespace == TOLD);
                arguments.push("--field-selector=metadata.namespace=told");
                assert_eq!(ours.len(), 4, "events of ours");
            }
            let theirs = printed(&cluster.run(&arguments).await.unwrap());
            wrong = differences(&kind.columns, &ours, &theirs);
            if wrong.is_empty() {
                break;
            }
            // Something may have changed between the two looks.
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
        assert!(wrong.is_empty(), "{}:\n{}", kind.id, wrong.join("\n"));
    }
    core.stop().await;
    cluster.down().await.unwrap();
}

/// The namespace of [`events`].
const TOLD: &str = "told";

/// Events of both APIs, with every column that may be empty once filled and once not.
fn events() -> String {
    let about = json!({"apiVersion": "v1", "kind": "Pod", "namespace": TOLD, "name": "web-1",
        "uid": "1", "fieldPath": "spec.containers{app}"});
    let event = |name: &str, about: &serde_json::Value, rest: serde_json::Value| {
        let mut event = json!({"apiVersion": "v1", "kind": "Event", "involvedObject": about,
            "metadata": {"name": name, "namespace": TOLD}});
        for (key, value) in rest.as_object().unwrap() {
            event[key] = value.clone();
        }
        event
    };
    let micro = "2026-01-02T03:04:05.000006Z";
    json!({"apiVersion": "v1", "kind": "List", "items": [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": TOLD}},
        event("counted", &about, json!({"type": "Warning", "reason": "BackOff", "count": 7,
            "message": "Back-off restarting failed container", "firstTimestamp": "2026-01-01T00:00:00Z",
            "lastTimestamp": "2026-01-03T00:00:00Z", "source": {"component": "kubelet", "host": "node-1"}})),
        event("serial", &about, json!({"type": "Normal", "reason": "Pulled", "action": "Pull",
            "message": "first line\nsecond line", "eventTime": micro, "reportingComponent": "example.com/puller",
            "reportingInstance": "puller-0", "series": {"count": 3, "lastObservedTime": micro}})),
        event("once", &about, json!({"type": "Normal", "reason": "Seen", "action": "See", "message": " once ",
            "eventTime": micro, "reportingComponent": "example.com/seer", "reportingInstance": "seer-0"})),
        event("bare", &json!({"kind": "Pod", "namespace": TOLD}), json!({})),
    ]})
    .to_string()
}

fn faulty_pods() -> String {
    let mut items: Vec<_> = Fault::ALL
        .iter()
        .map(|fault| {
            json!({"apiVersion": "v1", "kind": "Pod", "metadata": {
                "name": format!("faulty-{}", fault.name().to_lowercase()), "namespace": "default",
                "annotations": {FAULT: fault.name()}},
                "spec": {"containers": [{"name": "a", "image": "a"}, {"name": "b", "image": "b"}]}})
        })
        .collect();
    items.push(json!({"apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": "gated", "namespace": "default"},
        "spec": {"schedulingGates": [{"name": "example.com/wait"}],
                 "containers": [{"name": "a", "image": "a"}]}}));
    items.push(json!({"apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": "nowhere", "namespace": "default"},
        "spec": {"nodeSelector": {"no": "such"}, "containers": [{"name": "a", "image": "a"}]}}));
    items.push(json!({"apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": "held", "namespace": "default", "finalizers": ["example.com/hold"]},
        "spec": {"readinessGates": [{"conditionType": "example.com/open"}],
                 "containers": [{"name": "a", "image": "a"}]}}));
    for (name, spec) in [
        (
            "balanced",
            json!({"type": "LoadBalancer", "ports": [{"port": 80}], "selector": {"a": "b"}}),
        ),
        (
            "outside",
            json!({"type": "ExternalName", "externalName": "example.com"}),
        ),
        (
            "headless",
            json!({"clusterIP": "None", "ports": [{"port": 80}, {"name": "dns", "port": 53, "protocol": "UDP"}]}),
        ),
    ] {
        let mut spec = spec;
        if name == "headless" {
            spec["ports"][0]["name"] = json!("web");
        }
        items.push(json!({"apiVersion": "v1", "kind": "Service",
            "metadata": {"name": name, "namespace": "default"}, "spec": spec}));
    }
    json!({"apiVersion": "v1", "kind": "List", "items": items}).to_string()
}

/// Waits until the faults have been played, then deletes a pod that a finalizer holds.
async fn settled(cluster: &Cluster) {
    let limit = Duration::from_secs(60);
    cluster
        .eventually("faults", limit, || async {
            let pods = cluster
                .run(&["get", "pods", "-A", "--no-headers"])
                .await
                .map_err(|e| e.to_string())?;
            let played = [
                "CrashLoopBackOff",
                "ImagePullBackOff",
                "Evicted",
                "CreateContainerConfigError",
            ];
            let creating = pods.contains("ContainerCreating");
            if played.iter().all(|word| pods.contains(word)) && !creating {
                Ok(())
            } else {
                Err(pods)
            }
        })
        .await
        .unwrap();
    cluster
        .run(&["delete", "pod", "held", "--wait=false"])
        .await
        .unwrap();
}

async fn connected(core: &Core) -> String {
    for _ in 0..200 {
        let status = core.get_status(GetStatus {}).await.unwrap();
        if let (Some(id), Some(3)) = (status.cluster, status.node_count) {
            assert!(status.connected);
            return id;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("not connected: {:?}", core.get_status(GetStatus {}).await);
}

async fn table(core: &Core, cluster: &str, kind: &str) -> Vec<Row> {
    let held = Arc::new(Mutex::new(Held::default()));
    let (sink, key) = (Arc::clone(&held), StreamKey::new("test", 1));
    let request = WatchTable {
        cluster: cluster.into(),
        kind: kind.into(),
        namespaces: Vec::new(),
        view: TableView {
            count: 500,
            ..TableView::default()
        },
    };
    let take = Box::new(move |event| {
        sink.lock().unwrap().take(event);
        true
    });
    core.watch_table(request, key, take).await.unwrap();
    for _ in 0..200 {
        if held.lock().unwrap().live {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    core.end_streams("test");
    let held = held.lock().unwrap();
    assert!(held.live, "the table of {kind} never became live");
    held.rows.values().cloned().collect()
}

/// kubectl's output: object to column to cell.
fn printed(text: &str) -> BTreeMap<String, BTreeMap<String, String>> {
    let mut lines = text.lines();
    let header = lines.next().unwrap_or_default();
    let mut columns: Vec<(usize, &str)> = Vec::new();
    let mut at = 0;
    for part in header.split("   ") {
        let name = part.trim();
        if !name.is_empty() {
            columns.push((at + part.find(name).unwrap(), name));
        }
        at += part.len() + 3;
    }
    lines
        .map(|line| {
            let cell = |index: usize| {
                let end = columns
                    .get(index + 1)
                    .map_or(line.len(), |(at, _)| (*at).min(line.len()));
                line.get(columns[index].0..end)
                    .unwrap_or_default()
                    .trim()
                    .to_owned()
            };
            let cells: BTreeMap<String, String> = (0..columns.len())
                .map(|index| (columns[index].1.to_owned(), cell(index)))
                .collect();
            let namespace = cells.get("NAMESPACE").cloned().unwrap_or_default();
            (format!("{namespace}/{}", cells["NAME"]), cells)
        })
        .collect()
}

fn differences(
    columns: &[Column],
    ours: &[Row],
    theirs: &BTreeMap<String, BTreeMap<String, String>>,
) -> Vec<String> {
    let mut wrong = Vec::new();
    if ours.len() != theirs.len() {
        wrong.push(format!(
            "{} rows, kubectl prints {}",
            ours.len(),
            theirs.len()
        ));
    }
    for row in ours {
        let name = format!("{}/{}", row.namespace, row.name);
        let Some(printed) = theirs.get(&name) else {
            wrong.push(format!("{name}: kubectl does not print it"));
            continue;
        };
        for (column, cell) in columns.iter().zip(&row.cells) {
            let Some(theirs) = printed.get(&column.name) else {
                wrong.push(format!("kubectl has no column {}", column.name));
                continue;
            };
            let ours = readings(cell);
            if !ours.contains(theirs) {
                wrong.push(format!(
                    "{name} {}: {:?}, kubectl prints {theirs:?}",
                    column.name, ours[0]
                ));
            }
        }
    }
    wrong
}

/// What a cell may read about now: kubectl looked a moment earlier or later.
fn readings(cell: &Cell) -> Vec<String> {
    let now = time::OffsetDateTime::now_utc().unix_timestamp();
    let around = |since: i64| (-4..=2).map(move |off| human_duration(now + off - since));
    match cell {
        // kubectl prints the first line of several.
        Cell::Text(text) => vec![
            text.split_once('\n')
                .map_or_else(|| text.clone(), |(line, _)| format!("{line}...")),
        ],
        Cell::Age(None) => vec!["<unknown>".into()],
        Cell::Age(Some(since)) => around(*since).collect(),
        Cell::Restarts {
            count,
            last: Some(last),
        } if *count > 0 => around(*last)
            .map(|ago| format!("{count} ({ago} ago)"))
            .collect(),
        Cell::Restarts { count, .. } => vec![count.to_string()],
    }
}
