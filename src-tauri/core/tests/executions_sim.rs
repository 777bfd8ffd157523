//! The demo cluster's broken Deployment, mended through an execution.

#![allow(
    clippy::unwrap_used,
    reason = "a test file: what is not there fails the test"
)]

use std::{sync::Arc, time::Duration};

use futures::StreamExt;
use kube::{
    Api, Client,
    api::{DynamicObject, ListParams},
    core::{ApiResource, GroupVersionKind},
};
use kubegraf_core::{
    clock::SystemClock,
    executions::{Change, Executions, FromServer, Intent, Pace, Ports, Target},
    store::Store,
};
use kubegraf_ipc::{
    execution::{ApplyPlan, ExecutionEvent, Outcome},
    incident::{Impact, Patch, PatchType, Safety},
    object::ObjectRef,
};
use serde_json::json;

/// Covers: FIX-01, FIX-04, FIX-05, FIX-06
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_demo_clusters_bad_image_is_rolled_back_to_ready() {
    let demo = kubegraf_sim::demo::start(7);
    let client = Client::new(demo.service(), "default");
    let kind = ApiResource::from_gvk(&GroupVersionKind::gvk("apps", "v1", "ReplicaSet"));
    let sets: Api<DynamicObject> = Api::namespaced_with(client.clone(), "shop", &kind);
    let mut revisions: Vec<_> = sets
        .list(&ListParams::default())
        .await
        .unwrap()
        .items
        .into_iter()
        .filter(|set| {
            let owners = set.metadata.owner_references.iter().flatten();
            owners.into_iter().any(|owner| owner.name == "checkout")
        })
        .filter(|set| set.data["status"]["readyReplicas"].as_i64() > Some(0))
        .collect();
    let good =
        revisions.pop().expect("a revision that still runs").data["spec"]["template"]["spec"]
            .clone();

    let directory = tempfile::tempdir().unwrap();
    let now = time::OffsetDateTime::now_utc();
    let (store, _) = Store::open(&directory.path().join("kubegraf.db"), now)
        .await
        .unwrap();
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
    let target = Target {
        cluster: "demo".into(),
        cluster_name: "demo".into(),
        protected: false,
        user: "demo".into(),
        client,
    };
    let body = json!([{ "op": "replace", "path": "/spec/template/spec", "value": good }]);
    let plan = executions
        .plan(
            &target,
            Intent {
                title: "Roll back checkout".into(),
                action: "rollback_workload".into(),
                target: ObjectRef {
                    api_version: "apps/v1".into(),
                    kind: "Deployment".into(),
                    namespace: "shop".into(),
                    name: "checkout".into(),
                    uid: None,
                },
                change: Change::Patch(Patch {
                    r#type: PatchType::Json,
                    body: body.to_string(),
                }),
                impact: Impact::Medium,
                safety: Safety::NeedsApproval,
                preview: String::new(),
                incident: None,
                check: None,
                deadline: Duration::from_secs(60),
            },
        )
        .await
        .unwrap();
    assert!(plan.applicable, "{plan:#?}");
    assert!(
        plan.diff.iter().any(|line| line.text.contains("image:")),
        "{:?}",
        plan.diff
    );
    let request = ApplyPlan {
        request_id: "r".into(),
        plan: plan.id,
        hash: plan.hash,
        typed: None,
    };
    let id = executions.apply(request).await.unwrap().execution;
    let events: Vec<_> = executions.watch(&id).await.unwrap().collect().await;
    assert!(
        matches!(
            events.last(),
            Some(ExecutionEvent::Complete {
                outcome: Outcome::Healed,
                exit_code: 0,
                ..
            })
        ),
        "{events:#?}"
    );
    // The way back would break it again, and says with what.
    let back = executions.plan_revert(&target, &id).await.unwrap();
    assert!(back.applicable, "{back:#?}");
}
