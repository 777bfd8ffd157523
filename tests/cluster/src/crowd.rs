//! Pods as production has them, by the ten thousand: real controllers make one of each workload, the
//! rest are copies that go straight into the store.

use std::fmt::Write as _;

use crate::kwok::{FAULT, Fault};
use crate::{Cluster, Error, Options};

/// Deployments, each with a pod template of its own.
pub(crate) const WORKLOADS: u32 = 100;

const TEAMS: [&str; 12] = [
    "checkout",
    "catalogue",
    "search",
    "payments",
    "identity",
    "shipping",
    "pricing",
    "reviews",
    "media",
    "analytics",
    "messaging",
    "platform",
];
const ROLES: [&str; 9] = [
    "api",
    "web",
    "worker",
    "gateway",
    "cache-warmer",
    "ingest",
    "scheduler",
    "exporter",
    "consumer",
];
/// One workload in so many fails, in one of the ways of [`FAULTS`].
const FAILING: u32 = 12;
/// Not `Evicted`: its controller would replace it for ever.
const FAULTS: [Fault; 5] = [
    Fault::CrashLoopBackOff,
    Fault::OomKilled,
    Fault::ImagePullBackOff,
    Fault::CreateContainerConfigError,
    Fault::NotReady,
];

/// Makes the workloads, waits until the first pod of each looks as it will, and copies them.
pub(crate) async fn raise(cluster: &Cluster, options: &Options) -> Result<(), Error> {
    if options.crowd == 0 {
        return Ok(());
    }
    let mut manifests = String::new();
    for team in TEAMS {
        let _ = write!(
            manifests,
            "---\napiVersion: v1\nkind: Namespace\nmetadata: {{name: {team}}}\n"
        );
    }
    for index in 0..WORKLOADS {
        workload(&mut manifests, index, options.nodes);
    }
    cluster.create(&manifests).await?;
    settled(cluster, options).await?;
    // It would take the copies for a mistake as long as their owners do not count them.
    let outage = cluster.crash("kube-controller-manager")?;
    let (pods, nodes) = (options.crowd.to_string(), options.nodes.to_string());
    let arguments = ["--pods", &pods, "--nodes", &nodes, "--seed", "1"];
    cluster.load("fill", &arguments).await?;
    outage.end()?;
    let what = format!("the API server lists {} pods", options.crowd);
    cluster
        .eventually(&what, options.time_limit(), async || {
            // One page of one item: what remains is counted by the server.
            let asked = ["get", "--raw", "/api/v1/pods?limit=1"];
            let page = cluster
                .run(&asked)
                .await
                .map_err(|error| error.to_string())?;
            let page: serde_json::Value =
                serde_json::from_str(&page).map_err(|error| error.to_string())?;
            let more = page["metadata"]["remainingItemCount"].as_u64();
            match more.map(|more| more + 1) {
                Some(count) if count == u64::from(options.crowd) => Ok(()),
                seen => Err(format!("it lists {seen:?}")),
            }
        })
        .await
}

async fn settled(cluster: &Cluster, options: &Options) -> Result<(), Error> {
    const SEEN: &str =
        r#"jsonpath={range .items[*]}{.status.containerStatuses[0].name}{"\n"}{end}"#;
    cluster
        .eventually(
            "one pod of each workload is played",
            options.time_limit(),
            async || {
                let seen = cluster
                    .run(&["get", "pods", "-A", "-l", "load/template", "-o", SEEN])
                    .await
                    .map_err(|error| error.to_string())?;
                let played = seen.lines().filter(|line| !line.is_empty()).count();
                if played == WORKLOADS as usize {
                    Ok(())
                } else {
                    Err(format!("{played} of {WORKLOADS} are"))
                }
            },
        )
        .await
}

/// A Deployment of one replica whose pod is as long as those people really write.
fn workload(manifests: &mut String, index: u32, nodes: u32) {
    let at = |list: &[&'static str], step: u32| list[(index / step) as usize % list.len()];
    let (team, role) = (at(&TEAMS, 1), at(&ROLES, TEAMS.len() as u32));
    let name = format!("{team}-{role}");
    let version = format!("v{}.{}.{}", index % 4 + 1, index % 23, index % 7);
    let fault = (index % FAILING == FAILING / 2).then(|| {
        let fault = FAULTS[(index / FAILING) as usize % FAULTS.len()];
        format!("        {FAULT}: {}\n", fault.name())
    });
    let _ = write!(
        manifests,
        "---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}, namespace: {team}, labels: {{app.kubernetes.io/name: {name}}}}}
spec:
  replicas: 1
  selector: {{matchLabels: {{app.kubernetes.io/name: {name}}}}}
  template:
    metadata:
      labels:
        load/template: \"{index:03}\"
        app.kubernetes.io/name: {name}
        app.kubernetes.io/instance: {name}-production
        app.kubernetes.io/component: {role}
        app.kubernetes.io/part-of: {team}
        app.kubernetes.io/version: {version}
        app.kubernetes.io/managed-by: Helm
        topology.example.com/tier: tier-{tier}
      annotations:
        kubectl.kubernetes.io/restartedAt: \"2026-01-01T00:00:00Z\"
        prometheus.io/scrape: \"true\"
        prometheus.io/port: \"9102\"
        prometheus.io/path: /metrics
        checksum/config: \"{checksum}\"
        checksum/secret: \"{checksum}\"
        sidecar.example.com/status: '{{\"version\":\"{version}\",\"containers\":[\"proxy\"],\"volumes\":[\"certs\"]}}'
{fault}    spec:
      nodeName: node-{node}
      terminationGracePeriodSeconds: 45
      priorityClassName: \"\"
      automountServiceAccountToken: true
      securityContext: {{runAsNonRoot: true, runAsUser: 10001, runAsGroup: 10001, fsGroup: 10001, seccompProfile: {{type: RuntimeDefault}}}}
      topologySpreadConstraints:
      - {{maxSkew: 1, topologyKey: topology.kubernetes.io/zone, whenUnsatisfiable: ScheduleAnyway, labelSelector: {{matchLabels: {{app.kubernetes.io/name: {name}}}}}}}
      tolerations:
      - {{key: dedicated, operator: Equal, value: {team}, effect: NoSchedule}}
      containers:
",
        tier = index % 3,
        checksum = format!("{:08x}", index.wrapping_mul(2_654_435_761)).repeat(8),
        fault = fault.unwrap_or_default(),
        node = index % nodes,
    );
    container(manifests, role, team, &version);
    if index.is_multiple_of(3) {
        container(manifests, "proxy", "platform", "v1.19.3");
    }
    let _ = write!(
        manifests,
        "      volumes:
      - {{name: config, configMap: {{name: {name}-config, defaultMode: 420}}}}
      - {{name: credentials, secret: {{secretName: {name}-credentials, defaultMode: 416}}}}
      - {{name: certs, secret: {{secretName: {team}-certs}}}}
      - {{name: scratch, emptyDir: {{sizeLimit: 1Gi}}}}
"
    );
}

fn container(manifests: &mut String, name: &str, team: &str, version: &str) {
    // Ports are named once in a pod, or probes that name them mean the first.
    let port = if name == "proxy" { "proxy" } else { "http" };
    let number = if name == "proxy" { 15_001 } else { 8_080 };
    let _ = write!(
        manifests,
        "      - name: {name}
        image: registry.example.com/{team}/{name}:{version}
        args: [--config=/etc/{name}/config.yaml, --log-format=json, --shutdown-grace=30s]
        ports: [{{name: {port}, containerPort: {number}}}, {{name: {port}-metrics, containerPort: {metrics}}}]
        env:
        - {{name: SERVICE_NAME, value: {team}-{name}}}
        - {{name: LOG_LEVEL, value: info}}
        - {{name: DATABASE_URL, valueFrom: {{secretKeyRef: {{name: {team}-credentials, key: url}}}}}}
        - {{name: POD_NAME, valueFrom: {{fieldRef: {{fieldPath: metadata.name}}}}}}
        - {{name: POD_IP, valueFrom: {{fieldRef: {{fieldPath: status.podIP}}}}}}
        - {{name: OTEL_EXPORTER_OTLP_ENDPOINT, value: \"http://collector.platform.svc:4317\"}}
        resources: {{requests: {{cpu: 100m, memory: 256Mi}}, limits: {{memory: 512Mi}}}}
        readinessProbe: {{httpGet: {{path: /ready, port: {port}}}, periodSeconds: 5, failureThreshold: 3}}
        livenessProbe: {{httpGet: {{path: /live, port: {port}}}, initialDelaySeconds: 15, periodSeconds: 10}}
        securityContext: {{allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: {{drop: [ALL]}}}}
        volumeMounts:
        - {{name: config, mountPath: /etc/{name}, readOnly: true}}
        - {{name: credentials, mountPath: /etc/credentials, readOnly: true}}
        - {{name: certs, mountPath: /etc/certs, readOnly: true}}
        - {{name: scratch, mountPath: /tmp}}
",
        metrics = number + 1,
    );
}
