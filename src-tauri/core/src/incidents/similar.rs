//! How much two incidents resemble each other.
//!
//! A pure function of two incidents; it knows no store and asks nothing of a cluster.

use std::collections::BTreeSet;

use kubegraf_ipc::incident::Incident;

/// From here on an earlier incident is worth showing.
pub const ALIKE: f64 = 0.5;

/// 0 to 1, two decimals: the weighted share of what the two have in common.
#[must_use]
pub fn similarity(one: &Incident, other: &Incident) -> f64 {
    let (a, b) = (&one.row, &other.row);
    let owner = if (&a.resource.kind, &a.resource.namespace, &a.resource.name)
        == (&b.resource.kind, &b.resource.namespace, &b.resource.name)
    {
        1.0
    } else if (&a.resource.kind, &a.resource.namespace) == (&b.resource.kind, &b.resource.namespace)
    {
        0.5
    } else {
        0.0
    };
    let sum = 0.35 * f64::from(a.cause == b.cause)
        + 0.15 * f64::from(a.r#type == b.r#type)
        + 0.20 * owner
        + 0.15 * jaccard(&evidence(one), &evidence(other))
        + 0.10 * jaccard(&kinds(one), &kinds(other))
        + 0.05 * f64::from(a.resource.namespace == b.resource.namespace);
    (sum * 100.0).round() / 100.0
}

fn evidence(incident: &Incident) -> BTreeSet<(&str, &str)> {
    let all = incident.root_cause.evidence.iter();
    all.map(|seen| (seen.field.as_str(), seen.observed.as_str()))
        .collect()
}

fn kinds(incident: &Incident) -> BTreeSet<&str> {
    let links = incident.chain.iter();
    links
        .flat_map(|link| [link.from.kind.as_str(), link.to.kind.as_str()])
        .chain([incident.row.resource.kind.as_str()])
        .collect()
}

/// What both have, of what either has; two empty sets have nothing to compare.
fn jaccard<T: Ord>(a: &BTreeSet<T>, b: &BTreeSet<T>) -> f64 {
    let either = a.union(b).count();
    if either == 0 {
        return 0.0;
    }
    a.intersection(b).count() as f64 / either as f64
}

#[cfg(test)]
mod tests {
    use kubegraf_ipc::incident::Incident;

    use super::*;
    use crate::incidents::{
        Ledger, Quiet, Snapshot, evaluate,
        fixtures::{Scene, deployment, pod, replica_set},
    };

    fn of(name: &str, reason: &str, message: &str) -> Incident {
        let snapshot: Snapshot = Scene::of([
            deployment(name, 1).into(),
            replica_set(name, 1).pods(1).into(),
            pod(&format!("{name}-1-a"))
                .waiting(reason, message)
                .of(name, 1)
                .into(),
        ])
        .snapshot();
        let mut ledger = Ledger::new("test", Quiet::default());
        let found = evaluate(&snapshot);
        let stored = ledger.observe(&snapshot, found, 1_790_000_000);
        stored[0].incident.clone()
    }

    /// Covers: LRN-04
    #[test]
    fn the_same_again_is_most_alike_and_a_stranger_is_not() {
        let one = of("web", "ImagePullBackOff", "manifest unknown");
        let namesake = of("shop", "ImagePullBackOff", "manifest unknown");
        let stranger = of("web", "CreateContainerConfigError", "no such thing");
        assert!((similarity(&one, &one) - 1.0).abs() < f64::EPSILON);
        let near = similarity(&one, &namesake);
        assert!((0.7..1.0).contains(&near), "{near}");
        assert!(similarity(&one, &stranger) < ALIKE);
    }
}
