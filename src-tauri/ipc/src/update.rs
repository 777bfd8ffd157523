//! Newer versions of the app, and its start at login. Versions are looked for only where whoever packaged
//! the app has said where.

use serde::{Deserialize, Serialize};

/// Looks for a newer version now.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
pub struct CheckUpdate {}

/// Downloads the version that was found, and installs it if its signature is the packager's. How it goes is
/// in [`WatchUpdate`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct InstallUpdate {
    /// Unique per intended change.
    pub request_id: String,
    /// The version that a person saw.
    pub version: String,
}

/// Ends the app and starts it anew: what was installed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
pub struct RestartApp {}

/// Streams how things stand: once at the start and on every change.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
pub struct WatchUpdate {}

/// How things stand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct UpdateState {
    /// The version that runs.
    pub current: String,
    /// Who is asked; `None` where nobody is, and nothing is sent.
    pub asks: Option<String>,
    /// When was asked last, epoch seconds.
    pub checked_at: Option<i64>,
    /// What came of it.
    pub phase: UpdatePhase,
}

/// What came of looking for a newer version.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase", tag = "phase", content = "value")]
pub enum UpdatePhase {
    /// Nobody was asked yet.
    #[default]
    Unknown,
    /// Somebody is being asked.
    Checking,
    /// There is none.
    Newest,
    /// Who is asked cannot be reached; nothing is wrong.
    Offline,
    /// There is one.
    Available(NewVersion),
    /// It is being fetched.
    Downloading(Download),
    /// It is installed and runs from the next start on.
    Installed(String),
    /// It was not installed, or what was answered makes no sense.
    Failed(String),
}

/// A newer version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct NewVersion {
    /// Its number.
    pub version: String,
    /// What is new, as plain text; may be empty.
    pub notes: String,
    /// When it was published, epoch seconds.
    pub published_at: Option<i64>,
}

/// A version on its way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct Download {
    /// Its number.
    pub version: String,
    /// Bytes that have come.
    #[cfg_attr(test, proptest(strategy = "0..(1_u64 << 53)"))]
    pub received: u64,
    /// Bytes there are, if that was said.
    #[cfg_attr(test, proptest(strategy = "proptest::option::of(0..(1_u64 << 53))"))]
    pub total: Option<u64>,
}

/// Asks whether the app starts when the person signs in to the computer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
pub struct GetAutostart {}

/// Whether it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct Autostart {
    /// Whether it starts, hidden in the tray where there is one.
    pub on: bool,
}

/// Has it start then, or not any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct SetAutostart {
    /// Unique per intended change.
    pub request_id: String,
    /// On or off.
    pub on: bool,
}
