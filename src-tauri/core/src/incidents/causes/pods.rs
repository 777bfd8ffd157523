//! Why pods do not get going or do not end: gates, hooks, ports, those they wait for.

use kubegraf_ipc::{incident::EvidenceSource, object::ObjectRef};

use super::{Candidate, Class, Rule};
use crate::{
    incidents::{
        calls::{self, Call, Mismatch},
        containers::{self, Seen},
        detectors::{self, Serving},
        evidence::{masked, seen},
        graph::Graph,
        logs,
        messages::{self, Family},
        signal::Signal,
        snapshot::Kind,
    },
    objects::{Namespace, Object, Pod, Service, ServiceRef, condition},
};

const PODS: &[Kind] = &[Kind::Pods];

/// The table.
pub(super) const RULES: &[Rule] = &[
    Rule {
        cause: "init_dependency_missing",
        explains: &["init_container_stuck", "init_container_failed"],
        class: Class::Computed,
        needs: &[Kind::Services],
        in_spec: false,
        actions: &["plan"],
        doc: "the init container's command or variables name a Service that does not exist, and no name is near, or that has no ready pod",
        decide: init_dependency,
    },
    Rule {
        cause: "readiness_dependency_down",
        explains: &["readiness_probe_failing"],
        class: Class::Computed,
        needs: &[Kind::Services],
        in_spec: false,
        actions: &["plan"],
        doc: "readiness fails while a Service that the workload calls has no ready pod",
        decide: readiness_dependency,
    },
    Rule {
        cause: "readiness_gate_unset",
        explains: &["pod_not_ready"],
        class: Class::Computed,
        needs: PODS,
        in_spec: false,
        actions: &["plan"],
        doc: "a condition of the pod's readinessGates is absent or not True",
        decide: gate,
    },
    Rule {
        cause: "port_conflict_in_pod",
        explains: &["pod_crash_loop", "high_restart_count"],
        class: Class::Computed,
        needs: PODS,
        in_spec: true,
        actions: &["plan"],
        doc: "two containers of the pod declare one port, one of them crashes and says nothing else, or that an address is in use",
        decide: port_conflict,
    },
    Rule {
        cause: "lifecycle_hook_error",
        explains: &["lifecycle_hook_failed"],
        class: Class::Enumerated,
        needs: PODS,
        in_spec: true,
        actions: &["rollback_workload", "plan"],
        doc: "the kubelet reports that a postStart or preStop hook failed",
        decide: hook,
    },
    Rule {
        cause: "working_dir_or_mount_invalid",
        explains: &["container_start_error"],
        class: Class::Message,
        needs: PODS,
        in_spec: true,
        actions: &["rollback_workload", "plan"],
        doc: "the runtime says that a mount or the working directory of the container cannot be made",
        decide: mount,
    },
    Rule {
        cause: "scheduling_gate_held",
        explains: &["pod_scheduling_gated"],
        class: Class::Computed,
        needs: PODS,
        in_spec: false,
        actions: &["plan"],
        doc: "the pod's schedulingGates have not been removed",
        decide: scheduling_gate,
    },
    Rule {
        cause: "preempted_by_priority",
        explains: &["pod_preempted_repeatedly"],
        class: Class::Computed,
        needs: PODS,
        in_spec: false,
        actions: &["plan"],
        doc: "the scheduler ended the pods to make room for pods of higher priority",
        decide: preempted,
    },
    Rule {
        cause: "finalizer_held",
        explains: &["pod_stuck_terminating", "namespace_stuck_terminating"],
        class: Class::Computed,
        needs: &[],
        in_spec: false,
        actions: &["plan"],
        doc: "a deleted object has finalizers that nobody has removed",
        decide: finalizer,
    },
    Rule {
        cause: "termination_grace_too_short",
        explains: &["pod_kill_failed"],
        class: Class::Enumerated,
        needs: PODS,
        in_spec: false,
        actions: &["plan"],
        doc: "the kubelet reports that containers had not ended within their grace period",
        decide: grace,
    },
    Rule {
        cause: "node_shutdown",
        explains: &["pod_rejected_by_node"],
        class: Class::Enumerated,
        needs: PODS,
        in_spec: false,
        actions: &["plan"],
        doc: "the kubelet refused the pod because its node was shutting down",
        decide: shutdown,
    },
];

fn container<'a>(signal: &Signal<'a>) -> Option<Seen<'a>> {
    containers::named(signal.pod()?, signal.container?)
}

/// Whom a call leads to, where that does not answer: words, and the Service if it is there.
fn down<'a>(graph: &Graph<'a>, call: &Call) -> Option<(String, Option<&'a Service>)> {
    let to = ServiceRef {
        namespace: call.namespace.clone(),
        name: call.service.clone(),
    };
    match detectors::answers(graph, &to) {
        Serving::Yes => None,
        Serving::Absent => Some((format!("Service \"{}\" does not exist", to.name), None)),
        Serving::No(_) => {
            let service = graph.get::<Service>(&to.namespace, &to.name);
            Some((format!("Service \"{}\" has no ready pod", to.name), service))
        }
    }
}

fn init_dependency<'a>(graph: &Graph<'a>, signal: &Signal<'a>) -> Option<Candidate> {
    let one = container(signal)?;
    let calls = graph.calls_of(&signal.owner).iter();
    let mut own = calls.filter(|call| call.container.as_deref() == Some(one.name()));
    let (call, words, service) = own.find_map(|call| {
        // A near name is a slip in the address, which is told as such.
        let near = matches!(
            calls::harmful(graph, &signal.owner, call),
            Some(Mismatch::Service(Some(_)) | Mismatch::Port(_))
        );
        let (words, service) = down(graph, call).filter(|_| !near)?;
        Some((call, words, service))
    })?;
    let name = one.name();
    let target = service.map_or_else(|| signal.owner.clone(), Object::reference);
    let mut candidate = Candidate::new(
        &target,
        format!("init container \"{name}\" waits: {words}"),
        format!(
            "init container \"{name}\" asks for \"{}\", and {words}",
            call.value
        ),
    );
    let spec = EvidenceSource::Spec;
    let holder = call.holder.clone();
    candidate
        .evidence
        .push(seen(holder, call.field.clone(), &call.value, spec, None));
    Some(candidate)
}

fn readiness_dependency<'a>(graph: &Graph<'a>, signal: &Signal<'a>) -> Option<Candidate> {
    let mut calls = graph.calls_of(&signal.owner).iter();
    let (call, words, service) = calls.find_map(|call| {
        let (words, service) = down(graph, call)?;
        Some((call, words, service?))
    })?;
    let name = &signal.owner.name;
    let mut candidate = Candidate::new(
        &service.reference(),
        format!("\"{name}\" needs what does not answer: {words}"),
        format!(
            "readiness fails while \"{name}\" calls \"{}\" and {words}",
            call.value
        ),
    );
    candidate.evidence.push(seen(
        service.reference(),
        "endpoints",
        0,
        EvidenceSource::Computed,
        None,
    ));
    Some(candidate)
}

fn gate<'a>(_: &Graph<'a>, signal: &Signal<'a>) -> Option<Candidate> {
    let pod = signal.pod()?;
    let unset = pod.spec.readiness_gates.iter().find_map(|gate| {
        let found = condition(&pod.status.conditions, &gate.condition_type);
        let state = found.map_or("absent", |one| &one.status);
        (state != "True").then_some((&gate.condition_type, state.to_owned()))
    })?;
    let (name, state) = unset;
    let mut candidate = Candidate::new(
        &signal.owner,
        format!("readiness gate \"{name}\" is not set"),
        format!(
            "the pod counts as ready only once condition \"{name}\" is True; it is {state}, and who sets it has not done so"
        ),
    );
    let field = format!("status.conditions[type={name}].status");
    candidate.evidence.push(seen(
        pod.reference(),
        field,
        state,
        EvidenceSource::Status,
        None,
    ));
    Some(candidate)
}

fn port_conflict<'a>(graph: &Graph<'a>, signal: &Signal<'a>) -> Option<Candidate> {
    let one = container(signal)?;
    let spec = one.spec?;
    let pod = one.pod;
    let sidecars = pod
        .spec
        .init_containers
        .iter()
        .filter(|other| other.restart_policy == "Always");
    let mut others = pod.spec.containers.iter().chain(sidecars);
    let protocol = |text: &str| {
        if text.is_empty() {
            "TCP".to_owned()
        } else {
            text.to_owned()
        }
    };
    let (other, port) = others
        .by_ref()
        .filter(|other| other.name != spec.name)
        .find_map(|other| {
            let taken = spec.ports.iter().find(|port| {
                other.ports.iter().any(|there| {
                    there.container_port == port.container_port
                        && protocol(&there.protocol) == protocol(&port.protocol)
                })
            })?;
            Some((other, taken.container_port))
        })?;
    // Its own words count for more than a declaration, which binds nobody.
    let log = logs::reference(one).and_then(|log| graph.snapshot().logs.get(&log));
    let end = one.ended().map_or("", |(_, end)| &end.message);
    let in_use = log.is_some_and(|text| messages::is(Family::AddressInUse, text, ""))
        || messages::is(Family::AddressInUse, end, "");
    if !in_use && logs::said(graph, one).is_some() {
        return None;
    }
    let name = one.name();
    let mut candidate = Candidate::new(
        &signal.owner,
        format!(
            "containers \"{name}\" and \"{}\" share port {port}",
            other.name
        ),
        format!(
            "containers \"{name}\" and \"{}\" of one pod both listen on port {port}, which only one of them can; \"{name}\" crashes",
            other.name
        ),
    );
    candidate.evidence.push(one.asked("ports", port));
    candidate.base = (!in_use).then_some(0.85);
    Some(candidate)
}

fn hook<'a>(_: &Graph<'a>, signal: &Signal<'a>) -> Option<Candidate> {
    let name = signal.container?;
    let said = signal.evidence.last().map(|seen| &seen.observed);
    let text: String = serde_json::from_str(said?).unwrap_or_default();
    let which = if signal
        .evidence
        .iter()
        .any(|seen| seen.observed.contains("PostStart") || seen.observed.contains("postStart"))
    {
        "postStart"
    } else {
        "lifecycle"
    };
    Some(Candidate::new(
        &signal.owner,
        format!("the {which} hook of container \"{name}\" fails"),
        format!("the kubelet reports that the {which} hook of container \"{name}\" failed: {text}"),
    ))
}

fn mount<'a>(_: &Graph<'a>, signal: &Signal<'a>) -> Option<Candidate> {
    let one = container(signal)?;
    let said = super::runtime::start_words(one);
    if !messages::is(Family::MountOrWorkdir, said, "") {
        return None;
    }
    let name = one.name();
    Some(Candidate::new(
        &signal.owner,
        format!("a mount or the working directory of container \"{name}\" is invalid"),
        format!(
            "the runtime cannot make container \"{name}\": {}",
            masked(said)
        ),
    ))
}

fn scheduling_gate<'a>(_: &Graph<'a>, signal: &Signal<'a>) -> Option<Candidate> {
    let pod = signal.pod()?;
    let gates: Vec<&str> = pod
        .spec
        .scheduling_gates
        .iter()
        .map(|gate| &*gate.name)
        .collect();
    let list = gates.join(", ");
    (!gates.is_empty()).then(|| {
        let mut candidate = Candidate::new(
            &signal.owner,
            format!("scheduling gate {list} is not removed"),
            format!("the pod is not placed before somebody removes its scheduling gates: {list}"),
        );
        candidate.evidence.push(seen(
            pod.reference(),
            "spec.schedulingGates",
            list,
            EvidenceSource::Spec,
            None,
        ));
        candidate
    })
}

fn preempted<'a>(_: &Graph<'a>, signal: &Signal<'a>) -> Option<Candidate> {
    Some(Candidate::new(
        &signal.owner,
        "its pods give way to others of higher priority",
        format!(
            "the scheduler has ended several pods of {} \"{}\" within an hour to make room for pods of higher priority",
            signal.owner.kind, signal.owner.name
        ),
    ))
}

fn finalizer<'a>(graph: &Graph<'a>, signal: &Signal<'a>) -> Option<Candidate> {
    let (target, held) = match signal.pod() {
        Some(pod) => (pod.reference(), list(&pod.metadata.finalizers)),
        None => {
            let name = &signal.object.name;
            let namespace: &Namespace = graph.get("", name)?;
            let left = ["NamespaceFinalizersRemaining", "NamespaceContentRemaining"];
            let said = left.iter().find_map(|one| {
                condition(&namespace.status.conditions, one).filter(|one| one.status == "True")
            })?;
            match leftover(graph, name) {
                Some((object, held)) => (object, held),
                None => {
                    let mut candidate = Candidate::new(
                        &signal.object,
                        "what is left in it is held by finalizers",
                        format!("namespace \"{name}\" cannot go: {}", said.message),
                    );
                    let only = said.r#type == "NamespaceFinalizersRemaining";
                    candidate.base = (!only).then_some(0.6);
                    return Some(candidate);
                }
            }
        }
    };
    if held.is_empty() {
        return None;
    }
    let mut candidate = Candidate::new(
        &target,
        format!("finalizer {held} is not removed"),
        format!(
            "{} \"{}\" was deleted and stays until whoever set finalizer {held} removes it",
            target.kind, target.name
        ),
    );
    candidate.evidence.push(seen(
        target,
        "metadata.finalizers",
        held,
        EvidenceSource::Status,
        None,
    ));
    Some(candidate)
}

fn list(finalizers: &[crate::objects::Text]) -> String {
    let all: Vec<&str> = finalizers.iter().map(|one| &**one).collect();
    all.join(", ")
}

/// A deleted object of a namespace that finalizers hold.
fn leftover(graph: &Graph<'_>, namespace: &str) -> Option<(ObjectRef, String)> {
    use crate::objects::{
        ConfigMap, Deployment, Ingress, Job, PersistentVolumeClaim, Secret, StatefulSet,
    };
    fn of<T: crate::incidents::Held>(
        graph: &Graph<'_>,
        namespace: &str,
    ) -> Option<(ObjectRef, String)> {
        let held = graph.of::<T>(namespace).iter().find(|one| {
            let meta = one.metadata();
            meta.deleted.is_some() && !meta.finalizers.is_empty()
        })?;
        Some((held.reference(), list(&held.metadata().finalizers)))
    }
    of::<PersistentVolumeClaim>(graph, namespace)
        .or_else(|| of::<Service>(graph, namespace))
        .or_else(|| of::<Ingress>(graph, namespace))
        .or_else(|| of::<Job>(graph, namespace))
        .or_else(|| of::<StatefulSet>(graph, namespace))
        .or_else(|| of::<Deployment>(graph, namespace))
        .or_else(|| of::<Secret>(graph, namespace))
        .or_else(|| of::<ConfigMap>(graph, namespace))
        .or_else(|| of::<Pod>(graph, namespace))
}

fn grace<'a>(graph: &Graph<'a>, signal: &Signal<'a>) -> Option<Candidate> {
    let exceeded = graph
        .events_about(&signal.object)
        .any(|event| event.reason == "ExceededGracePeriod");
    exceeded.then(|| {
        Candidate::new(
            &signal.owner,
            "its pods do not end within their grace period",
            format!(
                "the kubelet had to kill pod \"{}\", which had not ended within its grace period",
                signal.object.name
            ),
        )
    })
}

fn shutdown<'a>(graph: &Graph<'a>, signal: &Signal<'a>) -> Option<Candidate> {
    let pod = signal
        .pod()
        .filter(|pod| pod.status.reason == "NodeShutdown")?;
    let node = graph.node(&pod.node_name)?;
    let name = &node.metadata.name;
    Some(Candidate::new(
        &node.reference(),
        format!("node \"{name}\" was shutting down"),
        format!("the kubelet of node \"{name}\" took no pods because the node was shutting down"),
    ))
}
