//! Another image, or another way to get it.

use serde_json::json;

use super::{Built, Case, container_patch, rollback, rolls_out};
use crate::incidents::{containers, image::parse};

/// A tag of the same repository that runs: from the last good revision where more than the image
/// changed since, else from another workload of the namespace.
pub(super) fn set_image(case: &Case<'_, '_>) -> Option<Built> {
    let (pod, name) = (case.signal.pod()?, case.signal.container?);
    let container = containers::named(pod, name)?;
    let owner = &case.signal.owner;
    if !rolls_out(&owner.kind) {
        return None;
    }
    let image = container.image();
    let wanted = parse(image)?.repository;
    let fits = |other: &str| other != image && parse(other).is_some_and(|o| o.repository == wanted);
    let revision = case.graph.deployment(owner).and_then(|deployment| {
        let current = crate::incidents::detectors::newest(case.graph, deployment)?;
        let good = rollback::last_good(case.graph, deployment, current)?;
        let spec = &good.spec.template.spec;
        let old = spec
            .containers
            .iter()
            .chain(&spec.init_containers)
            .find(|c| c.name == name)?;
        Some((current, good, old.image.as_str()))
    });
    let (new, source) = if let Some((current, good, old)) = revision.filter(|(_, _, old)| fits(old))
    {
        let now = rollback::clean(&current.spec.template)?.to_string();
        let then = rollback::clean(&good.spec.template)?.to_string();
        if now.replace(image, old) == then {
            return None;
        }
        (old, format!("of revision {}", good.revision()?))
    } else {
        let other = case
            .graph
            .pods()
            .filter(|other| other.metadata.namespace == pod.metadata.namespace)
            .flat_map(containers::of)
            .filter(|other| other.status.ready && fits(other.image()))
            .min_by_key(|other| (&other.pod.metadata.name, other.name()))?;
        (
            other.image(),
            format!("that pod \"{}\" runs", other.pod.metadata.name),
        )
    };
    let list = if container.init {
        "initContainers"
    } else {
        "containers"
    };
    Some(Built {
        description: format!("Set the image of container \"{name}\" to \"{new}\", {source}"),
        preview: format!("spec.template.spec.{list}[name={name}].image: \"{image}\" → \"{new}\""),
        target: owner.clone(),
        patch: Some(container_patch(
            container.init,
            &json!({"name": name, "image": new}),
        )),
    })
}

/// Lets the kubelet pull what it may not pull now.
pub(super) fn set_pull_policy(case: &Case<'_, '_>) -> Option<Built> {
    let name = case.signal.container?;
    let container = containers::named(case.signal.pod()?, name)?;
    let owner = &case.signal.owner;
    let policy = container.spec.map(|spec| spec.image_pull_policy.as_str());
    if !rolls_out(&owner.kind) || policy != Some("Never") {
        return None;
    }
    let list = if container.init {
        "initContainers"
    } else {
        "containers"
    };
    let body = json!({"name": name, "imagePullPolicy": "IfNotPresent"});
    Some(Built {
        description: format!("Allow container \"{name}\" to pull its image"),
        preview: format!(
            "spec.template.spec.{list}[name={name}].imagePullPolicy: Never → IfNotPresent"
        ),
        target: owner.clone(),
        patch: Some(container_patch(container.init, &body)),
    })
}
