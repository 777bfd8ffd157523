//! The incident engine on a real kubelet: what is really broken is found by `kubegraf scan` with its
//! type, cause and target, what works is not, and `kubegraf fix` heals what can be healed.

#![allow(
    clippy::unwrap_used,
    reason = "a test file: what is not there fails the test"
)]

use std::{collections::BTreeSet, path::Path, sync::Arc, time::Duration};

use kubegraf_core::{
    Options,
    clock::SystemClock,
    clusters::Sources,
    fix::{self, End},
    scan,
};
use kubegraf_testcluster::{Cluster, Options as ClusterOptions, Tier, require};
use serde_json::Value;

/// Namespace, type, cause, target, and whether the first fix heals it.
type Broken = (&'static str, &'static str, &'static str, &'static str, bool);

const BROKEN: &[Broken] = &[
    (
        "account",
        "dangling_reference",
        "service_account_missing",
        "Deployment/account",
        true,
    ),
    (
        "claim",
        "pvc_pending",
        "storage_class_missing",
        "PersistentVolumeClaim/data",
        false,
    ),
    (
        "config",
        "dangling_reference",
        "config_map_missing",
        "Deployment/config",
        true,
    ),
    (
        "crash-config",
        "pod_crash_loop",
        "application_config_error",
        "Deployment/crash-config",
        false,
    ),
    (
        "crash-dependency",
        "pod_crash_loop",
        "dependency_unreachable",
        "Deployment/crash-dependency",
        false,
    ),
    (
        "crash-trace",
        "pod_crash_loop",
        "application_error",
        "Deployment/crash-trace",
        false,
    ),
    (
        "image",
        "image_pull_error",
        "image_tag_not_found",
        "Deployment/image",
        true,
    ),
    (
        "init",
        "init_container_failed",
        "application_error",
        "Deployment/init",
        false,
    ),
    (
        "job",
        "job_failed",
        "job_backoff_exhausted",
        "Job/migrate",
        false,
    ),
    (
        "liveness",
        "liveness_probe_failing",
        "liveness_probe_wrong_port",
        "Deployment/liveness",
        true,
    ),
    (
        "never",
        "image_pull_error",
        "image_never_pulled",
        "Deployment/never",
        true,
    ),
    (
        "no-command",
        "container_start_error",
        "command_not_found",
        "Deployment/no-command",
        false,
    ),
    (
        "node-selector",
        "pod_unschedulable",
        "node_selector_mismatch",
        "Deployment/node-selector",
        true,
    ),
    (
        "oom",
        "oom_killed",
        "memory_limit_too_low",
        "Deployment/oom",
        true,
    ),
    (
        "port",
        "service_port_mismatch",
        "service_port_mismatch",
        "Service/web",
        true,
    ),
    (
        "quota",
        "quota_exhausted",
        "quota_pods_exceeded",
        "ResourceQuota/pods",
        true,
    ),
    (
        "readiness",
        "readiness_probe_failing",
        "readiness_probe_wrong_port",
        "Deployment/readiness",
        true,
    ),
    (
        "root",
        "container_config_error",
        "run_as_non_root_conflict",
        "Deployment/root",
        false,
    ),
    (
        "secret-key",
        "dangling_reference",
        "secret_key_missing",
        "Deployment/secret-key",
        true,
    ),
    (
        "selector",
        "service_no_endpoints",
        "service_selector_mismatch",
        "Service/web",
        true,
    ),
    (
        "too-large",
        "pod_unschedulable",
        "insufficient_cpu",
        "Deployment/too-large",
        true,
    ),
];

/// A rollout that takes longer than this test looks at it.
const SLOW_ROLLOUT: &str = r#"{"spec": {"template": {"spec": {"containers": [{"name": "app",
    "readinessProbe": {"exec": {"command": ["true"]}, "initialDelaySeconds": 900}}]}}}}"#;

const SOON: Duration = Duration::from_secs(300);

const IMAGE: &str = "
apiVersion: apps/v1
kind: Deployment
metadata: {name: image, namespace: image}
spec:
  selector: {matchLabels: {app: x}}
  template:
    metadata: {labels: {app: x}}
    spec: {terminationGracePeriodSeconds: 0, containers: [{name: app, image: APP}]}
";

async fn scan(kubeconfig: &Path) -> Vec<Value> {
    let arguments = [
        "--kubeconfig",
        kubeconfig.to_str().unwrap(),
        "-A",
        "-o",
        "json",
    ];
    let (mut out, mut log) = (Vec::new(), Vec::new());
    let mut input: &[u8] = &[];
    let arguments = arguments.iter().map(Into::into);
    let end = scan::run(arguments, &mut input, &mut out, &mut log, &SystemClock)
        .await
        .unwrap();
    assert_eq!(end, scan::End::Looked, "{}", String::from_utf8_lossy(&log));
    let mut answer: Value = serde_json::from_slice(&out).unwrap();
    match answer["incidents"].take() {
        Value::Array(incidents) => incidents,
        other => panic!("{other}"),
    }
}

fn expectation((namespace, kind, cause, target, _): &Broken) -> String {
    format!("{namespace} {kind} {cause} {target}")
}

/// Waits until these Deployments of the namespace have the pods they want.
async fn available(cluster: &Cluster, namespace: &str, which: &[&str]) {
    let wait = [
        "wait",
        "-n",
        namespace,
        "--for=condition=Available",
        "--timeout=180s",
    ];
    cluster.run(&[&wait[..], which].concat()).await.unwrap();
}

fn row(incident: &Value) -> String {
    let root = &incident["rootCause"];
    let text = |value: &Value| value.as_str().unwrap_or("?").to_owned();
    format!(
        "{} {} {} {}/{}",
        text(&incident["resource"]["namespace"]),
        text(&incident["type"]),
        text(&root["cause"]),
        text(&root["target"]["kind"]),
        text(&root["target"]["name"]),
    )
}

async fn heal(kubeconfig: &Path, data: &Path, id: &str) -> Result<(), String> {
    let options = Options {
        data_dir: data.into(),
        sources: Sources {
            kubeconfigs: Vec::new(),
            demo: false,
        },
        actor: "tester".into(),
        clock: Arc::new(SystemClock),
    };
    let arguments = [
        "--kubeconfig",
        kubeconfig.to_str().unwrap(),
        "--incident",
        id,
        "--yes",
        "-o",
        "json",
    ];
    let (mut out, mut log) = (Vec::new(), Vec::new());
    let mut input: &[u8] = &[];
    let arguments = arguments.iter().map(Into::into);
    let end = fix::run(arguments, options, &mut input, &mut out, &mut log)
        .await
        .unwrap();
    if end == End::Done {
        return Ok(());
    }
    let answer: Value = serde_json::from_slice(&out).unwrap();
    let (fix, lines) = (&answer["fix"]["preview"], &answer["output"]);
    Err(format!("{}{fix} {lines:#}", String::from_utf8_lossy(&log)))
}

/// Covers: INC-05, INC-07, INC-13, FIX-03, FIX-06, FIX-07
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_really_broken_is_found_and_healed() {
    if !require(Tier::Real) {
        return;
    }
    let cluster = Cluster::up(ClusterOptions::real().nodes(2)).await.unwrap();
    let fill = |text: &str| {
        text.replace("BUSYBOX", &cluster.image("busybox:1"))
            .replace("APP", &cluster.image("app:v1"))
            .replace("NEVER", &cluster.image("app:v2"))
    };
    for namespace in BROKEN.iter().map(|row| row.0).chain(["ok"]) {
        cluster
            .run(&["create", "namespace", namespace])
            .await
            .unwrap();
    }
    let label = ["label", "node", "node-0", "disktype=ssd"];
    cluster.run(&label).await.unwrap();
    cluster.apply(&fill(IMAGE)).await.unwrap();
    available(&cluster, "image", &["deployment/image"]).await;
    let missing = format!("app={}", cluster.image("app:missing"));
    let change = ["set", "image", "-n", "image", "deployment/image", &missing];
    cluster.run(&change).await.unwrap();
    cluster
        .apply(&fill(include_str!("incidents_real/healthy.yaml")))
        .await
        .unwrap();
    available(&cluster, "ok", &["deployment/rolling"]).await;
    let roll = [
        "patch",
        "-n",
        "ok",
        "deployment/rolling",
        "-p",
        SLOW_ROLLOUT,
    ];
    cluster.run(&roll).await.unwrap();
    let drain = [
        "drain",
        "node-1",
        "--ignore-daemonsets",
        "--delete-emptydir-data",
        "--timeout=180s",
    ];
    cluster.run(&drain).await.unwrap();
    cluster
        .apply(&fill(include_str!("incidents_real/broken.yaml")))
        .await
        .unwrap();

    let kubeconfig = cluster.kubeconfig();
    let expected: BTreeSet<String> = BROKEN.iter().map(expectation).collect();
    let found = cluster
        .eventually("everything that is broken is found", SOON, async || {
            let found = scan(kubeconfig).await;
            let rows: BTreeSet<String> = found.iter().map(row).collect();
            if rows == expected {
                return Ok(found);
            }
            let lacks: Vec<_> = expected.difference(&rows).collect();
            let extra: Vec<_> = rows.difference(&expected).collect();
            Err(format!("not found: {lacks:#?}\nfound instead: {extra:#?}"))
        })
        .await
        .unwrap();
    assert_eq!(found.len(), BROKEN.len(), "one incident each");

    let data = tempfile::tempdir().unwrap();
    let mut sick = Vec::new();
    for (namespace, ..) in BROKEN.iter().filter(|row| row.4) {
        let incident = found
            .iter()
            .find(|one| one["resource"]["namespace"] == *namespace)
            .unwrap();
        let print = incident["fingerprint"].as_str().unwrap();
        if let Err(error) = heal(kubeconfig, data.path(), print).await {
            sick.push(format!("{namespace}: {error}"));
        }
    }
    assert!(sick.is_empty(), "{}", sick.join("\n"));
    for (namespace, ..) in BROKEN.iter().filter(|row| row.4) {
        available(&cluster, namespace, &["deployment", "--all"]).await;
    }
    let incurable: BTreeSet<String> = BROKEN
        .iter()
        .filter(|row| !row.4)
        .map(expectation)
        .collect();
    cluster
        .eventually("only what no fix heals is left", SOON, async || {
            let rows: BTreeSet<String> = scan(kubeconfig).await.iter().map(row).collect();
            let same = rows == incurable;
            same.then_some(()).ok_or_else(|| format!("{rows:#?}"))
        })
        .await
        .unwrap();
    cluster.down().await.unwrap();
}
