//! The protobuf encoding against JSON: what the watch keeps of an object is the same, whichever of
//! the two a real API server sends.

#![allow(
    clippy::unwrap_used,
    reason = "a test file: what is not there fails the test"
)]

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use kube::{
    Client, Config,
    config::{KubeConfigOptions, Kubeconfig},
};
use kubegraf_core::{
    clock::SystemClock,
    kinds::{Events, Kind, Pods},
    objects::Object,
    watch::Watches,
};
use kubegraf_ipc::object::Freshness;
use kubegraf_testcluster::{Cluster, FAULT, Fault, Options, Tier, require};
use serde_json::{Value, json};

/// A pod with every field that is read.
fn rich() -> Value {
    let reference = |name: &str| json!({"name": name, "optional": true});
    let selector = json!({"matchLabels": {"app": "db"}, "matchExpressions": [
        {"key": "tier", "operator": "In", "values": ["a", "b"]}]});
    let term = json!({"labelSelector": selector, "topologyKey": "kubernetes.io/hostname",
        "namespaces": ["default"], "namespaceSelector": {}});
    json!({"apiVersion": "v1", "kind": "Pod",
    "metadata": {"name": "rich", "namespace": "default", "labels": {"app": "rich", "b": ""},
        "annotations": {"short": "value", "long": "x".repeat(300)},
        "finalizers": ["example.com/hold"]},
    "spec": {
        "nodeSelector": {"disk": "ssd", "zone": "a"}, "schedulerName": "nobody",
        "priorityClassName": "system-node-critical", "hostNetwork": true,
        "serviceAccountName": "default", "imagePullSecrets": [{"name": "registry"}],
        "readinessGates": [{"conditionType": "example.com/gate"}],
        "schedulingGates": [{"name": "example.com/wait"}],
        "tolerations": [{"key": "k", "operator": "Equal", "value": "v", "effect": "NoSchedule"}],
        "affinity": {
            "nodeAffinity": {
                "requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [{
                    "matchExpressions": [{"key": "cpu", "operator": "Gt", "values": ["4"]}],
                    "matchFields": [{"key": "metadata.name", "operator": "In", "values": ["node-0"]}]}]},
                "preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 1, "preference":
                    {"matchExpressions": [{"key": "x", "operator": "Exists"}]}}]},
            "podAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]},
            "podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}},
        "volumes": [
            {"name": "config", "configMap": reference("settings")},
            {"name": "secret", "secret": {"secretName": "keys", "optional": true}},
            {"name": "claim", "persistentVolumeClaim": {"claimName": "data"}},
            {"name": "all", "projected": {"sources": [
                {"configMap": reference("more")}, {"secret": reference("keys")}]}},
            {"name": "empty", "emptyDir": {}}],
        "initContainers": [{"name": "init", "image": "init:1", "restartPolicy": "Always"}],
        "containers": [
            {"name": "app", "image": "app:1", "command": ["run"], "args": ["-v", "x"],
             "imagePullPolicy": "Always",
             "ports": [{"name": "web", "containerPort": 8080, "hostPort": 8080, "protocol": "TCP"}],
             "env": [{"name": "PLAIN", "value": "v"},
                 {"name": "C", "valueFrom": {"configMapKeyRef": {"name": "c", "key": "k", "optional": true}}},
                 {"name": "S", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}},
                 {"name": "F", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}],
             "envFrom": [{"configMapRef": reference("all")}, {"secretRef": reference("all")}],
             "resources": {"requests": {"cpu": "100m", "memory": "64Mi"}, "limits": {"memory": "1Gi"}},
             "livenessProbe": {"httpGet": {"path": "/live", "port": "web", "scheme": "HTTPS",
                 "host": "localhost"}, "initialDelaySeconds": 3, "periodSeconds": 7},
             "readinessProbe": {"tcpSocket": {"port": 8080}, "timeoutSeconds": 2},
             "startupProbe": {"exec": {"command": ["true"]}, "failureThreshold": 30}},
            {"name": "grpc", "image": "grpc:1",
             "livenessProbe": {"grpc": {"port": 9000, "service": "health"}}}]}})
}

async fn compared<K: Kind>(cluster: &Cluster, client: &Client)
where
    K::Object: PartialEq,
{
    let watches = Watches::new(client.clone(), Arc::new(SystemClock));
    let watched = watches.subscribe::<K>();
    let path = if K::Object::GROUP.is_empty() {
        format!("/api/{}/{}", K::Object::VERSION, K::Object::PLURAL)
    } else {
        format!(
            "/apis/{}/{}/{}",
            K::Object::GROUP,
            K::Object::VERSION,
            K::Object::PLURAL
        )
    };
    assert!(K::Object::DECODE.is_some(), "{path} is read as protobuf");
    // Objects change while they are compared: only those in the same version count.
    for attempt in 0..40 {
        let list: Value =
            serde_json::from_str(&cluster.run(&["get", "--raw", &path]).await.unwrap()).unwrap();
        let json: BTreeMap<(String, String), K::Object> = list["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| {
                let object: K::Object = serde_json::from_value(item.clone()).unwrap();
                let meta = object.metadata();
                (
                    (meta.uid.to_string(), meta.resource_version.to_string()),
                    object,
                )
            })
            .collect();
        let objects = watched.objects();
        let mut same = 0;
        for object in objects.iter() {
            let meta = object.metadata();
            let key = (meta.uid.to_string(), meta.resource_version.to_string());
            if let Some(expected) = json.get(&key) {
                assert_eq!(&**object, expected);
                same += 1;
            }
        }
        if watched.freshness() == Freshness::Live
            && same > 0
            && same == objects.len()
            && same == json.len()
        {
            return;
        }
        assert!(
            attempt < 39,
            "{path}: {same} of {} and {} are equal",
            objects.len(),
            json.len()
        );
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn both_encodings_tell_the_same() {
    if !require(Tier::Kwok) {
        return;
    }
    let cluster = Cluster::up(Options::kwok().nodes(3).pods(30))
        .await
        .unwrap();
    let mut items: Vec<_> = Fault::ALL
        .iter()
        .map(|fault| {
            json!({"apiVersion": "v1", "kind": "Pod", "metadata": {
                "name": format!("faulty-{}", fault.name().to_lowercase()), "namespace": "default",
                "annotations": {FAULT: fault.name()}},
                "spec": {"containers": [{"name": "a", "image": "a"}, {"name": "b", "image": "b"}]}})
        })
        .collect();
    items.push(rich());
    let list = json!({"apiVersion": "v1", "kind": "List", "items": items});
    cluster.create(&list.to_string()).await.unwrap();

    let config = Kubeconfig::read_from(cluster.kubeconfig()).unwrap();
    let config = Config::from_custom_kubeconfig(config, &KubeConfigOptions::default())
        .await
        .unwrap();
    let client = Client::try_from(config).unwrap();
    compared::<Pods>(&cluster, &client).await;
    compared::<Events>(&cluster, &client).await;
    cluster.down().await.unwrap();
}
