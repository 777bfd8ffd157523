//! How a context reads in the list of clusters.

use kubegraf_ipc::{
    cluster::{ClusterEntry, ExecPlugin},
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

/// Contexts that belong together in the list's filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// Every context.
    All,
    /// Those a connection is open to.
    Open,
    /// Those that answered the last look.
    Answering,
    /// Those that did not, or cannot be used.
    Failing,
    /// Those whose program nobody has allowed.
    Consent,
    /// Those whose changes want a name typed.
    Protected,
}

impl Group {
    /// All of them, in the order of their chips.
    pub const LIST: [Self; 6] = [
        Self::All,
        Self::Open,
        Self::Answering,
        Self::Failing,
        Self::Consent,
        Self::Protected,
    ];

    /// The chip's word.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::All => "All",
            Self::Open => "Open",
            Self::Answering => "Answering",
            Self::Failing => "Not answering",
            Self::Consent => "Needs consent",
            Self::Protected => "Protected",
        }
    }

    /// The chip's colour.
    #[must_use]
    pub const fn tone(self) -> Tone {
        match self {
            Self::All | Self::Open | Self::Protected => Tone::Neutral,
            Self::Answering => Tone::Ok,
            Self::Failing => Tone::Bad,
            Self::Consent => Tone::Warn,
        }
    }

    /// Whether a context belongs to it.
    #[must_use]
    pub fn holds(self, entry: &ClusterEntry) -> bool {
        let (tone, _) = state(entry);
        match self {
            Self::All => true,
            Self::Open => entry.is_connected,
            Self::Answering => tone == Tone::Ok,
            Self::Failing => tone == Tone::Bad,
            Self::Consent => tone == Tone::Warn,
            Self::Protected => entry.protected,
        }
    }
}

/// Why traffic to the cluster is not safe; `None` when its certificate is verified.
#[must_use]
pub fn danger(entry: &ClusterEntry) -> Option<&'static str> {
    if !entry.insecure {
        return None;
    }
    Some(if entry.server.starts_with("http://") {
        "Nothing is encrypted: the server's address is plain http. Whoever is between can read and change what is sent, credentials included."
    } else {
        "The server's certificate is not verified (insecure-skip-tls-verify). Whoever is between can pose as the server, read and change what is sent, credentials included."
    })
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
        (false, Some(true)) if entry.is_connected => (Tone::Ok, "open"),
        (false, Some(true)) => (Tone::Ok, "answers"),
        (false, _) if wants_consent => (Tone::Warn, "needs your consent"),
        (false, Some(false)) => (Tone::Bad, "not answering"),
        (false, None) if entry.error.is_some() => (Tone::Bad, "unusable"),
        (false, None) => (Tone::Pending, "not looked at yet"),
    }
}

/// The last part of a path; the whole stands beside it on hover.
#[must_use]
pub fn file_name(path: &str) -> String {
    let last = path.rsplit(['/', '\\']).next();
    last.unwrap_or_default().to_owned()
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
    fn groups_part_the_contexts() {
        let answers = ClusterEntry {
            is_reachable: Some(true),
            ..entry()
        };
        let open = ClusterEntry {
            is_connected: true,
            ..answers.clone()
        };
        let broken = ClusterEntry {
            error: Some("its user is not there".into()),
            ..entry()
        };
        let of = |entry: &ClusterEntry| {
            let mut groups = Group::LIST.to_vec();
            groups.retain(|group| group.holds(entry));
            groups
        };
        assert_eq!(of(&entry()), [Group::All]);
        assert_eq!(of(&answers), [Group::All, Group::Answering]);
        assert_eq!(of(&open), [Group::All, Group::Open, Group::Answering]);
        assert_eq!(of(&broken), [Group::All, Group::Failing]);
    }

    #[test]
    fn the_danger_names_its_kind() {
        let insecure = |server: &str| ClusterEntry {
            insecure: true,
            server: server.into(),
            ..entry()
        };
        assert_eq!(danger(&entry()), None);
        assert!(danger(&insecure("http://a")).is_some_and(|why| why.contains("plain http")));
        assert!(danger(&insecure("https://a")).is_some_and(|why| why.contains("not verified")));
    }
}
