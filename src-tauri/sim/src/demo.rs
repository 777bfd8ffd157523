//! The demo cluster: an online shop's production, played from its first day to now, so that ages, revisions, events
//! and failures are what they would be, and then left to live on.

mod build;
mod company;
mod life;
mod problems;
mod workload;

use crate::clock::{DAY, HOUR, MINUTE, Millis};
use crate::controllers::{Engine, node};
use crate::kinds;
use crate::sim::{Machine, Running, Sim, SimOptions, add_machine};
use crate::store::Key;
use crate::world::World;
use crate::{Clock, SimService};
use workload::Workload;

/// How long ago the cluster was set up.
const AGE: Millis = 64 * DAY;

/// A running demo cluster; its controllers end when it is dropped.
#[derive(Debug)]
pub struct Demo {
    sim: Sim,
    _running: Running,
}

impl Demo {
    /// The API server of the demo cluster.
    #[must_use]
    pub fn service(&self) -> SimService {
        self.sim.service()
    }

    /// The cluster itself, for faults and the clock.
    #[must_use]
    pub fn sim(&self) -> &Sim {
        &self.sim
    }
}

/// Builds the demo cluster and sets it going. Call it within a tokio runtime.
#[must_use]
pub fn start(seed: u64) -> Demo {
    start_at(seed, Clock::system())
}

/// As [`start`], with a clock of the caller's.
#[must_use]
pub fn start_at(seed: u64, clock: Clock) -> Demo {
    let now = clock.now();
    // The cluster is furnished as of its first day.
    clock.stand_still_at(now - AGE);
    let sim = Sim::new(SimOptions {
        seed,
        clock,
        ..SimOptions::default()
    });
    let mut engine = Engine::new();
    sim.with(|w| play(w, &mut engine, now));
    engine.add(Box::new(life::Life::new(now)));
    let running = sim.start_with(engine);
    Demo {
        sim,
        _running: running,
    }
}

/// One thing that happened, and when.
type Step = (Millis, Box<dyn FnOnce(&mut World)>);

fn play(w: &mut World, engine: &mut Engine, now: Millis) {
    w.replaying = true;
    w.events.not_before = now - HOUR;
    for i in 0..8u8 {
        let (zone, letter) = if i < 4 {
            ("zone-a", 'a')
        } else {
            ("zone-b", 'b')
        };
        let name = format!("worker-{letter}{}", i % 4 + 1);
        let pool = if i % 4 == 3 { "batch" } else { "general" };
        add_machine(
            w,
            &Machine {
                name: &name,
                address: [10, 20, i / 4, 11 + i % 4],
                cores: 16,
                gib: 64,
                zone,
                pool,
            },
        );
    }
    build::foundations(w);
    let mut steps: Vec<Step> = Vec::new();
    for workload in company::workloads() {
        schedule(workload, now, &mut steps);
    }
    problems::schedule(now, &mut steps);
    for (name, schedule, image, namespace) in company::CRON_JOBS {
        steps.push((
            now - 50 * MINUTE,
            Box::new(move |w| build::cron_job(w, namespace, name, schedule, image, now - 40 * DAY)),
        ));
    }
    steps.sort_by_key(|(at, _)| *at);
    for (at, act) in steps {
        if w.now() < at {
            engine.advance(w, at);
        }
        act(w);
    }
    engine.advance(w, now);
    let nodes: Vec<Key> = w.store.all(kinds::NODES).map(|(k, _)| k.clone()).collect();
    for key in nodes
        .iter()
        .filter(|k| !w.dead_kubelets.contains(k.name()))
        .cloned()
        .collect::<Vec<_>>()
    {
        node::revive(w, &key);
        node::renew(w, key.name());
    }
    w.replaying = false;
    w.events.not_before = 0;
    w.clock.run_from(now);
    engine.wake(w, &[kinds::NODES, kinds::AUTOSCALERS, kinds::NAMESPACES]);
}

/// The life of a workload: first release, later ones, and the one that runs.
fn schedule(workload: Workload, now: Millis, steps: &mut Vec<Step>) {
    let born = now - workload.age_days * DAY;
    let latest = now - workload.released_hours.min(workload.age_days * 24) * HOUR;
    let releases = i64::try_from(workload.older.len()).unwrap_or(0);
    let mut at = born;
    for (i, tag) in workload.older.clone().into_iter().enumerate() {
        let w2 = workload.clone();
        steps.push((
            at,
            Box::new(move |w| {
                if i == 0 {
                    build::first(w, &w2, tag)
                } else {
                    build::release(w, &w2, tag, 0)
                }
            }),
        ));
        at += (latest - born) / releases.max(1);
    }
    let fresh = workload.older.is_empty();
    steps.push((
        latest.max(born),
        Box::new(move |w| {
            if fresh {
                build::first(w, &workload, workload.tag);
            }
            build::release(w, &workload, workload.tag, workload.replicas);
        }),
    ));
}
