//! Rights that are not there: bindings to missing roles, and accesses that were refused to workloads.

use std::collections::BTreeMap;

use kubegraf_ipc::{
    incident::{Evidence, EvidenceSource, Severity},
    object::ObjectRef,
};

use super::super::{
    containers,
    evidence::{self, masked, seen},
    graph::Graph,
    rights,
    signal::Signal,
    snapshot::Kind,
};
use super::{Detector, Earlier};
use crate::objects::{ClusterRoleBinding, Meta, Object, RoleBinding, RoleRef};

/// `rbac_denied`
pub(super) struct RbacDenied;

/// A new binding's role may follow it; seconds.
const YOUNG: i64 = 60;
/// Refusals longer ago than this are over; seconds.
const RECENT: i64 = 900;
/// Refusals that count.
const OFTEN: u32 = 2;

impl Detector for RbacDenied {
    fn r#type(&self) -> &'static str {
        "rbac_denied"
    }
    fn severity(&self) -> Severity {
        Severity::Medium
    }
    fn reads(&self) -> &'static [Kind] {
        &[]
    }
    fn threshold(&self) -> i64 {
        YOUNG
    }
    fn doc(&self) -> &'static str {
        "a RoleBinding or ClusterRoleBinding names a role that does not exist; or a ServiceAccount of a workload was refused an access twice, as events or last words of its containers say, and still has no right to it"
    }
    fn detect<'a>(&self, graph: &Graph<'a>, _: Earlier<'_, 'a>) -> Vec<Signal<'a>> {
        let mut signals: Vec<Signal<'a>> = Vec::new();
        let mut look = |object: ObjectRef, meta: &Meta, role: &RoleRef| {
            let young = meta
                .created
                .is_some_and(|at| !graph.passed(at, self.threshold()));
            let quiet = containers::ignored(&meta.annotations, self.r#type());
            if young || quiet || meta.deleted.is_some() {
                return;
            }
            if rights::dangling(graph, &meta.namespace, role) {
                let name = format!("{}/{}", role.kind, role.name);
                let spec = EvidenceSource::Spec;
                let evidence = vec![seen(object.clone(), "roleRef", name, spec, None)];
                let begun = meta.created.unwrap_or_else(|| graph.now());
                signals.push(Signal::of(self.r#type(), object, begun, evidence));
            }
        };
        for one in graph.own::<RoleBinding>() {
            look(one.reference(), &one.metadata, &one.role_ref);
        }
        for one in graph.own::<ClusterRoleBinding>() {
            look(one.reference(), &one.metadata, &one.role_ref);
        }
        signals.extend(
            refusals(graph)
                .into_iter()
                .filter(|(_, refusal)| refusal.times >= OFTEN)
                .map(|(owner, refusal)| {
                    let begun = refusal.begun.unwrap_or_else(|| graph.now());
                    Signal::of(self.r#type(), owner, begun, refusal.evidence)
                }),
        );
        signals
    }
}

/// What was refused to one workload.
#[derive(Default)]
struct Refusal {
    times: u32,
    begun: Option<i64>,
    evidence: Vec<Evidence>,
}

impl Refusal {
    fn add(&mut self, times: u32, begun: Option<i64>, evidence: Evidence) {
        self.times += times;
        self.begun = match (self.begun, begun) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        if self.evidence.len() < 4 {
            self.evidence.push(evidence);
        }
    }
}

/// The workloads whose ServiceAccounts were refused what they still have no right to.
fn refusals(graph: &Graph<'_>) -> BTreeMap<ObjectRef, Refusal> {
    let mut found: BTreeMap<ObjectRef, Refusal> = BTreeMap::new();
    let still = |text: &str| {
        let access = rights::refused(text)?;
        (rights::granted(graph, &access) != Some(true)).then_some(access)
    };
    for event in graph.events() {
        let recent = event
            .last_seen()
            .is_none_or(|at| !graph.passed(at, RECENT + 1));
        if event.r#type != "Warning" || !recent || !event.message.contains("cannot") {
            continue;
        }
        let Some(access) = still(&event.message) else {
            continue;
        };
        let about = &event.involved_object;
        let pod = (about.kind == "Pod")
            .then(|| graph.pod(&about.namespace, &about.name))
            .flatten();
        let owner = pod.map(|pod| graph.owner(pod)).or_else(|| {
            let mut all = graph.workloads_in(&access.of);
            all.find(|one| runs_as(&one.spec.service_account_name) == access.account)
                .map(|one| one.object.clone())
        });
        if let Some(owner) = owner {
            let refusal = found.entry(owner).or_default();
            refusal.add(event.times(), event.first_seen(), evidence::event(event));
        }
    }
    for pod in graph.suspects() {
        if containers::quiet(pod, RbacDenied.r#type()) {
            continue;
        }
        for one in containers::of(pod) {
            let Some((path, end)) = one.ended().filter(|(_, end)| end.exit_code != 0) else {
                continue;
            };
            if !one.ended_within(graph, RECENT) || still(&end.message).is_none() {
                continue;
            }
            let said = one.observed(
                &format!("{path}.message"),
                masked(&end.message),
                end.finished_at,
            );
            let refusal = found.entry(graph.owner(pod)).or_default();
            refusal.add(one.status.restart_count.max(1), end.started_at, said);
        }
    }
    found
}

/// The ServiceAccount pods run as.
pub(in super::super) fn runs_as(name: &str) -> &str {
    if name.is_empty() { "default" } else { name }
}
