//! The port-forwards of all clusters, followed for the life of the window.

use kubegraf_ipc::{
    forward::{
        Forward, ForwardState, KeepForward, OpenForward, RestartForward, StopForward, WatchForwards,
    },
    object::{ObjectRef, Tone},
};
use leptos::{prelude::*, task::spawn_local};

use crate::{
    ipc::{self, WatchGuard},
    state::toasts::Toasts,
};

/// The forwards, and the one that is being asked for.
#[derive(Clone, Copy, Debug)]
pub struct Forwards {
    /// All of them.
    pub list: RwSignal<Vec<Forward>>,
    /// What the dialog is open for: a cluster and an object.
    pub wanted: RwSignal<Option<(String, ObjectRef)>>,
    toasts: Toasts,
    guard: StoredValue<Option<WatchGuard>>,
}

impl Forwards {
    /// Follows the list and hands it to every component below.
    pub fn provide(toasts: Toasts) {
        let forwards = Self {
            list: RwSignal::new(Vec::new()),
            wanted: RwSignal::new(None),
            toasts,
            guard: StoredValue::new(None),
        };
        provide_context(forwards);
        let opened = ipc::watch(
            &WatchForwards {},
            move |list| forwards.list.set(list),
            move |error| toasts.complain("following the port-forwards", &error),
        );
        match opened {
            Ok(guard) => forwards.guard.set_value(Some(guard)),
            Err(error) => toasts.complain("following the port-forwards", &error),
        }
    }

    /// The forwards provided above.
    #[must_use]
    pub fn expect() -> Self {
        expect_context()
    }

    /// Stops a forward; `forget` takes it off the list.
    pub fn stop(self, id: String, forget: bool) {
        spawn_local(async move {
            let request_id = ipc::request_id();
            let request = StopForward {
                request_id,
                id,
                forget,
            };
            if let Err(error) = ipc::call(request).await {
                self.toasts.complain("stopping the forward", &error);
            }
        });
    }

    /// Begins again with a forward.
    pub fn restart(self, id: String) {
        spawn_local(async move {
            let request_id = ipc::request_id();
            if let Err(error) = ipc::call(RestartForward { request_id, id }).await {
                self.toasts.complain("starting the forward", &error);
            }
        });
    }

    /// Says whether a forward is there again when the app starts.
    pub fn keep(self, id: String, kept: bool) {
        spawn_local(async move {
            let request = KeepForward {
                request_id: ipc::request_id(),
                id,
                kept,
            };
            if let Err(error) = ipc::call(request).await {
                self.toasts.complain("keeping the forward", &error);
            }
        });
    }

    /// Opens the browser.
    pub fn browse(self, id: String) {
        spawn_local(async move {
            if let Err(error) = ipc::call(OpenForward { id }).await {
                self.toasts.complain("opening the browser", &error);
            }
        });
    }
}

/// How a forward is, in a word.
#[must_use]
pub fn word(state: &ForwardState) -> &'static str {
    match state {
        ForwardState::Active { .. } => "Active",
        ForwardState::Waiting { .. } => "Waiting",
        ForwardState::Failed { .. } => "Failed",
        ForwardState::Stopped => "Stopped",
    }
}

/// How good that is.
#[must_use]
pub const fn tone(state: &ForwardState) -> Tone {
    match state {
        ForwardState::Active { .. } => Tone::Ok,
        ForwardState::Waiting { .. } => Tone::Pending,
        ForwardState::Failed { .. } => Tone::Bad,
        ForwardState::Stopped => Tone::Neutral,
    }
}
