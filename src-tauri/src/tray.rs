//! The icon in the desktop's tray: the worst open incident at a glance, the clusters, and the way out.
//!
//! It decides nothing: a choice is handed to the window or to core, which ask, switch and explain as they
//! always do.

mod icon;
mod shown;

use kubegraf_core::{Core, StreamKey};
use kubegraf_ipc::{
    cluster::{ClusterList, WatchClusters},
    forward::{Forward, StopForward, WatchForwards},
    incident::{IncidentSummary, IncidentsEvent, SeverityCounts, WatchIncidents},
    preferences::{PreferenceChange, Preferences, SetPreference, WatchPreferences},
};
use tauri::{
    AppHandle, Manager, Runtime,
    menu::{CheckMenuItem, Menu, MenuItem, PredefinedMenuItem, Submenu},
    tray::{TrayIcon, TrayIconBuilder},
};
use tokio::sync::mpsc;

use crate::desk;
use shown::{Choice, Deed, Shown, word};

/// What the core and the window tell.
enum News {
    Clusters(Box<ClusterList>),
    Incidents(IncidentSummary),
    Forwards(Vec<Forward>),
    Preferences(Box<Preferences>),
    Hidden(bool),
    SignedIn(bool),
}

/// Whose session the tray is about.
const WINDOW: &str = "main";

/// Where the streams say it.
type Tell = mpsc::UnboundedSender<News>;

/// Puts the icon into the tray and keeps it true for as long as the app runs.
///
/// # Errors
/// When the desktop takes no icon.
pub fn install<R: Runtime>(app: &AppHandle<R>, core: Core) -> tauri::Result<()> {
    let shown = Shown::default();
    let tray = TrayIconBuilder::with_id("kubegraf")
        .menu(&menu(app, &shown)?)
        .on_menu_event(|app, event| {
            if let Some(deed) = Deed::of(event.id().as_ref()) {
                chosen(app, deed);
            }
        });
    let tray = match icon::icon(app, shown.counts) {
        Some(icon) => tray.icon(icon),
        None => tray,
    };
    let tray = tray.build(app)?;
    tauri::async_runtime::spawn(async move {
        let app = tray.app_handle().clone();
        if let Err(error) = follow(app, core, tray).await {
            tracing::warn!(%error, "the tray does not follow any more");
        }
    });
    Ok(())
}

/// The streams of the tray, by their number.
fn key(number: u32) -> StreamKey {
    StreamKey::inside("tray", number)
}

async fn follow<R: Runtime>(
    app: AppHandle<R>,
    core: Core,
    tray: TrayIcon<R>,
) -> Result<(), kubegraf_ipc::Error> {
    let (tell, mut told) = mpsc::unbounded_channel();
    let (clusters, forwards, preferences) = (tell.clone(), tell.clone(), tell.clone());
    let sink = Box::new(move |list| clusters.send(News::Clusters(Box::new(list))).is_ok());
    core.watch_clusters(WatchClusters {}, key(0), sink).await?;
    let sink = Box::new(move |list| forwards.send(News::Forwards(list)).is_ok());
    core.watch_forwards(WatchForwards {}, key(2), sink).await?;
    let sink = Box::new(move |all| preferences.send(News::Preferences(Box::new(all))).is_ok());
    core.watch_preferences(WatchPreferences {}, key(3), sink)
        .await?;
    let mut hidden = desk::hidden(&app);
    let seen = tell.clone();
    tauri::async_runtime::spawn(async move {
        while hidden.changed().await.is_ok() {
            let now = *hidden.borrow_and_update();
            if seen.send(News::Hidden(now)).is_err() {
                return;
            }
        }
    });
    let (asked, said) = (core.clone(), tell.clone());
    tauri::async_runtime::spawn(async move {
        let mut changes = asked.account_changes();
        loop {
            let now = asked.is_signed_in(WINDOW).await;
            if said.send(News::SignedIn(now)).is_err() || changes.changed().await.is_err() {
                return;
            }
        }
    });
    let mut shown = Shown::default();
    let mut watched = None;
    while let Some(news) = told.recv().await {
        let before = shown.clone();
        match news {
            News::Clusters(list) => {
                (shown.clusters, shown.more) = shown::clusters(&list);
                if watched != list.current_cluster {
                    watched.clone_from(&list.current_cluster);
                    shown.counts = SeverityCounts::default();
                    if let Some(cluster) = list.current_cluster {
                        follow_incidents(&core, cluster, tell.clone()).await;
                    }
                }
            }
            News::Incidents(summary) => shown.counts = summary.by_severity,
            News::Forwards(list) => shown.forwards = shown::forwards(&list),
            News::Preferences(all) => {
                shown.paused = all.scans_paused;
                // A restored backup ends the stream of incidents and changes the preferences.
                if let Some(cluster) = watched.clone() {
                    follow_incidents(&core, cluster, tell.clone()).await;
                }
            }
            News::Hidden(hidden) => shown.hidden = hidden,
            News::SignedIn(signed_in) => shown.locked = !signed_in,
        }
        if shown != before
            && let Err(error) = show(
                &app,
                &tray,
                &shown.seen(),
                before.seen().counts != shown.seen().counts,
            )
        {
            tracing::warn!(%error, "the tray cannot be drawn");
        }
    }
    Ok(())
}

async fn follow_incidents(core: &Core, cluster: String, tell: Tell) {
    let sink =
        Box::new(move |event: IncidentsEvent| tell.send(News::Incidents(event.summary)).is_ok());
    // The key of before: the stream of the former cluster ends.
    let opened = core.watch_incidents(WatchIncidents { cluster }, key(1), sink);
    if let Err(error) = opened.await {
        tracing::debug!(%error, "the tray cannot follow the incidents");
    }
}

fn show<R: Runtime>(
    app: &AppHandle<R>,
    tray: &TrayIcon<R>,
    shown: &Shown,
    counts_changed: bool,
) -> tauri::Result<()> {
    tray.set_menu(Some(menu(app, shown)?))?;
    if counts_changed {
        tray.set_icon(icon::icon(app, shown.counts))?;
    }
    let what = match shown.locked {
        true => "nobody is signed in".to_owned(),
        false => shown::incidents(shown.counts),
    };
    tray.set_tooltip(Some(format!("KubeGraf: {what}")))
}

fn menu<R: Runtime>(app: &AppHandle<R>, shown: &Shown) -> tauri::Result<Menu<R>> {
    let item = |deed: Deed, text: &str| MenuItem::with_id(app, deed.id(), text, true, None::<&str>);
    let menu = Menu::new(app)?;
    let window = match shown.hidden {
        true => "Show KubeGraf",
        false => "Hide KubeGraf",
    };
    menu.append(&item(Deed::Toggle, window)?)?;
    menu.append(&PredefinedMenuItem::separator(app)?)?;
    if shown.locked {
        menu.append(&item(Deed::Quit, "Quit KubeGraf")?)?;
        return Ok(menu);
    }

    let clusters = Submenu::with_id(app, "clusters", "Clusters", !shown.clusters.is_empty())?;
    for Choice { id, name, active } in &shown.clusters {
        let id = Deed::Switch(id.clone()).id();
        let line = CheckMenuItem::with_id(app, id, name, true, *active, None::<&str>)?;
        clusters.append(&line)?;
    }
    if shown.more > 0 {
        let all = Deed::Open("#/cluster-manager".into());
        clusters.append(&item(all, &format!("{} more…", shown.more))?)?;
    }
    menu.append(&clusters)?;

    let found = shown::by_severity(shown.counts);
    if found.is_empty() {
        menu.append(&item(Deed::Open("#/incidents".into()), "No open incident")?)?;
    } else {
        let title = shown::incidents(shown.counts);
        let incidents = Submenu::with_id(app, "incidents", title, true)?;
        for (severity, count) in found {
            let text = format!("{count} {}", word(severity));
            incidents.append(&item(Deed::Incidents(severity), &text)?)?;
        }
        menu.append(&incidents)?;
    }

    if !shown.forwards.is_empty() {
        let title = format!("Port-forwards ({})", shown.forwards.len());
        let forwards = Submenu::with_id(app, "forwards", title, true)?;
        for Choice { id, name, .. } in &shown.forwards {
            forwards.append(&item(Deed::StopForward(id.clone()), name)?)?;
        }
        menu.append(&forwards)?;
    }

    let pause = Deed::TogglePause.id();
    menu.append(&CheckMenuItem::with_id(
        app,
        pause,
        "Pause background scans",
        true,
        shown.paused,
        None::<&str>,
    )?)?;
    menu.append(&PredefinedMenuItem::separator(app)?)?;
    menu.append(&item(Deed::Open("#/settings".into()), "Settings…")?)?;
    menu.append(&item(Deed::Quit, "Quit KubeGraf")?)?;
    Ok(menu)
}

/// Does what was chosen.
fn chosen<R: Runtime>(app: &AppHandle<R>, deed: Deed) {
    match deed {
        Deed::Toggle if *desk::hidden(app).borrow() => desk::show(app),
        Deed::Toggle => desk::hide(app),
        Deed::Open(route) => desk::open(app, &route),
        Deed::Incidents(severity) => {
            desk::open(app, "#/incidents");
            desk::tell(app, "kubegraf-severity", word(severity));
        }
        Deed::Switch(cluster) => {
            desk::show(app);
            desk::tell(app, "kubegraf-switch", &cluster);
        }
        Deed::StopForward(id) => ask(app, "stop_forward", move |core| async move {
            let request = StopForward {
                request_id: format!("tray/{}", uuid()),
                id,
                forget: false,
            };
            core.stop_forward(request).await
        }),
        Deed::TogglePause => ask(app, "set_preference", move |core| async move {
            let all = core.get_preferences(Default::default()).await?;
            let request = SetPreference {
                request_id: format!("tray/{}", uuid()),
                change: PreferenceChange::ScansPaused(!all.scans_paused),
            };
            core.set_preference(request).await.map(drop)
        }),
        Deed::Quit => app.exit(0),
    }
}

/// Has core do something in the name of who is signed in in the window; what it refuses is logged, and the
/// menu stays true because it follows core.
fn ask<R: Runtime, F>(
    app: &AppHandle<R>,
    command: &'static str,
    deed: impl FnOnce(Core) -> F + Send + 'static,
) where
    F: Future<Output = Result<(), kubegraf_ipc::Error>> + Send + 'static,
{
    let core = app.state::<Core>().inner().clone();
    tauri::async_runtime::spawn(async move {
        let done = async { deed(core.permit(WINDOW, command).await?).await };
        if let Err(error) = done.await {
            tracing::warn!(%error, "what was chosen in the tray was refused");
        }
    });
}

/// A name that no other request has.
fn uuid() -> String {
    uuid::Uuid::new_v4().to_string()
}
