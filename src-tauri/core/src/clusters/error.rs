//! Why a cluster is not there.

use kubegraf_ipc::{Code, cluster::ExecPlugin};

/// Why a cluster is not there.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No kubeconfig names it.
    #[error("no cluster \"{0}\" is known")]
    Unknown(String),
    /// It is known but no connection is open: switch to it first.
    #[error("\"{0}\" is not connected")]
    NotConnected(String),
    /// Another switch began before this one was done.
    #[error("the switch to \"{0}\" was given up for another one")]
    GivenUp(String),
    /// The context names something that is not there, or cannot be used as it is.
    #[error("context \"{context}\" cannot be used: {reason}")]
    Context {
        /// The context.
        context: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A program gives its credentials, and nobody has allowed that.
    #[error("context \"{name}\" runs \"{}\" for its credentials, which nobody has allowed yet", .plugin.command)]
    Consent {
        /// The cluster's id.
        cluster: String,
        /// The context.
        name: String,
        /// What would run.
        plugin: Box<ExecPlugin>,
    },
    /// What was shown is not what would run now.
    #[error("the program for the credentials of \"{0}\" is not the one that was shown")]
    OtherExec(String),
    /// It does not answer, or refuses the credentials.
    #[error("cluster \"{name}\" at {server} does not answer: {reason}")]
    Unreachable {
        /// The cluster.
        name: String,
        /// Its address.
        server: String,
        /// Why.
        reason: String,
    },
    /// The file that was to be added is no kubeconfig.
    #[error("\"{path}\" cannot be added: {reason}")]
    File {
        /// The file.
        path: String,
        /// Why.
        reason: String,
    },
    /// More namespaces than anyone chooses.
    #[error("{0} namespaces are chosen, at most 1000 may be")]
    Namespaces(usize),
    /// The decision cannot be written down.
    #[error(transparent)]
    Store(#[from] crate::store::Error),
}

impl From<Error> for kubegraf_ipc::Error {
    fn from(error: Error) -> Self {
        let message = error.to_string();
        match error {
            Error::Unknown(_) => Self::new(Code::NotFound, message),
            Error::NotConnected(_) => Self::new(Code::NotFound, message).retryable(),
            Error::GivenUp(_) | Error::OtherExec(_) => Self::new(Code::Conflict, message),
            Error::Context { .. } => Self::new(Code::Unreachable, message),
            Error::Consent {
                cluster, plugin, ..
            } => Self::new(Code::ConsentNeeded, message).with_consent(cluster, *plugin),
            Error::Unreachable { .. } => Self::new(Code::Unreachable, message).retryable(),
            Error::File { .. } | Error::Namespaces(_) => Self::new(Code::InvalidArgument, message),
            Error::Store(error) => error.into(),
        }
    }
}
