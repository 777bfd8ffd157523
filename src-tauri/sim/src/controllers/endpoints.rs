//! Endpoints and EndpointSlices: which pods stand behind a Service.

use serde_json::{Value, json};

use super::{Controller, pods};
use crate::clock::Millis;
use crate::kinds::{ENDPOINT_SLICES, ENDPOINTS, NAMESPACES, PODS, SERVICES};
use crate::object::{self, Fields, labels_match};
use crate::store::{Change, Key, Object};
use crate::world::{DeleteRequest, World};

pub(super) struct Endpoints;

impl Controller for Endpoints {
    fn touched(&mut self, w: &World, change: &Change, keys: &mut Vec<Key>) {
        match change.kind {
            SERVICES => keys.push(change.key.clone()),
            PODS => {
                let now = change.object.map("/metadata/labels");
                let was = change
                    .before
                    .as_ref()
                    .and_then(|b| b.map("/metadata/labels"));
                for (key, s) in w.store.within(SERVICES, change.key.namespace()) {
                    let selector = s.map("/spec/selector");
                    if labels_match(selector, now) || labels_match(selector, was) {
                        keys.push(key.clone());
                    }
                }
            }
            _ => {}
        }
    }

    fn reconcile(&mut self, w: &mut World, key: &Key) -> Option<Millis> {
        let Some(service) = w.store.get(SERVICES, key).cloned() else {
            drop(w.delete(ENDPOINTS, key, &DeleteRequest::default()));
            return None;
        };
        let selector = service.map("/spec/selector")?;
        if w.store
            .find(NAMESPACES, "", key.namespace())
            .is_none_or(|n| object::deleting(n))
        {
            return None;
        }
        let mut chosen: Vec<Object> = w
            .store
            .within(PODS, key.namespace())
            .filter(|(_, p)| labels_match(Some(selector), p.map("/metadata/labels")))
            .filter(|(_, p)| {
                !p.text("/status/podIP").is_empty()
                    && !matches!(p.text("/status/phase"), "Succeeded" | "Failed")
            })
            .map(|(_, p)| p.clone())
            .collect();
        chosen.sort_by(|a, b| object::name(a).cmp(object::name(b)));
        write_endpoints(w, &service, key, &chosen);
        write_slice(w, &service, key, &chosen);
        None
    }
}

/// The number a service port leads to in a pod; `None` when its name is not found there.
pub(super) fn target_port(port: &Value, pod: &Value) -> Option<i64> {
    match port.get("targetPort") {
        Some(Value::String(name)) => pod
            .items("/spec/containers")
            .iter()
            .flat_map(|c| c.items("/ports"))
            .find(|p| p.text("/name") == name)
            .and_then(|p| p.int("/containerPort")),
        Some(v) => v.as_i64(),
        None => port.int("/port"),
    }
}

fn reference(pod: &Value) -> Value {
    json!({"kind": "Pod", "namespace": object::namespace(pod), "name": object::name(pod), "uid": object::uid(pod)})
}

fn ports(service: &Value, sample: Option<&Object>) -> Vec<Value> {
    service
        .items("/spec/ports")
        .iter()
        .filter_map(|p| {
            let number = match sample {
                Some(pod) => target_port(p, pod)?,
                None => return None,
            };
            let mut out = json!({"port": number, "protocol": p.text("/protocol")});
            if !p.text("/name").is_empty() {
                out["name"] = p["name"].clone();
            }
            Some(out)
        })
        .collect()
}

fn write_endpoints(w: &mut World, service: &Value, key: &Key, chosen: &[Object]) {
    let address = |p: &Object| json!({"ip": p.text("/status/podIP"), "nodeName": p.text("/spec/nodeName"), "targetRef": reference(p)});
    let living: Vec<&Object> = chosen.iter().filter(|p| !object::deleting(p)).collect();
    let split = |ready: bool| -> Vec<Value> {
        living
            .iter()
            .filter(|p| pods::is_ready(p) == ready)
            .map(|p| address(p))
            .collect()
    };
    let (ready, waiting) = (split(true), split(false));
    let mut subset = json!({"ports": ports(service, chosen.first())});
    if !ready.is_empty() {
        subset["addresses"] = json!(ready);
    }
    if !waiting.is_empty() {
        subset["notReadyAddresses"] = json!(waiting);
    }
    let empty = ready.is_empty() && waiting.is_empty();
    let content = move |o: &mut Value| {
        if empty {
            drop(o.cut("/subsets"))
        } else {
            o.put("/subsets", json!([subset]))
        }
    };
    if w.store.get(ENDPOINTS, key).is_some() {
        w.modify(ENDPOINTS, key, content);
    } else {
        let mut o = json!({"metadata": {"name": key.name(), "namespace": key.namespace(), "labels": {"endpoints.kubernetes.io/managed-by": "endpoint-controller"}}});
        if let Some(labels) = service.map("/metadata/labels") {
            for (k, v) in labels {
                o.put(
                    &format!("/metadata/labels/{}", object::escape(k)),
                    v.clone(),
                );
            }
        }
        content(&mut o);
        drop(w.create(ENDPOINTS, o));
    }
}

fn write_slice(w: &mut World, service: &Value, key: &Key, chosen: &[Object]) {
    let endpoints: Vec<Value> = chosen
        .iter()
        .map(|p| {
            let (ready, leaving) = (pods::is_ready(p), object::deleting(p));
            let zone = w.store.find(crate::kinds::NODES, "", p.text("/spec/nodeName")).map_or("", |n| object::label(n, "topology.kubernetes.io/zone"));
            let mut e = json!({
                "addresses": [p.text("/status/podIP")], "nodeName": p.text("/spec/nodeName"), "targetRef": reference(p),
                "conditions": {"ready": ready && !leaving, "serving": ready, "terminating": leaving},
            });
            if !zone.is_empty() {
                e["zone"] = json!(zone);
            }
            e
        })
        .collect();
    let ports: Vec<Value> = ports(service, chosen.first())
        .into_iter()
        .map(|mut p| {
            p.default_to("/name", "");
            p
        })
        .collect();
    let existing = w.store.controlled(ENDPOINT_SLICES, object::uid(service));
    match existing.first() {
        Some(slice) => {
            w.modify(ENDPOINT_SLICES, &Key::of(slice), |o| {
                o.put("/endpoints", json!(endpoints));
                o.put("/ports", json!(ports));
            });
        }
        None => {
            let slice = json!({
                "metadata": {
                    "generateName": format!("{}-", key.name()), "namespace": key.namespace(),
                    "labels": {"kubernetes.io/service-name": key.name(), "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io"},
                    "ownerReferences": [pods::owner_reference(service)],
                },
                "addressType": "IPv4", "endpoints": endpoints, "ports": ports,
            });
            drop(w.create(ENDPOINT_SLICES, slice));
        }
    }
}
