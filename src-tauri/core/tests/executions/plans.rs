//! What is shown before anything changes, and what is refused.

use std::sync::atomic::Ordering;

use kubegraf_core::{
    executions::{Change, Executions, Intent, PLAN_LIFE},
    store::Store,
};
use kubegraf_ipc::{
    Code,
    execution::{Consent, DiffTag, DryRun},
    incident::{Patch, PatchType, Safety},
};

use crate::fake::CHECKOUT;
use crate::stage::{Bench, approve, image, ports, roll_back, rotate};

/// Covers: FIX-01, FIX-02, FIX-09
#[tokio::test]
async fn a_plan_shows_what_would_change_and_changes_nothing() {
    let bench = Bench::new().await;
    let before = bench.fake.object(CHECKOUT);
    let plan = bench.plan(roll_back()).await;
    let changed: Vec<_> = plan
        .diff
        .iter()
        .filter(|line| matches!(line.tag, DiffTag::Delete | DiffTag::Insert))
        .map(|line| (line.tag, line.text.trim_start_matches([' ', '-'])))
        .collect();
    assert_eq!(
        changed,
        [
            (DiffTag::Delete, "image: registry.local/checkout:2.0"),
            (DiffTag::Insert, "image: registry.local/checkout:1.9"),
        ]
    );
    let verbs: Vec<_> = plan
        .permissions
        .iter()
        .map(|p| (p.verb.as_str(), p.allowed))
        .collect();
    assert_eq!(verbs, [("get", true), ("patch", true)]);
    assert_eq!(plan.dry_run, DryRun::Accepted);
    assert_eq!(plan.consent, Consent::Click);
    assert_eq!(plan.preview, "image 2.0 → 1.9");
    assert_eq!(plan.target.uid.as_deref(), Some("uid-checkout"));
    assert!(plan.applicable);
    assert!(
        plan.blast_radius
            .iter()
            .any(|s| s == "Service \"checkout\" sends traffic to these pods"),
        "{plan:?}"
    );
    assert_eq!(plan.hash.len(), 64);
    assert_eq!(bench.fake.changes(), []);
    assert_eq!(bench.fake.object(CHECKOUT), before);
}

#[tokio::test]
async fn a_change_that_cannot_be_written_down_is_not_sent() {
    let bench = Bench::new().await;
    let plan = bench.plan(roll_back()).await;
    bench.store.close().await;
    let error = kubegraf_ipc::Error::from(
        bench
            .executions
            .apply(approve(&plan, "a"))
            .await
            .unwrap_err(),
    );
    assert_eq!(error.code, Code::Storage);
    assert_eq!(
        bench.fake.changes(),
        [],
        "without its audit row nothing is sent"
    );
}

/// Covers: SEC-19
#[tokio::test]
async fn an_approval_of_something_else_is_refused() {
    let bench = Bench::new().await;
    let plan = bench.plan(roll_back()).await;
    let mut request = approve(&plan, "a");
    request.hash = "0".repeat(64);
    assert_eq!(bench.refused(request).await.code, Code::Conflict);
    let mut request = approve(&plan, "b");
    request.plan = "no-such-plan".into();
    assert_eq!(bench.refused(request).await.code, Code::Conflict);
    bench.clock.0.fetch_add(PLAN_LIFE + 1, Ordering::Relaxed);
    assert_eq!(
        bench.refused(approve(&plan, "c")).await.code,
        Code::Conflict
    );
}

#[tokio::test]
async fn what_has_changed_since_the_preview_is_not_touched_and_a_new_status_is_no_change() {
    let bench = Bench::new().await;
    let plan = bench.plan(roll_back()).await;
    bench
        .fake
        .edit(CHECKOUT, |object| object["spec"]["replicas"] = 5.into());
    let error = bench.refused(approve(&plan, "a")).await;
    assert_eq!(error.code, Code::Conflict);
    assert!(
        error.message.contains("deployment shop/checkout"),
        "{error}"
    );

    let plan = bench.plan(roll_back()).await;
    bench.fake.edit(CHECKOUT, |object| {
        object["status"]["readyReplicas"] = 2.into()
    });
    bench.apply_and_leave(&plan).await;
    assert_eq!(image(&bench.fake), "registry.local/checkout:1.9");

    // Another object of the same name is another object.
    let plan = bench.plan(roll_back()).await;
    bench.fake.edit(CHECKOUT, |object| {
        object["metadata"]["uid"] = "uid-of-another".into()
    });
    let error = bench
        .executions
        .apply(approve(&plan, "c"))
        .await
        .unwrap_err();
    assert_eq!(kubegraf_ipc::Error::from(error).code, Code::Conflict);
}

/// Covers: FIX-08, SEC-19
#[tokio::test]
async fn a_refused_dry_run_is_shown_and_cannot_be_applied() {
    let bench = Bench::new().await;
    bench
        .fake
        .refuse(422, "spec.replicas: must be greater than or equal to 0");
    let plan = bench.plan(roll_back()).await;
    assert!(!plan.applicable);
    assert_eq!(
        plan.dry_run,
        DryRun::Refused {
            message: "spec.replicas: must be greater than or equal to 0".into()
        }
    );
    assert_eq!(plan.diff, []);
    let error = bench.refused(approve(&plan, "a")).await;
    assert_eq!(error.code, Code::InvalidArgument);
    assert!(error.message.contains("must be greater"), "{error}");
}

#[tokio::test]
async fn a_missing_permission_is_shown_and_nothing_is_applied() {
    let bench = Bench::new().await;
    bench.fake.deny("patch");
    let plan = bench.plan(roll_back()).await;
    let denied: Vec<_> = plan.permissions.iter().filter(|p| !p.allowed).collect();
    assert_eq!(denied.len(), 1);
    assert_eq!(
        (
            denied[0].verb.as_str(),
            denied[0].group.as_str(),
            denied[0].resource.as_str()
        ),
        ("patch", "apps", "deployments")
    );
    assert!(!plan.applicable);
    assert!(
        bench
            .refused(approve(&plan, "a"))
            .await
            .message
            .contains("you may not patch deployments")
    );

    bench.fake.deny("get");
    let error = kubegraf_ipc::Error::from(
        bench
            .executions
            .plan(&bench.target, roll_back())
            .await
            .unwrap_err(),
    );
    assert_eq!(error.code, Code::Forbidden);
}

#[tokio::test]
async fn bad_input_is_named() {
    let bench = Bench::new().await;
    let plan = async |intent| {
        kubegraf_ipc::Error::from(
            bench
                .executions
                .plan(&bench.target, intent)
                .await
                .unwrap_err(),
        )
    };
    let with = |body: &str, r#type| Intent {
        change: Change::Patch(Patch {
            r#type,
            body: body.into(),
        }),
        ..roll_back()
    };
    for (body, r#type, word) in [
        ("{", PatchType::Merge, "merge"),
        ("[]", PatchType::Strategic, "strategic"),
        ("{}", PatchType::Json, "json"),
    ] {
        let error = plan(with(body, r#type)).await;
        assert_eq!(error.code, Code::InvalidArgument, "{body}");
        assert!(error.message.contains(word), "{error}");
    }
    let mut missing = roll_back();
    missing.target.name = "nothing".into();
    assert_eq!(plan(missing).await.code, Code::NotFound);
    let mut unknown = roll_back();
    unknown.target.kind = "Deploymint".into();
    let error = plan(unknown).await;
    assert_eq!(error.code, Code::NotFound);
    assert!(error.message.contains("Deploymint"), "{error}");
    for error in [
        bench
            .executions
            .watch("nothing")
            .await
            .map(drop)
            .unwrap_err(),
        bench.executions.cancel("nothing").await.unwrap_err(),
        bench
            .executions
            .plan_revert(&bench.target, "nothing")
            .await
            .map(drop)
            .unwrap_err(),
    ] {
        assert_eq!(kubegraf_ipc::Error::from(error).code, Code::NotFound);
    }
}

#[tokio::test]
async fn a_protected_cluster_wants_its_name_typed_and_a_plan_for_a_person_never_runs() {
    let mut bench = Bench::new().await;
    bench.target.protected = true;
    let plan = bench.plan(roll_back()).await;
    assert_eq!(
        plan.consent,
        Consent::Type {
            text: "prod".into()
        }
    );
    let mut request = approve(&plan, "a");
    assert_eq!(
        bench.refused(request.clone()).await.code,
        Code::InvalidArgument
    );
    request.typed = Some("Prod".into());
    assert_eq!(
        bench.refused(request.clone()).await.code,
        Code::InvalidArgument
    );
    let steps = bench
        .plan(Intent {
            safety: Safety::PlanOnly,
            ..roll_back()
        })
        .await;
    assert!(!steps.applicable);
    let mut refused = approve(&steps, "b");
    refused.typed = Some("prod".into());
    bench.refused(refused).await;
    request.typed = Some("prod".into());
    bench.executions.apply(request).await.unwrap();
}

#[tokio::test]
async fn without_a_durable_audit_trail_nothing_is_changed() {
    let mut bench = Bench::new().await;
    bench.executions = Executions::new(Store::in_memory().await.unwrap(), ports(&bench.clock));
    let plan = bench.plan(roll_back()).await;
    assert!(plan.applicable, "one may look");
    let error = bench.refused(approve(&plan, "a")).await;
    assert_eq!(error.code, Code::Storage);
    assert!(error.message.starts_with("nothing was changed"), "{error}");
}

#[tokio::test]
async fn only_the_newest_hundred_plans_can_be_applied() {
    let bench = Bench::new().await;
    let oldest = bench.plan(rotate()).await;
    for _ in 0..99 {
        bench.plan(rotate()).await;
    }
    let second = bench.plan(rotate()).await;
    assert_eq!(
        bench.refused(approve(&oldest, "a")).await.code,
        Code::Conflict
    );
    bench.apply(&second).await;
}
