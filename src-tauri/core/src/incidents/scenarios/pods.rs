//! Pods that do not get going, and pods that do not end.

use serde_json::{Value, json};

use super::{
    super::fixtures::{
        Object, PodText, Scene, deployment, event, node, pod, replica_set, text, types,
    },
    check,
};

fn owned(pod: PodText) -> Scene {
    Scene::of([
        deployment("web", 1).into(),
        replica_set("web", 1).pods(1).into(),
        pod.of("web", 1).into(),
    ])
}

fn conditions(pod: PodText, list: Value) -> PodText {
    pod.set("/status/conditions", list)
}

fn with_init(seconds: i64, env: Value) -> Scene {
    let spec = json!([{"name": "wait", "image": "busybox", "env": env}]);
    let web = pod("web-1-a")
        .phase("Pending")
        .set("/spec/initContainers", spec.clone())
        .set(
            "/status/initContainerStatuses",
            json!([{"name": "wait", "restartCount": 0, "state": {"running": {"startedAt": text(seconds)}}}]),
        )
        .waiting("PodInitializing", "");
    let mut scene = owned(web);
    scene.0[0] = deployment("web", 1)
        .set("/spec/template/spec/initContainers", spec)
        .into();
    scene
}

fn service(name: &str, selector: Value) -> Object {
    Object(json!({"apiVersion": "v1", "kind": "Service",
        "metadata": {"name": name, "namespace": "shop", "uid": name, "creationTimestamp": text(9_000)},
        "spec": {"selector": selector, "clusterIP": "10.96.0.9", "ports": [{"port": 5432}]}}))
}

/// Covers: INC-05, INC-07
#[test]
fn an_init_container_that_waits_for_nobody_is_told_by_whom_it_waits_for() {
    let env = json!([{"name": "DB_HOST", "value": "database.shop.svc"}]);
    let found = check(
        &with_init(700, env.clone()),
        "init_container_stuck",
        "init_dependency_missing",
        "Deployment/web",
        &["plan"],
    );
    assert!(
        found
            .root_cause
            .explanation
            .contains("\"database\" does not exist")
    );
    assert!(!types(&with_init(500, env.clone())).contains(&"init_container_stuck"));
    // The Service is there and has nobody behind it: that is what has to change.
    let mut empty = with_init(700, env.clone());
    empty
        .0
        .push(service("database", json!({"app": "database"})));
    let found = empty.evaluate();
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!(found[0].root_cause.cause, "init_dependency_missing");
    assert_eq!(found[0].root_cause.target.kind, "Service");
    // A near name is a slip in the address.
    let mut near = with_init(700, env);
    near.0.push(service("databases", json!({})));
    let found = near.evaluate();
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!(found[0].root_cause.cause, "env_address_mismatch");
}

#[test]
fn an_init_container_that_works_long_is_stuck_without_a_cause() {
    let found = with_init(700, json!([])).evaluate();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].r#type, "init_container_stuck");
    assert_eq!(found[0].root_cause.cause, "unknown");
}

/// Covers: INC-05, INC-07
#[test]
fn readiness_that_waits_for_another_leads_to_that() {
    let env = json!([{"name": "DB_HOST", "value": "db.shop.svc"}]);
    let probe = json!({"httpGet": {"port": 8080, "path": "/ready"}, "periodSeconds": 1});
    let web = pod("web-1-a")
        .running(900)
        .set("/spec/containers/0/env", env.clone())
        .set("/spec/containers/0/readinessProbe", probe.clone());
    let mut scene = owned(web);
    scene.0[0] = deployment("web", 1)
        .set("/spec/template/spec/containers/0/env", env)
        .set("/spec/template/spec/containers/0/readinessProbe", probe)
        .into();
    scene.0.push(
        event(
            "web-1-a",
            "Unhealthy",
            "Readiness probe failed: HTTP probe failed with statuscode: 503",
        )
        .seen(800, 5, 80)
        .into(),
    );
    scene.0.push(service("db", json!({"app": "db"})));
    let found = scene.evaluate();
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!(found[0].root_cause.cause, "readiness_dependency_down");
    assert_eq!(found[0].root_cause.target.name, "db");
    let behind = pod("db-a")
        .set("/metadata/labels", json!({"app": "db"}))
        .ready();
    scene.0.push(behind.into());
    let found = scene.evaluate();
    assert_ne!(found[0].root_cause.cause, "readiness_dependency_down");
}

/// Covers: INC-05, INC-07
#[test]
fn a_readiness_gate_that_nobody_sets_is_told() {
    let gated = |seconds, state: &str| {
        conditions(
            pod("web-1-a")
                .running(9_000)
                .set("/status/containerStatuses/0/ready", true)
                .set(
                    "/spec/readinessGates",
                    json!([{"conditionType": "example.com/lb"}]),
                ),
            json!([{"type": "Ready", "status": if state == "True" { "True" } else { "False" },
                "reason": "ReadinessGatesNotReady", "lastTransitionTime": text(seconds)},
                {"type": "example.com/lb", "status": state}]),
        )
    };
    check(
        &owned(gated(1_000, "False")),
        "pod_not_ready",
        "readiness_gate_unset",
        "Deployment/web",
        &["plan"],
    );
    assert_eq!(types(&owned(gated(800, "False"))), [""; 0]);
    assert_eq!(types(&owned(gated(1_000, "True"))), [""; 0]);
}

/// Covers: INC-05, INC-07
#[test]
fn two_containers_on_one_port_are_told_unless_the_crash_says_otherwise() {
    let both = |said: &str| {
        let port = json!([{"containerPort": 8080}]);
        let containers = json!([
            {"name": "app", "image": "a:1", "ports": port},
            {"name": "proxy", "image": "b:1", "ports": port}]);
        let web = pod("web-1-a")
            .set("/spec/containers", containers)
            .waiting("CrashLoopBackOff", "back-off 10s")
            .last_end("Error", 1, 20, 4)
            .set(
                "/status/containerStatuses/0/lastState/terminated/message",
                said,
            );
        owned(web).evaluate()
    };
    for said in ["", "listen tcp :8080: bind: address already in use"] {
        let found = both(said);
        assert_eq!(found[0].root_cause.cause, "port_conflict_in_pod", "{said}");
        assert_eq!(found[0].root_cause.target.name, "web");
    }
    let found = both("required environment variable TOKEN is not set");
    assert_eq!(found[0].root_cause.cause, "application_config_error");
}

/// Covers: INC-05, INC-07
#[test]
fn hooks_and_mounts_that_fail_are_told_apart_from_programs_that_do() {
    let hooked = owned(pod("web-1-a").waiting(
        "PostStartHookError",
        "Exec lifecycle hook ([/bin/false]) for Container \"app\" failed",
    ));
    let found = check(
        &hooked,
        "lifecycle_hook_failed",
        "lifecycle_hook_error",
        "Deployment/web",
        &["plan"],
    );
    assert!(found.root_cause.explanation.contains("postStart"));
    let mut old = owned(pod("web-1-a").ready());
    old.0.push(
        event("web-1-a", "FailedPreStopHook", "it failed")
            .seen(2_000, 1_000, 1)
            .into(),
    );
    assert_eq!(types(&old), [""; 0]);
    let mounted = owned(pod("web-1-a").waiting(
        "CreateContainerError",
        "failed to create shim task: OCI runtime create failed: runc create failed: mkdir /x: chdir to cwd (\"/nope\") set in config.json failed: no such file or directory",
    ));
    check(
        &mounted,
        "container_start_error",
        "working_dir_or_mount_invalid",
        "Deployment/web",
        &["plan"],
    );
    let missing = owned(pod("web-1-a").waiting(
        "RunContainerError",
        "exec: \"/bin/nope\": stat /bin/nope: no such file or directory: unknown",
    ));
    assert_eq!(missing.evaluate()[0].root_cause.cause, "command_not_found");
}

fn unplaced(name: &str, scheduler: &str, seconds: i64) -> PodText {
    pod(name)
        .created(seconds)
        .phase("Pending")
        .set("/spec/nodeName", "")
        .set("/spec/schedulerName", scheduler)
        .set("/status/containerStatuses", json!([]))
}

fn lease(name: &str, seconds: i64) -> Object {
    Object(
        json!({"apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
        "metadata": {"name": name, "namespace": "kube-system", "uid": name},
        "spec": {"holderIdentity": "a", "renewTime": text(seconds)}}),
    )
}

/// Covers: INC-05, INC-07, INC-12
#[test]
fn a_pod_that_no_scheduler_looks_at_is_told_whose_it_is() {
    let scene = |scheduler: &str, seconds| owned(unplaced("web-1-a", scheduler, seconds));
    check(
        &scene("my-scheduler", 90),
        "pod_not_scheduled",
        "scheduler_name_unknown",
        "Deployment/web",
        &["set_scheduler_name", "plan"],
    );
    assert_eq!(types(&scene("my-scheduler", 30)), [""; 0]);
    let mut used = scene("my-scheduler", 90);
    used.0.push(
        pod("other")
            .set("/spec/schedulerName", "my-scheduler")
            .set("/metadata/labels", json!({}))
            .ready()
            .into(),
    );
    assert_eq!(used.evaluate()[0].root_cause.cause, "unknown");
    let mut stale = scene("default-scheduler", 90);
    stale.0.push(lease("kube-scheduler", 300));
    stale.0.push(lease("kube-controller-manager", 2));
    let found = check(
        &stale,
        "control_plane_degraded",
        "scheduler_down",
        "Component/kube-scheduler",
        &["plan"],
    );
    assert!(found.symptoms.len() >= 2);
    let mut fresh = scene("default-scheduler", 90);
    fresh.0.push(lease("kube-scheduler", 2));
    fresh.0.push(lease("kube-controller-manager", 2));
    assert_eq!(fresh.evaluate()[0].root_cause.cause, "unknown");
}

/// Covers: INC-05, INC-07
#[test]
fn gates_hold_a_pod_for_a_while_in_peace() {
    let held = |seconds| {
        let held = unplaced("web-1-a", "default-scheduler", seconds).set(
            "/spec/schedulingGates",
            json!([{"name": "example.com/quota"}]),
        );
        owned(conditions(
            held,
            json!([{"type": "PodScheduled", "status": "False", "reason": "SchedulingGated", "lastTransitionTime": text(seconds)}]),
        ))
    };
    let found = check(
        &held(1_000),
        "pod_scheduling_gated",
        "scheduling_gate_held",
        "Deployment/web",
        &["plan"],
    );
    assert!(found.title.contains("example.com/quota"));
    assert_eq!(types(&held(800)), [""; 0]);
}

/// Covers: INC-05, INC-07
#[test]
fn a_deleted_pod_that_does_not_go_is_told_with_what_holds_it() {
    let leaving = |seconds, finalizers: Value| {
        Scene::of([pod("web")
            .ready()
            .deleted(seconds)
            .set("/metadata/finalizers", finalizers)
            .into()])
    };
    check(
        &leaving(200, json!(["example.com/backup"])),
        "pod_stuck_terminating",
        "finalizer_held",
        "Pod/web",
        &["plan"],
    );
    assert_eq!(types(&leaving(60, json!(["example.com/backup"]))), [""; 0]);
    // Its node is gone: nobody is there to end it.
    let lost = Scene::of([
        node("n1").ready("Unknown", "NodeStatusUnknown", 600).into(),
        node("n2").ready("True", "KubeletReady", 600).into(),
        pod("web").ready().deleted(200).into(),
    ]);
    let found = lost.evaluate();
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!(found[0].root_cause.cause, "kubelet_down");
}

/// Covers: INC-05, INC-07
#[test]
fn pods_that_a_node_refuses_or_a_signal_ends_count_when_they_are_several() {
    let refused = |name: &str| {
        pod(name)
            .phase("Failed")
            .set("/status/reason", "OutOfcpu")
            .set(
                "/status/message",
                "Pod was rejected: Node didn't have enough resource: cpu",
            )
            .set("/status/containerStatuses", json!([]))
    };
    let bare = Scene::of([refused("once").into()]);
    let found = bare.evaluate();
    assert_eq!(found[0].root_cause.cause, "insufficient_cpu");
    assert_eq!(found[0].r#type, "pod_rejected_by_node");
    let mut of_owner = owned(refused("web-1-a"));
    of_owner.0.push(refused("web-1-b").of("web", 1).into());
    assert_eq!(of_owner.evaluate()[0].r#type, "pod_rejected_by_node");
    let killed = |code, restarts| {
        owned(
            pod("web-1-a")
                .created(3_000)
                .running(1_000)
                .ended_before("Error", code, 1_000, restarts),
        )
    };
    assert_eq!(types(&killed(137, 2)), ["container_killed"]);
    assert_eq!(types(&killed(143, 3)), ["container_killed"]);
    for (code, restarts) in [(137, 1), (143, 2), (1, 2)] {
        assert_eq!(types(&killed(code, restarts)), [""; 0], "{code}");
    }
}

/// Covers: INC-07
#[test]
fn preemption_counts_from_the_third_pod_of_an_owner() {
    let scene = |many: usize| {
        let gone = (0..many).map(|at| {
            let name = format!("web-1-{at}");
            let list = json!([{"type": "DisruptionTarget", "status": "True", "reason": "PreemptionByScheduler", "lastTransitionTime": text(300)}]);
            Object::from(
                conditions(pod(&name).deleted(10), list)
                    .running(900)
                    .of("web", 1),
            )
        });
        let owners: [Object; 2] = [
            deployment("web", 3).into(),
            replica_set("web", 1).pods(3).into(),
        ];
        Scene::of(owners.into_iter().chain(gone))
    };
    assert_eq!(types(&scene(2)), [""; 0]);
    let found = scene(3).evaluate();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].root_cause.cause, "preempted_by_priority");
    assert_eq!(found[0].root_cause.target.name, "web");
}

/// Covers: INC-07
#[test]
fn a_runtime_class_that_is_not_there_keeps_the_pods_from_being_made() {
    let web = || deployment("web", 1).set("/spec/template/spec/runtimeClassName", "gvisor");
    let found = Scene::of([web().into()]).evaluate();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].root_cause.cause, "runtime_class_missing");
    let class = Object(
        json!({"apiVersion": "node.k8s.io/v1", "kind": "RuntimeClass", "metadata": {"name": "gvisor"}, "handler": "runsc"}),
    );
    assert_eq!(types(&Scene::of([web().into(), class])), [""; 0]);
}
