//! Steps for a person, per cause. The app never runs them.

mod steps;
mod surroundings;

use super::{Built, Case};
use steps::STEPS;
use surroundings::SURROUNDINGS;

/// Where no cause is known, or none has steps of its own.
const LOOK: &[&str] = &[
    "kubectl -n {namespace} describe pod {pod}",
    "kubectl -n {namespace} logs {pod} -c {container} --previous --tail=100",
    "kubectl -n {namespace} get events --sort-by=.lastTimestamp",
];

pub(super) fn build(case: &Case<'_, '_>) -> Option<Built> {
    if case.cause == "rbac_forbidden" {
        let steps = super::rights::steps(case)?.into_iter().enumerate();
        let lines: Vec<String> = steps
            .map(|(i, step)| format!("{}. {step}", i + 1))
            .collect();
        return Some(Built {
            description: "Grant exactly what was refused".into(),
            preview: lines.join("\n"),
            target: case.candidate?.target.clone(),
            patch: None,
        });
    }
    let row = STEPS
        .iter()
        .chain(SURROUNDINGS)
        .find(|(cause, ..)| *cause == case.cause);
    let (description, steps) =
        row.map_or(("Look closer", LOOK), |(_, what, steps)| (*what, *steps));
    let owner = &case.signal.owner;
    let pod = case.signal.pod();
    let container = case.signal.container.unwrap_or_default();
    let image = pod
        .and_then(|pod| crate::incidents::containers::named(pod, container))
        .map_or("", crate::incidents::containers::Seen::image);
    let node = pod.map_or(owner.name.as_str(), |pod| pod.node_name.as_str());
    let values = [
        ("{kind}", owner.kind.to_lowercase()),
        ("{name}", owner.name.clone()),
        ("{namespace}", owner.namespace.clone()),
        ("{container}", container.to_owned()),
        (
            "{pod}",
            pod.map(|pod| pod.metadata.name.to_string())
                .unwrap_or_default(),
        ),
        ("{node}", node.to_owned()),
        ("{image}", image.to_owned()),
        (
            "{target}",
            case.candidate
                .map_or(owner, |candidate| &candidate.target)
                .name
                .clone(),
        ),
    ];
    // A step about something this incident does not have would only mislead.
    let usable = |step: &&&str| {
        values
            .iter()
            .all(|(key, value)| !value.is_empty() || !step.contains(key))
    };
    let lines: Vec<String> = steps
        .iter()
        .filter(usable)
        .enumerate()
        .map(|(i, step)| {
            let step = values
                .iter()
                .fold((*step).to_owned(), |text, (key, value)| {
                    text.replace(key, value)
                });
            format!("{}. {step}", i + 1)
        })
        .collect();
    let target = case.candidate.map_or(owner, |candidate| &candidate.target);
    (!lines.is_empty()).then(|| Built {
        description: description.to_owned(),
        preview: lines.join("\n"),
        target: target.clone(),
        patch: None,
    })
}
