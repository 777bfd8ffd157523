//! Propagation: which symptom brings about which, and over which link. Rows only; section 6 of the
//! catalogue.

use super::{
    graph::Graph,
    signal::{Place, Signal},
};

/// How a symptom reaches another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Link {
    /// From a node to its pods.
    RunsOn,
    /// Within one container.
    SameContainer,
    /// Within one pod.
    SamePod,
    /// From a pod to its owner.
    OwnedBy,
}

/// One row: a symptom of a type in `from` brings about one of a type in `effect`.
pub(super) struct Row {
    /// Types, cause side.
    pub from: &'static [&'static str],
    /// How it gets there.
    pub link: Link,
    /// Types, effect side.
    pub effect: &'static [&'static str],
}

const POD: &[&str] = &[
    "image_pull_error",
    "container_config_error",
    "oom_killed",
    "container_start_error",
    "pod_crash_loop",
    "high_restart_count",
    "pod_unschedulable",
    "persistent_failure",
];

/// Every row.
pub(super) const ROWS: &[Row] = &[
    Row {
        from: &["node_not_ready"],
        link: Link::RunsOn,
        effect: &[
            "persistent_failure",
            "image_pull_error",
            "container_start_error",
        ],
    },
    Row {
        from: &["oom_killed", "container_start_error"],
        link: Link::SameContainer,
        effect: &[
            "pod_crash_loop",
            "high_restart_count",
            "container_start_error",
        ],
    },
    Row {
        from: &[
            "pod_crash_loop",
            "image_pull_error",
            "container_config_error",
        ],
        link: Link::SamePod,
        effect: &["persistent_failure"],
    },
    Row {
        from: POD,
        link: Link::OwnedBy,
        effect: &["deployment_rollout_failure"],
    },
];

/// Whether `cause` brings about `effect`, by any row.
pub(super) fn explains(graph: &Graph<'_>, cause: &Signal<'_>, effect: &Signal<'_>) -> bool {
    ROWS.iter().any(|row| {
        row.from.contains(&cause.r#type)
            && row.effect.contains(&effect.r#type)
            && reaches(graph, row.link, cause, effect)
    })
}

/// Whether some row leads from one type to the other.
pub(super) fn leads(from: &str, to: &str) -> bool {
    from != to
        && ROWS
            .iter()
            .any(|row| row.from.contains(&from) && row.effect.contains(&to))
}

fn reaches(graph: &Graph<'_>, link: Link, cause: &Signal<'_>, effect: &Signal<'_>) -> bool {
    match link {
        Link::RunsOn => match (cause.place, effect.place) {
            (Place::Node(node), Place::Pod(pod)) => pod.node_name == node.metadata.name,
            _ => false,
        },
        Link::SameContainer => {
            cause.r#type != effect.r#type
                && cause.object == effect.object
                && cause.container == effect.container
        }
        Link::SamePod => cause.object == effect.object,
        // A pod of an old revision says nothing about the rollout of the new one.
        Link::OwnedBy => match (cause.place, effect.place) {
            (Place::Pod(pod), Place::Deployment(deployment)) => {
                cause.owner == effect.object
                    && super::detectors::newest(graph, deployment).is_none_or(|set| {
                        graph
                            .replica_set_of(pod)
                            .is_some_and(|of| of.metadata.uid == set.metadata.uid)
                    })
            }
            _ => false,
        },
    }
}
