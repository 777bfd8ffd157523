//! One small cluster per cause, as YAML: the first incident names the type, cause and target.

use super::tests::of;

const NOW: &str = "2026-01-01T01:00:00Z";

/// A Deployment "web" with one pod of it; `spec` goes into its pod spec, `status` into the pod's.
fn web(spec: &str, status: &str) -> String {
    format!(
        "
apiVersion: apps/v1
kind: Deployment
metadata: {{name: web, namespace: shop, uid: d1, generation: 1, creationTimestamp: '2026-01-01T00:00:00Z'}}
spec: {{replicas: 1, selector: {{matchLabels: {{app: web}}}}, template: {{metadata: {{labels: {{app: web}}}}, spec: {spec}}}}}
status: {{observedGeneration: 1, replicas: 1, updatedReplicas: 1, conditions: []}}
---
apiVersion: apps/v1
kind: ReplicaSet
metadata: {{name: web-1, namespace: shop, uid: r1, creationTimestamp: '2026-01-01T00:00:00Z', annotations: {{deployment.kubernetes.io/revision: '1'}}, ownerReferences: [{{apiVersion: apps/v1, kind: Deployment, name: web, uid: d1, controller: true}}]}}
spec: {{replicas: 1, template: {{metadata: {{labels: {{app: web}}}}, spec: {spec}}}}}
status: {{replicas: 1, observedGeneration: 1}}
---
apiVersion: v1
kind: Pod
metadata: {{name: web-1-a, namespace: shop, uid: p1, creationTimestamp: '2026-01-01T00:00:00Z', labels: {{app: web}}, ownerReferences: [{{apiVersion: apps/v1, kind: ReplicaSet, name: web-1, uid: r1, controller: true}}]}}
spec: {spec}
status: {status}
---
apiVersion: v1
kind: Event
metadata: {{name: tick, namespace: shop}}
involvedObject: {{kind: Pod, namespace: shop, name: other}}
lastTimestamp: '{NOW}'
reason: Pulled
type: Normal
---
"
    )
}

const UNSCHEDULABLE: &str = "{phase: Pending, conditions: [{type: PodScheduled, status: 'False', reason: Unschedulable, message: '0/1 nodes are available', lastTransitionTime: '2026-01-01T00:00:01Z'}]}";

fn node(spec: &str, labels: &str, cpu: &str) -> String {
    format!(
        "
apiVersion: v1
kind: Node
metadata: {{name: n1, uid: n1, labels: {labels}}}
spec: {spec}
status: {{allocatable: {{cpu: '{cpu}', memory: 8Gi, pods: '110'}}, conditions: [{{type: Ready, status: 'True'}}]}}
---
"
    )
}

async fn check(text: &str, expected: [&str; 3], fix: &str) {
    let ran = of(text).await;
    let answer = ran.json();
    let incidents = answer["incidents"].as_array().unwrap();
    assert_eq!(incidents.len(), 1, "{expected:?}: {}\n{}", ran.out, ran.log);
    let cause = &incidents[0]["rootCause"];
    let target = &cause["target"];
    let target = format!(
        "{}/{}",
        target["kind"].as_str().unwrap(),
        target["name"].as_str().unwrap()
    );
    assert_eq!(
        [
            incidents[0]["type"].as_str().unwrap(),
            cause["cause"].as_str().unwrap(),
            &target
        ],
        expected,
        "{}",
        ran.out
    );
    let first = &incidents[0]["recommendedFixes"][0]["action"];
    assert_eq!(first, fix, "{}", ran.out);
}

/// Covers: INC-05
#[tokio::test]
async fn references_lead_to_the_nearest_name() {
    let waits = "{phase: Pending, containerStatuses: [{name: app, image: a, state: {waiting: {reason: CreateContainerConfigError, message: 'configmap \"app-config\" not found'}}}]}";
    let spec = "{nodeName: n1, containers: [{name: app, image: a, envFrom: [{configMapRef: {name: app-config}}]}]}";
    let other = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: app-cofnig, namespace: shop}\ndata: {a: b}\n";
    check(
        &(web(spec, waits) + other),
        ["dangling_reference", "config_map_missing", "Deployment/web"],
        "fix_reference",
    )
    .await;
    check(
        &web(spec, waits),
        [
            "container_config_error",
            "config_map_missing",
            "Deployment/web",
        ],
        "plan",
    )
    .await;
    let key = "{nodeName: n1, containers: [{name: app, image: a, env: [{name: P, valueFrom: {secretKeyRef: {name: db, key: passwd}}}]}]}";
    let secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: db, namespace: shop}\ndata: {passwdd: aA==}\n";
    check(
        &(web(key, waits) + secret),
        ["dangling_reference", "secret_key_missing", "Deployment/web"],
        "fix_reference",
    )
    .await;
}

/// Covers: INC-05
#[tokio::test]
async fn node_fit_is_computed() {
    let plain = "{containers: [{name: app, image: a, resources: {requests: {cpu: '2'}}}]}";
    let judged = |spec: &str, node: String| web(spec, UNSCHEDULABLE) + &node;
    check(
        &judged(plain, node("{}", "{}", "1")),
        ["pod_unschedulable", "insufficient_cpu", "Deployment/web"],
        "lower_requests",
    )
    .await;
    check(
        &judged(plain, node("{unschedulable: true}", "{}", "4")),
        ["pod_unschedulable", "node_cordoned", "Node/n1"],
        "uncordon_node",
    )
    .await;
    let taint = "{taints: [{key: team, value: data, effect: NoSchedule}]}";
    check(
        &judged(plain, node(taint, "{}", "4")),
        ["pod_unschedulable", "taint_not_tolerated", "Deployment/web"],
        "add_toleration",
    )
    .await;
    let picky = "{nodeSelector: {disk: sdd}, containers: [{name: app, image: a}]}";
    check(
        &judged(picky, node("{}", "{disk: ssd}", "4")),
        [
            "pod_unschedulable",
            "node_selector_mismatch",
            "Deployment/web",
        ],
        "fix_node_selector",
    )
    .await;
    let bound = "{affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchExpressions: [{key: zone, operator: In, values: [b]}]}]}}}, containers: [{name: app, image: a}]}";
    check(
        &judged(bound, node("{}", "{zone: a}", "4")),
        [
            "pod_unschedulable",
            "node_affinity_mismatch",
            "Deployment/web",
        ],
        "relax_affinity",
    )
    .await;
}

/// Covers: INC-05
#[tokio::test]
async fn a_claim_is_the_root_of_the_pod_that_waits_for_it() {
    let spec = "{volumes: [{name: data, persistentVolumeClaim: {claimName: data}}], containers: [{name: app, image: a}]}";
    let claim = |class: &str, mode: &str| {
        format!(
            "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {{name: data, namespace: shop, creationTimestamp: '2026-01-01T00:00:00Z'}}\nspec: {{storageClassName: {class}, accessModes: [{mode}], resources: {{requests: {{storage: 5Gi}}}}}}\nstatus: {{phase: Pending}}\n---\n"
        )
    };
    let class = "apiVersion: storage.k8s.io/v1\nkind: StorageClass\nmetadata: {name: manual}\nprovisioner: kubernetes.io/no-provisioner\n---\n";
    let volume = "apiVersion: v1\nkind: PersistentVolume\nmetadata: {name: pv1}\nspec: {storageClassName: manual, accessModes: [ReadWriteOnce], capacity: {storage: 10Gi}}\nstatus: {phase: Available}\n---\n";
    let base = web(spec, UNSCHEDULABLE) + &node("{}", "{}", "4") + class;
    check(
        &(base.clone() + &claim("fast", "ReadWriteOnce")),
        [
            "pvc_pending",
            "storage_class_missing",
            "PersistentVolumeClaim/data",
        ],
        "plan",
    )
    .await;
    check(
        &(base.clone() + &claim("manual", "ReadWriteMany") + volume),
        [
            "pvc_pending",
            "volume_access_mode_mismatch",
            "PersistentVolumeClaim/data",
        ],
        "plan",
    )
    .await;
    let taken = volume
        .replace(
            "spec: {",
            "spec: {claimRef: {namespace: shop, name: other}, ",
        )
        .replace("Available", "Bound");
    check(
        &(base + &claim("manual", "ReadWriteOnce") + &taken),
        [
            "pvc_pending",
            "volume_already_bound",
            "PersistentVolumeClaim/data",
        ],
        "plan",
    )
    .await;
}

const READY: &str = "{phase: Running, conditions: [{type: Ready, status: 'True'}], containerStatuses: [{name: app, image: a, ready: true, state: {running: {startedAt: '2026-01-01T00:00:01Z'}}}]}";

/// Covers: INC-05
#[tokio::test]
async fn services_are_led_back_to_their_pods() {
    let spec =
        "{nodeName: n1, containers: [{name: app, image: a, ports: [{containerPort: 8080}]}]}";
    let service = |selector: &str, port: &str, protocol: &str| {
        format!(
            "apiVersion: v1\nkind: Service\nmetadata: {{name: web, namespace: shop, creationTimestamp: '2026-01-01T00:00:00Z'}}\nspec: {{selector: {selector}, clusterIP: 10.0.0.9, ports: [{{port: 80, targetPort: {port}, protocol: {protocol}}}]}}\n---\n"
        )
    };
    let with = |service: String| web(spec, READY) + &service;
    check(
        &with(service("{app: wbe}", "8080", "TCP")),
        [
            "service_no_endpoints",
            "service_selector_mismatch",
            "Service/web",
        ],
        "fix_selector",
    )
    .await;
    check(
        &with(service("{app: web}", "9090", "TCP")),
        [
            "service_port_mismatch",
            "service_port_mismatch",
            "Service/web",
        ],
        "fix_target_port",
    )
    .await;
    check(
        &with(service("{app: web}", "8080", "UDP")),
        [
            "service_port_mismatch",
            "service_protocol_mismatch",
            "Service/web",
        ],
        "fix_protocol",
    )
    .await;
    let right = of(&with(service("{app: web}", "8080", "TCP"))).await;
    assert_eq!(right.types(), Vec::<String>::new(), "{}", right.out);
}

/// Covers: INC-05
#[tokio::test]
async fn an_address_that_names_no_service_is_the_cause_of_a_crash() {
    let spec = "{nodeName: n1, containers: [{name: app, image: a, env: [{name: CART_ADDR, value: 'crat:7070'}]}]}";
    let crash = "{phase: Running, containerStatuses: [{name: app, image: a, ready: false, restartCount: 5, state: {waiting: {reason: CrashLoopBackOff}}, lastState: {terminated: {exitCode: 1, reason: Error, finishedAt: '2026-01-01T00:59:00Z'}}}]}";
    let cart = "apiVersion: v1\nkind: Service\nmetadata: {name: cart, namespace: shop}\nspec: {clusterIP: 10.0.0.1, ports: [{port: 7070}]}\n";
    check(
        &(web(spec, crash) + cart),
        ["address_mismatch", "env_address_mismatch", "Deployment/web"],
        "fix_env_address",
    )
    .await;
}

/// Covers: INC-05
#[tokio::test]
async fn probes_are_held_against_the_container() {
    let spec = |probe: &str| {
        format!(
            "{{nodeName: n1, containers: [{{name: app, image: a, ports: [{{containerPort: 8080}}], {probe}}}]}}"
        )
    };
    let not_ready = "{phase: Running, conditions: [{type: Ready, status: 'False'}], containerStatuses: [{name: app, image: a, ready: false, restartCount: 0, state: {running: {startedAt: '2026-01-01T00:50:00Z'}}}]}";
    let event = |text: &str| {
        format!(
            "apiVersion: v1\nkind: Event\nmetadata: {{name: e, namespace: shop}}\ninvolvedObject: {{kind: Pod, namespace: shop, name: web-1-a, fieldPath: 'spec.containers{{app}}'}}\nreason: Unhealthy\ntype: Warning\nmessage: '{text}'\ncount: 20\nfirstTimestamp: '2026-01-01T00:50:00Z'\nlastTimestamp: '2026-01-01T00:59:55Z'\n---\n"
        )
    };
    let port = spec("readinessProbe: {httpGet: {path: /, port: 8081}}");
    let text = web(&port, not_ready) + &event("Readiness probe failed: connection refused");
    check(
        &text,
        [
            "readiness_probe_failing",
            "readiness_probe_wrong_port",
            "Deployment/web",
        ],
        "fix_probe",
    )
    .await;
    let restarted = "{phase: Running, containerStatuses: [{name: app, image: a, ready: false, restartCount: 6, state: {running: {startedAt: '2026-01-01T00:59:50Z'}}, lastState: {terminated: {exitCode: 137, reason: Error, startedAt: '2026-01-01T00:59:30Z', finishedAt: '2026-01-01T00:59:48Z'}}}]}";
    let hasty =
        spec("livenessProbe: {tcpSocket: {port: 8080}, periodSeconds: 1, failureThreshold: 1}");
    let text = web(&hasty, restarted) + &event("Liveness probe failed: dial tcp: i/o timeout");
    check(
        &text,
        [
            "liveness_probe_failing",
            "liveness_probe_too_aggressive",
            "Deployment/web",
        ],
        "relax_probe",
    )
    .await;
}

/// Covers: INC-05
#[tokio::test]
async fn a_full_quota_is_the_root_of_missing_replicas() {
    let spec = "{containers: [{name: app, image: a, resources: {requests: {cpu: '1'}}}]}";
    let text = web(spec, READY);
    let parts: Vec<&str> = text.split("---\n").collect();
    let refused = parts[1].replace(
        "status: {replicas: 1, observedGeneration: 1}",
        "status: {replicas: 0, observedGeneration: 1, conditions: [{type: ReplicaFailure, status: 'True', reason: FailedCreate, message: 'pods \"web-1-b\" is forbidden: exceeded quota: q, requested: requests.cpu=1, used: requests.cpu=3500m, limited: requests.cpu=4', lastTransitionTime: '2026-01-01T00:10:00Z'}]}",
    );
    let deployment = parts[0].replace(
        "replicas: 1, updatedReplicas: 1",
        "replicas: 0, updatedReplicas: 0",
    );
    let quota = "apiVersion: v1\nkind: ResourceQuota\nmetadata: {name: q, namespace: shop}\nspec: {hard: {requests.cpu: '4'}}\nstatus: {hard: {requests.cpu: '4'}, used: {requests.cpu: 3500m}}\n";
    let text = [&*deployment, &refused, parts[3], quota].join("---\n");
    check(
        &text,
        ["quota_exhausted", "quota_cpu_exceeded", "ResourceQuota/q"],
        "raise_quota",
    )
    .await;
    let account = spec.replacen('{', "{serviceAccountName: robot, ", 1);
    let text = web(&account, READY) + "apiVersion: v1\nkind: ServiceAccountList\nitems: []\n";
    check(
        &text,
        [
            "dangling_reference",
            "service_account_missing",
            "Deployment/web",
        ],
        "create_service_account",
    )
    .await;
}
