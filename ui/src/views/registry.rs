//! Which views the rail offers, in which section and with which drawing. Adding a view is one
//! entry; a kind core knows and this list does not still gets its table, under "More".

use kubegraf_ipc::table::KindInfo;

use crate::{
    components::icon::Icon,
    route::{Page, Route},
};

/// A heading of the rail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Section {
    /// What is happening.
    Overview,
    /// What is wrong.
    Insights,
    /// What runs.
    Workloads,
    /// What connects it.
    Networking,
    /// What it runs on.
    Platform,
    /// Everything else.
    More,
    /// The app itself.
    Settings,
}

impl Section {
    /// The heading.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Overview => "Overview",
            Self::Insights => "Insights",
            Self::Workloads => "Workloads",
            Self::Networking => "Networking",
            Self::Platform => "Platform",
            Self::More => "More",
            Self::Settings => "Settings",
        }
    }

    /// The same where there is room for a few letters.
    #[must_use]
    pub const fn short(self) -> &'static str {
        match self {
            Self::Workloads => "Work",
            Self::Networking => "Network",
            other => other.title(),
        }
    }

    /// What the window remembers it by.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Overview => "overview",
            Self::Insights => "insights",
            Self::Workloads => "workloads",
            Self::Networking => "networking",
            Self::Platform => "platform",
            Self::More => "more",
            Self::Settings => "settings",
        }
    }

    /// How it is drawn.
    #[must_use]
    pub const fn icon(self) -> Icon {
        match self {
            Self::Overview => Icon::Overview,
            Self::Insights => Icon::Incidents,
            Self::Workloads => Icon::Deployments,
            Self::Networking => Icon::Services,
            Self::Platform => Icon::Nodes,
            Self::More => Icon::Table,
            Self::Settings => Icon::Settings,
        }
    }
}

/// Every section, in the rail's order.
pub const SECTIONS: &[Section] = &[
    Section::Overview,
    Section::Insights,
    Section::Workloads,
    Section::Networking,
    Section::Platform,
    Section::More,
    Section::Settings,
];

/// A view the rail offers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Where it stands.
    pub section: Section,
    /// What it is called.
    pub title: String,
    /// How it is drawn.
    pub icon: Icon,
    /// Where it leads.
    pub route: Route,
    /// The keys that open it, unless a person has chosen others.
    pub keys: Option<&'static str>,
}

/// Section, drawing and keys of the kinds' tables, by the kind's id, in the rail's order.
const TABLES: &[(&str, Section, Icon, Option<&'static str>)] = &[
    ("events", Section::Overview, Icon::Events, Some("Alt+7")),
    ("pods", Section::Workloads, Icon::Pods, Some("Alt+3")),
    (
        "deployments",
        Section::Workloads,
        Icon::Deployments,
        Some("Alt+4"),
    ),
    ("replicasets", Section::Workloads, Icon::ReplicaSets, None),
    (
        "services",
        Section::Networking,
        Icon::Services,
        Some("Alt+5"),
    ),
    ("nodes", Section::Platform, Icon::Nodes, Some("Alt+6")),
    ("namespaces", Section::Platform, Icon::Namespaces, None),
];

/// Section, drawing and keys of the pages, in the rail's order.
const PAGES: &[(Page, Section, Icon, Option<&'static str>)] = &[
    (
        Page::Dashboard,
        Section::Overview,
        Icon::Dashboard,
        Some("Alt+1"),
    ),
    (
        Page::ClusterOverview,
        Section::Overview,
        Icon::Overview,
        None,
    ),
    (
        Page::Clusters,
        Section::Overview,
        Icon::Clusters,
        Some("Alt+9"),
    ),
    (Page::Forwards, Section::Networking, Icon::Forwards, None),
    (Page::Logs, Section::Platform, Icon::Logs, Some("Alt+8")),
    (Page::Terminal, Section::Platform, Icon::Terminal, None),
    (Page::Users, Section::Platform, Icon::Person, None),
    (
        Page::Settings,
        Section::Settings,
        Icon::Settings,
        Some("Ctrl+,"),
    ),
];

/// The views there are, given the kinds core has tables for and the routes that are switched off, in the
/// rail's order.
#[must_use]
pub fn entries(kinds: &[KindInfo], off: &[String]) -> Vec<Entry> {
    let pages = PAGES.iter().map(|&(page, section, icon, keys)| Entry {
        section,
        title: page.title().into(),
        icon,
        route: Route::Page(page),
        keys,
    });
    let mut entries: Vec<Entry> = pages.collect();
    entries.push(Entry {
        section: Section::Insights,
        title: "Incidents".into(),
        icon: Icon::Incidents,
        route: Route::Incidents { id: None },
        keys: Some("Alt+2"),
    });
    let listed = TABLES.iter().filter_map(|&(id, section, icon, keys)| {
        let kind = kinds.iter().find(|kind| kind.id == id)?;
        Some(entry(kind, section, icon, keys))
    });
    entries.extend(listed);
    let unlisted = kinds
        .iter()
        .filter(|kind| TABLES.iter().all(|(id, ..)| *id != kind.id));
    entries.extend(unlisted.map(|kind| entry(kind, Section::More, Icon::Table, None)));
    entries.retain(|entry| off.iter().all(|route| route != entry.route.view()));
    entries.sort_by_key(|entry| entry.section);
    entries
}

fn entry(kind: &KindInfo, section: Section, icon: Icon, keys: Option<&'static str>) -> Entry {
    Entry {
        section,
        title: kind.title.clone(),
        icon,
        route: Route::table(&kind.id),
        keys,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(id: &str) -> KindInfo {
        KindInfo {
            id: id.into(),
            kind: id.into(),
            title: id.into(),
            api_version: "v1".into(),
            namespaced: true,
            columns: vec![],
        }
    }

    #[test]
    fn only_what_exists_is_offered_and_nothing_is_lost() {
        let entries = entries(&[kind("widgets"), kind("nodes"), kind("pods")], &[]);
        let places: Vec<_> = entries
            .iter()
            .map(|e| (e.section, e.route.view().to_owned()))
            .collect();
        assert_eq!(
            places,
            [
                (Section::Overview, "dashboard".to_owned()),
                (Section::Overview, "cluster-overview".to_owned()),
                (Section::Overview, "cluster-manager".to_owned()),
                (Section::Insights, "incidents".to_owned()),
                (Section::Workloads, "pods".to_owned()),
                (Section::Networking, "port-forwards".to_owned()),
                (Section::Platform, "logs".to_owned()),
                (Section::Platform, "terminal".to_owned()),
                (Section::Platform, "users".to_owned()),
                (Section::Platform, "nodes".to_owned()),
                (Section::More, "widgets".to_owned()),
                (Section::Settings, "settings".to_owned()),
            ]
        );
    }
}
