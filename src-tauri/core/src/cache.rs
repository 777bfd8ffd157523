//! Answers of single reads, kept for a moment: at most 10,000, the one unused longest goes first.
//!
//! Kinds that are watched are not read from here but from their mirror. Every key carries its
//! cluster, so that no cluster's data is ever taken for another's.

use std::{
    num::NonZeroUsize,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use kubegraf_ipc::inspect::ReadCache;
use lru::LruCache;
use serde_json::Value;
use tokio::time::Instant;

/// Entries at most.
const CAPACITY: NonZeroUsize = NonZeroUsize::new(10_000).expect("it is not zero");
/// Bytes of answers at most, so that a few huge objects cannot fill the memory.
const MAX_BYTES: u64 = 64 * 1024 * 1024;

/// What was read, of which cluster.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    /// Id of the cluster.
    pub(crate) cluster: String,
    /// Path of the request.
    pub(crate) path: String,
}

/// An answer.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    /// What the server said.
    pub(crate) value: Arc<Value>,
    /// When, epoch seconds.
    pub(crate) at: i64,
    bytes: u64,
    until: Instant,
}

impl Kept {
    /// An answer of that many bytes, given at `at` (epoch seconds), good for a while.
    pub(crate) fn new(value: Arc<Value>, at: i64, bytes: u64, life: Duration) -> Self {
        Self {
            value,
            at,
            bytes,
            until: Instant::now() + life,
        }
    }
}

/// The answers.
pub(crate) struct Cache(Mutex<Held>);

struct Held {
    entries: LruCache<Key, Kept>,
    figures: ReadCache,
}

impl Default for Cache {
    fn default() -> Self {
        Self::of(CAPACITY)
    }
}

impl Cache {
    fn of(capacity: NonZeroUsize) -> Self {
        let figures = ReadCache {
            capacity: u32::try_from(capacity.get()).unwrap_or(u32::MAX),
            ..ReadCache::default()
        };
        Self(Mutex::new(Held {
            entries: LruCache::new(capacity),
            figures,
        }))
    }

    /// How long an answer about a kind (plural) is good.
    pub(crate) fn life(plural: &str) -> Duration {
        Duration::from_secs(match plural {
            "namespaces" => 300,
            "configmaps" => 120,
            "pods" | "deployments" => 30,
            _ => 60,
        })
    }

    /// A fresh answer.
    pub(crate) fn get(&self, key: &Key) -> Option<Kept> {
        let mut held = self.held();
        let fresh = held
            .entries
            .get(key)
            .filter(|kept| kept.until > Instant::now())
            .cloned();
        if fresh.is_some() {
            held.figures.hits += 1;
        } else {
            held.figures.misses += 1;
            held.remove(key);
        }
        fresh
    }

    /// Keeps an answer.
    pub(crate) fn put(&self, key: Key, kept: Kept) {
        let mut held = self.held();
        held.remove(&key);
        held.figures.bytes += kept.bytes;
        if let Some((_, pushed)) = held.entries.push(key, kept) {
            held.figures.bytes -= pushed.bytes;
            held.figures.evictions += 1;
        }
        while held.figures.bytes > MAX_BYTES
            && let Some((_, pushed)) = held.entries.pop_lru()
        {
            held.figures.bytes -= pushed.bytes;
            held.figures.evictions += 1;
        }
    }

    /// Forgets one answer: the refresh button.
    pub(crate) fn forget(&self, key: &Key) {
        let mut held = self.held();
        if held.remove(key) {
            held.figures.invalidations += 1;
        }
    }

    /// Forgets what is known of a cluster: something was changed there.
    pub(crate) fn forget_cluster(&self, cluster: &str) {
        let mut held = self.held();
        let keys: Vec<Key> = held
            .entries
            .iter()
            .map(|(key, _)| key)
            .filter(|key| key.cluster == cluster)
            .cloned()
            .collect();
        for key in keys {
            held.remove(&key);
            held.figures.invalidations += 1;
        }
    }

    /// Forgets everything: a switch.
    pub(crate) fn clear(&self) {
        let mut held = self.held();
        held.figures.invalidations += held.entries.len() as u64;
        held.entries.clear();
        held.figures.bytes = 0;
    }

    /// The figures now.
    pub(crate) fn figures(&self) -> ReadCache {
        let held = self.held();
        ReadCache {
            entries: u32::try_from(held.entries.len()).unwrap_or(u32::MAX),
            ..held.figures.clone()
        }
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    fn remove(&mut self, key: &Key) -> bool {
        let removed = self.entries.pop(key);
        if let Some(kept) = &removed {
            self.figures.bytes -= kept.bytes;
        }
        removed.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(cluster: &str, path: &str) -> Key {
        Key {
            cluster: cluster.into(),
            path: path.into(),
        }
    }

    fn put(cache: &Cache, key: Key, bytes: u64, plural: &str) {
        let kept = Kept::new(Arc::new(Value::Null), 7, bytes, Cache::life(plural));
        cache.put(key, kept);
    }

    /// Covers: CAC-01, CAC-02
    #[tokio::test(start_paused = true)]
    async fn answers_are_good_for_the_time_of_their_kind() {
        let cache = Cache::default();
        assert_eq!(cache.figures().capacity, 10_000);
        for (plural, seconds) in [
            ("pods", 30),
            ("deployments", 30),
            ("configmaps", 120),
            ("namespaces", 300),
        ] {
            put(&cache, key("a", plural), 1, plural);
            tokio::time::advance(Duration::from_secs(seconds - 1)).await;
            assert!(cache.get(&key("a", plural)).is_some(), "{plural}");
            tokio::time::advance(Duration::from_secs(1)).await;
            assert!(cache.get(&key("a", plural)).is_none(), "{plural}");
        }
        assert_eq!((cache.figures().entries, cache.figures().bytes), (0, 0));
    }

    /// Covers: CAC-01, CAC-03, CAC-11
    #[tokio::test]
    async fn the_longest_unused_goes_first_and_clusters_do_not_mix() {
        let cache = Cache::of(NonZeroUsize::new(2).unwrap());
        put(&cache, key("a", "/x"), 10, "pods");
        put(&cache, key("b", "/x"), 20, "pods");
        assert!(cache.get(&key("a", "/x")).is_some());
        put(&cache, key("c", "/x"), 5, "pods");
        assert!(cache.get(&key("b", "/x")).is_none());
        let figures = cache.figures();
        assert_eq!(
            (figures.entries, figures.bytes, figures.evictions),
            (2, 15, 1)
        );
        assert_eq!((figures.hits, figures.misses), (1, 1));
    }

    /// Covers: CAC-07, CAC-09
    #[tokio::test]
    async fn a_change_a_refresh_and_a_switch_forget() {
        let cache = Cache::default();
        for path in ["/x", "/y", "/z"] {
            put(&cache, key("a", path), 1, "pods");
            put(&cache, key("b", path), 1, "pods");
        }
        cache.forget(&key("a", "/x"));
        assert_eq!(cache.figures().entries, 5);
        cache.forget_cluster("a");
        assert_eq!(cache.figures().entries, 3);
        assert!(cache.get(&key("b", "/y")).is_some());
        cache.clear();
        let figures = cache.figures();
        assert_eq!(
            (figures.entries, figures.bytes, figures.invalidations),
            (0, 0, 6)
        );
    }

    #[tokio::test]
    async fn a_few_huge_answers_cannot_fill_the_memory() {
        let cache = Cache::default();
        for n in 0..10 {
            put(&cache, key("a", &n.to_string()), MAX_BYTES / 4, "pods");
        }
        assert!(cache.figures().bytes <= MAX_BYTES, "{:?}", cache.figures());
        assert_eq!(cache.figures().entries, 4);
    }
}
