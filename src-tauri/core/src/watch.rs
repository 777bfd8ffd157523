//! Watches: one per (cluster, kind), shared by everyone who reads that kind.
//!
//! The first subscriber starts it, the last one to leave ends it. What arrives is kept in a
//! [`Mirror`] with one writer and many readers. Nothing here knows filters, windows or incidents.

mod broken;
mod listed;
mod mirror;
mod reflector;
mod rowset;
mod source;

use std::{
    any::{Any, TypeId},
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, Weak},
};

use kube::Client;
use reflector::Reflector;
use tokio::sync::watch;

pub use listed::{CellRef, Listed, SEPARATOR};
pub use mirror::{Fields, Mirror, Rows, Snapshot};

use crate::{clock::Clock, kinds::Kind, objects::Object, task::TaskGuard};

/// The watches of one cluster.
#[derive(Clone)]
pub struct Watches {
    client: Client,
    clock: Arc<dyn Clock>,
    namespaces: watch::Receiver<Vec<String>>,
    running: Arc<Mutex<HashMap<TypeId, Weak<dyn Running>>>>,
}

/// A watch that runs, whatever its kind.
trait Running: Any + Send + Sync {
    /// The kind's plural, and how many objects are held.
    fn held(&self) -> (&'static str, usize);
}

impl<K: Kind> Running for Subscription<K> {
    fn held(&self) -> (&'static str, usize) {
        (K::Object::PLURAL, self.mirror.len())
    }
}

/// A subscription: the mirror, and the watch that fills it for as long as someone holds this.
pub struct Subscription<K: Kind> {
    mirror: Mirror<K>,
    _watch: TaskGuard,
}

impl Watches {
    /// No watch runs yet.
    pub fn new(client: Client, clock: Arc<dyn Clock>) -> Self {
        let (_, namespaces) = watch::channel(Vec::new());
        Self {
            client,
            clock,
            namespaces,
            running: Arc::default(),
        }
    }

    /// Where a user who may not list the whole cluster is to be shown objects instead. A change of
    /// the list is followed.
    #[must_use]
    pub fn with_namespaces(mut self, namespaces: watch::Receiver<Vec<String>>) -> Self {
        self.namespaces = namespaces;
        self
    }

    /// Joins the watch of a kind, or starts it.
    pub fn subscribe<K: Kind>(&self) -> Arc<Subscription<K>> {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.retain(|_, watch| watch.strong_count() > 0);
        let shared = running
            .get(&TypeId::of::<K>())
            .and_then(Weak::upgrade)
            .map(|shared| shared as Arc<dyn Any + Send + Sync>)
            .and_then(|shared| shared.downcast::<Subscription<K>>().ok());
        if let Some(shared) = shared {
            return shared;
        }
        let (mirror, writer) = mirror::pair::<K>();
        let reflector = Reflector {
            client: self.client.clone(),
            writer: Mutex::new(writer),
            clock: Arc::clone(&self.clock),
            namespaces: self.namespaces.clone(),
        };
        let subscription = Arc::new(Subscription {
            mirror,
            _watch: TaskGuard::spawn(reflector.run()),
        });
        let shared: Arc<dyn Running> = Arc::clone(&subscription) as _;
        running.insert(TypeId::of::<K>(), Arc::downgrade(&shared));
        subscription
    }

    /// The kinds (plural) that are watched, with the number of objects held of each.
    #[must_use]
    pub fn held(&self) -> Vec<(&'static str, usize)> {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let watches: Vec<_> = running.values().filter_map(Weak::upgrade).collect();
        // The last subscriber may have left meanwhile: ending a watch must not meet this lock.
        drop(running);
        let mut held: Vec<_> = watches.iter().map(|watch| watch.held()).collect();
        held.sort_unstable();
        held
    }

    /// How many watches run: what a leak test counts.
    #[must_use]
    pub fn running(&self) -> usize {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        running
            .values()
            .filter(|watch| watch.strong_count() > 0)
            .count()
    }
}

impl<K: Kind> std::ops::Deref for Subscription<K> {
    type Target = Mirror<K>;

    fn deref(&self) -> &Mirror<K> {
        &self.mirror
    }
}
