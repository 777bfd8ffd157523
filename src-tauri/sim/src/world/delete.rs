//! Deletion: preconditions, grace, finalizers and what happens to dependents.

use serde_json::{Value, json};

use super::World;
use crate::clock::{SECOND, stamp};
use crate::kinds::{self, KindId};
use crate::object::{self, Fields};
use crate::status::Status;
use crate::store::{Key, Object};

/// What becomes of the objects that name the deleted one as their owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Propagation {
    /// The object goes at once, the garbage collector removes its dependents afterwards.
    Background,
    /// The object waits until its dependents are gone.
    Foreground,
    /// Dependents stay and lose the reference.
    Orphan,
}

/// How a client wants something deleted.
#[derive(Debug, Clone, Default)]
pub(crate) struct DeleteRequest {
    pub propagation: Option<Propagation>,
    /// Seconds; `None` is the object's own default.
    pub grace: Option<i64>,
    pub uid: String,
    pub revision: String,
    pub dry_run: bool,
}

/// What a deletion led to.
#[derive(Debug, Clone)]
pub(crate) enum Deleted {
    /// The object is gone; its last state.
    Gone(Object),
    /// The object waits for its grace period, a finalizer or its dependents.
    Waiting(Object),
}

impl World {
    /// Deletes an object, or marks it for deletion.
    ///
    /// # Errors
    /// Not found; a precondition that does not hold.
    pub(crate) fn delete(
        &mut self,
        kind: KindId,
        key: &Key,
        request: &DeleteRequest,
    ) -> Result<Deleted, Status> {
        let row = self.kind(kind);
        let Some(old) = self.store.get(kind, key).cloned() else {
            return Err(Status::not_found(&row, key.name()));
        };
        for (what, wanted, found) in [
            ("UID", request.uid.as_str(), object::uid(&old)),
            (
                "ResourceVersion",
                request.revision.as_str(),
                old.text("/metadata/resourceVersion"),
            ),
        ] {
            if !wanted.is_empty() && wanted != found {
                let fate = if what == "UID" {
                    "deleted and then recreated"
                } else {
                    "modified"
                };
                let why = format!(
                    "the {what} in the precondition ({wanted}) does not match the {what} in record ({found}). The object might have been {fate}"
                );
                let message = format!(
                    "Operation cannot be fulfilled on {} {:?}: {why}",
                    row.kind,
                    key.name()
                );
                let mut status = Status::conflict(&row, key.name(), &why);
                status.body.put("/message", message);
                status.body.put("/details/kind", row.kind.to_string());
                return Err(status);
            }
        }
        let mut new = (*old).clone();
        let finalizer = match request.propagation {
            Some(Propagation::Foreground) => Some("foregroundDeletion"),
            Some(Propagation::Orphan) => Some("orphan"),
            _ => None,
        };
        if let Some(f) = finalizer {
            let mut list = new.items("/metadata/finalizers").to_vec();
            if !list.iter().any(|x| x == f) {
                list.push(json!(f));
            }
            new.put("/metadata/finalizers", Value::Array(list));
        }
        let grace = if kind == kinds::PODS {
            pod_grace(&old, request.grace)
        } else {
            0
        };
        self.mark(kind, &mut new, grace);
        let waits = grace > 0
            || !new.items("/metadata/finalizers").is_empty()
            || (kind == kinds::NAMESPACES && !new.items("/spec/finalizers").is_empty());
        if request.dry_run {
            let new = new.into();
            return Ok(if waits {
                Deleted::Waiting(new)
            } else {
                Deleted::Gone(new)
            });
        }
        if waits {
            return Ok(Deleted::Waiting(self.commit(kind, new)));
        }
        // A pod's last state says that it was deleted; other kinds go as they were.
        let last = if kind == kinds::PODS {
            new
        } else {
            (*old).clone()
        };
        Ok(Deleted::Gone(
            self.store.remove_as(kind, key, last).unwrap_or(old),
        ))
    }

    fn mark(&self, kind: KindId, o: &mut Value, grace: i64) {
        let now = self.now();
        let shorter = o
            .int("/metadata/deletionGracePeriodSeconds")
            .is_none_or(|old| grace < old);
        if shorter {
            o.put("/metadata/deletionTimestamp", stamp(now + grace * SECOND));
            o.put("/metadata/deletionGracePeriodSeconds", grace);
            if crate::defaults::has_generation(kind) {
                o.put(
                    "/metadata/generation",
                    o.int("/metadata/generation").unwrap_or(0) + 1,
                );
            }
        }
        if kind == kinds::NAMESPACES {
            o.put("/status/phase", "Terminating");
        }
    }
}

/// Pods get their grace period unless they never ran or are done.
fn pod_grace(pod: &Value, asked: Option<i64>) -> i64 {
    if pod.text("/spec/nodeName").is_empty()
        || matches!(pod.text("/status/phase"), "Succeeded" | "Failed")
    {
        return 0;
    }
    asked
        .or_else(|| pod.int("/spec/terminationGracePeriodSeconds"))
        .unwrap_or(30)
        .max(0)
}
