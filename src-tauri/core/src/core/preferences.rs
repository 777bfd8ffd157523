//! What a person has set up, told to every window, and obeyed by what runs without one.

use std::sync::Arc;

use kubegraf_ipc::{
    Error, Reply,
    features::ListFeatures,
    preferences::{GetPreferences, PreferenceChange, Preferences, SetPreference, WatchPreferences},
};

use super::Core;
use crate::{
    Sink, StreamKey, TaskGuard, accounts::may_set, detection::Detections, features,
    preferences::Chosen,
};

impl Core {
    /// [`GetPreferences`].
    pub async fn get_preferences(&self, _: GetPreferences) -> Reply<GetPreferences> {
        Ok(self.0.chosen.all().await?)
    }

    /// [`SetPreference`].
    pub async fn set_preference(&self, request: SetPreference) -> Reply<SetPreference> {
        self.needs("set_preference", may_set(&request.change))
            .await?;
        let now = self.0.clock.epoch_seconds();
        let change = async { Ok(self.0.chosen.change(request.change, now).await?) };
        self.0.requests.once(&request.request_id, change).await
    }

    /// [`WatchPreferences`].
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn watch_preferences(
        &self,
        _: WatchPreferences,
        key: StreamKey,
        mut sink: Sink<Preferences>,
    ) -> Result<(), Error> {
        let chosen = Arc::clone(&self.0.chosen);
        let mut changes = chosen.changes();
        let mut now = chosen.all().await?;
        let work = async move {
            while sink(now.clone()) && changes.changed().await.is_ok() {
                match chosen.all().await {
                    Ok(all) => now = all,
                    Err(error) => {
                        tracing::warn!(%error, "the preferences cannot be read");
                        return;
                    }
                }
            }
        };
        self.0.streams.keep(key, TaskGuard::spawn(work), None);
        Ok(())
    }

    /// [`ListFeatures`].
    pub async fn list_features(&self, _: ListFeatures) -> Reply<ListFeatures> {
        Ok(features::list(&self.0.chosen.all().await?))
    }

    /// Whether a feature is on; while that cannot be read, it is.
    pub(super) async fn has(&self, feature: &str) -> bool {
        let all = self.0.chosen.all().await.unwrap_or_default();
        features::is_on(&all, feature)
    }

    /// Lets the incident engine work again, if it rests.
    pub(super) async fn end_pause(&self) -> Result<(), Error> {
        if self.0.chosen.all().await?.scans_paused {
            let now = self.0.clock.epoch_seconds();
            let change = PreferenceChange::ScansPaused(false);
            self.0.chosen.change(change, now).await?;
        }
        Ok(())
    }

    /// Keeps what runs without a window as the preferences want it.
    pub(super) async fn obey(chosen: Arc<Chosen>, detections: Detections) {
        let mut changes = chosen.changes();
        loop {
            match chosen.all().await {
                Ok(all) => {
                    detections.pause(all.scans_paused);
                    detections.read_logs(features::is_on(&all, features::INCIDENT_LOGS));
                }
                Err(error) => tracing::warn!(%error, "the preferences cannot be read"),
            }
            if changes.changed().await.is_err() {
                return;
            }
        }
    }
}
