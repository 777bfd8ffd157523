//! Watches: one per (cluster, kind), shared by everyone who reads that kind.
//!
//! The first subscriber starts it, the last one to leave ends it. What arrives is kept in a
//! [`Mirror`] with one writer and many readers. Nothing here knows filters, windows or incidents.

mod mirror;
mod reflector;

use std::{
    any::{Any, TypeId},
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, Weak},
};

use kube::Client;

pub use mirror::{Listed, Mirror, Rows};

use crate::{clock::Clock, kinds::Kind, task::TaskGuard};

/// The watches of one cluster.
#[derive(Clone)]
pub struct Watches {
    client: Client,
    clock: Arc<dyn Clock>,
    running: Arc<Mutex<HashMap<TypeId, Weak<dyn Any + Send + Sync>>>>,
}

/// A subscription: the mirror, and the watch that fills it for as long as someone holds this.
pub struct Subscription<K: Kind> {
    mirror: Mirror<K>,
    _watch: TaskGuard,
}

impl Watches {
    /// No watch runs yet.
    pub fn new(client: Client, clock: Arc<dyn Clock>) -> Self {
        Self {
            client,
            clock,
            running: Arc::default(),
        }
    }

    /// Joins the watch of a kind, or starts it.
    pub fn subscribe<K: Kind>(&self) -> Arc<Subscription<K>> {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.retain(|_, watch| watch.strong_count() > 0);
        let shared = running
            .get(&TypeId::of::<K>())
            .and_then(Weak::upgrade)
            .and_then(|shared| shared.downcast::<Subscription<K>>().ok());
        if let Some(shared) = shared {
            return shared;
        }
        let (mirror, writer) = mirror::pair::<K>();
        let run = reflector::run(self.client.clone(), writer, Arc::clone(&self.clock));
        let subscription = Arc::new(Subscription {
            mirror,
            _watch: TaskGuard::spawn(run),
        });
        let shared: Arc<dyn Any + Send + Sync> = Arc::clone(&subscription) as _;
        running.insert(TypeId::of::<K>(), Arc::downgrade(&shared));
        subscription
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
