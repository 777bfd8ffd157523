//! Whether there is a newer version of the app, as the shell says.

use kubegraf_ipc::{
    Error,
    update::{
        CheckUpdate, InstallUpdate, NewVersion, RestartApp, UpdatePhase, UpdateState, WatchUpdate,
    },
};
use leptos::{logging::warn, prelude::*, task::spawn_local};

use crate::{
    ipc::{self, WatchGuard},
    state::toasts::Toasts,
};

/// What is known of newer versions.
#[derive(Clone, Copy, Debug)]
pub struct Updates {
    /// How things stand; `None` until that was said.
    pub state: RwSignal<Option<UpdateState>>,
    /// Whether the version is shown with its notes.
    pub open: RwSignal<bool>,
    /// The version whose banner was put away.
    pub dismissed: RwSignal<Option<String>>,
    toasts: Toasts,
    guard: StoredValue<Option<WatchGuard>>,
}

impl Updates {
    /// Asks the shell and hands the answer to every component below.
    pub fn provide(toasts: Toasts) {
        let updates = Self {
            state: RwSignal::new(None),
            open: RwSignal::new(false),
            dismissed: RwSignal::new(None),
            toasts,
            guard: StoredValue::new(None),
        };
        provide_context(updates);
        let failed = |error: Error| warn!("watch_update: {error}");
        match ipc::watch(
            &WatchUpdate {},
            move |now| updates.state.set(Some(now)),
            failed,
        ) {
            Ok(guard) => updates.guard.set_value(Some(guard)),
            Err(error) => failed(error),
        }
    }

    /// The one provided above.
    #[must_use]
    pub fn expect() -> Self {
        expect_context()
    }

    /// What came of looking.
    #[must_use]
    pub fn phase(self) -> UpdatePhase {
        self.state.with(|state| {
            let state = state.as_ref();
            state.map_or_else(UpdatePhase::default, |state| state.phase.clone())
        })
    }

    /// Whom it asks; `None` where nobody is asked.
    #[must_use]
    pub fn asks(self) -> Option<String> {
        self.state.with(|state| state.as_ref()?.asks.clone())
    }

    /// The newer version there is.
    #[must_use]
    pub fn available(self) -> Option<NewVersion> {
        match self.phase() {
            UpdatePhase::Available(new) => Some(new),
            _ => None,
        }
    }

    /// Looks now.
    pub fn check(self) {
        spawn_local(async move {
            if let Err(error) = ipc::call(CheckUpdate {}).await {
                self.toasts.complain("looking for a newer version", &error);
            }
        });
    }

    /// Fetches and installs a version.
    pub fn install(self, version: String) {
        spawn_local(async move {
            let request = InstallUpdate {
                request_id: ipc::request_id(),
                version,
            };
            if let Err(error) = ipc::call(request).await {
                self.toasts.complain("installing the newer version", &error);
            }
        });
    }

    /// Ends the app and starts what was installed.
    pub fn restart(self) {
        ipc::send(RestartApp {});
    }
}
