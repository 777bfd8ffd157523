use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use http::StatusCode;
use kube::Client;
use kubegraf_ipc::{
    incident::{Impact, Patch, Safety},
    object::ObjectRef,
};
use serde_json::Value;

use super::api::{ApiError, get, read};

/// How long an execution waits for its outcome unless told otherwise.
pub const DEADLINE: Duration = Duration::from_secs(600);

/// The cluster an execution is for, and in whose name.
#[derive(Clone)]
pub struct Target {
    /// The cluster's id.
    pub cluster: String,
    /// Its name, which a protected cluster wants typed.
    pub cluster_name: String,
    /// Whether a click is not enough.
    pub protected: bool,
    /// The cluster's user, for the audit trail.
    pub user: String,
    /// A client that repeats nothing by itself (`Config::default_retry` off): a repeated change
    /// could not be told from a single one.
    pub client: Client,
}

/// What someone wants done to one object.
#[derive(Clone)]
pub struct Intent {
    /// A verb phrase with the names and values.
    pub title: String,
    /// Action id.
    pub action: String,
    /// What changes.
    pub target: ObjectRef,
    /// How.
    pub change: Change,
    /// How much it touches.
    pub impact: Impact,
    /// Who may let it run; [`Safety::PlanOnly`] is shown, never applied.
    pub safety: Safety,
    /// The fix's own preview text.
    pub preview: String,
    /// The incident it is for.
    pub incident: Option<String>,
    /// When it has worked; `None` waits for a workload's rollout and takes anything else as done.
    pub check: Option<Arc<dyn OutcomeCheck>>,
    /// How long to wait for that.
    pub deadline: Duration,
}

/// A change of one object.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// Change what is there.
    Patch(Patch),
    /// Change what is there through one of its subresources, which cannot be undone.
    Subresource(&'static str, Patch),
    /// Take it away; dependents follow in the background.
    Delete,
    /// Make it. The value is the whole object.
    Create(Value),
}

/// Says whether what was applied has worked.
#[async_trait]
pub trait OutcomeCheck: Send + Sync {
    /// One look. It is asked again, about once a second, until it is not [`Progress::NotYet`].
    ///
    /// # Errors
    /// When the look itself failed; the next one may not.
    async fn look(&self, applied: &Applied<'_>) -> Result<Progress, ApiError>;
}

/// What an [`OutcomeCheck`] is told.
pub struct Applied<'a> {
    /// The cluster's client.
    pub client: &'a Client,
    /// What was changed.
    pub target: &'a ObjectRef,
    /// Path of the object.
    pub path: &'a str,
    /// The object as the server answered; `None` after a delete.
    pub object: Option<&'a Value>,
}

impl Applied<'_> {
    /// The object as it is now; `None` when it is gone.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn read(&self) -> Result<Option<Value>, ApiError> {
        match read(self.client, || get(self.path)).await {
            Ok(reply) => Ok(Some(reply.body)),
            Err(error) if error.is(StatusCode::NOT_FOUND) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// What a look saw. The text becomes a line of output whenever it changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// It has worked.
    Healed(String),
    /// It may still.
    NotYet(String),
    /// Waiting longer cannot help.
    Stuck(String),
}
