//! Rights that are not there: bindings to missing roles, and accesses that were refused to workloads.

use std::collections::BTreeMap;

use kubegraf_ipc::{
    incident::{Evidence, EvidenceSource},
    object::ObjectRef,
};

use super::super::{
    evidence::{self, masked, seen},
    rights,
    signal::Signal,
};
use super::{Look, detector};
use crate::objects::{ClusterRoleBinding, Meta, Object, RoleBinding, RoleRef};

/// Refusals longer ago than this are over; seconds.
const RECENT: i64 = 900;
/// Refusals that count.
const OFTEN: u32 = 2;

detector!(
    RbacDenied,
    "rbac_denied",
    Medium,
    [],
    60,
    "a RoleBinding or ClusterRoleBinding names a role that does not exist; or a ServiceAccount of a workload was refused an access twice, as events or last words of its containers say, and still has no right to it",
    detect
);

fn detect<'a>(look: Look<'_, 'a>) -> Vec<Signal<'a>> {
    let graph = look.graph;
    let mut signals: Vec<Signal<'a>> = Vec::new();
    let mut bound = |object: ObjectRef, meta: &Meta, role: &RoleRef| {
        if look.lasted(meta.created) && rights::dangling(graph, &meta.namespace, role) {
            let name = format!("{}/{}", role.kind, role.name);
            let spec = EvidenceSource::Spec;
            let evidence = vec![seen(object.clone(), "roleRef", name, spec, None)];
            signals.push(look.object(object, meta.created, evidence));
        }
    };
    for one in look.all::<RoleBinding>() {
        bound(one.reference(), &one.metadata, &one.role_ref);
    }
    for one in look.all::<ClusterRoleBinding>() {
        bound(one.reference(), &one.metadata, &one.role_ref);
    }
    let refused = refusals(look).into_iter();
    signals.extend(
        refused
            .filter(|(_, refusal)| refusal.times >= OFTEN)
            .map(|(owner, refusal)| look.object(owner, refusal.begun, refusal.evidence)),
    );
    signals
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
fn refusals(look: Look<'_, '_>) -> BTreeMap<ObjectRef, Refusal> {
    let graph = look.graph;
    let mut found: BTreeMap<ObjectRef, Refusal> = BTreeMap::new();
    let still = |text: &str| {
        let access = rights::refused(text)?;
        (rights::granted(graph, &access) != Some(true)).then_some(access)
    };
    for event in graph.events() {
        let recent = look.present(event);
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
    for one in look.containers() {
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
        let refusal = found.entry(graph.owner(one.pod)).or_default();
        refusal.add(one.status.restart_count.max(1), end.started_at, said);
    }
    found
}

/// The ServiceAccount pods run as.
pub(in super::super) fn runs_as(name: &str) -> &str {
    if name.is_empty() { "default" } else { name }
}
