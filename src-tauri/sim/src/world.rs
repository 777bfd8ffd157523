//! The whole cluster in one value: what the API and the controllers share behind one lock. Every write goes through
//! here, so that defaults, validation, generations and graceful deletion hold for all writers alike.

mod admission;
mod delete;
mod events;
mod validate;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use serde_json::{Value, json};

pub(crate) use admission::body_matches;
pub(crate) use delete::{DeleteRequest, Deleted, Propagation};
pub(crate) use events::Note;

use crate::clock::{Clock, Millis, stamp};
use crate::defaults;
use crate::images::Catalogue;
use crate::kinds::{self, Form, Kind, KindId, Kinds};
use crate::object::{self, Fields};
use crate::rng::Rng;
use crate::status::{Refusal, Status};
use crate::store::{Key, Object, Store};

#[derive(Debug)]
pub(crate) struct World {
    pub store: Store,
    pub clock: Clock,
    pub rng: Rng,
    pub kinds: Kinds,
    pub images: Catalogue,
    /// Seed of everything that is computed from a hash (metrics, logs).
    pub seed: u64,
    pub(crate) events: events::Recorder,
    /// Names of the machines of the node pool: a deleted node of these is replaced.
    pub machines: BTreeSet<String>,
    /// Nodes whose kubelet does not run.
    pub dead_kubelets: BTreeSet<String>,
    /// History is being played: no heartbeats.
    pub replaying: bool,
    addresses: Addresses,
}

#[derive(Debug, Default)]
struct Addresses {
    services: u32,
    pods: HashMap<String, u32>,
}

/// Which part of an object a write may change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// Everything but the status.
    Main,
    /// The status alone.
    Status,
}

impl World {
    pub(crate) fn new(seed: u64, clock: Clock, history: usize) -> Self {
        Self {
            store: Store::new(1000, history),
            clock,
            rng: Rng::new(seed),
            kinds: Kinds::built_in(),
            images: Catalogue::well_known(),
            seed,
            events: events::Recorder::default(),
            machines: BTreeSet::new(),
            dead_kubelets: BTreeSet::new(),
            replaying: false,
            addresses: Addresses::default(),
        }
    }

    pub(crate) fn now(&self) -> Millis {
        self.clock.now()
    }

    pub(crate) fn stamp(&self) -> String {
        stamp(self.now())
    }

    pub(crate) fn kind(&self, id: KindId) -> Kind {
        self.kinds.get(id).clone()
    }

    /// Everything the API server does before it stores a new object; the store is not touched.
    ///
    /// # Errors
    /// A missing or terminating namespace, a field that validation refuses.
    pub(crate) fn prepare(&mut self, kind: KindId, mut o: Value) -> Result<Value, Status> {
        let row = self.kind(kind);
        o.put("/apiVersion", row.api_version());
        o.put("/kind", row.kind.to_string());
        if object::name(&o).is_empty() && !o.text("/metadata/generateName").is_empty() {
            let name = format!("{}{}", o.text("/metadata/generateName"), self.rng.suffix(5));
            o.put("/metadata/name", name);
        }
        self.require_namespace(&row, &o)?;
        for field in [
            "deletionTimestamp",
            "deletionGracePeriodSeconds",
            "selfLink",
            "resourceVersion",
            "managedFields",
        ] {
            o.cut(&format!("/metadata/{field}"));
        }
        let (uid, now) = (self.rng.uid(), self.stamp());
        o.put("/metadata/uid", uid);
        o.put("/metadata/creationTimestamp", now);
        let keeps_status =
            matches!(kind, kinds::NODES | kinds::API_SERVICES) || row.form == Form::Custom;
        if !keeps_status && row.subresources.iter().any(|s| s == "status") {
            o.cut("/status");
            o.put("/status", json!({}));
        }
        if defaults::has_generation(kind) || row.form == Form::Custom {
            o.put("/metadata/generation", 1);
        }
        prune_empty_maps(&mut o);
        if row.form == Form::Stored {
            let refusals = validate::new_object(kind, &o);
            if !refusals.is_empty() {
                return Err(Status::invalid(&row, object::name(&o), &refusals));
            }
            defaults::fill(kind, &mut o);
        }
        self.admit(kind, &mut o)?;
        Ok(o)
    }

    /// Creates an object.
    ///
    /// # Errors
    /// As [`Self::prepare`], and when the name is taken.
    pub(crate) fn create(&mut self, kind: KindId, o: Value) -> Result<Object, Status> {
        let o = self.prepare(kind, o)?;
        self.insert(kind, o)
    }

    /// Stores what [`Self::prepare`] made.
    ///
    /// # Errors
    /// When the name is taken.
    pub(crate) fn insert(&mut self, kind: KindId, o: Value) -> Result<Object, Status> {
        self.require_unused(kind, &o)?;
        let stored = self.store.put(kind, o);
        if kind == kinds::DEFINITIONS {
            self.register_custom(&stored);
        }
        if kind == kinds::NAMESPACES {
            self.furnish_namespace(object::name(&stored).to_owned().as_str());
        }
        Ok(stored)
    }

    pub(crate) fn require_unused(&self, kind: KindId, o: &Value) -> Result<(), Status> {
        if self.store.get(kind, &Key::of(o)).is_some() {
            return Err(Status::already_exists(
                self.kinds.get(kind),
                object::name(o),
            ));
        }
        Ok(())
    }

    /// What an update by a client would store: identity kept, defaults filled, validated, generation counted.
    ///
    /// # Errors
    /// A stale revision, another uid, a refused field.
    pub(crate) fn revise(
        &mut self,
        kind: KindId,
        old: &Value,
        mut new: Value,
        part: Part,
    ) -> Result<Value, Status> {
        let row = self.kind(kind);
        let name = object::name(old).to_owned();
        let wanted = new.text("/metadata/resourceVersion").to_owned();
        if !object::uid(&new).is_empty() && object::uid(&new) != object::uid(old) {
            let why = format!(
                "Precondition failed: UID in precondition: {}, UID in object meta: {}",
                object::uid(&new),
                object::uid(old)
            );
            return Err(Status::conflict(&row, &name, &why));
        }
        if !wanted.is_empty() && wanted != old.text("/metadata/resourceVersion") {
            return Err(Status::stale(&row, &name));
        }
        if object::name(&new) != name {
            let refusal = Refusal::invalid(
                "metadata.name",
                &json!(object::name(&new)),
                "field is immutable",
            );
            return Err(Status::invalid(&row, &name, &[refusal]));
        }
        let has_status = row.subresources.iter().any(|s| s == "status");
        if part == Part::Status {
            let mut kept = old.clone();
            match new.get_mut("status") {
                Some(status) => kept["status"] = status.take(),
                None => drop(kept.cut("/status")),
            }
            if let (Some(a), true) = (
                new.pointer("/metadata/annotations"),
                row.form == Form::Stored,
            ) {
                kept.put("/metadata/annotations", a.clone());
            }
            return Ok(kept);
        }
        for field in [
            "uid",
            "creationTimestamp",
            "deletionTimestamp",
            "deletionGracePeriodSeconds",
            "generation",
            "resourceVersion",
            "namespace",
            "generateName",
        ] {
            let at = format!("/metadata/{field}");
            match old.pointer(&at) {
                Some(v) => new.put(&at, v.clone()),
                None => drop(new.cut(&at)),
            }
        }
        new.put("/apiVersion", row.api_version());
        new.put("/kind", row.kind.to_string());
        if has_status {
            match old.get("status") {
                Some(s) => new["status"] = s.clone(),
                None => drop(new.cut("/status")),
            }
        }
        prune_empty_maps(&mut new);
        if row.form == Form::Stored {
            admission::carry_over(kind, old, &mut new);
            let mut refusals = validate::new_object(kind, &new);
            defaults::fill(kind, &mut new);
            refusals.extend(validate::change(kind, old, &new));
            if !refusals.is_empty() {
                return Err(Status::invalid(&row, &name, &refusals));
            }
        }
        let said = |o: &Value| o.pointer("/metadata/annotations").cloned();
        // Of all kinds, a Deployment also counts changes of its annotations.
        let annotated = kind == kinds::DEPLOYMENTS && said(old) != said(&new);
        if (defaults::has_generation(kind) || row.form == Form::Custom)
            && (annotated || intent(old) != intent(&new))
        {
            new.put(
                "/metadata/generation",
                old.int("/metadata/generation").unwrap_or(0) + 1,
            );
        }
        Ok(new)
    }

    /// Stores a revised object; nothing happens when it says the same as before. An object whose last finalizer went
    /// while it was being deleted is taken away.
    pub(crate) fn commit(&mut self, kind: KindId, new: Value) -> Object {
        let key = Key::of(&new);
        if let Some(old) = self.store.get(kind, &key)
            && **old == new
        {
            return Arc::clone(old);
        }
        let free = object::deleting(&new)
            && new.items("/metadata/finalizers").is_empty()
            && new.int("/metadata/deletionGracePeriodSeconds").unwrap_or(0) == 0
            && (kind != kinds::NAMESPACES || new.items("/spec/finalizers").is_empty());
        let stored = self.store.put(kind, new);
        if kind == kinds::DEFINITIONS {
            self.register_custom(&stored);
        }
        if free {
            return self.store.remove(kind, &key).unwrap_or(stored);
        }
        stored
    }

    /// A controller's write: change the object in place, count the generation, store it when it differs.
    /// Returns whether anything changed.
    pub(crate) fn modify(
        &mut self,
        kind: KindId,
        key: &Key,
        change: impl FnOnce(&mut Value),
    ) -> bool {
        let Some(old) = self.store.get(kind, key).cloned() else {
            return false;
        };
        let mut new = (*old).clone();
        change(&mut new);
        if new == *old {
            return false;
        }
        if defaults::has_generation(kind) && intent(&old) != intent(&new) {
            new.put(
                "/metadata/generation",
                old.int("/metadata/generation").unwrap_or(0) + 1,
            );
        }
        self.commit(kind, new);
        true
    }

    pub(crate) fn next_pod_address(&mut self, node: &str) -> String {
        let nodes: Vec<&Key> = self.store.all(kinds::NODES).map(|(k, _)| k).collect();
        let index = nodes.iter().position(|k| k.0 == node).unwrap_or(0);
        let n = self.addresses.pods.entry(node.to_owned()).or_insert(1);
        *n = *n % 250 + 1;
        format!("10.244.{index}.{}", *n + 1)
    }

    fn next_service_address(&mut self) -> String {
        self.addresses.services += 1;
        // 37 has no factor in common with 250: addresses look scattered and repeat only after the whole range.
        let n = self.addresses.services * 37;
        format!("10.96.{}.{}", (n / 250) % 250, n % 250 + 2)
    }

    fn require_namespace(&self, row: &Kind, o: &Value) -> Result<(), Status> {
        if !row.namespaced {
            return Ok(());
        }
        let namespace = object::namespace(o);
        let Some(found) = self.store.find(kinds::NAMESPACES, "", namespace) else {
            return Err(Status::not_found(
                self.kinds.get(kinds::NAMESPACES),
                namespace,
            ));
        };
        if object::deleting(found) {
            let why = format!(
                "unable to create new content in namespace {namespace} because it is being terminated"
            );
            let mut status = Status::forbidden(row, object::name(o), &why);
            status.body.put(
                "/details/causes",
                json!([{"reason": "NamespaceTerminating", "message": format!("namespace {namespace} is being terminated"), "field": "metadata.namespace"}]),
            );
            return Err(status);
        }
        Ok(())
    }

    /// What controllers put into each new namespace.
    fn furnish_namespace(&mut self, namespace: &str) {
        let account = json!({"metadata": {"name": "default", "namespace": namespace}});
        let authority = json!({
            "metadata": {"name": "kube-root-ca.crt", "namespace": namespace, "annotations": {
                "kubernetes.io/description": "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters."
            }},
            "data": {"ca.crt": "-----BEGIN CERTIFICATE-----\nZGVtbyBjbHVzdGVyLCBubyByZWFsIGF1dGhvcml0eQ==\n-----END CERTIFICATE-----\n"}
        });
        for (kind, o) in [
            (kinds::SERVICE_ACCOUNTS, account),
            (kinds::CONFIG_MAPS, authority),
        ] {
            // Taken names are fine: somebody was quicker.
            drop(self.create(kind, o));
        }
    }

    fn register_custom(&mut self, definition: &Value) {
        for version in definition
            .items("/spec/versions")
            .iter()
            .filter(|v| v.flag("/served"))
        {
            let names = |field: &str| -> Vec<_> {
                definition
                    .items(&format!("/spec/names/{field}"))
                    .iter()
                    .filter_map(|s| s.as_str().map(|s| s.to_owned().into()))
                    .collect()
            };
            let kind = definition.text("/spec/names/kind").to_owned();
            let singular = match definition.text("/spec/names/singular") {
                "" => kind.to_lowercase(),
                given => given.to_owned(),
            };
            self.kinds.register(Kind {
                group: definition.text("/spec/group").to_owned().into(),
                version: version.text("/name").to_owned().into(),
                plural: definition.text("/spec/names/plural").to_owned().into(),
                singular: singular.into(),
                kind: kind.into(),
                short: names("shortNames"),
                categories: names("categories"),
                namespaced: definition.text("/spec/scope") == "Namespaced",
                subresources: version
                    .map("/subresources")
                    .into_iter()
                    .flatten()
                    .map(|(k, _)| k.clone().into())
                    .collect(),
                form: Form::Custom,
            });
        }
    }
}

/// What a client asks for: everything outside metadata and status.
fn intent(o: &Value) -> Vec<(&String, &Value)> {
    o.as_object()
        .into_iter()
        .flatten()
        .filter(|(k, _)| !matches!(k.as_str(), "metadata" | "status" | "apiVersion" | "kind"))
        .collect()
}

/// The server's types leave out empty label and annotation maps, and every null.
fn prune_empty_maps(o: &mut Value) {
    for at in [
        "/metadata/labels",
        "/metadata/annotations",
        "/metadata/finalizers",
        "/metadata/ownerReferences",
    ] {
        let empty = match o.pointer(at) {
            Some(Value::Object(m)) => m.is_empty(),
            Some(Value::Array(a)) => a.is_empty(),
            _ => false,
        };
        if empty {
            o.cut(at);
        }
    }
    drop_nulls(o);
}

fn drop_nulls(v: &mut Value) {
    match v {
        Value::Object(map) => {
            map.retain(|_, v| !v.is_null());
            map.values_mut().for_each(drop_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(drop_nulls),
        _ => {}
    }
}
