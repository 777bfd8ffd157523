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
