use kubegraf_ipc::{Code, Error as WireError};

use super::api::ApiError;
use crate::store;

/// A plan or an execution that could not be made, found or started.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The plan id is unknown: never made, too old, or already used.
    #[error("the preview has expired or was applied already; make a new one")]
    PlanGone,
    /// The approval names another hash than the plan has.
    #[error("what was approved is not what was previewed; make a new preview")]
    HashMismatch,
    /// The object is no longer what the preview showed.
    #[error("\"{object}\" has changed since the preview; make a new one")]
    ChangedSince {
        /// `kind namespace/name`.
        object: String,
    },
    /// A protected cluster wants its name typed.
    #[error("\"{cluster}\" is protected: type its name to confirm")]
    ConsentMissing {
        /// The cluster's name.
        cluster: String,
    },
    /// The plan is for reading only.
    #[error("this plan cannot be applied: {reason}")]
    NotApplicable {
        /// Why not.
        reason: String,
    },
    /// Nothing may be changed while nothing can be written down.
    #[error(
        "nothing was changed: the audit trail cannot be kept because the database is in memory only"
    )]
    NoAuditTrail,
    /// The body of a patch is no JSON, or not of its type.
    #[error("the patch is not a {expected} patch")]
    BadPatch {
        /// `merge`, `strategic` or `json`.
        expected: &'static str,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
    /// The server does not serve this kind.
    #[error("the cluster does not know the kind \"{kind}\" of \"{api_version}\"")]
    UnknownKind {
        /// `apps/v1`.
        api_version: String,
        /// `Deployment`.
        kind: String,
    },
    /// No execution has this id.
    #[error("there is no execution \"{id}\"")]
    NoSuchExecution {
        /// The id.
        id: String,
    },
    /// The execution left no undo record.
    #[error("the execution \"{id}\" cannot be undone: no way back is known")]
    NotRevertible {
        /// The id.
        id: String,
    },
    /// The execution belongs to another cluster than the one given.
    #[error("the execution \"{id}\" was run on another cluster")]
    OtherCluster {
        /// The id.
        id: String,
    },
    /// The API server did not answer as hoped.
    #[error("could not {operation}")]
    Api {
        /// What was attempted, `read deployment shop/checkout`.
        operation: String,
        /// Its answer.
        #[source]
        source: ApiError,
    },
    /// The app's own database failed; nothing was sent.
    #[error("nothing was changed: the app's database failed")]
    Store(#[from] store::Error),
    /// The task that starts executions ended early.
    #[error("the execution could not be started")]
    Admission(#[from] tokio::task::JoinError),
}

impl Error {
    pub(super) fn api(operation: impl Into<String>) -> impl FnOnce(ApiError) -> Self {
        move |source| Self::Api {
            operation: operation.into(),
            source,
        }
    }
}

impl From<Error> for WireError {
    fn from(error: Error) -> Self {
        let message = error.to_string();
        match error {
            Error::PlanGone | Error::HashMismatch | Error::ChangedSince { .. } => {
                Self::new(Code::Conflict, message)
            }
            Error::ConsentMissing { .. }
            | Error::NotApplicable { .. }
            | Error::NotRevertible { .. }
            | Error::OtherCluster { .. } => Self::new(Code::InvalidArgument, message),
            Error::BadPatch { source, .. } => {
                Self::new(Code::InvalidArgument, message).with_detail(source.to_string())
            }
            Error::UnknownKind { .. } | Error::NoSuchExecution { .. } => {
                Self::new(Code::NotFound, message)
            }
            Error::NoAuditTrail => Self::new(Code::Storage, message),
            Error::Api { source, .. } => {
                let wire = Self::new(source.code(), format!("{message}: {source}"));
                let wire = match source.detail() {
                    Some(detail) => wire.with_detail(detail),
                    None => wire,
                };
                if source.retryable() {
                    wire.retryable()
                } else {
                    wire
                }
            }
            Error::Store(source) => {
                let inner = Self::from(source);
                Self {
                    message: format!("{message}: {}", inner.message),
                    ..inner
                }
            }
            Error::Admission(source) => {
                Self::new(Code::Internal, message).with_detail(source.to_string())
            }
        }
    }
}
