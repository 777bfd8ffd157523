//! Turns descriptions into objects, through the same writes a person's `kubectl apply` would end in.

use serde_json::{Value, json};

use super::company;
use super::workload::{Kind, Workload};
use crate::clock::{Millis, stamp};
use crate::images::App;
use crate::kinds::{self, KindId};
use crate::object::Fields;
use crate::store::Key;
use crate::world::World;

/// Creates an object of the scene.
pub(super) fn make(w: &mut World, kind: KindId, o: Value) {
    let result = w.create(kind, o);
    debug_assert!(
        result.is_ok(),
        "the demo's own objects are valid: {:?}",
        result.err().map(|s| s.body)
    );
}

pub(super) fn foundations(w: &mut World) {
    for (name, provisioner, mode, default) in [
        (
            "standard",
            "csi.lumen.example",
            "WaitForFirstConsumer",
            true,
        ),
        ("archive", "csi.lumen.example", "Immediate", false),
    ] {
        make(
            w,
            kinds::STORAGE_CLASSES,
            json!({
                "metadata": {"name": name, "annotations": {"storageclass.kubernetes.io/is-default-class": default.to_string()}},
                "provisioner": provisioner, "volumeBindingMode": mode, "allowVolumeExpansion": true,
            }),
        );
    }
    make(
        w,
        kinds::INGRESS_CLASSES,
        json!({"metadata": {"name": "nginx"}, "spec": {"controller": "k8s.io/ingress-nginx"}}),
    );
    for (name, team, tier) in company::NAMESPACES {
        let mut labels = json!({"team": team, "pod-security.kubernetes.io/enforce": "baseline"});
        if *tier == "dev" {
            labels["kubegraf.io/tier"] = json!("dev");
        }
        make(
            w,
            kinds::NAMESPACES,
            json!({"metadata": {"name": name, "labels": labels}}),
        );
        make(
            w,
            kinds::CONFIG_MAPS,
            json!({"metadata": {"name": "common-settings", "namespace": name}, "data": {"LOG_LEVEL": "info", "REGION": "eu-central", "TRACING_ENDPOINT": "tempo.monitoring:4317"}}),
        );
        make(
            w,
            kinds::SECRETS,
            json!({"metadata": {"name": "registry-pull", "namespace": name}, "type": "kubernetes.io/dockerconfigjson", "data": {".dockerconfigjson": "eyJhdXRocyI6e319"}}),
        );
        make(
            w,
            kinds::ROLE_BINDINGS,
            json!({"metadata": {"name": "team-edit", "namespace": name}, "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "edit"}, "subjects": [{"kind": "Group", "apiGroup": "rbac.authorization.k8s.io", "name": team}]}),
        );
    }
    for (name, verbs) in [
        ("cluster-admin", json!(["*"])),
        (
            "edit",
            json!([
                "get", "list", "watch", "create", "update", "patch", "delete"
            ]),
        ),
        ("view", json!(["get", "list", "watch"])),
    ] {
        make(
            w,
            kinds::CLUSTER_ROLES,
            json!({"metadata": {"name": name}, "rules": [{"apiGroups": ["*"], "resources": ["*"], "verbs": verbs}]}),
        );
    }
    make(
        w,
        kinds::QUOTAS,
        json!({"metadata": {"name": "team-quota", "namespace": "staging"}, "spec": {"hard": {"pods": "60", "requests.cpu": "20", "requests.memory": "40Gi"}}}),
    );
    for (name, host, service) in [
        ("storefront", "www.lumen.example", "storefront"),
        ("api", "api.lumen.example", "orders"),
    ] {
        make(
            w,
            kinds::INGRESSES,
            json!({"metadata": {"name": name, "namespace": "shop"}, "spec": {"ingressClassName": "nginx",
            "tls": [{"hosts": [host], "secretName": format!("{name}-tls")}],
            "rules": [{"host": host, "http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": {"service": {"name": service, "port": {"number": 80}}}}]}}]}}),
        );
        make(
            w,
            kinds::SECRETS,
            json!({"metadata": {"name": format!("{name}-tls"), "namespace": "shop"}, "type": "kubernetes.io/tls", "data": {"tls.crt": "ZGVtbw==", "tls.key": "ZGVtbw=="}}),
        );
    }
}

fn labels(x: &Workload) -> Value {
    json!({"app.kubernetes.io/name": x.name, "app.kubernetes.io/part-of": x.namespace})
}

fn kind(x: &Workload) -> KindId {
    match x.kind {
        Kind::Deployment => kinds::DEPLOYMENTS,
        Kind::StatefulSet => kinds::STATEFUL_SETS,
        Kind::DaemonSet => kinds::DAEMON_SETS,
    }
}

/// The pod template of a release.
pub(super) fn template(x: &Workload, tag: &str) -> Value {
    let mut all = labels(x);
    all["app.kubernetes.io/version"] = json!(tag.trim_start_matches('v'));
    let env: Vec<Value> = x
        .env
        .iter()
        .map(|(k, v)| json!({"name": k, "value": v}))
        .collect();
    let probe = |delay: i64| json!({"tcpSocket": {"port": "main"}, "initialDelaySeconds": delay, "periodSeconds": 10});
    let mut container = json!({
        "name": x.name, "image": format!("{}:{tag}", x.image), "ports": [{"name": "main", "containerPort": x.port}],
        "resources": {"requests": {"cpu": format!("{}m", x.cpu), "memory": format!("{}Mi", x.memory)}, "limits": {"memory": format!("{}Mi", x.memory * 2)}},
        "readinessProbe": probe(2), "livenessProbe": probe(15),
    });
    if x.image.starts_with("registry.lumen") {
        container["envFrom"] = json!([{"configMapRef": {"name": "common-settings"}}]);
    }
    if !env.is_empty() {
        container["env"] = json!(env);
    }
    let mut spec = json!({"containers": [container]});
    if x.image.starts_with("registry.lumen") {
        spec["imagePullSecrets"] = json!([{"name": "registry-pull"}]);
    }
    if x.volume.is_some() {
        spec["containers"][0]["volumeMounts"] =
            json!([{"name": "data", "mountPath": "/var/lib/data"}]);
    }
    if x.kind == Kind::DaemonSet {
        spec["tolerations"] = json!([{"operator": "Exists", "effect": "NoSchedule"}]);
        spec["priorityClassName"] = json!("system-node-critical");
    }
    json!({"metadata": {"labels": all}, "spec": spec})
}

/// The first release: the workload, its Service, autoscaler and budget. Without pods yet.
pub(super) fn first(w: &mut World, x: &Workload, tag: &str) {
    let app = App {
        memory_mib: x.uses_memory,
        cpu_milli: x.uses_cpu,
        log: x.log,
        needs: x.needs.iter().map(|n| (*n).to_owned()).collect(),
        ..App::default()
    };
    let mut tags = x.older.clone();
    tags.push(x.tag);
    w.images.add_tags(&x.image, &tags, &app);
    let mut all = labels(x);
    all["team"] = json!(x.namespace);
    let mut o = json!({
        "metadata": {"name": x.name, "namespace": x.namespace, "labels": all},
        "spec": {"selector": {"matchLabels": {"app.kubernetes.io/name": x.name}}, "template": template(x, tag)},
    });
    if x.kind != Kind::DaemonSet {
        o["spec"]["replicas"] = json!(0);
    }
    if x.kind == Kind::StatefulSet {
        o["spec"]["serviceName"] = json!(x.name);
        o["spec"]["podManagementPolicy"] = json!("Parallel");
        let size = format!("{}Gi", x.volume.unwrap_or(10));
        o["spec"]["volumeClaimTemplates"] = json!([{"metadata": {"name": "data"}, "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}}}]);
    }
    make(w, kind(x), o);
    let selector = json!({"app.kubernetes.io/name": x.name});
    if x.service {
        service(w, x, &selector);
    }
    if let Some(most) = x.autoscaled {
        make(
            w,
            kinds::AUTOSCALERS,
            json!({"metadata": {"name": x.name, "namespace": x.namespace}, "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": x.name}, "minReplicas": x.replicas - 2, "maxReplicas": most,
            "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 65}}}]}}),
        );
    }
    if x.budget {
        make(
            w,
            kinds::DISRUPTION_BUDGETS,
            json!({"metadata": {"name": x.name, "namespace": x.namespace}, "spec": {"maxUnavailable": 1, "selector": {"matchLabels": selector}}}),
        );
    }
}

fn service(w: &mut World, x: &Workload, selector: &Value) {
    let public = x.name == "ingress-nginx-controller";
    // The company's own services answer on 8080 and, for ingresses, on 80; the others on their own port.
    let mut ports = vec![json!({"name": "main", "port": x.port, "targetPort": "main"})];
    if x.port == 8080 {
        ports.push(json!({"name": "http", "port": 80, "targetPort": "main"}));
    }
    let mut spec = json!({"selector": selector, "ports": ports, "type": if public { "LoadBalancer" } else { "ClusterIP" }});
    if x.kind == Kind::StatefulSet && x.replicas > 3 {
        spec["clusterIP"] = json!("None");
    }
    make(
        w,
        kinds::SERVICES,
        json!({"metadata": {"name": x.name, "namespace": x.namespace, "labels": labels(x)}, "spec": spec}),
    );
    if public {
        let key = Key::new(x.namespace, x.name);
        w.modify(kinds::SERVICES, &key, |s| {
            s.put(
                "/status/loadBalancer",
                json!({"ingress": [{"ip": "203.0.113.10", "ipMode": "VIP"}]}),
            )
        });
    }
}

/// A later release, with so many pods.
pub(super) fn release(w: &mut World, x: &Workload, tag: &str, replicas: i64) {
    let key = Key::new(x.namespace, x.name);
    let template = template(x, tag);
    w.modify(kind(x), &key, |o| {
        o.put(
            "/spec/template/metadata/labels/app.kubernetes.io~1version",
            template["metadata"]["labels"]["app.kubernetes.io/version"].clone(),
        );
        o.put(
            "/spec/template/spec/containers/0/image",
            template["spec"]["containers"][0]["image"].clone(),
        );
        if x.kind != Kind::DaemonSet {
            o.put("/spec/replicas", replicas);
        }
        o.put(
            "/metadata/annotations/kubernetes.io~1change-cause",
            format!("release {tag}"),
        );
    });
}

/// A CronJob that looks as old as it claims, but whose runs are played from now on only.
pub(super) fn cron_job(
    w: &mut World,
    namespace: &str,
    name: &str,
    schedule: &str,
    image: &str,
    born: Millis,
) {
    let (repository, tag) = image.rsplit_once(':').unwrap_or((image, "latest"));
    w.images.add_tags(
        repository,
        &[tag],
        &App {
            run_seconds: 35,
            log: crate::images::LogStyle::Worker,
            ..App::default()
        },
    );
    make(
        w,
        kinds::CRON_JOBS,
        json!({
            "metadata": {"name": name, "namespace": namespace, "labels": {"app.kubernetes.io/name": name}},
            "spec": {"schedule": schedule, "concurrencyPolicy": "Forbid", "suspend": name == "db-backup", "jobTemplate": {"spec": {"backoffLimit": 2, "template": {
                "metadata": {"labels": {"app.kubernetes.io/name": name}},
                "spec": {"restartPolicy": "Never", "containers": [{"name": "run", "image": image, "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "256Mi"}}}]},
            }}}},
        }),
    );
    w.modify(kinds::CRON_JOBS, &Key::new(namespace, name), |o| {
        o.put("/metadata/creationTimestamp", stamp(born))
    });
}
