//! What runs behind: data, machine learning, staging.

use super::super::workload::{Workload, own, third_party};
use crate::images::LogStyle::{Database, Java, Worker};

pub(super) fn workloads() -> Vec<Workload> {
    [data(), ml(), staging()].concat()
}

fn data() -> Vec<Workload> {
    let d = |name, tag, n| own("data", name, tag, n);
    vec![
        third_party("data", "kafka", "apache/kafka", "3.9.0", 5)
            .stateful(300)
            .port(9092)
            .logs(Java)
            .size(600, 2048),
        third_party(
            "data",
            "schema-registry",
            "confluentinc/cp-schema-registry",
            "7.8.1",
            2,
        )
        .port(8081)
        .logs(Java),
        third_party(
            "data",
            "clickhouse",
            "clickhouse/clickhouse-server",
            "25.1",
            3,
        )
        .stateful(500)
        .port(8123)
        .logs(Database)
        .size(1000, 4096),
        d("event-collector", "v2.5.1", 6)
            .after(&["v2.5.0"])
            .needs("BROKERS", "kafka.data:9092"),
        d("stream-enricher", "v1.8.0", 5)
            .logs(Worker)
            .silent()
            .needs("BROKERS", "kafka.data:9092"),
        d("warehouse-sink", "v1.3.2", 4)
            .logs(Worker)
            .silent()
            .needs("BROKERS", "kafka.data:9092"),
        d("cdc-connector", "v0.8.4", 3)
            .logs(Worker)
            .silent()
            .needs("BROKERS", "kafka.data:9092"),
        d("metabase", "v0.53.2", 1)
            .logs(Java)
            .size(300, 1024)
            .port(3000),
    ]
}

fn ml() -> Vec<Workload> {
    let m = |name, tag, n| own("ml", name, tag, n);
    vec![
        m("model-server", "v3.1.0", 4)
            .after(&["v3.0.2"])
            .size(800, 1536),
        m("feature-api", "v1.7.0", 3),
        m("batch-scorer", "v2.0.3", 3)
            .logs(Worker)
            .silent()
            .size(500, 1024),
        m("experiment-tracker", "v2.20.1", 1).port(5000),
        m("vector-store", "v1.13.2", 3)
            .stateful(80)
            .port(6333)
            .logs(Database)
            .size(500, 1536),
    ]
}

fn staging() -> Vec<Workload> {
    // The same programs as in production, one release ahead and one pod each.
    let s = |name: &'static str, of: &str, tag| {
        let mut w = own("staging", name, tag, 1);
        w.image = format!("registry.lumen.example/{of}/{name}");
        w.released_hours = 3;
        w
    };
    vec![
        s("storefront", "shop", "v4.13.0-rc.2"),
        s("cart", "shop", "v3.8.0-rc.1").needs("REDIS_ADDR", "cart-redis.staging:6379"),
        s("catalog", "shop", "v5.3.0-rc.1"),
        s("orders", "shop", "v6.2.0-rc.3").logs(Java).size(200, 640),
        s("payment-gateway", "payments", "v7.5.0-rc.1")
            .logs(Java)
            .size(200, 512),
        s("search-api", "search", "v4.7.0-rc.1"),
        s("model-server", "ml", "v3.2.0-rc.1").size(400, 1024),
        third_party("staging", "cart-redis", "redis", "7.4", 1)
            .port(6379)
            .logs(Database),
        third_party("staging", "mailpit", "axllent/mailpit", "v1.22", 1).port(8025),
    ]
}
