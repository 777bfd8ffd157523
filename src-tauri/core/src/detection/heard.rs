//! What open logs tell the engine: errors that containers repeat, for as long as their logs are read, and
//! for a while after with the time until which they were.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::{clock::Clock, incidents::Repeat};

/// What a log has told stays known for so long after it was closed, seconds.
const KEPT: i64 = 1_800;

/// What is heard of the logs of one cluster.
pub(crate) struct Heard {
    clock: Arc<dyn Clock>,
    logs: Mutex<Logs>,
}

#[derive(Default)]
struct Logs {
    next: u64,
    told: BTreeMap<u64, Told>,
}

/// What one log has told.
struct Told {
    repeats: Vec<Repeat>,
    /// When it was looked at last, epoch seconds of this machine.
    at: i64,
    open: bool,
}

/// A log that is read. It is read no more when this is dropped.
pub(crate) struct Hearing {
    heard: Arc<Heard>,
    log: u64,
}

impl Heard {
    pub(super) fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            logs: Mutex::default(),
        }
    }

    /// Begins to hear of a log.
    pub(crate) fn begin(self: &Arc<Self>) -> Hearing {
        let mut logs = self.logs();
        logs.next += 1;
        let log = logs.next;
        let told = Told {
            repeats: Vec::new(),
            at: self.clock.epoch_seconds(),
            open: true,
        };
        logs.told.insert(log, told);
        drop(logs);
        Hearing {
            heard: Arc::clone(self),
            log,
        }
    }

    /// What repeats; of a pattern that several logs tell, what the one tells that knows most.
    pub(super) fn told(&self, skew: i64) -> Vec<Repeat> {
        let now = self.clock.epoch_seconds();
        let mut logs = self.logs();
        logs.told
            .retain(|_, told| told.open || now - told.at <= KEPT);
        let mut best = BTreeMap::new();
        for told in logs.told.values() {
            for repeat in &told.repeats {
                let repeat = Repeat {
                    read_until: (!told.open).then_some(told.at + skew),
                    ..repeat.clone()
                };
                let knows =
                    |repeat: &Repeat| (repeat.read_until.is_none(), repeat.last, repeat.count);
                let key = (
                    repeat.pod.namespace.clone(),
                    repeat.pod.name.clone(),
                    repeat.pod.uid.clone(),
                    repeat.container.clone(),
                    repeat.pattern.clone(),
                );
                let is_best = best
                    .get(&key)
                    .is_none_or(|known| knows(known) < knows(&repeat));
                if is_best {
                    best.insert(key, repeat);
                }
            }
        }
        best.into_values().collect()
    }

    fn logs(&self) -> MutexGuard<'_, Logs> {
        self.logs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Hearing {
    /// What repeats in it now.
    pub(crate) fn tell(&self, repeats: Vec<Repeat>) {
        let at = self.heard.clock.epoch_seconds();
        if let Some(told) = self.heard.logs().told.get_mut(&self.log) {
            (told.repeats, told.at) = (repeats, at);
        }
    }
}

impl Drop for Hearing {
    fn drop(&mut self) {
        let mut logs = self.heard.logs();
        let is_silent = |told: &Told| told.repeats.is_empty();
        if logs.told.get(&self.log).is_some_and(is_silent) {
            logs.told.remove(&self.log);
        } else if let Some(told) = logs.told.get_mut(&self.log) {
            told.open = false;
        }
    }
}
