//! Namespaces on their way out: their content goes first, then the namespace.

use serde_json::json;

use super::Controller;
use crate::clock::{Millis, SECOND};
use crate::kinds::{KindId, NAMESPACES};
use crate::object::{self, Fields};
use crate::store::{Change, Key};
use crate::world::{DeleteRequest, World};

pub(super) struct Namespaces;

impl Controller for Namespaces {
    fn touched(&mut self, w: &World, change: &Change, keys: &mut Vec<Key>) {
        if change.kind == NAMESPACES && object::deleting(&change.object) && !change.removed {
            keys.push(change.key.clone());
        } else if change.removed {
            let namespace = Key::new("", change.key.namespace());
            if w.store
                .get(NAMESPACES, &namespace)
                .is_some_and(|n| object::deleting(n))
            {
                keys.push(namespace);
            }
        }
    }

    fn reconcile(&mut self, w: &mut World, key: &Key) -> Option<Millis> {
        let namespace = w.store.get(NAMESPACES, key).cloned()?;
        if !object::deleting(&namespace) {
            return None;
        }
        let kinds: Vec<KindId> = w
            .kinds
            .iter()
            .filter(|(_, k)| k.namespaced && k.stored())
            .map(|(id, _)| id)
            .collect();
        let mut left = 0;
        for kind in kinds {
            let keys: Vec<Key> = w
                .store
                .within(kind, &key.0)
                .map(|(k, _)| k.clone())
                .collect();
            for k in keys {
                if w.store.get(kind, &k).is_some_and(|o| !object::deleting(o)) {
                    drop(w.delete(kind, &k, &DeleteRequest::default()));
                }
                left += usize::from(w.store.get(kind, &k).is_some());
            }
        }
        if left > 0 {
            return Some(w.now() + 5 * SECOND);
        }
        w.modify(NAMESPACES, key, |o| {
            let rest: Vec<_> = o
                .items("/spec/finalizers")
                .iter()
                .filter(|f| *f != "kubernetes")
                .cloned()
                .collect();
            o.put("/spec/finalizers", json!(rest));
        });
        None
    }
}
