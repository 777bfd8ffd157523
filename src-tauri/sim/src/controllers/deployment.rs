//! Deployments: revisions, rolling updates and recreation, progress and its deadline.

mod rollout;
mod status;

use std::sync::Arc;

use serde_json::{Value, json};

use super::{Controller, pods};
use crate::clock::Millis;
use crate::kinds::{self, DEPLOYMENTS, REPLICA_SETS};
use crate::object::{self, Fields};
use crate::rng::template_hash;
use crate::store::{Change, Key, Object};
use crate::world::{DeleteRequest, Note, World};

const COMPONENT: &str = "deployment-controller";
const REVISION: &str = "deployment.kubernetes.io/revision";

pub(super) struct Deployments;

impl Controller for Deployments {
    fn touched(&mut self, w: &World, change: &Change, keys: &mut Vec<Key>) {
        match change.kind {
            DEPLOYMENTS if !change.removed => keys.push(change.key.clone()),
            REPLICA_SETS => keys.extend(pods::owner_key(&change.object, "Deployment")),
            // A removed pod matters to Recreate, which waits for the last old one.
            kinds::PODS if change.removed => {
                if let Some(rs) = pods::owner_key(&change.object, "ReplicaSet")
                    .and_then(|k| w.store.get(REPLICA_SETS, &k))
                {
                    keys.extend(pods::owner_key(rs, "Deployment"));
                }
            }
            _ => {}
        }
    }

    fn reconcile(&mut self, w: &mut World, key: &Key) -> Option<Millis> {
        let d = w.store.get(DEPLOYMENTS, key).cloned()?;
        let mut sets = Sets::of(w, &d);
        if object::deleting(&d) {
            return status::write(w, &d, &sets);
        }
        let scaled = sets.share_new_size(w, &d);
        if !scaled && !d.flag("/spec/paused") {
            sets.ensure_new(w, &d);
            rollout::proceed(w, &d, &sets);
            sets.forget_old(w, &d);
        }
        let d = w.store.get(DEPLOYMENTS, key).cloned()?;
        let sets = Sets::of(w, &d);
        status::write(w, &d, &sets)
    }
}

/// The ReplicaSets of a Deployment: the one of its template, and the others.
struct Sets {
    new: Option<Object>,
    /// Oldest revision first.
    old: Vec<Object>,
}

fn revision(o: &Value) -> i64 {
    object::annotation(o, REVISION).parse().unwrap_or(0)
}

fn size(rs: &Value) -> i64 {
    rs.int("/spec/replicas").unwrap_or(0)
}

impl Sets {
    fn of(w: &World, d: &Value) -> Self {
        let mut all = w.store.controlled(REPLICA_SETS, object::uid(d));
        let wanted = &d["spec"]["template"];
        let new = all
            .iter()
            .position(|rs| pods::same_template(&rs["spec"]["template"], wanted))
            .map(|i| all.remove(i));
        all.sort_by_key(|rs| revision(rs));
        Self { new, old: all }
    }

    fn all(&self) -> impl Iterator<Item = &Object> {
        self.old.iter().chain(&self.new)
    }

    /// Makes sure the set of the current template exists and carries the highest revision.
    fn ensure_new(&mut self, w: &mut World, d: &Value) {
        let last = self.old.iter().map(|rs| revision(rs)).max().unwrap_or(0);
        let number = match &self.new {
            Some(rs) if revision(rs) > last => revision(rs),
            _ => last + 1,
        };
        let key = Key::of(d);
        let annotations = self.annotations(d, number);
        match &self.new {
            Some(rs) => {
                let rs_key = Key::of(rs);
                w.modify(REPLICA_SETS, &rs_key, |o| {
                    for (k, v) in &annotations {
                        o.put(
                            &format!("/metadata/annotations/{}", object::escape(k)),
                            v.clone(),
                        );
                    }
                    if let Some(min) = d.int("/spec/minReadySeconds") {
                        o.put("/spec/minReadySeconds", min);
                    }
                });
                self.new = w.store.get(REPLICA_SETS, &rs_key).cloned();
            }
            None => {
                let mut rs = json!({"metadata": {"namespace": key.namespace(), "annotations": {}}, "spec": {}});
                let hash = template_hash(&pods::template_text(&d["spec"]["template"]));
                let mut template = d["spec"]["template"].clone();
                template.put("/metadata/labels/pod-template-hash", hash.clone());
                rs.put("/metadata/name", format!("{}-{hash}", key.name()));
                rs.put("/metadata/labels", template["metadata"]["labels"].clone());
                rs.put(
                    "/metadata/ownerReferences",
                    json!([pods::owner_reference(d)]),
                );
                rs.put(
                    "/metadata/annotations",
                    Value::Object(
                        annotations
                            .into_iter()
                            .map(|(k, v)| (k, json!(v)))
                            .collect(),
                    ),
                );
                rs.put("/spec/selector", d["spec"]["selector"].clone());
                rs.put("/spec/selector/matchLabels/pod-template-hash", hash);
                rs.put("/spec/template", template);
                if let Some(min) = d.int("/spec/minReadySeconds") {
                    rs.put("/spec/minReadySeconds", min);
                }
                rs.put("/spec/replicas", 0);
                if let Ok(made) = w.create(REPLICA_SETS, rs) {
                    status::found_new(w, d, object::name(&made));
                    self.new = Some(made);
                }
            }
        }
        w.modify(DEPLOYMENTS, &key, |o| {
            o.put(
                &format!("/metadata/annotations/{}", object::escape(REVISION)),
                number.to_string(),
            );
        });
    }

    fn annotations(&self, d: &Value, number: i64) -> Vec<(String, String)> {
        let wanted = size(d);
        let surge = rollout::max_surge(d);
        let mut list = vec![
            (
                "deployment.kubernetes.io/desired-replicas".to_owned(),
                wanted.to_string(),
            ),
            (
                "deployment.kubernetes.io/max-replicas".to_owned(),
                (wanted + surge).to_string(),
            ),
            (REVISION.to_owned(), number.to_string()),
        ];
        for (k, v) in d.map("/metadata/annotations").into_iter().flatten() {
            let own = k.starts_with("deployment.kubernetes.io/")
                || k == "kubectl.kubernetes.io/last-applied-configuration";
            if let (false, Some(v)) = (own, v.as_str()) {
                list.push((k.clone(), v.to_owned()));
            }
        }
        list
    }

    /// After `spec.replicas` changed: the sets that have pods share the difference. True when something was scaled.
    fn share_new_size(&self, w: &mut World, d: &Value) -> bool {
        let wanted = size(d);
        let active: Vec<&Object> = self.all().filter(|rs| size(rs) > 0).collect();
        let outdated = |rs: &Object| {
            let said = object::annotation(rs, "deployment.kubernetes.io/desired-replicas");
            !said.is_empty() && said != wanted.to_string()
        };
        if d.flag("/spec/paused")
            && active.is_empty()
            && let Some(new) = &self.new
        {
            return scale(w, d, new, wanted);
        }
        if !active.iter().any(|rs| outdated(rs)) {
            return false;
        }
        if let [only] = active.as_slice() {
            return scale(w, d, only, wanted);
        }
        let total: i64 = active.iter().map(|rs| size(rs)).sum();
        let allowed = if wanted > 0 {
            wanted + rollout::max_surge(d)
        } else {
            0
        };
        let mut left = allowed - total;
        let mut by_size = active.clone();
        by_size.sort_by_key(|rs| std::cmp::Reverse(size(rs)));
        let mut any = false;
        for (i, rs) in by_size.iter().enumerate() {
            let fair = if i + 1 == by_size.len() {
                left
            } else {
                size(rs) * (allowed - total) / total.max(1)
            };
            let share = if (allowed - total) >= 0 {
                fair.min(left)
            } else {
                fair.max(left)
            };
            left -= share;
            any |= scale(w, d, rs, (size(rs) + share).max(0));
        }
        any
    }

    fn forget_old(&self, w: &mut World, d: &Value) {
        let keep = usize::try_from(d.int("/spec/revisionHistoryLimit").unwrap_or(10)).unwrap_or(10);
        let empty: Vec<&Object> = self
            .old
            .iter()
            .filter(|rs| {
                size(rs) == 0
                    && rs.int("/status/replicas").unwrap_or(0) == 0
                    && !object::deleting(rs)
            })
            .collect();
        for rs in empty.iter().take(empty.len().saturating_sub(keep)) {
            // Somebody else may have been quicker; then it is gone all the same.
            drop(w.delete(REPLICA_SETS, &Key::of(rs), &DeleteRequest::default()));
        }
    }
}

/// Sets the size of a ReplicaSet and says so in an event on the Deployment.
fn scale(w: &mut World, d: &Value, rs: &Object, to: i64) -> bool {
    let from = size(rs);
    let (wanted, surge) = (size(d), rollout::max_surge(d));
    let changed = w.modify(REPLICA_SETS, &Key::of(rs), |o| {
        o.put("/spec/replicas", to);
        o.put(
            "/metadata/annotations/deployment.kubernetes.io~1desired-replicas",
            wanted.to_string(),
        );
        o.put(
            "/metadata/annotations/deployment.kubernetes.io~1max-replicas",
            (wanted + surge).to_string(),
        );
    });
    if from != to {
        let way = if to > from { "up" } else { "down" };
        let message = format!(
            "Scaled {way} replica set {} from {from} to {to}",
            object::name(rs)
        );
        let about = Arc::new(d.clone());
        w.note(Note::normal(
            &about,
            COMPONENT,
            "ScalingReplicaSet",
            message,
        ));
    }
    changed
}
