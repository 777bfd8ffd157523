//! Why an image does not arrive.

use kubegraf_ipc::incident::EvidenceSource;

use super::{Candidate, Class, Rule};
use crate::incidents::{
    containers::{self, Seen},
    evidence::{against, masked, seen},
    graph::Graph,
    image::{self, parse},
    messages::{self, Family},
    refs::{self, Dangling},
    signal::Signal,
    snapshot::Kind,
};
use crate::objects::{Object, Pod};

const TYPES: &[&str] = &["image_pull_error"];

/// The table.
pub(super) const RULES: &[Rule] = &[
    Rule {
        cause: "image_name_invalid",
        explains: TYPES,
        class: Class::Enumerated,
        needs: &[Kind::Pods],
        in_spec: true,
        actions: &["rollback_workload", "set_image", "plan"],
        doc: "the container waits with InvalidImageName, or its image reference does not parse",
        decide: name_invalid,
    },
    Rule {
        cause: "image_tag_not_found",
        explains: TYPES,
        class: Class::Message,
        needs: &[Kind::Pods, Kind::ReplicaSets],
        in_spec: true,
        actions: &["rollback_workload", "set_image", "plan"],
        doc: "the registry says that it has no such manifest or repository; surer when another workload or the previous revision runs another tag of the same repository",
        decide: tag_not_found,
    },
    Rule {
        cause: "image_pull_secret_missing",
        explains: TYPES,
        class: Class::Computed,
        needs: &[Kind::Pods, Kind::Secrets],
        in_spec: true,
        actions: &["fix_reference", "create_placeholder", "plan"],
        doc: "the registry wants credentials, and a Secret named in imagePullSecrets does not exist",
        decide: pull_secret_missing,
    },
    Rule {
        cause: "image_registry_auth",
        explains: TYPES,
        class: Class::Message,
        needs: &[Kind::Pods],
        in_spec: true,
        actions: &["plan"],
        doc: "the registry refuses the credentials, or wants some",
        decide: |graph, signal| {
            // Credentials that are not there are not wrong.
            if absent_pull_secret(graph, signal).is_some() {
                return None;
            }
            family(graph, signal, Family::RegistryAuth, |registry, _| {
                (
                    format!("registry \"{registry}\" refuses the pull"),
                    format!(
                        "the registry \"{registry}\" wants other credentials than the ones it was given"
                    ),
                )
            })
        },
    },
    Rule {
        cause: "image_registry_rate_limited",
        explains: TYPES,
        class: Class::Message,
        needs: &[Kind::Pods],
        in_spec: false,
        actions: &["plan"],
        doc: "the registry counts too many pulls",
        decide: |graph, signal| {
            family(graph, signal, Family::RateLimit, |registry, _| {
                (
                    format!("registry \"{registry}\" limits the pulls"),
                    format!(
                        "the registry \"{registry}\" has counted too many pulls and answers none for now"
                    ),
                )
            })
        },
    },
    Rule {
        cause: "image_registry_tls",
        explains: TYPES,
        class: Class::Message,
        needs: &[Kind::Pods],
        in_spec: false,
        actions: &["plan"],
        doc: "the registry's certificate is not accepted",
        decide: |graph, signal| {
            family(graph, signal, Family::Tls, |registry, _| {
                (
                    format!("certificate of registry \"{registry}\" is not accepted"),
                    format!(
                        "the node does not accept the certificate of the registry \"{registry}\""
                    ),
                )
            })
        },
    },
    Rule {
        cause: "image_registry_unreachable",
        explains: TYPES,
        class: Class::Message,
        needs: &[Kind::Pods],
        in_spec: false,
        actions: &["rollback_workload", "plan"],
        doc: "the registry does not answer or has no address, or the container waits with RegistryUnavailable",
        decide: unreachable,
    },
    Rule {
        cause: "image_platform_mismatch",
        explains: TYPES,
        class: Class::Message,
        needs: &[Kind::Pods, Kind::Nodes],
        in_spec: false,
        actions: &["rollback_workload", "plan"],
        doc: "the image has no variant for the node's processor",
        decide: platform,
    },
    Rule {
        cause: "image_never_pulled",
        explains: TYPES,
        class: Class::Enumerated,
        needs: &[Kind::Pods],
        in_spec: false,
        actions: &["set_pull_policy", "plan"],
        doc: "the container waits with ErrImageNeverPull: the pull policy is Never and the node has no such image",
        decide: |graph, signal| {
            reason(graph, signal, "ErrImageNeverPull", |image, node| {
                (
                    format!("image \"{image}\" may never be pulled"),
                    format!(
                        "the pull policy is Never and node \"{node}\" does not have the image \"{image}\""
                    ),
                )
            })
        },
    },
    Rule {
        cause: "image_signature_rejected",
        explains: TYPES,
        class: Class::Enumerated,
        needs: &[Kind::Pods],
        in_spec: true,
        actions: &["rollback_workload", "plan"],
        doc: "the container waits with SignatureValidationFailed",
        decide: |graph, signal| {
            reason(graph, signal, "SignatureValidationFailed", |image, _| {
                (
                    format!("signature of image \"{image}\" is not accepted"),
                    format!(
                        "the node's policy does not accept the signature of the image \"{image}\""
                    ),
                )
            })
        },
    },
    Rule {
        cause: "image_store_failed",
        explains: TYPES,
        class: Class::Enumerated,
        needs: &[Kind::Pods],
        in_spec: false,
        actions: &["plan"],
        doc: "the container waits with ImageInspectError, or the node has no space left for images",
        decide: store_failed,
    },
];

fn name_invalid<'a>(_: &Graph<'a>, signal: &Signal<'a>) -> Option<Candidate> {
    let container = container(signal)?;
    let image = container.image();
    let said = waits(container, "InvalidImageName");
    if !said && parse(image).is_some() {
        return None;
    }
    let flaw = image::flaw(image);
    Some(Candidate::new(
        &signal.owner,
        format!("image name \"{image}\" is not valid"),
        format!(
            "container \"{}\" names the image \"{image}\", which no registry can have: {flaw}",
            container.name()
        ),
    ))
}

fn tag_not_found<'a>(graph: &Graph<'a>, signal: &Signal<'a>) -> Option<Candidate> {
    let container = container(signal)?;
    if !says(graph, container, Family::TagNotFound) || says(graph, container, Family::Platform) {
        return None;
    }
    let image = container.image();
    let reference = parse(image)?;
    let what = match (reference.digest, reference.tag) {
        (Some(digest), _) => format!("image \"{}\" has no digest {digest}", reference.repository),
        (None, tag) => {
            format!(
                "image tag \"{}\" does not exist in \"{}\"",
                tag.unwrap_or("latest"),
                reference.repository
            )
        }
    };
    let mut candidate = Candidate::new(
        &signal.owner,
        format!("image \"{image}\" does not exist"),
        format!(
            "container \"{}\" asks for \"{image}\", and the registry answers that it has no such image",
            container.name()
        ),
    );
    if let Some((pod, other)) = running_sibling(graph, image) {
        candidate.base = Some(0.9);
        candidate.words = what;
        candidate.explanation += &format!(
            "; \"{other}\" of the same repository runs in pod \"{}\"",
            pod.metadata.name
        );
        let field = "spec.containers[].image";
        let proof = seen(
            pod.reference(),
            field,
            &other,
            EvidenceSource::Computed,
            None,
        );
        candidate.evidence.push(against(proof, image));
    } else if let Some((set, other)) = previous_image(graph, signal, container) {
        candidate.base = Some(0.9);
        candidate.words = what;
        let revision = set.revision().unwrap_or_default();
        candidate.explanation +=
            &format!("; revision {revision} used \"{other}\" of the same repository");
        let field = format!(
            "spec.template.spec.containers[name={}].image",
            container.name()
        );
        let proof = seen(
            set.reference(),
            field,
            &other,
            EvidenceSource::Computed,
            None,
        );
        candidate.evidence.push(against(proof, image));
    }
    Some(candidate)
}

fn pull_secret_missing<'a>(graph: &Graph<'a>, signal: &Signal<'a>) -> Option<Candidate> {
    let container = container(signal)?;
    if !says(graph, container, Family::RegistryAuth) {
        return None;
    }
    let missing = absent_pull_secret(graph, signal)?;
    let name = missing.reference.name;
    let mut candidate = Candidate::new(
        &signal.owner,
        format!("pull secret \"{name}\" does not exist"),
        format!(
            "registry \"{}\" wants credentials, and Secret \"{name}\" of imagePullSecrets does not exist{}",
            registry(container.image()),
            missing
                .meant
                .as_ref()
                .map_or_else(String::new, |meant| format!("; \"{meant}\" does")),
        ),
    );
    let field = format!("spec.{}.name", missing.reference.field);
    let observed = seen(
        container.pod.reference(),
        field,
        name,
        EvidenceSource::Spec,
        None,
    );
    candidate.evidence.push(match &missing.meant {
        Some(meant) => against(observed, meant),
        None => observed,
    });
    let object = missing.object(&signal.owner.namespace);
    let absent = seen(
        object,
        "metadata.name",
        "absent",
        EvidenceSource::Computed,
        None,
    );
    candidate.evidence.push(absent);
    Some(candidate)
}

/// The first Secret of the pod's imagePullSecrets that does not exist.
pub(in super::super) fn absent_pull_secret<'a>(
    graph: &Graph<'a>,
    signal: &Signal<'a>,
) -> Option<Dangling<'a>> {
    let spec = match graph.workload(&signal.owner) {
        Some(workload) => workload.spec,
        None => &*signal.pod()?.spec,
    };
    refs::of(spec)
        .into_iter()
        .filter(|one| one.field.starts_with("imagePullSecrets"))
        .find_map(|one| refs::check(graph, &signal.owner.namespace, one))
}

fn unreachable<'a>(graph: &Graph<'a>, signal: &Signal<'a>) -> Option<Candidate> {
    let container = container(signal)?;
    let said = says(graph, container, Family::Unreachable) && !says(graph, container, Family::Tls);
    if !said && !waits(container, "RegistryUnavailable") {
        return None;
    }
    let registry = registry(container.image());
    Some(Candidate::new(
        &signal.owner,
        format!("registry \"{registry}\" cannot be reached"),
        format!(
            "node \"{}\" gets no answer from the registry \"{registry}\"",
            container.pod.node_name
        ),
    ))
}

fn platform<'a>(graph: &Graph<'a>, signal: &Signal<'a>) -> Option<Candidate> {
    let container = container(signal)?;
    if !says(graph, container, Family::Platform) {
        return None;
    }
    let image = container.image();
    let node = graph.node(&container.pod.node_name);
    let architecture = node.map_or("its", |node| node.status.node_info.architecture.as_str());
    let mut candidate = Candidate::new(
        &signal.owner,
        format!("image \"{image}\" is not built for {architecture} nodes"),
        format!(
            "the image \"{image}\" has no variant for the processor of node \"{}\"",
            container.pod.node_name
        ),
    );
    if let Some(node) = node {
        let field = "status.nodeInfo.architecture";
        let value = &node.status.node_info.architecture;
        candidate.evidence.push(seen(
            node.reference(),
            field,
            value,
            EvidenceSource::Computed,
            None,
        ));
    }
    Some(candidate)
}

fn store_failed<'a>(graph: &Graph<'a>, signal: &Signal<'a>) -> Option<Candidate> {
    let container = container(signal)?;
    let full = says(graph, container, Family::NoSpace);
    if !full && !waits(container, "ImageInspectError") {
        return None;
    }
    let name = &container.pod.node_name;
    let node = graph.node(name).map(Object::reference);
    let mut candidate = Candidate::new(
        node.as_ref().unwrap_or(&signal.owner),
        format!("node \"{name}\" cannot store images"),
        if full {
            format!("node \"{name}\" has no space left for images")
        } else {
            format!(
                "node \"{name}\" cannot read its own copy of the image \"{}\"",
                container.image()
            )
        },
    );
    candidate.base = full.then(|| Class::Message.base());
    Some(candidate)
}

fn family<'a>(
    graph: &Graph<'a>,
    signal: &Signal<'a>,
    family: Family,
    words: fn(&str, &str) -> (String, String),
) -> Option<Candidate> {
    let container = container(signal)?;
    if !says(graph, container, family) {
        return None;
    }
    let (title, explanation) = words(registry(container.image()), container.image());
    Some(Candidate::new(&signal.owner, title, explanation))
}

fn reason(
    _: &Graph<'_>,
    signal: &Signal<'_>,
    reason: &str,
    words: fn(&str, &str) -> (String, String),
) -> Option<Candidate> {
    let container = container(signal)?;
    if !waits(container, reason) {
        return None;
    }
    let (title, explanation) = words(container.image(), &container.pod.node_name);
    Some(Candidate::new(&signal.owner, title, explanation))
}

fn container<'a>(signal: &Signal<'a>) -> Option<Seen<'a>> {
    containers::named(signal.pod()?, signal.container?)
}

fn waits(container: Seen<'_>, reason: &str) -> bool {
    container
        .waiting()
        .is_some_and(|waiting| waiting.reason == reason)
}

/// Whether the kubelet's own words belong to the family: the waiting message where it says anything,
/// else the newest event about a pull of this image.
fn says<'a>(graph: &Graph<'a>, container: Seen<'a>, family: Family) -> bool {
    let image = container.image();
    let message = container.waiting().map_or("", |waiting| &waiting.message);
    if messages::is(family, message, image) {
        return true;
    }
    let silent = messages::silent(message, image);
    silent
        && container
            .events(graph)
            .filter(|event| event.reason == "Failed" && event.message.contains(image))
            .last()
            .is_some_and(|event| messages::is(family, &event.message, image))
}

/// `reg.io:5000`; the Docker registry where none is written.
fn registry(image: &str) -> &str {
    match image.split_once('/') {
        Some((host, _)) if host.contains(['.', ':']) || host == "localhost" => host,
        _ => "docker.io",
    }
}

/// A ready pod that runs another tag of the same repository; the first by name.
fn running_sibling<'a>(graph: &Graph<'a>, image: &str) -> Option<(&'a Pod, String)> {
    let wanted = parse(image)?;
    graph
        .pods()
        .flat_map(containers::of)
        .filter(|other| other.status.state.running.is_some() && other.status.ready)
        .filter(|other| other.image() != image)
        .filter(|other| {
            parse(other.image()).is_some_and(|found| found.repository == wanted.repository)
        })
        .min_by_key(|other| {
            (
                &other.pod.metadata.namespace,
                &other.pod.metadata.name,
                other.name(),
            )
        })
        .map(|other| (other.pod, masked(other.image())))
}

/// The image the newest older revision used, where it is another tag of the same repository.
fn previous_image<'a>(
    graph: &Graph<'a>,
    signal: &Signal<'_>,
    container: Seen<'_>,
) -> Option<(&'a crate::objects::ReplicaSet, String)> {
    let deployment = graph.deployment(&signal.owner)?;
    let current = graph.replica_set_of(container.pod)?;
    let wanted = parse(container.image())?;
    let set = graph
        .revisions(deployment)
        .iter()
        .copied()
        .rev()
        .find(|set| set.revision() < current.revision())?;
    let spec = &set.spec.template.spec;
    let other = spec
        .containers
        .iter()
        .find(|other| other.name == container.name())?;
    let same = parse(&other.image)?.repository == wanted.repository;
    (same && other.image != container.image()).then(|| (set, masked(&other.image)))
}
