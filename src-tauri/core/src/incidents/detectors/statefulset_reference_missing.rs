//! StatefulSets that name what is not there.

use kubegraf_ipc::incident::EvidenceSource;

use super::super::{
    causes::workloads::{lacks_class, lacks_service},
    evidence::seen,
    graph::Graph,
    signal::Signal,
};
use super::{Look, detector};
use crate::objects::{Object, PersistentVolume, PersistentVolumeClaim, StatefulSet};

detector!(
    StatefulSetReferenceMissing,
    "statefulset_reference_missing",
    High,
    [StatefulSets],
    60,
    "a StatefulSet that wants pods names a Service that does not exist, or its claims a storage class that neither exists nor has volumes, and no claim of its own shows that already",
    detect
);

fn detect<'a>(look: Look<'_, 'a>) -> Vec<Signal<'a>> {
    let graph = look.graph;
    let sets = look
        .all::<StatefulSet>()
        .filter(|set| set.spec.replicas != Some(0) && look.lasted(set.metadata.created));
    sets.filter_map(|set| {
        let object = set.reference();
        let spec = |field: String, value: &str| {
            seen(object.clone(), field, value, EvidenceSource::Spec, None)
        };
        let mut evidence = Vec::new();
        if lacks_service(graph, set) {
            let name = &set.spec.service_name;
            evidence.push(spec("spec.serviceName".into(), name));
        }
        if let Some((index, class)) = lacks_class(graph, set)
            && !shown(graph, set, index, class)
        {
            let field = format!("spec.volumeClaimTemplates[{index}].spec.storageClassName");
            evidence.push(spec(field, class));
        }
        let begun = set.metadata.created;
        (!evidence.is_empty()).then(|| look.object(object, begun, evidence))
    })
    .collect()
}

/// Whether a claim of the template is there, which then tells by itself, or volumes have the class.
fn shown(graph: &Graph<'_>, set: &StatefulSet, index: usize, class: &str) -> bool {
    let (namespace, name) = set.metadata.key();
    let template = &set.spec.volume_claim_templates[index].metadata.name;
    let first = format!("{template}-{name}-");
    let claims = graph.of::<PersistentVolumeClaim>(namespace).iter();
    let claimed = claims
        .into_iter()
        .any(|claim| claim.metadata.name.starts_with(&first));
    let volumes = || {
        let mut all = graph.every::<PersistentVolume>();
        all.any(|volume| volume.spec.storage_class_name == class)
    };
    claimed || volumes()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::super::fixtures::{Object, Scene, text, types};

    fn set(service: &str, class: &str) -> Object {
        Object(json!({"apiVersion": "apps/v1", "kind": "StatefulSet",
            "metadata": {"name": "db", "namespace": "shop", "uid": "db", "creationTimestamp": text(900)},
            "spec": {"replicas": 1, "serviceName": service, "selector": {"matchLabels": {"app": "db"}},
                "template": {"metadata": {"labels": {"app": "db"}},
                    "spec": {"containers": [{"name": "db", "image": "db", "ports": [{"containerPort": 5432}]}]}},
                "volumeClaimTemplates": [{"metadata": {"name": "data"}, "spec": {"storageClassName": class}}]}}))
    }

    fn named(version: &str, kind: &str, name: &str) -> Object {
        Object(json!({"apiVersion": version, "kind": kind,
            "metadata": {"name": name, "namespace": if kind == "Service" { "shop" } else { "" }}}))
    }

    /// Covers: INC-07, FIX-01
    #[test]
    fn a_service_or_class_that_is_not_there_is_told_with_what_creates_it() {
        let class = || named("storage.k8s.io/v1", "StorageClass", "fast");
        let service = || named("v1", "Service", "db");
        let whole = Scene::of([set("db", "fast"), class(), service()]);
        assert_eq!(types(&whole), [""; 0]);
        let found = Scene::of([set("db", "fast"), class()]).evaluate();
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].root_cause.cause, "service_missing");
        assert_eq!(found[0].root_cause.target.kind, "StatefulSet");
        let fix = &found[0].fixes[0];
        assert_eq!(fix.action, "create_service");
        let body: Value = serde_json::from_str(&fix.patch.as_ref().unwrap().body).unwrap();
        assert_eq!(body["spec"]["clusterIP"], "None");
        assert_eq!(body["spec"]["ports"][0]["port"], 5432);
        let found = Scene::of([set("db", "fats"), class(), service()]).evaluate();
        assert_eq!(found[0].root_cause.cause, "storage_class_missing");
        assert!(found[0].root_cause.explanation.contains("\"fast\" does"));
        // Static volumes of the class will do.
        let volume = Object(json!({"apiVersion": "v1", "kind": "PersistentVolume",
            "metadata": {"name": "v"}, "spec": {"storageClassName": "fats"}}));
        let scene = Scene::of([set("db", "fats"), class(), service(), volume]);
        assert_eq!(types(&scene), [""; 0]);
    }
}
