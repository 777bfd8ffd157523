//! What pods ask for, summed per node and per namespace. A pod is read once per change: the next
//! count only adds up what is known.

use std::{collections::HashMap, sync::Arc};

use kubegraf_ipc::{
    object::Tone,
    overview::{Capacity, NamespaceLoad, NodeLoad, Resource},
};

use crate::{
    kinds::{Kind, Nodes, Pods, Printed},
    objects::{Container, Node, Pod, Resources},
    quantity,
};

/// Nodes listed.
const NODES: usize = 200;
/// Namespaces listed.
const NAMESPACES: usize = 50;

/// CPU in thousandths of a core, memory in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Amount {
    pub(super) cpu: u64,
    pub(super) memory: u64,
}

/// Usage by node.
pub(super) type Metered = HashMap<String, Amount>;

/// The pods that were counted, and what each adds.
#[derive(Default)]
pub(super) struct Loads {
    /// By address: holding the pod keeps its address its own.
    pods: HashMap<usize, (Arc<Pod>, Share)>,
}

/// What one pod adds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Share {
    requests: Amount,
    limits: Amount,
    /// Whether it takes room on a node: placed there and not ended.
    placed: bool,
    failing: bool,
}

impl Loads {
    /// Takes over the pods as they are now.
    pub(super) fn follow(&mut self, pods: &[Arc<Pod>]) {
        let mut before = std::mem::take(&mut self.pods);
        self.pods = pods
            .iter()
            .map(|pod| {
                let address = Arc::as_ptr(pod) as usize;
                let known = before.remove(&address);
                let entry = known.unwrap_or_else(|| (Arc::clone(pod), share(pod)));
                (address, entry)
            })
            .collect();
    }

    /// CPU, memory and pods over all nodes.
    pub(super) fn capacity(&self, nodes: &[Arc<Node>], used: Option<&Metered>) -> Vec<Capacity> {
        let mut there = Amount::default();
        let mut slots = 0;
        for node in nodes {
            let (amount, pods) = allocatable(node);
            there = there.plus(amount);
            slots += pods;
        }
        let mut sum = Sum::default();
        for (_, share) in self.pods.values().filter(|(_, share)| share.placed) {
            sum.add(share);
        }
        let used = used.map(|used| {
            used.values()
                .fold(Amount::default(), |all, node| all.plus(*node))
        });
        sum.capacity(there, slots, used)
    }

    /// Each node with what stands on it, the fullest by requests first.
    pub(super) fn per_node(&self, nodes: &[Arc<Node>], used: Option<&Metered>) -> Vec<NodeLoad> {
        let mut sums: HashMap<&str, Sum> = HashMap::with_capacity(nodes.len());
        for (pod, share) in self.pods.values().filter(|(_, share)| share.placed) {
            sums.entry(pod.node_name.as_str()).or_default().add(share);
        }
        let mut loads: Vec<_> = nodes
            .iter()
            .map(|node| {
                let (there, slots) = allocatable(node);
                let name = &*node.metadata.name;
                let sum = sums.get(name).copied().unwrap_or_default();
                let used = used.and_then(|used| used.get(name)).copied();
                let (cells, tone) = Nodes::row(node);
                let status = match Nodes::FACET.and_then(|facet| cells.into_iter().nth(facet)) {
                    Some(Printed::Text(status)) => status.into_owned(),
                    _ => String::new(),
                };
                NodeLoad {
                    name: name.into(),
                    status,
                    tone,
                    capacity: sum.capacity(there, slots, used),
                }
            })
            .collect();
        loads.sort_by(|a, b| {
            (b.tone == Tone::Bad, fullness(b))
                .partial_cmp(&(a.tone == Tone::Bad, fullness(a)))
                .unwrap_or(std::cmp::Ordering::Equal)
                .then_with(|| a.name.cmp(&b.name))
        });
        loads.truncate(NODES);
        loads
    }

    /// The namespaces with the most pods.
    pub(super) fn per_namespace(&self) -> Vec<NamespaceLoad> {
        let mut loads: HashMap<&str, NamespaceLoad> = HashMap::new();
        for (pod, share) in self.pods.values() {
            let name = &*pod.metadata.namespace;
            let load = loads.entry(name).or_insert_with(|| NamespaceLoad {
                name: name.into(),
                pods: 0,
                failing: 0,
                cpu: 0,
                memory: 0,
            });
            load.pods += 1;
            load.failing += u64::from(share.failing);
            if share.placed {
                load.cpu = load.cpu.saturating_add(share.requests.cpu);
                load.memory = load.memory.saturating_add(share.requests.memory);
            }
        }
        let mut loads: Vec<_> = loads.into_values().collect();
        loads.sort_by(|a, b| b.pods.cmp(&a.pods).then_with(|| a.name.cmp(&b.name)));
        loads.truncate(NAMESPACES);
        loads
    }
}

#[derive(Clone, Copy, Default)]
struct Sum {
    requests: Amount,
    limits: Amount,
    pods: u64,
}

impl Sum {
    fn add(&mut self, share: &Share) {
        self.requests = self.requests.plus(share.requests);
        self.limits = self.limits.plus(share.limits);
        self.pods += 1;
    }

    fn capacity(self, there: Amount, slots: u64, used: Option<Amount>) -> Vec<Capacity> {
        let line = |resource, allocatable, requested, limits, used| Capacity {
            resource,
            allocatable,
            requested,
            limits,
            used,
        };
        vec![
            line(
                Resource::Cpu,
                there.cpu,
                self.requests.cpu,
                self.limits.cpu,
                used.map(|used| used.cpu),
            ),
            line(
                Resource::Memory,
                there.memory,
                self.requests.memory,
                self.limits.memory,
                used.map(|used| used.memory),
            ),
            line(Resource::Pods, slots, self.pods, 0, Some(self.pods)),
        ]
    }
}

impl Amount {
    pub(super) fn plus(self, other: Self) -> Self {
        Self {
            cpu: self.cpu.saturating_add(other.cpu),
            memory: self.memory.saturating_add(other.memory),
        }
    }

    fn most(self, other: Self) -> Self {
        Self {
            cpu: self.cpu.max(other.cpu),
            memory: self.memory.max(other.memory),
        }
    }
}

/// The larger of the two requested shares, as the scheduler sees a node fill up.
#[allow(
    clippy::cast_precision_loss,
    reason = "shares are shown, not counted with"
)]
fn fullness(load: &NodeLoad) -> f64 {
    let share = |capacity: &Capacity| match capacity.allocatable {
        0 => 0.0,
        there => capacity.requested as f64 / there as f64,
    };
    load.capacity
        .iter()
        .filter(|capacity| capacity.resource != Resource::Pods)
        .map(share)
        .fold(0.0, f64::max)
}

fn allocatable(node: &Node) -> (Amount, u64) {
    let of = |name: &str| {
        let found = &node.status.allocatable;
        found.get(name).or_else(|| node.status.capacity.get(name))
    };
    let cpu = of("cpu").and_then(|text| quantity::millicores(text));
    let memory = of("memory").and_then(|text| quantity::bytes(text));
    let pods = of("pods").and_then(|text| quantity::bytes(text));
    let amount = Amount {
        cpu: cpu.unwrap_or(0),
        memory: memory.unwrap_or(0),
    };
    (amount, pods.unwrap_or(0))
}

fn share(pod: &Pod) -> Share {
    let (_, tone) = Pods::row(pod);
    let ended = matches!(&*pod.status.phase, "Succeeded" | "Failed");
    Share {
        requests: effective(pod, |resources| &resources.requests),
        limits: effective(pod, |resources| &resources.limits),
        placed: !ended && !pod.node_name.is_empty(),
        failing: tone == Tone::Bad,
    }
}

/// What the scheduler reserves: containers and sidecars together, or the largest init container
/// with the sidecars that run beside it, whichever is more.
fn effective(pod: &Pod, of: fn(&Resources) -> &Quantities) -> Amount {
    let amount = |container: &Container| {
        let quantities = of(&container.resources);
        let cpu = quantities
            .get("cpu")
            .and_then(|text| quantity::millicores(text));
        let memory = quantities
            .get("memory")
            .and_then(|text| quantity::bytes(text));
        Amount {
            cpu: cpu.unwrap_or(0),
            memory: memory.unwrap_or(0),
        }
    };
    let mut sidecars = Amount::default();
    let mut peak = Amount::default();
    for container in &pod.spec.init_containers {
        let own = amount(container);
        if container.restart_policy == "Always" {
            sidecars = sidecars.plus(own);
            peak = peak.most(sidecars);
        } else {
            peak = peak.most(sidecars.plus(own));
        }
    }
    let steady = pod
        .spec
        .containers
        .iter()
        .fold(sidecars, |all, container| all.plus(amount(container)));
    steady.most(peak)
}

type Quantities = std::collections::BTreeMap<String, String>;

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn pod(name: &str, spec: &Value, phase: &str) -> Arc<Pod> {
        let pod = json!({"metadata": {"name": name, "namespace": "shop", "uid": name}, "spec": spec, "status": {"phase": phase}});
        Arc::new(serde_json::from_value(pod).unwrap())
    }

    fn asks(cpu: &str, memory: &str) -> Value {
        json!({"requests": {"cpu": cpu, "memory": memory}, "limits": {"memory": memory}})
    }

    fn node() -> Arc<Node> {
        let node = json!({"metadata": {"name": "n1", "uid": "n1"},
            "status": {"allocatable": {"cpu": "3920m", "memory": "4Gi", "pods": "110"},
                       "conditions": [{"type": "Ready", "status": "True"}]}});
        Arc::new(serde_json::from_value(node).unwrap())
    }

    #[test]
    fn requests_are_what_the_scheduler_reserves() {
        let spec = json!({"nodeName": "n1",
            "initContainers": [
                {"name": "proxy", "restartPolicy": "Always", "resources": asks("100m", "64Mi")},
                {"name": "migrate", "resources": asks("1", "32Mi")}],
            "containers": [
                {"name": "app", "resources": asks("250m", "256Mi")},
                {"name": "log", "resources": asks("50m", "64Mi")}]});
        let amount = effective(&pod("a", &spec, "Running"), |resources| &resources.requests);
        // CPU peaks while migrate runs beside the proxy, memory when all the containers run.
        assert_eq!(
            amount,
            Amount {
                cpu: 1_100,
                memory: 384 << 20
            }
        );
    }

    #[test]
    fn only_what_stands_on_a_node_takes_room() {
        let placed = json!({"nodeName": "n1", "containers": [{"name": "a", "resources": asks("500m", "1Gi")}]});
        let waiting = json!({"containers": [{"name": "a", "resources": asks("9", "9Gi")}]});
        let pods = [
            pod("runs", &placed, "Running"),
            pod("ended", &placed, "Succeeded"),
            pod("waits", &waiting, "Pending"),
        ];
        let mut loads = Loads::default();
        loads.follow(&pods);
        let used = Metered::from([(
            "n1".to_owned(),
            Amount {
                cpu: 120,
                memory: 7,
            },
        )]);
        let [cpu, memory, slots] = &loads.capacity(&[node()], Some(&used))[..] else {
            panic!("three resources")
        };
        assert_eq!(
            (cpu.allocatable, cpu.requested, cpu.used),
            (3_920, 500, Some(120))
        );
        assert_eq!((memory.requested, memory.limits), (1 << 30, 1 << 30));
        assert_eq!((slots.allocatable, slots.requested), (110, 1));
        let shop = &loads.per_namespace()[0];
        assert_eq!(
            (shop.pods, shop.cpu),
            (3, 500),
            "all are counted, one takes room"
        );
        assert_eq!(loads.per_node(&[node()], None)[0].capacity[0].used, None);
    }

    #[test]
    fn a_pod_that_is_gone_or_changed_is_counted_as_it_is() {
        let spec = |cpu: &str| json!({"nodeName": "n1", "containers": [{"name": "a", "resources": asks(cpu, "1Mi")}]});
        let (kept, old) = (
            pod("kept", &spec("1"), "Running"),
            pod("old", &spec("2"), "Running"),
        );
        let mut loads = Loads::default();
        loads.follow(&[Arc::clone(&kept), old]);
        loads.follow(&[kept, pod("new", &spec("4"), "Running")]);
        assert_eq!(loads.capacity(&[], None)[0].requested, 5_000);
        loads.follow(&[]);
        assert_eq!(loads.capacity(&[], None)[0].requested, 0);
    }
}
