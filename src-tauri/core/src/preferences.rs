//! What a person has set up for themselves, checked and kept. It knows settings and the kinds they
//! are about, not how anything looks.

pub(crate) mod document;

use kubegraf_ipc::{
    Code, Error as WireError,
    preferences::{
        POLICY, PreferenceChange, Preferences, Shortcut, TableLayout, TerminalPreferences,
    },
};
use std::sync::{PoisonError, RwLock};

use tokio::sync::{Mutex, watch};

use crate::{features, kinds, store::Store};

/// Key of the one settings row.
const KEY: &str = "preferences";
/// Views that are not the table of a kind.
const VIEWS: &[&str] = &[
    "dashboard",
    "cluster-overview",
    "incidents",
    "cluster-manager",
];
/// CSS px a column may be wide.
const WIDTHS: std::ops::RangeInclusive<u32> = 40..=2000;
/// Seconds between two refreshes of an overview.
const SECONDS: std::ops::RangeInclusive<u32> = 1..=60;

/// Percent everything may be drawn in.
const ZOOM: std::ops::RangeInclusive<u32> = 75..=200;
/// Letters of an action's name, and of its keys.
const ACTION: usize = 64;
const KEYS: usize = 32;
/// Actions that can have other keys.
const SHORTCUTS: usize = 500;
/// CSS px of a terminal's letters.
const LETTERS: std::ops::RangeInclusive<u32> = 8..=32;
/// Lines a terminal can be scrolled back.
const SCROLLBACK: std::ops::RangeInclusive<u32> = 0..=100_000;

/// Daily backups that are kept.
const BACKUPS: std::ops::RangeInclusive<u32> = 1..=90;

/// A change that is refused; what was set stays.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A layout for a table that does not exist.
    #[error("kind \"{0}\" has no table")]
    Kind(String),
    /// A column the table does not have.
    #[error("\"{column}\" is no column of \"{kind}\"")]
    Column {
        /// The table.
        kind: String,
        /// The column.
        column: String,
    },
    /// A column that stands twice.
    #[error("column \"{column}\" of \"{kind}\" is named twice")]
    Twice {
        /// The table.
        kind: String,
        /// The column.
        column: String,
    },
    /// A layout that hides everything.
    #[error("the layout of \"{0}\" shows no column")]
    Nothing(String),
    /// A width out of bounds.
    #[error("column \"{column}\" is {width} px wide, it must be {} to {}", WIDTHS.start(), WIDTHS.end())]
    Width {
        /// The column.
        column: String,
        /// The width asked for.
        width: u32,
    },
    /// A start view that does not exist.
    #[error("there is no view \"{0}\" to start with")]
    View(String),
    /// A refresh out of bounds.
    #[error("a refresh every {0} s was asked for, it must be 1 to 60")]
    Seconds(u32),
    /// Too few or too many backups.
    #[error("{0} daily backups were to be kept, it must be 1 to 90")]
    Backups(u32),
    /// A size that nobody can read or that nothing fits in.
    #[error("a size of {0} % was asked for, it must be 75 to 200")]
    Zoom(u32),
    /// Letters of a terminal out of bounds.
    #[error("letters of {0} px were asked for, it must be {min} to {max}", min = LETTERS.start(), max = LETTERS.end())]
    Letters(u32),
    /// More lines than a terminal keeps.
    #[error("{0} lines to scroll back were asked for, it must be {min} to {max}", min = SCROLLBACK.start(), max = SCROLLBACK.end())]
    Scrollback(u32),
    /// A shell without a name.
    #[error("a shell without a path was chosen")]
    Shell,
    /// A feature that does not exist.
    #[error("there is no feature \"{0}\"")]
    Feature(String),
    /// Keys for what is no action.
    #[error("\"{0}\" is no name of an action")]
    Action(String),
    /// Keys that nobody can press.
    #[error("\"{keys}\" are no keys for \"{action}\"")]
    Keys {
        /// The action.
        action: String,
        /// What was asked for.
        keys: String,
    },
    /// More than a window can have.
    #[error("keys of more than {SHORTCUTS} actions were changed")]
    Shortcuts,
    /// A policy that was never shown.
    #[error("there is no version {0} of the privacy policy")]
    Policy(u32),
    /// A file that holds no settings.
    #[error("the file holds no settings of KubeGraf: {0}")]
    File(String),
    /// The store could not keep or tell it.
    #[error(transparent)]
    Store(#[from] crate::store::Error),
}

impl From<Error> for WireError {
    fn from(error: Error) -> Self {
        match error {
            Error::Store(error) => error.into(),
            refused => Self::new(Code::InvalidArgument, refused.to_string()),
        }
    }
}

/// What is set, in the store.
pub(crate) struct Chosen {
    store: Store,
    /// A change reads and writes the whole: one at a time.
    writing: Mutex<()>,
    /// Counts the changes.
    changes: watch::Sender<u64>,
    /// What the store holds, once it was read: every command asks what is switched off.
    known: RwLock<Option<Preferences>>,
}

impl Chosen {
    pub(crate) fn new(store: Store) -> Self {
        Self {
            store,
            writing: Mutex::default(),
            changes: watch::Sender::default(),
            known: RwLock::default(),
        }
    }

    /// Everything that is set. What an older or newer version wrote in another shape counts as
    /// never set: preferences must not keep the app from starting.
    pub(crate) async fn all(&self) -> Result<Preferences, Error> {
        if let Some(known) = &*self.known.read().unwrap_or_else(PoisonError::into_inner) {
            return Ok(known.clone());
        }
        let read = self.read().await?;
        self.remember(Some(read.clone()));
        Ok(read)
    }

    async fn read(&self) -> Result<Preferences, Error> {
        match self.store.setting(KEY).await {
            Ok(stored) => Ok(stored.unwrap_or_default()),
            Err(error @ crate::store::Error::Read { .. }) => Err(error.into()),
            Err(error) => {
                tracing::warn!(%error, "the stored preferences cannot be understood; using none");
                Ok(Preferences::default())
            }
        }
    }

    /// Makes one change and answers everything as it is then.
    pub(crate) async fn change(
        &self,
        change: PreferenceChange,
        now: i64,
    ) -> Result<Preferences, Error> {
        let _turn = self.writing.lock().await;
        let mut preferences = self.all().await?;
        apply(&mut preferences, change)?;
        self.keep(preferences, now).await
    }

    /// Puts others in the place of all of them.
    pub(crate) async fn replace(&self, all: Preferences, now: i64) -> Result<Preferences, Error> {
        let _turn = self.writing.lock().await;
        self.keep(all, now).await
    }

    async fn keep(&self, all: Preferences, now: i64) -> Result<Preferences, Error> {
        self.store.set_setting(KEY, &all, now).await?;
        self.remember(Some(all.clone()));
        self.changes.send_modify(|count| *count += 1);
        Ok(all)
    }

    /// The store holds others now.
    pub(crate) fn replaced(&self) {
        self.remember(None);
        self.changes.send_modify(|count| *count += 1);
    }

    fn remember(&self, all: Option<Preferences>) {
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = all;
    }

    /// Wakes whoever shows or follows them.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }
}

fn apply(preferences: &mut Preferences, change: PreferenceChange) -> Result<(), Error> {
    match change {
        PreferenceChange::Theme(theme) => preferences.theme = theme,
        PreferenceChange::Scheme(scheme) => preferences.scheme = scheme,
        PreferenceChange::Flash(flash) => preferences.flash = flash,
        PreferenceChange::Zoom(percent) => {
            if !ZOOM.contains(&percent) {
                return Err(Error::Zoom(percent));
            }
            preferences.zoom = percent;
        }
        PreferenceChange::StartView(view) => {
            if !VIEWS.contains(&view.as_str()) && kinds::find(&view).is_none() {
                return Err(Error::View(view));
            }
            preferences.start_view = view;
        }
        PreferenceChange::OverviewSeconds(seconds) => {
            if !SECONDS.contains(&seconds) {
                return Err(Error::Seconds(seconds));
            }
            preferences.overview_seconds = seconds;
        }
        PreferenceChange::Closing(closing) => preferences.closing = closing,
        PreferenceChange::Alert { source, on } => {
            preferences.alerts.retain(|known| *known != source);
            if on {
                preferences.alerts.push(source);
            }
        }
        PreferenceChange::ScansPaused(paused) => preferences.scans_paused = paused,
        PreferenceChange::ReadOnly(on) => preferences.read_only = on,
        PreferenceChange::Feature { id, on } => {
            if !features::exists(&id) {
                return Err(Error::Feature(id));
            }
            preferences.features_off.retain(|off| *off != id);
            if !on {
                preferences.features_off.push(id);
            }
        }
        PreferenceChange::BackupDaily(on) => preferences.backup_daily = on,
        PreferenceChange::BackupKeep(count) => {
            if !BACKUPS.contains(&count) {
                return Err(Error::Backups(count));
            }
            preferences.backup_keep = count;
        }
        PreferenceChange::UpdateCheck(on) => preferences.update_check = on,
        PreferenceChange::Policy(version) => {
            if version > POLICY {
                return Err(Error::Policy(version));
            }
            preferences.policy = version;
        }
        PreferenceChange::Terminal(terminal) => {
            preferences.terminal = checked_terminal(terminal)?;
        }
        PreferenceChange::Table(layout) => {
            check(&layout)?;
            forget(preferences, &layout.kind);
            preferences.tables.push(layout);
        }
        PreferenceChange::PlainTable(kind) => forget(preferences, &kind),
        PreferenceChange::Shortcut(shortcut) => {
            can_be(&shortcut)?;
            let shortcuts = &mut preferences.shortcuts;
            shortcuts.retain(|known| known.action != shortcut.action);
            if shortcuts.len() >= SHORTCUTS {
                return Err(Error::Shortcuts);
            }
            shortcuts.push(shortcut);
        }
        PreferenceChange::PlainShortcut(action) => {
            preferences.shortcuts.retain(|known| known.action != action);
        }
        PreferenceChange::PlainShortcuts => preferences.shortcuts.clear(),
    }
    Ok(())
}

/// Only the shape: which actions there are, and which keys a person can press, the window knows.
fn can_be(shortcut: &Shortcut) -> Result<(), Error> {
    let action = &shortcut.action;
    let named = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    if action.is_empty() || action.len() > ACTION || !action.chars().all(named) {
        return Err(Error::Action(action.chars().take(ACTION).collect()));
    }
    match &shortcut.keys {
        Some(keys)
            if keys.is_empty() || keys.len() > KEYS || keys.chars().any(char::is_control) =>
        {
            Err(Error::Keys {
                action: action.clone(),
                keys: keys.chars().take(KEYS).collect(),
            })
        }
        _ => Ok(()),
    }
}

fn checked_terminal(terminal: TerminalPreferences) -> Result<TerminalPreferences, Error> {
    if !LETTERS.contains(&terminal.font_size) {
        return Err(Error::Letters(terminal.font_size));
    }
    if !SCROLLBACK.contains(&terminal.scrollback) {
        return Err(Error::Scrollback(terminal.scrollback));
    }
    // Whether it is there is seen when it is opened: a home is used on more than one machine.
    if terminal
        .shell
        .as_deref()
        .is_some_and(|path| path.trim().is_empty())
    {
        return Err(Error::Shell);
    }
    Ok(terminal)
}

fn forget(preferences: &mut Preferences, kind: &str) {
    preferences.tables.retain(|table| table.kind != kind);
}

fn check(layout: &TableLayout) -> Result<(), Error> {
    let kind = || layout.kind.clone();
    let info = kinds::find(&layout.kind)
        .ok_or_else(|| Error::Kind(kind()))?
        .info();
    for (place, column) in layout.columns.iter().enumerate() {
        let name = || column.name.clone();
        let exists = info.columns.iter().any(|known| known.name == column.name)
            || (info.namespaced && column.name == "NAMESPACE");
        if !exists {
            return Err(Error::Column {
                kind: kind(),
                column: name(),
            });
        }
        if layout.columns[..place]
            .iter()
            .any(|other| other.name == column.name)
        {
            return Err(Error::Twice {
                kind: kind(),
                column: name(),
            });
        }
        if let Some(width) = column.width.filter(|width| !WIDTHS.contains(width)) {
            return Err(Error::Width {
                column: name(),
                width,
            });
        }
    }
    let hidden = |known: &kubegraf_ipc::table::Column| {
        layout
            .columns
            .iter()
            .find(|column| column.name == known.name)
            .map_or(known.wide, |column| !column.shown)
    };
    if info.columns.iter().all(hidden) {
        return Err(Error::Nothing(kind()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use kubegraf_ipc::preferences::{ColumnLayout, Scheme};
    use time::OffsetDateTime;

    use super::*;

    fn column(name: &str, shown: bool, width: Option<u32>) -> ColumnLayout {
        ColumnLayout {
            name: name.into(),
            shown,
            width,
        }
    }

    fn pods(columns: Vec<ColumnLayout>) -> PreferenceChange {
        PreferenceChange::Table(TableLayout {
            kind: "pods".into(),
            columns,
        })
    }

    async fn chosen(data: &std::path::Path) -> Chosen {
        let opened = Store::open(&data.join("p.db"), OffsetDateTime::UNIX_EPOCH).await;
        Chosen::new(opened.unwrap().0)
    }

    /// Covers: CMP-14
    #[tokio::test]
    async fn what_is_set_is_there_after_a_restart() {
        let data = tempfile::tempdir().unwrap();
        let before = chosen(data.path()).await;
        let layout = vec![
            column("STATUS", true, None),
            column("NODE", true, Some(210)),
            column("READY", false, None),
        ];
        before.change(pods(layout.clone()), 1).await.unwrap();
        let set = before
            .change(PreferenceChange::Scheme(Scheme::HighContrast), 2)
            .await
            .unwrap();
        before.store.close().await;

        let after = chosen(data.path()).await;
        let found = after.all().await.unwrap();
        assert_eq!(found, set);
        assert_eq!(found.tables[0].columns, layout);
        after
            .change(PreferenceChange::PlainTable("pods".into()), 3)
            .await
            .unwrap();
        assert_eq!(after.all().await.unwrap().tables, []);
    }

    #[tokio::test]
    async fn a_refused_change_names_what_is_wrong_and_changes_nothing() {
        let data = tempfile::tempdir().unwrap();
        let chosen = chosen(data.path()).await;
        let mut nothing: Vec<_> = kinds::find("pods")
            .unwrap()
            .info()
            .columns
            .iter()
            .map(|known| column(&known.name, false, None))
            .collect();
        nothing.push(column("NAMESPACE", true, None));
        let widgets = TableLayout {
            kind: "widgets".into(),
            columns: vec![],
        };
        for (change, expected) in [
            (PreferenceChange::Table(widgets), "\"widgets\" has no table"),
            (
                pods(vec![column("CPU%", true, None)]),
                "\"CPU%\" is no column of \"pods\"",
            ),
            (
                pods(vec![column("AGE", true, None), column("AGE", false, None)]),
                "\"AGE\" of \"pods\" is named twice",
            ),
            (
                pods(vec![column("AGE", true, Some(3))]),
                "\"AGE\" is 3 px wide",
            ),
            (pods(nothing), "shows no column"),
            (
                PreferenceChange::StartView("moon".into()),
                "no view \"moon\"",
            ),
            (PreferenceChange::OverviewSeconds(0), "every 0 s"),
            (
                PreferenceChange::Terminal(TerminalPreferences {
                    font_size: 7,
                    ..TerminalPreferences::default()
                }),
                "7 px",
            ),
            (
                PreferenceChange::Terminal(TerminalPreferences {
                    scrollback: 100_001,
                    ..TerminalPreferences::default()
                }),
                "100001 lines",
            ),
            (
                PreferenceChange::Terminal(TerminalPreferences {
                    shell: Some(" ".into()),
                    ..TerminalPreferences::default()
                }),
                "without a path",
            ),
        ] {
            let refused = chosen.change(change, 1).await.unwrap_err();
            assert!(refused.to_string().contains(expected), "{refused}");
        }
        assert_eq!(chosen.all().await.unwrap(), Preferences::default());
    }

    #[tokio::test]
    async fn a_shape_of_another_version_is_no_obstacle() {
        let data = tempfile::tempdir().unwrap();
        let chosen = chosen(data.path()).await;
        chosen
            .store
            .set_setting(KEY, &serde_json::json!({"theme": 7}), 1)
            .await
            .unwrap();
        assert_eq!(chosen.all().await.unwrap(), Preferences::default());
        chosen
            .store
            .set_setting(KEY, &serde_json::json!({"theme": "dark", "later": true}), 1)
            .await
            .unwrap();
        chosen.replaced();
        let read = chosen.all().await.unwrap();
        assert_eq!(read.theme, kubegraf_ipc::preferences::Theme::Dark);
        assert!(read.flash);
    }
}
