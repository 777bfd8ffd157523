//! What can go wrong while a cluster is built, used or removed.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use crate::Missing;

/// One variant per operation that failed.
#[derive(thiserror::Error)]
pub enum Error {
    /// The machine lacks something; the message holds the command that brings it.
    #[error(transparent)]
    Missing(#[from] Missing),
    /// The caller asked for what cannot be built.
    #[error("{0}")]
    Options(String),
    /// A cluster of that name runs or is being built; take it down or choose another name.
    #[error("a cluster named \"{0}\" exists already")]
    Exists(String),
    /// A file or directory could not be read or written.
    #[error("cannot {what} \"{path}\": {source}")]
    File {
        /// A verb: "write", "create" …
        what: &'static str,
        /// Which one.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The record of a cluster is not what this version writes.
    #[error("cannot read the record \"{path}\": {source}")]
    Record {
        /// Which one.
        path: PathBuf,
        /// Where it is malformed.
        source: serde_json::Error,
    },
    /// A program could not be started at all.
    #[error("cannot start \"{program}\": {source}")]
    Start {
        /// Its path.
        program: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// A program ran and said no.
    #[error("\"{command}\" failed: {output}")]
    Command {
        /// The program and its arguments.
        command: String,
        /// What it wrote to stderr.
        output: String,
    },
    /// A part of the cluster ended while it was needed.
    #[error("{component} ended while waiting for {what}; its log ends with:\n{log}")]
    Ended {
        /// Which part.
        component: String,
        /// What was awaited.
        what: String,
        /// The last lines it wrote.
        log: String,
    },
    /// Something did not happen in time.
    #[error("{what} did not happen within {seconds} s; {last}\n{log}")]
    Deadline {
        /// What was awaited.
        what: String,
        /// How long.
        seconds: u64,
        /// The last answer seen.
        last: String,
        /// The last lines of the part that is to blame.
        log: String,
    },
    /// No certificate could be made.
    #[error("cannot make the certificate of \"{subject}\": {source}")]
    Certificate {
        /// Its common name.
        subject: String,
        /// The library's reason.
        source: rcgen::Error,
    },
    /// Something survived the removal of a cluster.
    #[error("cluster \"{name}\" is not gone: {what}")]
    Remains {
        /// Whose.
        name: String,
        /// What survived, and why.
        what: String,
    },
}

/// A test that ends with an error prints it in this form; logs are unreadable with their lines escaped.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Error {
    pub(crate) fn file(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::File { what, path, source }
    }
}
