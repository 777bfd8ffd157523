//! The control plane, nodes with problems, namespaces that stay, balancers, selectors, Ingresses, Jobs.

use serde_json::{Value, json};

use super::{
    super::{
        evaluate,
        fixtures::{Object, Scene, deployment, node, pod, replica_set, text, types},
    },
    check,
};

fn lease(name: &str, seconds: i64) -> Object {
    Object(
        json!({"apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
        "metadata": {"name": name, "namespace": "kube-system", "uid": name},
        "spec": {"holderIdentity": "a", "renewTime": text(seconds)}}),
    )
}

/// Covers: INC-05, INC-07
#[test]
fn a_controller_manager_that_is_silent_is_the_root_of_what_lags() {
    let behind: Object = deployment("web", 1)
        .complete()
        .set("/metadata/generation", 5)
        .set("/metadata/creationTimestamp", text(9_000))
        .into();
    let scene = Scene::of([
        lease("kube-controller-manager", 400),
        lease("kube-scheduler", 1),
        behind.clone(),
    ]);
    let found = check(
        &scene,
        "control_plane_degraded",
        "controller_manager_down",
        "Component/kube-controller-manager",
        &["plan"],
    );
    assert_eq!(found.symptoms.len(), 2, "{:#?}", found.symptoms);
    // All behind by the same: only the snapshot is old.
    let old = Scene::of([
        lease("kube-controller-manager", 400),
        lease("kube-scheduler", 399),
    ]);
    let mut once = old.snapshot();
    once.still = true;
    assert!(evaluate(&once).is_empty());
    // Followed, both are down.
    assert_eq!(types(&old), ["control_plane_degraded"; 2]);
    // Followed, a moment's lag is nothing; looked at once, it counts as lasting.
    let lone = Scene::of([behind]);
    assert_eq!(types(&lone), [""; 0]);
    let mut once = lone.snapshot();
    once.still = true;
    assert_eq!(evaluate(&once)[0].r#type, "controller_lagging");
}

/// Covers: INC-07
#[test]
fn a_lease_that_work_has_left_behind_is_a_leftover() {
    let placed = |seconds| -> Object {
        pod("web")
            .running(5)
            .set(
                "/status/conditions",
                json!([{"type": "PodScheduled", "status": "True", "lastTransitionTime": text(seconds)}]),
            )
            .into()
    };
    let old = || lease("kube-scheduler", 9_000);
    assert_eq!(types(&Scene::of([old(), placed(60)])), [""; 0]);
    let down = Scene::of([old(), placed(9_100)]);
    assert_eq!(types(&down), ["control_plane_degraded"]);
    let manager = || lease("kube-controller-manager", 9_000);
    let made: Object = replica_set("web", 1)
        .set("/metadata/creationTimestamp", text(60))
        .into();
    assert_eq!(types(&Scene::of([manager(), made])), [""; 0]);
    assert_eq!(types(&Scene::of([manager()])), ["control_plane_degraded"]);
}

fn daemons(misplaced: u32) -> Object {
    Object(json!({"apiVersion": "apps/v1", "kind": "DaemonSet",
        "metadata": {"name": "agent", "namespace": "shop", "uid": "agent", "creationTimestamp": text(9_000)},
        "spec": {"selector": {"matchLabels": {"app": "agent"}}, "template": {"metadata": {"labels": {"app": "agent"}},
            "spec": {"containers": [{"name": "app", "image": "a"}]}}},
        "status": {"observedGeneration": 1, "numberMisscheduled": misplaced}}))
}

fn agent(seconds: i64) -> Object {
    let mut pod: Object = pod("agent-a").ready().created(seconds).into();
    pod.0["metadata"]["labels"] = json!({"app": "agent"});
    pod.0["metadata"]["ownerReferences"] = json!([{"apiVersion": "apps/v1", "kind": "DaemonSet",
        "name": "agent", "uid": "agent", "controller": true}]);
    pod
}

/// Covers: INC-05, INC-07
#[test]
fn a_daemons_pod_on_a_node_that_is_no_longer_its_own_is_told() {
    let tainted = || -> Object {
        node("n1")
            .ready("True", "KubeletReady", 9_000)
            .set(
                "/spec/taints",
                json!([{"key": "team", "value": "b", "effect": "NoSchedule"}]),
            )
            .into()
    };
    let found = check(
        &Scene::of([daemons(1), agent(900), tainted()]),
        "daemonset_incomplete",
        "taint_not_tolerated",
        "DaemonSet/agent",
        &["plan"],
    );
    assert!(found.root_cause.explanation.contains("\"n1\""));
    let fine: Object = node("n1").ready("True", "KubeletReady", 9_000).into();
    assert_eq!(types(&Scene::of([daemons(1), agent(900), fine])), [""; 0]);
    assert_eq!(
        types(&Scene::of([daemons(1), agent(100), tainted()])),
        [""; 0]
    );
    assert_eq!(
        types(&Scene::of([daemons(0), agent(900), tainted()])),
        [""; 0]
    );
}

/// Covers: INC-05, INC-07
#[test]
fn what_a_problem_daemon_says_of_a_node_is_believed() {
    let ill = |kind: &str, seconds| {
        node("n1").set(
            "/status/conditions",
            json!([{"type": "Ready", "status": "True"},
                {"type": kind, "status": "True", "message": "it hangs", "lastTransitionTime": text(seconds)}]),
        )
    };
    for (kind, cause) in [
        ("KernelDeadlock", "node_kernel_fault"),
        ("KubeletUnhealthy", "kubelet_down"),
        ("ContainerRuntimeUnhealthy", "container_runtime_down"),
    ] {
        let scene = Scene::of([ill(kind, 400).into()]);
        check(&scene, "node_problem", cause, "Node/n1", &["plan"]);
    }
    assert_eq!(
        types(&Scene::of([ill("KernelDeadlock", 200).into()])),
        [""; 0]
    );
    // Not every condition that is True is bad news.
    assert_eq!(types(&Scene::of([ill("EtcdIsVoter", 400).into()])), [""; 0]);
    let reboots = |count| {
        let event = Object(json!({"apiVersion": "v1", "kind": "Event",
            "metadata": {"name": "n1.r", "namespace": "default"}, "type": "Warning",
            "involvedObject": {"kind": "Node", "name": "n1", "uid": "n1"}, "reason": "Rebooted",
            "message": "Node n1 has been rebooted", "count": count,
            "firstTimestamp": text(3_000), "lastTimestamp": text(600)}));
        Scene::of([node("n1").ready("True", "KubeletReady", 500).into(), event])
    };
    check(
        &reboots(2),
        "node_problem",
        "node_rebooted",
        "Node/n1",
        &["plan"],
    );
    assert_eq!(types(&reboots(1)), [""; 0]);
}

/// Covers: INC-05, INC-07
#[test]
fn a_namespace_that_stays_is_told_with_what_is_left_in_it() {
    let held = |seconds| {
        Object(json!({"apiVersion": "v1", "kind": "Namespace",
            "metadata": {"name": "shop", "uid": "shop", "deletionTimestamp": text(seconds)},
            "status": {"phase": "Terminating", "conditions": [{"type": "NamespaceFinalizersRemaining",
                "status": "True", "reason": "SomeFinalizersRemain",
                "message": "Some content in the namespace has finalizers remaining: example.com/hold in 1 resource instances",
                "lastTransitionTime": text(seconds)}]}}))
    };
    let left = Object(json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim",
        "metadata": {"name": "data", "namespace": "shop", "uid": "c", "deletionTimestamp": text(700),
            "finalizers": ["example.com/hold"]}, "status": {"phase": "Bound"}}));
    check(
        &Scene::of([held(700), left]),
        "namespace_stuck_terminating",
        "finalizer_held",
        "PersistentVolumeClaim/data",
        &["plan"],
    );
    check(
        &Scene::of([held(700)]),
        "namespace_stuck_terminating",
        "finalizer_held",
        "Namespace/shop",
        &["plan"],
    );
    assert_eq!(types(&Scene::of([held(300)])), [""; 0]);
}

/// Covers: INC-05, INC-07
#[test]
fn a_balancer_that_does_not_come_is_told_after_a_while() {
    let balanced = |seconds, ingress: Value| {
        let web = pod("web-a").ready();
        let service = Object(json!({"apiVersion": "v1", "kind": "Service",
            "metadata": {"name": "web", "namespace": "shop", "uid": "s", "creationTimestamp": text(seconds)},
            "spec": {"type": "LoadBalancer", "selector": {"app": "web"}, "ports": [{"port": 80}]},
            "status": {"loadBalancer": {"ingress": ingress}}}));
        Scene::of([service, web.into()])
    };
    check(
        &balanced(400, json!([])),
        "load_balancer_pending",
        "load_balancer_unprovisioned",
        "Service/web",
        &["plan"],
    );
    assert_eq!(types(&balanced(200, json!([]))), [""; 0]);
    assert_eq!(types(&balanced(400, json!([{}]))), [""; 0]);
}

/// Covers: INC-05, INC-07
#[test]
fn a_selector_over_two_programs_is_told_and_one_over_two_versions_is_not() {
    let scene = |other: &str, image: &str, labels: Value| {
        let mut all: Vec<Object> = vec![Object(json!({"apiVersion": "v1", "kind": "Service",
            "metadata": {"name": "web", "namespace": "shop", "uid": "s", "creationTimestamp": text(9_000)},
            "spec": {"selector": {"team": "a"}, "clusterIP": "10.96.0.5", "ports": [{"port": 80}]}}))];
        for (name, image, more) in [("web", "reg.io/web:v1", json!({})), (other, image, labels)] {
            let mut labels = json!({"team": "a", "app": name});
            for (key, value) in more.as_object().unwrap() {
                labels[key] = value.clone();
            }
            all.push(
                deployment(name, 1)
                    .complete()
                    .set("/spec/template/metadata/labels", labels.clone())
                    .into(),
            );
            all.push(replica_set(name, 1).ready(1).into());
            let ready =
                json!([{"type": "Ready", "status": "True", "lastTransitionTime": text(2_000)}]);
            all.push(
                pod(&format!("{name}-1-a"))
                    .image(image)
                    .set("/metadata/labels", labels)
                    .ready()
                    .set("/status/conditions", ready)
                    .of(name, 1)
                    .into(),
            );
        }
        Scene::of(all)
    };
    check(
        &scene("batch", "reg.io/batch:v1", json!({})),
        "service_selector_too_broad",
        "service_selector_too_broad",
        "Service/web",
        &["plan"],
    );
    assert_eq!(
        types(&scene("web-canary", "reg.io/other:v1", json!({}))),
        [""; 0]
    );
    assert_eq!(types(&scene("next", "reg.io/web:v2", json!({}))), [""; 0]);
    assert_eq!(
        types(&scene("next", "reg.io/x:v2", json!({"track": "canary"}))),
        [""; 0]
    );
}

/// Covers: INC-05, INC-07
#[test]
fn ingresses_on_one_path_and_secrets_without_keys_are_told() {
    let ingress = |name: &str, seconds, to: &str, annotations: Value| {
        Object(
            json!({"apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
            "metadata": {"name": name, "namespace": "shop", "uid": name, "creationTimestamp": text(seconds), "annotations": annotations},
            "spec": {"tls": [{"hosts": ["a.example.com"], "secretName": "tls"}],
                "rules": [{"host": "a.example.com", "http": {"paths": [{"path": "/",
                    "backend": {"service": {"name": to, "port": {"number": 80}}}}]}}]}}),
        )
    };
    let service = |name: &str| {
        Object(json!({"apiVersion": "v1", "kind": "Service",
            "metadata": {"name": name, "namespace": "shop", "uid": name, "creationTimestamp": text(9_000)},
            "spec": {"clusterIP": "10.96.0.5", "ports": [{"port": 80}]}}))
    };
    let secret = |keys: Value| {
        Object(
            json!({"apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls",
            "metadata": {"name": "tls", "namespace": "shop", "uid": "t"}, "data": keys}),
        )
    };
    let whole = || secret(json!({"tls.crt": "", "tls.key": ""}));
    let old = || ingress("old", 9_000, "one", json!({}));
    let base = || vec![service("one"), service("two"), old()];
    let mut all = base();
    all.extend([ingress("new", 900, "two", json!({})), whole()]);
    check(
        &Scene::of(all),
        "ingress_misconfigured",
        "ingress_host_conflict",
        "Ingress/new",
        &["plan"],
    );
    let mut all = base();
    let canary = json!({"nginx.ingress.kubernetes.io/canary": "true"});
    all.extend([ingress("new", 900, "two", canary), whole()]);
    assert_eq!(types(&Scene::of(all)), [""; 0]);
    let mut all = base();
    all.extend([ingress("new", 900, "one", json!({})), whole()]);
    assert_eq!(types(&Scene::of(all)), [""; 0]);
    let mut all = base();
    all.push(secret(json!({"tls.crt": ""})));
    check(
        &Scene::of(all),
        "ingress_misconfigured",
        "tls_secret_invalid",
        "Ingress/old",
        &["plan"],
    );
}

fn job(name: &str, status: Value) -> Object {
    let cron = json!([{"apiVersion": "batch/v1", "kind": "CronJob", "name": "nightly", "uid": "c", "controller": true}]);
    Object(json!({"apiVersion": "batch/v1", "kind": "Job",
        "metadata": {"name": name, "namespace": "shop", "uid": name, "ownerReferences": cron},
        "spec": {"template": {"spec": {"containers": [{"name": "app", "image": "a"}]}}}, "status": status}))
}

/// Covers: INC-07
#[test]
fn a_job_is_stuck_by_the_measure_of_its_like() {
    let runs = |seconds| job("now", json!({"active": 1, "startTime": text(seconds)}));
    let past = |took: i64| {
        let end = 20_000;
        job(
            "past",
            json!({"startTime": text(end + took), "completionTime": text(end),
            "conditions": [{"type": "Complete", "status": "True"}]}),
        )
    };
    assert_eq!(types(&Scene::of([runs(4_000)])), ["job_stuck"]);
    assert_eq!(types(&Scene::of([runs(3_000)])), [""; 0]);
    assert_eq!(types(&Scene::of([runs(4_000), past(60)])), ["job_stuck"]);
    assert_eq!(types(&Scene::of([runs(4_000), past(1_800)])), [""; 0]);
    // The work is done, and what stands beside it does not end.
    let beside = pod("now-a").owner("batch/v1", "Job", "now").set(
        "/spec/containers",
        json!([{"name": "app", "image": "a"}, {"name": "proxy", "image": "b"}]),
    );
    let ended = |seconds| {
        beside.clone().set(
            "/status/containerStatuses",
            json!([{"name": "app", "state": {"terminated": {"exitCode": 0, "finishedAt": text(seconds)}}},
                {"name": "proxy", "ready": true, "state": {"running": {"startedAt": text(900)}}}]),
        )
    };
    assert_eq!(
        types(&Scene::of([runs(900), ended(300).into()])),
        ["job_stuck"]
    );
    assert_eq!(types(&Scene::of([runs(900), ended(30).into()])), [""; 0]);
}
