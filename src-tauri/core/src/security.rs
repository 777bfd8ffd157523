//! What a workload's pod template allows that it should not: the Pod Security Standards, exactly, and what
//! is good practice. Section 12 of the catalogue. Pure: one object in, findings out; it reads the object as
//! the API serves it, since nothing else of the app needs these fields.

mod checks;
mod pod;

use kubegraf_ipc::{incident::Severity, object::ObjectRef};
use serde::Serialize;
use serde_json::Value;

use checks::CHECKS;
use pod::PodView;

/// Where a check comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Pod Security Standard "baseline".
    Baseline,
    /// Pod Security Standard "restricted".
    Restricted,
    /// No standard asks for it.
    BestPractice,
}

/// A field, and the value that satisfies the check; null where it has to go.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Field {
    /// From the object's root, with numeric indexes.
    pub path: String,
    /// What it should hold.
    pub value: Value,
}

/// One failed check on one object, or on one container of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Finding {
    /// Its id.
    pub check: &'static str,
    /// The controls of Kubescape it corresponds to.
    pub kubescape: &'static [&'static str],
    /// Where it comes from.
    pub level: Level,
    /// How bad.
    pub severity: Severity,
    /// The object.
    pub resource: ObjectRef,
    /// The container; absent where it is about the whole pod.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub container: Option<String>,
    /// Fields that fail, also ones that are not there.
    pub paths: Vec<String>,
    /// What would satisfy it.
    pub fix: Vec<Field>,
    /// In words.
    pub message: String,
}

/// An object's findings, kept back until it is known whether its owner is there, too.
#[derive(Clone, Debug)]
pub struct Judged {
    /// The object.
    pub object: ObjectRef,
    /// Its controller; empty where it has none.
    owner: Option<(String, String)>,
    findings: Vec<Finding>,
}

/// Judges an object as the API serves it; `None` for one without a pod template.
#[must_use]
pub fn judge(object: &Value) -> Option<Judged> {
    let view = PodView::of(object)?;
    let resource = view.resource();
    let mut findings: Vec<Finding> = Vec::new();
    for check in CHECKS {
        for hit in (check.find)(&view) {
            let known = findings.iter_mut().find(|known| {
                known.check == check.id && known.container.as_deref() == hit.container
            });
            let fix = Field {
                path: hit.path.clone(),
                value: hit.value,
            };
            if let Some(known) = known {
                known.paths.push(hit.path);
                known.fix.push(fix);
                continue;
            }
            findings.push(Finding {
                check: check.id,
                kubescape: check.kubescape,
                level: check.level,
                severity: check.severity,
                resource: resource.clone(),
                container: hit.container.map(str::to_owned),
                paths: vec![hit.path],
                fix: vec![fix],
                message: check.message.to_owned(),
            });
        }
    }
    // A privileged container that holds the node's root holds the node.
    if view.holds_root() {
        for finding in &mut findings {
            if finding.check == "privileged" {
                finding.severity = Severity::Critical;
            }
        }
    }
    Some(Judged {
        object: resource,
        owner: view.owner(),
        findings,
    })
}

/// The findings of all objects, the worst first; those of an object whose owner is among them are its
/// owner's.
#[must_use]
pub fn gathered(all: Vec<Judged>) -> Vec<Finding> {
    let there: std::collections::BTreeSet<(String, String, String)> = all
        .iter()
        .map(|one| {
            let object = &one.object;
            (
                object.kind.clone(),
                object.namespace.clone(),
                object.name.clone(),
            )
        })
        .collect();
    let mut findings: Vec<Finding> = all
        .into_iter()
        .filter(|one| {
            let namespace = one.object.namespace.clone();
            one.owner
                .clone()
                .is_none_or(|(kind, name)| !there.contains(&(kind, namespace, name)))
        })
        .flat_map(|one| one.findings)
        .collect();
    findings.sort_by(|a, b| {
        let key = |one: &Finding| (one.severity, one.resource.clone(), one.check);
        key(a)
            .cmp(&key(b))
            .then_with(|| a.container.cmp(&b.container))
    });
    findings
}

#[cfg(test)]
mod tests;
