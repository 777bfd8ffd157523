//! The requests played to both servers.

use serde_json::{Value, json};

pub struct Scenario {
    pub name: &'static str,
    pub requests: Vec<Request>,
}

/// One request; `{ns}` and remembered words are filled in.
#[derive(Clone)]
pub struct Request {
    pub method: &'static str,
    pub path: String,
    pub accept: &'static str,
    pub content_type: &'static str,
    pub body: Value,
    /// Word to pointer into the answer.
    pub remember: Vec<(&'static str, &'static str)>,
}

impl Request {
    fn accept(mut self, accept: &'static str) -> Self {
        self.accept = accept;
        self
    }

    fn remember(mut self, word: &'static str, pointer: &'static str) -> Self {
        self.remember.push((word, pointer));
        self
    }
}

fn request(method: &'static str, path: &str, content_type: &'static str, body: Value) -> Request {
    Request {
        method,
        path: path.to_owned(),
        accept: "application/json",
        content_type,
        body,
        remember: Vec::new(),
    }
}

pub fn get(path: &str) -> Request {
    request("GET", path, "", Value::Null)
}

pub fn post(path: &str, body: Value) -> Request {
    request("POST", path, "application/json", body)
}

fn put(path: &str, body: Value) -> Request {
    request("PUT", path, "application/json", body)
}

pub fn delete(path: &str, body: Value) -> Request {
    request("DELETE", path, "application/json", body)
}

fn patch(path: &str, kind: &'static str, body: Value) -> Request {
    request("PATCH", path, kind, body)
}

const MERGE: &str = "application/merge-patch+json";
const STRATEGIC: &str = "application/strategic-merge-patch+json";
const JSON: &str = "application/json-patch+json";
const APPLY: &str = "application/apply-patch+yaml";
const MAPS: &str = "/api/v1/namespaces/{ns}/configmaps";
const PODS: &str = "/api/v1/namespaces/{ns}/pods";
const DEPLOYMENTS: &str = "/apis/apps/v1/namespaces/{ns}/deployments";
const TABLE: &str = "application/json;as=Table;v=v1;g=meta.k8s.io";
const PARTIAL: &str = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io";

fn map(name: &str, data: Value) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "labels": {"set": "a"}}, "data": data})
}

/// A pod no scheduler takes, so that its status stays as admission left it.
fn pod(name: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": {"app": name}}, "spec": {
        "schedulerName": "nobody", "containers": [{"name": "app", "image": "nginx:1.27", "ports": [{"containerPort": 80}],
            "env": [{"name": "A", "value": "1"}], "resources": {"limits": {"cpu": "100m", "memory": "64Mi"}}}]}})
}

/// Paused and empty, so that no controller touches its spec.
fn deployment(name: &str) -> Value {
    json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": {"replicas": 0, "paused": true,
        "selector": {"matchLabels": {"app": name}}, "template": {"metadata": {"labels": {"app": name}}, "spec": {
            "containers": [{"name": "app", "image": "nginx", "readinessProbe": {"httpGet": {"port": 80}}}]}}}})
}

fn one(base: &str, name: &str) -> String {
    format!("{base}/{name}")
}

pub fn all() -> Vec<Scenario> {
    let s = |name, requests| Scenario { name, requests };
    vec![
        s(
            "create, read, update",
            vec![
                post(MAPS, map("a", json!({"k": "1"}))).remember("rv", "/metadata/resourceVersion"),
                get(&one(MAPS, "a")),
                post(MAPS, map("a", json!({}))),
                put(&one(MAPS, "a"), map("a", json!({"k": "2"}))),
                put(
                    &one(MAPS, "a"),
                    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "resourceVersion": "{rv}"}}),
                ),
                put(&one(MAPS, "a"), map("b", json!({}))),
                put(
                    &one(MAPS, "missing"),
                    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "missing", "resourceVersion": "1"}}),
                ),
                get(&one(MAPS, "missing")),
                get("/apis/apps/v1/namespaces/{ns}/deployments/missing"),
                get("/api/v1/namespaces/{ns}/nonsense"),
                post(
                    MAPS,
                    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"generateName": "generated-"}}),
                ),
                post(
                    "/api/v1/namespaces/kgt-no-such/configmaps",
                    map("a", json!({})),
                ),
                post(
                    MAPS,
                    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x", "namespace": "other"}}),
                ),
                post(
                    MAPS,
                    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x", "resourceVersion": "5"}}),
                ),
            ],
        ),
        s(
            "refusals",
            vec![
                post(MAPS, map("Bad_Name", json!({}))),
                post(
                    MAPS,
                    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {}}),
                ),
                post(
                    PODS,
                    json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x"}, "spec": {"containers": []}}),
                ),
                post(
                    PODS,
                    json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x"}, "spec": {"containers": [{"name": "a"}]}}),
                ),
                post(
                    DEPLOYMENTS,
                    json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "x"}, "spec": {"selector": {"matchLabels": {"app": "a"}},
                "template": {"metadata": {"labels": {"app": "b"}}, "spec": {"containers": [{"name": "a", "image": "b"}]}}}}),
                ),
                request("POST", MAPS, "text/plain", json!({})),
                post(
                    MAPS,
                    json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "x"}}),
                ),
            ],
        ),
        s(
            "defaults of a pod",
            vec![
                post(PODS, pod("p")),
                get(&one(PODS, "p")),
                get(&one(PODS, "p/status")),
            ],
        ),
        s(
            "defaults of a deployment",
            vec![post(DEPLOYMENTS, deployment("d"))],
        ),
        s(
            "defaults of a service",
            vec![
                post(
                    "/api/v1/namespaces/{ns}/services",
                    json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s"}, "spec": {"selector": {"a": "b"}, "ports": [{"port": 80}]}}),
                ),
                post(
                    "/api/v1/namespaces/{ns}/services",
                    json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "t"}, "spec": {}}),
                ),
            ],
        ),
        s(
            "defaults of jobs",
            vec![post(
                "/apis/batch/v1/namespaces/{ns}/cronjobs",
                json!({"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "c"}, "spec": {"schedule": "0 0 1 1 *", "jobTemplate": {"spec": {"template": {"spec": {"restartPolicy": "Never", "containers": [{"name": "a", "image": "b"}]}}}}}}),
            )],
        ),
        s(
            "patches",
            vec![
                post(DEPLOYMENTS, deployment("d")),
                patch(
                    &one(DEPLOYMENTS, "d"),
                    STRATEGIC,
                    json!({"spec": {"template": {"spec": {"containers": [{"name": "app", "image": "nginx:2"}, {"name": "side", "image": "busybox:1"}]}}}}),
                ),
                patch(
                    &one(DEPLOYMENTS, "d"),
                    STRATEGIC,
                    json!({"spec": {"template": {"spec": {"containers": [{"name": "side", "$patch": "delete"}]}}}}),
                ),
                patch(
                    &one(DEPLOYMENTS, "d"),
                    MERGE,
                    json!({"metadata": {"annotations": {"x": "1"}}}),
                ),
                patch(
                    &one(DEPLOYMENTS, "d"),
                    JSON,
                    json!([{"op": "replace", "path": "/spec/template/spec/containers/0/image", "value": "nginx:3"}]),
                ),
                patch(
                    &one(DEPLOYMENTS, "d"),
                    JSON,
                    json!([{"op": "test", "path": "/spec/replicas", "value": 7}]),
                ),
                patch(&one(DEPLOYMENTS, "d"), "application/x-nonsense", json!({})),
                patch(
                    &one(DEPLOYMENTS, "d"),
                    STRATEGIC,
                    json!({"spec": {"selector": {"matchLabels": {"app": "other"}}}}),
                ),
                patch(
                    &format!("{DEPLOYMENTS}/d?dryRun=All"),
                    MERGE,
                    json!({"spec": {"template": {"spec": {"containers": [{"name": "app", "image": "nginx:9"}]}}}}),
                ),
                get(&one(DEPLOYMENTS, "d")),
                patch(&one(DEPLOYMENTS, "missing"), MERGE, json!({})),
            ],
        ),
        s(
            "pods are immutable",
            vec![
                post(PODS, pod("p")),
                patch(
                    &one(PODS, "p"),
                    STRATEGIC,
                    json!({"spec": {"containers": [{"name": "app", "image": "nginx:1.28"}]}}),
                ),
            ],
        ),
        s(
            "apply",
            vec![
                patch(
                    &format!("{MAPS}/a?fieldManager=one"),
                    APPLY,
                    map("a", json!({"k": "1", "l": "1"})),
                ),
                patch(
                    &format!("{MAPS}/a?fieldManager=one"),
                    APPLY,
                    map("a", json!({"k": "2"})),
                ),
                patch(
                    &format!("{MAPS}/a?fieldManager=two"),
                    APPLY,
                    map("a", json!({"k": "3"})),
                ),
                patch(
                    &format!("{MAPS}/a?fieldManager=two&force=true"),
                    APPLY,
                    map("a", json!({"k": "3"})),
                ),
                patch(&one(MAPS, "a"), APPLY, map("a", json!({}))),
            ],
        ),
        s(
            "dry runs",
            vec![
                post(&format!("{MAPS}?dryRun=All"), map("a", json!({}))),
                get(&one(MAPS, "a")),
                post(&format!("{MAPS}?dryRun=Some"), map("a", json!({}))),
                post(MAPS, map("a", json!({}))),
                post(&format!("{MAPS}?dryRun=All"), map("a", json!({}))),
                delete(&format!("{MAPS}/a?dryRun=All"), Value::Null),
                get(&one(MAPS, "a")),
            ],
        ),
        s(
            "deletion",
            vec![
                post(MAPS, map("a", json!({}))),
                delete(
                    &one(MAPS, "a"),
                    json!({"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": {"uid": "wrong"}}),
                ),
                delete(&one(MAPS, "a"), Value::Null),
                delete(&one(MAPS, "a"), Value::Null),
                post(DEPLOYMENTS, deployment("d")),
                delete(&one(DEPLOYMENTS, "d"), Value::Null),
                post(PODS, pod("p")),
                delete(&one(PODS, "p"), Value::Null),
                post(
                    MAPS,
                    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "held", "finalizers": ["example.com/hold"]}}),
                ),
                delete(&one(MAPS, "held"), Value::Null),
                patch(
                    &one(MAPS, "held"),
                    MERGE,
                    json!({"metadata": {"finalizers": null}}),
                ),
                get(&one(MAPS, "held")),
                delete(&one(MAPS, "x"), json!({"propagationPolicy": "Sideways"})),
            ],
        ),
        s(
            "pages and selectors",
            vec![
                post(MAPS, map("a", json!({}))),
                post(MAPS, map("b", json!({}))),
                post(MAPS, map("c", json!({}))),
                get(&format!("{MAPS}?limit=2")).remember("next", "/metadata/continue"),
                get(&format!("{MAPS}?limit=2&continue={{next}}")),
                get(&format!("{MAPS}?labelSelector=set%3Da&limit=1")),
                get(&format!("{MAPS}?fieldSelector=metadata.name%3Db")),
                get(&format!("{MAPS}?fieldSelector=data.k%3Db")),
                get(&format!("{MAPS}?labelSelector=set%20in%20(a")),
                get(&format!("{MAPS}?continue=nonsense")),
                get(&format!("{MAPS}?resourceVersionMatch=Exact")),
                get(&format!("{MAPS}?resourceVersion=abc")),
                get(&format!(
                    "{MAPS}?resourceVersion=0&resourceVersionMatch=Exact"
                )),
                delete(&format!("{MAPS}?labelSelector=set%3Da"), Value::Null),
            ],
        ),
        s(
            "forms",
            vec![
                post(PODS, pod("p")),
                get(PODS).accept(TABLE),
                get(&format!("{PODS}?includeObject=None")).accept(TABLE),
                get(PODS).accept(PARTIAL),
                post(DEPLOYMENTS, deployment("d")),
                get(&one(DEPLOYMENTS, "d")).accept(TABLE),
                get(MAPS).accept(TABLE),
                get("/api/v1/namespaces/{ns}/serviceaccounts").accept(TABLE),
            ],
        ),
        s(
            "watches",
            vec![
                get(MAPS).remember("rv", "/metadata/resourceVersion"),
                post(MAPS, map("a", json!({}))),
                patch(&one(MAPS, "a"), MERGE, json!({"data": {"k": "1"}})),
                delete(&one(MAPS, "a"), Value::Null),
                get(&format!(
                    "{MAPS}?watch=1&timeoutSeconds=1&resourceVersion={{rv}}"
                )),
                get(&format!(
                    "{MAPS}?watch=1&timeoutSeconds=1&resourceVersion={{rv}}&labelSelector=set%3Db"
                )),
                get(&format!("{MAPS}?watch=1&timeoutSeconds=1")),
                get(&format!(
                    "{MAPS}?watch=1&timeoutSeconds=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&labelSelector=set%3Dz"
                )),
                get(&format!(
                    "{MAPS}?watch=1&timeoutSeconds=1&sendInitialEvents=true"
                )),
            ],
        ),
        s(
            "subresources",
            vec![
                post(DEPLOYMENTS, deployment("d")),
                get(&one(DEPLOYMENTS, "d/scale")),
                patch(
                    &one(DEPLOYMENTS, "d/scale"),
                    MERGE,
                    json!({"spec": {"replicas": 0}}),
                ),
                get(&one(DEPLOYMENTS, "d/nonsense")),
                post(PODS, pod("p")),
                get(&one(PODS, "p/log")),
                get(&format!("{PODS}/p/log?container=nope")),
                patch(
                    &one(PODS, "p/status"),
                    MERGE,
                    json!({"status": {"message": "hello"}}),
                ),
                post(
                    &one(PODS, "p/eviction"),
                    json!({"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "p"}}),
                ),
            ],
        ),
        s(
            "access",
            vec![
                post(
                    "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
                    json!({"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview", "spec": {"resourceAttributes": {"verb": "list", "resource": "pods"}}}),
                ),
                get("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"),
            ],
        ),
    ]
}
