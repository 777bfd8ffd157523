//! Which slot of a grid shows which row. A slot is an element that stays: a row keeps its slot for as long as it is
//! drawn, and another row takes it over afterwards. Nothing is made or thrown away while one scrolls, but slots do
//! not stand in the order of their rows: the rows' numbers say it.

use std::collections::HashMap;

/// What a slot shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Shows {
    /// Nothing: it waits for a row.
    #[default]
    Nothing,
    /// The place of a row that has not come.
    Bones {
        /// The place in the filtered and sorted set.
        index: u64,
    },
    /// A row.
    Row {
        /// Which one.
        uid: String,
        /// Its place in the filtered and sorted set.
        index: u64,
    },
}

impl Shows {
    /// The place, if there is one.
    #[must_use]
    pub const fn index(&self) -> Option<u64> {
        match self {
            Self::Nothing => None,
            Self::Bones { index } | Self::Row { index, .. } => Some(*index),
        }
    }

    /// The row, if it is one.
    #[must_use]
    pub fn uid(&self) -> Option<&str> {
        match self {
            Self::Row { uid, .. } => Some(uid),
            Self::Nothing | Self::Bones { .. } => None,
        }
    }

    /// Whether the row has not come.
    #[must_use]
    pub const fn is_bones(&self) -> bool {
        matches!(self, Self::Bones { .. })
    }
}

/// The slots of a grid, as many as it has ever drawn rows at once.
#[derive(Debug, Default)]
pub struct Slots(Vec<Shows>);

impl Slots {
    /// Gives each of `wanted` a slot. Answers the slots that show something else than before, the new ones last.
    pub fn assign(&mut self, wanted: Vec<Shows>) -> Vec<(usize, Shows)> {
        let held: HashMap<Key<'_>, usize> = self
            .0
            .iter()
            .enumerate()
            .filter_map(|(slot, shows)| Some((Key::of(shows)?, slot)))
            .collect();
        let mut next: Vec<Option<Shows>> = vec![None; self.0.len()];
        let mut homeless = Vec::new();
        let mut kept = Vec::with_capacity(wanted.len());
        for shows in wanted {
            match Key::of(&shows).and_then(|key| held.get(&key)) {
                Some(slot) => kept.push((*slot, shows)),
                None => homeless.push(shows),
            }
        }
        drop(held);
        for (slot, shows) in kept {
            debug_assert!(next[slot].is_none(), "a row is wanted twice");
            next[slot] = Some(shows);
        }
        let mut homeless = homeless.into_iter();
        for slot in next.iter_mut().filter(|slot| slot.is_none()) {
            *slot = homeless.next();
        }
        let mut changed = Vec::new();
        for (slot, (shows, next)) in self.0.iter_mut().zip(next).enumerate() {
            let next = next.unwrap_or_default();
            if *shows != next {
                shows.clone_from(&next);
                changed.push((slot, next));
            }
        }
        for shows in homeless {
            changed.push((self.0.len(), shows.clone()));
            self.0.push(shows);
        }
        changed
    }
}

/// What makes two wishes one.
#[derive(PartialEq, Eq, Hash)]
enum Key<'a> {
    Row(&'a str),
    Bones(u64),
}

impl<'a> Key<'a> {
    fn of(shows: &'a Shows) -> Option<Self> {
        match shows {
            Shows::Nothing => None,
            Shows::Bones { index } => Some(Self::Bones(*index)),
            Shows::Row { uid, .. } => Some(Self::Row(uid)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(uid: &str, index: u64) -> Shows {
        let uid = uid.to_owned();
        Shows::Row { uid, index }
    }

    #[test]
    fn a_row_keeps_its_slot_and_a_new_one_takes_a_free_one() {
        let mut slots = Slots::default();
        let changed = slots.assign(vec![row("a", 0), row("b", 1), row("c", 2)]);
        assert_eq!(
            changed,
            [(0, row("a", 0)), (1, row("b", 1)), (2, row("c", 2))]
        );
        let changed = slots.assign(vec![row("b", 1), row("c", 2), row("d", 3)]);
        assert_eq!(
            changed,
            [(0, row("d", 3))],
            "one step down touches one slot"
        );
        let changed = slots.assign(vec![row("e", 0), row("b", 1), row("c", 2), row("d", 3)]);
        assert_eq!(changed, [(3, row("e", 0))], "one more needs a new slot");
    }

    #[test]
    fn a_row_that_moves_only_moves() {
        let mut slots = Slots::default();
        slots.assign(vec![row("a", 0), row("b", 1)]);
        assert_eq!(
            slots.assign(vec![row("b", 0), row("a", 1)]),
            [(0, row("a", 1)), (1, row("b", 0))]
        );
        assert_eq!(slots.assign(vec![row("b", 0), row("a", 1)]), []);
    }

    #[test]
    fn what_has_not_come_has_a_slot_and_what_is_not_wanted_leaves_its_own() {
        let bones = |index| Shows::Bones { index };
        let mut slots = Slots::default();
        slots.assign(vec![row("a", 0), row("b", 1)]);
        assert_eq!(
            slots.assign(vec![bones(7), bones(8)]),
            [(0, bones(7)), (1, bones(8))]
        );
        assert_eq!(slots.assign(vec![bones(8), bones(9)]), [(0, bones(9))]);
        assert_eq!(
            slots.assign(vec![row("c", 8)]),
            [(0, row("c", 8)), (1, Shows::Nothing)]
        );
        assert_eq!(slots.assign(Vec::new()), [(0, Shows::Nothing)]);
    }
}
