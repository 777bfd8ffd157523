//! Executions against a real API server with its controllers; nodes are played.
//!
//! What only a real server can show: that the condition in each kind of patch holds, that its dry
//! run is the change, that a refusal has its words, that a rollout is seen to its end.

#![allow(
    clippy::needless_pass_by_value,
    reason = "a json! literal is handed over as it is written"
)]
#![allow(
    clippy::unwrap_used,
    reason = "a test file: what is not there fails the test"
)]

use std::{path::Path, sync::Arc, time::Duration};

use futures::StreamExt;
use kubegraf_core::{
    clock::SystemClock,
    executions::{Change, Executions, FromServer, Intent, Pace, Ports, Target},
    store::Store,
};
use kubegraf_ipc::{
    execution::{ApplyPlan, DiffTag, DryRun, ExecutionEvent, Outcome, Plan},
    incident::{Impact, Patch, PatchType, Safety},
    object::ObjectRef,
};
use kubegraf_testcluster::{Cluster, Options, Tier, User, require};
use serde_json::{Value, json};

const MANIFESTS: &str = "
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: checkout, namespace: shop}
spec:
  replicas: 3
  selector: {matchLabels: {app: checkout}}
  template:
    metadata: {labels: {app: checkout}}
    spec: {containers: [{name: app, image: registry.example/checkout:1}, {name: side, image: registry.example/side:1}]}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: checkout, namespace: shop}
spec: {maxUnavailable: 1, selector: {matchLabels: {app: checkout}}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: prices, namespace: shop}
data: {coffee: '3'}
---
apiVersion: v1
kind: Secret
metadata: {name: password, namespace: shop}
stringData: {current: old-secret}
";

async fn target(user: &str, kubeconfig: &Path) -> Target {
    let file = kube::config::Kubeconfig::read_from(kubeconfig).unwrap();
    let options = kube::config::KubeConfigOptions::default();
    let mut config = kube::Config::from_custom_kubeconfig(file, &options)
        .await
        .unwrap();
    config.default_retry = false;
    Target {
        cluster: "c".into(),
        cluster_name: "kwok".into(),
        protected: false,
        user: user.into(),
        client: kube::Client::try_from(config).unwrap(),
    }
}

fn intent(api_version: &str, kind: &str, name: &str, change: Change) -> Intent {
    Intent {
        title: format!("Change {name}"),
        action: "edit".into(),
        target: ObjectRef {
            api_version: api_version.into(),
            kind: kind.into(),
            namespace: "shop".into(),
            name: name.into(),
            uid: None,
        },
        change,
        impact: Impact::Medium,
        safety: Safety::NeedsApproval,
        preview: String::new(),
        incident: None,
        check: None,
        deadline: Duration::from_secs(60),
    }
}

fn patch(r#type: PatchType, body: Value) -> Change {
    Change::Patch(Patch {
        r#type,
        body: body.to_string(),
    })
}

async fn run(executions: &Executions, plan: &Plan) -> (String, Outcome, String) {
    assert!(plan.applicable, "{plan:#?}");
    let request = ApplyPlan {
        request_id: plan.id.clone(),
        plan: plan.id.clone(),
        hash: plan.hash.clone(),
        typed: None,
    };
    let id = executions.apply(request).await.unwrap().execution;
    let events: Vec<_> = executions.watch(&id).await.unwrap().collect().await;
    let mut text = String::new();
    for event in events {
        match event {
            ExecutionEvent::Stdout { data, .. } | ExecutionEvent::Stderr { data, .. } => {
                text.push_str(&data);
                text.push('\n');
            }
            ExecutionEvent::Complete { outcome, .. } => return (id, outcome, text),
            ExecutionEvent::Status { .. } => {}
        }
    }
    panic!("no end: {text}");
}

fn changed(plan: &Plan) -> Vec<&str> {
    let of = |line: &&kubegraf_ipc::execution::DiffLine| {
        !matches!(line.tag, DiffTag::Same | DiffTag::Gap)
    };
    plan.diff
        .iter()
        .filter(of)
        .map(|line| line.text.trim_start_matches([' ', '-']))
        .collect()
}

/// Covers: FIX-01, FIX-02, FIX-04, FIX-05, FIX-06, FIX-08, EXE-05
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_real_server_previews_applies_and_undoes() {
    if !require(Tier::Kwok) {
        return;
    }
    let cluster = Cluster::up(Options::kwok().nodes(2)).await.unwrap();
    cluster.apply(MANIFESTS).await.unwrap();
    let wait = [
        "rollout",
        "status",
        "-n",
        "shop",
        "deployment/checkout",
        "--timeout=60s",
    ];
    cluster.run(&wait).await.unwrap();
    let directory = tempfile::tempdir().unwrap();
    let now = time::OffsetDateTime::now_utc();
    let (store, notes) = Store::open(&directory.path().join("kubegraf.db"), now)
        .await
        .unwrap();
    assert_eq!(notes, []);
    let executions = Executions::new(
        store,
        Ports {
            clock: Arc::new(SystemClock),
            ids: Arc::new(|| uuid::Uuid::new_v4().to_string()),
            actor: "ada".into(),
            neighbourhood: Arc::new(FromServer),
            pace: Pace {
                look: Duration::from_millis(100),
                ..Pace::default()
            },
        },
    );
    let admin = target("admin", cluster.kubeconfig()).await;
    let object =
        async |kind: &str, name: &str| cluster.get(&[kind, name, "-n", "shop"]).await.unwrap();

    // Every kind of patch, each through a rollout.
    let image = |n| format!("registry.example/checkout:{n}");
    let strategic = json!({ "spec": { "template": { "spec": { "containers": [{ "name": "app", "image": image(2) }] } } } });
    let plan = executions
        .plan(
            &admin,
            intent(
                "apps/v1",
                "Deployment",
                "checkout",
                patch(PatchType::Strategic, strategic),
            ),
        )
        .await
        .unwrap();
    assert_eq!(
        changed(&plan),
        [
            format!("image: {}", image(1)),
            format!("image: {}", image(2))
        ]
    );
    let said = plan.blast_radius.join("\n");
    assert!(said.contains("3 pods now, 3 ready"), "{said}");
    assert!(
        said.contains("at most 25% unavailable and 25% extra"),
        "{said}"
    );
    assert!(
        said.contains("PodDisruptionBudget \"checkout\" allows 1 disruption now"),
        "{said}"
    );
    assert_eq!(
        object("deployment", "checkout").await["metadata"]["generation"],
        1,
        "only looked"
    );
    let (first, outcome, text) = run(&executions, &plan).await;
    assert_eq!(outcome, Outcome::Healed, "{text}");
    assert!(
        text.ends_with("rolled out: 3 of 3 replicas available\n"),
        "{text}"
    );

    let json_patch = json!([{ "op": "replace", "path": "/spec/template/spec/containers/1/image", "value": "registry.example/side:2" }]);
    let plan = executions
        .plan(
            &admin,
            intent(
                "apps/v1",
                "Deployment",
                "checkout",
                patch(PatchType::Json, json_patch),
            ),
        )
        .await
        .unwrap();
    // The status moves between preview and approval: no change of what was approved.
    cluster
        .run(&["scale", "-n", "shop", "deployment/checkout", "--replicas=3"])
        .await
        .unwrap();
    let (_, outcome, text) = run(&executions, &plan).await;
    assert_eq!(outcome, Outcome::Healed, "{text}");

    // Undo of the first leaves the second.
    let back = executions.plan_revert(&admin, &first).await.unwrap();
    assert_eq!(
        changed(&back),
        [
            format!("image: {}", image(2)),
            format!("image: {}", image(1))
        ]
    );
    let (_, outcome, text) = run(&executions, &back).await;
    assert_eq!(outcome, Outcome::Healed, "{text}");
    let containers =
        object("deployment", "checkout").await["spec"]["template"]["spec"]["containers"].clone();
    assert_eq!(
        (&containers[0]["image"], &containers[1]["image"]),
        (&json!(image(1)), &json!("registry.example/side:2"))
    );

    // A stale condition is a conflict in each kind of patch: what the executions rely on.
    for (content_type, body) in [
        (
            "application/json-patch+json",
            json!([{ "op": "replace", "path": "/metadata/resourceVersion", "value": "1" }]),
        ),
        (
            "application/merge-patch+json",
            json!({ "metadata": { "resourceVersion": "1", "labels": { "a": "b" } } }),
        ),
        (
            "application/strategic-merge-patch+json",
            json!({ "metadata": { "resourceVersion": "1", "labels": { "a": "b" } } }),
        ),
    ] {
        let request =
            http::Request::patch("/apis/apps/v1/namespaces/shop/deployments/checkout?dryRun=All")
                .header("content-type", content_type)
                .body(body.to_string().into_bytes())
                .unwrap();
        let answer = admin.client.request::<Value>(request).await;
        assert!(
            matches!(&answer, Err(kube::Error::Api(status)) if status.code == 409),
            "{content_type}: {answer:?}"
        );
    }

    // A refusal in the server's words.
    let negative = patch(PatchType::Merge, json!({ "spec": { "replicas": -1 } }));
    let plan = executions
        .plan(
            &admin,
            intent("apps/v1", "Deployment", "checkout", negative),
        )
        .await
        .unwrap();
    assert!(!plan.applicable);
    assert!(
        matches!(&plan.dry_run, DryRun::Refused { message } if message.contains("greater than or equal to 0")),
        "{plan:?}"
    );

    // Someone who may only look.
    let viewer = target("viewer", &cluster.kubeconfig_for(User::Viewer)).await;
    let two = patch(PatchType::Merge, json!({ "spec": { "replicas": 2 } }));
    let plan = executions
        .plan(&viewer, intent("apps/v1", "Deployment", "checkout", two))
        .await
        .unwrap();
    let allowed: Vec<_> = plan
        .permissions
        .iter()
        .map(|p| (p.verb.as_str(), p.allowed))
        .collect();
    assert_eq!(allowed, [("get", true), ("patch", false)]);
    assert!(
        !plan.applicable && plan.dry_run != DryRun::Accepted,
        "{plan:?}"
    );

    // Take away and make again.
    let plan = executions
        .plan(&admin, intent("v1", "ConfigMap", "prices", Change::Delete))
        .await
        .unwrap();
    let (deleted, outcome, text) = run(&executions, &plan).await;
    assert_eq!(outcome, Outcome::Healed, "{text}");
    let back = executions.plan_revert(&admin, &deleted).await.unwrap();
    assert_eq!(run(&executions, &back).await.1, Outcome::Healed);
    assert_eq!(
        object("configmap", "prices").await["data"],
        json!({ "coffee": "3" })
    );

    // A Secret: masked, changed, put back.
    let rotate = patch(
        PatchType::Merge,
        json!({ "stringData": { "current": "new-secret" } }),
    );
    let plan = executions
        .plan(&admin, intent("v1", "Secret", "password", rotate))
        .await
        .unwrap();
    assert_eq!(changed(&plan).len(), 2, "{:?}", plan.diff);
    assert!(
        changed(&plan).iter().all(|line| line.contains("••••")),
        "{:?}",
        plan.diff
    );
    let (rotated, outcome, text) = run(&executions, &plan).await;
    assert_eq!(outcome, Outcome::Healed, "{text}");
    assert_eq!(
        object("secret", "password").await["data"]["current"],
        "bmV3LXNlY3JldA=="
    );
    let back = executions.plan_revert(&admin, &rotated).await.unwrap();
    assert_eq!(run(&executions, &back).await.1, Outcome::Healed);
    assert_eq!(
        object("secret", "password").await["data"]["current"],
        "b2xkLXNlY3JldA=="
    );
    cluster.down().await.unwrap();
}
