//! What a person has set up for themselves: looks, and how each table is laid out.

use serde::{Deserialize, Serialize};

use crate::notice::NoticeSource;

/// The version of the privacy policy: a person is asked again when it grows.
pub const POLICY: u32 = 1;

/// Asks for all of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
pub struct GetPreferences {}

/// Streams all of them: once at the start and on every change, whoever made it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
pub struct WatchPreferences {}

/// Changes one of them; answers all of them as they are then.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct SetPreference {
    /// Unique per intended change.
    pub request_id: String,
    /// What is to be.
    pub change: PreferenceChange,
}

/// One change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase", tag = "preference", content = "value")]
pub enum PreferenceChange {
    /// Light, dark or the system's.
    Theme(Theme),
    /// The colours.
    Scheme(Scheme),
    /// Whether changed cells flash.
    Flash(bool),
    /// How large everything is drawn, in percent: 75 to 200.
    Zoom(u32),
    /// The view that opens first, as a route.
    StartView(String),
    /// Seconds between two refreshes of the dashboard: 1 to 60.
    OverviewSeconds(u32),
    /// What closing the window does.
    Closing(Closing),
    /// Whether what comes from a source is told on the desktop while the window is hidden.
    Alert {
        /// The source.
        source: NoticeSource,
        /// Told or not.
        on: bool,
    },
    /// Whether the incident engine rests.
    ScansPaused(bool),
    /// Whether nothing may be changed in any cluster.
    ReadOnly(bool),
    /// Whether a feature is on.
    Feature {
        /// [`crate::features::FeatureInfo::id`].
        id: String,
        /// On or off.
        on: bool,
    },
    /// Whether a backup is made every day.
    BackupDaily(bool),
    /// Daily backups that are kept: 1 to 90.
    BackupKeep(u32),
    /// Whether a newer version of the app is looked for every day.
    UpdateCheck(bool),
    /// The version of the privacy policy a person has agreed to, [`POLICY`] at most.
    Policy(u32),
    /// How terminals look and behave; replaces what was set.
    Terminal(TerminalPreferences),
    /// How a table is laid out; replaces what was set for its kind.
    Table(TableLayout),
    /// The kind's table as kubectl has it.
    PlainTable(String),
    /// The keys of an action; replaces what was chosen for it.
    Shortcut(Shortcut),
    /// The action's own keys again.
    PlainShortcut(String),
    /// Every action's own keys again.
    PlainShortcuts,
}

/// Everything that is set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase", default)]
pub struct Preferences {
    /// Light, dark or the system's.
    pub theme: Theme,
    /// The colours.
    pub scheme: Scheme,
    /// Whether changed cells flash.
    pub flash: bool,
    /// How large everything is drawn, in percent.
    pub zoom: u32,
    /// The view that opens first, as a route.
    pub start_view: String,
    /// Seconds between two refreshes of the dashboard.
    pub overview_seconds: u32,
    /// What closing the window does.
    pub closing: Closing,
    /// What is told on the desktop while the window is hidden.
    #[cfg_attr(test, proptest(strategy = "crate::roundtrip::few()"))]
    pub alerts: Vec<NoticeSource>,
    /// Whether the incident engine rests: incidents stay as they are until it works again.
    pub scans_paused: bool,
    /// Whether nothing may be changed in any cluster.
    pub read_only: bool,
    /// The features that are switched off.
    #[cfg_attr(test, proptest(strategy = "crate::roundtrip::few()"))]
    pub features_off: Vec<String>,
    /// Whether a backup is made every day.
    pub backup_daily: bool,
    /// Daily backups that are kept.
    pub backup_keep: u32,
    /// Whether a newer version of the app is looked for every day, where somebody can be asked.
    pub update_check: bool,
    /// The version of the privacy policy a person has agreed to; 0 is none.
    pub policy: u32,
    /// How terminals look and behave.
    pub terminal: TerminalPreferences,
    /// Tables that are not laid out as kubectl has them, one entry per kind.
    #[cfg_attr(test, proptest(strategy = "crate::roundtrip::few()"))]
    pub tables: Vec<TableLayout>,
    /// Actions that do not have the keys they come with, one entry per action.
    #[cfg_attr(test, proptest(strategy = "crate::roundtrip::few()"))]
    pub shortcuts: Vec<Shortcut>,
}

impl Default for Preferences {
    fn default() -> Self {
        Self {
            theme: Theme::System,
            scheme: Scheme::Kubegraf,
            flash: true,
            zoom: 100,
            start_view: "dashboard".into(),
            overview_seconds: 1,
            closing: Closing::Ask,
            alerts: vec![NoticeSource::Incident, NoticeSource::Execution],
            scans_paused: false,
            read_only: false,
            features_off: Vec::new(),
            backup_daily: true,
            backup_keep: 7,
            update_check: true,
            policy: 0,
            terminal: TerminalPreferences::default(),
            tables: Vec::new(),
            shortcuts: Vec::new(),
        }
    }
}

/// What closing the window does where the desktop shows the tray; elsewhere it always quits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "snake_case")]
pub enum Closing {
    /// Asks, once: the answer is kept.
    #[default]
    Ask,
    /// The window goes, the tray and what runs stay.
    Hide,
    /// Everything ends.
    Quit,
}

/// How terminals look and behave; those that are open follow at once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase", default)]
pub struct TerminalPreferences {
    /// CSS px, 8 to 32.
    pub font_size: u32,
    /// Lines that can be scrolled back to, 0 to 100,000.
    pub scrollback: u32,
    /// The shape of the cursor.
    pub cursor: TerminalCursor,
    /// Whether it blinks.
    pub cursor_blinks: bool,
    /// Whether the bell flashes the terminal.
    pub bell_flashes: bool,
    /// Whether what is selected is copied at once.
    pub copy_on_select: bool,
    /// Whether a graphics card, where there is one, draws. Off until asked for: the web view masks the card's name, so that a pretended
    /// one cannot always be told from a real one.
    pub gpu: bool,
    /// [`crate::terminal::Shell::path`] of the shell that local terminals open; `None` is the user's own.
    pub shell: Option<String>,
}

impl Default for TerminalPreferences {
    fn default() -> Self {
        Self {
            font_size: 12,
            scrollback: 10_000,
            cursor: TerminalCursor::Block,
            cursor_blinks: true,
            bell_flashes: true,
            copy_on_select: false,
            gpu: false,
            shell: None,
        }
    }
}

/// The shape of a terminal's cursor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "snake_case")]
pub enum TerminalCursor {
    /// A whole cell.
    #[default]
    Block,
    /// Its left edge.
    Bar,
    /// Its lower edge.
    Underline,
}

/// Light or dark.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "snake_case")]
pub enum Theme {
    /// As the desktop has it.
    #[default]
    System,
    /// Always dark.
    Dark,
    /// Always light.
    Light,
}

/// A set of colours; each has a light and a dark side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "snake_case")]
pub enum Scheme {
    /// Calm, one blue accent.
    #[default]
    Kubegraf,
    /// Black and white with strong borders.
    HighContrast,
    /// Green accent, as HPE brands its tools.
    Hpe,
}

/// How the table of a kind is laid out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct TableLayout {
    /// [`crate::table::KindInfo::id`].
    pub kind: String,
    /// Columns in their order; a column that is not named stands last, shown unless it is wide.
    #[cfg_attr(test, proptest(strategy = "crate::roundtrip::few()"))]
    pub columns: Vec<ColumnLayout>,
}

/// How one column stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct ColumnLayout {
    /// [`crate::table::Column::name`], or `NAMESPACE`.
    pub name: String,
    /// Whether it is shown.
    pub shown: bool,
    /// CSS px, 40 to 2000; `None` leaves it to the column's nature.
    pub width: Option<u32>,
}

/// The keys a person has given to an action of the window.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct Shortcut {
    /// The action, by the name the window has for it.
    pub action: String,
    /// The keys, as the window writes them (`Ctrl+K`); `None` when it has none.
    pub keys: Option<String>,
}
