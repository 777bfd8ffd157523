//! What keeps it running: platform services, ingress, monitoring, the system namespace.

use super::super::workload::{Workload, own, third_party};
use crate::images::LogStyle::{Access, Database, Worker};

pub(super) fn workloads() -> Vec<Workload> {
    [platform(), ingress(), monitoring(), system()].concat()
}

fn platform() -> Vec<Workload> {
    let p = |name, tag, n| own("platform", name, tag, n);
    vec![
        p("auth", "v5.0.3", 4).after(&["v5.0.1", "v5.0.2"]),
        p("feature-flags", "v1.10.0", 3),
        p("mailer", "v2.1.0", 3).logs(Worker).silent(),
        p("audit-log", "v1.2.5", 2),
        p("sms-sender", "v1.0.8", 2).logs(Worker).silent(),
        p("gateway-admin", "v0.7.1", 1),
        third_party("platform", "rabbitmq", "rabbitmq", "4.0", 3)
            .stateful(40)
            .port(5672)
            .logs(Database)
            .size(200, 512),
        third_party("platform", "vault", "hashicorp/vault", "1.18.4", 3)
            .stateful(10)
            .port(8200),
        third_party(
            "platform",
            "argocd-server",
            "quay.io/argoproj/argocd",
            "v2.14.2",
            2,
        )
        .port(8080),
        third_party(
            "platform",
            "argocd-repo-server",
            "quay.io/argoproj/argocd",
            "v2.14.2",
            2,
        )
        .port(8081),
    ]
}

fn ingress() -> Vec<Workload> {
    vec![
        third_party(
            "ingress",
            "ingress-nginx-controller",
            "registry.k8s.io/ingress-nginx/controller",
            "v1.12.0",
            4,
        )
        .port(443)
        .logs(Access)
        .size(300, 256),
        third_party(
            "ingress",
            "external-dns",
            "registry.k8s.io/external-dns/external-dns",
            "v0.15.1",
            1,
        )
        .silent(),
        third_party(
            "ingress",
            "cert-manager",
            "quay.io/jetstack/cert-manager-controller",
            "v1.17.1",
            1,
        )
        .silent(),
        third_party(
            "ingress",
            "cert-manager-webhook",
            "quay.io/jetstack/cert-manager-webhook",
            "v1.17.1",
            2,
        )
        .port(10250),
    ]
}

fn monitoring() -> Vec<Workload> {
    let m = |name, image: &str, tag, n| third_party("monitoring", name, image, tag, n);
    vec![
        m("prometheus", "quay.io/prometheus/prometheus", "v3.2.1", 2)
            .stateful(200)
            .port(9090)
            .size(800, 3072),
        m(
            "alertmanager",
            "quay.io/prometheus/alertmanager",
            "v0.28.0",
            3,
        )
        .stateful(5)
        .port(9093),
        m("grafana", "grafana/grafana", "11.5.2", 2).port(3000),
        m("loki", "grafana/loki", "3.4.2", 3)
            .stateful(150)
            .port(3100)
            .size(400, 1024),
        m("tempo", "grafana/tempo", "2.7.1", 2)
            .stateful(60)
            .port(3200),
        m(
            "kube-state-metrics",
            "registry.k8s.io/kube-state-metrics/kube-state-metrics",
            "v2.15.0",
            1,
        )
        .port(8080),
        m(
            "node-exporter",
            "quay.io/prometheus/node-exporter",
            "v1.9.0",
            0,
        )
        .everywhere()
        .port(9100)
        .size(20, 48),
        m("alloy", "grafana/alloy", "v1.7.1", 0)
            .everywhere()
            .port(12345)
            .size(50, 128),
    ]
}

fn system() -> Vec<Workload> {
    let k = |name, image: &str, tag, n| third_party("kube-system", name, image, tag, n);
    vec![
        k("coredns", "registry.k8s.io/coredns/coredns", "v1.12.1", 3)
            .port(53)
            .size(100, 70),
        k(
            "metrics-server",
            "registry.k8s.io/metrics-server/metrics-server",
            "v0.8.0",
            2,
        )
        .port(10250)
        .size(100, 200),
        k(
            "cluster-autoscaler",
            "registry.k8s.io/autoscaling/cluster-autoscaler",
            "v1.36.0",
            1,
        )
        .silent(),
        k(
            "csi-controller",
            "registry.k8s.io/sig-storage/csi-provisioner",
            "v5.2.0",
            2,
        )
        .silent(),
        k("kube-proxy", "registry.k8s.io/kube-proxy", "v1.36.3", 0)
            .everywhere()
            .size(50, 64),
        k("cilium", "quay.io/cilium/cilium", "v1.17.1", 0)
            .everywhere()
            .size(100, 256),
        k(
            "csi-node",
            "registry.k8s.io/sig-storage/csi-node-driver-registrar",
            "v2.13.0",
            0,
        )
        .everywhere()
        .size(20, 40),
    ]
}
