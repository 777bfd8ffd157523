//! The core's figures as a person reads them, and as text for an issue.

use kubegraf_ipc::inspect::{CacheStats, Capabilities};

use crate::model::words::grouped;

/// `1.4 MB`; decimal units, as file managers have them.
#[must_use]
#[allow(
    clippy::cast_precision_loss,
    reason = "a figure with one decimal, rounded on purpose"
)]
pub fn bytes(count: u64) -> String {
    match count {
        0..1_000 => format!("{count} bytes"),
        1_000..1_000_000 => format!("{:.1} kB", count as f64 / 1e3),
        _ => format!("{:.1} MB", count as f64 / 1e6),
    }
}

/// `75 % of 1,200 reads`.
#[must_use]
pub fn hit_rate(hits: u64, misses: u64) -> String {
    let all = hits + misses;
    if all == 0 {
        return "nothing was read yet".into();
    }
    let percent = hits * 100 / all;
    format!("{percent} % of {} reads", grouped(all))
}

/// `12 ms for half, 40 ms for 95 %, 80 ms for 99 %`.
#[must_use]
pub fn latencies(half: Option<u32>, most: Option<u32>, nearly_all: Option<u32>) -> String {
    let parts = [(half, "half"), (most, "95 %"), (nearly_all, "99 %")];
    let parts = parts
        .iter()
        .filter_map(|(ms, of)| Some(format!("{} ms for {of}", (*ms)?)));
    let parts: Vec<String> = parts.collect();
    if parts.is_empty() {
        return "nothing was asked yet".into();
    }
    parts.join(", ")
}

/// All of it as text. Names of clusters are left out: an issue is public.
#[must_use]
pub fn report(stats: &CacheStats, able: Option<&Capabilities>) -> String {
    let mut lines = Vec::new();
    if let Some(able) = able {
        lines.push(format!("KubeGraf {}", able.version));
        let version = able.kube_version.as_deref().unwrap_or("unknown");
        lines.push(format!("API server {version}, metrics {}", able.metrics));
        lines.push(format!("durable store {}", able.durable_store));
    }
    let reads = &stats.reads;
    lines.push(format!(
        "cache: {} of {} entries, {} bytes, {} hits, {} misses, {} evictions, {} invalidations",
        reads.entries,
        reads.capacity,
        reads.bytes,
        reads.hits,
        reads.misses,
        reads.evictions,
        reads.invalidations
    ));
    for (number, connection) in stats.connections.iter().enumerate() {
        let calls = &connection.calls;
        lines.push(format!(
            "connection {}: {} watches, {} users, {} calls ({} repeated, {} failed, {} throttled for {} ms), {}",
            number + 1,
            connection.watches,
            connection.users,
            calls.sent,
            calls.repeated,
            calls.failed,
            calls.throttled,
            calls.throttled_ms,
            latencies(calls.p50_ms, calls.p95_ms, calls.p99_ms)
        ));
        let held = connection.held.iter();
        let held: Vec<String> = held.map(|k| format!("{} {}", k.objects, k.kind)).collect();
        lines.push(format!("  holds {}", held.join(", ")));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use kubegraf_ipc::inspect::{ApiCalls, ConnectionStats, HeldKind};

    #[test]
    fn figures_carry_their_units() {
        assert_eq!(bytes(999), "999 bytes");
        assert_eq!(bytes(1_500), "1.5 kB");
        assert_eq!(bytes(12_340_000), "12.3 MB");
        assert_eq!(hit_rate(900, 300), "75 % of 1,200 reads");
        assert_eq!(hit_rate(0, 0), "nothing was read yet");
        assert_eq!(
            latencies(Some(5), Some(40), None),
            "5 ms for half, 40 ms for 95 %"
        );
        assert_eq!(latencies(None, None, None), "nothing was asked yet");
    }

    #[test]
    fn a_report_names_no_cluster() {
        let connection = ConnectionStats {
            cluster: "context:secret-customer".into(),
            name: "secret-customer".into(),
            held: vec![HeldKind {
                kind: "pods".into(),
                objects: 7,
            }],
            calls: ApiCalls {
                sent: 12,
                ..ApiCalls::default()
            },
            ..ConnectionStats::default()
        };
        let stats = CacheStats {
            connections: vec![connection],
            ..CacheStats::default()
        };
        let text = report(&stats, None);
        assert!(
            text.contains("12 calls") && text.contains("7 pods"),
            "{text}"
        );
        assert!(!text.contains("secret"), "{text}");
    }
}
