//! The control loops: each looks at one object at a time when something near it changed or its time has come.
//! Nothing polls; an idle cluster costs a heartbeat every few seconds.

mod autoscaler;
mod binder;
mod cronjob;
mod daemonset;
mod deployment;
mod disruption;
mod endpoints;
mod expiry;
mod garbage;
mod job;
pub(crate) mod kubelet;
mod namespace;
pub(crate) mod node;
mod pods;
mod replicaset;
pub(crate) mod scheduler;
mod statefulset;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::api::Shared;
use crate::clock::Millis;
use crate::kinds::KindId;
use crate::store::{Change, Key};
use crate::world::World;

/// One control loop.
pub(crate) trait Controller: Send {
    /// Which of its keys a change concerns.
    fn touched(&mut self, w: &World, change: &Change, keys: &mut Vec<Key>);

    /// Looks at one key; returns when to look again even if nothing changes.
    fn reconcile(&mut self, w: &mut World, key: &Key) -> Option<Millis>;
}

struct Loop {
    controller: Box<dyn Controller>,
    queue: BTreeSet<Key>,
    due: BTreeMap<Key, Millis>,
    by_time: BTreeSet<(Millis, Key)>,
}

impl Loop {
    fn schedule(&mut self, key: &Key, at: Option<Millis>) {
        if let Some(old) = self.due.remove(key) {
            self.by_time.remove(&(old, key.clone()));
        }
        if let Some(at) = at {
            self.due.insert(key.clone(), at);
            self.by_time.insert((at, key.clone()));
        }
    }

    fn take_due(&mut self, now: Millis) {
        while let Some((at, key)) = self.by_time.first().filter(|(at, _)| *at <= now).cloned() {
            self.by_time.remove(&(at, key.clone()));
            self.due.remove(&key);
            self.queue.insert(key);
        }
    }
}

/// All control loops of a cluster and how far they have followed its changes.
pub(crate) struct Engine {
    loops: Vec<Loop>,
    seen: u64,
    started: bool,
}

/// A pass that does more than this is a loop that fights itself; it pauses and goes on with the next wake-up.
const PASS_LIMIT: usize = 200_000;

impl Engine {
    pub(crate) fn new() -> Self {
        let controllers: Vec<Box<dyn Controller>> = vec![
            Box::new(namespace::Namespaces),
            Box::new(garbage::Garbage),
            Box::new(node::Nodes::default()),
            Box::new(cronjob::CronJobs),
            Box::new(job::Jobs::default()),
            Box::new(autoscaler::Autoscalers::default()),
            Box::new(deployment::Deployments),
            Box::new(statefulset::StatefulSets),
            Box::new(daemonset::DaemonSets),
            Box::new(replicaset::ReplicaSets::default()),
            Box::new(binder::Binder),
            Box::new(scheduler::Scheduler::default()),
            Box::new(kubelet::Kubelet::default()),
            Box::new(endpoints::Endpoints),
            Box::new(disruption::Budgets),
            Box::new(expiry::Events),
        ];
        let loops = controllers
            .into_iter()
            .map(|controller| Loop {
                controller,
                queue: BTreeSet::new(),
                due: BTreeMap::new(),
                by_time: BTreeSet::new(),
            })
            .collect();
        Self {
            loops,
            seen: 0,
            started: false,
        }
    }

    /// Adds a loop of the caller's.
    pub(crate) fn add(&mut self, controller: Box<dyn Controller>) {
        self.loops.push(Loop {
            controller,
            queue: BTreeSet::new(),
            due: BTreeMap::new(),
            by_time: BTreeSet::new(),
        });
    }

    /// Has every object of these kinds looked at again.
    pub(crate) fn wake(&mut self, w: &World, kinds: &[KindId]) {
        let mut keys = Vec::new();
        for kind in kinds {
            for (key, o) in w.store.all(*kind) {
                let change = Change {
                    revision: self.seen,
                    kind: *kind,
                    key: key.clone(),
                    before: None,
                    object: Arc::clone(o),
                    removed: false,
                };
                for l in &mut self.loops {
                    l.controller.touched(w, &change, &mut keys);
                    l.queue.extend(keys.drain(..));
                }
            }
        }
    }

    /// Works until nothing is left to do at this moment.
    pub(crate) fn settle(&mut self, w: &mut World) {
        let now = w.now();
        for l in &mut self.loops {
            l.take_due(now);
        }
        let mut done = 0;
        while done < PASS_LIMIT {
            self.follow(w);
            let Some(l) = self.loops.iter_mut().find(|l| !l.queue.is_empty()) else {
                return;
            };
            // The whole queue of one loop at once: a Deployment looks once at all its pods' changes.
            for key in std::mem::take(&mut l.queue) {
                let again = l.controller.reconcile(w, &key);
                l.schedule(&key, again);
                done += 1;
            }
        }
    }

    pub(crate) fn next_due(&self) -> Option<Millis> {
        self.loops
            .iter()
            .filter_map(|l| l.by_time.first().map(|(at, _)| *at))
            .min()
    }

    /// Lets time pass without waiting for it: every loop acts at the moment it would have acted.
    pub(crate) fn advance(&mut self, w: &mut World, until: Millis) {
        self.settle(w);
        while let Some(at) = self.next_due().filter(|at| *at <= until) {
            w.clock.stand_still_at(at.max(w.now()));
            self.settle(w);
        }
        w.clock.stand_still_at(until);
        self.settle(w);
    }

    /// Tells every loop what changed since the last time.
    fn follow(&mut self, w: &World) {
        if !self.started || self.seen < w.store.compacted() {
            self.start_over(w);
        }
        let mut keys = Vec::new();
        for change in w.store.since(self.seen) {
            for l in &mut self.loops {
                l.controller.touched(w, change, &mut keys);
                l.queue.extend(keys.drain(..));
            }
        }
        self.seen = w.store.revision();
    }

    fn start_over(&mut self, w: &World) {
        self.started = true;
        self.seen = w.store.revision();
        let kinds: Vec<KindId> = w
            .kinds
            .iter()
            .filter(|(_, k)| k.stored())
            .map(|(id, _)| id)
            .collect();
        self.wake(w, &kinds);
    }
}

/// Runs the loops of a live cluster; ends when its task is dropped.
pub(crate) async fn run(shared: Arc<Shared>, mut engine: Engine) {
    let mut changed = shared.subscribe();
    loop {
        changed.borrow_and_update();
        let (clock, due) = shared.with(|w| {
            engine.settle(w);
            (w.clock.clone(), engine.next_due())
        });
        // What the loops wrote themselves they have already followed.
        if *changed.borrow() == engine.seen {
            changed.borrow_and_update();
        }
        let pause = due.map_or(std::time::Duration::from_secs(3600), |at| clock.until(at));
        tokio::select! {
            result = changed.changed() => if result.is_err() { return },
            () = tokio::time::sleep(pause) => {}
        }
    }
}
