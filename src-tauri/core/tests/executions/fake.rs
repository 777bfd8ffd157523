//! An API server of a few objects that does what a test tells it, faults included. It keeps every
//! request, so that a test can count what was really sent.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
};

use http::{Method, Request, Response, StatusCode};
use http_body_util::BodyExt;
use kube::{Client, client::Body};
use serde_json::{Value, json};

pub const CHECKOUT: &str = "/apis/apps/v1/namespaces/shop/deployments/checkout";
pub const PASSWORD: &str = "/api/v1/namespaces/shop/secrets/password";

/// What goes wrong with the next change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is made, but the answer is lost.
    AnswerLost,
    /// It never arrives.
    RequestLost,
    /// Another status has been written a moment before.
    StatusRace,
    /// Another spec has been written a moment before.
    SpecRace,
    /// The server refuses it, though it had accepted the dry run.
    Refused,
    /// It is made, and the server has something to say about it.
    Warning,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    pub method: Method,
    pub path: String,
    pub query: String,
    pub body: String,
}

impl Seen {
    /// As a real server reads it: the options in the body of a DELETE hide those of the query.
    fn is_dry(&self) -> bool {
        if self.method == Method::DELETE && !self.body.is_empty() {
            let options: Value = serde_json::from_str(&self.body).unwrap();
            return options["dryRun"] == json!(["All"]);
        }
        self.query.contains("dryRun=All")
    }
}

#[derive(Default)]
struct State {
    objects: BTreeMap<String, Value>,
    version: u64,
    denied: BTreeSet<String>,
    refused: Option<(u16, String)>,
    fault: Option<Fault>,
    seen: Vec<Seen>,
}

#[derive(Clone, Default)]
pub struct Fake(Arc<Mutex<State>>);

impl Fake {
    pub fn new() -> Self {
        let fake = Self::default();
        fake.put(CHECKOUT, json!({
            "apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": { "name": "checkout", "namespace": "shop", "uid": "uid-checkout",
                "generation": 4, "managedFields": [{ "manager": "kubectl" }] },
            "spec": { "replicas": 3, "selector": { "matchLabels": { "app": "checkout" } },
                "template": { "metadata": { "labels": { "app": "checkout" } },
                    "spec": { "containers": [{ "name": "app", "image": "registry.local/checkout:2.0" }] } } },
            "status": { "observedGeneration": 4, "replicas": 4, "updatedReplicas": 1, "readyReplicas": 3,
                "availableReplicas": 3 },
        }));
        fake.put(
            PASSWORD,
            json!({
                "apiVersion": "v1", "kind": "Secret",
                "metadata": { "name": "password", "namespace": "shop", "uid": "uid-password" },
                "data": { "current": "b2xkLXNlY3JldA==", "other": "dW50b3VjaGVk" },
            }),
        );
        fake.put(
            "/api/v1/namespaces/shop/services/checkout",
            json!({
                "metadata": { "name": "checkout" }, "spec": { "selector": { "app": "checkout" } },
            }),
        );
        fake
    }

    pub fn client(&self) -> Client {
        let fake = self.clone();
        let service = tower::service_fn(move |request: Request<Body>| {
            let fake = fake.clone();
            async move { fake.answer(request).await }
        });
        Client::new(service, "default")
    }

    pub fn object(&self, path: &str) -> Option<Value> {
        self.0.lock().unwrap().objects.get(path).cloned()
    }

    pub fn put(&self, path: &str, mut object: Value) {
        let mut state = self.0.lock().unwrap();
        state.version += 1;
        object["metadata"]["resourceVersion"] = state.version.to_string().into();
        state.objects.insert(path.into(), object);
    }

    pub fn edit(&self, path: &str, change: impl FnOnce(&mut Value)) {
        let mut object = self.object(path).unwrap();
        change(&mut object);
        self.put(path, object);
    }

    pub fn remove(&self, path: &str) {
        self.0.lock().unwrap().objects.remove(path);
    }

    /// What the Deployment controller would do in the end.
    pub fn roll_out(&self) {
        self.edit(CHECKOUT, |object| {
            let (generation, wanted) = (
                object["metadata"]["generation"].clone(),
                object["spec"]["replicas"].clone(),
            );
            object["status"] = json!({ "observedGeneration": generation, "replicas": wanted,
                "updatedReplicas": wanted, "readyReplicas": wanted, "availableReplicas": wanted });
        });
    }

    pub fn deny(&self, verb: &str) {
        self.0.lock().unwrap().denied.insert(verb.into());
    }

    /// Refuses every change, dry or not, with these words.
    pub fn refuse(&self, status: u16, message: &str) {
        self.0.lock().unwrap().refused = Some((status, message.into()));
    }

    pub fn fail_next_change(&self, fault: Fault) {
        self.0.lock().unwrap().fault = Some(fault);
    }

    /// The changes that were sent in earnest.
    pub fn changes(&self) -> Vec<Seen> {
        let state = self.0.lock().unwrap();
        state
            .seen
            .iter()
            .filter(|seen| {
                seen.method != Method::GET
                    && !seen.is_dry()
                    && !seen.path.contains("selfsubjectaccessreviews")
            })
            .cloned()
            .collect()
    }

    pub fn dry_runs(&self) -> Vec<Seen> {
        let state = self.0.lock().unwrap();
        state
            .seen
            .iter()
            .filter(|seen| seen.is_dry())
            .cloned()
            .collect()
    }

    async fn answer(&self, request: Request<Body>) -> Result<Response<Body>, std::io::Error> {
        let (parts, body) = request.into_parts();
        let body = body
            .collect()
            .await
            .map_err(std::io::Error::other)?
            .to_bytes();
        let seen = Seen {
            method: parts.method.clone(),
            path: parts.uri.path().to_owned(),
            query: parts.uri.query().unwrap_or_default().to_owned(),
            body: String::from_utf8_lossy(&body).into_owned(),
        };
        let content_type = parts
            .headers
            .get(http::header::CONTENT_TYPE)
            .map_or("", |value| value.to_str().unwrap())
            .to_owned();
        self.0.lock().unwrap().seen.push(seen.clone());
        let dry = seen.is_dry();
        let change = seen.method != Method::GET && !dry && !seen.path.contains("selfsubject");
        let fault = if change {
            self.0.lock().unwrap().fault.take()
        } else {
            None
        };
        match fault {
            Some(Fault::RequestLost) => {
                return Err(std::io::Error::other("connection reset by peer"));
            }
            Some(Fault::StatusRace) => self.edit(&seen.path, |object| {
                object["status"]["unavailableReplicas"] = 1.into()
            }),
            Some(Fault::SpecRace) => {
                self.edit(&seen.path, |object| object["spec"]["replicas"] = 9.into())
            }
            _ => {}
        }
        let (status, reply) = match fault {
            Some(Fault::Refused) => {
                status(StatusCode::FORBIDDEN, "Forbidden", "the quota is used up")
            }
            _ => self.serve(&seen, &content_type, dry),
        };
        if fault == Some(Fault::AnswerLost) {
            return Err(std::io::Error::other("connection reset by peer"));
        }
        let mut response = Response::builder().status(status);
        if fault == Some(Fault::Warning) {
            response = response.header("warning", r#"299 - "unknown field \"spec.imagee\"""#);
        }
        Ok(response
            .body(Body::from(reply.to_string().into_bytes()))
            .unwrap())
    }

    fn serve(&self, seen: &Seen, content_type: &str, dry: bool) -> (StatusCode, Value) {
        let mut state = self.0.lock().unwrap();
        match (seen.method.as_str(), seen.path.as_str()) {
            ("GET", "/apis/apps/v1") => {
                return (
                    StatusCode::OK,
                    json!({ "resources": [
                { "name": "deployments/scale", "kind": "Deployment", "namespaced": true },
                { "name": "deployments", "kind": "Deployment", "namespaced": true } ] }),
                );
            }
            ("GET", "/api/v1") => {
                return (
                    StatusCode::OK,
                    json!({ "resources": [
                { "name": "secrets", "kind": "Secret", "namespaced": true },
                { "name": "pods", "kind": "Pod", "namespaced": true } ] }),
                );
            }
            ("GET", "/api/v1/namespaces/shop/services") => {
                let items: Vec<_> = state
                    .objects
                    .iter()
                    .filter(|(path, _)| path.contains("/services/"))
                    .map(|(_, object)| object)
                    .collect();
                return (StatusCode::OK, json!({ "items": items }));
            }
            ("GET", path) if path.ends_with("budgets") || path.ends_with("autoscalers") => {
                return (StatusCode::OK, json!({ "items": [] }));
            }
            ("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews") => {
                let review: Value = serde_json::from_str(&seen.body).unwrap();
                let verb = review["spec"]["resourceAttributes"]["verb"]
                    .as_str()
                    .unwrap();
                let allowed = !state.denied.contains(verb);
                return (
                    StatusCode::CREATED,
                    json!({ "status": { "allowed": allowed } }),
                );
            }
            _ => {}
        }
        let verb = if seen.method == Method::GET {
            "get"
        } else {
            "change"
        };
        if state.denied.contains(verb) {
            return status(StatusCode::FORBIDDEN, "Forbidden", "forbidden: you may not");
        }
        if let (true, Some((code, words))) = (verb == "change", &state.refused) {
            return status(StatusCode::from_u16(*code).unwrap(), "Invalid", words);
        }
        if seen.method == Method::POST {
            let mut object: Value = serde_json::from_str(&seen.body).unwrap();
            let path = format!(
                "{}/{}",
                seen.path,
                object["metadata"]["name"].as_str().unwrap()
            );
            if state.objects.contains_key(&path) {
                return status(StatusCode::CONFLICT, "AlreadyExists", "it exists");
            }
            object["metadata"]["uid"] = format!("uid-new-{}", state.version).into();
            if !dry {
                state.version += 1;
                object["metadata"]["resourceVersion"] = state.version.to_string().into();
                state.objects.insert(path, object.clone());
            }
            return (StatusCode::CREATED, object);
        }
        let Some(live) = state.objects.get(&seen.path).cloned() else {
            return status(StatusCode::NOT_FOUND, "NotFound", "not found");
        };
        if seen.method == Method::GET {
            return (StatusCode::OK, live);
        }
        if seen.method == Method::DELETE {
            let options: Value = serde_json::from_str(&seen.body).unwrap();
            let wanted = &options["preconditions"];
            if wanted["uid"] != live["metadata"]["uid"]
                || wanted["resourceVersion"] != live["metadata"]["resourceVersion"]
            {
                return status(StatusCode::CONFLICT, "Conflict", "precondition failed");
            }
            if !dry {
                state.objects.remove(&seen.path);
            }
            return (
                StatusCode::OK,
                json!({ "kind": "Status", "status": "Success" }),
            );
        }
        let body: Value = serde_json::from_str(&seen.body).unwrap();
        let mut changed = live.clone();
        if content_type.contains("json-patch") {
            let ops: json_patch::Patch = serde_json::from_value(body).unwrap();
            if let Err(error) = json_patch::patch(&mut changed, &ops) {
                return status(
                    StatusCode::UNPROCESSABLE_ENTITY,
                    "Invalid",
                    &error.to_string(),
                );
            }
        } else {
            json_patch::merge(&mut changed, &body);
        }
        if changed["metadata"]["resourceVersion"] != live["metadata"]["resourceVersion"] {
            return status(
                StatusCode::CONFLICT,
                "Conflict",
                "the object has been modified",
            );
        }
        if changed["spec"] != live["spec"] {
            changed["metadata"]["generation"] =
                (live["metadata"]["generation"].as_i64().unwrap_or(0) + 1).into();
        }
        if !dry {
            state.version += 1;
            changed["metadata"]["resourceVersion"] = state.version.to_string().into();
            state.objects.insert(seen.path.clone(), changed.clone());
        }
        (StatusCode::OK, changed)
    }
}

fn status(code: StatusCode, reason: &str, message: &str) -> (StatusCode, Value) {
    let body = json!({ "kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code.as_u16(),
        "reason": reason, "message": message });
    (code, body)
}
