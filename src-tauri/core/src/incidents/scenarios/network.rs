//! Ways between pods that are closed, and name servers that do not know the cluster.

use serde_json::{Value, json};

use super::{
    super::fixtures::{Object, PodText, Scene, deployment, event, pod, replica_set, text, types},
    check,
};

/// An API that calls a database by name, and the database.
fn pair(api: PodText, db_ready: bool, policies: Vec<Object>) -> Scene {
    let calls = json!([{"name": "DB_URL", "value": "postgres://db:5432/shop"}]);
    let labelled = |deployment: super::super::fixtures::DeploymentText, app: &str| {
        deployment.set("/spec/template/metadata/labels", json!({"app": app}))
    };
    let db = pod("db-1-a")
        .of("db", 1)
        .set("/metadata/labels", json!({"app": "db"}))
        .set("/spec/containers/0/ports", json!([{"containerPort": 5432}]));
    let db = if db_ready { db.ready() } else { db.running(30) };
    let mut all: Vec<Object> = vec![
        labelled(deployment("api", 1), "api")
            .set("/spec/template/spec/containers/0/env", calls.clone())
            .into(),
        replica_set("api", 1).pods(1).into(),
        api.set("/metadata/labels", json!({"app": "api"}))
            .set("/spec/containers/0/env", calls)
            .of("api", 1)
            .into(),
        labelled(deployment("db", 1), "db").complete().into(),
        replica_set("db", 1).ready(1).into(),
        db.into(),
        service("shop", "db", json!({"app": "db"}), 5432, "10.96.0.20"),
        service(
            "kube-system",
            "kube-dns",
            json!({"k8s-app": "kube-dns"}),
            53,
            "10.96.0.10",
        ),
        pod("dns")
            .set("/metadata/namespace", "kube-system")
            .set("/metadata/labels", json!({"k8s-app": "kube-dns"}))
            .owner("apps/v1", "ReplicaSet", "other")
            .ready()
            .into(),
    ];
    all.extend(policies);
    Scene::of(all)
}

fn service(namespace: &str, name: &str, selector: Value, port: u16, ip: &str) -> Object {
    let protocol = if port == 53 { "UDP" } else { "TCP" };
    Object(json!({"apiVersion": "v1", "kind": "Service",
        "metadata": {"name": name, "namespace": namespace, "uid": name, "creationTimestamp": text(9_000)},
        "spec": {"selector": selector, "clusterIP": ip, "clusterIPs": [ip],
            "ports": [{"port": port, "protocol": protocol, "targetPort": port}]}}))
}

fn policy(name: &str, spec: Value) -> Object {
    Object(
        json!({"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
        "metadata": {"name": name, "namespace": "shop", "uid": name}, "spec": spec}),
    )
}

fn crashing() -> PodText {
    pod("api-1-a")
        .waiting("CrashLoopBackOff", "back-off 40s")
        .last_end("Error", 1, 20, 6)
}

/// What everyone needs to ask for names.
fn names() -> Object {
    policy(
        "names",
        json!({"podSelector": {}, "policyTypes": ["Egress"], "egress": [{
            "to": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}}}],
            "ports": [{"protocol": "UDP", "port": 53}]}]}),
    )
}

/// Covers: INC-05, INC-07, INC-12
#[test]
fn a_policy_that_lets_no_call_through_is_the_root_and_its_rule_the_fix() {
    let scene = pair(crashing(), true, vec![names()]);
    let found = check(
        &scene,
        "network_policy_blocking",
        "network_policy_blocks",
        "NetworkPolicy/names",
        &["add_policy_rule", "plan"],
    );
    assert_eq!(found.resource.name, "api");
    let patch = found.fixes[0].patch.as_ref().unwrap();
    let steps: Value = serde_json::from_str(&patch.body).unwrap();
    assert_eq!(steps[0]["path"], "/spec/egress/-");
    assert_eq!(
        steps[0]["value"]["to"][0],
        json!({"podSelector": {"matchLabels": {"app": "db"}}})
    );
    assert_eq!(
        steps[0]["value"]["ports"],
        json!([{"protocol": "TCP", "port": 5432}])
    );
    let seen = &found.root_cause.evidence;
    assert!(
        seen.iter()
            .any(|one| one.field.ends_with("env[name=DB_URL].value")),
        "{seen:#?}"
    );
}

#[test]
fn a_policy_in_front_of_the_database_is_found_as_well() {
    let guard = policy(
        "guard",
        json!({"podSelector": {"matchLabels": {"app": "db"}}, "ingress": [{
            "from": [{"podSelector": {"matchLabels": {"app": "web"}}}],
            "ports": [{"port": 5432}]}]}),
    );
    let found = check(
        &pair(crashing(), true, vec![guard]),
        "network_policy_blocking",
        "network_policy_blocks",
        "NetworkPolicy/guard",
        &["add_policy_rule", "plan"],
    );
    let patch = &found.fixes[0].patch.as_ref().unwrap().body;
    assert!(
        patch.contains(r#""from""#) && patch.contains(r#""app":"api""#),
        "{patch}"
    );
}

#[test]
fn without_a_way_to_ask_for_names_nothing_is_reached() {
    let only_db = policy(
        "only-db",
        json!({"podSelector": {"matchLabels": {"app": "api"}}, "policyTypes": ["Egress"],
            "egress": [{"to": [{"podSelector": {"matchLabels": {"app": "db"}}}], "ports": [{"port": 5432}]}]}),
    );
    let found = check(
        &pair(crashing(), true, vec![only_db]),
        "network_policy_blocking",
        "network_policy_blocks",
        "NetworkPolicy/only-db",
        &["add_policy_rule", "plan"],
    );
    let patch = &found.fixes[0].patch.as_ref().unwrap().body;
    assert!(
        patch.contains("kube-system") && patch.contains("53"),
        "{patch}"
    );
}

/// Covers: INC-07
#[test]
fn policies_that_let_through_or_harm_nobody_are_quiet() {
    let closed = || {
        policy(
            "closed",
            json!({"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}),
        )
    };
    let open = policy(
        "open",
        json!({"podSelector": {"matchLabels": {"app": "api"}}, "policyTypes": ["Egress"],
            "egress": [{"to": [{"ipBlock": {"cidr": "10.0.0.0/8"}}]}]}),
    );
    let into = policy(
        "into",
        json!({"podSelector": {"matchLabels": {"app": "db"}}, "policyTypes": ["Ingress"],
            "ingress": [{"from": [{"podSelector": {"matchLabels": {"app": "api"}}}], "ports": [{"port": 5000, "endPort": 6000}]}]}),
    );
    // The union of the three lets the call through: the crash has another reason.
    let scene = pair(crashing(), true, vec![closed(), open, into]);
    assert_eq!(types(&scene), ["pod_crash_loop"]);
    // Who works needs nothing.
    let healthy = pod("api-1-a").ready();
    assert_eq!(types(&pair(healthy, true, vec![closed()])), [""; 0]);
    // Killed for its memory, nobody has kept it from anything.
    let killed = pod("api-1-a")
        .set(
            "/spec/containers/0/resources",
            json!({"limits": {"memory": "64Mi"}}),
        )
        .waiting("CrashLoopBackOff", "back-off 40s")
        .last_end("OOMKilled", 137, 20, 6);
    assert_eq!(types(&pair(killed, true, vec![closed()])), ["oom_killed"]);
}

/// Covers: INC-05, INC-07, INC-12
#[test]
fn name_servers_of_its_own_do_not_know_the_cluster() {
    let foreign = crashing()
        .set("/spec/dnsPolicy", "None")
        .set("/spec/dnsConfig", json!({"nameservers": ["8.8.8.8"]}));
    let found = check(
        &pair(foreign, true, Vec::new()),
        "pod_crash_loop",
        "pod_dns_config_invalid",
        "Deployment/api",
        &["set_dns_policy", "plan"],
    );
    assert!(found.root_cause.explanation.contains("8.8.8.8"));
    let own = crashing()
        .set("/spec/dnsPolicy", "None")
        .set("/spec/dnsConfig", json!({"nameservers": ["10.96.0.10"]}));
    let found = pair(own, true, Vec::new()).evaluate();
    assert_eq!(found[0].root_cause.cause, "application_error");
    // It says itself what it lacks.
    let told = crashing().set("/spec/dnsPolicy", "Default").set(
        "/status/containerStatuses/0/lastState/terminated/message",
        "required environment variable TOKEN is not set",
    );
    let found = pair(told, true, Vec::new()).evaluate();
    assert_eq!(found[0].root_cause.cause, "application_config_error");
}

#[test]
fn events_about_others_do_not_matter() {
    let scene = pair(pod("api-1-a").ready(), true, vec![names()]);
    let mut scene = scene.0;
    scene.push(event("db-1-a", "Other", "it is well").seen(60, 5, 1).into());
    assert_eq!(types(&Scene::of(scene)), [""; 0]);
}
