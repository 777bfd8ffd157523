//! How long one judgement of a large healthy cluster takes, from nothing and after changes: `cargo run
//! --release -p kubegraf-core --example evaluate [pods [changes]]`. Prints milliseconds.

#![allow(clippy::print_stdout, reason = "a figure for whoever runs it")]

use std::{sync::Arc, time::Instant};

use kubegraf_core::incidents::{Judge, Kind, Ledger, List, Quiet, Snapshot, evaluate};
use serde_json::{Value, json};

const NOW: i64 = 1_790_000_000;
const AGO: &str = "2026-09-20T00:00:00Z";

fn meta(namespace: &str, name: &str, app: &str, owner: Option<(&str, &str)>) -> Value {
    let mut meta = json!({"name": name, "namespace": namespace, "uid": name, "creationTimestamp": AGO,
        "labels": {"app": app, "tier": "backend", "pod-template-hash": "6f7d9"}});
    if let Some((kind, name)) = owner {
        meta["ownerReferences"] = json!([{"apiVersion": "apps/v1", "kind": kind, "name": name,
            "uid": name, "controller": true}]);
    }
    meta
}

fn spec(app: &str) -> Value {
    let probe = json!({"httpGet": {"path": "/healthz", "port": 8080}, "periodSeconds": 10});
    json!({"nodeName": "node-1", "serviceAccountName": "default", "containers": [{
        "name": "app", "image": "registry.example.com/app:1.0", "ports": [{"containerPort": 8080, "name": "http"}],
        "env": [{"name": "DB_HOST", "value": "db"}, {"name": "LOG", "value": "info"},
            {"name": "P", "valueFrom": {"secretKeyRef": {"name": format!("{app}-secret"), "key": "p"}}}],
        "envFrom": [{"configMapRef": {"name": format!("{app}-config")}}],
        "livenessProbe": probe, "readinessProbe": probe,
        "resources": {"requests": {"cpu": "100m", "memory": "64Mi"}, "limits": {"memory": "128Mi"}}}],
        "volumes": [{"name": "c", "configMap": {"name": format!("{app}-config")}}]})
}

fn cluster(pods: usize) -> Snapshot {
    let mut snapshot = Snapshot {
        cluster: "bench".into(),
        now: NOW,
        ..Snapshot::default()
    };
    for kind in Kind::ALL {
        snapshot.declare(*kind);
    }
    let mut add = |kind, object| {
        let added = snapshot.add(kind, object);
        added.expect("the objects are well-formed");
    };
    for number in 0..(pods / 10) {
        let namespace = format!("team-{:03}", number % 100);
        let app = format!("app-{number:05}");
        let set = format!("{app}-6f7d9");
        let template =
            json!({"metadata": {"labels": {"app": app, "tier": "backend"}}, "spec": spec(&app)});
        let selector = json!({"matchLabels": {"app": app}});
        add(
            Kind::Deployments,
            json!({"metadata": meta(&namespace, &app, &app, None),
            "spec": {"replicas": 10, "selector": selector, "template": template},
            "status": {"observedGeneration": 1, "replicas": 10, "updatedReplicas": 10, "readyReplicas": 10, "availableReplicas": 10}}),
        );
        add(
            Kind::ReplicaSets,
            json!({"metadata": meta(&namespace, &set, &app, Some(("Deployment", &app))),
            "spec": {"replicas": 10, "selector": selector, "template": template},
            "status": {"replicas": 10, "readyReplicas": 10, "observedGeneration": 1}}),
        );
        add(
            Kind::Services,
            json!({"metadata": meta(&namespace, &app, &app, None),
            "spec": {"type": "ClusterIP", "clusterIP": "10.0.0.1", "selector": {"app": app}, "ports": [{"port": 80, "targetPort": 8080}]}}),
        );
        add(
            Kind::ConfigMaps,
            json!({"metadata": meta(&namespace, &format!("{app}-config"), &app, None),
            "data": {"level": "info", "CACHE_URL": "redis://cache:6379"}}),
        );
        add(
            Kind::Secrets,
            json!({"metadata": meta(&namespace, &format!("{app}-secret"), &app, None), "data": {"p": "eA=="}}),
        );
        for replica in 0..10 {
            let pod = format!("{set}-{replica}");
            add(
                Kind::Pods,
                json!({"metadata": meta(&namespace, &pod, &app, Some(("ReplicaSet", &set))), "spec": spec(&app),
                "status": {"phase": "Running", "startTime": AGO, "podIP": "10.1.2.3",
                    "conditions": [{"type": "Ready", "status": "True"}, {"type": "PodScheduled", "status": "True"}],
                    "containerStatuses": [{"name": "app", "ready": true, "started": true, "restartCount": 0,
                        "image": "registry.example.com/app:1.0", "state": {"running": {"startedAt": AGO}}}]}}),
            );
        }
    }
    for number in 0..(pods / 50).max(1) {
        let name = format!("node-{number}");
        add(
            Kind::Nodes,
            json!({"metadata": {"name": name, "uid": name, "creationTimestamp": AGO},
            "status": {"allocatable": {"cpu": "64", "memory": "256Gi", "pods": "110"},
                "conditions": [{"type": "Ready", "status": "True"}]}}),
        );
    }
    for number in 0..(pods / 10) {
        let app = format!("app-{number:05}");
        add(
            Kind::Events,
            json!({"metadata": {"name": format!("{app}.1"), "namespace": format!("team-{:03}", number % 100)},
            "involvedObject": {"kind": "Pod", "namespace": format!("team-{:03}", number % 100), "name": format!("{app}-6f7d9-0")},
            "reason": "Pulled", "type": "Normal", "count": 1, "lastTimestamp": AGO}),
        );
    }
    snapshot
}

/// CPU time of this thread so far, milliseconds; wall time where the system does not tell.
fn spent(began: Instant) -> f64 {
    let told = std::fs::read_to_string("/proc/self/schedstat").ok();
    let nanoseconds = told.and_then(|text| text.split(' ').next()?.parse::<f64>().ok());
    nanoseconds.map_or_else(|| began.elapsed().as_secs_f64() * 1e3, |spent| spent / 1e6)
}

fn main() {
    let pods = std::env::args().nth(1).and_then(|text| text.parse().ok());
    let changes = std::env::args().nth(2).and_then(|text| text.parse().ok());
    let changes: usize = changes.unwrap_or(200);
    let mut snapshot = cluster(pods.unwrap_or(50_000)).in_order().into_owned();
    let mut ledger = Ledger::new("bench", Quiet::default());
    let clock = Instant::now();
    for _ in 0..7 {
        let began = spent(clock);
        let found = evaluate(&snapshot);
        let judged = spent(clock) - began;
        let count = found.len();
        ledger.observe(&snapshot, found, NOW);
        let whole = spent(clock) - began;
        println!(
            "{judged:.1} ms of CPU to judge, {whole:.1} ms with the ledger, {count} incidents"
        );
    }
    let mut judge = Judge::default();
    let began = spent(clock);
    let count = judge.judge(&snapshot).len();
    println!(
        "{:.1} ms to judge it first, {count} incidents",
        spent(clock) - began
    );
    for round in 0..7 {
        // Changes all over the cluster, and half a second later it is judged again.
        let pods: &List<_> = snapshot.pods.as_ref().expect("the cluster has pods");
        let mut pods: Vec<_> = pods.into_iter().cloned().collect();
        let many = pods.len();
        for change in 0..changes {
            let place = (change * 7_919 + round * 104_729) % many;
            pods[place] = Arc::new((*pods[place]).clone());
        }
        snapshot.pods = Some(Arc::new(pods).into());
        snapshot.now += 1;
        let began = spent(clock);
        let count = judge.judge(&snapshot).len();
        let judged = spent(clock) - began;
        println!("{judged:.1} ms after {changes} changes, {count} incidents");
    }
}
