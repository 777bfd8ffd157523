use std::collections::BTreeSet;

use kubegraf_ipc::incident::Severity;
use serde_json::{Value, json};

use super::{CHECKS, Level, gathered, judge};

/// A pod that meets every check but "naked_pod".
fn good() -> Value {
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web", "namespace": "shop"},
        "spec": {
            "securityContext": {"runAsNonRoot": true, "seccompProfile": {"type": "RuntimeDefault"}},
            "containers": [{"name": "app", "image": "registry.example.com:5000/shop/web:1.2",
                "resources": {"requests": {"cpu": "1", "memory": "1Gi"}, "limits": {"memory": "1Gi"}},
                "securityContext": {"allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true,
                    "capabilities": {"drop": ["ALL"], "add": ["NET_BIND_SERVICE"]}}}]}})
}

fn failed(object: &Value) -> BTreeSet<&'static str> {
    let findings = gathered(vec![judge(object).unwrap()]);
    findings.iter().map(|one| one.check).collect()
}

/// What a change of the good pod breaks, beyond being without a controller.
fn broken(pointer: &str, value: Value) -> Vec<&'static str> {
    let mut pod = good();
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    match pod.pointer_mut(parent).unwrap() {
        Value::Array(items) => items.push(value),
        parent => parent[key] = value,
    }
    let mut found = failed(&pod);
    assert!(found.remove("naked_pod"));
    found.into_iter().collect()
}

#[test]
fn what_meets_every_check_has_no_finding() {
    assert_eq!(failed(&good()), BTreeSet::from(["naked_pod"]));
}

/// Each of the nineteen checks of the Pod Security Standards, by the one field that fails it.
///
/// Covers: SEC-11
#[test]
fn each_check_fails_by_its_field_alone() {
    const C: &str = "/spec/containers/0";
    let of = |field: &str| format!("{C}/{field}");
    let cases: &[(String, Value, &[&str])] = &[
        (
            of("securityContext/privileged"),
            json!(true),
            &["privileged"],
        ),
        ("/spec/hostPID".into(), json!(true), &["hostNamespaces"]),
        (
            "/spec/volumes".into(),
            json!([{"name": "v", "hostPath": {"path": "/var"}}]),
            &["hostPathVolumes", "restrictedVolumes"],
        ),
        (
            "/spec/volumes".into(),
            json!([{"name": "v", "nfs": {"path": "/var"}}]),
            &["restrictedVolumes"],
        ),
        (
            "/spec/volumes".into(),
            json!([{"name": "v", "secret": {"secretName": "a"}}]),
            &[],
        ),
        (
            of("ports"),
            json!([{"containerPort": 80, "hostPort": 80}]),
            &["hostPorts"],
        ),
        (
            of("ports"),
            json!([{"containerPort": 80, "hostPort": 0}]),
            &[],
        ),
        (
            of("livenessProbe"),
            json!({"httpGet": {"port": 80, "host": "10.0.0.1"}}),
            &["hostProbesAndHostLifecycle"],
        ),
        (
            of("lifecycle"),
            json!({"preStop": {"tcpSocket": {"port": 80, "host": "a"}}}),
            &["hostProbesAndHostLifecycle"],
        ),
        (
            of("securityContext/capabilities"),
            json!({"drop": ["ALL"], "add": ["SYS_ADMIN"]}),
            &["capabilities_baseline", "capabilities_restricted"],
        ),
        (
            of("securityContext/capabilities"),
            json!({"drop": ["ALL"], "add": ["CHOWN"]}),
            &["capabilities_restricted"],
        ),
        (
            of("securityContext/capabilities"),
            json!({"drop": ["CHOWN"]}),
            &["capabilities_restricted"],
        ),
        (
            of("securityContext/seLinuxOptions"),
            json!({"type": "spc_t"}),
            &["seLinuxOptions"],
        ),
        (
            of("securityContext/seLinuxOptions"),
            json!({"type": "container_t", "user": "u"}),
            &["seLinuxOptions"],
        ),
        (
            of("securityContext/seLinuxOptions"),
            json!({"type": "container_t", "level": "s0"}),
            &[],
        ),
        (
            of("securityContext/procMount"),
            json!("Unmasked"),
            &["procMount", "procMount_restricted"],
        ),
        (
            "/spec/securityContext/appArmorProfile".into(),
            json!({"type": "Unconfined"}),
            &["appArmorProfile"],
        ),
        (
            "/metadata/annotations".into(),
            json!({"container.apparmor.security.beta.kubernetes.io/app": "unconfined"}),
            &["appArmorProfile"],
        ),
        (
            "/metadata/annotations".into(),
            json!({"container.apparmor.security.beta.kubernetes.io/app": "localhost/a"}),
            &[],
        ),
        (
            of("securityContext/seccompProfile"),
            json!({"type": "Unconfined"}),
            &["seccompProfile_baseline", "seccompProfile_restricted"],
        ),
        (
            "/spec/securityContext/seccompProfile".into(),
            json!({}),
            &["seccompProfile_restricted"],
        ),
        (
            "/spec/securityContext/sysctls".into(),
            json!([{"name": "kernel.msgmax", "value": "1"}]),
            &["sysctls"],
        ),
        (
            "/spec/securityContext/sysctls".into(),
            json!([{"name": "net.ipv4.tcp_rmem", "value": "1"}]),
            &[],
        ),
        (
            of("securityContext/windowsOptions"),
            json!({"hostProcess": true}),
            &["windowsHostProcess"],
        ),
        (
            of("securityContext/allowPrivilegeEscalation"),
            Value::Null,
            &["allowPrivilegeEscalation"],
        ),
        (
            of("securityContext/runAsNonRoot"),
            json!(false),
            &["runAsNonRoot"],
        ),
        (
            "/spec/securityContext/runAsNonRoot".into(),
            Value::Null,
            &["runAsNonRoot"],
        ),
        (
            "/spec/securityContext/runAsUser".into(),
            json!(0),
            &["runAsUser"],
        ),
        (of("securityContext/runAsUser"), json!(1000), &[]),
        (
            of("image"),
            json!("registry.example.com:5000/shop/web"),
            &["image_mutable_tag"],
        ),
        (of("image"), json!("web:latest"), &["image_mutable_tag"]),
        (of("image"), json!("web@sha256:00"), &[]),
        (
            of("resources"),
            json!({"limits": {"memory": "1Gi"}}),
            &["cpu_request_missing", "memory_request_missing"],
        ),
    ];
    for (pointer, value, expected) in cases {
        assert_eq!(
            broken(pointer, value.clone()),
            *expected,
            "{pointer} {value}"
        );
    }
    let standard = CHECKS
        .iter()
        .filter(|check| check.level != Level::BestPractice);
    let standard: BTreeSet<&str> = standard.map(|check| check.id).collect();
    let shown: BTreeSet<&str> = cases
        .iter()
        .flat_map(|(.., checks)| checks.iter().copied())
        .collect();
    assert_eq!(standard.len(), 19);
    assert!(
        standard.is_subset(&shown),
        "{:?}",
        standard.difference(&shown)
    );
}

#[test]
fn users_of_the_pod_and_windows_make_some_checks_moot() {
    let mut pod = good();
    pod["spec"]["hostUsers"] = json!(false);
    pod["spec"]["securityContext"] =
        json!({"runAsUser": 0, "seccompProfile": {"type": "RuntimeDefault"}});
    pod["spec"]["containers"][0]["securityContext"]["procMount"] = json!("Unmasked");
    assert_eq!(
        failed(&pod),
        BTreeSet::from(["naked_pod", "procMount_restricted"])
    );
    let mut pod = good();
    pod["spec"]["os"] = json!({"name": "windows"});
    pod["spec"]["securityContext"] = json!({"runAsNonRoot": true});
    pod["spec"]["containers"][0]["securityContext"] = json!({"readOnlyRootFilesystem": true});
    assert_eq!(failed(&pod), BTreeSet::from(["naked_pod"]));
}

#[test]
fn a_finding_names_its_fields_and_their_values() {
    let mut pod = good();
    pod["spec"]["initContainers"] =
        json!([{"name": "first", "image": "a:1", "securityContext": {"privileged": true}}]);
    pod["spec"]["volumes"] = json!([{"name": "v", "hostPath": {"path": "/"}}]);
    let findings = gathered(vec![judge(&pod).unwrap()]);
    let one = &findings[0];
    assert_eq!(
        (one.check, one.severity),
        ("privileged", Severity::Critical)
    );
    assert_eq!(one.container.as_deref(), Some("first"));
    assert_eq!(
        one.paths,
        ["spec.initContainers[0].securityContext.privileged"]
    );
    assert_eq!(one.fix[0].value, json!(false));
    let cron = json!({"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "n", "namespace": "shop"},
        "spec": {"jobTemplate": {"spec": {"template": {"spec": {"hostNetwork": true, "hostIPC": true, "containers": []}}}}}});
    let findings = gathered(vec![judge(&cron).unwrap()]);
    assert_eq!(findings.len(), 1);
    assert_eq!(
        findings[0].paths,
        [
            "spec.jobTemplate.spec.template.spec.hostNetwork",
            "spec.jobTemplate.spec.template.spec.hostIPC"
        ]
    );
}

#[test]
fn what_is_owned_is_its_owners_and_half_objects_are_left_alone() {
    let mut pod = good();
    pod["metadata"]["ownerReferences"] =
        json!([{"kind": "ReplicaSet", "name": "web-1", "controller": true}]);
    pod["spec"]["hostPID"] = json!(true);
    let alone = gathered(vec![judge(&pod).unwrap()]);
    assert_eq!(alone.len(), 1);
    let set = json!({"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": {"name": "web-1", "namespace": "shop"},
        "spec": {"template": {"spec": pod["spec"]}}});
    let both = gathered(vec![judge(&pod).unwrap(), judge(&set).unwrap()]);
    assert_eq!(both.len(), 1);
    assert_eq!(both[0].resource.kind, "ReplicaSet");
    for half in [
        json!({}),
        json!({"kind": "Pod"}),
        json!({"kind": "Pod", "spec": 3}),
        json!({"kind": "ConfigMap"}),
        json!([]),
    ] {
        assert!(judge(&half).is_none(), "{half}");
    }
    assert!(judge(&json!({"kind": "Pod", "spec": {"containers": "x", "volumes": {}}})).is_some());
}
