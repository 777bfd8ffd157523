//! ReplicaSets: as many pods as wanted.

use std::collections::HashMap;

use serde_json::json;

use super::{Controller, pods};
use crate::clock::{Millis, SECOND};
use crate::kinds::{self, REPLICA_SETS};
use crate::object::{self, Fields, set_condition};
use crate::store::{Change, Key};
use crate::world::World;

const COMPONENT: &str = "replicaset-controller";

#[derive(Default)]
pub(super) struct ReplicaSets {
    /// Failed creations in a row, for the back-off.
    failures: HashMap<Key, u32>,
}

impl Controller for ReplicaSets {
    fn touched(&mut self, _: &World, change: &Change, keys: &mut Vec<Key>) {
        match change.kind {
            REPLICA_SETS if change.removed => drop(self.failures.remove(&change.key)),
            REPLICA_SETS => keys.push(change.key.clone()),
            kinds::PODS => keys.extend(pods::owner_key(&change.object, "ReplicaSet")),
            _ => {}
        }
    }

    fn reconcile(&mut self, w: &mut World, key: &Key) -> Option<Millis> {
        let rs = w.store.get(REPLICA_SETS, key).cloned()?;
        let all = pods::of_owner(w, object::uid(&rs));
        let mut active = pods::active(&all);
        let wanted = usize::try_from(rs.int("/spec/replicas").unwrap_or(1)).unwrap_or(0);
        let mut failure = None;
        let mut again = None;
        if !object::deleting(&rs) {
            for _ in active.len()..wanted {
                let pod =
                    pods::from_template(&rs, &rs["spec"]["template"], &format!("{}-", key.name()));
                match pods::create(w, &rs, COMPONENT, pod) {
                    Ok(pod) => active.push(pod),
                    Err(message) => {
                        let tries = self.failures.entry(key.clone()).or_insert(0);
                        *tries += 1;
                        again = Some(w.now() + SECOND * (1 << (*tries).min(8)));
                        failure = Some(message);
                        break;
                    }
                }
            }
            if failure.is_none() {
                self.failures.remove(key);
            }
            if active.len() > wanted {
                pods::sacrifice_order(&mut active);
                for pod in active.drain(..active.len() - wanted).collect::<Vec<_>>() {
                    pods::delete(w, &rs, COMPONENT, &pod);
                }
            }
        }
        let now = w.now();
        let min_ready = rs.int("/spec/minReadySeconds").unwrap_or(0);
        let ready = active.iter().filter(|p| pods::is_ready(p)).count();
        let mut available = 0;
        for pod in &active {
            match pods::availability(pod, min_ready, now) {
                Ok(()) => available += 1,
                Err(at) => again = [again, at].into_iter().flatten().min(),
            }
        }
        let stamp = w.stamp();
        w.modify(REPLICA_SETS, key, |o| {
            let count = |n: usize| i64::try_from(n).unwrap_or(0);
            o.put("/status/replicas", count(active.len()));
            pods::put_count(o, "fullyLabeledReplicas", count(active.len()));
            pods::put_count(o, "readyReplicas", count(ready));
            pods::put_count(o, "availableReplicas", count(available));
            o.put("/status/observedGeneration", o.int("/metadata/generation").unwrap_or(0));
            match &failure {
                Some(message) => set_condition(
                    o,
                    json!({"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": message}),
                    &stamp,
                ),
                None => drop(o.cut("/status/conditions")),
            }
        });
        again
    }
}
