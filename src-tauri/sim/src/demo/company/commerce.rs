//! What customers meet: shop, payments, search.

use super::super::workload::{Workload, own, third_party};
use crate::images::LogStyle::{Access, Database, Java, Worker};

pub(super) fn workloads() -> Vec<Workload> {
    [shop(), payments(), search()].concat()
}

fn shop() -> Vec<Workload> {
    let s = |name, tag, n| own("shop", name, tag, n);
    vec![
        s("storefront", "v4.12.1", 8)
            .after(&["v4.11.0", "v4.12.0"])
            .autoscaled(14)
            .logs(Access),
        s("checkout", "v2.14.0", 6)
            .after(&["v2.12.3", "v2.13.0"])
            .size(200, 256)
            .env("PAYMENTS_URL", "http://payment-gateway.payments:8080"),
        s("cart", "v3.7.2", 5)
            .after(&["v3.7.0"])
            .needs("REDIS_ADDR", "cart-redis.shop:6379"),
        s("catalog", "v5.2.0", 6)
            .after(&["v5.1.4", "v5.1.5"])
            .autoscaled(10),
        s("pricing", "v1.19.3", 4)
            .after(&["v1.19.2"])
            .logs(Java)
            .size(250, 512),
        s("inventory", "v2.8.0", 4).logs(Java).size(250, 512),
        s("orders", "v6.1.2", 5)
            .after(&["v6.0.9", "v6.1.0", "v6.1.1"])
            .logs(Java)
            .size(300, 640),
        s("promotions", "v1.4.0", 3),
        s("reviews", "v2.2.1", 3),
        s("customer-accounts", "v3.3.0", 4).after(&["v3.2.8"]),
        s("wishlist", "v1.1.0", 2),
        s("image-resizer", "v0.9.2", 4).logs(Worker).silent(),
        third_party("shop", "cart-redis", "redis", "7.4", 3)
            .stateful(10)
            .port(6379)
            .logs(Database)
            .size(100, 256),
        third_party("shop", "orders-db", "postgres", "17.4", 3)
            .stateful(200)
            .port(5432)
            .logs(Database)
            .size(500, 1024),
    ]
}

fn payments() -> Vec<Workload> {
    let p = |name, tag, n| own("payments", name, tag, n);
    vec![
        p("payment-gateway", "v7.4.1", 6)
            .after(&["v7.3.0", "v7.4.0"])
            .autoscaled(12)
            .logs(Java)
            .size(300, 512),
        p("fraud-check", "v2.9.0", 4)
            .after(&["v2.8.5"])
            .size(400, 512),
        p("ledger", "v3.0.6", 3)
            .logs(Java)
            .size(250, 512)
            .needs("DATABASE_ADDR", "ledger-db.payments:5432"),
        p("invoicing", "v1.12.0", 3),
        p("refunds", "v1.6.4", 2),
        p("tax", "v2.0.1", 3),
        p("psp-webhooks", "v1.3.3", 3),
        third_party("payments", "ledger-db", "postgres", "17.4", 3)
            .stateful(120)
            .port(5432)
            .logs(Database)
            .size(500, 1024),
    ]
}

fn search() -> Vec<Workload> {
    let s = |name, tag, n| own("search", name, tag, n);
    vec![
        s("search-api", "v4.6.0", 6)
            .after(&["v4.5.2"])
            .autoscaled(12),
        s("query-parser", "v1.9.1", 3),
        s("ranking", "v2.3.0", 4).size(400, 768),
        s("synonyms", "v0.6.2", 2),
        third_party(
            "search",
            "opensearch",
            "opensearchproject/opensearch",
            "2.19.1",
            5,
        )
        .stateful(250)
        .port(9200)
        .logs(Java)
        .size(800, 2048),
    ]
}
