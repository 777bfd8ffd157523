//! Rules of a pod's spec that say how, where and as whom it may run.

use serde::Deserialize;

use super::Selector;
use crate::wire::{Field, Fields, Malformed, Value, wire};

/// As whom the processes of a pod or container run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SecurityContext {
    /// User id.
    pub run_as_user: Option<i64>,
    /// Whether user 0 is refused.
    pub run_as_non_root: Option<bool>,
    /// Group that owns the pod's volumes; pods only.
    pub fs_group: Option<i64>,
}

/// Name servers of a pod's own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(default)]
pub struct DnsConfig {
    /// Addresses.
    pub nameservers: Vec<String>,
}

/// How evenly pods are spread.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SpreadRule {
    /// Largest difference between two domains.
    pub max_skew: u32,
    /// Label whose values are the domains.
    pub topology_key: String,
    /// `DoNotSchedule` or `ScheduleAnyway`.
    pub when_unsatisfiable: String,
    /// Which pods are counted.
    pub label_selector: Option<Selector>,
}

wire!(DnsConfig { 1 => nameservers });
wire!(SpreadRule {
    1 => max_skew,
    2 => topology_key,
    3 => when_unsatisfiable,
    4 => label_selector,
});

/// `PodSecurityContext`.
pub(super) fn of_pod(place: &mut SecurityContext, value: Value<'_>) -> Result<(), Malformed> {
    Fields(value.bytes()?).try_for_each(|field| match field? {
        (2, value) => place.run_as_user.merge(value),
        (3, value) => place.run_as_non_root.merge(value),
        (5, value) => place.fs_group.merge(value),
        _ => Ok(()),
    })
}

/// `SecurityContext`, a container's, which numbers its fields in another way.
pub(super) fn of_container(place: &mut SecurityContext, value: Value<'_>) -> Result<(), Malformed> {
    Fields(value.bytes()?).try_for_each(|field| match field? {
        (4, value) => place.run_as_user.merge(value),
        (5, value) => place.run_as_non_root.merge(value),
        _ => Ok(()),
    })
}
