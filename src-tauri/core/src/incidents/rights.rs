//! Who may do what: the access that a message says was refused, judged against roles and bindings as
//! the API server does. It knows nothing of groups but those every ServiceAccount is in.

use std::sync::LazyLock;

use kubegraf_ipc::object::ObjectRef;
use regex::Regex;

use super::{graph::Graph, snapshot::Kind};
use crate::objects::{
    AccessRule, ClusterRole, ClusterRoleBinding, Object, Role, RoleBinding, RoleRef, Subject,
};

/// An access that was refused to a ServiceAccount.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Access {
    /// The ServiceAccount's namespace.
    pub of: String,
    /// The ServiceAccount.
    pub account: String,
    /// `list`.
    pub verb: String,
    /// `pods`, `pods/log`.
    pub resource: String,
    /// "" for the core group.
    pub group: String,
    /// `None` at the cluster's scope.
    pub namespace: Option<String>,
}

impl Access {
    /// `list pods in namespace "shop"`.
    pub(super) fn words(&self) -> String {
        let what = if self.group.is_empty() {
            self.resource.clone()
        } else {
            format!("{}.{}", self.resource, self.group)
        };
        match &self.namespace {
            Some(namespace) => format!("{} {what} in namespace \"{namespace}\"", self.verb),
            None => format!("{} {what} in the whole cluster", self.verb),
        }
    }
}

/// The refused access that a text tells of, as the API server writes it.
pub(super) fn refused(text: &str) -> Option<Access> {
    static REFUSED: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r#"User \\?"system:serviceaccount:(?P<of>[a-z0-9.-]+):(?P<account>[a-z0-9.-]+)\\?" cannot (?P<verb>[a-z*]+) resource \\?"(?P<resource>[a-z0-9./*-]+)\\?" in API group \\?"(?P<group>[a-z0-9.-]*)\\?"(?: in the namespace \\?"(?P<namespace>[a-z0-9.-]+)\\?"| at the cluster scope)"#)
            .expect("the pattern is constant and valid")
    });
    let found = REFUSED.captures(text)?;
    let part = |name: &str| found.name(name).map(|part| part.as_str().to_owned());
    Some(Access {
        of: part("of")?,
        account: part("account")?,
        verb: part("verb")?,
        resource: part("resource")?,
        group: part("group")?,
        namespace: part("namespace"),
    })
}

/// Whether the access is granted; `None` where not all roles and bindings were read.
pub(super) fn granted(graph: &Graph<'_>, access: &Access) -> Option<bool> {
    let read = [
        Kind::Roles,
        Kind::RoleBindings,
        Kind::ClusterRoles,
        Kind::ClusterRoleBindings,
    ];
    if !read.iter().all(|kind| graph.knows(*kind)) {
        return None;
    }
    let everywhere = graph.every::<ClusterRoleBinding>().any(|binding| {
        names(&binding.subjects, &access.of, &access.account, "")
            && allows(graph, "", &binding.role_ref, access)
    });
    let here = || {
        let namespace = access.namespace.as_deref()?;
        let mut bindings = graph.of::<RoleBinding>(namespace).iter();
        Some(bindings.any(|binding| {
            names(&binding.subjects, &access.of, &access.account, namespace)
                && allows(graph, namespace, &binding.role_ref, access)
        }))
    };
    Some(everywhere || here().unwrap_or(false))
}

/// Whether a list of subjects has the ServiceAccount, itself or through its groups.
pub(super) fn names(subjects: &[Subject], of: &str, account: &str, binding: &str) -> bool {
    subjects.iter().any(|subject| match &*subject.kind {
        "ServiceAccount" => {
            let namespace = if subject.namespace.is_empty() {
                binding
            } else {
                &subject.namespace
            };
            subject.name == account && namespace == of
        }
        "User" => subject.name == format!("system:serviceaccount:{of}:{account}"),
        "Group" => {
            matches!(
                &*subject.name,
                "system:serviceaccounts" | "system:authenticated"
            ) || subject.name == format!("system:serviceaccounts:{of}")
        }
        _ => false,
    })
}

fn allows(graph: &Graph<'_>, namespace: &str, role: &RoleRef, access: &Access) -> bool {
    let rules = match &*role.kind {
        "Role" => graph
            .get::<Role>(namespace, &role.name)
            .map(|one| &one.rules),
        _ => graph
            .get::<ClusterRole>("", &role.name)
            .map(|one| &one.rules),
    };
    rules.is_some_and(|rules| rules.iter().any(|rule| covers(rule, access)))
}

fn covers(rule: &AccessRule, access: &Access) -> bool {
    let has = |list: &[String], wanted: &str| list.iter().any(|one| one == "*" || one == wanted);
    let (_, part) = access
        .resource
        .split_once('/')
        .unwrap_or((&access.resource, ""));
    let resource = has(&rule.resources, &access.resource)
        || !part.is_empty() && rule.resources.iter().any(|one| *one == format!("*/{part}"));
    // Names it is limited to do not cover lists, and the message does not always tell the name.
    has(&rule.verbs, &access.verb)
        && has(&rule.api_groups, &access.group)
        && resource
        && rule.resource_names.is_empty()
}

/// A binding with the ServiceAccount, where a further right is best added: one of its own in the
/// namespace of the access, else of the whole cluster.
pub(super) fn binding<'a>(graph: &Graph<'a>, access: &Access) -> Option<(ObjectRef, &'a RoleRef)> {
    let own = |subjects: &[Subject], namespace: &str| {
        subjects
            .iter()
            .any(|one| one.kind == "ServiceAccount" && one.name == access.account)
            && names(subjects, &access.of, &access.account, namespace)
    };
    let here = access.namespace.as_deref().and_then(|namespace| {
        let mut bindings = graph.of::<RoleBinding>(namespace).iter();
        bindings
            .find(|one| own(&one.subjects, namespace))
            .map(|one| (one.reference(), &one.role_ref))
    });
    here.or_else(|| {
        graph
            .every::<ClusterRoleBinding>()
            .find(|one| own(&one.subjects, ""))
            .map(|one| (one.reference(), &one.role_ref))
    })
}

/// Whether the role of a binding does not exist; `false` where its kind was not read.
pub(super) fn dangling(graph: &Graph<'_>, namespace: &str, role: &RoleRef) -> bool {
    match &*role.kind {
        "Role" => graph.knows(Kind::Roles) && graph.get::<Role>(namespace, &role.name).is_none(),
        "ClusterRole" => {
            graph.knows(Kind::ClusterRoles) && graph.get::<ClusterRole>("", &role.name).is_none()
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_refused_access_is_read_from_the_servers_words() {
        let text = r#"pods is forbidden: User "system:serviceaccount:shop:web" cannot list resource "pods" in API group "" in the namespace "shop""#;
        let access = refused(text).unwrap();
        assert_eq!(access.words(), "list pods in namespace \"shop\"");
        let text = r#"User "system:serviceaccount:shop:web" cannot get resource "nodes/proxy" in API group "apps" at the cluster scope"#;
        let access = refused(text).unwrap();
        assert_eq!(access.words(), "get nodes/proxy.apps in the whole cluster");
        assert_eq!(access.namespace, None);
        assert_eq!(refused("User \"bob\" cannot list resource \"pods\""), None);
    }

    #[test]
    fn a_rule_covers_what_it_lists() {
        let rule = |verbs: &[&str], resources: &[&str]| AccessRule {
            verbs: verbs.iter().map(|one| (*one).to_owned()).collect(),
            api_groups: vec![String::new()],
            resources: resources.iter().map(|one| (*one).to_owned()).collect(),
            resource_names: Vec::new(),
        };
        let access = refused(
            r#"User "system:serviceaccount:a:b" cannot get resource "pods/log" in API group "" in the namespace "a""#,
        )
        .unwrap();
        assert!(covers(&rule(&["get"], &["pods/log"]), &access));
        assert!(covers(&rule(&["*"], &["*/log"]), &access));
        assert!(covers(&rule(&["get", "list"], &["*"]), &access));
        assert!(!covers(&rule(&["get"], &["pods"]), &access));
        assert!(!covers(&rule(&["list"], &["pods/log"]), &access));
    }
}
