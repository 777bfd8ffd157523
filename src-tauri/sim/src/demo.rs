//! The demo cluster.

use crate::sim::{Running, Sim, SimOptions};
use crate::{Clock, SimService};

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
    let sim = Sim::new(SimOptions {
        seed,
        clock,
        ..SimOptions::default()
    });
    sim.add_nodes(3);
    let running = sim.start();
    Demo {
        sim,
        _running: running,
    }
}
