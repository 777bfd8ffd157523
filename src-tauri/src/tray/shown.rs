//! What the tray shows, in words, and what a choice in it means. Knows no menu and no window.

use kubegraf_ipc::{
    cluster::ClusterList,
    forward::{Forward, ForwardState},
    incident::{Severity, SeverityCounts},
};

/// Clusters in the submenu at most; the rest is found in the window.
const MOST: usize = 20;

/// What the tray shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Shown {
    /// The clusters to switch to, the active one first.
    pub clusters: Vec<Choice>,
    /// How many there are besides.
    pub more: usize,
    /// The open incidents of the active cluster.
    pub counts: SeverityCounts,
    /// The forwards that are open.
    pub forwards: Vec<Choice>,
    /// Whether the incident engine rests.
    pub paused: bool,
    /// Whether the window is hidden.
    pub hidden: bool,
    /// Whether nobody is signed in: then nothing of the clusters is told.
    pub locked: bool,
}

impl Shown {
    /// What may be seen of it.
    pub(super) fn seen(&self) -> Self {
        match self.locked {
            false => self.clone(),
            true => Self {
                hidden: self.hidden,
                locked: true,
                ..Self::default()
            },
        }
    }
}

/// A line of a submenu.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Choice {
    /// What it names.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// Whether it is the one in use.
    pub active: bool,
}

/// What a choice in the menu means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Deed {
    /// The window comes, or goes.
    Toggle,
    /// The window opens a view.
    Open(String),
    /// The window lists the incidents of a severity.
    Incidents(Severity),
    /// The window switches.
    Switch(String),
    /// A forward ends.
    StopForward(String),
    /// The incident engine rests, or works again.
    TogglePause,
    /// Everything ends.
    Quit,
}

impl Deed {
    /// The id of the menu's line.
    pub(super) fn id(&self) -> String {
        match self {
            Self::Toggle => "toggle".into(),
            Self::Open(route) => format!("open:{route}"),
            Self::Incidents(severity) => format!("incidents:{}", word(*severity)),
            Self::Switch(cluster) => format!("cluster:{cluster}"),
            Self::StopForward(id) => format!("forward:{id}"),
            Self::TogglePause => "pause".into(),
            Self::Quit => "quit".into(),
        }
    }

    /// What the line of an id means.
    pub(super) fn of(id: &str) -> Option<Self> {
        let (name, rest) = id.split_once(':').unwrap_or((id, ""));
        Some(match name {
            "toggle" => Self::Toggle,
            "open" => Self::Open(rest.into()),
            "incidents" => Self::Incidents(SEVERITIES.into_iter().find(|s| word(*s) == rest)?),
            "cluster" => Self::Switch(rest.into()),
            "forward" => Self::StopForward(rest.into()),
            "pause" => Self::TogglePause,
            "quit" => Self::Quit,
            _ => return None,
        })
    }
}

/// Worst first.
const SEVERITIES: [Severity; 4] = [
    Severity::Critical,
    Severity::High,
    Severity::Medium,
    Severity::Low,
];

/// As it stands in menus and in the window's addresses.
pub(super) const fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "critical",
        Severity::High => "high",
        Severity::Medium => "medium",
        Severity::Low => "low",
    }
}

/// How many there are of each severity that has any, worst first.
pub(super) fn by_severity(counts: SeverityCounts) -> Vec<(Severity, u32)> {
    let count = |severity| match severity {
        Severity::Critical => counts.critical,
        Severity::High => counts.high,
        Severity::Medium => counts.medium,
        Severity::Low => counts.low,
    };
    let all = SEVERITIES
        .into_iter()
        .map(|severity| (severity, count(severity)));
    all.filter(|(_, count)| *count > 0).collect()
}

/// `2 critical, 1 high incidents`.
pub(super) fn incidents(counts: SeverityCounts) -> String {
    let all = by_severity(counts);
    let parts: Vec<String> = all
        .iter()
        .map(|(s, n)| format!("{n} {}", word(*s)))
        .collect();
    match all.iter().map(|(_, count)| count).sum() {
        0_u32 => "No open incident".into(),
        1 => format!("{} incident", parts.join(", ")),
        _ => format!("{} incidents", parts.join(", ")),
    }
}

/// The clusters that are shown, and how many are not.
pub(super) fn clusters(list: &ClusterList) -> (Vec<Choice>, usize) {
    let mut all: Vec<Choice> = list
        .clusters
        .iter()
        .map(|entry| Choice {
            id: entry.id.clone(),
            name: entry.name.clone(),
            active: entry.is_active,
        })
        .collect();
    // The active one is never among those left out.
    all.sort_by_key(|choice| !choice.active);
    let more = all.len().saturating_sub(MOST);
    all.truncate(MOST);
    (all, more)
}

/// The forwards whose port is open.
pub(super) fn forwards(list: &[Forward]) -> Vec<Choice> {
    let open = list.iter().filter(|forward| {
        matches!(
            forward.state,
            ForwardState::Active { .. } | ForwardState::Waiting { .. }
        )
    });
    let choice = |forward: &Forward| Choice {
        id: forward.id.clone(),
        name: format!(
            "Stop {} to {} in {}",
            forward.local_port, forward.object.name, forward.cluster_name
        ),
        active: matches!(forward.state, ForwardState::Active { .. }),
    };
    open.map(choice).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(critical: u32, high: u32) -> SeverityCounts {
        SeverityCounts {
            critical,
            high,
            ..SeverityCounts::default()
        }
    }

    #[test]
    fn the_incidents_are_said_worst_first() {
        assert_eq!(incidents(counts(0, 0)), "No open incident");
        assert_eq!(incidents(counts(1, 0)), "1 critical incident");
        assert_eq!(incidents(counts(2, 3)), "2 critical, 3 high incidents");
        assert_eq!(
            by_severity(counts(2, 3)),
            [(Severity::Critical, 2), (Severity::High, 3)]
        );
    }

    /// Covers: AUT-07
    #[test]
    fn nothing_is_told_while_nobody_is_signed_in() {
        let shown = Shown {
            counts: counts(2, 1),
            more: 3,
            hidden: true,
            locked: true,
            clusters: vec![Choice {
                id: "prod".into(),
                name: "prod".into(),
                active: true,
            }],
            ..Shown::default()
        };
        let seen = shown.seen();
        assert_eq!((seen.clusters.len(), seen.more, seen.hidden), (0, 0, true));
        assert_eq!(incidents(seen.counts), "No open incident");
    }

    #[test]
    fn a_line_of_the_menu_means_what_it_was_made_for() {
        for deed in [
            Deed::Toggle,
            Deed::Open("#/settings".into()),
            Deed::Incidents(Severity::Medium),
            Deed::Switch("context:a:b".into()),
            Deed::StopForward("7".into()),
            Deed::TogglePause,
            Deed::Quit,
        ] {
            assert_eq!(Deed::of(&deed.id()), Some(deed));
        }
        assert_eq!(Deed::of("clusters"), None);
        assert_eq!(Deed::of("incidents:terrible"), None);
    }
}
