//! Shared values: what many objects repeat is kept once.
//!
//! Ten thousand pods name a few hundred images, nodes and labels. A pool hands out the copy it
//! already has; a copy that nobody else holds is dropped at the next sweep. It knows nothing of
//! what it keeps.

use std::{
    hash::{BuildHasher, Hash},
    sync::{Arc, Mutex, PoisonError},
};

use hashbrown::{DefaultHashBuilder, HashTable};

/// Decoders of several clusters run side by side; this many of them do not wait for each other.
const SHARDS: usize = 16;
/// A shard this small is never swept.
const SMALL: usize = 256;

/// A handle that tells whether the pool is its only holder.
pub(super) trait Handle: Clone {
    /// What the values are told apart by.
    type Value: ?Sized + Hash + Eq;

    /// The value.
    fn value(&self) -> &Self::Value;
    /// Whether nobody else holds it.
    fn is_alone(&self) -> bool;
}

impl<T: ?Sized + Hash + Eq> Handle for Arc<T> {
    type Value = T;

    fn value(&self) -> &T {
        self
    }

    fn is_alone(&self) -> bool {
        Self::strong_count(self) == 1
    }
}

/// One copy of each value.
pub(super) struct Pool<H: Handle> {
    shards: [Mutex<Shard<H>>; SHARDS],
    /// A good part of decoding is hashing short words, so it is a quick one; seeded, as words come from outside.
    hasher: DefaultHashBuilder,
}

struct Shard<H> {
    table: HashTable<H>,
    sweep_at: usize,
}

impl<H: Handle> Pool<H> {
    pub(super) fn new() -> Self {
        Self {
            shards: std::array::from_fn(|_| {
                Mutex::new(Shard {
                    table: HashTable::new(),
                    sweep_at: SMALL,
                })
            }),
            hasher: DefaultHashBuilder::default(),
        }
    }

    /// The pool's copy of a value that is already made.
    pub(super) fn keep(&self, made: &H) -> H {
        self.share(made.value(), || made.clone())
    }

    /// The pool's copy of `value`, made by `make` when there is none.
    pub(super) fn share(&self, value: &H::Value, make: impl FnOnce() -> H) -> H {
        let hash = self.hasher.hash_one(value);
        // The table uses the low and the top bits; the ones between choose the shard.
        let index = usize::try_from((hash >> 32) % SHARDS as u64).unwrap_or_default();
        let mut shard = self.shards[index]
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(there) = shard.table.find(hash, |handle| handle.value() == value) {
            return there.clone();
        }
        if shard.table.len() >= shard.sweep_at {
            shard.table.retain(|handle| !handle.is_alone());
            shard.sweep_at = (shard.table.len() * 2).max(SMALL);
        }
        let made = make();
        let rehash = |handle: &H| self.hasher.hash_one(handle.value());
        shard.table.insert_unique(hash, made.clone(), rehash);
        made
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        let count = |shard: &Mutex<Shard<H>>| shard.lock().unwrap().table.len();
        self.shards.iter().map(count).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_copy_is_kept_and_unused_ones_are_swept() {
        let pool = Pool::<Arc<str>>::new();
        let first = pool.share("node-1", || "node-1".into());
        let second = pool.share("node-1", || unreachable!("it is there"));
        assert!(Arc::ptr_eq(&first, &second));

        for name in 0..100_000 {
            let name = name.to_string();
            pool.share(&name, || name.as_str().into());
        }
        assert!(pool.len() <= 2 * SHARDS * SMALL, "{}", pool.len());
        let third = pool.share("node-1", || unreachable!("it is still held"));
        assert!(Arc::ptr_eq(&first, &third));
    }
}
