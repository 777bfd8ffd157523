//! The palette: whether it is open, what it offers, and running what was chosen.

use kubegraf_ipc::preferences::{PreferenceChange, Scheme, Theme};
use leptos::prelude::*;

use crate::{
    model::{
        jump::{self, Jump},
        keys::Act,
        palette::{Deed, Entry, Group, remember},
    },
    route::{Page, Route},
    state::{
        choices::Choices, connecting::Connecting, dock::Dock, navigation::Navigation, prefs,
        session::Session, shortcuts::Shortcuts,
    },
    views::registry,
};

/// Key of the titles run before, in local storage.
const RECENT: &str = "recent";

/// The palette and the overlay of keys.
#[derive(Clone, Copy, Debug)]
pub struct Palette {
    /// What is typed; `None` while it is closed.
    pub typed: RwSignal<Option<String>>,
    /// Whether the overlay of keys is open.
    pub keys: RwSignal<bool>,
    /// Whether the settings are to show their keys when they open.
    pub change_keys: RwSignal<bool>,
    /// Titles run before, the latest first.
    pub recent: RwSignal<Vec<String>>,
    session: Session,
    navigation: Navigation,
    choices: Choices,
    connecting: Connecting,
    shortcuts: Shortcuts,
    dock: Dock,
}

impl Palette {
    /// Hands a closed palette to every component below.
    pub fn provide(
        session: Session,
        navigation: Navigation,
        choices: Choices,
        connecting: Connecting,
        shortcuts: Shortcuts,
    ) -> Self {
        let recent = prefs::get(RECENT).unwrap_or_default();
        let recent = recent.lines().map(str::to_owned).collect();
        let palette = Self {
            typed: RwSignal::new(None),
            keys: RwSignal::new(false),
            change_keys: RwSignal::new(false),
            recent: RwSignal::new(recent),
            session,
            navigation,
            choices,
            connecting,
            shortcuts,
            dock: Dock::expect(),
        };
        provide_context(palette);
        palette
    }

    /// The palette provided above.
    #[must_use]
    pub fn expect() -> Self {
        expect_context()
    }

    /// Opens it with `typed` in its field.
    pub fn open(self, typed: &str) {
        if self.typed.with_untracked(Option::is_none) {
            self.session.reload_namespaces();
        }
        self.keys.set(false);
        self.typed.set(Some(typed.to_owned()));
    }

    /// Closes it.
    pub fn close(self) {
        self.typed.set(None);
    }

    /// Everything it offers now; with `:` in front, where the jump leads.
    #[must_use]
    pub fn entries(self, typed: &str) -> Vec<Entry> {
        match typed.trim_start().strip_prefix(':') {
            Some(command) => vec![self.jump(command)],
            None => self.all(),
        }
    }

    /// Does what an entry says.
    pub fn run(self, entry: &Entry) {
        match &entry.deed {
            Deed::Nothing => return,
            Deed::Go(route) => self.navigation.go(route),
            Deed::GoIn(route, namespaces) => {
                self.session.choose(namespaces.clone());
                self.navigation.go(route);
            }
            Deed::Namespace(name) => self.session.choose(name.iter().cloned().collect()),
            Deed::Cluster(id) => self.connecting.switch(id.clone()),
            Deed::Set(change) => self.choices.change(change.clone()),
            Deed::Keys => self.keys.set(true),
            Deed::Back => self.navigation.back(),
            Deed::Dock => self.dock.open.update(|open| *open = !*open),
        }
        // The palette goes first: what the deed opens gets the focus.
        self.close();
        if entry.group != Group::Jump {
            let recent = remember(&self.recent.get_untracked(), &entry.title);
            prefs::set(RECENT, &recent.join("\n"));
            self.recent.set(recent);
        }
    }

    fn all(self) -> Vec<Entry> {
        let kinds = self.session.kinds.get().unwrap_or_default();
        let entry = |group, title: String, about: &str, key: Option<Act>, deed| Entry {
            group,
            title,
            about: about.into(),
            key: key.and_then(|act| self.shortcuts.keys(&act)),
            deed,
        };
        let mut all: Vec<Entry> = registry::entries(&kinds, &self.choices.hidden())
            .into_iter()
            .map(|view| {
                let about = match kinds.iter().find(|kind| kind.id == view.route.view()) {
                    Some(kind) => {
                        format!("The live table of {} ({}).", kind.title, kind.api_version)
                    }
                    None => format!("Opens {}.", view.title.to_lowercase()),
                };
                entry(
                    Group::Navigation,
                    view.title,
                    &about,
                    Some(Act::View(view.route.view().to_owned())),
                    Deed::Go(view.route),
                )
            })
            .collect();
        all.push(entry(
            Group::Namespaces,
            "All namespaces".into(),
            "Tables show every namespace again.",
            None,
            Deed::Namespace(None),
        ));
        all.extend(self.session.namespaces.get().into_iter().map(|name| {
            let about = format!("Tables show only what is in {name}.");
            let title = format!("Namespace {name}");
            entry(
                Group::Namespaces,
                title,
                &about,
                None,
                Deed::Namespace(Some(name)),
            )
        }));
        let clusters = self.session.clusters.get().clusters.into_iter();
        all.extend(
            clusters
                .filter(|cluster| !cluster.is_active)
                .map(|cluster| {
                    let about = match (&cluster.error, cluster.is_demo) {
                        (Some(error), _) => error.clone(),
                        (None, true) => "Built in; nothing of it leaves this computer.".into(),
                        (None, false) => {
                            format!("{}, from {}", cluster.server, cluster.kubeconfig_path)
                        }
                    };
                    let title = format!("Switch to {}", cluster.name);
                    entry(
                        Group::Clusters,
                        title,
                        &about,
                        None,
                        Deed::Cluster(cluster.id),
                    )
                }),
        );
        all.push(entry(
            Group::Actions,
            "Show keyboard shortcuts".into(),
            "What keys do in this view.",
            Some(Act::Keys),
            Deed::Keys,
        ));
        all.push(entry(
            Group::Actions,
            "Go back".into(),
            "To the view that was open before.",
            Some(Act::Back),
            Deed::Back,
        ));
        all.push(entry(
            Group::Actions,
            "Open or close the dock".into(),
            "What runs and ran: executions, logs, terminals.",
            Some(Act::Dock),
            Deed::Dock,
        ));
        let settings = [
            ("Theme: light", PreferenceChange::Theme(Theme::Light)),
            ("Theme: dark", PreferenceChange::Theme(Theme::Dark)),
            (
                "Theme: as the system",
                PreferenceChange::Theme(Theme::System),
            ),
            (
                "Colours: KubeGraf",
                PreferenceChange::Scheme(Scheme::Kubegraf),
            ),
            (
                "Colours: high contrast",
                PreferenceChange::Scheme(Scheme::HighContrast),
            ),
            ("Colours: HPE green", PreferenceChange::Scheme(Scheme::Hpe)),
        ];
        all.extend(settings.map(|(title, change)| {
            entry(
                Group::Settings,
                title.into(),
                "Applied at once and kept.",
                None,
                Deed::Set(change),
            )
        }));
        all
    }

    fn jump(self, command: &str) -> Entry {
        let kinds = self.session.kinds.get().unwrap_or_default();
        let entry = |title: String, about: String, deed| Entry {
            group: Group::Jump,
            title,
            about,
            key: Some("Enter".into()),
            deed,
        };
        let nothing = |why: String| entry(why, String::new(), Deed::Nothing);
        match jump::parse(command, &kinds) {
            Err(why) => nothing(why),
            Ok(Jump::View(view)) => match Route::parse(view) {
                Some(route) => entry(format!("Open {view}"), String::new(), Deed::Go(route)),
                None => nothing(format!("There is no view “{view}”.")),
            },
            Ok(Jump::Cluster(None)) => entry(
                "Open the list of clusters".into(),
                String::new(),
                Deed::Go(Route::Page(Page::Clusters)),
            ),
            Ok(Jump::Cluster(Some(name))) => {
                let wanted = name.to_lowercase();
                let clusters = self.session.clusters.get().clusters;
                let found = clusters
                    .iter()
                    .find(|cluster| cluster.name == name)
                    .or_else(|| {
                        clusters
                            .iter()
                            .find(|cluster| cluster.name.to_lowercase().contains(&wanted))
                    });
                match found {
                    Some(cluster) => entry(
                        format!("Switch to {}", cluster.name),
                        cluster.server.clone(),
                        Deed::Cluster(cluster.id.clone()),
                    ),
                    None => nothing(format!("There is no context “{name}”.")),
                }
            }
            Ok(Jump::Namespace(None)) => entry(
                "Show all namespaces".into(),
                String::new(),
                Deed::Namespace(None),
            ),
            Ok(Jump::Namespace(Some(name))) => match self.known(&name) {
                Ok(()) => entry(
                    format!("Show only {name}"),
                    String::new(),
                    Deed::Namespace(Some(name)),
                ),
                Err(why) => nothing(why),
            },
            Ok(Jump::Table {
                kind,
                namespace,
                filter,
            }) => {
                if let Some(name) = namespace.as_ref().filter(|name| !name.is_empty())
                    && let Err(why) = self.known(name)
                {
                    return nothing(why);
                }
                let place = match namespace.as_deref() {
                    None => String::new(),
                    Some("") => " in all namespaces".into(),
                    Some(name) => format!(" in {name}"),
                };
                let with = if filter.is_empty() {
                    String::new()
                } else {
                    format!(" with “{filter}”")
                };
                let route = Route::filtered(&kind, &filter);
                let deed = match namespace {
                    None => Deed::Go(route),
                    Some(name) if name.is_empty() => Deed::GoIn(route, Vec::new()),
                    Some(name) => Deed::GoIn(route, vec![name]),
                };
                entry(format!("Open {kind}{place}{with}"), String::new(), deed)
            }
        }
    }

    fn known(self, name: &str) -> Result<(), String> {
        let known = self.session.namespaces.get();
        if known.is_empty() || known.iter().any(|other| other == name) {
            Ok(())
        } else {
            Err(format!("There is no namespace “{name}”."))
        }
    }
}
