//! Rights that are missing.

use serde_json::{Value, json};

use super::{
    super::fixtures::{Object, PodText, Scene, deployment, pod, replica_set, text, types},
    check,
};

const SAID: &str = r#"pods is forbidden: User "system:serviceaccount:shop:web" cannot list resource "pods" in API group "" in the namespace "shop""#;

fn rbac(kind: &str, name: &str, rest: Value) -> Object {
    let mut object = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": kind,
        "metadata": {"name": name, "namespace": if kind.starts_with("Cluster") { "" } else { "shop" },
            "uid": format!("{kind}-{name}"), "creationTimestamp": text(9_000)}});
    for (key, value) in rest.as_object().unwrap() {
        object[key] = value.clone();
    }
    Object(object)
}

fn binding(role: &str) -> Object {
    rbac(
        "RoleBinding",
        "web",
        json!({"roleRef": {"kind": "Role", "name": role},
            "subjects": [{"kind": "ServiceAccount", "name": "web", "namespace": "shop"}]}),
    )
}

fn role(verbs: Value) -> Object {
    rbac(
        "Role",
        "web",
        json!({"rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": verbs}]}),
    )
}

fn workload(said: &str) -> Vec<Object> {
    let account = |pod: PodText| pod.set("/spec/serviceAccountName", "web");
    vec![
        deployment("web", 1)
            .set("/spec/template/spec/serviceAccountName", "web")
            .into(),
        replica_set("web", 1).pods(1).into(),
        account(pod("web-1-a"))
            .waiting("CrashLoopBackOff", "back-off 10s")
            .last_end("Error", 1, 20, 4)
            .set(
                "/status/containerStatuses/0/lastState/terminated/message",
                said,
            )
            .of("web", 1)
            .into(),
        Object(json!({"apiVersion": "v1", "kind": "ServiceAccount",
            "metadata": {"name": "web", "namespace": "shop", "uid": "sa"}})),
    ]
}

/// Covers: INC-05, INC-07, INC-12
#[test]
fn a_refused_access_is_told_with_exactly_the_right_that_is_missing() {
    let mut all = workload(SAID);
    all.extend([binding("web"), role(json!(["get"]))]);
    let found = check(
        &Scene::of(all),
        "rbac_denied",
        "rbac_forbidden",
        "RoleBinding/web",
        &["grant_least_privilege", "plan"],
    );
    let fix = &found.fixes[0];
    assert_eq!(
        (fix.target.kind.as_str(), fix.target.name.as_str()),
        ("Role", "web")
    );
    let steps: Value = serde_json::from_str(&fix.patch.as_ref().unwrap().body).unwrap();
    assert_eq!(
        steps[0]["value"],
        json!({"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]})
    );
    assert!(
        found.fixes[1]
            .preview
            .contains("--verb=list --resource=pods")
    );
    // Without a binding of its own there is a plan, and the account is what lacks it.
    let found = Scene::of(workload(SAID)).evaluate();
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!(found[0].root_cause.target.kind, "ServiceAccount");
}

#[test]
fn what_was_granted_since_is_no_reason_any_more() {
    let mut all = workload(SAID);
    all.extend([binding("web"), role(json!(["list", "get"]))]);
    let found = Scene::of(all).evaluate();
    assert_eq!(found.len(), 1);
    assert_ne!(found[0].root_cause.cause, "rbac_forbidden");
    let everywhere = rbac(
        "ClusterRoleBinding",
        "all",
        json!({"roleRef": {"kind": "ClusterRole", "name": "admin"},
            "subjects": [{"kind": "Group", "name": "system:serviceaccounts:shop"}]}),
    );
    let admin = rbac(
        "ClusterRole",
        "admin",
        json!({"rules": [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}]}),
    );
    let mut all = workload(SAID);
    all.extend([everywhere, admin]);
    let found = Scene::of(all).evaluate();
    assert_ne!(found[0].root_cause.cause, "rbac_forbidden");
}

/// Covers: INC-05, INC-07
#[test]
fn a_binding_to_no_role_is_the_root_of_what_is_refused_for_it() {
    let mut all = workload(SAID);
    all.extend([binding("wep"), role(json!(["list"]))]);
    let found = check(
        &Scene::of(all),
        "rbac_denied",
        "role_missing",
        "RoleBinding/web",
        &["plan"],
    );
    assert!(found.root_cause.explanation.contains("\"web\" does"));
    assert!(found.symptoms.len() >= 3, "{:#?}", found.symptoms);
    let lone = binding("nothing-like-it");
    let found = check(
        &Scene::of([lone]),
        "rbac_denied",
        "role_missing",
        "RoleBinding/web",
        &["create_role", "plan"],
    );
    assert!(found.fixes[0].patch.is_none());
}

/// Covers: INC-07
#[test]
fn bindings_that_lead_somewhere_and_roles_that_were_not_read_are_quiet() {
    let scene = Scene::of([binding("web"), role(json!(["get"]))]);
    assert_eq!(types(&scene), [""; 0]);
    let mut snapshot = Scene::of([binding("gone")]).snapshot();
    snapshot.roles = None;
    assert!(super::evaluate(&snapshot).is_empty());
}
