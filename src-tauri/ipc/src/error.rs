//! The one error that crosses the wire.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::cluster::ExecPlugin;

/// A failed command. Never carries a secret value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct Error {
    /// What the window may act on.
    pub code: Code,
    /// What failed, on what, why: lowercase, no full stop, names in double quotes.
    pub message: String,
    /// The raw cause, secrets masked, for a person who wants to dig.
    pub detail: Option<String>,
    /// Whether the same request may succeed later without a change by the user.
    pub retryable: bool,
    /// With [`Code::ConsentNeeded`]: what would run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consent: Option<Box<ExecConsent>>,
}

/// The program that a person has to allow first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "camelCase")]
pub struct ExecConsent {
    /// [`crate::cluster::ClusterEntry::id`].
    pub cluster: String,
    /// What would run.
    pub plugin: ExecPlugin,
}

/// Classes of failure; one exists only when the window acts on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(proptest_derive::Arbitrary))]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// The request itself is wrong; a retry cannot help.
    InvalidArgument,
    /// The named thing does not exist (any more).
    NotFound,
    /// The cluster's RBAC says no: the window shows verb and resource.
    Forbidden,
    /// The cluster cannot be reached or the credentials were refused: the window offers the
    /// cluster switcher.
    Unreachable,
    /// A program that gives credentials was never allowed to run: the window shows `consent`, asks,
    /// sends [`crate::cluster::AllowExec`] and tries again.
    ConsentNeeded,
    /// What was approved is not what is there now: the window offers a fresh preview.
    Conflict,
    /// Nobody is signed in in this window (any more): the window shows where one signs in.
    SignedOut,
    /// The account's role does not allow it: the window says which role would.
    NotAllowed,
    /// A person has switched it off: the window leads to the settings.
    SwitchedOff,
    /// The local database cannot take or give data.
    Storage,
    /// Anything else, with its cause in `detail`.
    Internal,
}

impl Error {
    /// An error that a retry cannot cure.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            detail: None,
            retryable: false,
            consent: None,
        }
    }

    /// The same error with its raw cause.
    #[must_use]
    pub fn with_detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// The same error with what has to be allowed first.
    #[must_use]
    pub fn with_consent(mut self, cluster: impl Into<String>, plugin: ExecPlugin) -> Self {
        self.consent = Some(Box::new(ExecConsent {
            cluster: cluster.into(),
            plugin,
        }));
        self
    }

    /// The same error, marked as worth a retry.
    #[must_use]
    pub fn retryable(mut self) -> Self {
        self.retryable = true;
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}
