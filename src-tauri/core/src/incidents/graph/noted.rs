//! What a look at the graph has read, and until when it holds: noted by the look-ups themselves.

use super::Graph;
use crate::incidents::notes::{Kinds, Notes};

impl Graph<'_> {
    /// Notes what a look from another or the same namespace has read.
    pub(in super::super) fn note(&self, namespace: &str, notes: Notes) {
        let same = self
            .here
            .get()
            .is_some_and(|here| self.districts[here].namespace == namespace);
        let notes = if same { notes } else { notes.read_elsewhere() };
        self.notes.set(self.notes.get().and(notes));
    }

    /// Notes that objects of a kind in a namespace were read.
    pub(super) fn read(&self, kinds: Kinds, namespace: &str) {
        let notes = Notes {
            here: kinds,
            ..Notes::NONE
        };
        self.note(namespace, notes);
    }

    /// Notes that objects of every namespace were read.
    pub(super) fn read_abroad(&self, kinds: Kinds) {
        let notes = Notes {
            abroad: kinds,
            ..Notes::NONE
        };
        self.notes.set(self.notes.get().and(notes));
    }
    /// The newest cluster time. A judgement that asks for it holds for this second only; see
    /// [`Graph::passed`].
    #[must_use]
    pub fn now(&self) -> i64 {
        self.due(self.snapshot.now + 1);
        self.snapshot.now
    }

    /// Whether at least so many seconds have passed since.
    #[must_use]
    pub(in super::super) fn passed(&self, since: i64, seconds: i64) -> bool {
        let at = since.saturating_add(seconds);
        let passed = self.snapshot.now >= at;
        if !passed {
            self.due(at);
        }
        passed
    }

    fn due(&self, at: i64) {
        let notes = Notes {
            due: at,
            ..Notes::NONE
        };
        self.notes.set(self.notes.get().and(notes));
    }

    /// Notes that earlier symptoms were read.
    pub(in super::super) fn read_earlier(&self) {
        let notes = Notes {
            earlier: true,
            ..Notes::NONE
        };
        self.notes.set(self.notes.get().and(notes));
    }
}
