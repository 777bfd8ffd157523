//! More memory for a container that was killed for its limit.

use serde_json::json;

use super::{Built, Case, container_patch, rolls_out};
use crate::{incidents::containers, quantity};

/// Twice the limit, at most half of the largest node's allocatable memory.
pub(super) fn build(case: &Case<'_, '_>) -> Option<Built> {
    let name = case.signal.container?;
    let container = containers::named(case.signal.pod()?, name)?;
    let owner = &case.signal.owner;
    if !rolls_out(&owner.kind) {
        return None;
    }
    let resources = &container.spec?.resources;
    let old = resources.limits.get("memory")?;
    let bytes = quantity::bytes(old)?;
    let largest = case
        .graph
        .nodes()
        .filter_map(|node| quantity::bytes(node.status.allocatable.get("memory")?))
        .max();
    let doubled = bytes.checked_mul(2)?;
    let limit = largest.map_or(doubled, |largest| doubled.min(largest / 2));
    if limit < bytes / 4 * 5 {
        return None;
    }
    let new = quantity::memory(limit);
    let list = if container.init {
        "initContainers"
    } else {
        "containers"
    };
    let path = format!("spec.template.spec.{list}[name={name}].resources");
    let mut preview = format!("{path}.limits.memory: {old} → {new}");
    let mut body = json!({"name": name, "resources": {"limits": {"memory": new}}});
    if let Some(request) = resources
        .requests
        .get("memory")
        .filter(|r| quantity::bytes(r) == Some(bytes))
    {
        preview += &format!("\n{path}.requests.memory: {request} → {new}");
        body["resources"]["requests"] = json!({"memory": new});
    }
    Some(Built {
        description: format!("Raise the memory limit of container \"{name}\" from {old} to {new}"),
        preview,
        target: owner.clone(),
        patch: Some(container_patch(container.init, &body)),
    })
}
