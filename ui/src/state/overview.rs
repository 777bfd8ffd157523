//! The overview of the active cluster, followed while a view shows it.

use kubegraf_ipc::{
    Error,
    overview::{Overview, WatchOverview},
};
use leptos::prelude::*;

use crate::{
    ipc::{self, WatchGuard},
    state::{choices::Choices, session::Session},
};

/// What core last counted.
#[derive(Clone, Copy, Debug)]
pub struct Glance {
    /// The overview; `None` before the first.
    pub overview: RwSignal<Option<Overview>>,
    /// Why it cannot be followed.
    pub failure: RwSignal<Option<Error>>,
    /// Asks anew.
    pub reopen: RwSignal<u32>,
}

impl Glance {
    /// Follows the session's cluster for as long as the owner lives.
    #[must_use]
    pub fn follow() -> Self {
        let (session, choices) = (Session::expect(), Choices::expect());
        let glance = Self {
            overview: RwSignal::new(None),
            failure: RwSignal::new(None),
            reopen: RwSignal::new(0),
        };
        let guard = StoredValue::new(None::<WatchGuard>);
        let pace = Memo::new(move |_| choices.all.with(|all| all.overview_seconds));
        Effect::new(move |before: Option<Option<String>>| {
            // Core paces the stream by the preference: another pace is another stream.
            pace.with(|_| ());
            glance.reopen.with(|_| ());
            let cluster = session.cluster.get();
            guard.set_value(None);
            if before.is_some_and(|before| before != cluster) {
                glance.overview.set(None);
            }
            glance.failure.set(None);
            if let Some(cluster) = cluster.clone() {
                let opened = ipc::watch(
                    &WatchOverview { cluster },
                    move |overview| {
                        glance.overview.try_set(Some(overview));
                    },
                    move |error| {
                        glance.failure.try_set(Some(error));
                    },
                );
                match opened {
                    Ok(open) => guard.set_value(Some(open)),
                    Err(error) => glance.failure.set(Some(error)),
                }
            }
            cluster
        });
        glance
    }
}
