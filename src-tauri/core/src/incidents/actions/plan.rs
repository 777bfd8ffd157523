//! Steps for a person, per cause. The app never runs them.

mod steps;
mod surroundings;

use super::{Built, Case};
use crate::incidents::containers;
use steps::STEPS;
use surroundings::SURROUNDINGS;

/// Where no cause is known, or none has steps of its own.
const LOOK: Row = Row::written(
    "unknown",
    "Look closer",
    &[
        "kubectl -n {namespace} describe pod {pod}",
        "kubectl -n {namespace} logs {pod} -c {container} --previous --tail=100",
        "kubectl -n {namespace} get events --sort-by=.lastTimestamp",
    ],
);

/// What a person can do about one cause.
struct Row {
    cause: &'static str,
    /// A verb phrase.
    description: &'static str,
    steps: Steps,
}

/// How the steps of a row come about.
enum Steps {
    /// Words with `{kind}`, `{name}`, `{namespace}`, `{container}`, `{pod}`, `{node}`, `{image}` and
    /// `{target}` to fill in.
    Written(&'static [&'static str]),
    /// Worked out; `None` where the case does not say enough.
    Computed(fn(&Case<'_, '_>) -> Option<Vec<String>>),
}

impl Row {
    const fn written(
        cause: &'static str,
        description: &'static str,
        steps: &'static [&'static str],
    ) -> Self {
        Self {
            cause,
            description,
            steps: Steps::Written(steps),
        }
    }

    const fn computed(
        cause: &'static str,
        description: &'static str,
        steps: fn(&Case<'_, '_>) -> Option<Vec<String>>,
    ) -> Self {
        Self {
            cause,
            description,
            steps: Steps::Computed(steps),
        }
    }
}

pub(super) fn build(case: &Case<'_, '_>) -> Option<Built> {
    let row = STEPS
        .iter()
        .chain(SURROUNDINGS)
        .find(|row| row.cause == case.cause)
        .unwrap_or(&LOOK);
    let steps = match row.steps {
        Steps::Written(steps) => filled(case, steps),
        Steps::Computed(steps) => steps(case)?,
    };
    let lines: Vec<String> = steps
        .iter()
        .enumerate()
        .map(|(i, step)| format!("{}. {step}", i + 1))
        .collect();
    let target = case.candidate.map(|candidate| &candidate.target);
    (!lines.is_empty()).then(|| Built {
        description: row.description.to_owned(),
        preview: lines.join(
            "
",
        ),
        target: target.unwrap_or(&case.signal.owner).clone(),
        patch: None,
    })
}

/// The steps with this case's names in them.
fn filled(case: &Case<'_, '_>, steps: &[&str]) -> Vec<String> {
    let owner = &case.signal.owner;
    let pod = case.signal.pod();
    let container = case.signal.container.unwrap_or_default();
    let image = pod
        .and_then(|pod| containers::named(pod, container))
        .map_or("", containers::Seen::image);
    let target = case.candidate.map_or(owner, |found| &found.target);
    let kind = owner.kind.to_lowercase();
    let values: [(&str, &str); 8] = [
        ("{kind}", &kind),
        ("{name}", &owner.name),
        ("{namespace}", &owner.namespace),
        ("{container}", container),
        ("{pod}", pod.map_or("", |pod| &pod.metadata.name)),
        ("{node}", pod.map_or(&owner.name, |pod| &pod.node_name)),
        ("{image}", image),
        ("{target}", &target.name),
    ];
    // A step about something this incident does not have would only mislead.
    let usable = |step: &&&str| {
        let mut missing = values.iter().filter(|(_, value)| value.is_empty());
        !missing.any(|(key, _)| step.contains(key))
    };
    let steps = steps.iter().filter(usable).map(|step| {
        let words = (*step).to_owned();
        values
            .iter()
            .fold(words, |words, (key, value)| words.replace(key, value))
    });
    steps.collect()
}
