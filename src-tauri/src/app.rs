//! The app: commands, streams and their ends, the same for a real window and for tests.

use kubegraf_core::Core;
#[cfg(feature = "wry")]
use tauri::Manager;
use tauri::{Builder, Runtime, Window, WindowEvent, webview::PageLoadEvent};

use crate::{commands, desk::Desk};

/// Adds the updater, and what it is to replace if not the program that runs.
#[cfg(feature = "wry")]
pub fn with_updates<R: Runtime>(
    builder: Builder<R>,
    program: Option<std::path::PathBuf>,
) -> Builder<R> {
    let ours = tauri::plugin::Builder::<R>::new("updates").setup(move |app, _| {
        app.manage(crate::updates::Updates::new(app, program));
        Ok(())
    });
    builder
        .plugin(tauri_plugin_updater::Builder::new().build())
        .plugin(ours.build())
}

/// Adds everything of ours to a Tauri builder.
pub fn builder<R: Runtime>(builder: Builder<R>, core: Core) -> Builder<R> {
    let on_load = core.clone();
    let on_close = core.clone();
    builder
        .manage(core)
        .manage(Desk::default())
        .invoke_handler(commands::handler())
        // A page that reloads tells us nothing else: its streams have no reader any more.
        .on_page_load(move |webview, payload| {
            if payload.event() == PageLoadEvent::Started {
                on_load.end_streams(webview.label());
            }
        })
        .on_window_event(move |window: &Window<R>, event| {
            if matches!(event, WindowEvent::Destroyed) {
                on_close.end_streams(window.label());
            }
        })
}
