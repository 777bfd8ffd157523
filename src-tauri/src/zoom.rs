//! How large the page is drawn: the web view's own zoom follows what is set. Knows nothing of what is drawn.

use kubegraf_core::{Core, StreamKey};
use kubegraf_ipc::preferences::{Preferences, WatchPreferences};
use tauri::{AppHandle, Manager, Runtime};
use tokio::sync::watch;

/// Follows the setting for as long as the app runs.
pub(crate) async fn follow<R: Runtime>(app: AppHandle<R>, core: Core) {
    let (tell, mut told) = watch::channel(Preferences::default().zoom);
    let sink = Box::new(move |all: Preferences| tell.send(all.zoom).is_ok());
    let key = StreamKey::new("zoom", 0);
    if let Err(error) = core.watch_preferences(WatchPreferences {}, key, sink).await {
        tracing::warn!(%error, "the size of the page does not follow the settings");
        return;
    }
    let mut drawn = Preferences::default().zoom;
    while told.changed().await.is_ok() {
        let wanted = *told.borrow_and_update();
        let Some(window) = app.get_webview_window("main").filter(|_| wanted != drawn) else {
            continue;
        };
        match window.set_zoom(f64::from(wanted) / 100.0) {
            Ok(()) => drawn = wanted,
            Err(error) => tracing::warn!(%error, wanted, "the page cannot be drawn in this size"),
        }
    }
}
