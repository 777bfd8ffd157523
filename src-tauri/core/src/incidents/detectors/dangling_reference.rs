//! Workloads that refer to what is not there.

use std::collections::BTreeMap;

use kubegraf_ipc::incident::EvidenceSource;

use super::super::{
    evidence::{against, seen},
    refs::{self, Dangling, Wrong},
    signal::Signal,
    snapshot::Kind,
};
use super::{Look, detector};

detector!(
    DanglingReference,
    "dangling_reference",
    High,
    [],
    60,
    "a workload that wants pods refers to a ConfigMap, Secret, key, ServiceAccount, PriorityClass or RuntimeClass that does not exist; optional references and kinds that were not read do not count",
    detect
);

fn detect<'a>(look: Look<'_, 'a>) -> Vec<Signal<'a>> {
    let graph = look.graph;
    let mut signals = Vec::new();
    for workload in graph.workloads() {
        let young = !look.lasted(workload.meta.created);
        let quiet = look.ignores(&workload.meta.annotations);
        if workload.desired == Some(0) || young || quiet {
            continue;
        }
        let mut by_container: BTreeMap<Option<&'a str>, Vec<Dangling<'a>>> = BTreeMap::new();
        for one in refs::dangling(graph, workload) {
            if one.reference.to != Kind::Claims {
                let container = one.reference.container;
                by_container.entry(container).or_default().push(one);
            }
        }
        for (container, all) in by_container {
            let evidence = all.iter().map(|one| {
                let field = format!("{}.{}", workload.path, one.reference.field);
                let name = match one.wrong {
                    Wrong::Object => one.reference.name,
                    Wrong::Key => one.reference.key.unwrap_or_default(),
                };
                let observed = seen(
                    workload.object.clone(),
                    field,
                    name,
                    EvidenceSource::Spec,
                    None,
                );
                match &one.meant {
                    Some(meant) => against(observed, meant),
                    None => observed,
                }
            });
            let absent = all.first().map(|one| {
                let object = one.object(&workload.object.namespace);
                let field = match (&one.wrong, one.reference.key) {
                    (Wrong::Key, Some(key)) => format!("data[{key}]"),
                    _ => "metadata.name".to_owned(),
                };
                seen(object, field, "absent", EvidenceSource::Computed, None)
            });
            let evidence = evidence.chain(absent).collect();
            let begun = workload.meta.created;
            signals.push(Signal {
                container,
                ..look.object(workload.object.clone(), begun, evidence)
            });
        }
    }
    signals
}
