//! Nodes that do not report Ready.

use kubegraf_ipc::incident::{EvidenceSource, Severity};

use super::super::{
    containers,
    evidence::{masked, seen},
    graph::Graph,
    signal::{Place, Signal},
    snapshot::Kind,
};
use super::{Detector, Earlier};
use crate::objects::{Node, Object, condition};

/// `node_not_ready`
pub(super) struct NodeNotReady;

/// A node younger than this is still starting; seconds.
const NEW: i64 = 300;

impl Detector for NodeNotReady {
    fn r#type(&self) -> &'static str {
        "node_not_ready"
    }
    fn severity(&self) -> Severity {
        Severity::Critical
    }
    fn reads(&self) -> &'static [Kind] {
        &[Kind::Nodes]
    }
    fn threshold(&self) -> i64 {
        40
    }
    fn doc(&self) -> &'static str {
        "a node's Ready condition is False or Unknown for 40 seconds; a node younger than five minutes is given that time"
    }
    fn detect<'a>(&self, graph: &Graph<'a>, _: Earlier<'_, 'a>) -> Vec<Signal<'a>> {
        graph.own().filter_map(|node| find(graph, node)).collect()
    }
}

fn find<'a>(graph: &Graph<'a>, node: &'a Node) -> Option<Signal<'a>> {
    let meta = &node.metadata;
    if meta.deleted.is_some() || containers::ignored(&meta.annotations, NodeNotReady.r#type()) {
        return None;
    }
    let ready =
        condition(&node.status.conditions, "Ready").filter(|ready| ready.status != "True")?;
    let at = ready.last_transition_time;
    let lasted = |seconds| at.is_none_or(|at| graph.passed(at, seconds));
    let new = meta
        .created
        .is_some_and(|created| !graph.passed(created, NEW));
    if new || !lasted(NodeNotReady.threshold()) {
        return None;
    }
    let field = |name: &str| format!("status.conditions[type=Ready].{name}");
    let object = node.reference();
    let status = |name, value: &str| {
        seen(
            object.clone(),
            field(name),
            value,
            EvidenceSource::Status,
            at,
        )
    };
    let mut evidence = vec![
        status("status", &ready.status),
        status("reason", &ready.reason),
        status("message", &masked(&ready.message)),
    ];
    let taint = node.spec.taints.iter().find(|taint| {
        matches!(
            taint.key.as_str(),
            "node.kubernetes.io/not-ready" | "node.kubernetes.io/unreachable"
        )
    });
    if let Some(taint) = taint {
        let field = format!("spec.taints[key={}].effect", taint.key);
        evidence.push(seen(
            object.clone(),
            field,
            &taint.effect,
            EvidenceSource::Spec,
            None,
        ));
    }
    Some(Signal {
        r#type: NodeNotReady.r#type(),
        owner: object.clone(),
        object,
        container: None,
        first_seen: at.unwrap_or_else(|| graph.now()),
        evidence,
        place: Place::Node(node),
    })
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
