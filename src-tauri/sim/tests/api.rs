//! The sim through a real `kube::Client`: what a client of the API server sees.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::needless_pass_by_value,
    reason = "helpers of tests: they fail by panicking and print what they measured"
)]

use std::time::Duration;

use futures::{AsyncBufReadExt, StreamExt, TryStreamExt};
use k8s_openapi::api::apps::v1::{Deployment, ReplicaSet};
use k8s_openapi::api::authorization::v1::SelfSubjectAccessReview;
use k8s_openapi::api::core::v1::{ConfigMap, Event, Node, Pod};
use kube::api::{
    DeleteParams, ListParams, LogParams, Patch, PatchParams, PostParams, WatchEvent, WatchParams,
};
use kube::{Api, Client, ResourceExt};
use kubegraf_sim::{Clock, Effect, Fault, Running, Sim, SimOptions};
use serde_json::json;

const START: i64 = 1_780_000_000_000;

fn sim() -> (Sim, Client, Running) {
    let sim = Sim::new(SimOptions {
        clock: Clock::starting_at(START),
        ..SimOptions::default()
    });
    sim.add_nodes(3);
    let running = sim.start();
    let client = Client::new(sim.service(), "default");
    (sim, client, running)
}

fn deployment(name: &str, image: &str, replicas: i32) -> Deployment {
    serde_json::from_value(json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name},
        "spec": {"replicas": replicas, "selector": {"matchLabels": {"app": name}}, "template": {
            "metadata": {"labels": {"app": name}},
            "spec": {"containers": [{"name": "app", "image": image, "ports": [{"containerPort": 8080}],
                "readinessProbe": {"httpGet": {"port": 8080}}, "resources": {"requests": {"cpu": "100m", "memory": "64Mi"}}}]}
        }}
    }))
    .unwrap()
}

async fn eventually<T, F: Future<Output = Option<T>>>(
    what: &str,
    mut check: impl FnMut() -> F,
) -> T {
    for _ in 0..1200 {
        if let Some(found) = check().await {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    panic!("never happened: {what}");
}

async fn ready(api: &Api<Deployment>, name: &str, n: i32) {
    eventually(&format!("{name} ready {n}"), async || {
        let d = api.get(name).await.unwrap();
        let s = d.status?;
        (s.ready_replicas == Some(n)
            && s.updated_replicas == Some(n)
            && s.replicas == Some(n)
            && s.observed_generation == d.metadata.generation)
            .then_some(())
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_deployment_comes_up_and_logs() {
    let (_sim, client, _running) = sim();
    let deployments: Api<Deployment> = Api::default_namespaced(client.clone());
    let made = deployments
        .create(&PostParams::default(), &deployment("web", "nginx:1.27", 3))
        .await
        .unwrap();
    assert_eq!(
        made.spec.as_ref().unwrap().progress_deadline_seconds,
        Some(600)
    );
    ready(&deployments, "web", 3).await;
    let pods: Api<Pod> = Api::default_namespaced(client.clone());
    let list = pods
        .list(
            &ListParams::default()
                .labels("app=web")
                .fields("status.phase=Running"),
        )
        .await
        .unwrap();
    assert_eq!(list.items.len(), 3);
    let pod = &list.items[0];
    assert!(pod.name_any().starts_with("web-"));
    let log = pods
        .logs(
            &pod.name_any(),
            &LogParams {
                tail_lines: Some(1),
                ..LogParams::default()
            },
        )
        .await
        .unwrap();
    assert_eq!(log.lines().count(), 1);
    let mut follow = pods
        .log_stream(
            &pod.name_any(),
            &LogParams {
                follow: true,
                ..LogParams::default()
            },
        )
        .await
        .unwrap()
        .lines();
    for _ in 0..8 {
        assert!(!follow.try_next().await.unwrap().unwrap().is_empty());
    }
    let events: Api<Event> = Api::default_namespaced(client);
    let about = events
        .list(&ListParams::default().fields(&format!("involvedObject.name={}", pod.name_any())))
        .await
        .unwrap();
    let reasons: Vec<_> = about
        .items
        .iter()
        .filter_map(|e| e.reason.clone())
        .collect();
    for expected in ["Scheduled", "Pulled", "Created", "Started"] {
        assert!(
            reasons.iter().any(|r| r == expected),
            "{expected} in {reasons:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_wrong_tag_fails_and_a_rollback_heals() {
    let (_sim, client, _running) = sim();
    let deployments: Api<Deployment> = Api::default_namespaced(client.clone());
    deployments
        .create(&PostParams::default(), &deployment("web", "nginx:1.27", 4))
        .await
        .unwrap();
    ready(&deployments, "web", 4).await;
    let image = |i: &str| {
        Patch::Strategic(
            json!({"spec": {"template": {"spec": {"containers": [{"name": "app", "image": i}]}}}}),
        )
    };
    deployments
        .patch("web", &PatchParams::default(), &image("nginx:no-such-tag"))
        .await
        .unwrap();
    let pods: Api<Pod> = Api::default_namespaced(client.clone());
    let message = eventually("ImagePullBackOff", async || {
        pods.list(&ListParams::default())
            .await
            .unwrap()
            .into_iter()
            .find_map(|p| {
                let w = p
                    .status?
                    .container_statuses?
                    .into_iter()
                    .next()?
                    .state?
                    .waiting?;
                (w.reason.as_deref() == Some("ImagePullBackOff")).then_some(w.message?)
            })
    })
    .await;
    assert!(
        message.contains("docker.io/library/nginx:no-such-tag: not found"),
        "{message}"
    );
    let d = deployments.get("web").await.unwrap().status.unwrap();
    assert_eq!(d.available_replicas, Some(3), "25 % may be unavailable");
    eventually("progress deadline", async || {
        let d = deployments.get("web").await.unwrap().status.unwrap();
        d.conditions?
            .into_iter()
            .find(|c| c.reason.as_deref() == Some("ProgressDeadlineExceeded"))
    })
    .await;
    deployments
        .patch("web", &PatchParams::default(), &image("nginx:1.27"))
        .await
        .unwrap();
    ready(&deployments, "web", 4).await;
    let sets: Api<ReplicaSet> = Api::default_namespaced(client);
    let revisions: Vec<_> = sets
        .list(&ListParams::default())
        .await
        .unwrap()
        .into_iter()
        .map(|r| r.annotations()["deployment.kubernetes.io/revision"].clone())
        .collect();
    assert_eq!(revisions.len(), 2);
    assert!(revisions.contains(&"3".to_owned()), "{revisions:?}");
}

#[tokio::test(start_paused = true)]
async fn dry_runs_store_nothing() {
    let (sim, client, _running) = sim();
    let maps: Api<ConfigMap> = Api::default_namespaced(client);
    let map = ConfigMap {
        metadata: kube::core::ObjectMeta {
            name: Some("a".into()),
            ..Default::default()
        },
        ..ConfigMap::default()
    };
    let dry = PostParams {
        dry_run: true,
        ..PostParams::default()
    };
    let before = sim.revision();
    assert!(maps.create(&dry, &map).await.unwrap().uid().is_some());
    assert!(maps.get_opt("a").await.unwrap().is_none());
    maps.create(&PostParams::default(), &map).await.unwrap();
    let patch = Patch::Merge(json!({"data": {"k": "v"}}));
    let shown = maps
        .patch(
            "a",
            &PatchParams {
                dry_run: true,
                ..PatchParams::default()
            },
            &patch,
        )
        .await
        .unwrap();
    assert_eq!(shown.data.unwrap()["k"], "v");
    assert!(maps.get("a").await.unwrap().data.is_none());
    maps.delete(
        "a",
        &DeleteParams {
            dry_run: true,
            ..DeleteParams::default()
        },
    )
    .await
    .unwrap();
    maps.get("a").await.unwrap();
    assert_eq!(sim.revision(), before + 1, "one create was stored");
}

#[tokio::test(start_paused = true)]
async fn a_delete_with_a_body_ignores_the_dry_run_of_its_query() {
    let (sim, client, _running) = sim();
    let map = json!({"apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {"name": "a", "namespace": "default"}});
    sim.create(map).unwrap();
    let maps: Api<ConfigMap> = Api::default_namespaced(client.clone());
    let delete = |body: &str| {
        http::Request::delete("/api/v1/namespaces/default/configmaps/a?dryRun=All")
            .header("content-type", "application/json")
            .body(body.as_bytes().to_vec())
            .unwrap()
    };
    client.request_text(delete("")).await.unwrap();
    assert!(maps.get_opt("a").await.unwrap().is_some());
    client
        .request_text(delete(r#"{"kind":"DeleteOptions","apiVersion":"v1"}"#))
        .await
        .unwrap();
    assert!(maps.get_opt("a").await.unwrap().is_none());
}

#[tokio::test(start_paused = true)]
async fn watches_resume_and_expire() {
    let (sim, client, _running) = sim();
    let maps: Api<ConfigMap> = Api::default_namespaced(client);
    let from = maps
        .list(&ListParams::default())
        .await
        .unwrap()
        .metadata
        .resource_version
        .unwrap();
    let make = async |n: &str| {
        let m: ConfigMap = serde_json::from_value(json!({"metadata": {"name": n}})).unwrap();
        maps.create(&PostParams::default(), &m).await.unwrap();
    };
    make("one").await;
    make("two").await;
    let mut stream = maps
        .watch(&WatchParams::default(), &from)
        .await
        .unwrap()
        .boxed();
    let mut names = Vec::new();
    for _ in 0..2 {
        if let WatchEvent::Added(m) = stream.try_next().await.unwrap().unwrap() {
            names.push(m.name_any());
        }
    }
    assert_eq!(names, ["one", "two"]);
    sim.forget_history();
    let mut stream = maps
        .watch(&WatchParams::default(), &from)
        .await
        .unwrap()
        .boxed();
    match stream.try_next().await.unwrap().unwrap() {
        WatchEvent::Error(e) => assert_eq!(e.code, 410),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn forbidden_verbs_are_refused_and_reviews_say_so() {
    let (sim, client, _running) = sim();
    sim.faults()
        .add(Fault::new(Effect::Forbid).verb("delete").resource("pods"));
    let pods: Api<Pod> = Api::default_namespaced(client.clone());
    let Err(kube::Error::Api(status)) = pods.delete("x", &DeleteParams::default()).await else {
        panic!("refused")
    };
    assert_eq!((status.code, status.reason.as_str()), (403, "Forbidden"));
    let reviews: Api<SelfSubjectAccessReview> = Api::all(client);
    let ask = async |verb: &str| {
        let r: SelfSubjectAccessReview =
            serde_json::from_value(json!({"spec": {"resourceAttributes": {"verb": verb, "resource": "pods", "namespace": "default"}}})).unwrap();
        reviews
            .create(&PostParams::default(), &r)
            .await
            .unwrap()
            .status
            .unwrap()
            .allowed
    };
    assert!(!ask("delete").await);
    assert!(ask("list").await);
}

#[tokio::test(start_paused = true)]
async fn discovery_finds_every_kind() {
    let (_sim, client, _running) = sim();
    let found = kube::discovery::Discovery::new(client.clone())
        .run_aggregated()
        .await
        .unwrap();
    assert!(
        found
            .resolve_gvk(&kube::core::GroupVersionKind::gvk(
                "apps",
                "v1",
                "Deployment"
            ))
            .is_some()
    );
    let found = kube::discovery::Discovery::new(client.clone())
        .run()
        .await
        .unwrap();
    assert!(found.has_group("metrics.k8s.io"));
    let nodes: Api<Node> = Api::all(client);
    assert_eq!(
        nodes
            .list(&ListParams::default())
            .await
            .unwrap()
            .items
            .len(),
        3
    );
}

#[tokio::test(start_paused = true)]
async fn faults_reach_the_client() {
    let (sim, client, _running) = sim();
    let maps: Api<ConfigMap> = Api::default_namespaced(client);
    let faults = sim.faults();
    faults.add(
        Fault::new(Effect::Fail {
            code: 500,
            retry_after: None,
        })
        .verb("list")
        .times(1),
    );
    let Err(kube::Error::Api(status)) = maps.list(&ListParams::default()).await else {
        panic!("fails once")
    };
    assert_eq!(status.code, 500);
    maps.list(&ListParams::default()).await.unwrap();
    faults.add(
        Fault::new(Effect::Cut { after_bytes: 40 })
            .verb("list")
            .times(1),
    );
    assert!(
        maps.list(&ListParams::default()).await.is_err(),
        "a body cut short is no list"
    );
    faults.add(
        Fault::new(Effect::Stall { after_bytes: 40 })
            .verb("list")
            .times(1),
    );
    let stalled =
        tokio::time::timeout(Duration::from_secs(60), maps.list(&ListParams::default())).await;
    assert!(stalled.is_err(), "a half-open connection never answers");
    let began = tokio::time::Instant::now();
    faults.add(
        Fault::new(Effect::Latency {
            base: Duration::from_secs(3),
            jitter: Duration::ZERO,
        })
        .times(1),
    );
    maps.list(&ListParams::default()).await.unwrap();
    assert!(began.elapsed() >= Duration::from_secs(3));
}

#[tokio::test(start_paused = true)]
async fn pages_cover_everything_once_while_the_cluster_changes() {
    let (_sim, client, _running) = sim();
    let maps: Api<ConfigMap> = Api::default_namespaced(client);
    let make = async |n: String| {
        let m: ConfigMap =
            serde_json::from_value(json!({"metadata": {"name": n, "labels": {"t": "p"}}})).unwrap();
        maps.create(&PostParams::default(), &m).await.unwrap();
    };
    for i in 0..25 {
        make(format!("m{i:02}")).await;
    }
    let mut seen = Vec::new();
    let mut params = ListParams::default().labels("t=p").limit(4);
    loop {
        let page = maps.list(&params).await.unwrap();
        seen.extend(page.items.iter().map(ResourceExt::name_any));
        // Neither a removed nor a new object disturbs the pages of the first revision.
        if seen.len() == 8 {
            maps.delete("m20", &DeleteParams::default()).await.unwrap();
            make("m10a".into()).await;
        }
        match page.metadata.continue_.filter(|c| !c.is_empty()) {
            Some(next) => params = params.continue_token(&next),
            None => break,
        }
    }
    let expected: Vec<String> = (0..25).map(|i| format!("m{i:02}")).collect();
    assert_eq!(seen, expected);
}
