//! The incident engine on a connected cluster, through the façade, over a socket: what it may not read, and what only time tells.

#![allow(
    clippy::unwrap_used,
    reason = "a test file: what is not there fails the test"
)]

#[path = "connections/servers.rs"]
#[allow(dead_code, reason = "the tests of connections need more of it")]
mod servers;

use std::{
    collections::BTreeMap,
    fs,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use kube::{
    Api, Client,
    api::{Patch, PatchParams},
    core::{ApiResource, DynamicObject, GroupVersionKind},
};
use kubegraf_core::{Core, Options, StreamKey, clock::SystemClock, clusters::Sources, scan};
use kubegraf_ipc::{
    cluster::GetStatus,
    incident::{IncidentRow, IncidentState, IncidentsEvent, WatchIncidents},
    object::{Delta, Freshness},
};
use kubegraf_sim::{Effect, Fault};
use serde_json::{Value, json};
use servers::{Server, kubeconfig};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

const LIMIT: Duration = Duration::from_secs(60);

/// What the engine has said of a server's cluster.
struct Followed {
    core: Core,
    _directory: tempfile::TempDir,
    rows: Arc<Mutex<BTreeMap<String, IncidentRow>>>,
    last: Arc<Mutex<Option<IncidentsEvent>>>,
}

impl Followed {
    async fn on(server: &Server) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let config = directory.path().join("config");
        fs::write(&config, kubeconfig(&[server])).unwrap();
        let core = Core::start(Options {
            data_dir: directory.path().join("data"),
            sources: Sources {
                kubeconfigs: vec![config],
                demo: false,
            },
            actor: "tester".into(),
            clock: Arc::new(SystemClock),
        })
        .await
        .unwrap();
        let followed = Self {
            _directory: directory,
            rows: Arc::default(),
            last: Arc::default(),
            core,
        };
        let (rows, last) = (Arc::clone(&followed.rows), Arc::clone(&followed.last));
        let sink = Box::new(move |event: IncidentsEvent| {
            take(&mut rows.lock().unwrap(), &event.deltas);
            *last.lock().unwrap() = Some(event);
            true
        });
        let since = Instant::now();
        while !followed
            .core
            .get_status(GetStatus {})
            .await
            .unwrap()
            .connected
        {
            assert!(since.elapsed() < LIMIT, "never connected");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let request = WatchIncidents {
            cluster: format!("context:{}", server.name),
        };
        let key = StreamKey::new("main", 1);
        followed
            .core
            .watch_incidents(request, key, sink)
            .await
            .unwrap();
        followed
    }

    /// Unresolved types with their states.
    fn open(&self) -> Vec<(String, IncidentState)> {
        let rows = self.rows.lock().unwrap();
        rows.values()
            .map(|row| (row.r#type.clone(), row.state))
            .collect()
    }

    async fn until(&self, what: &str, seen: impl Fn(&IncidentsEvent) -> bool) {
        let since = Instant::now();
        while !self.last.lock().unwrap().as_ref().is_some_and(&seen) {
            assert!(
                since.elapsed() < LIMIT,
                "no {what}: {:?} {:?}",
                self.open(),
                self.last.lock().unwrap()
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

fn take(rows: &mut BTreeMap<String, IncidentRow>, deltas: &[Delta<IncidentRow>]) {
    for delta in deltas {
        match delta {
            Delta::Reset { rows: all } => {
                *rows = all
                    .iter()
                    .map(|row| (row.id.clone(), row.clone()))
                    .collect();
            }
            Delta::Apply { rows: changed } => {
                rows.extend(changed.iter().map(|row| (row.id.clone(), row.clone())));
            }
            Delta::Delete { ids } => rows.retain(|id, _| !ids.contains(id)),
        }
    }
}

/// A pod whose image has no valid name and whose Secret is not there.
fn broken(namespace: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": "web", "namespace": namespace},
        "spec": {"containers": [{"name": "app", "image": "InVaLiD//image",
            "env": [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "gone", "key": "a"}}}]}]}})
}

/// Covers: CLU-23, INC-07
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kinds_that_may_not_be_read_are_named_and_the_rest_is_judged() {
    let server = Server::start("a").await;
    let (sim, _) = server.sim();
    for resource in ["secrets", "networkpolicies", "leases"] {
        sim.faults()
            .add(Fault::new(Effect::Forbid).resource(resource));
    }
    server.create(broken("default"));
    let followed = Followed::on(&server).await;
    followed
        .until("answer", |event| event.evaluated_at > 0)
        .await;
    {
        let last = followed.last.lock().unwrap();
        let event = last.as_ref().unwrap();
        assert_eq!(event.unread, ["leases", "networkpolicies", "secrets"]);
        assert_eq!(event.freshness, Freshness::Live, "the main kinds are read");
    }
    followed
        .until("incident of the image", |event| event.summary.total > 0)
        .await;
    let open = followed.open();
    let types: Vec<&str> = open.iter().map(|(id, _)| id.as_str()).collect();
    assert_eq!(types, ["image_pull_error"], "no Secret is missed unseen");
}

/// Covers: INC-05, INC-07
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_scheduler_that_falls_silent_is_found_and_one_that_is_back_is_seen() {
    let server = Server::start("a").await;
    server.create(
        json!({"apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
        "metadata": {"name": "kube-scheduler", "namespace": "kube-system"},
        "spec": {"holderIdentity": "a", "renewTime": ago(120)}}),
    );
    // A node's heartbeat is none of the control plane's, however old.
    server.create(
        json!({"apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
        "metadata": {"name": "kube-controller-manager", "namespace": "default"},
        "spec": {"holderIdentity": "a", "renewTime": ago(900)}}),
    );
    let followed = Followed::on(&server).await;
    followed
        .until("incident", |event| event.summary.total > 0)
        .await;
    let found = ("control_plane_degraded".to_owned(), IncidentState::Open);
    assert_eq!(followed.open(), [found]);
    assert_eq!(
        followed.last.lock().unwrap().as_ref().unwrap().unread,
        [""; 0]
    );

    let uri = server.address.parse().unwrap();
    let client = Client::try_from(kube::Config::new(uri)).unwrap();
    let lease = ApiResource::from_gvk(&GroupVersionKind::gvk("coordination.k8s.io", "v1", "Lease"));
    let leases: Api<DynamicObject> = Api::namespaced_with(client, "kube-system", &lease);
    let renewed = Patch::Merge(json!({"spec": {"renewTime": ago(0)}}));
    leases
        .patch("kube-scheduler", &PatchParams::default(), &renewed)
        .await
        .unwrap();
    // Nothing else happens: the next look at the clock sees it.
    let since = Instant::now();
    while followed.open()[0].1 != IncidentState::Resolving {
        assert!(since.elapsed() < LIMIT, "{:?}", followed.open());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// A time some seconds ago, as a Lease has it.
fn ago(seconds: i64) -> String {
    let at = OffsetDateTime::now_utc() - time::Duration::seconds(seconds);
    at.format(&Rfc3339).unwrap()
}

/// The exit code, the namespaces of the incidents, and what was said besides.
async fn scanned(config: &std::path::Path, flags: &[&str]) -> (u8, Vec<String>, String) {
    let arguments = ["--kubeconfig", config.to_str().unwrap(), "-o", "json"];
    let arguments = arguments.iter().chain(flags).map(Into::into);
    let (mut out, mut log) = (Vec::new(), Vec::new());
    let mut input: &[u8] = &[];
    let end = scan::run(arguments, &mut input, &mut out, &mut log, &SystemClock)
        .await
        .unwrap();
    let answer: Value = serde_json::from_slice(&out).unwrap();
    let incidents = answer["incidents"].as_array().unwrap().iter();
    let place = |one: &Value| one["resource"]["namespace"].as_str().unwrap().to_owned();
    let log = String::from_utf8(log).unwrap();
    (end.code(), incidents.map(place).collect(), log)
}

/// Covers: INC-09, CLU-23
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_is_scanned_as_its_flags_say() {
    let (a, b) = (Server::start("a").await, Server::start("b").await);
    a.create_namespace("shop");
    a.create(broken("default"));
    a.create(broken("shop"));
    let directory = tempfile::tempdir().unwrap();
    let config = directory.path().join("config");
    fs::write(&config, kubeconfig(&[&a, &b])).unwrap();
    // The kubelet of the simulation takes a moment to find out.
    let since = Instant::now();
    let everywhere = loop {
        let (_, mut found, _) = scanned(&config, &["-A"]).await;
        found.sort();
        if found.len() >= 2 || since.elapsed() > LIMIT {
            break found;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    };
    assert_eq!(everywhere, ["default", "shop"]);
    let places = async |flags: &[&str]| {
        let (code, found, log) = scanned(&config, flags).await;
        assert_eq!(code, 0, "{flags:?}: {log}");
        found
    };
    assert_eq!(places(&["-n", "shop"]).await, ["shop"]);
    assert_eq!(places(&["--namespace=default"]).await, ["default"]);
    assert_eq!(places(&["-A", "--context", "b"]).await, [""; 0]);
    assert_eq!(
        places(&["--context", "b", "--fail-on", "low"]).await,
        [""; 0]
    );
    for (limit, code) in [("high", 1), ("critical", 0)] {
        assert_eq!(scanned(&config, &["-A", "--fail-on", limit]).await.0, code);
    }

    let (sim, _) = a.sim();
    sim.faults()
        .add(Fault::new(Effect::Forbid).resource("secrets"));
    let (code, found, log) = scanned(&config, &["-n", "shop"]).await;
    assert_eq!((code, found), (0, vec!["shop".to_owned()]), "{log}");
    assert!(log.contains("Secret"), "what was not read is named: {log}");
    sim.faults().add(Fault::new(Effect::Forbid));
    for (flags, word) in [
        (&["-A"][..], "forbidden"),
        (&["--context", "nobody"], "nobody"),
    ] {
        let (code, found, log) = scanned(&config, flags).await;
        assert_eq!((code, found.len()), (2, 0), "{log}");
        assert!(log.to_lowercase().contains(word), "{word}: {log}");
    }
}
