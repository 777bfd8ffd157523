//! What the palette offers and in which order. Plain data: running an entry is the window's.

use std::cmp::Reverse;

use crate::{model::fuzzy, route::Route};

/// A heading of the palette.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Group {
    /// What was run before.
    Recent,
    /// A `:` command.
    Jump,
    /// Views.
    Navigation,
    /// Namespaces to show.
    Namespaces,
    /// Clusters to switch to.
    Clusters,
    /// Things to do here.
    Actions,
    /// What can be set.
    Settings,
}

impl Group {
    /// The heading.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Recent => "Recent",
            Self::Jump => "Jump",
            Self::Navigation => "Navigation",
            Self::Namespaces => "Namespaces",
            Self::Clusters => "Clusters",
            Self::Actions => "Actions",
            Self::Settings => "Settings",
        }
    }
}

/// What an entry does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deed {
    /// Opens a view.
    Go(Route),
    /// Opens a view with only these namespaces shown; none means all.
    GoIn(Route, Vec<String>),
    /// Shows only a namespace; `None` shows all.
    Namespace(Option<String>),
    /// Switches to the cluster with this id.
    Cluster(String),
    /// Changes a setting.
    Set(kubegraf_ipc::preferences::PreferenceChange),
    /// Shows the keys.
    Keys,
    /// Where the window was before.
    Back,
    /// Opens or closes the dock.
    Dock,
    /// Says why nothing can be done.
    Nothing,
}

/// One line of the palette.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Under which heading.
    pub group: Group,
    /// What it is called; what was typed is looked for in it.
    pub title: String,
    /// What it means, for the preview.
    pub about: String,
    /// The key that does the same.
    pub key: Option<String>,
    /// What it does.
    pub deed: Deed,
}

/// Entries shown at most.
const MOST: usize = 60;
/// Of those, recent ones.
const RECENT: usize = 5;

/// The entries that answer `typed`, best first within their groups, the best group first. With
/// nothing typed: what was run before, then everything in its order.
#[must_use]
pub fn answer(typed: &str, all: &[Entry], recent: &[String]) -> Vec<Entry> {
    let typed = typed.trim();
    if typed.is_empty() {
        let before = recent.iter().filter_map(|title| {
            let entry = all.iter().find(|entry| entry.title == *title)?;
            Some(Entry {
                group: Group::Recent,
                ..entry.clone()
            })
        });
        let before: Vec<_> = before.take(RECENT).collect();
        return before
            .into_iter()
            .chain(all.iter().cloned())
            .take(MOST)
            .collect();
    }
    let mut found: Vec<(i32, &Entry)> = all
        .iter()
        .filter_map(|entry| Some((fuzzy::score(typed, &entry.title)?, entry)))
        .collect();
    found.sort_by_key(|(score, _)| Reverse(*score));
    found.truncate(MOST);
    let best = |group: Group| {
        let scores = found.iter().filter(|(_, entry)| entry.group == group);
        scores.map(|(score, _)| *score).max()
    };
    let mut grouped: Vec<_> = found
        .iter()
        .map(|(score, entry)| {
            (
                (Reverse(best(entry.group)), entry.group, Reverse(*score)),
                entry,
            )
        })
        .collect();
    grouped.sort_by_key(|(order, _)| *order);
    grouped
        .into_iter()
        .map(|(_, entry)| (*entry).clone())
        .collect()
}

/// The titles run before, with `title` as the latest.
#[must_use]
pub fn remember(recent: &[String], title: &str) -> Vec<String> {
    let older = recent.iter().filter(|other| *other != title).cloned();
    std::iter::once(title.to_owned())
        .chain(older)
        .take(RECENT * 2)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(group: Group, title: &str) -> Entry {
        Entry {
            group,
            title: title.into(),
            about: String::new(),
            key: None,
            deed: Deed::Keys,
        }
    }

    fn titles(entries: &[Entry]) -> Vec<(Group, &str)> {
        entries
            .iter()
            .map(|entry| (entry.group, entry.title.as_str()))
            .collect()
    }

    /// Covers: NAV-23
    #[test]
    fn the_best_group_comes_first_and_groups_stay_together() {
        let all = [
            entry(Group::Navigation, "Services"),
            entry(Group::Navigation, "Pods"),
            entry(Group::Namespaces, "Namespace poddy"),
            entry(Group::Clusters, "Cluster prod-pods"),
            entry(Group::Navigation, "Replicated pods"),
        ];
        assert_eq!(
            titles(&answer("pods", &all, &[])),
            [
                (Group::Navigation, "Pods"),
                (Group::Navigation, "Replicated pods"),
                (Group::Clusters, "Cluster prod-pods"),
            ]
        );
    }

    /// Covers: NAV-23
    #[test]
    fn what_was_run_before_is_offered_first() {
        let all = [
            entry(Group::Navigation, "Pods"),
            entry(Group::Navigation, "Nodes"),
        ];
        let recent = remember(&remember(&[], "Gone"), "Nodes");
        assert_eq!(
            titles(&answer("", &all, &recent))[..2],
            [(Group::Recent, "Nodes"), (Group::Navigation, "Pods")]
        );
        assert_eq!(remember(&recent, "Gone"), ["Gone", "Nodes"]);
    }
}
