//! Why a claim gets no volume.

use kubegraf_ipc::incident::EvidenceSource;

use super::{Candidate, Class, Rule};
use crate::{
    incidents::{
        evidence::{against, seen},
        graph::Graph,
        nearest::nearest,
        signal::Signal,
        snapshot::Kind,
    },
    objects::{Object, PersistentVolume, PersistentVolumeClaim, StorageClass},
    quantity,
};

macro_rules! row {
    ($cause:literal, $needs:expr, $doc:literal) => {
        row!($cause, $needs, $doc, &["plan"])
    };
    ($cause:literal, $needs:expr, $doc:literal, $actions:expr) => {
        Rule {
            cause: $cause,
            explains: &["pvc_pending"],
            class: Class::Computed,
            needs: $needs,
            in_spec: false,
            actions: $actions,
            doc: $doc,
            decide: |graph, signal| {
                decide(graph, signal)
                    .filter(|(id, _)| *id == $cause)
                    .map(|(_, candidate)| candidate)
            },
        }
    };
}

/// The table.
pub(super) const RULES: &[Rule] = &[
    Rule {
        cause: "storage_class_missing",
        explains: &["pvc_pending", "statefulset_reference_missing"],
        class: Class::Computed,
        needs: &[Kind::StorageClasses],
        in_spec: false,
        actions: &["plan"],
        doc: "the claim's class does not exist, and no volume has it",
        decide: |graph, signal| match signal.r#type {
            "statefulset_reference_missing" => super::workloads::class(graph, signal),
            _ => decide(graph, signal)
                .filter(|(id, _)| *id == "storage_class_missing")
                .map(|(_, candidate)| candidate),
        },
    },
    row!(
        "storage_class_default_absent",
        &[Kind::StorageClasses],
        "the claim names no class, there is no default one, and no volume fits",
        &["set_default_storage_class", "plan"]
    ),
    row!(
        "volume_storage_class_mismatch",
        &[Kind::Volumes],
        "the nearest volume is of another class"
    ),
    row!(
        "volume_access_mode_mismatch",
        &[Kind::Volumes],
        "the nearest volume lacks an access mode"
    ),
    row!(
        "volume_capacity_mismatch",
        &[Kind::Volumes],
        "the nearest volume is too small"
    ),
    row!(
        "volume_selector_mismatch",
        &[Kind::Volumes],
        "the nearest volume lacks the labels of the claim's selector"
    ),
    row!(
        "volume_mode_mismatch",
        &[Kind::Volumes],
        "the nearest volume is of another mode"
    ),
    row!(
        "volume_already_bound",
        &[Kind::Volumes],
        "every volume that fits belongs to another claim"
    ),
    Rule {
        cause: "provisioner_failed",
        explains: &["pvc_pending", "pv_failed"],
        class: Class::Computed,
        needs: &[Kind::StorageClasses],
        in_spec: false,
        actions: &["plan"],
        doc: "the provisioner of the claim's or the volume's class reports a failure",
        decide: |graph, signal| match signal.r#type {
            "pv_failed" => not_taken_back(graph, signal),
            _ => decide(graph, signal)
                .filter(|(id, _)| *id == "provisioner_failed")
                .map(|(_, candidate)| candidate),
        },
    },
    row!(
        "provisioner_missing",
        &[Kind::StorageClasses],
        "nothing provisions for the claim's class and no volume fits"
    ),
    Rule {
        cause: "volume_lost",
        explains: &["pvc_lost"],
        class: Class::Computed,
        needs: &[Kind::Volumes],
        in_spec: false,
        actions: &["plan"],
        doc: "the volume of a bound claim does not exist",
        decide: lost,
    },
];

/// One attribute of a volume that a claim does not accept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Misfit {
    Selector,
    Class,
    Access,
    Capacity,
    Mode,
}

/// A volume that its provisioner does not delete, in the words of the cluster.
fn not_taken_back<'a>(graph: &Graph<'a>, signal: &Signal<'a>) -> Option<Candidate> {
    let volume: &PersistentVolume = graph.get("", &signal.object.name)?;
    let class: &StorageClass = graph.get("", &volume.spec.storage_class_name)?;
    let said = signal
        .evidence
        .iter()
        .find(|seen| seen.field.ends_with("message"))?;
    let text: String = serde_json::from_str(&said.observed).ok()?;
    let mut candidate = Candidate::new(
        &class.reference(),
        format!(
            "provisioner \"{}\" does not take it back",
            class.provisioner
        ),
        format!(
            "provisioner \"{}\" of class \"{}\" could not delete volume \"{}\": {text}",
            class.provisioner, class.metadata.name, volume.metadata.name
        ),
    );
    candidate.base = Some(Class::Enumerated.base());
    Some(candidate)
}

fn claim<'a>(graph: &Graph<'a>, signal: &Signal<'a>) -> Option<&'a PersistentVolumeClaim> {
    graph.get(&signal.object.namespace, &signal.object.name)
}

fn decide<'a>(graph: &Graph<'a>, signal: &Signal<'a>) -> Option<(&'static str, Candidate)> {
    let claim = claim(graph, signal)?;
    let name = &claim.metadata.name;
    let found = |cause: &'static str, words: String, explanation: String| {
        Some((cause, Candidate::new(&signal.object, words, explanation)))
    };
    if !graph.knows(Kind::StorageClasses)
        && let Some(class) = &claim.spec.storage_class_name
        && signal.evidence.iter().any(|seen| {
            seen.source == EvidenceSource::Event
                && seen.observed.contains("storageclass")
                && seen.observed.contains("not found")
        })
    {
        let mut candidate = Candidate::new(
            &signal.object,
            format!("storage class \"{class}\" does not exist"),
            format!("claim \"{name}\" asks for storage class \"{class}\", which is not found"),
        );
        candidate.base = Some(Class::Message.base());
        return Some(("storage_class_missing", candidate));
    }
    let default = graph.all::<StorageClass>().find(|class| class.is_default());
    let wanted = claim
        .spec
        .storage_class_name
        .as_deref()
        .or(default.map(|class| &*class.metadata.name));
    let mut volumes: Vec<&PersistentVolume> = graph.all::<PersistentVolume>().collect();
    volumes.sort_by_key(|volume| &volume.metadata.name);
    let class = wanted
        .filter(|name| !name.is_empty())
        .and_then(|name| graph.get::<StorageClass>("", name));
    let dynamic = class.is_some_and(|class| class.provisioner != "kubernetes.io/no-provisioner");
    let alike = volumes
        .iter()
        .any(|volume| wanted == Some(&*volume.spec.storage_class_name));
    if let Some(wanted) = wanted.filter(|name| !name.is_empty())
        && graph.knows(Kind::StorageClasses)
        && class.is_none()
        && !alike
    {
        // A claim for a volume that stands there in another class has the wrong class.
        let fits = volumes.iter().find(|volume| {
            misfits(claim, volume, wanted) == [Misfit::Class] && free(volume, claim)
        });
        if let Some(volume) = fits {
            return found(
                "volume_storage_class_mismatch",
                format!("volume \"{}\" is of another storage class", volume.metadata.name),
                format!("claim \"{name}\" asks for class \"{wanted}\"; volume \"{}\", which fits otherwise, has \"{}\"", volume.metadata.name, volume.spec.storage_class_name),
            )
            .map(|one| with(one, signal, "spec.storageClassName", wanted, &volume.spec.storage_class_name));
        }
        let classes = graph
            .all::<StorageClass>()
            .map(|class| &*class.metadata.name);
        let near = nearest(wanted, classes);
        let more = near.map_or_else(String::new, |near| format!("; \"{near}\" does"));
        return found(
            "storage_class_missing",
            format!("storage class \"{wanted}\" does not exist"),
            format!(
                "claim \"{name}\" asks for storage class \"{wanted}\", which does not exist{more}"
            ),
        )
        .map(|one| {
            with(
                one,
                signal,
                "spec.storageClassName",
                wanted,
                near.unwrap_or("an existing class"),
            )
        });
    }
    if dynamic {
        let said = signal
            .evidence
            .iter()
            .find(|seen| seen.source == EvidenceSource::Event);
        let class = class?;
        let mut candidate = Candidate::new(
            &class.reference(),
            format!("provisioner \"{}\" makes no volume", class.provisioner),
            format!(
                "claim \"{name}\" waits for provisioner \"{}\" of class \"{}\"",
                class.provisioner, class.metadata.name
            ),
        );
        if let Some(seen) = said {
            let text: String = serde_json::from_str(&seen.observed).unwrap_or_default();
            candidate.explanation += &format!(": {text}");
            return Some(("provisioner_failed", candidate));
        }
        candidate.base = Some(0.6);
        return Some(("provisioner_missing", candidate));
    }
    if wanted.is_none()
        && default.is_none()
        && graph.knows(Kind::StorageClasses)
        && volumes.is_empty()
    {
        return found(
            "storage_class_default_absent",
            "no storage class is named and none is the default".into(),
            format!("claim \"{name}\" names no storage class, and no class is the default"),
        );
    }
    if !graph.knows(Kind::Volumes) {
        return None;
    }
    let wanted = wanted.unwrap_or_default();
    let fitting: Vec<_> = volumes
        .iter()
        .filter(|volume| misfits(claim, volume, wanted).is_empty())
        .collect();
    if !fitting.is_empty() && fitting.iter().all(|volume| !free(volume, claim)) {
        let volume = fitting[0];
        let holder = volume
            .spec
            .claim_ref
            .as_ref()
            .map_or("another claim", |of| &*of.name);
        return found(
            "volume_already_bound",
            format!(
                "volume \"{}\" belongs to \"{holder}\"",
                volume.metadata.name
            ),
            format!(
                "every volume that fits claim \"{name}\" belongs to another claim, such as \"{}\" to \"{holder}\"",
                volume.metadata.name
            ),
        );
    }
    let nearest = volumes
        .iter()
        .filter(|volume| free(volume, claim) && volume.status.phase != "Failed")
        .map(|volume| (misfits(claim, volume, wanted), *volume))
        .filter(|(wrong, _)| !wrong.is_empty())
        .min_by_key(|(wrong, volume)| (wrong.len(), wrong.first().copied(), &volume.metadata.name));
    let Some((wrong, volume)) = nearest else {
        let cause = if wanted.is_empty() {
            "storage_class_default_absent"
        } else {
            "provisioner_missing"
        };
        return found(
            cause,
            format!("there is no volume for claim \"{name}\""),
            format!("nothing makes volumes for claim \"{name}\", and no free one exists"),
        );
    };
    let of = &volume.metadata.name;
    let size = |map: &std::collections::BTreeMap<String, String>| {
        map.get("storage").cloned().unwrap_or_default()
    };
    let (cause, field, asked, there) = match wrong[0] {
        Misfit::Class => (
            "volume_storage_class_mismatch",
            "spec.storageClassName",
            wanted.to_owned(),
            volume.spec.storage_class_name.clone(),
        ),
        Misfit::Access => (
            "volume_access_mode_mismatch",
            "spec.accessModes",
            claim.spec.access_modes.join(","),
            volume.spec.access_modes.join(","),
        ),
        Misfit::Capacity => (
            "volume_capacity_mismatch",
            "spec.resources.requests.storage",
            size(&claim.spec.resources.requests),
            size(&volume.spec.capacity),
        ),
        Misfit::Selector => (
            "volume_selector_mismatch",
            "spec.selector",
            claim
                .spec
                .selector
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default(),
            volume.metadata.labels.to_string(),
        ),
        Misfit::Mode => (
            "volume_mode_mismatch",
            "spec.volumeMode",
            claim.spec.volume_mode.clone(),
            volume.spec.volume_mode.clone(),
        ),
    };
    found(
        cause,
        format!("volume \"{of}\" does not fit: {field}"),
        format!("claim \"{name}\" asks for \"{asked}\" ({field}); the nearest volume \"{of}\" has \"{there}\""),
    )
    .map(|one| with(one, signal, field, &asked, &there))
}

fn with(
    (cause, mut candidate): (&'static str, Candidate),
    signal: &Signal<'_>,
    field: &str,
    asked: &str,
    there: &str,
) -> (&'static str, Candidate) {
    let observed = seen(
        signal.object.clone(),
        field,
        asked,
        EvidenceSource::Computed,
        None,
    );
    candidate.evidence.push(against(observed, there));
    (cause, candidate)
}

fn free(volume: &PersistentVolume, claim: &PersistentVolumeClaim) -> bool {
    volume.status.phase != "Released"
        && volume.spec.claim_ref.as_ref().is_none_or(|of| {
            claim.metadata.name == *of.name && claim.metadata.namespace == *of.namespace
        })
}

fn misfits(claim: &PersistentVolumeClaim, volume: &PersistentVolume, class: &str) -> Vec<Misfit> {
    let mut found = Vec::new();
    let spec = &claim.spec;
    if spec
        .selector
        .as_ref()
        .is_some_and(|selector| !selector.matches(&volume.metadata.labels))
    {
        found.push(Misfit::Selector);
    }
    if volume.spec.storage_class_name != class {
        found.push(Misfit::Class);
    }
    if !spec
        .access_modes
        .iter()
        .all(|mode| volume.spec.access_modes.contains(mode))
    {
        found.push(Misfit::Access);
    }
    let size = |map: &std::collections::BTreeMap<String, String>| {
        map.get("storage").and_then(|text| quantity::number(text))
    };
    if size(&volume.spec.capacity).unwrap_or(f64::MAX)
        < size(&spec.resources.requests).unwrap_or_default()
    {
        found.push(Misfit::Capacity);
    }
    let block = |mode: &str| mode == "Block";
    if block(&spec.volume_mode) != block(&volume.spec.volume_mode) {
        found.push(Misfit::Mode);
    }
    found
}

fn lost<'a>(graph: &Graph<'a>, signal: &Signal<'a>) -> Option<Candidate> {
    let claim = claim(graph, signal)?;
    let volume = &claim.spec.volume_name;
    Some(Candidate::new(
        &signal.object,
        format!("volume \"{volume}\" is gone"),
        format!(
            "claim \"{}\" was bound to volume \"{volume}\", which does not exist any more",
            claim.metadata.name
        ),
    ))
}
