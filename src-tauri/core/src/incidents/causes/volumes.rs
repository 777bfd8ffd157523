//! Why a volume does not come to its node or into its pod.

use kubegraf_ipc::incident::EvidenceSource;

use super::{Candidate, Class, Rule};
use crate::{
    incidents::{
        evidence::{masked, seen},
        fit,
        graph::Graph,
        messages::{self, Family},
        signal::Signal,
        snapshot::Kind,
    },
    objects::{
        CSINode, Object, PersistentVolume, PersistentVolumeClaim, Pod, StorageClass,
        VolumeAttachment,
    },
    quantity,
};

/// The table.
pub(super) const RULES: &[Rule] = &[
    Rule {
        cause: "volume_attach_conflict",
        explains: &["volume_attach_failed", "volume_mount_failed"],
        class: Class::Computed,
        needs: &[Kind::Attachments],
        in_spec: false,
        actions: &["set_strategy_recreate", "plan"],
        doc: "a volume that one node can have is attached to another than the pod's",
        decide: conflict,
    },
    Rule {
        cause: "csi_driver_missing",
        explains: &["volume_attach_failed", "volume_mount_failed"],
        class: Class::Computed,
        needs: &[Kind::NodeDrivers],
        in_spec: false,
        actions: &["plan"],
        doc: "the driver of the pod's volume does not run on its node",
        decide: driver,
    },
    Rule {
        cause: "host_path_missing",
        explains: &["volume_mount_failed"],
        class: Class::Message,
        needs: &[],
        in_spec: false,
        actions: &["plan"],
        doc: "the kubelet says that a hostPath is not there or is of another type",
        decide: host_path,
    },
    Rule {
        cause: "volume_mount_backend",
        explains: &["volume_mount_failed"],
        class: Class::Message,
        needs: &[],
        in_spec: false,
        actions: &["plan"],
        doc: "the kubelet says that what holds the files does not answer or refuses",
        decide: backend,
    },
    Rule {
        cause: "volume_expansion_unsupported",
        explains: &["volume_expand_failed"],
        class: Class::Computed,
        needs: &[Kind::StorageClasses],
        in_spec: false,
        actions: &["plan"],
        doc: "the claim asks for more than it has, and its class does not let volumes grow",
        decide: expansion,
    },
];

/// What the kubelet or the controller last said of it.
fn said<'s>(signal: &'s Signal<'_>, family: Family) -> Option<&'s str> {
    let mut events = signal
        .evidence
        .iter()
        .filter(|seen| seen.source == EvidenceSource::Event);
    events
        .find(|seen| messages::is(family, &seen.observed, ""))
        .map(|seen| &*seen.observed)
}

fn plain(json: &str) -> String {
    serde_json::from_str(json).unwrap_or_default()
}

/// The bound claims of a pod with their volumes.
fn volumes<'a>(
    graph: &Graph<'a>,
    pod: &'a Pod,
) -> impl Iterator<Item = (&'a PersistentVolumeClaim, &'a PersistentVolume)> {
    fit::claims(pod).filter_map(|name| {
        let claim = graph.get::<PersistentVolumeClaim>(&pod.metadata.namespace, name)?;
        let volume = graph.get::<PersistentVolume>("", &claim.spec.volume_name)?;
        Some((claim, volume))
    })
}

fn conflict<'a>(graph: &Graph<'a>, signal: &Signal<'a>) -> Option<Candidate> {
    let pod = signal.pod()?;
    let computed = volumes(graph, pod).find_map(|(claim, volume)| {
        let modes = &claim.spec.access_modes;
        let shared = modes.iter().any(|mode| mode.ends_with("Many"));
        let elsewhere = graph.every::<VolumeAttachment>().find(|one| {
            one.spec.source.persistent_volume_name == *volume.metadata.name
                && one.status.attached
                && one.spec.node_name != *pod.node_name
        })?;
        (!shared).then_some((claim, volume, elsewhere))
    });
    let Some((claim, volume, elsewhere)) = computed else {
        let text = plain(said(signal, Family::AttachedElsewhere)?);
        let mut candidate = Candidate::new(
            &signal.owner,
            "its volume is attached to another node",
            format!(
                "a volume of pod \"{}\" cannot be attached: {text}",
                pod.metadata.name
            ),
        );
        candidate.base = Some(Class::Message.base());
        return Some(candidate);
    };
    let (name, node) = (&volume.metadata.name, &elsewhere.spec.node_name);
    let holder = graph.pods_on(node).into_iter().find(|other| {
        other.metadata.namespace == pod.metadata.namespace
            && fit::claims(other).any(|one| *one == *claim.metadata.name)
    });
    let who = holder.map_or_else(String::new, |other| {
        format!(", where pod \"{}\" uses it", other.metadata.name)
    });
    let mut candidate = Candidate::new(
        &signal.owner,
        format!("volume \"{name}\" is attached to node \"{node}\""),
        format!(
            "pod \"{}\" runs on node \"{}\" and needs volume \"{name}\", which only one node can have; it is attached to node \"{node}\"{who}",
            pod.metadata.name, pod.node_name
        ),
    );
    candidate.evidence.push(seen(
        elsewhere.reference(),
        "spec.nodeName",
        node,
        EvidenceSource::Spec,
        None,
    ));
    candidate.evidence.push(seen(
        claim.reference(),
        "spec.accessModes",
        claim.spec.access_modes.join(","),
        EvidenceSource::Spec,
        None,
    ));
    Some(candidate)
}

fn driver<'a>(graph: &Graph<'a>, signal: &Signal<'a>) -> Option<Candidate> {
    let pod = signal.pod()?;
    let node = graph.node(&pod.node_name)?;
    let there = graph.get::<CSINode>("", &pod.node_name);
    let computed = there.and_then(|there| {
        volumes(graph, pod).find_map(|(_, volume)| {
            let driver = &volume.spec.csi.as_ref()?.driver;
            let runs = there.spec.drivers.iter().any(|one| one.name == *driver);
            (!runs).then_some(&**driver)
        })
    });
    let text = said(signal, Family::DriverMissing).map(plain);
    if computed.is_none() && text.is_none() {
        return None;
    }
    let name = &node.metadata.name;
    let what = computed.map_or_else(
        || "the storage driver".to_owned(),
        |driver| format!("storage driver \"{driver}\""),
    );
    let mut candidate = Candidate::new(
        &node.reference(),
        format!("{what} does not run on node \"{name}\""),
        format!(
            "pod \"{}\" needs a volume of {what}, which does not run on node \"{name}\"",
            pod.metadata.name
        ),
    );
    match there.filter(|_| computed.is_some()) {
        Some(there) => {
            let names: Vec<&str> = there.spec.drivers.iter().map(|one| &*one.name).collect();
            candidate.evidence.push(seen(
                there.reference(),
                "spec.drivers",
                names,
                EvidenceSource::Spec,
                None,
            ));
        }
        None => candidate.base = Some(Class::Message.base()),
    }
    Some(candidate)
}

fn host_path<'a>(_: &Graph<'a>, signal: &Signal<'a>) -> Option<Candidate> {
    let text = plain(said(signal, Family::HostPath)?);
    let mut candidate = Candidate::new(
        &signal.owner,
        "a path of the node is not what the pod expects",
        format!(
            "a hostPath is not there or is of another type: {}",
            masked(&text)
        ),
    );
    // The kubelet's check has no other words for anything else.
    candidate.base = Some(Class::Enumerated.base());
    Some(candidate)
}

fn backend<'a>(_: &Graph<'a>, signal: &Signal<'a>) -> Option<Candidate> {
    let text = plain(said(signal, Family::MountBackend)?);
    // A missing object, driver or path is told finer.
    let lower = text.to_lowercase();
    let finer = [
        Family::HostPath,
        Family::DriverMissing,
        Family::AttachedElsewhere,
    ];
    let other = finer.iter().any(|one| messages::is(*one, &text, ""))
        || ["configmap \"", "secret \"", "references non-existent"]
            .iter()
            .any(|words| lower.contains(words));
    (!other).then(|| {
        Candidate::new(
            &signal.owner,
            "what holds its files does not answer",
            format!("a volume cannot be mounted: {}", masked(&text)),
        )
    })
}

fn expansion<'a>(graph: &Graph<'a>, signal: &Signal<'a>) -> Option<Candidate> {
    let claim: &PersistentVolumeClaim = graph.get(&signal.object.namespace, &signal.object.name)?;
    let (asked, has) = grows(claim)?;
    let class = claim.spec.storage_class_name.as_deref()?;
    let known = graph.get::<StorageClass>("", class)?;
    if known.allow_volume_expansion {
        return None;
    }
    let name = &claim.metadata.name;
    let mut candidate = Candidate::new(
        &signal.object,
        format!("storage class \"{class}\" does not let volumes grow"),
        format!(
            "claim \"{name}\" asks for {asked} and has {has}; class \"{class}\" does not allow expansion"
        ),
    );
    candidate.evidence.push(seen(
        known.reference(),
        "allowVolumeExpansion",
        false,
        EvidenceSource::Spec,
        None,
    ));
    Some(candidate)
}

/// What a bound claim asks for and has, where it asks for more.
pub(in super::super) fn grows(claim: &PersistentVolumeClaim) -> Option<(&str, &str)> {
    let asked = claim.spec.resources.requests.get("storage")?;
    let has = claim.status.capacity.get("storage")?;
    (quantity::number(asked)? > quantity::number(has)?).then_some((asked, has))
}
