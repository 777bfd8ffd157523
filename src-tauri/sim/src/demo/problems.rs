//! What is wrong in the demo cluster. Each problem began some time ago, shows what it would show, and ends when its
//! cause is removed through ordinary API calls.

use serde_json::{Value, json};

use super::Step;
use super::build::{self, make};
use super::workload::{Workload, own};
use crate::clock::{DAY, HOUR, MINUTE, Millis};
use crate::controllers::node;
use crate::images::{App, Exit, LogStyle};
use crate::kinds;
use crate::object::Fields;
use crate::store::Key;
use crate::world::World;

pub(super) fn schedule(now: Millis, steps: &mut Vec<Step>) {
    let mut at = |ago: Millis, act: Box<dyn FnOnce(&mut World)>| steps.push((now - ago, act));
    // A release whose image was never pushed; the previous one still serves. Rolling back heals.
    at(
        38 * MINUTE,
        Box::new(|w| {
            set_image(
                w,
                "shop",
                "checkout",
                "registry.lumen.example/shop/checkout:v2.15.0",
            )
        }),
    );
    // A release that needs more memory than its limit. Raising the limit heals.
    let indexer = || {
        own("search", "indexer", "v3.1.4", 2)
            .size(300, 256)
            .logs(LogStyle::Worker)
    };
    at(21 * DAY, Box::new(move |w| begin(w, &indexer())));
    at(2 * HOUR, Box::new(hungry_release));
    // A key is missing from a ConfigMap. Adding it heals.
    at(9 * DAY, Box::new(ledger_export_settings));
    at(34 * MINUTE, Box::new(ledger_export));
    // No node carries the label it asks for. Labelling a node or dropping the selector heals.
    at(52 * MINUTE, Box::new(embedding_server));
    // The Service selects a label no pod has. Correcting the selector heals.
    let notifications = || own("platform", "notifications", "v1.5.2", 3);
    at(16 * DAY, Box::new(move |w| begin(w, &notifications())));
    at(
        3 * HOUR,
        Box::new(|w| {
            w.modify(
                kinds::SERVICES,
                &Key::new("platform", "notifications"),
                |o| {
                    o.put(
                        "/spec/selector",
                        json!({"app.kubernetes.io/name": "notification"}),
                    );
                },
            );
        }),
    );
    // Somebody scaled a dependency to zero; what needs it crashes. Scaling it up heals.
    let store = || own("data", "feature-store", "v2.4.0", 2);
    at(30 * DAY, Box::new(move |w| begin(w, &store())));
    at(12 * DAY, Box::new(|w| begin(w, &recommendations("v1.8.3"))));
    at(
        46 * MINUTE,
        Box::new(|w| scale(w, "data", "feature-store", 0)),
    );
    at(
        44 * MINUTE,
        Box::new(|w| {
            w.images.add_tags(
                "registry.lumen.example/shop/recommendations",
                &["v1.8.4"],
                &App {
                    needs: vec!["FEATURE_STORE_ADDR".into()],
                    ..App::default()
                },
            );
            build::release(w, &recommendations("v1.8.4"), "v1.8.4", 3);
        }),
    );
    // The readiness probe asks the wrong port. Correcting it heals.
    at(27 * MINUTE, Box::new(suggest));
    // The claim names a StorageClass that does not exist. Creating it heals.
    at(70 * MINUTE, Box::new(analytics_db));
    // A kubelet went silent. Its pods were moved; deleting the node makes the pool replace it.
    at(
        24 * MINUTE,
        Box::new(|w| {
            node::renew(w, "worker-a3");
            w.dead_kubelets.insert("worker-a3".into());
        }),
    );
    at(
        23 * MINUTE,
        Box::new(|w| node::mark_unknown(w, &Key::new("", "worker-a3"))),
    );
    at(
        18 * MINUTE,
        Box::new(|w| {
            node::evict(w, "worker-a3");
        }),
    );
    // A one-off Job failed for good. Running it again with the corrected release works.
    at(85 * MINUTE, Box::new(backfill));
    // Not problems, but worth a note: a cordoned node and a paused rollout.
    at(
        5 * HOUR,
        Box::new(|w| {
            w.modify(kinds::NODES, &Key::new("", "worker-b4"), |o| {
                o.put("/spec/unschedulable", true);
                o.put(
                    "/spec/taints",
                    json!([{"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}]),
                );
            });
        }),
    );
    at(
        26 * HOUR,
        Box::new(|w| {
            w.modify(kinds::DEPLOYMENTS, &Key::new("shop", "reviews"), |o| {
                o.put("/spec/paused", true)
            });
        }),
    );
}

fn begin(w: &mut World, x: &Workload) {
    build::first(w, x, x.tag);
    build::release(w, x, x.tag, x.replicas);
}

fn set_image(w: &mut World, namespace: &str, name: &str, image: &str) {
    w.modify(kinds::DEPLOYMENTS, &Key::new(namespace, name), |o| {
        o.put("/spec/template/spec/containers/0/image", image);
        let version = image.rsplit_once(":v").map_or("", |(_, v)| v);
        o.put(
            "/spec/template/metadata/labels/app.kubernetes.io~1version",
            version,
        );
        o.put(
            "/metadata/annotations/kubernetes.io~1change-cause",
            format!("release v{version}"),
        );
    });
}

fn scale(w: &mut World, namespace: &str, name: &str, replicas: i64) {
    w.modify(kinds::DEPLOYMENTS, &Key::new(namespace, name), |o| {
        o.put("/spec/replicas", replicas)
    });
}

fn hungry_release(w: &mut World) {
    w.images.add_tags(
        "registry.lumen.example/search/indexer",
        &["v3.2.0"],
        &App {
            memory_mib: 740,
            cpu_milli: 180,
            log: LogStyle::Worker,
            ..App::default()
        },
    );
    set_image(
        w,
        "search",
        "indexer",
        "registry.lumen.example/search/indexer:v3.2.0",
    );
}

fn ledger_export_settings(w: &mut World) {
    make(
        w,
        kinds::CONFIG_MAPS,
        json!({"metadata": {"name": "ledger-export", "namespace": "payments"}, "data": {"EXPORT_FORMAT": "parquet", "EXPORT_INTERVAL": "15m"}}),
    );
}

fn ledger_export(w: &mut World) {
    let x = Workload {
        service: false,
        ..own("payments", "ledger-export", "v1.0.2", 2)
    };
    build::first(w, &x, x.tag);
    let key = Key::new("payments", "ledger-export");
    let from = |key: &str| json!({"configMapKeyRef": {"name": "ledger-export", "key": key}});
    w.modify(kinds::DEPLOYMENTS, &key, |o| {
        o.put("/spec/template/spec/containers/0/env", json!([{"name": "EXPORT_FORMAT", "valueFrom": from("EXPORT_FORMAT")}, {"name": "EXPORT_BUCKET", "valueFrom": from("EXPORT_BUCKET")}]));
        o.put("/spec/replicas", 2);
    });
}

fn embedding_server(w: &mut World) {
    let x = own("ml", "embedding-server", "v0.4.0", 2).size(1000, 2048);
    build::first(w, &x, x.tag);
    w.modify(
        kinds::DEPLOYMENTS,
        &Key::new("ml", "embedding-server"),
        |o| {
            o.put(
                "/spec/template/spec/nodeSelector",
                json!({"accelerator": "nvidia-l4"}),
            );
            o.put("/spec/replicas", 2);
        },
    );
}

fn recommendations(tag: &'static str) -> Workload {
    Workload {
        released_hours: 24 * 12,
        ..own("shop", "recommendations", tag, 3)
    }
    .needs(
        "FEATURE_STORE_ADDR",
        "feature-store.data.svc.cluster.local:8080",
    )
}

fn suggest(w: &mut World) {
    let x = own("search", "suggest", "v0.3.0", 3);
    build::first(w, &x, x.tag);
    w.modify(kinds::DEPLOYMENTS, &Key::new("search", "suggest"), |o| {
        o.put("/spec/template/spec/containers/0/readinessProbe", json!({"httpGet": {"path": "/healthz", "port": 8081, "scheme": "HTTP"}, "periodSeconds": 10, "timeoutSeconds": 1, "successThreshold": 1, "failureThreshold": 3}));
        o.cut("/spec/template/spec/containers/0/livenessProbe");
        o.put("/spec/replicas", 3);
    });
}

fn analytics_db(w: &mut World) {
    let x = Workload {
        kind: super::workload::Kind::StatefulSet,
        ..own("data", "analytics-db", "v16.2", 1)
    };
    w.images.add_versions(
        &x.image,
        App {
            memory_mib: 300,
            log: LogStyle::Database,
            ..App::default()
        },
    );
    let mut template: Value = build::template(&x, x.tag);
    template["spec"]["containers"][0]["volumeMounts"] =
        json!([{"name": "data", "mountPath": "/var/lib/postgresql/data"}]);
    make(
        w,
        kinds::STATEFUL_SETS,
        json!({
            "metadata": {"name": "analytics-db", "namespace": "data", "labels": {"app.kubernetes.io/name": "analytics-db"}},
            "spec": {"replicas": 1, "serviceName": "analytics-db", "selector": {"matchLabels": {"app.kubernetes.io/name": "analytics-db"}}, "template": template,
                "volumeClaimTemplates": [{"metadata": {"name": "data"}, "spec": {"accessModes": ["ReadWriteOnce"], "storageClassName": "fast-ssd", "resources": {"requests": {"storage": "100Gi"}}}}]},
        }),
    );
    make(
        w,
        kinds::SERVICES,
        json!({"metadata": {"name": "analytics-db", "namespace": "data"}, "spec": {"selector": {"app.kubernetes.io/name": "analytics-db"}, "ports": [{"name": "main", "port": 8080, "targetPort": "main"}]}}),
    );
}

fn backfill(w: &mut World) {
    let image = "registry.lumen.example/payments/settlement-backfill";
    let words = [
        "migration 0042_settlement_currency: applying",
        "ERROR: column \"currency\" of relation \"settlements\" does not exist",
        "backfill aborted after 0 of 18422 rows",
    ];
    let broken = App {
        log: LogStyle::Worker,
        exit: Some(Exit {
            after_ms: 4000,
            code: 1,
            last_words: words.map(str::to_owned).to_vec(),
        }),
        ..App::default()
    };
    w.images.add_tags(image, &["v1.4.1"], &broken);
    w.images.add_tags(
        image,
        &["v1.4.2"],
        &App {
            log: LogStyle::Worker,
            run_seconds: 30,
            ..App::default()
        },
    );
    make(
        w,
        kinds::JOBS,
        json!({
            "metadata": {"name": "settlement-backfill", "namespace": "payments", "labels": {"app.kubernetes.io/name": "settlement-backfill"}},
            "spec": {"backoffLimit": 3, "template": {"metadata": {"labels": {"app.kubernetes.io/name": "settlement-backfill"}}, "spec": {"restartPolicy": "Never", "containers": [
                {"name": "backfill", "image": format!("{image}:v1.4.1"), "args": ["--from", "2026-10-01"], "resources": {"requests": {"cpu": "200m", "memory": "256Mi"}, "limits": {"memory": "512Mi"}}}]}}},
        }),
    );
}
