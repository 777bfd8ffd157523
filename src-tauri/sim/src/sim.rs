//! The handle on a simulated cluster: its service, its clock, its faults, its controllers.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::task::JoinHandle;

use crate::api::{Shared, SimService};
use crate::clock::{Clock, millis};
use crate::controllers::{self, Engine};
use crate::faults::Faults;
use crate::images::Catalogue;
use crate::kinds;
use crate::object::Fields;
use crate::world::World;

/// What a simulated cluster starts from.
#[derive(Debug, Clone)]
pub struct SimOptions {
    /// The same seed gives the same names, loads and faults.
    pub seed: u64,
    /// The cluster's time.
    pub clock: Clock,
    /// How many changes are remembered; a watch that is further behind gets 410.
    pub history: usize,
    /// Images the registries hold.
    pub images: Catalogue,
}

impl Default for SimOptions {
    fn default() -> Self {
        Self {
            seed: 1,
            clock: Clock::system(),
            history: 8192,
            images: Catalogue::well_known(),
        }
    }
}

/// A simulated cluster. Cheap to clone; clones are the same cluster.
#[derive(Debug, Clone)]
pub struct Sim(Arc<Shared>);

/// Keeps the controllers of a cluster running; they end when it is dropped.
#[derive(Debug)]
#[must_use = "the controllers end when this is dropped"]
pub struct Running(JoinHandle<()>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Sim {
    /// A cluster with its system namespaces and nothing else: no nodes, no controllers running.
    #[must_use]
    pub fn new(options: SimOptions) -> Self {
        let mut world = World::new(options.seed, options.clock, options.history);
        world.images = options.images;
        furnish(&mut world);
        Self(Arc::new(Shared::new(world, Faults::new(options.seed))))
    }

    /// The API server. Hand it to `kube::Client::new(service, "default")`.
    #[must_use]
    pub fn service(&self) -> SimService {
        SimService(Arc::clone(&self.0))
    }

    /// Faults of the API and the network.
    #[must_use]
    pub fn faults(&self) -> Faults {
        self.0.faults.clone()
    }

    /// The cluster's time.
    #[must_use]
    pub fn clock(&self) -> Clock {
        self.0.with(|w| w.clock.clone())
    }

    /// Starts scheduler, kubelets and controllers in a task of their own. Call it within a tokio runtime.
    pub fn start(&self) -> Running {
        self.start_with(Engine::new())
    }

    pub(crate) fn start_with(&self, engine: Engine) -> Running {
        Running(tokio::spawn(controllers::run(Arc::clone(&self.0), engine)))
    }

    /// Lets the controllers act through a span of time at once, without waiting for it; for clusters whose controllers
    /// are not running. Afterwards the clock goes on from there.
    pub fn fast_forward(&self, span: Duration) {
        self.0.with(|w| {
            let until = w.now() + millis(span);
            Engine::new().advance(w, until);
            w.clock.run_from(until);
        });
    }

    /// Adds machines `node-1` … `node-n` with 8 cores and 32 GiB each, alternating between two zones.
    pub fn add_nodes(&self, n: u32) {
        self.0.with(|w| {
            let known = u32::try_from(w.store.count(kinds::NODES)).unwrap_or(0);
            for i in known + 1..=known + n {
                let zone = if i % 2 == 1 { "zone-a" } else { "zone-b" };
                let (name, host) = (format!("node-{i}"), u8::try_from(9 + i % 240).unwrap_or(9));
                add_machine(
                    w,
                    &Machine {
                        name: &name,
                        address: [10, 0, 0, host],
                        cores: 8,
                        gib: 32,
                        zone,
                        pool: "general",
                    },
                );
            }
        });
    }

    /// Creates an object without going through the service: for setting a scene.
    ///
    /// # Errors
    /// The API's message when it refuses the object or does not know its kind.
    pub fn create(&self, object: Value) -> Result<Value, String> {
        self.0.with(|w| {
            let (version, name) = (
                object.text("/apiVersion").to_owned(),
                object.text("/kind").to_owned(),
            );
            let kind = w
                .kinds
                .by_kind(&version, &name)
                .ok_or_else(|| format!("no kind {name:?} in {version:?}"))?;
            w.create(kind, object)
                .map(|o| (*o).clone())
                .map_err(|s| s.message().to_owned())
        })
    }

    /// Changes what the registries hold.
    pub fn with_images<R>(&self, change: impl FnOnce(&mut Catalogue) -> R) -> R {
        self.0.with(|w| change(&mut w.images))
    }

    /// The kubelet of a node stops: no heartbeats, nothing on it moves. The node becomes NotReady after 50 s.
    pub fn stop_kubelet(&self, node: &str) {
        self.0.with(|w| w.dead_kubelets.insert(node.to_owned()));
    }

    /// The kubelet of a node runs again.
    pub fn start_kubelet(&self, node: &str) {
        self.0.with(|w| {
            if w.dead_kubelets.remove(node) {
                controllers::node::renew(w, node);
                controllers::node::revive(w, &crate::store::Key::new("", node));
            }
        });
    }

    /// Forgets all history: watches resumed from an older revision, and pages begun before, get 410 from now on.
    pub fn forget_history(&self) {
        self.0.with(|w| w.store.compact());
    }

    /// The newest resource version.
    #[must_use]
    pub fn revision(&self) -> u64 {
        self.0.with(|w| w.store.revision())
    }

    pub(crate) fn with<R>(&self, work: impl FnOnce(&mut World) -> R) -> R {
        self.0.with(work)
    }
}

/// One machine of the node pool.
pub(crate) struct Machine<'a> {
    pub name: &'a str,
    pub address: [u8; 4],
    pub cores: u32,
    pub gib: u32,
    pub zone: &'a str,
    pub pool: &'a str,
}

pub(crate) fn add_machine(w: &mut World, m: &Machine<'_>) {
    let name = m.name;
    let address = m.address.map(|b| b.to_string()).join(".");
    let index = u32::try_from(w.store.count(kinds::NODES)).unwrap_or(0);
    let kib = u64::from(m.gib) * 1_048_576;
    let node = json!({
        "metadata": {"name": name, "labels": {
            "kubernetes.io/hostname": name, "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64",
            "beta.kubernetes.io/os": "linux", "beta.kubernetes.io/arch": "amd64",
            "topology.kubernetes.io/zone": m.zone, "topology.kubernetes.io/region": "eu-central",
            "node.kubernetes.io/instance-type": format!("m{}.{}", m.cores, m.gib), "pool": m.pool,
        }, "annotations": {"node.alpha.kubernetes.io/ttl": "0", "volumes.kubernetes.io/controller-managed-attach-detach": "true"}},
        "spec": {"podCIDR": format!("10.244.{index}.0/24"), "podCIDRs": [format!("10.244.{index}.0/24")], "providerID": format!("demo://{}/{name}", m.zone)},
        "status": {
            "capacity": {"cpu": m.cores.to_string(), "memory": format!("{kib}Ki"), "pods": "110", "ephemeral-storage": "104857600Ki", "hugepages-2Mi": "0"},
            "allocatable": {"cpu": format!("{}m", m.cores * 1000 - 80), "memory": format!("{}Ki", kib - 700_000), "pods": "110", "ephemeral-storage": "96636764160", "hugepages-2Mi": "0"},
            "addresses": [{"type": "InternalIP", "address": address}, {"type": "Hostname", "address": name}],
            "daemonEndpoints": {"kubeletEndpoint": {"Port": 10250}},
            "nodeInfo": {
                "architecture": "amd64", "operatingSystem": "linux", "kubeletVersion": "v1.36.3", "kubeProxyVersion": "",
                "containerRuntimeVersion": "containerd://2.2.1", "osImage": "Debian GNU/Linux 13 (trixie)", "kernelVersion": "6.12.41-amd64",
                "machineID": format!("{:032x}", u128::from(index) + 0x5eed), "systemUUID": format!("{:032x}", u128::from(index) + 0xabcd), "bootID": w.rng.uid(),
            },
            "images": [],
        },
    });
    if w.create(kinds::NODES, node).is_ok() {
        w.machines.insert(name.to_owned());
        let key = crate::store::Key::new("", name);
        controllers::node::revive(w, &key);
        controllers::node::renew(w, name);
    }
}

/// What every cluster has from its first second on.
pub(crate) fn furnish(w: &mut World) {
    for namespace in ["default", "kube-node-lease", "kube-public", "kube-system"] {
        drop(w.create(kinds::NAMESPACES, json!({"metadata": {"name": namespace}})));
    }
    let api = json!({
        "metadata": {"name": "kubernetes", "namespace": "default", "labels": {"component": "apiserver", "provider": "kubernetes"}},
        "spec": {"clusterIP": "10.96.0.1", "ports": [{"name": "https", "port": 443, "targetPort": 6443, "protocol": "TCP"}]},
    });
    drop(w.create(kinds::SERVICES, api));
    for (name, value) in [
        ("system-cluster-critical", 2_000_000_000),
        ("system-node-critical", 2_000_001_000),
    ] {
        drop(w.create(
            kinds::PRIORITY_CLASSES,
            json!({"metadata": {"name": name}, "value": value, "globalDefault": false}),
        ));
    }
}
