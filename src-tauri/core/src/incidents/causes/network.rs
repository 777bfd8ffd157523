//! Why pods do not reach whom they need: policies, and where they ask for names.

use kubegraf_ipc::incident::EvidenceSource;

use super::{Candidate, Class, Rule};
use crate::{
    incidents::{
        barriers,
        containers::{self, Seen},
        detectors,
        evidence::{against, seen},
        graph::Graph,
        logs::{self, Told},
        policies,
        signal::Signal,
        snapshot::Kind,
    },
    objects::{Object, Pod, Service},
};

/// The table.
pub(super) const RULES: &[Rule] = &[
    Rule {
        cause: "network_policy_blocks",
        explains: &["network_policy_blocking"],
        class: Class::Computed,
        needs: &[Kind::NetworkPolicies, Kind::Namespaces],
        in_spec: false,
        actions: &["add_policy_rule", "plan"],
        doc: "the union of the policies that select a pod denies a peer that it calls, or the cluster's DNS",
        decide: blocks,
    },
    Rule {
        cause: "dns_down",
        explains: &["cluster_dns_down"],
        class: Class::Computed,
        needs: &[Kind::Services],
        in_spec: false,
        actions: &["scale_up", "plan"],
        doc: "the DNS Service has no ready pod, and nothing finer is known of its pods",
        decide: dns_down,
    },
    Rule {
        cause: "pod_dns_config_invalid",
        explains: &[
            "pod_crash_loop",
            "init_container_failed",
            "init_container_stuck",
            "high_restart_count",
            "readiness_probe_failing",
            "liveness_probe_failing",
        ],
        class: Class::Computed,
        needs: &[Kind::Services],
        in_spec: true,
        actions: &["set_dns_policy", "plan"],
        doc: "dnsPolicy None or Default sends questions for names past the cluster's DNS, the workload calls Services by name, and a container fails without another last word",
        decide: dns_config,
    },
];

fn blocks<'a>(graph: &Graph<'a>, signal: &Signal<'a>) -> Option<Candidate> {
    let workload = graph.workload(&signal.owner)?;
    let barrier = barriers::of(graph, workload)?;
    // The last words of a container that complain of something else are believed.
    let (pods, mut others) = (graph.pods_under(workload), false);
    for one in pods.iter().flat_map(|pod| containers::of(pod)) {
        others |= logs::said(graph, one).is_some_and(|(told, ..)| told != Told::Dependency);
    }
    let (policy, direction) = (barrier.blocked.policy, barrier.blocked.direction);
    let name = &policy.metadata.name;
    let (whom, port) = (barrier.service, &barrier.port);
    let target = whom.map_or_else(
        || "the cluster's DNS".to_owned(),
        |one| format!("Service \"{}\"", one.metadata.name),
    );
    let way = match direction {
        policies::Direction::Egress => "out of the pods",
        policies::Direction::Ingress => "into the pods that are called",
    };
    let more = match barrier.blocked.of {
        1 => String::new(),
        many => format!(", nor do the {} other policies there", many - 1),
    };
    let mut candidate = Candidate::new(
        &policy.reference(),
        format!("NetworkPolicy \"{name}\" blocks {target}"),
        format!(
            "NetworkPolicy \"{name}\" isolates the traffic {way} and lets none to {target} through ({}/{}){more}",
            port.protocol, port.number
        ),
    );
    if others {
        candidate.base = Some(0.4);
    }
    Some(candidate)
}

fn dns_down<'a>(graph: &Graph<'a>, signal: &Signal<'a>) -> Option<Candidate> {
    let service: &Service = graph.get(&signal.object.namespace, &signal.object.name)?;
    let workload = detectors::serving(graph, service);
    let target = workload.map_or(&signal.object, |workload| &workload.object);
    let name = &service.metadata.name;
    let what = match workload {
        Some(one) if one.desired == Some(0) => {
            format!("; {} \"{}\" is scaled to zero", target.kind, target.name)
        }
        Some(_) => format!("; {} \"{}\" has no ready pod", target.kind, target.name),
        None => "; nothing runs behind it".to_owned(),
    };
    let mut candidate = Candidate::new(
        target,
        "the cluster's DNS is down",
        format!(
            "Service \"{name}\", which answers for names in the cluster, has no ready pod{what}"
        ),
    );
    if let Some(one) = workload {
        let (field, value) = match one.desired {
            Some(0) => ("spec.replicas", Some(0)),
            _ => ("status.readyReplicas", one.ready),
        };
        let source = EvidenceSource::Computed;
        candidate
            .evidence
            .push(seen(target.clone(), field, value, source, None));
    }
    Some(candidate)
}

fn dns_config<'a>(graph: &Graph<'a>, signal: &Signal<'a>) -> Option<Candidate> {
    let pod = signal.pod()?;
    let wrong = past_the_cluster(graph, pod)?;
    let container = containers::named(pod, signal.container?)?;
    let by_name = graph.calls_of(&signal.owner).iter().any(|call| {
        graph
            .get::<Service>(&call.namespace, &call.service)
            .is_some()
    });
    let said = said(graph, container);
    if !matches!(said, None | Some(true)) || !by_name && said != Some(true) {
        return None;
    }
    let mut candidate = Candidate::new(
        &signal.owner,
        "its pods do not ask the cluster's DNS",
        format!("{}, so that names of Services lead nowhere", wrong.0),
    );
    let path = graph
        .workload(&signal.owner)
        .map_or("spec", |workload| workload.path);
    let observed = seen(
        signal.owner.clone(),
        format!("{path}.{}", wrong.1),
        wrong.2,
        EvidenceSource::Spec,
        None,
    );
    let meant = policies::names(graph).map_or_else(
        || "ClusterFirst".to_owned(),
        |service| service.spec.cluster_ip.clone(),
    );
    candidate.evidence.push(against(observed, meant));
    // Silence may have another reason.
    candidate.base = said.is_none().then_some(0.8);
    Some(candidate)
}

/// Whether the last words of a container are about somebody it cannot reach; `None` for silence.
fn said(graph: &Graph<'_>, container: Seen<'_>) -> Option<bool> {
    logs::said(graph, container).map(|(told, ..)| told == Told::Dependency)
}

/// How a pod asks somebody else than the cluster's DNS: words, field, value.
fn past_the_cluster(graph: &Graph<'_>, pod: &Pod) -> Option<(String, &'static str, String)> {
    let spec = &pod.spec;
    let cluster = policies::names(graph);
    match &*spec.dns_policy {
        "None" => {
            let servers = &spec.dns_config.nameservers;
            let of_cluster = |server: &String| match cluster {
                Some(service) => {
                    let ips = &service.spec.cluster_ips;
                    *server == service.spec.cluster_ip || ips.contains(server) || cached(server)
                }
                // Nothing is known of the cluster's own: only what is public is surely another.
                None => !public(server),
            };
            let list = servers.join(",");
            (!servers.is_empty() && !servers.iter().any(of_cluster)).then(|| {
                let words = format!("dnsPolicy None with name servers {list}");
                (words, "dnsConfig.nameservers", list)
            })
        }
        "Default" => Some((
            "dnsPolicy Default asks the node's name servers".into(),
            "dnsPolicy",
            "Default".into(),
        )),
        // In the node's network this is what Default is elsewhere.
        "ClusterFirst" | "" if spec.host_network => Some((
            "hostNetwork with dnsPolicy ClusterFirst asks the node's name servers".into(),
            "dnsPolicy",
            "ClusterFirst".into(),
        )),
        _ => None,
    }
}

/// Whether an address is link-local, as caches on the nodes are.
fn cached(server: &str) -> bool {
    server.starts_with("169.254.") || server.starts_with("fe80:") || server.starts_with("127.")
}

fn public(server: &str) -> bool {
    match server.parse::<std::net::IpAddr>() {
        Ok(std::net::IpAddr::V4(ip)) => {
            let shared = ip.octets()[0] == 100 && (64..128).contains(&ip.octets()[1]);
            !(ip.is_private() || ip.is_loopback() || ip.is_link_local() || shared)
        }
        Ok(std::net::IpAddr::V6(ip)) => {
            !(ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local())
        }
        Err(_) => false,
    }
}
