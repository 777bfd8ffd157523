//! What a workload refers to and is not there, and configuration that contradicts itself.

use kubegraf_ipc::incident::EvidenceSource;

use super::{Candidate, Class, Rule};
use crate::incidents::{
    evidence::{against, seen},
    graph::Graph,
    refs::{self, Dangling, Wrong},
    signal::Signal,
    snapshot::Kind,
};

const EXPLAINS: &[&str] = &[
    "dangling_reference",
    "container_config_error",
    "volume_mount_failed",
    "replica_creation_failed",
];
const FIXES: &[&str] = &[
    "fix_reference",
    "create_service_account",
    "create_placeholder",
    "plan",
];

macro_rules! missing {
    ($cause:literal, $needs:expr, $doc:literal) => {
        Rule {
            cause: $cause,
            explains: EXPLAINS,
            class: Class::Computed,
            needs: $needs,
            in_spec: false,
            actions: FIXES,
            doc: $doc,
            decide: |graph, signal| decide(graph, signal, $cause),
        }
    };
}

/// The table.
pub(super) const RULES: &[Rule] = &[
    missing!(
        "config_map_missing",
        &[Kind::ConfigMaps],
        "a reference that is not optional names a ConfigMap the namespace does not have"
    ),
    missing!(
        "config_map_key_missing",
        &[Kind::ConfigMaps],
        "the ConfigMap is there, the key is not"
    ),
    missing!(
        "secret_missing",
        &[Kind::Secrets],
        "a reference that is not optional names a Secret the namespace does not have"
    ),
    missing!(
        "secret_key_missing",
        &[Kind::Secrets],
        "the Secret is there, the key is not"
    ),
    missing!(
        "service_account_missing",
        &[Kind::ServiceAccounts],
        "the pods' ServiceAccount does not exist"
    ),
    missing!(
        "priority_class_missing",
        &[Kind::PriorityClasses],
        "the pods' PriorityClass does not exist"
    ),
    missing!(
        "runtime_class_missing",
        &[Kind::RuntimeClasses],
        "the pods' RuntimeClass does not exist"
    ),
    Rule {
        cause: "run_as_non_root_conflict",
        explains: &["container_config_error"],
        class: Class::Enumerated,
        needs: &[Kind::Pods],
        in_spec: true,
        actions: &["plan"],
        doc: "runAsNonRoot is true and the container would run as user 0, by its spec or its image",
        decide: non_root,
    },
];

fn decide<'a>(graph: &Graph<'a>, signal: &Signal<'a>, cause: &str) -> Option<Candidate> {
    let found = dangling(graph, signal, cause);
    if let Some(one) = found {
        return Some(candidate(graph, signal, &one));
    }
    said(graph, signal, cause)
}

/// The first reference of the signal's workload that leads nowhere in this way.
pub(in super::super) fn dangling<'a>(
    graph: &Graph<'a>,
    signal: &Signal<'a>,
    cause: &str,
) -> Option<Dangling<'a>> {
    let namespace = &*signal.owner.namespace;
    let all = match (graph.workload(&signal.owner), signal.pod()) {
        (Some(workload), _) => refs::dangling(graph, workload),
        (None, Some(pod)) => refs::of(&pod.spec)
            .into_iter()
            .filter(|one| !one.optional)
            .filter_map(|one| refs::check(graph, namespace, one))
            .collect(),
        (None, None) => return None,
    };
    all.into_iter().find(|one| {
        let volume = one.reference.container.is_none();
        let fits = match signal.r#type {
            "volume_mount_failed" => volume,
            "replica_creation_failed" => matches!(
                one.cause(),
                "service_account_missing" | "priority_class_missing" | "runtime_class_missing"
            ),
            "container_config_error" => one.reference.container == signal.container,
            _ => one.reference.container == signal.container,
        };
        fits && one.cause() == cause
    })
}

fn candidate(graph: &Graph<'_>, signal: &Signal<'_>, one: &Dangling<'_>) -> Candidate {
    let kind = one.reference.to.name();
    let name = one.reference.name;
    let (what, lack) = match (&one.wrong, one.reference.key) {
        (Wrong::Key, Some(key)) => (
            format!("{kind} \"{name}\" has no key \"{key}\""),
            format!("key \"{key}\" of {kind} \"{name}\""),
        ),
        _ => (
            format!("{kind} \"{name}\" does not exist"),
            format!("{kind} \"{name}\""),
        ),
    };
    let whose = match one.reference.container {
        Some(container) => format!("container \"{container}\""),
        None => format!("{} \"{}\"", signal.owner.kind, signal.owner.name),
    };
    let mut explanation = format!("{whose} refers to {lack}, which does not exist");
    if let Some(meant) = &one.meant {
        explanation += &format!("; \"{meant}\" does");
    }
    let mut candidate = Candidate::new(&signal.owner, what, explanation);
    let path = graph
        .workload(&signal.owner)
        .map_or("spec", |workload| workload.path);
    let field = format!("{path}.{}", one.reference.field);
    let observed = match one.wrong {
        Wrong::Object => name,
        Wrong::Key => one.reference.key.unwrap_or_default(),
    };
    let mut evidence = seen(
        signal.owner.clone(),
        field,
        observed,
        EvidenceSource::Spec,
        None,
    );
    if let Some(meant) = &one.meant {
        evidence = against(evidence, meant);
    }
    let already = signal
        .evidence
        .iter()
        .any(|known| known.field == evidence.field);
    if !already {
        candidate.evidence.push(evidence);
    }
    candidate
}

/// What the kubelet or a controller says, where the kind was not read.
fn said(graph: &Graph<'_>, signal: &Signal<'_>, cause: &str) -> Option<Candidate> {
    let kind = match cause {
        "config_map_missing" | "config_map_key_missing" => Kind::ConfigMaps,
        "secret_missing" | "secret_key_missing" => Kind::Secrets,
        "service_account_missing" => Kind::ServiceAccounts,
        _ => return None,
    };
    if graph.knows(kind) || signal.r#type == "dangling_reference" {
        return None;
    }
    let word = kind.name().to_lowercase();
    let text = signal
        .evidence
        .iter()
        .map(|seen| seen.observed.replace("\\\"", "\""))
        .find_map(|text| {
            let lower = text.to_lowercase();

            match cause {
                "config_map_key_missing" | "secret_key_missing" => {
                    let key = lower.split("couldn't find key ").nth(1)?;
                    let (key, rest) = key.split_once(" in ")?;
                    rest.starts_with(&word).then(|| {
                        let object = rest.split('/').nth(1).unwrap_or_default();
                        let object = object.trim_end_matches(['"', ' ']);
                        format!(
                            "{} \"{object}\" has no key \"{}\"",
                            kind.name(),
                            key.trim_matches('"')
                        )
                    })
                }
                _ => {
                    let after = lower.split(&format!("{word} \"")).nth(1)?;
                    let (name, rest) = after.split_once('"')?;
                    let name = name.rsplit('/').next().unwrap_or(name);
                    rest.trim_start()
                        .starts_with("not found")
                        .then(|| format!("{} \"{name}\" does not exist", kind.name()))
                }
            }
        })?;
    let mut candidate = Candidate::new(&signal.owner, text.clone(), text);
    candidate.base = Some(Class::Enumerated.base());
    Some(candidate)
}

fn non_root<'a>(_: &Graph<'a>, signal: &Signal<'a>) -> Option<Candidate> {
    let pod = signal.pod()?;
    let container = crate::incidents::containers::named(pod, signal.container?)?;
    let waits = container.waiting()?;
    let spec = container.spec?;
    let (of_pod, of_container) = (&pod.spec.security_context, &spec.security_context);
    let refuses = of_container.run_as_non_root.or(of_pod.run_as_non_root);
    let user = of_container.run_as_user.or(of_pod.run_as_user);
    let says = waits.message.contains("runAsNonRoot") || waits.message.contains("run as root");
    let conflicts = refuses == Some(true) && user == Some(0);
    if !says && !conflicts {
        return None;
    }
    let name = container.name();
    let mut candidate = Candidate::new(
        &signal.owner,
        format!("container \"{name}\" may not run as root and has no other user"),
        format!("runAsNonRoot is set for container \"{name}\", and it would run as user 0"),
    );
    candidate
        .evidence
        .push(container.asked("securityContext.runAsUser", user));
    Some(candidate)
}
