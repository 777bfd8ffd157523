//! An in-memory Kubernetes API as a tower service for `kube::Client`, the small controllers that make it live, faults
//! on demand, and the demo cluster that runs on it. It opens no socket and knows nothing of the application that uses it.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! let sim = kubegraf_sim::Sim::new(kubegraf_sim::SimOptions::default());
//! sim.add_nodes(3);
//! let _controllers = sim.start();
//! let client = kube::Client::new(sim.service(), "default");
//! assert_eq!(client.apiserver_version().await.unwrap().minor, "36");
//! # }
//! ```

mod api;
mod body;
mod clock;
mod controllers;
mod defaults;
pub mod demo;
mod faults;
mod images;
mod kinds;
mod logs;
mod object;
mod patch;
mod quantity;
mod rng;
mod schedule;
mod selector;
mod sim;
mod status;
mod store;
mod usage;
mod world;

pub use api::SimService;
pub use body::SimBody;
pub use clock::{Clock, Millis};
pub use faults::{Effect, Fault, Faults};
pub use images::{App, Catalogue, Exit, LogStyle};
pub use sim::{Running, Sim, SimOptions};
