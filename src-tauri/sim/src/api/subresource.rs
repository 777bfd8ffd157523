//! Subresources: status, scale, eviction, binding, finalize, ephemeral containers, node proxy, logs.

use std::sync::Arc;

use serde_json::{Value, json};

use super::request::{Request, Target};
use super::{Answer, Shared, delete, json as json_answer, logs, metrics, patch, read, write};
use crate::kinds;
use crate::object::{self, Fields};
use crate::selector;
use crate::status::Status;
use crate::store::{Key, Object};
use crate::world::{Part, World};

pub(super) async fn answer(shared: &Arc<Shared>, request: &Request) -> Answer {
    let Target::Item {
        sub: Some(sub),
        rest,
        ..
    } = &request.target
    else {
        return Err(Status::no_such_path());
    };
    let row = request.row()?;
    if !row.subresources.iter().any(|s| s == sub) {
        return Err(Status::no_such_path());
    }
    match (sub.as_str(), request.verb) {
        ("log", "get") => logs::answer(shared, request),
        ("proxy", "get") if rest == "stats/summary" => {
            shared.with(|w| metrics::summary(w, request))
        }
        ("proxy", _) => Err(Status::new(
            501,
            "NotImplemented",
            format!("the sim's kubelet does not serve /{rest}"),
            None,
        )),
        ("scale", _) => shared.with(|w| scale(w, request)),
        ("eviction", "create") => shared.with(|w| evict(w, request)),
        ("binding", "create") => {
            let body = request.json()?;
            bind(shared, request, &body)
        }
        ("status" | "resize" | "ephemeralcontainers" | "finalize", "get") => {
            shared.with(|w| Ok(json_answer(200, &*existing(w, request)?)))
        }
        ("status", "update") => {
            let mut o = request.json()?;
            write::place(request, &mut o)?;
            shared.with(|w| write::replace(w, request, o, Part::Status, request.dry_run()?))
        }
        ("status", "patch") => shared.with(|w| patch::patch_object(w, request, Part::Status)),
        ("finalize", "update") => shared.with(|w| finalize(w, request)),
        ("ephemeralcontainers" | "resize", "patch" | "update") => {
            shared.with(|w| pod_part(w, request, sub))
        }
        _ => Err(Status::method_not_allowed()),
    }
}

fn existing(w: &World, request: &Request) -> Result<Object, Status> {
    let key = Key::new(request.namespace(), request.name());
    w.store
        .get(request.kind(), &key)
        .cloned()
        .ok_or_else(|| Status::not_found(&w.kind(request.kind()), request.name()))
}

fn scale(w: &mut World, request: &Request) -> Answer {
    let old = existing(w, request)?;
    let wanted = match request.verb {
        "get" => return Ok(json_answer(200, &scale_of(&old))),
        "update" => request.json()?,
        "patch" => patch::patched(request, &scale_of(&old), &w.stamp(), false)?,
        _ => return Err(Status::method_not_allowed()),
    };
    let revision = wanted.text("/metadata/resourceVersion");
    let row = request.row()?;
    if !revision.is_empty() && revision != old.text("/metadata/resourceVersion") {
        return Err(Status::stale(row, request.name()));
    }
    let replicas = wanted.int("/spec/replicas").unwrap_or(0);
    let mut new = (*old).clone();
    new.put("/spec/replicas", replicas);
    let new = w.revise(request.kind(), &old, new, Part::Main)?;
    let stored = if request.dry_run()? {
        Arc::new(new)
    } else {
        w.commit(request.kind(), new)
    };
    Ok(json_answer(200, &scale_of(&stored)))
}

fn scale_of(o: &Value) -> Value {
    let mut scale = json!({
        "kind": "Scale", "apiVersion": "autoscaling/v1",
        "metadata": {
            "name": object::name(o), "namespace": object::namespace(o), "uid": object::uid(o),
            "resourceVersion": o.text("/metadata/resourceVersion"), "creationTimestamp": o.text("/metadata/creationTimestamp"),
        },
        "spec": {}, "status": {"replicas": o.int("/status/replicas").unwrap_or(0), "selector": selector_text(o)},
    });
    if let Some(n) = o.int("/spec/replicas").filter(|n| *n != 0) {
        scale["spec"]["replicas"] = json!(n);
    }
    scale
}

fn selector_text(o: &Value) -> String {
    let labels = o.map("/spec/selector/matchLabels").into_iter().flatten();
    labels
        .map(|(k, v)| format!("{k}={}", v.as_str().unwrap_or_default()))
        .collect::<Vec<_>>()
        .join(",")
}

/// An eviction is a deletion that disruption budgets may refuse.
fn evict(w: &mut World, request: &Request) -> Answer {
    let body = request.json()?;
    let pod = existing(w, request)?;
    if !matches!(
        pod.text("/status/phase"),
        "Succeeded" | "Failed" | "Pending"
    ) && !object::deleting(&pod)
    {
        let budgets: Vec<Object> = w
            .store
            .within(kinds::DISRUPTION_BUDGETS, request.namespace())
            .filter(|(_, b)| {
                selector::selects(b.pointer("/spec/selector"), pod.map("/metadata/labels"))
            })
            .map(|(_, b)| Arc::clone(b))
            .collect();
        if budgets.len() > 1 {
            return Err(Status::new(
                500,
                "InternalError",
                "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.",
                None,
            ));
        }
        if let Some(budget) = budgets.first() {
            refuse_disruption(budget)?;
            if !request.dry_run()? {
                let key = Key::of(budget);
                w.modify(kinds::DISRUPTION_BUDGETS, &key, |b| {
                    b.put(
                        "/status/disruptionsAllowed",
                        b.int("/status/disruptionsAllowed").unwrap_or(0) - 1,
                    );
                });
            }
        }
    }
    let options = body
        .get("deleteOptions")
        .cloned()
        .unwrap_or_else(|| json!({}));
    let wanted = crate::world::DeleteRequest {
        grace: options.int("/gracePeriodSeconds"),
        uid: options.text("/preconditions/uid").to_owned(),
        revision: options.text("/preconditions/resourceVersion").to_owned(),
        dry_run: !options.items("/dryRun").is_empty()
            || delete::delete_request(request).is_ok_and(|d| d.dry_run),
        propagation: None,
    };
    w.delete(kinds::PODS, &Key::of(&pod), &wanted)?;
    Ok(json_answer(
        201,
        &json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201}),
    ))
}

fn refuse_disruption(budget: &Value) -> Result<(), Status> {
    if budget.int("/status/disruptionsAllowed").unwrap_or(0) > 0 {
        return Ok(());
    }
    let cause = format!(
        "The disruption budget {} needs {} healthy pods and has {} currently",
        object::name(budget),
        budget.int("/status/desiredHealthy").unwrap_or(0),
        budget.int("/status/currentHealthy").unwrap_or(0)
    );
    let details = json!({"causes": [{"reason": "DisruptionBudget", "message": cause}]});
    let mut status = Status::too_many_requests(
        "Cannot evict pod as it would violate the pod's disruption budget.",
        0,
        details,
    );
    status.retry_after = None;
    Err(status)
}

/// Puts a pod on a node, as the scheduler does.
pub(super) fn bind(shared: &Arc<Shared>, request: &Request, body: &Value) -> Answer {
    let name = if request.name().is_empty() {
        object::name(body)
    } else {
        request.name()
    };
    let key = Key::new(request.namespace(), name);
    let node = body.text("/target/name").to_owned();
    shared.with(|w| {
        let row = w.kind(kinds::PODS);
        let pod = w.store.get(kinds::PODS, &key).cloned().ok_or_else(|| Status::not_found(&row, name))?;
        let taken = pod.text("/spec/nodeName");
        if !taken.is_empty() {
            return Err(Status::conflict(&row, name, &format!("pod {name} is already assigned to node {taken:?}")));
        }
        crate::controllers::scheduler::assign(w, &key, &node);
        Ok(json_answer(201, &json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201})))
    })
}

fn finalize(w: &mut World, request: &Request) -> Answer {
    let old = existing(w, request)?;
    let body = request.json()?;
    let mut new = (*old).clone();
    new.put(
        "/spec/finalizers",
        body.pointer("/spec/finalizers")
            .cloned()
            .unwrap_or_else(|| json!([])),
    );
    let stored = w.commit(request.kind(), new);
    Ok(json_answer(200, &stored))
}

/// Ephemeral containers and in-place resize: a part of the pod's spec that plain updates must not touch.
fn pod_part(w: &mut World, request: &Request, sub: &str) -> Answer {
    let old = existing(w, request)?;
    let wanted = if request.verb == "patch" {
        patch::patched(request, &old, &w.stamp(), false)?
    } else {
        request.json()?
    };
    let mut new = (*old).clone();
    if sub == "ephemeralcontainers" {
        if let Some(list) = wanted.pointer("/spec/ephemeralContainers") {
            new.put("/spec/ephemeralContainers", list.clone());
        }
    } else {
        for i in 0..new.items("/spec/containers").len() {
            if let Some(r) = wanted.pointer(&format!("/spec/containers/{i}/resources")) {
                new.put(&format!("/spec/containers/{i}/resources"), r.clone());
            }
        }
    }
    if new.get("spec") != old.get("spec") {
        new.put(
            "/metadata/generation",
            old.int("/metadata/generation").unwrap_or(0) + 1,
        );
    }
    let stored = if request.dry_run()? {
        Arc::new(new)
    } else {
        w.commit(kinds::PODS, new)
    };
    Ok(json_answer(
        200,
        &read::writer(w, request)?.one(&stored, w.now()),
    ))
}
