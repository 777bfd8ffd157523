//! Objects for the tests, written as the API serves them.

use serde_json::{Value, json};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::{
    found::{Found, evaluate},
    snapshot::{Kind, Snapshot},
};

/// Cluster time of every scene.
pub(super) const NOW: i64 = 1_790_000_000;

/// Cluster time so many seconds before now.
pub(super) fn ago(seconds: i64) -> i64 {
    NOW - seconds
}

pub(super) fn text(seconds_ago: i64) -> String {
    OffsetDateTime::from_unix_timestamp(ago(seconds_ago))
        .unwrap()
        .format(&Rfc3339)
        .unwrap()
}

/// An object of any kind.
#[derive(Clone, Debug)]
pub(super) struct Object(pub Value);

/// A snapshot in the making; kinds without an object are known and empty.
#[derive(Clone)]
pub(super) struct Scene(pub Vec<Object>);

impl Scene {
    pub(super) fn of(objects: impl IntoIterator<Item = Object>) -> Self {
        Self(objects.into_iter().collect())
    }

    pub(super) fn snapshot(&self) -> Snapshot {
        let mut snapshot = Snapshot {
            cluster: "test".into(),
            now: NOW,
            ..Snapshot::default()
        };
        for kind in Kind::ALL {
            snapshot.declare(*kind);
        }
        for object in &self.0 {
            let name = object.0["kind"].as_str().unwrap();
            let kind = Kind::ALL.iter().find(|kind| kind.name() == name).unwrap();
            snapshot.add(*kind, object.0.clone()).unwrap();
        }
        snapshot
    }

    pub(super) fn evaluate(&self) -> Vec<Found> {
        evaluate(&self.snapshot())
    }
}

/// The type of each incident.
pub(super) fn types(scene: &Scene) -> Vec<&'static str> {
    scene.evaluate().iter().map(|found| found.r#type).collect()
}

/// The types of the symptoms of each incident.
pub(super) fn symptoms(scene: &Scene) -> Vec<Vec<String>> {
    let types = |found: &Found| found.symptoms.iter().map(|s| s.r#type.clone()).collect();
    scene.evaluate().iter().map(types).collect()
}

macro_rules! object {
    ($name:ident) => {
        #[derive(Clone)]
        pub(super) struct $name(pub Value);
        impl From<$name> for Object {
            fn from(object: $name) -> Self {
                Self(object.0)
            }
        }
        impl $name {
            pub(super) fn set(mut self, pointer: &str, value: impl Into<Value>) -> Self {
                let mut place = &mut self.0;
                for key in pointer.split('/').skip(1) {
                    place = match key.parse::<usize>() {
                        Ok(index) => &mut place[index],
                        Err(_) => &mut place[key],
                    };
                }
                *place = value.into();
                self
            }
        }
    };
}

object!(PodText);
object!(NodeText);
object!(DeploymentText);
object!(SetText);
object!(EventText);

/// A pod with one container "app", scheduled on "n1", created ten minutes ago.
pub(super) fn pod(name: &str) -> PodText {
    PodText(json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": name, "namespace": "shop", "uid": format!("uid-{name}"),
            "creationTimestamp": text(600), "labels": {"app": "web"}},
        "spec": {"nodeName": "n1", "containers": [{"name": "app", "image": "reg.io/web:v2"}]},
        "status": {"phase": "Running", "containerStatuses": [
            {"name": "app", "image": "reg.io/web:v2", "restartCount": 0, "ready": false}]}
    }))
}

const STATUS: &str = "/status/containerStatuses/0";

impl PodText {
    pub(super) fn created(self, seconds: i64) -> Self {
        self.set("/metadata/creationTimestamp", text(seconds))
    }
    pub(super) fn deleted(self, seconds: i64) -> Self {
        self.set("/metadata/deletionTimestamp", text(seconds))
    }
    pub(super) fn annotation(self, key: &str, value: &str) -> Self {
        self.set("/metadata/annotations", json!({key: value}))
    }
    pub(super) fn phase(self, phase: &str) -> Self {
        self.set("/status/phase", phase)
    }
    pub(super) fn restart_policy(self, policy: &str) -> Self {
        self.set("/spec/restartPolicy", policy)
    }
    pub(super) fn image(self, image: &str) -> Self {
        self.set("/spec/containers/0/image", image)
    }
    pub(super) fn waiting(self, reason: &str, message: &str) -> Self {
        self.set(
            &format!("{STATUS}/state"),
            json!({"waiting": {"reason": reason, "message": message}}),
        )
    }
    pub(super) fn running(self, seconds: i64) -> Self {
        self.set(
            &format!("{STATUS}/state"),
            json!({"running": {"startedAt": text(seconds)}}),
        )
    }
    pub(super) fn ready(self) -> Self {
        self.running(600).set(&format!("{STATUS}/ready"), true).set(
            "/status/conditions",
            json!([{"type": "Ready", "status": "True", "lastTransitionTime": text(600)}]),
        )
    }
    fn end(reason: &str, code: i32, seconds: i64) -> Value {
        json!({"terminated": {"reason": reason, "exitCode": code,
            "startedAt": text(seconds + 2), "finishedAt": text(seconds)}})
    }
    /// Ended now.
    pub(super) fn ended(self, reason: &str, code: i32, seconds: i64, restarts: u32) -> Self {
        self.set(&format!("{STATUS}/state"), Self::end(reason, code, seconds))
            .set(&format!("{STATUS}/restartCount"), restarts)
    }
    /// Ended before its last restart.
    pub(super) fn ended_before(self, reason: &str, code: i32, seconds: i64, restarts: u32) -> Self {
        self.set(
            &format!("{STATUS}/lastState"),
            Self::end(reason, code, seconds),
        )
        .set(&format!("{STATUS}/restartCount"), restarts)
        .set(&format!("{STATUS}/ready"), true)
    }
    /// Ended before its last restart, and waits now.
    pub(super) fn last_end(self, reason: &str, code: i32, seconds: i64, restarts: u32) -> Self {
        self.ended_before(reason, code, seconds, restarts)
            .set(&format!("{STATUS}/ready"), false)
    }
    pub(super) fn owner(self, version: &str, kind: &str, name: &str) -> Self {
        self.set(
            "/metadata/ownerReferences",
            json!([{"apiVersion": version, "kind": kind,
            "name": name, "uid": format!("uid-{name}"), "controller": true}]),
        )
    }
    /// Of a Deployment's revision.
    pub(super) fn of(self, deployment: &str, revision: u32) -> Self {
        self.owner("apps/v1", "ReplicaSet", &format!("{deployment}-{revision}"))
    }
    pub(super) fn unschedulable(self, message: &str, seconds: i64) -> Self {
        self.phase("Pending")
            .set("/spec/nodeName", "")
            .set("/status/containerStatuses", json!([]))
            .set(
                "/status/conditions",
                json!([{"type": "PodScheduled", "status": "False", "reason": "Unschedulable",
                "message": message, "lastTransitionTime": text(seconds)}]),
            )
    }
}

/// A node, created a day ago.
pub(super) fn node(name: &str) -> NodeText {
    NodeText(json!({
        "apiVersion": "v1", "kind": "Node",
        "metadata": {"name": name, "uid": format!("uid-{name}"), "creationTimestamp": text(86_400)},
        "spec": {}, "status": {"allocatable": {"memory": "8Gi"}}
    }))
}

impl NodeText {
    pub(super) fn created(self, seconds: i64) -> Self {
        self.set("/metadata/creationTimestamp", text(seconds))
    }
    pub(super) fn deleted(self, seconds: i64) -> Self {
        self.set("/metadata/deletionTimestamp", text(seconds))
    }
    pub(super) fn ready(self, status: &str, reason: &str, seconds: i64) -> Self {
        self.set(
            "/status/conditions",
            json!([{"type": "Ready", "status": status, "reason": reason,
            "message": "", "lastTransitionTime": text(seconds)}]),
        )
    }
}

/// A Deployment.
pub(super) fn deployment(name: &str, replicas: u32) -> DeploymentText {
    DeploymentText(json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": name, "namespace": "shop", "uid": format!("uid-{name}"), "generation": 2},
        "spec": {"replicas": replicas, "template": template("reg.io/web:v2")},
        "status": {"observedGeneration": 2}
    }))
}

fn template(image: &str) -> Value {
    json!({"metadata": {"labels": {"app": "web"}},
        "spec": {"containers": [{"name": "app", "image": image, "terminationMessagePath": "/dev/log"}]}})
}

impl DeploymentText {
    pub(super) fn revision(self, revision: u32) -> Self {
        self.set(
            "/metadata/annotations",
            json!({"deployment.kubernetes.io/revision": revision.to_string()}),
        )
    }
    pub(super) fn paused(self) -> Self {
        self.set("/spec/paused", true)
    }
    pub(super) fn progressing(self, status: &str, reason: &str, seconds: i64) -> Self {
        self.set(
            "/status/conditions",
            json!([{"type": "Progressing", "status": status,
            "reason": reason, "lastTransitionTime": text(seconds)}]),
        )
    }
    /// All pods of the present template, available.
    pub(super) fn complete(self) -> Self {
        let replicas = self.0["spec"]["replicas"].clone();
        let mut done = self;
        for field in [
            "replicas",
            "updatedReplicas",
            "readyReplicas",
            "availableReplicas",
        ] {
            done = done.set(&format!("/status/{field}"), replicas.clone());
        }
        done
    }
}

/// A ReplicaSet of a Deployment, rolled out 1000 seconds per revision ago.
pub(super) fn replica_set(deployment: &str, revision: u32) -> SetText {
    let name = format!("{deployment}-{revision}");
    SetText(json!({
        "apiVersion": "apps/v1", "kind": "ReplicaSet",
        "metadata": {"name": name, "namespace": "shop", "uid": format!("uid-{name}"),
            "creationTimestamp": text(4_000 - 1_000 * i64::from(revision)),
            "annotations": {"deployment.kubernetes.io/revision": revision.to_string()},
            "ownerReferences": [{"apiVersion": "apps/v1", "kind": "Deployment", "name": deployment,
                "uid": format!("uid-{deployment}"), "controller": true}]},
        "spec": {"replicas": 1, "template": {}}, "status": {"replicas": 0}
    }))
    .image(&format!("reg.io/web:v{revision}"))
}

impl SetText {
    pub(super) fn created(self, seconds: i64) -> Self {
        self.set("/metadata/creationTimestamp", text(seconds))
    }
    pub(super) fn image(self, image: &str) -> Self {
        let mut template = template(image);
        template["metadata"]["labels"]["pod-template-hash"] = self.0["metadata"]["name"].clone();
        self.set("/spec/template", template)
    }
    pub(super) fn pods(self, pods: u32) -> Self {
        self.set("/spec/replicas", pods)
            .set("/status/replicas", pods)
    }
    pub(super) fn ready(self, pods: u32) -> Self {
        self.pods(pods).set("/status/readyReplicas", pods)
    }
}

/// A Warning about a pod.
pub(super) fn event(pod: &str, reason: &str, message: &str) -> EventText {
    EventText(json!({
        "apiVersion": "v1", "kind": "Event",
        "metadata": {"name": format!("{pod}.{reason}"), "namespace": "shop"},
        "involvedObject": {"apiVersion": "v1", "kind": "Pod", "namespace": "shop", "name": pod,
            "uid": format!("uid-{pod}"), "fieldPath": "spec.containers{app}"},
        "type": "Warning", "reason": reason, "message": message, "count": 1
    }))
}

impl EventText {
    /// First and last time, seconds ago, and how often.
    pub(super) fn seen(self, first: i64, last: i64, count: u32) -> Self {
        self.set("/firstTimestamp", text(first))
            .set("/lastTimestamp", text(last))
            .set("/count", count)
    }
}
