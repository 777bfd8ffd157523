//! What concerns the window itself.

use serde::{Deserialize, Serialize};

/// Ends a stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct Unwatch {
    /// The watch's channel id.
    pub watch: u32,
}

/// Takes the window away.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct LeaveWindow {
    /// How.
    pub how: Leave,
}

/// How a window goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "snake_case")]
pub enum Leave {
    /// As its close button does: what the preferences say, which may be to ask.
    Close,
    /// It hides; the tray brings it back.
    Hide,
    /// The app ends.
    Quit,
    /// It does not: a person was asked and thought better of it.
    Stay,
}

/// Asks a person for a kubeconfig file, with the desktop's own dialog; `None` when none was chosen.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
pub struct PickKubeconfig {}

/// The window tells the log something about itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct ReportUi {
    /// What it has to say.
    pub report: UiReport,
}

/// What a window may report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase", tag = "kind")]
pub enum UiReport {
    /// The first table is on screen, with its rows or the word that it has none.
    FirstPaint {
        /// [`crate::table::KindInfo::id`] of the table.
        view: String,
        /// Rows in the DOM.
        rows: u32,
    },
    /// Something failed in the window.
    Error {
        /// What, without cluster data.
        message: String,
    },
}
