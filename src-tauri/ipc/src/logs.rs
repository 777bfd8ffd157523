//! Logs: which containers, how they are read, and the slice of lines the window looks at.
//!
//! Core keeps the lines; filters, searches and toggles never fetch anything again. Lines are
//! numbered in the filtered and merged order, from 0; numbers of lines that were given up to stay
//! within memory are not used again.

use serde::{Deserialize, Serialize};

use crate::object::ObjectRef;

/// The most lines a slice holds, and the most that are copied at once.
pub const MOST_LINES: u32 = 500;
/// The most lines [`ReadLogText`] answers.
pub const MOST_COPIED: u32 = 20_000;

/// Streams the merged logs of whatever a target names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct WatchLogs {
    /// [`crate::cluster::ClusterEntry::id`].
    pub cluster: String,
    /// Whose logs.
    pub of: LogTarget,
    /// What is read of them.
    pub options: LogOptions,
    /// What is shown of them first.
    pub view: LogView,
}

/// Whose logs are read. Pods that come later are followed too.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase", tag = "kind")]
pub enum LogTarget {
    /// A pod, or the pods of a workload or a Service.
    Object {
        /// Which.
        object: ObjectRef,
        /// Only this container; `None` is all of them.
        container: Option<String>,
    },
    /// Pods by their labels.
    Selector {
        /// Where; empty is everywhere.
        #[cfg_attr(test, proptest(strategy = "crate::roundtrip::few()"))]
        namespaces: Vec<String>,
        /// `app=web,tier in (a,b)`, as `kubectl -l` reads it; empty is every pod.
        labels: String,
    },
}

/// What is read of a container's log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct LogOptions {
    /// Whether lines that are written from now on are read too.
    pub follow: bool,
    /// The run before the last restart instead of the current one; never followed.
    pub previous: bool,
    /// Only the last lines that each container has written so far.
    pub tail: Option<u32>,
    /// Only what was written in the last seconds.
    pub since_seconds: Option<u32>,
    /// Only what was written at or after this, milliseconds since the epoch.
    #[cfg_attr(test, proptest(strategy = "proptest::option::of(0..(1_i64 << 53))"))]
    pub since: Option<i64>,
    /// Only what was written before this, milliseconds since the epoch; then nothing is followed,
    /// and `tail` counts for nothing.
    #[cfg_attr(test, proptest(strategy = "proptest::option::of(0..(1_i64 << 53))"))]
    pub until: Option<i64>,
}

impl Default for LogOptions {
    fn default() -> Self {
        Self {
            follow: true,
            previous: false,
            tail: Some(1_000),
            since_seconds: None,
            since: None,
            until: None,
        }
    }
}

/// What the window wants to see.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct LogView {
    /// Counts the window's changes; an event says which one it answers.
    pub revision: u32,
    /// What is looked for; empty is nothing.
    pub query: String,
    /// Whether `query` is a regular expression.
    pub regex: bool,
    /// Whether upper and lower case differ.
    pub match_case: bool,
    /// Whether lines without `query` are left out; else they stay, and those with it are marked.
    pub only_matches: bool,
    /// Leaves out lines of a lower severity, and those that name none.
    pub least: Option<LogLevel>,
    /// [`LogSource::id`]s that are left out.
    #[cfg_attr(test, proptest(strategy = "crate::roundtrip::few()"))]
    pub hidden: Vec<u32>,
    /// Whether lines of JSON and logfmt are told as what they say and their fields.
    pub fields: bool,
    /// Where the slice is.
    pub place: LogPlace,
    /// How many lines it may have, 1 to [`MOST_LINES`].
    pub count: u32,
}

/// Where a slice is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase", tag = "at")]
pub enum LogPlace {
    /// The newest lines, whatever comes.
    #[default]
    End,
    /// From this line on.
    Line {
        /// [`LogLine::number`].
        #[cfg_attr(test, proptest(strategy = "0..(1_u64 << 53)"))]
        number: u64,
    },
    /// From the first line on that was written at this time or later.
    Time {
        /// Milliseconds since the epoch.
        #[cfg_attr(test, proptest(strategy = "0..(1_i64 << 53)"))]
        time: i64,
    },
}

/// How grave a line says it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "snake_case")]
pub enum LogLevel {
    /// Trace.
    Trace,
    /// Debug.
    Debug,
    /// Information.
    Info,
    /// Warning.
    Warn,
    /// Error.
    Error,
    /// The program ends because of it.
    Fatal,
}

/// What is there now; each event is whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct LogsEvent {
    /// [`LogView::revision`] it answers.
    pub revision: u32,
    /// The figures around the slice.
    pub head: LogHead,
    /// Every container that is or was read; `None` when nothing about them changed.
    #[cfg_attr(
        test,
        proptest(strategy = "proptest::option::of(crate::roundtrip::few())")
    )]
    pub sources: Option<Vec<LogSource>>,
    /// The slice.
    #[cfg_attr(test, proptest(strategy = "crate::roundtrip::few()"))]
    pub lines: Vec<LogLine>,
}

/// The figures around a slice.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct LogHead {
    /// Number of the first line that can be shown.
    #[cfg_attr(test, proptest(strategy = "0..(1_u64 << 53)"))]
    pub first: u64,
    /// One more than the number of the last.
    #[cfg_attr(test, proptest(strategy = "0..(1_u64 << 53)"))]
    pub end: u64,
    /// Number of the slice's first line.
    #[cfg_attr(test, proptest(strategy = "0..(1_u64 << 53)"))]
    pub start: u64,
    /// Lines in memory, shown or not.
    #[cfg_attr(test, proptest(strategy = "0..(1_u64 << 53)"))]
    pub held: u64,
    /// Older lines on disk, shown or not.
    #[cfg_attr(test, proptest(strategy = "0..(1_u64 << 53)"))]
    pub on_disk: u64,
    /// Those of them that are not looked through yet for what the view asks: until it is 0, `first` goes
    /// down and `hits` up.
    #[cfg_attr(test, proptest(strategy = "0..(1_u64 << 53)"))]
    pub unsearched: u64,
    /// Lines that hold the query.
    #[cfg_attr(test, proptest(strategy = "0..(1_u64 << 53)"))]
    pub hits: u64,
    /// The oldest lines, which were given up: neither memory nor disk has room for them.
    #[cfg_attr(test, proptest(strategy = "0..(1_u64 << 53)"))]
    pub given_up: u64,
    /// Their bytes.
    #[cfg_attr(test, proptest(strategy = "0..(1_u64 << 53)"))]
    pub given_up_bytes: u64,
    /// Lines, held or on disk, that say error or worse.
    #[cfg_attr(test, proptest(strategy = "0..(1_u64 << 53)"))]
    pub errors: u64,
    /// Those that say warning.
    #[cfg_attr(test, proptest(strategy = "0..(1_u64 << 53)"))]
    pub warnings: u64,
    /// Containers beyond the most that are read at once.
    pub left_out: u32,
    /// Why the pods cannot be found, if so.
    pub failure: Option<String>,
}

/// One container of one pod.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct LogSource {
    /// Names it in this stream.
    pub id: u32,
    /// Namespace of the pod.
    pub namespace: String,
    /// The pod.
    pub pod: String,
    /// The container.
    pub container: String,
    /// How it is read now.
    pub state: LogState,
    /// Lines read of it.
    #[cfg_attr(test, proptest(strategy = "0..(1_u64 << 53)"))]
    pub lines: u64,
}

/// How a container's log is read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase", tag = "state")]
pub enum LogState {
    /// The container has not run yet, or waits to run again.
    Waiting {
        /// The kubelet's word for it.
        reason: String,
    },
    /// The log is asked for.
    Opening,
    /// Lines arrive as they are written.
    Following,
    /// Everything was read and nothing more will come.
    Ended,
    /// It was interrupted and is asked for again.
    Broken {
        /// Why.
        reason: String,
    },
    /// It cannot be read.
    Failed {
        /// Why.
        reason: String,
    },
}

/// One line, or a remark of the app between lines.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct LogLine {
    /// Its identity in this stream.
    #[cfg_attr(test, proptest(strategy = "0..(1_u64 << 53)"))]
    pub id: u64,
    /// [`LogSource::id`].
    pub source: u32,
    /// When it was written, milliseconds since the epoch.
    #[cfg_attr(test, proptest(strategy = "0..(1_i64 << 53)"))]
    pub at: i64,
    /// How grave it says it is.
    pub level: Option<LogLevel>,
    /// Whether it is a remark of the app: a restart, a gap.
    pub remark: bool,
    /// Whether it holds the query.
    pub hit: bool,
    /// Its text, safe to show: control characters are written out, of escape sequences only
    /// colours have an effect.
    #[cfg_attr(test, proptest(strategy = "crate::roundtrip::few()"))]
    pub parts: Vec<LogPart>,
    /// Bytes of it that are not shown because it is too long.
    #[cfg_attr(test, proptest(strategy = "0..(1_u64 << 53)"))]
    pub more: u64,
}

/// A part of a line in one look.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct LogPart {
    /// The text.
    pub text: String,
    /// One of the 16 terminal colours.
    pub color: Option<u8>,
    /// Whether it is bold.
    pub bold: bool,
    /// Whether it is what was looked for.
    pub hit: bool,
    /// What it is in a line that is data.
    pub role: LogRole,
}

/// What a part of a line is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "snake_case")]
pub enum LogRole {
    /// Text as it was written.
    #[default]
    Text,
    /// How grave the line says it is.
    Level,
    /// What the line says.
    Message,
    /// Name of a field.
    Key,
    /// Value of a field.
    Value,
}

/// What the warnings and errors of a log have in common.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct LogPatterns {
    /// The gravest and most frequent first.
    #[cfg_attr(test, proptest(strategy = "crate::roundtrip::few()"))]
    pub patterns: Vec<LogPattern>,
    /// Grave lines that are in none of them.
    #[cfg_attr(test, proptest(strategy = "0..(1_u64 << 53)"))]
    pub others: u64,
}

/// Lines of the same words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct LogPattern {
    /// The words; what differs is `#`.
    pub text: String,
    /// The gravest of them.
    pub level: LogLevel,
    /// How many were read since the log was opened.
    #[cfg_attr(test, proptest(strategy = "0..(1_u64 << 53)"))]
    pub count: u64,
    /// When the first was written, milliseconds since the epoch.
    #[cfg_attr(test, proptest(strategy = "0..(1_i64 << 53)"))]
    pub first_at: i64,
    /// When the last was.
    #[cfg_attr(test, proptest(strategy = "0..(1_i64 << 53)"))]
    pub last_at: i64,
    /// [`LogSource::id`]s that wrote them.
    #[cfg_attr(test, proptest(strategy = "crate::roundtrip::few()"))]
    pub sources: Vec<u32>,
}

/// Counts what the warnings and errors of an open log have in common.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct ListLogPatterns {
    /// The stream's channel id.
    pub watch: u32,
}

/// Changes what an open log stream shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct SetLogView {
    /// The stream's channel id.
    pub watch: u32,
    /// What is wanted now.
    pub view: LogView,
}

/// Finds the next line that holds the query; `None` when there is none in that direction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct FindLog {
    /// The stream's channel id.
    pub watch: u32,
    /// Number of the line to begin after, or before.
    #[cfg_attr(test, proptest(strategy = "0..(1_u64 << 53)"))]
    pub from: u64,
    /// Whether to look towards older lines.
    pub backwards: bool,
}

/// Reads lines as they were written, for copying: at most [`MOST_COPIED`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct ReadLogText {
    /// The stream's channel id.
    pub watch: u32,
    /// Number of the first.
    #[cfg_attr(test, proptest(strategy = "0..(1_u64 << 53)"))]
    pub from: u64,
    /// How many.
    pub count: u32,
    /// Whether each begins with its time and its source.
    pub prefixed: bool,
}

/// Writes every line that the view shows to a file in the downloads folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct SaveLogs {
    /// The stream's channel id.
    pub watch: u32,
    /// Whether each begins with its time and its source.
    pub prefixed: bool,
}

/// A file of lines.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct SavedLogs {
    /// Where it is.
    pub path: String,
    /// How many lines it has.
    #[cfg_attr(test, proptest(strategy = "0..(1_u64 << 53)"))]
    pub lines: u64,
    /// Lines missing at its beginning, because they were given up.
    #[cfg_attr(test, proptest(strategy = "0..(1_u64 << 53)"))]
    pub missing: u64,
}
