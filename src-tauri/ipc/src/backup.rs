//! Backups of the app's database, and its settings as a file.

use serde::{Deserialize, Serialize};

/// Asks how things stand.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
pub struct GetBackupStatus {}

/// How things stand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct BackupStatus {
    /// Where backups are.
    pub folder: String,
    /// How many there are.
    pub count: u32,
    /// How much room they take, bytes.
    #[cfg_attr(test, proptest(strategy = "0..(1_u64 << 53)"))]
    pub bytes: u64,
    /// When the newest was made, epoch seconds.
    pub last_at: Option<i64>,
    /// When the next daily one is due, epoch seconds; `None` where none is made.
    pub next_at: Option<i64>,
    /// Why the last daily one was not made.
    pub failure: Option<String>,
}

/// Lists the backups, the newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
pub struct ListBackups {}

/// A backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct Backup {
    /// Its file's name, which names it.
    pub name: String,
    /// When it was made, epoch seconds.
    pub at: i64,
    /// Its size.
    #[cfg_attr(test, proptest(strategy = "0..(1_u64 << 53)"))]
    pub bytes: u64,
    /// Why it was made.
    pub reason: BackupReason,
}

/// Why a backup was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "snake_case")]
pub enum BackupReason {
    /// A person wanted it; it stays until a person deletes it.
    Asked,
    /// A day had passed; the oldest go.
    Daily,
    /// It holds what a restore has replaced; three are kept.
    Replaced,
}

/// Makes a backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct BackUpNow {
    /// Unique per intended change.
    pub request_id: String,
}

/// Replaces everything the app has kept by what a backup holds. Answers the backup of what was replaced.
/// Streams that were open show what was before: load the page anew.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct RestoreBackup {
    /// Unique per intended change.
    pub request_id: String,
    /// [`Backup::name`].
    pub name: String,
}

/// Deletes a backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct DeleteBackup {
    /// Unique per intended change.
    pub request_id: String,
    /// [`Backup::name`].
    pub name: String,
}

/// Writes the preferences into a file. Nothing of a cluster and no secret is in it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
pub struct ExportSettings {}

/// A file that was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct SavedFile {
    /// Where.
    pub path: String,
}

/// Takes preferences over from a file's text; all or nothing. Answers them as they are then.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct ImportSettings {
    /// Unique per intended change.
    pub request_id: String,
    /// What [`ExportSettings`] has written.
    pub text: String,
}
