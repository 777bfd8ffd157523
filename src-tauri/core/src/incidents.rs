//! The incident engine: what is broken, why, what proves it, and what heals it.
//!
//! `evaluate` is a pure function from a [`Snapshot`] to ranked [`Found`] incidents; [`Judge`] gives the
//! same answer again and again for what a change costs; [`Ledger`] gives incidents ids and a life. Neither knows clients, watches, clocks or the store: time is an argument,
//! and the same input gives the same bytes. Detectors, causes, message families, propagation rows and
//! actions are lists; adding one is one row or one small file.

mod actions;
mod barriers;
mod calls;
mod causes;
mod confidence;
mod containers;
mod cover;
mod detectors;
mod district;
mod evidence;
mod experience;
mod fingerprint;
mod fit;
mod found;
mod graph;
mod image;
mod judge;
mod ledger;
mod links;
mod list;
mod logs;
mod markdown;
mod messages;
mod nearest;
mod notes;
mod policies;
mod probes;
mod quotas;
mod ranking;
mod refs;
mod remarks;
mod repeats;
mod rights;
mod routes;
mod severity;
mod signal;
mod similar;
mod snapshot;
mod workloads;

#[cfg(test)]
mod catalogue;
#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod scenarios;

pub use actions::{ACTIONS, Action};
pub use causes::{Class, RULES, Rule};
pub use detectors::{DETECTORS, Detector, Earlier};
pub use experience::{Experience, Said, Tried};
pub use fingerprint::of as fingerprint;
pub use found::{Found, evaluate};
pub use graph::Graph;
pub use judge::Judge;
pub use ledger::{Ledger, Quiet, StoredIncident, deltas, summary};
pub use list::List;
pub use logs::{LogRef, Logs};
pub use markdown::markdown;
pub use remarks::{Remark, remarks};
pub use repeats::{Repeat, corroborate};
pub use signal::Signal;
pub use similar::{ALIKE, similarity};
pub(crate) use snapshot::Held;
pub use snapshot::{Existence, Kind, Objects, Snapshot};
pub use workloads::Workload;
