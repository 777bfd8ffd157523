//! Why an access is refused.

use kubegraf_ipc::{incident::EvidenceSource, object::ObjectRef};

use super::{Candidate, Class, Rule, logs::container};
use crate::{
    incidents::{
        evidence::{against, masked, seen},
        graph::Graph,
        logs,
        nearest::nearest,
        rights::{self, Access},
        signal::Signal,
        snapshot::Kind,
    },
    objects::{
        ClusterRole, ClusterRoleBinding, Object, Role, RoleBinding, RoleRef, ServiceAccount,
    },
};

/// The table.
pub(super) const RULES: &[Rule] = &[
    Rule {
        cause: "role_missing",
        explains: &["rbac_denied"],
        class: Class::Computed,
        needs: &[],
        in_spec: false,
        actions: &["create_role", "plan"],
        doc: "roleRef of a binding names no Role or ClusterRole",
        decide: missing,
    },
    Rule {
        cause: "rbac_forbidden",
        explains: &[
            "rbac_denied",
            "pod_crash_loop",
            "init_container_failed",
            "high_restart_count",
            "persistent_failure",
            "job_failed",
        ],
        class: Class::Computed,
        needs: &[],
        in_spec: false,
        actions: &["grant_least_privilege", "plan"],
        doc: "events or last words tell of an access that the roles bound to the workload's ServiceAccount do not grant",
        decide: forbidden,
    },
];

/// What a binding grants, and the namespace where that counts.
pub(in super::super) fn role<'a>(graph: &Graph<'a>, object: &ObjectRef) -> Option<&'a RoleRef> {
    match object.kind.as_str() {
        "RoleBinding" => graph
            .get::<RoleBinding>(&object.namespace, &object.name)
            .map(|one| &one.role_ref),
        "ClusterRoleBinding" => graph
            .get::<ClusterRoleBinding>("", &object.name)
            .map(|one| &one.role_ref),
        _ => None,
    }
}

/// The role that a binding was most probably meant for.
pub(in super::super) fn meant<'a>(
    graph: &Graph<'a>,
    object: &ObjectRef,
    role: &RoleRef,
) -> Option<&'a str> {
    match &*role.kind {
        "Role" => {
            let all = graph.of::<Role>(&object.namespace).iter();
            nearest(&role.name, all.map(|one| &*one.metadata.name))
        }
        _ => {
            let all = graph.every::<ClusterRole>();
            nearest(&role.name, all.map(|one| &*one.metadata.name))
        }
    }
}

fn missing<'a>(graph: &Graph<'a>, signal: &Signal<'a>) -> Option<Candidate> {
    let role = role(graph, &signal.object)?;
    if !rights::dangling(graph, &signal.object.namespace, role) {
        return None;
    }
    let (kind, name) = (&role.kind, &role.name);
    let near = meant(graph, &signal.object, role);
    let more = near.map_or_else(String::new, |near| format!("; \"{near}\" does"));
    let mut candidate = Candidate::new(
        &signal.object,
        format!("{kind} \"{name}\" does not exist"),
        format!(
            "{} \"{}\" grants {kind} \"{name}\", which does not exist{more}",
            signal.object.kind, signal.object.name
        ),
    );
    let absent = seen(
        ObjectRef {
            api_version: Role::api_version_text(),
            kind: kind.clone(),
            namespace: if kind == "Role" {
                signal.object.namespace.clone()
            } else {
                String::new()
            },
            name: name.clone(),
            uid: None,
        },
        "metadata.name",
        "absent",
        EvidenceSource::Computed,
        None,
    );
    candidate.evidence.push(match near {
        Some(near) => against(absent, near),
        None => absent,
    });
    Some(candidate)
}

/// The access that was refused to a signal's workload.
pub(in super::super) fn access<'a>(graph: &Graph<'a>, signal: &Signal<'a>) -> Option<Access> {
    let texts = signal.evidence.iter().map(|seen| seen.observed.as_str());
    let told = texts.into_iter().find_map(rights::refused);
    told.or_else(|| {
        let one = container(graph, signal)?;
        let log = logs::reference(one).and_then(|log| graph.snapshot().logs.get(&log));
        let lines = log.into_iter().flat_map(|text| text.lines().rev());
        let last = lines.take(50).find_map(rights::refused);
        last.or_else(|| rights::refused(&one.ended()?.1.message))
    })
}

fn forbidden<'a>(graph: &Graph<'a>, signal: &Signal<'a>) -> Option<Candidate> {
    if role(graph, &signal.object).is_some() {
        return None;
    }
    let access = access(graph, signal)?;
    let granted = rights::granted(graph, &access);
    if granted == Some(true) {
        return None;
    }
    let account = &access.account;
    let bound = rights::binding(graph, &access);
    let known = graph.get::<ServiceAccount>(&access.of, account);
    let target = match (&bound, known) {
        (Some((binding, _)), _) => binding.clone(),
        (None, Some(account)) => account.reference(),
        (None, None) => signal.owner.clone(),
    };
    let words = access.words();
    let how = match &bound {
        Some((binding, role)) => format!(
            "; {} \"{}\" gives it {} \"{}\", which does not grant that",
            binding.kind, binding.name, role.kind, role.name
        ),
        None if graph.knows(Kind::RoleBindings) => "; no binding names it there".to_owned(),
        None => String::new(),
    };
    let mut candidate = Candidate::new(
        &target,
        format!("ServiceAccount \"{account}\" may not {words}"),
        format!(
            "the API server refuses ServiceAccount \"{account}\" of namespace \"{}\" to {words}{how}",
            access.of
        ),
    );
    if granted.is_none() {
        candidate.base = Some(Class::Message.base());
    }
    let rule = format!(
        "{} {} ({})",
        access.verb,
        access.resource,
        if access.group.is_empty() {
            "core"
        } else {
            &access.group
        }
    );
    let observed = seen(
        target,
        "rules",
        Option::<&str>::None,
        EvidenceSource::Computed,
        None,
    );
    candidate.evidence.push(against(observed, masked(&rule)));
    Some(candidate)
}
