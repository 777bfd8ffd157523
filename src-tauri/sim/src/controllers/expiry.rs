//! Events are forgotten an hour after they were last seen.

use super::Controller;
use crate::clock::{MINUTE, Millis};
use crate::kinds::EVENTS;
use crate::store::{Change, Key};
use crate::world::World;

/// Sweeps at most this often, so that a busy hour does not cost a sweep per event.
const PAUSE: Millis = MINUTE;

/// Its only key stands for all events.
pub(super) struct Events;

impl Controller for Events {
    fn touched(&mut self, w: &World, change: &Change, keys: &mut Vec<Key>) {
        // The first event starts the sweeping; from then on it keeps its own time.
        if change.kind == EVENTS
            && !change.removed
            && change.before.is_none()
            && w.store.count(EVENTS) == 1
        {
            keys.push(Key::new("", "all"));
        }
        if change.kind == crate::kinds::NAMESPACES
            && change.before.is_none()
            && change.key.name() == "default"
        {
            keys.push(Key::new("", "all"));
        }
    }

    fn reconcile(&mut self, w: &mut World, _: &Key) -> Option<Millis> {
        let now = w.now();
        if w.replaying {
            return None;
        }
        w.expire_events().map(|due| due.max(now + PAUSE))
    }
}
