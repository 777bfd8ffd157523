//! What a person has set up for themselves: looks, and how each table is laid out.

use serde::{Deserialize, Serialize};

/// Asks for all of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
pub struct GetPreferences {}

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
    /// The view that opens first, as a route.
    StartView(String),
    /// Seconds between two refreshes of the dashboard: 1 to 60.
    OverviewSeconds(u32),
    /// How a table is laid out; replaces what was set for its kind.
    Table(TableLayout),
    /// The kind's table as kubectl has it.
    PlainTable(String),
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
    /// The view that opens first, as a route.
    pub start_view: String,
    /// Seconds between two refreshes of the dashboard.
    pub overview_seconds: u32,
    /// Tables that are not laid out as kubectl has them, one entry per kind.
    #[cfg_attr(test, proptest(strategy = "crate::roundtrip::few()"))]
    pub tables: Vec<TableLayout>,
}

impl Default for Preferences {
    fn default() -> Self {
        Self {
            theme: Theme::System,
            scheme: Scheme::Kubegraf,
            flash: true,
            start_view: "dashboard".into(),
            overview_seconds: 1,
            tables: Vec::new(),
        }
    }
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
