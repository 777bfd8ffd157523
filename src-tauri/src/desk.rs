//! The window on the desk: shown, hidden, told something, closed. What closing does is decided here from
//! the preferences and from whether the desktop shows a tray to come back from.

use std::sync::atomic::{AtomicBool, Ordering};

use kubegraf_core::Core;
use kubegraf_ipc::{
    Reply,
    app::{Leave, LeaveWindow, PickKubeconfig},
    preferences::{Closing, GetPreferences},
    update::{GetAutostart, SetAutostart},
};
use tauri::{AppHandle, Manager, Runtime};
#[cfg(feature = "wry")]
use tauri_plugin_autostart::ManagerExt;
use tokio::sync::watch;

/// What is known of the window.
#[derive(Debug, Default)]
pub struct Desk {
    /// Whether a person has been asked what closing does, and has not answered.
    asked: AtomicBool,
    /// Whether it was hidden.
    hidden: watch::Sender<bool>,
}

/// What a wish to close leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Close {
    /// The window goes, the rest stays.
    Hide,
    /// Everything ends.
    Quit,
    /// The window asks.
    Ask,
}

/// A window that nothing brings back must not hide; one that does not answer must not stay.
const fn decide(closing: Closing, tray: bool, asked: bool) -> Close {
    match (closing, tray, asked) {
        (_, false, _) | (Closing::Quit, ..) | (Closing::Ask, _, true) => Close::Quit,
        (Closing::Hide, ..) => Close::Hide,
        (Closing::Ask, ..) => Close::Ask,
    }
}

/// Does what a person's wish to close the window leads to.
pub(crate) async fn close<R: Runtime>(app: &AppHandle<R>) {
    let preferences = app
        .state::<Core>()
        .get_preferences(GetPreferences {})
        .await
        .unwrap_or_default();
    let tray = tray_is_shown().await;
    let asked = app.state::<Desk>().asked.load(Ordering::Relaxed);
    let close = decide(preferences.closing, tray, asked);
    tracing::info!(?close, tray, "the window is closed");
    match close {
        Close::Hide => hide(app),
        Close::Quit => app.exit(0),
        Close::Ask => {
            app.state::<Desk>().asked.store(true, Ordering::Relaxed);
            show(app);
            tell(app, "kubegraf-closing", "");
        }
    }
}

/// [`LeaveWindow`].
pub(crate) async fn leave_window<R: Runtime>(
    app: &AppHandle<R>,
    request: LeaveWindow,
) -> Reply<LeaveWindow> {
    app.state::<Desk>().asked.store(false, Ordering::Relaxed);
    match request.how {
        Leave::Close => close(app).await,
        Leave::Hide => hide(app),
        Leave::Quit => app.exit(0),
        Leave::Stay => {}
    }
    Ok(())
}

/// [`PickKubeconfig`].
#[cfg(feature = "wry")]
pub(crate) async fn pick_kubeconfig<R: Runtime>(
    app: &AppHandle<R>,
    _: PickKubeconfig,
) -> Reply<PickKubeconfig> {
    use tauri_plugin_dialog::DialogExt;
    let (tell, told) = tokio::sync::oneshot::channel();
    let mut dialog = app.dialog().file().set_title("Add a kubeconfig file");
    // That is where they are, and a folder that begins with a dot is not found by looking.
    if let Ok(home) = app.path().home_dir() {
        let folder = home.join(".kube");
        dialog = dialog.set_directory(if folder.is_dir() { folder } else { home });
    }
    // A dialog that went without an answer chose nothing.
    dialog.pick_file(move |file| drop(tell.send(file)));
    let chosen = told.await.ok().flatten();
    Ok(chosen.map(|file| file.to_string()))
}

/// [`PickKubeconfig`].
#[cfg(not(feature = "wry"))]
pub(crate) async fn pick_kubeconfig<R: Runtime>(
    _: &AppHandle<R>,
    _: PickKubeconfig,
) -> Reply<PickKubeconfig> {
    let message = "this build has no file dialog (feature \"wry\" is off)";
    Err(kubegraf_ipc::Error::new(
        kubegraf_ipc::Code::Internal,
        message,
    ))
}

#[cfg(feature = "wry")]
pub(crate) use crate::updates::{check_update, install_update, restart_app, watch_update};

/// Commands that need the real window's crates.
#[cfg(not(feature = "wry"))]
macro_rules! without_a_window {
    ($($name:ident($request:ty);)*) => {
        $(
            /// Refused.
            pub(crate) async fn $name<R: Runtime>(_: &AppHandle<R>, _: $request) -> Reply<$request> {
                Err(no_window())
            }
        )*
    };
}

#[cfg(not(feature = "wry"))]
without_a_window! {
    check_update(kubegraf_ipc::update::CheckUpdate);
    install_update(kubegraf_ipc::update::InstallUpdate);
    restart_app(kubegraf_ipc::update::RestartApp);
    get_autostart(GetAutostart);
    set_autostart(SetAutostart);
}

#[cfg(not(feature = "wry"))]
fn no_window() -> kubegraf_ipc::Error {
    let message = "this build has no window (feature \"wry\" is off)";
    kubegraf_ipc::Error::new(kubegraf_ipc::Code::Internal, message)
}

/// Refused.
#[cfg(not(feature = "wry"))]
pub(crate) fn watch_update<R: Runtime>(
    _: &AppHandle<R>,
    _: kubegraf_ipc::update::WatchUpdate,
    _: &kubegraf_core::Core,
    _: kubegraf_core::StreamKey,
    _: kubegraf_core::Sink<kubegraf_ipc::update::UpdateState>,
) -> Result<(), kubegraf_ipc::Error> {
    Err(no_window())
}

/// [`GetAutostart`].
#[cfg(feature = "wry")]
pub(crate) async fn get_autostart<R: Runtime>(
    app: &AppHandle<R>,
    _: GetAutostart,
) -> Reply<GetAutostart> {
    let on = app.autolaunch().is_enabled().map_err(no_autostart)?;
    Ok(kubegraf_ipc::update::Autostart { on })
}

/// [`SetAutostart`].
#[cfg(feature = "wry")]
pub(crate) async fn set_autostart<R: Runtime>(
    app: &AppHandle<R>,
    request: SetAutostart,
) -> Reply<SetAutostart> {
    let set = match request.on {
        true => app.autolaunch().enable(),
        false => app.autolaunch().disable(),
    };
    set.map_err(no_autostart)?;
    get_autostart(app, GetAutostart {}).await
}

#[cfg(feature = "wry")]
#[expect(
    clippy::needless_pass_by_value,
    reason = "it is the argument of map_err"
)]
fn no_autostart(error: tauri_plugin_autostart::Error) -> kubegraf_ipc::Error {
    let message = format!("the start at login cannot be changed: {error}");
    kubegraf_ipc::Error::new(kubegraf_ipc::Code::Internal, message)
}

/// Hides the window at a start at login, where a tray brings it back.
#[cfg(feature = "wry")]
pub(crate) async fn start_hidden<R: Runtime>(app: &AppHandle<R>) {
    if tray_is_shown().await {
        hide(app);
    }
}

/// Brings the window to the front.
pub(crate) fn show<R: Runtime>(app: &AppHandle<R>) {
    let Some(window) = app.get_webview_window("main") else {
        return;
    };
    let shown = window
        .show()
        .and_then(|()| window.unminimize())
        .and_then(|()| window.set_focus());
    match shown {
        Ok(()) => drop(app.state::<Desk>().hidden.send_replace(false)),
        Err(error) => tracing::warn!(%error, "the window cannot be brought to the front"),
    }
}

/// Takes the window away; what runs goes on running.
pub(crate) fn hide<R: Runtime>(app: &AppHandle<R>) {
    let Some(window) = app.get_webview_window("main") else {
        return;
    };
    match window.hide() {
        Ok(()) => drop(app.state::<Desk>().hidden.send_replace(true)),
        Err(error) => tracing::warn!(%error, "the window cannot be hidden"),
    }
}

/// Tells the page something, as an event of the name with a text for its detail.
pub(crate) fn tell<R: Runtime>(app: &AppHandle<R>, event: &str, detail: &str) {
    let Some(window) = app.get_webview_window("main") else {
        return;
    };
    let (event, detail) = (
        serde_json::Value::from(event),
        serde_json::Value::from(detail),
    );
    let script = format!("window.dispatchEvent(new CustomEvent({event}, {{detail: {detail}}}))");
    if let Err(error) = window.eval(script) {
        tracing::warn!(%error, "the window cannot be told");
    }
}

/// Shows a view of the window.
#[cfg(feature = "wry")]
pub(crate) fn open<R: Runtime>(app: &AppHandle<R>, route: &str) {
    show(app);
    tell(app, "kubegraf-open", route);
}

/// Whether nobody can see the window.
#[cfg(feature = "wry")]
pub(crate) fn is_unseen<R: Runtime>(app: &AppHandle<R>) -> bool {
    let minimized = || {
        let window = app.get_webview_window("main");
        window.is_none_or(|window| window.is_minimized().unwrap_or(false))
    };
    *app.state::<Desk>().hidden.borrow() || minimized()
}

/// Follows whether the window is hidden.
#[cfg(feature = "wry")]
pub(crate) fn hidden<R: Runtime>(app: &AppHandle<R>) -> watch::Receiver<bool> {
    app.state::<Desk>().hidden.subscribe()
}

/// Whether the desktop shows the tray. On Linux that is a program of its own, which may be missing.
#[cfg(all(feature = "wry", target_os = "linux"))]
async fn tray_is_shown() -> bool {
    const WATCHER: &str = "org.kde.StatusNotifierWatcher";
    /// A bus that does not answer has no tray either.
    const PATIENCE: std::time::Duration = std::time::Duration::from_secs(1);
    let asked = async {
        let bus = zbus::Connection::session().await?;
        let proxy = zbus::fdo::PropertiesProxy::builder(&bus)
            .destination(WATCHER)?
            .path("/StatusNotifierWatcher")?
            .build()
            .await?;
        let name = zbus::names::InterfaceName::try_from(WATCHER)?;
        let value = proxy.get(name, "IsStatusNotifierHostRegistered").await?;
        bool::try_from(value).map_err(zbus::Error::from)
    };
    let answer: Result<Result<bool, zbus::Error>, _> = tokio::time::timeout(PATIENCE, asked).await;
    match answer {
        Ok(Ok(shown)) => shown,
        Ok(Err(error)) => {
            tracing::debug!(%error, "the desktop shows no tray");
            false
        }
        Err(_) => false,
    }
}

/// Whether the desktop shows the tray: where it is a part of the system, it does.
#[cfg(not(all(feature = "wry", target_os = "linux")))]
async fn tray_is_shown() -> bool {
    cfg!(feature = "wry")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closing_hides_only_where_a_tray_brings_the_window_back() {
        for (closing, tray, asked, wanted) in [
            (Closing::Ask, true, false, Close::Ask),
            (Closing::Ask, true, true, Close::Quit),
            (Closing::Ask, false, false, Close::Quit),
            (Closing::Hide, true, false, Close::Hide),
            (Closing::Hide, true, true, Close::Hide),
            (Closing::Hide, false, false, Close::Quit),
            (Closing::Quit, true, false, Close::Quit),
            (Closing::Quit, false, true, Close::Quit),
        ] {
            assert_eq!(
                decide(closing, tray, asked),
                wanted,
                "{closing:?}, tray {tray}, asked {asked}"
            );
        }
    }
}
