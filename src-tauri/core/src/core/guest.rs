//! A core for one errand of the command line, beside a window that may run on the same data.
//!
//! It leaves alone what belongs to the window: executions that run there, the first cluster, old rows.

use kubegraf_ipc::{Code, Error};

use super::{Core, StartError};
use crate::{Options, clusters::DEMO};

impl Core {
    /// Opens the store and connects nothing.
    ///
    /// # Errors
    /// As [`Core::start`].
    pub(crate) async fn start_guest(options: Options) -> Result<Self, StartError> {
        Self::open(options, false).await
    }

    /// Says no to an errand while login is required: the command line has no session.
    ///
    /// # Errors
    /// As [`Core::permit`].
    pub(crate) async fn permit_errand(&self, command: &str) -> Result<(), Error> {
        match self.permit("command line", command).await {
            Err(error) if error.code == Code::SignedOut => Err(Error::new(
                Code::SignedOut,
                "login is required: clusters are changed in the window, by who is signed in",
            )),
            other => other.map(drop),
        }
    }

    /// Whether an incident of this id was ever written down.
    pub(crate) async fn remembers(&self, cluster: &str, id: &str) -> bool {
        let known = self.0.store.incident(cluster, id).await;
        known.is_ok_and(|incident| incident.is_some())
    }

    /// Connects the named context, the current one without a name, and gives the cluster's id.
    ///
    /// # Errors
    /// Says which kubeconfig, context or server, and why.
    pub(crate) async fn enter(&self, context: Option<&str>, demo: bool) -> Result<String, Error> {
        let clusters = &self.0.clusters;
        let contexts = clusters.reload().await;
        let found = match context {
            Some(name) => contexts.list.iter().find(|context| context.name == name),
            None => contexts.current(),
        };
        let id = match found {
            _ if demo => DEMO.to_owned(),
            Some(context) => context.id(),
            None => {
                let problems = contexts.problems.iter();
                let why: Vec<&str> = problems.map(|problem| &*problem.message).collect();
                let what = context.map_or_else(
                    || "no kubeconfig names a context".to_owned(),
                    |name| format!("there is no context \"{name}\""),
                );
                let message = match why.is_empty() {
                    true => what,
                    false => format!("{what}: {}", why.join("; ")),
                };
                return Err(Error::new(Code::NotFound, message));
            }
        };
        clusters.switch(&id).await?;
        Ok(id)
    }
}
