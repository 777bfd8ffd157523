//! What the cluster itself depends on: its DNS, webhooks, APIs.

use serde_json::{Value, json};

use super::{
    super::fixtures::{Object, PodText, Scene, deployment, pod, replica_set, text, types},
    check,
};

fn service(namespace: &str, name: &str, selector: Value) -> Object {
    Object(json!({"apiVersion": "v1", "kind": "Service",
        "metadata": {"name": name, "namespace": namespace, "uid": name, "creationTimestamp": text(9_000)},
        "spec": {"selector": selector, "clusterIP": "10.96.0.10", "ports": [{"port": 53, "protocol": "UDP"}]}}))
}

fn dns(pods: impl IntoIterator<Item = PodText>, replicas: u32) -> Vec<Object> {
    let system = "kube-system";
    let labels = json!({"k8s-app": "kube-dns"});
    let mut all: Vec<Object> = vec![
        deployment("coredns", replicas)
            .set("/metadata/namespace", system)
            .set("/spec/template/metadata/labels", labels.clone())
            .into(),
        replica_set("coredns", 1)
            .set("/metadata/namespace", system)
            .pods(replicas)
            .into(),
        service(system, "kube-dns", labels.clone()),
    ];
    all.extend(pods.into_iter().map(|pod| {
        pod.set("/metadata/namespace", system)
            .set("/metadata/labels", labels.clone())
            .of("coredns", 1)
            .into()
    }));
    all
}

fn unready(name: &str, seconds: i64) -> PodText {
    pod(name).set(
        "/status/conditions",
        json!([{"type": "Ready", "status": "False", "reason": "ContainersNotReady", "lastTransitionTime": text(seconds)}]),
    )
}

fn client() -> Vec<Object> {
    let calls = json!([{"name": "DB_HOST", "value": "db.shop.svc"}]);
    vec![
        deployment("web", 1)
            .set("/spec/template/spec/containers/0/env", calls.clone())
            .into(),
        replica_set("web", 1).pods(1).into(),
        pod("web-1-a")
            .set("/spec/containers/0/env", calls)
            .waiting("CrashLoopBackOff", "back-off 10s")
            .last_end("Error", 1, 20, 4)
            .set(
                "/status/containerStatuses/0/lastState/terminated/message",
                "dial tcp: lookup db.shop.svc on 10.96.0.10:53: server misbehaving: no such host",
            )
            .of("web", 1)
            .into(),
        service("shop", "db", json!({})),
    ]
}

/// Covers: INC-05, INC-07, INC-09
#[test]
fn a_cluster_without_dns_is_one_incident_with_those_who_ask() {
    let crash = unready("coredns-1-a", 300)
        .waiting("CrashLoopBackOff", "back-off 10s")
        .last_end("Error", 1, 20, 4);
    let mut all = dns([crash], 1);
    all.extend(client());
    let found = check(
        &Scene::of(all),
        "cluster_dns_down",
        "dns_down",
        "Deployment/coredns",
        &["plan"],
    );
    let shown: Vec<_> = found.symptoms.iter().map(|one| &*one.object.name).collect();
    assert!(
        shown.contains(&"web-1-a") && shown.contains(&"coredns-1-a"),
        "{shown:?}"
    );
    let mut all = dns([], 0);
    all.extend(client());
    check(
        &Scene::of(all),
        "cluster_dns_down",
        "dns_down",
        "Deployment/coredns",
        &["scale_up", "plan"],
    );
}

#[test]
fn a_finer_cause_of_the_dns_pods_is_the_root() {
    let pull = unready("coredns-1-a", 300).waiting(
        "ImagePullBackOff",
        "failed to resolve reference \"reg.io/web:v2\": reg.io/web:v2: not found",
    );
    let mut all = dns([pull], 1);
    all.extend(client());
    let found = Scene::of(all).evaluate();
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!(found[0].root_cause.cause, "image_tag_not_found");
}

/// Covers: INC-07
#[test]
fn a_dns_that_answers_or_has_just_stopped_is_quiet() {
    let one = dns([pod("coredns-1-a").ready(), unready("coredns-1-b", 900)], 2);
    assert!(!types(&Scene::of(one)).contains(&"cluster_dns_down"));
    let young = dns([unready("coredns-1-a", 20).running(20)], 1);
    assert_eq!(types(&Scene::of(young)), [""; 0]);
}

fn webhook(policy: &str) -> Object {
    Object(
        json!({"apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingWebhookConfiguration",
        "metadata": {"name": "guard", "uid": "guard", "creationTimestamp": text(9_000)},
        "webhooks": [{"name": "guard.example.com", "failurePolicy": policy,
            "clientConfig": {"service": {"namespace": "guard", "name": "guard"}},
            "rules": [{"operations": ["CREATE"], "apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"]}]}]}),
    )
}

fn refused() -> Vec<Object> {
    let said = "Internal error occurred: failed calling webhook \"guard.example.com\": failed to call webhook: Post \"https://guard.guard.svc:443/\": no endpoints available for service \"guard\"";
    vec![
        deployment("web", 2)
            .set(
                "/status/conditions",
                json!([{"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": said, "lastTransitionTime": text(300)}]),
            )
            .into(),
        replica_set("web", 1)
            .set("/spec/replicas", 2)
            .into(),
        Object(json!({"apiVersion": "v1", "kind": "Event",
            "metadata": {"name": "web-1.x", "namespace": "shop"},
            "involvedObject": {"apiVersion": "apps/v1", "kind": "ReplicaSet", "namespace": "shop", "name": "web-1", "uid": "uid-web-1"},
            "type": "Warning", "reason": "FailedCreate", "message": said, "count": 9,
            "firstTimestamp": text(300), "lastTimestamp": text(10)})),
    ]
}

/// Covers: INC-05, INC-07, INC-09
#[test]
fn a_webhook_without_its_service_is_the_root_of_what_it_refuses() {
    let mut all = refused();
    all.push(webhook("Fail"));
    let found = check(
        &Scene::of(all.clone()),
        "admission_webhook_failing",
        "webhook_unavailable",
        "ValidatingWebhookConfiguration/guard",
        &["set_failure_policy", "plan"],
    );
    assert_eq!(found.symptoms.len(), 2, "{:#?}", found.symptoms);
    // With the Service there and empty it is the same, once.
    all.push(service("guard", "guard", json!({"app": "guard"})));
    let found = Scene::of(all).evaluate();
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!(found[0].root_cause.cause, "webhook_unavailable");
}

/// Covers: INC-07
#[test]
fn a_webhook_that_may_be_passed_over_or_answers_is_quiet() {
    assert_eq!(types(&Scene::of([webhook("Ignore")])), [""; 0]);
    let guard = pod("guard-a")
        .set("/metadata/namespace", "guard")
        .set("/metadata/labels", json!({"app": "guard"}))
        .ready();
    let there = service("guard", "guard", json!({"app": "guard"}));
    assert_eq!(
        types(&Scene::of([webhook("Fail"), there, guard.into()])),
        [""; 0]
    );
}

fn api(name: &str, reason: &str, seconds: i64) -> Object {
    Object(
        json!({"apiVersion": "apiregistration.k8s.io/v1", "kind": "APIService",
        "metadata": {"name": name, "uid": name},
        "spec": {"group": "x", "version": "v1", "service": {"namespace": "kube-system", "name": "server"}},
        "status": {"conditions": [{"type": "Available", "status": "False", "reason": reason,
            "message": "it does not answer", "lastTransitionTime": text(seconds)}]}}),
    )
}

/// Covers: INC-05, INC-07
#[test]
fn an_api_that_does_not_answer_is_told_with_what_needs_it() {
    let scaler = Object(
        json!({"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "web", "namespace": "shop", "uid": "hpa"},
        "spec": {"scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}, "maxReplicas": 5},
        "status": {"conditions": [{"type": "ScalingActive", "status": "False", "reason": "FailedGetResourceMetric",
            "message": "unable to fetch metrics from resource metrics API", "lastTransitionTime": text(900)}]}}),
    );
    let web: Object = deployment("web", 1).complete().into();
    let scene = Scene::of([
        api("v1beta1.metrics.k8s.io", "MissingEndpoints", 900),
        scaler,
        web,
    ]);
    let found = scene.evaluate();
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!(
        (found[0].r#type, &*found[0].root_cause.cause),
        ("api_service_unavailable", "metrics_api_unavailable")
    );
    let found = check(
        &Scene::of([api("v1.things.example.com", "ServiceNotFound", 900)]),
        "api_service_unavailable",
        "service_missing",
        "APIService/v1.things.example.com",
        &["plan"],
    );
    assert!(found.root_cause.confidence >= 0.9);
    assert_eq!(
        types(&Scene::of([api("v1.a", "MissingEndpoints", 30)])),
        [""; 0]
    );
}
