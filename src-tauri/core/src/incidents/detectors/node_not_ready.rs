//! Nodes that do not report Ready.

use kubegraf_ipc::incident::EvidenceSource;

use super::super::{
    evidence::{self, seen},
    signal::Signal,
};
use super::{Look, detector};
use crate::objects::{Node, Object, condition};

/// A node younger than this is still starting; seconds.
const NEW: i64 = 300;

detector!(
    NodeNotReady,
    "node_not_ready",
    Critical,
    [Nodes],
    40,
    "a node's Ready condition is False or Unknown for 40 seconds; a node younger than five minutes is given that time",
    detect
);

fn detect<'a>(look: Look<'_, 'a>) -> Vec<Signal<'a>> {
    look.all::<Node>()
        .filter_map(|node| find(look, node))
        .collect()
}

fn find<'a>(look: Look<'_, 'a>, node: &'a Node) -> Option<Signal<'a>> {
    let ready =
        condition(&node.status.conditions, "Ready").filter(|ready| ready.status != "True")?;
    let at = ready.last_transition_time;
    let created = node.metadata.created;
    let new = created.is_some_and(|created| !look.graph.passed(created, NEW));
    if new || !look.lasted(at) {
        return None;
    }
    let object = node.reference();
    let field = "status.conditions[type=Ready].status";
    let mut evidence = vec![seen(
        object.clone(),
        field,
        &ready.status,
        EvidenceSource::Status,
        at,
    )];
    evidence.extend(evidence::condition(&object, ready));
    let taint = node.spec.taints.iter().find(|taint| {
        matches!(
            taint.key.as_str(),
            "node.kubernetes.io/not-ready" | "node.kubernetes.io/unreachable"
        )
    });
    if let Some(taint) = taint {
        let field = format!("spec.taints[key={}].effect", taint.key);
        evidence.push(seen(
            object,
            field,
            &taint.effect,
            EvidenceSource::Spec,
            None,
        ));
    }
    Some(look.node(node, at, evidence))
}

#[cfg(test)]
mod tests {
    use super::super::super::fixtures::{self, Scene, node};

    /// Covers: INC-07, INC-02
    #[test]
    fn a_node_counts_as_down_after_its_threshold() {
        let types = |scene: Scene| fixtures::types(&scene);
        let down = |status: &str, ago| node("n1").ready(status, "KubeletNotReady", ago);
        assert_eq!(
            types(Scene::of([down("False", 41).into()])),
            ["node_not_ready"]
        );
        assert!(types(Scene::of([down("False", 39).into()])).is_empty());
        assert_eq!(
            types(Scene::of([down("Unknown", 60).into()])),
            ["node_not_ready"]
        );
        assert!(types(Scene::of([down("Unknown", 30).into()])).is_empty());
        assert!(types(Scene::of([down("True", 900).into()])).is_empty());
        assert!(types(Scene::of([down("False", 100).created(120).into()])).is_empty());
        assert!(types(Scene::of([down("False", 100).deleted(1).into()])).is_empty());
    }
}
