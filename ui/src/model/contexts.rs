//! How a context reads in the list of clusters.

use kubegraf_ipc::{
    age::human_duration,
    cluster::{ClusterEntry, ClusterHealth, ExecPlugin},
    object::Tone,
};

/// Whether every word typed occurs in the context's name, server or file.
#[must_use]
pub fn found(typed: &str, entry: &ClusterEntry) -> bool {
    let text = format!(
        "{}\n{}\n{}",
        entry.name, entry.server, entry.kubeconfig_path
    )
    .to_lowercase();
    typed
        .to_lowercase()
        .split_whitespace()
        .all(|word| text.contains(word))
}

/// Changes whenever the line does: what a keyed list tells lines apart by.
#[must_use]
pub fn key(entry: &ClusterEntry) -> String {
    format!("{entry:?}")
}

/// How it stands, in a word.
#[must_use]
pub fn state(entry: &ClusterEntry) -> (Tone, &'static str) {
    let looked = entry.health.as_ref().map(|health| health.reachable);
    let wants_consent = entry.exec.as_ref().is_some_and(|exec| !exec.allowed);
    match (entry.is_active, looked.or(entry.is_reachable)) {
        (true, Some(false)) => (Tone::Bad, "in use, not answering"),
        (true, _) => (Tone::Ok, "in use"),
        (false, Some(true)) => (Tone::Ok, "answers"),
        (false, _) if wants_consent => (Tone::Warn, "needs your consent"),
        (false, Some(false)) => (Tone::Bad, "not answering"),
        (false, None) if entry.error.is_some() => (Tone::Bad, "unusable"),
        (false, None) => (Tone::Neutral, "not looked at yet"),
    }
}

/// `v1.36.3 · 12 ms · seen 2m ago`.
#[must_use]
pub fn figures(health: &ClusterHealth, now: i64) -> String {
    let version = health.version.clone();
    let latency = health.latency_ms.map(|took| format!("{took} ms"));
    let seen = health
        .last_seen
        .map(|at| format!("seen {} ago", human_duration((now - at).max(0))));
    let parts: Vec<String> = [version, latency, seen].into_iter().flatten().collect();
    parts.join(" · ")
}

/// The command as one would type it; words with spaces are quoted.
#[must_use]
pub fn command_line(exec: &ExecPlugin) -> String {
    let words = std::iter::once(&exec.command).chain(&exec.args);
    let words: Vec<String> = words
        .map(|word| {
            if word.is_empty() || word.contains(|c: char| c.is_whitespace() || c == '\'') {
                format!("'{}'", word.replace('\'', "'\\''"))
            } else {
                word.clone()
            }
        })
        .collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry() -> ClusterEntry {
        ClusterEntry {
            id: "a".into(),
            name: "prod-eu".into(),
            context_name: "prod-eu".into(),
            namespace: "default".into(),
            server: "https://10.0.0.1:6443".into(),
            is_active: false,
            is_reachable: None,
            kubeconfig_path: "/home/me/.kube/config".into(),
            error: None,
            is_demo: false,
            is_connected: false,
            insecure: false,
            protected: false,
            exec: None,
            namespaces: vec![],
            health: None,
        }
    }

    #[test]
    fn a_context_is_found_by_name_server_and_file() {
        for typed in ["", "PROD", "eu 10.0", ".kube prod"] {
            assert!(found(typed, &entry()), "{typed}");
        }
        assert!(!found("prod us", &entry()));
    }

    #[test]
    fn the_state_says_what_is_known() {
        let plugin = |allowed| ExecPlugin {
            command: "aws".into(),
            args: vec!["eks".into(), "my cluster".into()],
            env: vec![],
            install_hint: None,
            hash: "h".into(),
            allowed,
        };
        assert_eq!(state(&entry()).1, "not looked at yet");
        let waits = ClusterEntry {
            exec: Some(plugin(false)),
            is_reachable: Some(false),
            ..entry()
        };
        assert_eq!(state(&waits).1, "needs your consent");
        let gone = ClusterEntry {
            is_active: true,
            is_reachable: Some(false),
            ..entry()
        };
        assert_eq!(state(&gone), (Tone::Bad, "in use, not answering"));
        assert_eq!(command_line(&plugin(true)), "aws eks 'my cluster'");
    }

    #[test]
    fn figures_name_what_there_is() {
        let health = ClusterHealth {
            version: Some("v1.36.3".into()),
            latency_ms: Some(12),
            last_seen: Some(880),
            ..ClusterHealth::default()
        };
        assert_eq!(figures(&health, 1_000), "v1.36.3 · 12 ms · seen 2m ago");
        assert_eq!(figures(&ClusterHealth::default(), 0), "");
    }
}
