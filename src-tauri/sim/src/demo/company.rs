//! The company: who runs what, namespace by namespace.

mod commerce;
mod engineering;
mod operations;

use super::workload::Workload;

/// Namespace, team, tier.
pub(super) const NAMESPACES: &[(&str, &str, &str)] = &[
    ("shop", "storefront", "prod"),
    ("payments", "payments", "prod"),
    ("search", "discovery", "prod"),
    ("data", "data-platform", "prod"),
    ("ml", "machine-learning", "prod"),
    ("platform", "platform", "prod"),
    ("ingress", "platform", "prod"),
    ("monitoring", "platform", "prod"),
    ("staging", "storefront", "dev"),
];

/// Name, schedule, image, namespace.
pub(super) const CRON_JOBS: &[(&str, &str, &str, &str)] = &[
    (
        "cart-cleanup",
        "*/10 * * * *",
        "registry.lumen.example/shop/cart-cleanup:v1.3.0",
        "shop",
    ),
    (
        "price-sync",
        "*/15 * * * *",
        "registry.lumen.example/shop/price-sync:v2.0.4",
        "shop",
    ),
    (
        "settlement-report",
        "0 * * * *",
        "registry.lumen.example/payments/settlement-report:v1.8.2",
        "payments",
    ),
    (
        "index-refresh",
        "*/20 * * * *",
        "registry.lumen.example/search/index-refresh:v3.1.0",
        "search",
    ),
    (
        "warehouse-load",
        "30 * * * *",
        "registry.lumen.example/data/warehouse-load:v0.9.7",
        "data",
    ),
    (
        "feature-rollup",
        "*/30 * * * *",
        "registry.lumen.example/ml/feature-rollup:v1.1.0",
        "ml",
    ),
    (
        "db-backup",
        "0 3 * * *",
        "registry.lumen.example/platform/db-backup:v2.2.0",
        "platform",
    ),
];

pub(super) fn workloads() -> Vec<Workload> {
    [
        commerce::workloads(),
        engineering::workloads(),
        operations::workloads(),
    ]
    .concat()
}
