//! Errors that a container repeats in a log that somebody reads, and the incidents of its pod.

#![allow(
    clippy::unwrap_used,
    reason = "a test file: what is not there fails the test"
)]

#[allow(dead_code, reason = "the tests of connections use the rest")]
#[path = "connections/servers.rs"]
mod servers;

use std::{
    fs,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use kubegraf_core::{Core, Options, StreamKey, clock::SystemClock, clusters::Sources};
use kubegraf_ipc::{
    app::Unwatch,
    cluster::GetStatus,
    incident::{Evidence, EvidenceSource, GetIncident, WatchIncidents},
    logs::{LogOptions, LogTarget, LogView, WatchLogs},
    object::Delta,
};
use kubegraf_sim::{App, Exit, LogStyle};
use serde_json::{Value, json};
use servers::{Server, kubeconfig};

const CLUSTER: &str = "context:a";
const NAMESPACE: &str = "home-a";
const LIMIT: Duration = Duration::from_secs(120);

async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let since = Instant::now();
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(since.elapsed() < LIMIT, "no {what}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// What is observed of repeated errors in any incident.
async fn repeated(core: &Core, incidents: &Mutex<Vec<String>>) -> Vec<(Evidence, Value)> {
    let ids = incidents.lock().unwrap().clone();
    let mut told = Vec::new();
    for id in ids {
        let request = GetIncident {
            cluster: CLUSTER.into(),
            id,
        };
        let Ok(incident) = core.get_incident(request).await else {
            continue;
        };
        let evidence = incident.root_cause.evidence.into_iter();
        let repeated = evidence.filter(|one| one.field.ends_with(".repeated"));
        told.extend(repeated.map(|one| {
            let observed = serde_json::from_str(&one.observed).unwrap();
            (one, observed)
        }));
    }
    told
}

/// Covers: EVT-04, INC-07
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn errors_that_a_read_log_repeats_are_evidence_until_it_is_closed() {
    let server = Server::start("a").await;
    let broken = App {
        log: LogStyle::Worker,
        exit: Some(Exit {
            after_ms: 500,
            code: 1,
            last_words: (1..=12)
                .map(|n| format!("try {n} of 12 on 10.0.0.{n}:5432 failed, password=hunter{n}"))
                .collect(),
        }),
        ..App::default()
    };
    let images = &server.sim().0;
    images.with_images(|images| images.add_versions("registry.example/team/importer", broken));
    server.create(json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": { "name": "importer", "namespace": NAMESPACE },
        "spec": { "containers": [{ "name": "app", "image": "registry.example/team/importer:1.0.0" }] },
    }));
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("config"), kubeconfig(&[&server])).unwrap();
    let core = Core::start(Options {
        data_dir: dir.path().join("data"),
        sources: Sources {
            kubeconfigs: vec![dir.path().join("config")],
            demo: false,
        },
        actor: "ada".into(),
        clock: Arc::new(SystemClock),
    })
    .await
    .unwrap();
    until("a connection", async || {
        let status = core.get_status(GetStatus {}).await.unwrap();
        status.connected.then_some(())
    })
    .await;

    let ids = Arc::new(Mutex::new(Vec::<String>::new()));
    let known = Arc::clone(&ids);
    let request = WatchIncidents {
        cluster: CLUSTER.into(),
    };
    let sink = Box::new(move |event: kubegraf_ipc::incident::IncidentsEvent| {
        let mut known = known.lock().unwrap();
        for delta in event.deltas {
            match delta {
                Delta::Reset { rows } => *known = rows.into_iter().map(|row| row.id).collect(),
                Delta::Apply { rows } => known.extend(rows.into_iter().map(|row| row.id)),
                Delta::Delete { .. } => {}
            }
        }
        true
    });
    core.watch_incidents(request, StreamKey::new("main", 1), sink)
        .await
        .unwrap();
    let about_it = async || {
        let ids = ids.lock().unwrap().clone();
        let mut found = None;
        for id in ids {
            let request = GetIncident {
                cluster: CLUSTER.into(),
                id,
            };
            let incident = core.get_incident(request).await.ok();
            found = found.or(incident.filter(|incident| incident.row.resource.name == "importer"));
        }
        found
    };
    until("an incident of the pod", about_it).await;
    assert!(
        repeated(&core, &ids).await.is_empty(),
        "nobody reads the log yet"
    );

    let request = WatchLogs {
        cluster: CLUSTER.into(),
        of: LogTarget::Selector {
            namespaces: vec![NAMESPACE.into()],
            labels: String::new(),
        },
        options: LogOptions::default(),
        view: LogView {
            count: 10,
            ..LogView::default()
        },
    };
    core.watch_logs(request, StreamKey::new("main", 2), Box::new(|_| true))
        .await
        .unwrap();
    let told = until("evidence of it", async || {
        let told = repeated(&core, &ids).await;
        (!told.is_empty()).then_some(told)
    })
    .await;
    let (evidence, observed) = &told[0];
    assert_eq!(evidence.source, EvidenceSource::Log);
    assert_eq!(
        (&*evidence.object.kind, &*evidence.object.name),
        ("Pod", "importer")
    );
    assert_eq!(evidence.field, "log[container=app].repeated");
    assert!(observed["lines"].as_u64().unwrap() >= 12, "{observed}");
    assert!(observed["first"].as_str() <= observed["last"].as_str());
    let sample = observed["sample"].as_str().unwrap();
    assert!(sample.contains("of 12 on 10.0.0."), "{sample}");
    assert!(sample.contains("password=***"), "{sample}");
    let everything = evidence.observed.clone();
    assert!(!everything.contains("hunter"), "{everything}");
    assert!(observed.get("readUntil").is_none(), "{observed}");

    core.unwatch(Unwatch { watch: 2 }, "main").await.unwrap();
    until("the time until which it was read", async || {
        let told = repeated(&core, &ids).await;
        let ended = |(_, observed): &(Evidence, Value)| observed["readUntil"].is_string();
        (!told.is_empty() && told.iter().all(ended)).then_some(())
    })
    .await;
    core.stop().await;
}
