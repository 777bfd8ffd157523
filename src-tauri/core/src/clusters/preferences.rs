//! What a person has decided about clusters: files added, programs allowed, clusters protected,
//! namespaces chosen. Kept in the store, read from memory.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use serde::{Deserialize, Serialize};

use crate::{
    clock::Clock,
    store::{self, Store},
};

const KEY: &str = "clusters";

/// The decisions.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Decided {
    /// Kubeconfigs added in the app.
    pub(crate) kubeconfigs: Vec<PathBuf>,
    /// Hashes of programs for credentials that may run.
    pub(crate) allowed: BTreeSet<String>,
    /// Ids of protected clusters.
    pub(crate) protected: BTreeSet<String>,
    /// Namespaces chosen, per cluster id.
    pub(crate) namespaces: BTreeMap<String, Vec<String>>,
}

/// The decisions and where they are kept.
pub struct Preferences {
    store: Store,
    clock: Arc<dyn Clock>,
    decided: Mutex<Decided>,
    writing: tokio::sync::Mutex<()>,
}

impl Preferences {
    /// Reads what was decided earlier.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn load(store: Store, clock: Arc<dyn Clock>) -> store::Result<Self> {
        let decided = store.setting(KEY).await?.unwrap_or_default();
        Ok(Self {
            store,
            clock,
            decided: Mutex::new(decided),
            writing: tokio::sync::Mutex::default(),
        })
    }

    /// Reads it anew: the store holds another state.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(crate) async fn recall(&self) -> store::Result<()> {
        let _one_at_a_time = self.writing.lock().await;
        let decided = self.store.setting(KEY).await?.unwrap_or_default();
        *self.decided.lock().unwrap_or_else(PoisonError::into_inner) = decided;
        Ok(())
    }

    /// All of it.
    pub(crate) fn decided(&self) -> Decided {
        self.decided
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Decides something: it counts once it is written down.
    pub(crate) async fn decide(&self, change: impl FnOnce(&mut Decided)) -> store::Result<()> {
        let _one_at_a_time = self.writing.lock().await;
        let mut decided = self.decided();
        change(&mut decided);
        let now = self.clock.epoch_seconds();
        self.store.set_setting(KEY, &decided, now).await?;
        *self.decided.lock().unwrap_or_else(PoisonError::into_inner) = decided;
        Ok(())
    }
}
