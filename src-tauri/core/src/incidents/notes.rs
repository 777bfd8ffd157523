//! What a judgement has read, so that it holds until one of that changes.

use std::ops::{BitOr, BitOrAssign};

use super::snapshot::Kind;

/// A set of kinds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Kinds(u64);

impl Kinds {
    /// Every kind.
    pub(super) const ALL: Self = Self(u64::MAX);
    /// Pods that no controller has made: workloads of their own.
    pub(super) const BARE_PODS: Self = Self(1 << 63);

    /// One kind.
    pub(super) fn of(kind: Kind) -> Self {
        Self(1 << kind as u64)
    }

    /// Whether some kind is in both.
    pub(super) fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

impl BitOr for Kinds {
    type Output = Self;
    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl BitOrAssign for Kinds {
    fn bitor_assign(&mut self, other: Self) {
        self.0 |= other.0;
    }
}

/// What was read to come to a judgement about one namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Notes {
    /// Kinds read in the namespace itself.
    pub here: Kinds,
    /// Kinds read elsewhere.
    pub abroad: Kinds,
    /// From this time on the judgement may be another though nothing changes; cluster time.
    pub due: i64,
    /// Whether it was read who calls whom.
    pub calls: bool,
    /// Whether symptoms found before were read.
    pub earlier: bool,
}

impl Notes {
    /// Nothing was read.
    pub(super) const NONE: Self = Self {
        here: Kinds(0),
        abroad: Kinds(0),
        due: i64::MAX,
        calls: false,
        earlier: false,
    };

    /// Both were read.
    pub(super) fn and(self, other: Self) -> Self {
        Self {
            here: self.here | other.here,
            abroad: self.abroad | other.abroad,
            due: self.due.min(other.due),
            calls: self.calls || other.calls,
            earlier: self.earlier || other.earlier,
        }
    }

    /// The same, read from another namespace.
    pub(super) fn read_elsewhere(self) -> Self {
        Self {
            here: Kinds(0),
            abroad: self.abroad | self.here,
            ..self
        }
    }
}
