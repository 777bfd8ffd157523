//! The garbage collector: dependents of what is gone, and the finalizers of foreground deletion and orphaning.

use serde_json::Value;

use super::Controller;
use crate::clock::Millis;
use crate::kinds::KindId;
use crate::object::{self, Fields};
use crate::store::{Change, Key};
use crate::world::{DeleteRequest, Propagation, World};

/// Keys are uids of owners.
pub(super) struct Garbage;

impl Controller for Garbage {
    fn touched(&mut self, _: &World, change: &Change, keys: &mut Vec<Key>) {
        let o = &change.object;
        let uid = || Key(object::uid(o).to_owned());
        if change.removed {
            keys.push(uid());
        }
        if object::deleting(o) && !o.items("/metadata/finalizers").is_empty() {
            keys.push(uid());
        }
        let owners = o.items("/metadata/ownerReferences");
        if change.removed || change.before.is_none() {
            // A foreground deletion waits for its last dependent; a newborn may name an owner that is gone.
            keys.extend(owners.iter().map(|r| Key(r.text("/uid").to_owned())));
        }
    }

    fn reconcile(&mut self, w: &mut World, uid: &Key) -> Option<Millis> {
        let dependents: Vec<(KindId, Key)> = w.store.owned_by(&uid.0).cloned().collect();
        let owner = w
            .store
            .by_uid(&uid.0)
            .map(|(kind, key, o)| (kind, key.clone(), o.clone()));
        match owner {
            None => dependents
                .iter()
                .for_each(|(kind, key)| collect(w, *kind, key)),
            Some((kind, key, o)) if object::deleting(&o) => {
                let has = |f: &str| o.items("/metadata/finalizers").iter().any(|x| x == f);
                if has("orphan") {
                    for (kind, key) in &dependents {
                        w.modify(*kind, key, |d| disown(d, |r| r.text("/uid") == uid.0));
                    }
                    w.modify(kind, &key, |o| drop_finalizer(o, "orphan"));
                } else if has("foregroundDeletion") {
                    let blocking = dependents.iter().filter(|(k, key)| {
                        w.store.get(*k, key).is_some_and(|d| {
                            d.items("/metadata/ownerReferences")
                                .iter()
                                .any(|r| r.text("/uid") == uid.0 && r.flag("/blockOwnerDeletion"))
                        })
                    });
                    if blocking.count() == 0 {
                        w.modify(kind, &key, |o| drop_finalizer(o, "foregroundDeletion"));
                    }
                    for (kind, key) in &dependents {
                        let waits = w.store.get(*kind, key).is_some_and(|d| object::deleting(d));
                        if !waits {
                            let request = DeleteRequest {
                                propagation: Some(Propagation::Foreground),
                                ..DeleteRequest::default()
                            };
                            drop(w.delete(*kind, key, &request));
                        }
                    }
                }
            }
            Some(_) => {}
        }
        None
    }
}

/// Removes an object whose owners are all gone; otherwise only the dead references.
fn collect(w: &mut World, kind: KindId, key: &Key) {
    let Some(o) = w.store.get(kind, key).cloned() else {
        return;
    };
    if object::deleting(&o) {
        return;
    }
    let alive = |r: &Value| w.store.by_uid(r.text("/uid")).is_some();
    let dead: Vec<String> = o
        .items("/metadata/ownerReferences")
        .iter()
        .filter(|r| !alive(r))
        .map(|r| r.text("/uid").to_owned())
        .collect();
    if dead.len() < o.items("/metadata/ownerReferences").len() {
        w.modify(kind, key, |d| {
            disown(d, |r| dead.iter().any(|u| r.text("/uid") == u))
        });
    } else {
        drop(w.delete(
            kind,
            key,
            &DeleteRequest {
                propagation: Some(Propagation::Background),
                ..DeleteRequest::default()
            },
        ));
    }
}

fn disown(o: &mut Value, goes: impl Fn(&Value) -> bool) {
    if let Some(Value::Array(list)) = o.pointer_mut("/metadata/ownerReferences") {
        list.retain(|r| !goes(r));
        if list.is_empty() {
            o.cut("/metadata/ownerReferences");
        }
    }
}

pub(super) fn drop_finalizer(o: &mut Value, name: &str) {
    if let Some(Value::Array(list)) = o.pointer_mut("/metadata/finalizers") {
        list.retain(|f| f != name);
        if list.is_empty() {
            o.cut("/metadata/finalizers");
        }
    }
}
