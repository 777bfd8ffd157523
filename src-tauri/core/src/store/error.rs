use std::path::PathBuf;

use kubegraf_ipc::{Code, Error as WireError};

/// A failed read or write of the app's own data.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A newer version of the app has written the file; it was not touched.
    #[error(
        "the database \"{path}\" has schema version {found}, but this version of KubeGraf knows \
         {supported} and older; start the newer version, or move the file away"
    )]
    NewerSchema {
        /// The file.
        path: PathBuf,
        /// Schema version it has.
        found: u32,
        /// Newest schema version known here.
        supported: u32,
    },
    /// A damaged file could not be moved aside.
    #[error("the damaged database \"{path}\" could not be moved aside")]
    Quarantine {
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
    /// The schema could not be brought up to date; the file is as it was.
    #[error("the database \"{path}\" could not be brought to schema version {version}")]
    Migrate {
        /// The file.
        path: PathBuf,
        /// The version aimed at.
        version: u32,
        /// Why not.
        #[source]
        source: sqlx::migrate::MigrateError,
    },
    /// Nothing is kept in a file, so there is nothing to copy.
    #[error("the app's data is only in memory: there is no file to back up")]
    NothingKept,
    /// A copy is not whole, or none of ours.
    #[error("the backup \"{path}\" is damaged: {reason}")]
    BadCopy {
        /// The copy.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Not even a database in memory could be made.
    #[error("no database could be opened")]
    Open(#[source] sqlx::Error),
    /// The key of the undo records could not be made or used; nothing was stored.
    #[error("the key of the undo records cannot be used")]
    Key(#[source] std::io::Error),
    /// A write was refused; nothing of it was stored.
    #[error("\"{what}\" could not be stored")]
    Write {
        /// What was being written.
        what: &'static str,
        /// Why not.
        #[source]
        source: sqlx::Error,
    },
    /// A read failed.
    #[error("\"{what}\" could not be read from the database")]
    Read {
        /// What was being read.
        what: &'static str,
        /// Why not.
        #[source]
        source: sqlx::Error,
    },
    /// A value has no JSON form.
    #[error("\"{what}\" has no JSON form")]
    Encode {
        /// What was being written.
        what: &'static str,
        /// Why not.
        #[source]
        source: serde_json::Error,
    },
    /// A stored value is not what this version understands.
    #[error("the stored \"{what}\" is not understood")]
    Decode {
        /// What was being read.
        what: &'static str,
        /// Why not.
        #[source]
        source: serde_json::Error,
    },
}

impl Error {
    pub(super) fn write(what: &'static str) -> impl FnOnce(sqlx::Error) -> Self {
        move |source| Self::Write { what, source }
    }

    pub(super) fn read(what: &'static str) -> impl FnOnce(sqlx::Error) -> Self {
        move |source| Self::Read { what, source }
    }

    pub(super) fn encode(what: &'static str, source: serde_json::Error) -> Self {
        Self::Encode { what, source }
    }

    /// Whether a write was refused because a row with the same key is there.
    pub fn is_duplicate(&self) -> bool {
        matches!(self, Self::Write { source: sqlx::Error::Database(error), .. } if error.is_unique_violation())
    }
}

impl From<Error> for WireError {
    fn from(error: Error) -> Self {
        let detail = std::error::Error::source(&error).map(ToString::to_string);
        let wire = Self::new(Code::Storage, error.to_string());
        let wire = match detail {
            Some(detail) => wire.with_detail(detail),
            None => wire,
        };
        match error {
            Error::Write { .. } | Error::Read { .. } => wire.retryable(),
            _ => wire,
        }
    }
}
