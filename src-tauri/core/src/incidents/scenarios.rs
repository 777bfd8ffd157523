//! Whole incidents: cause, target, folding, fixes, order, determinism, cost.

#![allow(
    clippy::needless_pass_by_value,
    reason = "objects are written where they are passed"
)]

use kubegraf_ipc::{
    incident::{FixRecord, PatchType, Severity},
    lifecycle::Verdict,
};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{
    experience::{Experience, Said, Tried},
    fixtures::{NOW, Object, Scene, ago, deployment, event, node, pod, replica_set},
    found::{Found, evaluate},
};

mod cluster;
mod network;
mod pods;
mod rights;
mod served;
mod volumes;

const NOT_FOUND: &str = r#"Back-off pulling image "reg.io/web:v2": ErrImagePull: rpc error: code = NotFound desc = failed to pull and unpack image "reg.io/web:v2": failed to resolve reference "reg.io/web:v2": reg.io/web:v2: not found"#;

fn wrong_image() -> Scene {
    Scene::of([
        deployment("web", 4).revision(2).into(),
        replica_set("web", 1).ready(3).into(),
        replica_set("web", 2).pods(2).into(),
        pod("web-1-a")
            .image("reg.io/web:v1")
            .ready()
            .of("web", 1)
            .into(),
        pod("web-2-a")
            .waiting("ImagePullBackOff", NOT_FOUND)
            .of("web", 2)
            .into(),
        pod("web-2-b")
            .waiting("ImagePullBackOff", NOT_FOUND)
            .of("web", 2)
            .into(),
        event(
            "web-2-a",
            "Failed",
            "Failed to pull image \"reg.io/web:v2\": not found",
        )
        .seen(500, 5, 4)
        .into(),
    ])
}

fn check(scene: &Scene, r#type: &str, cause: &str, target: &str, actions: &[&str]) -> Found {
    let found = scene.evaluate();
    assert_eq!(found.len(), 1, "{found:#?}");
    let found = found.into_iter().next().unwrap();
    assert_eq!(
        (found.r#type, found.root_cause.cause.as_str()),
        (r#type, cause)
    );
    assert_eq!(
        format!(
            "{}/{}",
            found.root_cause.target.kind, found.root_cause.target.name
        ),
        target
    );
    let offered: Vec<_> = found.fixes.iter().map(|fix| fix.action.as_str()).collect();
    assert_eq!(offered, actions);
    found
}

/// Covers: INC-05, INC-08, INC-09, INC-11, INC-12
#[test]
fn a_wrong_image_is_one_incident_with_the_rollback_as_its_fix() {
    let found = check(
        &wrong_image(),
        "image_pull_error",
        "image_tag_not_found",
        "Deployment/web",
        &["rollback_workload", "plan"],
    );
    assert_eq!(
        found.title,
        "Deployment/web: image tag \"v2\" does not exist in \"reg.io/web\""
    );
    assert_eq!(found.severity, Severity::High);
    assert!(
        found.root_cause.confidence >= 0.9,
        "{}",
        found.root_cause.confidence
    );
    let symptoms: Vec<_> = found
        .symptoms
        .iter()
        .map(|s| (s.r#type.as_str(), s.object.name.as_str()))
        .collect();
    assert_eq!(
        symptoms,
        [
            ("deployment_rollout_failure", "web"),
            ("image_pull_error", "web-2-a"),
            ("image_pull_error", "web-2-b"),
        ]
    );
    let links: Vec<_> = found
        .chain
        .iter()
        .map(|l| (l.from.name.as_str(), l.to.name.as_str()))
        .collect();
    assert_eq!(
        links,
        [("web", "web-2"), ("web-2", "web-2-a"), ("web-2", "web-2-b")]
    );
    let evidence = &found.root_cause.evidence;
    assert_eq!(
        evidence[0].field,
        "status.containerStatuses[name=app].state.waiting.reason"
    );
    assert_eq!(evidence[0].observed, "\"ImagePullBackOff\"");
    let fix = &found.fixes[0];
    assert_eq!(
        fix.description,
        "Roll back Deployment \"web\" to revision 1"
    );
    assert_eq!(
        fix.preview,
        "spec.template: revision 2 → revision 1\nspec.template.spec.containers[name=app].image: \"reg.io/web:v2\" → \"reg.io/web:v1\""
    );
    let patch = fix.patch.as_ref().unwrap();
    assert_eq!(patch.r#type, PatchType::Json);
    let patch: Value = serde_json::from_str(&patch.body).unwrap();
    assert_eq!(
        patch,
        json!([{"op": "replace", "path": "/spec/template", "value": {
            "metadata": {"labels": {"app": "web"}},
            "spec": {"containers": [{"name": "app", "image": "reg.io/web:v1", "terminationMessagePath": "/dev/log"}]}
        }}])
    );
    assert_eq!(found.facts.pod_name.as_deref(), Some("web-2-a"));
    assert_eq!(found.facts.restart_count, Some(0));
    let trigger = found.trigger.unwrap();
    assert_eq!(trigger.at, ago(2_000));
    assert!(trigger.what.contains("revision 2"), "{}", trigger.what);
}

#[test]
fn a_rollback_goes_to_the_newest_older_revision_that_is_ready_or_differs() {
    let scene = |first: u32, second: u32| {
        Scene::of([
            deployment("web", 2).revision(3).into(),
            replica_set("web", 1).ready(first).into(),
            replica_set("web", 2).ready(second).into(),
            replica_set("web", 3).pods(1).into(),
            pod("web-3-a")
                .image("reg.io/web:v3")
                .waiting("InvalidImageName", "")
                .of("web", 3)
                .into(),
        ])
    };
    let undo = |scene: Scene| scene.evaluate()[0].fixes[0].description.clone();
    assert_eq!(
        undo(scene(2, 0)),
        "Roll back Deployment \"web\" to revision 1"
    );
    assert_eq!(
        undo(scene(0, 0)),
        "Roll back Deployment \"web\" to revision 2"
    );
    let first = Scene::of([
        deployment("web", 1).revision(1).into(),
        replica_set("web", 1).pods(1).into(),
        pod("web-1-a")
            .image("reg.io/Web:v1")
            .waiting("InvalidImageName", "")
            .of("web", 1)
            .into(),
    ]);
    check(
        &first,
        "image_pull_error",
        "image_name_invalid",
        "Deployment/web",
        &["plan"],
    );
}

#[test]
fn each_pull_failure_has_its_cause() {
    for (reason, message, cause) in [
        (
            "ImagePullBackOff",
            "unexpected status: 401 Unauthorized",
            "image_registry_auth",
        ),
        (
            "ImagePullBackOff",
            "toomanyrequests: rate limit",
            "image_registry_rate_limited",
        ),
        (
            "ImagePullBackOff",
            "dial tcp: lookup reg.io: no such host",
            "image_registry_unreachable",
        ),
        ("RegistryUnavailable", "", "image_registry_unreachable"),
        (
            "ImagePullBackOff",
            "x509: certificate signed by unknown authority",
            "image_registry_tls",
        ),
        (
            "ImagePullBackOff",
            "no match for platform in manifest: not found",
            "image_platform_mismatch",
        ),
        ("ErrImageNeverPull", "", "image_never_pulled"),
        ("SignatureValidationFailed", "", "image_signature_rejected"),
        ("ImageInspectError", "", "image_store_failed"),
        (
            "ImagePullBackOff",
            "Back-off pulling image \"reg.io/web:v2\"",
            "unknown",
        ),
    ] {
        let found = Scene::of([pod("web").waiting(reason, message).into()]).evaluate();
        assert_eq!(found[0].root_cause.cause, cause, "{message}");
        assert_eq!(found[0].fixes.last().unwrap().action, "plan");
    }
}

/// Covers: INC-13
#[test]
fn an_out_of_memory_crash_loop_raises_the_limit_of_the_owner() {
    let killed = pod("web-1-a")
        .waiting("CrashLoopBackOff", "")
        .last_end("OOMKilled", 137, 10, 4)
        .set(
            "/spec/containers/0/resources",
            json!({"limits": {"memory": "256Mi"}, "requests": {"memory": "256Mi"}}),
        )
        .of("web", 1);
    let scene = Scene::of([
        node("n1").ready("True", "", 900).into(),
        deployment("web", 1).revision(1).into(),
        replica_set("web", 1).pods(1).into(),
        killed.into(),
    ]);
    let found = check(
        &scene,
        "oom_killed",
        "memory_limit_too_low",
        "Deployment/web",
        &["increase_memory_limit", "plan"],
    );
    assert_eq!(
        found.fixes[0].preview,
        "spec.template.spec.containers[name=app].resources.limits.memory: 256Mi → 512Mi\nspec.template.spec.containers[name=app].resources.requests.memory: 256Mi → 512Mi"
    );
    let body: Value = serde_json::from_str(&found.fixes[0].patch.as_ref().unwrap().body).unwrap();
    assert_eq!(
        body["spec"]["template"]["spec"]["containers"][0]["resources"]["limits"]["memory"],
        "512Mi"
    );
    assert_eq!(found.symptoms.len(), 3);
    assert_eq!(found.facts.exit_code, Some(137));
}

#[test]
fn a_bare_pod_gets_steps_and_no_patch() {
    let scene = Scene::of([pod("web").ended("Error", 139, 10, 3).into()]);
    let found = check(
        &scene,
        "pod_crash_loop",
        "segmentation_fault",
        "Pod/web",
        &["plan"],
    );
    assert!(found.fixes[0].patch.is_none());
    assert!(
        found.fixes[0]
            .preview
            .contains("kubectl -n shop logs web -c app --previous"),
        "{}",
        found.fixes[0].preview
    );
}

#[test]
fn a_crash_is_blamed_on_a_rollout_only_soon_after_it() {
    let scene = |created: i64| {
        let set = replica_set("web", 2).pods(1);
        Scene::of([
            deployment("web", 1).revision(2).into(),
            replica_set("web", 1).into(),
            set.created(created).into(),
            pod("web-2-a").ended("Error", 1, 10, 5).of("web", 2).into(),
        ])
    };
    let cause = "application_error";
    let (r#type, target) = ("pod_crash_loop", "Deployment/web");
    check(
        &scene(1_800),
        r#type,
        cause,
        target,
        &["rollback_workload", "plan"],
    );
    check(&scene(90_000), r#type, cause, target, &["plan"]);
}

#[test]
fn process_ends_have_their_cause() {
    for (code, reason, cause) in [
        (127, "Error", "command_not_found"),
        (126, "Error", "command_not_executable"),
        (139, "Error", "segmentation_fault"),
        (1, "Error", "application_error"),
        (255, "Error", "application_error"),
        (143, "Error", "unknown"),
    ] {
        let found = Scene::of([pod("web").ended(reason, code, 10, 3).into()]).evaluate();
        assert_eq!(
            (found.len(), found[0].root_cause.cause.as_str()),
            (1, cause),
            "{code}"
        );
    }
}

/// Covers: INC-02
#[test]
fn a_silent_kubelet_is_told_by_the_other_nodes() {
    let scene = Scene::of([
        node("n1").ready("Unknown", "NodeStatusUnknown", 60).into(),
        node("n2").ready("True", "KubeletReady", 900).into(),
        pod("web")
            .waiting("ImagePullBackOff", "dial tcp: i/o timeout")
            .into(),
    ]);
    let found = check(
        &scene,
        "node_not_ready",
        "kubelet_down",
        "Node/n1",
        &["plan"],
    );
    assert_eq!(found.severity, Severity::Critical);
    assert_eq!(found.symptoms.len(), 2);
    assert_eq!(found.chain[0].link, "runs_on");
}

#[test]
fn unknown_kinds_are_not_empty_and_unknown_causes_are_said() {
    let mut snapshot = wrong_image().snapshot();
    snapshot.deployments = None;
    snapshot.replica_sets = None;
    let found = super::evaluate(&snapshot);
    assert_eq!(found[0].root_cause.cause, "image_tag_not_found");
    assert_eq!(found[0].resource.kind, "ReplicaSet");
    assert!(
        found[0].root_cause.confidence < 0.8,
        "{}",
        found[0].root_cause.confidence
    );
    snapshot.pods = None;
    assert!(super::evaluate(&snapshot).is_empty());
    let unplaced = Scene::of([
        node("n1").into(),
        pod("web")
            .unschedulable("0/1 nodes are available", 90)
            .into(),
    ])
    .evaluate();
    assert_eq!(
        (
            unplaced[0].root_cause.cause.as_str(),
            unplaced[0].root_cause.confidence
        ),
        ("unknown", 0.2)
    );
    assert!(unplaced[0].description.contains("0/1 nodes are available"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn the_order_of_the_input_does_not_matter(objects in Just({
        let mut objects: Vec<Object> = wrong_image().0;
        objects.push(node("n1").ready("False", "KubeletNotReady", 90).into());
        objects.push(pod("api").ended("Error", 1, 20, 5).into());
        objects.push(pod("db").ended("OOMKilled", 137, 20, 5).into());
        objects.push(pod("cache").unschedulable("none", 100).into());
        objects
    }).prop_shuffle()) {
        let text = |scene: &Scene| format!("{:?}", scene.evaluate());
        let mut sorted = objects.clone();
        sorted.sort_by_key(|object| object.0.to_string());
        prop_assert_eq!(text(&Scene(objects)), text(&Scene(sorted)));
    }
}

/// Prints what 50,000 healthy pods cost; a figure, not a limit.
#[test]
fn many_healthy_pods_are_quiet() {
    let pods = (0..50_000).map(|i| Object::from(pod(&format!("web-{i}")).ready()));
    let snapshot = Scene(pods.collect()).snapshot();
    let start = std::time::Instant::now();
    assert!(super::evaluate(&snapshot).is_empty());
    println!("50,000 healthy pods evaluated in {:?}", start.elapsed());
}

#[test]
fn what_was_learned_moves_the_order_of_fixes_and_the_confidence() {
    let mut snapshot = wrong_image().snapshot();
    let before = evaluate(&snapshot).remove(0);
    let tried = |worked| Tried {
        cluster: "test".into(),
        cause: "image_tag_not_found".into(),
        action: "rollback_workload".into(),
        owner: before.resource.clone(),
        worked,
        at: NOW - 60,
    };
    let said = Said {
        cause: "image_tag_not_found".into(),
        verdict: Verdict::WrongCause,
        correct_cause: None,
    };
    let failed = vec![tried(false); 6];
    snapshot.experience = Experience::of("test", &failed, &[said], NOW);
    let after = evaluate(&snapshot).remove(0);
    let actions = |found: &Found| -> Vec<(String, u8)> {
        let fixes = found.fixes.iter();
        fixes
            .map(|fix| (fix.action.clone(), fix.expected))
            .collect()
    };
    assert_eq!(
        actions(&before),
        [
            ("rollback_workload".to_owned(), 60),
            ("plan".to_owned(), 40)
        ]
    );
    assert_eq!(actions(&after)[0], ("plan".to_owned(), 40));
    let rollback = &after.fixes[1];
    assert!(rollback.expected < 20, "{}", rollback.expected);
    assert_eq!(
        rollback.record,
        Some(FixRecord {
            worked: 0,
            times: 6
        })
    );
    assert!(after.root_cause.confidence < before.root_cause.confidence);
    // Another workload has the cluster's experience and no record of its own.
    snapshot.experience = Experience::of("elsewhere", &failed, &[], NOW);
    let other = evaluate(&snapshot).remove(0);
    let rollback = other.fixes.iter().find(|fix| fix.patch.is_some()).unwrap();
    assert_eq!(rollback.record, None);
    assert!(rollback.expected < 60);
}
