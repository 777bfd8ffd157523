//! metrics.k8s.io and the kubelet's summary, computed on each request.

use std::sync::Arc;

use serde_json::{Value, json};

use super::request::Request;
use super::{Answer, bytes_answer, json as json_answer, read};
use crate::clock::{MINUTE, SECOND, parse_stamp, stamp};
use crate::kinds::{self, KindId};
use crate::object::{self, Fields};
use crate::status::Status;
use crate::store::Object;
use crate::usage::{self, Usage, WINDOW};
use crate::world::World;

pub(super) fn one(w: &World, request: &Request) -> Answer {
    let source = source_of(request.kind());
    let row = request.row()?;
    let found = w.store.find(source, request.namespace(), request.name());
    match found.and_then(|o| measure(w, request.kind(), o)) {
        Some(m) => Ok(json_answer(200, &m)),
        None => Err(Status::not_found(row, request.name())),
    }
}

pub(super) fn list(w: &World, request: &Request) -> Answer {
    let filter = read::filter(w, request)?;
    let items: Vec<Object> = w
        .store
        .within(source_of(request.kind()), request.namespace())
        .filter(|(_, o)| filter.matches(o))
        .filter_map(|(_, o)| measure(w, request.kind(), o))
        .map(Arc::new)
        .collect();
    let body = read::writer(w, request)?.list(&items, &json!({}), w.now());
    Ok(bytes_answer(200, "application/json", body))
}

fn source_of(kind: KindId) -> KindId {
    if kind == kinds::NODE_METRICS {
        kinds::NODES
    } else {
        kinds::PODS
    }
}

/// The metrics of one node or pod; `None` for what does not run.
fn measure(w: &World, kind: KindId, o: &Value) -> Option<Value> {
    let row = w.kinds.get(kind);
    let at = w.now() - w.now().rem_euclid(WINDOW);
    let mut m = json!({
        "kind": row.kind, "apiVersion": row.api_version(),
        "metadata": {"name": object::name(o), "creationTimestamp": w.stamp()},
        "timestamp": stamp(at), "window": "15s",
    });
    if let Some(labels) = o.pointer("/metadata/labels") {
        m["metadata"]["labels"] = labels.clone();
    }
    if kind == kinds::NODE_METRICS {
        if !object::condition_is_true(o, "Ready") {
            return None;
        }
        m["usage"] = show(usage::of_node(w, object::name(o)));
        return Some(m);
    }
    let containers: Vec<Value> = usage::of_pod(w, o)
        .into_iter()
        .map(|(name, u)| json!({"name": name, "usage": show(u)}))
        .collect();
    if containers.is_empty() {
        return None;
    }
    m["metadata"]["namespace"] = json!(object::namespace(o));
    m["containers"] = json!(containers);
    Some(m)
}

fn show(u: Usage) -> Value {
    json!({"cpu": format!("{}n", u.nano_cpu), "memory": format!("{}Ki", u.bytes / 1024)})
}

/// `/api/v1/nodes/{name}/proxy/stats/summary`.
pub(super) fn summary(w: &World, request: &Request) -> Answer {
    let node = request.name();
    let Some(found) = w.store.find(kinds::NODES, "", node) else {
        return Err(Status::not_found(w.kinds.get(kinds::NODES), node));
    };
    if !object::condition_is_true(found, "Ready") {
        let message = format!(
            "error trying to reach service: dial tcp {}:10250: connect: no route to host",
            found.text("/status/addresses/0/address")
        );
        return Err(Status::new(503, "ServiceUnavailable", message, None));
    }
    let pods: Vec<Value> = w
        .store
        .all(kinds::PODS)
        .filter(|(_, p)| p.text("/spec/nodeName") == node && p.text("/status/phase") == "Running")
        .map(|(_, p)| pod_stats(w, p))
        .collect();
    let total = usage::of_node(w, node);
    let capacity = crate::quantity::whole(found.text("/status/capacity/memory")).unwrap_or(0);
    let disk = 107_374_182_400_i64;
    let used = disk / 3 + i64::try_from(pods.len()).unwrap_or(0) * 200_000_000;
    let boot =
        parse_stamp(found.text("/metadata/creationTimestamp")).map_or_else(String::new, stamp);
    Ok(json_answer(
        200,
        &json!({
            "node": {
                "nodeName": node, "startTime": boot, "cpu": cpu(w, total), "memory": memory(w, total, Some(capacity)),
                "network": {"time": w.stamp(), "name": "eth0", "rxBytes": w.now() * 40, "txBytes": w.now() * 55, "rxErrors": 0, "txErrors": 0,
                    "interfaces": [{"name": "eth0", "rxBytes": w.now() * 40, "rxErrors": 0, "txBytes": w.now() * 55, "txErrors": 0}]},
                "fs": disk_stats(w, disk, used), "runtime": {"imageFs": disk_stats(w, disk, used / 2)},
            },
            "pods": pods,
        }),
    ))
}

fn pod_stats(w: &World, pod: &Value) -> Value {
    let used = usage::of_pod(w, pod);
    let total = used.iter().fold(Usage::default(), |sum, (_, u)| sum + *u);
    let start = pod.text("/status/startTime");
    let containers: Vec<Value> = used
        .iter()
        .map(|(name, u)| json!({"name": name, "startTime": start, "cpu": cpu(w, *u), "memory": memory(w, *u, None),
            "rootfs": disk_stats(w, 107_374_182_400, 24_576), "logs": disk_stats(w, 107_374_182_400, 1_048_576)}))
        .collect();
    let (received, sent) = usage::network(w, pod);
    let volumes: Vec<Value> = pod
        .items("/spec/volumes")
        .iter()
        .filter(|v| v.has("/persistentVolumeClaim"))
        .map(|v| {
            let claim = v.text("/persistentVolumeClaim/claimName");
            let size = w
                .store
                .find(kinds::CLAIMS, object::namespace(pod), claim)
                .and_then(|c| crate::quantity::whole(c.text("/status/capacity/storage")))
                .unwrap_or(10_737_418_240);
            let share = i64::try_from(crate::rng::hash_of(&[claim, object::namespace(pod)]) % 60)
                .unwrap_or(0)
                + 15;
            let mut stats = disk_stats(w, size, size / 100 * share);
            stats["name"] = json!(v.text("/name"));
            stats["pvcRef"] = json!({"name": claim, "namespace": object::namespace(pod)});
            stats
        })
        .collect();
    let mut stats = json!({
        "podRef": {"name": object::name(pod), "namespace": object::namespace(pod), "uid": object::uid(pod)},
        "startTime": start, "containers": containers, "cpu": cpu(w, total), "memory": memory(w, total, None),
        "network": {"time": w.stamp(), "name": "eth0", "rxBytes": received, "rxErrors": 0, "txBytes": sent, "txErrors": 0,
            "interfaces": [{"name": "eth0", "rxBytes": received, "rxErrors": 0, "txBytes": sent, "txErrors": 0}]},
        "ephemeral-storage": disk_stats(w, 107_374_182_400, 1_073_152), "process_stats": {"process_count": 1 + used.len()},
    });
    if !volumes.is_empty() {
        stats["volume"] = json!(volumes);
    }
    stats
}

fn cpu(w: &World, u: Usage) -> Value {
    json!({"time": w.stamp(), "usageNanoCores": u.nano_cpu, "usageCoreNanoSeconds": u.nano_cpu * (10 * MINUTE / SECOND)})
}

fn memory(w: &World, u: Usage, capacity: Option<i64>) -> Value {
    let mut m = json!({"time": w.stamp(), "usageBytes": u.bytes * 11 / 10, "workingSetBytes": u.bytes, "rssBytes": u.bytes * 8 / 10, "pageFaults": 0, "majorPageFaults": 0});
    if let Some(c) = capacity {
        m["availableBytes"] = json!(c - u.bytes);
    }
    m
}

fn disk_stats(w: &World, capacity: i64, used: i64) -> Value {
    json!({"time": w.stamp(), "availableBytes": capacity - used, "capacityBytes": capacity, "usedBytes": used,
        "inodesFree": 6_400_000, "inodes": 6_553_600, "inodesUsed": 153_600})
}
