//! The demo cluster through a real `kube::Client`: its size, its problems at the first moment, and that each ends
//! when its cause is removed through the API.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::needless_pass_by_value,
    reason = "helpers of tests: they fail by panicking and print what they measured"
)]

use std::time::{Duration, Instant};

use k8s_openapi::api::apps::v1::{Deployment, StatefulSet};
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{ConfigMap, Endpoints, Namespace, Node, Pod, Service};
use k8s_openapi::api::storage::v1::StorageClass;
use kube::api::{DeleteParams, ListParams, LogParams, Patch, PatchParams, PostParams};
use kube::{Api, Client, ResourceExt};
use kubegraf_sim::Clock;
use kubegraf_sim::demo::{self, Demo};
use serde_json::{Value, json};

const START: i64 = 1_780_000_000_000;

fn cluster() -> (Demo, Client) {
    let demo = demo::start_at(7, Clock::starting_at(START));
    let client = Client::new(demo.service(), "default");
    (demo, client)
}

async fn pods(client: &Client, namespace: &str, name: &str) -> Vec<Pod> {
    let api: Api<Pod> = Api::namespaced(client.clone(), namespace);
    let labels = format!("app.kubernetes.io/name={name}");
    let all = api
        .list(&ListParams::default().labels(&labels))
        .await
        .unwrap()
        .items;
    all.into_iter()
        .filter(|p| p.metadata.deletion_timestamp.is_none())
        .collect()
}

/// Waiting or terminated reasons of a workload's containers, last ones included.
async fn reasons(client: &Client, namespace: &str, name: &str) -> Vec<String> {
    let mut found = Vec::new();
    for pod in pods(client, namespace, name).await {
        for s in pod
            .status
            .into_iter()
            .flat_map(|s| s.container_statuses.unwrap_or_default())
        {
            for state in [s.state, s.last_state].into_iter().flatten() {
                found.extend(state.waiting.and_then(|w| w.reason));
                found.extend(state.terminated.and_then(|t| t.reason));
            }
        }
    }
    found
}

async fn patch(client: &Client, namespace: &str, name: &str, body: Value) {
    let api: Api<Deployment> = Api::namespaced(client.clone(), namespace);
    api.patch(name, &PatchParams::default(), &Patch::Strategic(body))
        .await
        .unwrap();
}

/// Waits in the cluster's time until a Deployment is whole again.
async fn whole(client: &Client, namespace: &str, name: &str) {
    let api: Api<Deployment> = Api::namespaced(client.clone(), namespace);
    for _ in 0..900 {
        let d = api.get(name).await.unwrap();
        let (wanted, s) = (d.spec.unwrap().replicas, d.status.unwrap());
        if s.observed_generation == d.metadata.generation
            && s.ready_replicas == wanted
            && s.updated_replicas == wanted
            && s.replicas == wanted
        {
            return;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    panic!(
        "{namespace}/{name} never became whole: {:?}",
        reasons(client, namespace, name).await
    );
}

#[tokio::test(start_paused = true)]
async fn it_has_the_size_of_a_real_company_and_a_past() {
    let began = Instant::now();
    let (_demo, client) = cluster();
    println!("demo::start: {:?}", began.elapsed());
    let list = Api::<Pod>::all(client.clone())
        .list(&ListParams::default())
        .await
        .unwrap();
    println!("listable: {:?}, {} pods", began.elapsed(), list.items.len());
    assert!(
        (250..=400).contains(&list.items.len()),
        "{} pods",
        list.items.len()
    );
    assert_eq!(
        Api::<Node>::all(client.clone())
            .list(&ListParams::default())
            .await
            .unwrap()
            .items
            .len(),
        8
    );
    assert!(
        Api::<Namespace>::all(client.clone())
            .list(&ListParams::default())
            .await
            .unwrap()
            .items
            .len()
            >= 10
    );
    let deployments = Api::<Deployment>::all(client.clone())
        .list(&ListParams::default())
        .await
        .unwrap()
        .items;
    assert!(deployments.len() >= 60, "{} deployments", deployments.len());
    let oldest = deployments
        .iter()
        .filter_map(|d| d.creation_timestamp())
        .min()
        .unwrap()
        .0;
    assert!(
        START / 1000 - oldest.as_second() > 30 * 86_400,
        "ages of weeks"
    );
    let node = Api::<Node>::all(client).get("worker-a3").await.unwrap();
    let ready = node
        .status
        .unwrap()
        .conditions
        .unwrap()
        .into_iter()
        .find(|c| c.type_ == "Ready")
        .unwrap();
    assert_eq!(ready.status, "Unknown");
}

#[tokio::test(start_paused = true)]
async fn an_idle_cluster_writes_little() {
    let (demo, _client) = cluster();
    tokio::time::sleep(Duration::from_secs(60)).await;
    let before = demo.sim().revision();
    tokio::time::sleep(Duration::from_secs(600)).await;
    let writes = demo.sim().revision() - before;
    assert!(writes < 3000, "{writes} writes in ten minutes");
    assert!(writes > 100, "but it lives: {writes}");
}

#[tokio::test(start_paused = true)]
async fn checkout_is_healed_by_a_rollback() {
    let (_demo, client) = cluster();
    assert!(
        reasons(&client, "shop", "checkout")
            .await
            .iter()
            .any(|r| r == "ImagePullBackOff" || r == "ErrImagePull")
    );
    let d = Api::<Deployment>::namespaced(client.clone(), "shop")
        .get("checkout")
        .await
        .unwrap();
    let status = d.status.unwrap();
    assert!(
        status.ready_replicas.unwrap_or(0) >= 4,
        "the previous release still serves"
    );
    assert!(
        status
            .conditions
            .unwrap()
            .iter()
            .any(|c| c.reason.as_deref() == Some("ProgressDeadlineExceeded"))
    );
    let image = "registry.lumen.example/shop/checkout:v2.14.0";
    patch(&client, "shop", "checkout", json!({"spec": {"template": {"metadata": {"labels": {"app.kubernetes.io/version": "2.14.0"}}, "spec": {"containers": [{"name": "checkout", "image": image}]}}}})).await;
    whole(&client, "shop", "checkout").await;
}

#[tokio::test(start_paused = true)]
async fn indexer_is_healed_by_more_memory() {
    let (_demo, client) = cluster();
    assert!(
        reasons(&client, "search", "indexer")
            .await
            .iter()
            .any(|r| r == "OOMKilled")
    );
    patch(&client, "search", "indexer", json!({"spec": {"template": {"spec": {"containers": [{"name": "indexer", "resources": {"limits": {"memory": "1Gi"}}}]}}}})).await;
    whole(&client, "search", "indexer").await;
}

#[tokio::test(start_paused = true)]
async fn ledger_export_is_healed_by_the_missing_key() {
    let (_demo, client) = cluster();
    assert!(
        reasons(&client, "payments", "ledger-export")
            .await
            .iter()
            .any(|r| r == "CreateContainerConfigError")
    );
    let maps: Api<ConfigMap> = Api::namespaced(client.clone(), "payments");
    maps.patch(
        "ledger-export",
        &PatchParams::default(),
        &Patch::Merge(json!({"data": {"EXPORT_BUCKET": "ledger"}})),
    )
    .await
    .unwrap();
    whole(&client, "payments", "ledger-export").await;
}

#[tokio::test(start_paused = true)]
async fn embedding_server_is_healed_by_a_label_on_a_node() {
    let (_demo, client) = cluster();
    let waiting = pods(&client, "ml", "embedding-server").await;
    let message = waiting[0].status.clone().unwrap().conditions.unwrap()[0]
        .message
        .clone()
        .unwrap();
    assert!(
        message.starts_with("0/8 nodes are available: "),
        "{message}"
    );
    assert!(
        message.contains("node(s) didn't match Pod's node affinity/selector"),
        "{message}"
    );
    let nodes: Api<Node> = Api::all(client.clone());
    nodes
        .patch(
            "worker-b1",
            &PatchParams::default(),
            &Patch::Merge(json!({"metadata": {"labels": {"accelerator": "nvidia-l4"}}})),
        )
        .await
        .unwrap();
    whole(&client, "ml", "embedding-server").await;
}

#[tokio::test(start_paused = true)]
async fn notifications_is_healed_by_its_selector() {
    let (_demo, client) = cluster();
    let endpoints: Api<Endpoints> = Api::namespaced(client.clone(), "platform");
    assert!(
        endpoints
            .get("notifications")
            .await
            .unwrap()
            .subsets
            .unwrap_or_default()
            .is_empty()
    );
    let services: Api<Service> = Api::namespaced(client.clone(), "platform");
    let fix = json!({"spec": {"selector": {"app.kubernetes.io/name": "notifications"}}});
    services
        .patch("notifications", &PatchParams::default(), &Patch::Merge(fix))
        .await
        .unwrap();
    tokio::time::sleep(Duration::from_secs(2)).await;
    let subsets = endpoints
        .get("notifications")
        .await
        .unwrap()
        .subsets
        .unwrap();
    assert!(!subsets[0].addresses.clone().unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn recommendations_is_healed_by_scaling_what_it_needs() {
    let (_demo, client) = cluster();
    let all = pods(&client, "shop", "recommendations").await;
    let crashing = all
        .iter()
        .find(|p| {
            p.status
                .as_ref()
                .unwrap()
                .container_statuses
                .as_ref()
                .unwrap()[0]
                .restart_count
                > 3
        })
        .expect("a crash loop");
    let api: Api<Pod> = Api::namespaced(client.clone(), "shop");
    let log = api
        .logs(
            &crashing.name_any(),
            &LogParams {
                previous: true,
                ..LogParams::default()
            },
        )
        .await
        .unwrap();
    assert!(log.contains("connect: connection refused"), "{log}");
    patch(
        &client,
        "data",
        "feature-store",
        json!({"spec": {"replicas": 2}}),
    )
    .await;
    whole(&client, "shop", "recommendations").await;
}

#[tokio::test(start_paused = true)]
async fn suggest_is_healed_by_the_right_port() {
    let (_demo, client) = cluster();
    assert!(!pods(&client, "search", "suggest").await.is_empty());
    patch(&client, "search", "suggest", json!({"spec": {"template": {"spec": {"containers": [{"name": "suggest", "readinessProbe": {"httpGet": {"port": 8080}}}]}}}})).await;
    whole(&client, "search", "suggest").await;
}

#[tokio::test(start_paused = true)]
async fn analytics_db_is_healed_by_its_storage_class() {
    let (_demo, client) = cluster();
    let class: StorageClass = serde_json::from_value(
        json!({"metadata": {"name": "fast-ssd"}, "provisioner": "csi.lumen.example"}),
    )
    .unwrap();
    Api::<StorageClass>::all(client.clone())
        .create(&PostParams::default(), &class)
        .await
        .unwrap();
    let sets: Api<StatefulSet> = Api::namespaced(client, "data");
    for _ in 0..300 {
        if sets
            .get("analytics-db")
            .await
            .unwrap()
            .status
            .unwrap()
            .ready_replicas
            == Some(1)
        {
            return;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    panic!("analytics-db never became ready");
}

#[tokio::test(start_paused = true)]
async fn a_lost_node_is_replaced_after_its_deletion() {
    let (_demo, client) = cluster();
    let nodes: Api<Node> = Api::all(client.clone());
    nodes
        .delete("worker-a3", &DeleteParams::default())
        .await
        .unwrap();
    tokio::time::sleep(Duration::from_secs(120)).await;
    let ready = nodes
        .get("worker-a3")
        .await
        .unwrap()
        .status
        .unwrap()
        .conditions
        .unwrap()
        .into_iter()
        .find(|c| c.type_ == "Ready")
        .unwrap();
    assert_eq!(ready.status, "True");
    let stuck = Api::<Pod>::all(client)
        .list(&ListParams::default())
        .await
        .unwrap()
        .into_iter()
        .filter(|p| p.metadata.deletion_timestamp.is_some())
        .count();
    assert_eq!(stuck, 0, "nothing is left Terminating");
}

#[tokio::test(start_paused = true)]
async fn a_failed_job_succeeds_with_the_corrected_release() {
    let (_demo, client) = cluster();
    let jobs: Api<Job> = Api::namespaced(client, "payments");
    let failed = jobs.get("settlement-backfill").await.unwrap();
    assert!(
        failed
            .status
            .unwrap()
            .conditions
            .unwrap()
            .iter()
            .any(|c| c.reason.as_deref() == Some("BackoffLimitExceeded"))
    );
    let again: Job = serde_json::from_value(json!({"metadata": {"name": "settlement-backfill-2"}, "spec": {"template": {"spec": {"restartPolicy": "Never",
        "containers": [{"name": "backfill", "image": "registry.lumen.example/payments/settlement-backfill:v1.4.2"}]}}}})).unwrap();
    jobs.create(&PostParams::default(), &again).await.unwrap();
    tokio::time::sleep(Duration::from_secs(90)).await;
    assert_eq!(
        jobs.get("settlement-backfill-2")
            .await
            .unwrap()
            .status
            .unwrap()
            .succeeded,
        Some(1)
    );
}
