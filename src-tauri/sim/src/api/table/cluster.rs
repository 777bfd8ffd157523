//! Rows of nodes, namespaces, services, events, configuration and claims.

use serde_json::{Value, json};

use super::{Column, age, selector, since};
use crate::clock::Millis;
use crate::kinds::{self, KindId};
use crate::object::{self, Fields};

pub(super) const NODE: &[Column] = &[
    ("Name", "string", 0),
    ("Status", "string", 0),
    ("Roles", "string", 0),
    ("Age", "string", 0),
    ("Version", "string", 0),
    ("Internal-IP", "string", 1),
    ("External-IP", "string", 1),
    ("OS-Image", "string", 1),
    ("Kernel-Version", "string", 1),
    ("Container-Runtime", "string", 1),
];
pub(super) const NAMESPACE: &[Column] = &[
    ("Name", "string", 0),
    ("Status", "string", 0),
    ("Age", "string", 0),
];
pub(super) const SERVICE: &[Column] = &[
    ("Name", "string", 0),
    ("Type", "string", 0),
    ("Cluster-IP", "string", 0),
    ("External-IP", "string", 0),
    ("Port(s)", "string", 0),
    ("Age", "string", 0),
    ("Selector", "string", 1),
];
pub(super) const EVENT: &[Column] = &[
    ("Last Seen", "string", 0),
    ("Type", "string", 0),
    ("Reason", "string", 0),
    ("Object", "string", 0),
    ("Subobject", "string", 1),
    ("Source", "string", 1),
    ("Message", "string", 0),
    ("First Seen", "string", 1),
    ("Count", "string", 1),
    ("Name", "string", 1),
];
pub(super) const CONFIG_MAP: &[Column] = &[
    ("Name", "string", 0),
    ("Data", "string", 0),
    ("Age", "string", 0),
];
pub(super) const SECRET: &[Column] = &[
    ("Name", "string", 0),
    ("Type", "string", 0),
    ("Data", "string", 0),
    ("Age", "string", 0),
];
pub(super) const CLAIM: &[Column] = &[
    ("Name", "string", 0),
    ("Status", "string", 0),
    ("Volume", "string", 0),
    ("Capacity", "string", 0),
    ("Access Modes", "string", 0),
    ("StorageClass", "string", 0),
    ("VolumeAttributesClass", "string", 0),
    ("Age", "string", 0),
    ("VolumeMode", "string", 1),
];

pub(super) fn cells(kind: KindId, o: &Value, now: Millis) -> Vec<Value> {
    let name = json!(object::name(o));
    let keys = |field: &str| o.map(field).map_or(0, serde_json::Map::len);
    match kind {
        kinds::NODES => node(o, now),
        kinds::NAMESPACES => vec![name, json!(o.text("/status/phase")), age(o, now)],
        kinds::SERVICES => vec![
            name,
            json!(o.text("/spec/type")),
            json!(or_none(o.text("/spec/clusterIP"))),
            json!(external(o)),
            json!(ports(o)),
            age(o, now),
            selector(o, "/spec/selector"),
        ],
        kinds::EVENTS => event(o, now),
        kinds::CONFIG_MAPS => vec![
            name,
            json!(keys("/data") + keys("/binaryData")),
            age(o, now),
        ],
        kinds::SECRETS => vec![
            name,
            json!(o.text("/type")),
            json!(keys("/data")),
            age(o, now),
        ],
        _ => claim(o, now),
    }
}

fn or_none(text: &str) -> &str {
    if text.is_empty() { "<none>" } else { text }
}

fn node(o: &Value, now: Millis) -> Vec<Value> {
    let mut status = if object::condition_is_true(o, "Ready") {
        "Ready".to_owned()
    } else {
        "NotReady".to_owned()
    };
    if object::condition(o, "Ready").is_none() {
        status = "Unknown".into();
    }
    if o.flag("/spec/unschedulable") {
        status.push_str(",SchedulingDisabled");
    }
    let roles: Vec<&str> = o
        .map("/metadata/labels")
        .into_iter()
        .flatten()
        .filter_map(|(k, _)| k.strip_prefix("node-role.kubernetes.io/"))
        .filter(|r| !r.is_empty())
        .collect();
    let address = |kind: &str| {
        let found = o
            .items("/status/addresses")
            .iter()
            .find(|a| a.text("/type") == kind);
        json!(or_none(found.map_or("", |a| a.text("/address"))))
    };
    let info = |f: &str| match o.text(&format!("/status/nodeInfo/{f}")) {
        "" => json!("<unknown>"),
        given => json!(given),
    };
    vec![
        json!(object::name(o)),
        json!(status),
        json!(or_none(&roles.join(","))),
        age(o, now),
        json!(o.text("/status/nodeInfo/kubeletVersion")),
        address("InternalIP"),
        address("ExternalIP"),
        info("osImage"),
        info("kernelVersion"),
        info("containerRuntimeVersion"),
    ]
}

fn external(o: &Value) -> String {
    let ingress: Vec<&str> = o
        .items("/status/loadBalancer/ingress")
        .iter()
        .map(|i| {
            if i.text("/ip").is_empty() {
                i.text("/hostname")
            } else {
                i.text("/ip")
            }
        })
        .collect();
    match o.text("/spec/type") {
        "LoadBalancer" if ingress.is_empty() => "<pending>".into(),
        "LoadBalancer" => ingress.join(","),
        "ExternalName" => o.text("/spec/externalName").to_owned(),
        _ => "<none>".into(),
    }
}

fn ports(o: &Value) -> String {
    let shown: Vec<String> = o
        .items("/spec/ports")
        .iter()
        .map(|p| match p.int("/nodePort") {
            Some(n) if n > 0 => format!(
                "{}:{n}/{}",
                p.int("/port").unwrap_or(0),
                p.text("/protocol")
            ),
            _ => format!("{}/{}", p.int("/port").unwrap_or(0), p.text("/protocol")),
        })
        .collect();
    or_none(&shown.join(",")).to_owned()
}

fn event(o: &Value, now: Millis) -> Vec<Value> {
    let involved = |f: &str| o.text(&format!("/involvedObject/{f}"));
    let source = match (o.text("/source/component"), o.text("/source/host")) {
        (c, "") => c.to_owned(),
        (c, host) => format!("{c}, {host}"),
    };
    vec![
        json!(since(o.text("/lastTimestamp"), now)),
        json!(o.text("/type")),
        json!(o.text("/reason")),
        json!(format!(
            "{}/{}",
            involved("kind").to_lowercase(),
            involved("name")
        )),
        json!(involved("fieldPath")),
        json!(source),
        json!(o.text("/message").trim()),
        json!(since(o.text("/firstTimestamp"), now)),
        json!(o.int("/count").unwrap_or(1).to_string()),
        json!(object::name(o)),
    ]
}

fn claim(o: &Value, now: Millis) -> Vec<Value> {
    let modes: Vec<&str> = o
        .items("/status/accessModes")
        .iter()
        .filter_map(Value::as_str)
        .map(|m| match m {
            "ReadWriteOnce" => "RWO",
            "ReadOnlyMany" => "ROX",
            "ReadWriteMany" => "RWX",
            "ReadWriteOncePod" => "RWOP",
            other => other,
        })
        .collect();
    let status = if object::deleting(o) {
        "Terminating"
    } else {
        o.text("/status/phase")
    };
    vec![
        json!(object::name(o)),
        json!(status),
        json!(o.text("/spec/volumeName")),
        json!(o.text("/status/capacity/storage")),
        json!(modes.join(",")),
        json!(o.text("/spec/storageClassName")),
        json!("<unset>"),
        age(o, now),
        json!(o.text("/spec/volumeMode")),
    ]
}
