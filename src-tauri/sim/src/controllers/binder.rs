//! Claims: a provisioner that makes a volume when the class is there, and the controller that says when it is not.

use serde_json::json;

use super::{Controller, garbage};
use crate::clock::{MINUTE, Millis, SECOND};
use crate::kinds::{CLAIMS, PODS, STORAGE_CLASSES, VOLUMES};
use crate::object::{self, Fields};
use crate::store::{Change, Key};
use crate::world::{DeleteRequest, Note, World};

const COMPONENT: &str = "persistentvolume-controller";
/// How long the storage system takes to make a volume.
const PROVISIONING: Millis = 2 * SECOND;

pub(super) struct Binder;

impl Controller for Binder {
    fn touched(&mut self, w: &World, change: &Change, keys: &mut Vec<Key>) {
        match change.kind {
            CLAIMS => keys.push(change.key.clone()),
            PODS => keys.extend(change.object.items("/spec/volumes").iter().filter_map(|v| {
                let name = v.text("/persistentVolumeClaim/claimName");
                (!name.is_empty()).then(|| Key::new(change.key.namespace(), name))
            })),
            STORAGE_CLASSES if !change.removed => {
                keys.extend(
                    w.store
                        .all(CLAIMS)
                        .filter(|(_, c)| c.text("/status/phase") == "Pending")
                        .map(|(k, _)| k.clone()),
                );
            }
            _ => {}
        }
    }

    fn reconcile(&mut self, w: &mut World, key: &Key) -> Option<Millis> {
        let Some(claim) = w.store.get(CLAIMS, key).cloned() else {
            release(w, key);
            return None;
        };
        if object::deleting(&claim) {
            if !in_use(w, key) {
                w.modify(CLAIMS, key, |o| {
                    garbage::drop_finalizer(o, "kubernetes.io/pvc-protection")
                });
            }
            return None;
        }
        if claim.text("/status/phase") != "Pending" {
            return None;
        }
        let class_name = claim.text("/spec/storageClassName").to_owned();
        let Some(class) = w.store.find(STORAGE_CLASSES, "", &class_name).cloned() else {
            if class_name.is_empty() {
                let message =
                    "no persistent volumes available for this claim and no storage class is set";
                w.note(Note::normal(&claim, COMPONENT, "FailedBinding", message));
            } else {
                let message = format!("storageclass.storage.k8s.io {class_name:?} not found");
                w.note(Note::warning(
                    &claim,
                    COMPONENT,
                    "ProvisioningFailed",
                    message,
                ));
            }
            return Some(w.now() + 2 * MINUTE);
        };
        if class.text("/volumeBindingMode") == "WaitForFirstConsumer" && !has_placed_pod(w, key) {
            if !in_use(w, key) {
                let message = "waiting for first consumer to be created before binding";
                w.note(Note::normal(
                    &claim,
                    COMPONENT,
                    "WaitForFirstConsumer",
                    message,
                ));
            }
            return None;
        }
        let born =
            crate::clock::parse_stamp(claim.text("/metadata/creationTimestamp")).unwrap_or(0);
        if w.now() < born + PROVISIONING {
            return Some(born + PROVISIONING);
        }
        bind(w, key, &claim, &class);
        None
    }
}

fn in_use(w: &World, claim: &Key) -> bool {
    users(w, claim).next().is_some()
}

fn has_placed_pod(w: &World, claim: &Key) -> bool {
    users(w, claim).any(|p| !p.text("/spec/nodeName").is_empty())
}

fn users<'a>(w: &'a World, claim: &'a Key) -> impl Iterator<Item = &'a crate::store::Object> {
    w.store
        .within(PODS, claim.namespace())
        .filter(|(_, p)| !matches!(p.text("/status/phase"), "Succeeded" | "Failed"))
        .filter(|(_, p)| {
            p.items("/spec/volumes")
                .iter()
                .any(|v| v.text("/persistentVolumeClaim/claimName") == claim.name())
        })
        .map(|(_, p)| p)
}

fn bind(w: &mut World, key: &Key, claim: &serde_json::Value, class: &serde_json::Value) {
    let name = format!("pvc-{}", object::uid(claim));
    let provisioner = class.text("/provisioner").to_owned();
    let size = claim
        .pointer("/spec/resources/requests/storage")
        .cloned()
        .unwrap_or_default();
    let volume = json!({
        "metadata": {"name": name, "annotations": {"pv.kubernetes.io/provisioned-by": provisioner}},
        "spec": {
            "accessModes": claim["spec"]["accessModes"], "capacity": {"storage": size},
            "persistentVolumeReclaimPolicy": class.text("/reclaimPolicy"), "storageClassName": object::name(class),
            "csi": {"driver": provisioner, "volumeHandle": name, "fsType": "ext4"},
            "claimRef": {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "namespace": key.namespace(), "name": key.name(),
                "uid": object::uid(claim), "resourceVersion": claim.text("/metadata/resourceVersion")},
        },
    });
    if let Ok(made) = w.create(VOLUMES, volume) {
        w.modify(VOLUMES, &Key::of(&made), |o| {
            o.put("/status/phase", "Bound")
        });
    }
    w.modify(CLAIMS, key, |o| {
        o.put("/spec/volumeName", name.clone());
        o.put(
            "/metadata/annotations/pv.kubernetes.io~1bind-completed",
            "yes",
        );
        o.put(
            "/metadata/annotations/volume.kubernetes.io~1storage-provisioner",
            provisioner.clone(),
        );
        let modes = o["spec"]["accessModes"].clone();
        o.put(
            "/status",
            json!({"phase": "Bound", "accessModes": modes, "capacity": {"storage": size}}),
        );
    });
    let component = format!("{provisioner}_csi-provisioner-0");
    w.note(Note::normal(
        claim,
        &component,
        "ProvisioningSucceeded",
        format!("Successfully provisioned volume {name}"),
    ));
}

/// A deleted claim lets go of its volume; reclaim policy Delete removes it.
fn release(w: &mut World, claim: &Key) {
    let bound: Vec<Key> = w
        .store
        .all(VOLUMES)
        .filter(|(_, v)| {
            v.text("/spec/claimRef/name") == claim.name()
                && v.text("/spec/claimRef/namespace") == claim.namespace()
        })
        .map(|(k, _)| k.clone())
        .collect();
    for key in bound {
        w.modify(VOLUMES, &key, |o| o.put("/status/phase", "Released"));
        if w.store
            .get(VOLUMES, &key)
            .is_some_and(|v| v.text("/spec/persistentVolumeReclaimPolicy") == "Delete")
        {
            w.modify(VOLUMES, &key, |o| {
                garbage::drop_finalizer(o, "kubernetes.io/pv-protection")
            });
            drop(w.delete(VOLUMES, &key, &DeleteRequest::default()));
        }
    }
}
