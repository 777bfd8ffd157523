//! What the cluster says about a container: whether it runs, has run, or is gone.

use crate::objects::{ContainerStatus, Pod};

/// What the cluster says about the container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Seen {
    /// The pod is gone.
    Gone,
    /// It has not run yet.
    Waiting(String),
    /// It runs, or has run.
    Ran {
        restarts: u32,
        running: bool,
        /// Why it does not run now.
        reason: String,
        /// How the run before ended.
        ended: String,
    },
}

/// Reads it from the pod.
pub(super) fn judge(pod: &Pod, container: &str) -> Seen {
    let status = &pod.status;
    let mut statuses = status
        .container_statuses
        .iter()
        .chain(&status.init_container_statuses);
    let Some(status) = statuses.find(|status| status.name == container) else {
        let reason = match (&*status.reason, &*status.phase) {
            ("", phase) => phase.to_owned(),
            (reason, _) => reason.to_owned(),
        };
        return Seen::Waiting(reason);
    };
    let waiting = status.state.waiting.as_ref();
    let ran = status.state.running.is_some()
        || status.state.terminated.is_some()
        || status.last_state.terminated.is_some();
    if !ran {
        return Seen::Waiting(waiting.map_or_else(String::new, |w| w.reason.to_string()));
    }
    let reason = match (&status.state.terminated, waiting) {
        (Some(terminated), _) => terminated.reason.to_string(),
        (None, Some(waiting)) => waiting.reason.to_string(),
        (None, None) => String::new(),
    };
    Seen::Ran {
        restarts: status.restart_count,
        running: status.state.running.is_some(),
        reason,
        ended: how_it_ended(status),
    }
}

fn how_it_ended(status: &ContainerStatus) -> String {
    status.last_state.terminated.as_ref().map_or_else(
        || "no word of how".to_owned(),
        |end| match &*end.reason {
            "" => format!("exit code {}", end.exit_code),
            reason => format!("exit code {} ({reason})", end.exit_code),
        },
    )
}
