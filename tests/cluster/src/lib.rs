//! Real Kubernetes clusters for tests: a control plane built from source with played nodes
//! ([`Tier::Kwok`]) or a real kubelet and container runtime ([`Tier::Real`]).
//!
//! ```no_run
//! # async fn test() -> Result<(), kubegraf_testcluster::Error> {
//! use kubegraf_testcluster::{Cluster, Options, Tier, require};
//!
//! if !require(Tier::Kwok) {
//!     return Ok(()); // it has said why
//! }
//! let cluster = Cluster::up(Options::kwok().nodes(5).pods(100)).await?;
//! let pods = cluster.get(&["pods", "--all-namespaces"]).await?;
//! cluster.down().await?; // or just drop it
//! # Ok(())
//! # }
//! ```
//!
//! What it is made of is built once by [`build`] (`cargo run -p kubegraf-testcluster --bin
//! kubegraf-cluster-build`) from the Go module beside this crate. The environment may set:
//!
//! |Variable|Meaning|Default|
//! |-|-|-|
//! |`KUBEGRAF_CACHE`|where built programs are kept|`kubegraf` in the user's cache|
//! |`KUBEGRAF_CLUSTERS`|where running clusters have their data|below the directory for temporary files|
//! |`KUBEGRAF_CLUSTER_LOGS`|where the logs of a failed cluster are copied to|nowhere|
//! |`KG_REQUIRE_CLUSTER=1`|a tier that cannot run fails its tests|they are skipped aloud|
//! |`KG_REQUIRE_TIER_B=1`|the same for the real tier only|they are skipped aloud|
//!
//! Linux only; elsewhere it compiles and [`availability`] says so. Listens on loopback only. Knows
//! nothing of KubeGraf: what it offers is a kubeconfig.

mod availability;
mod binary;
mod cgroup;
mod cluster;
mod control_plane;
mod crowd;
mod error;
mod fill;
mod kwok;
mod options;
mod pki;
mod place;
mod process;
mod real;

pub use availability::{Missing, availability, require};
pub use binary::{Binary, ETCD, KUBERNETES, KWOK, METRICS_SERVER, Progress, build, cache};
pub use cluster::{Cluster, Outage, User};
pub use error::Error;
pub use kwok::{FAULT, Fault};
pub use options::{Options, Tier};
pub use place::{Running, State, down, list, root, sweep};
