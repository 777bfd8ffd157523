//! Why nodes, balancers and selectors are as they are.

use super::{Candidate, Class, Rule};
use crate::{
    incidents::{
        graph::Graph,
        signal::{Place, Signal},
        snapshot::Kind,
    },
    objects::{Service, condition},
};
use kubegraf_ipc::incident::EvidenceSource;

/// The table.
pub(super) const RULES: &[Rule] = &[
    Rule {
        cause: "node_kernel_fault",
        explains: &["node_problem"],
        class: Class::Enumerated,
        needs: &[Kind::Nodes],
        in_spec: false,
        actions: &["plan"],
        doc: "a problem daemon reports a fault of the kernel or of a file system",
        decide: kernel,
    },
    Rule {
        cause: "node_rebooted",
        explains: &["node_problem"],
        class: Class::Enumerated,
        needs: &[Kind::Events],
        in_spec: false,
        actions: &["plan"],
        doc: "the node was rebooted twice within a day",
        decide: rebooted,
    },
    Rule {
        cause: "load_balancer_unprovisioned",
        explains: &["load_balancer_pending"],
        class: Class::Message,
        needs: &[Kind::Events],
        in_spec: false,
        actions: &["plan"],
        doc: "no controller has given the Service an address, or the provider says why not",
        decide: balancer,
    },
];

fn kernel<'a>(_: &Graph<'a>, signal: &Signal<'a>) -> Option<Candidate> {
    let Place::Node(node) = signal.place else {
        return None;
    };
    let faults = [
        "KernelDeadlock",
        "ReadonlyFilesystem",
        "XfsShutdown",
        "CorruptDockerOverlay2",
        "FrequentUnregisterNetDevice",
    ];
    let found = faults
        .iter()
        .filter_map(|name| condition(&node.status.conditions, name))
        .find(|one| one.status == "True")?;
    let (name, what) = (&node.metadata.name, &found.r#type);
    Some(Candidate::new(
        &signal.object,
        format!("node \"{name}\" reports {what}"),
        format!(
            "a problem daemon of node \"{name}\" reports {what}: {}",
            found.message
        ),
    ))
}

fn rebooted<'a>(_: &Graph<'a>, signal: &Signal<'a>) -> Option<Candidate> {
    let events = signal.evidence.iter();
    let all = events
        .into_iter()
        .all(|seen| seen.source == EvidenceSource::Event);
    let name = &signal.object.name;
    all.then(|| {
        Candidate::new(
            &signal.object,
            format!("node \"{name}\" reboots again and again"),
            format!("node \"{name}\" was rebooted several times within a day"),
        )
    })
}

fn balancer<'a>(graph: &Graph<'a>, signal: &Signal<'a>) -> Option<Candidate> {
    let service: &Service = graph.get(&signal.object.namespace, &signal.object.name)?;
    let name = &service.metadata.name;
    let said = signal
        .evidence
        .iter()
        .find(|seen| seen.source == EvidenceSource::Event)
        .map(|seen| serde_json::from_str::<String>(&seen.observed).unwrap_or_default());
    let why = said.map_or_else(
        || "nothing in the cluster says that it works on one".to_owned(),
        |said| format!("its controller says: {said}"),
    );
    Some(Candidate::new(
        &signal.object,
        "no load balancer serves it",
        format!("Service \"{name}\" asks for a load balancer and has no address; {why}"),
    ))
}
