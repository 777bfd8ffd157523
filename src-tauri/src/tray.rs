//! The icon in the desktop's tray: the worst open incident at a glance, the clusters, and the way out.
//!
//! It decides nothing: a choice is handed to the window, which asks, switches and explains as it always does.

use std::fmt::Write as _;

use kubegraf_core::{Core, StreamKey};
use kubegraf_ipc::{
    cluster::{ClusterList, WatchClusters},
    forward::{Forward, ForwardState, StopForward, WatchForwards},
    incident::{IncidentSummary, Severity, SeverityCounts, WatchIncidents},
};
use tauri::{
    AppHandle, Manager, Runtime,
    image::Image,
    menu::{CheckMenuItem, IsMenuItem, Menu, MenuItem, PredefinedMenuItem, Submenu},
    tray::{TrayIcon, TrayIconBuilder},
};
use tokio::sync::mpsc;

/// Clusters in the submenu at most; the rest is found in the window.
const MOST: usize = 20;

/// What the tray shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Shown {
    clusters: Vec<Choice>,
    more: usize,
    counts: SeverityCounts,
    forwards: Vec<Open>,
}

/// A port that is forwarded.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Open {
    id: String,
    started_at: i64,
    label: String,
}

/// A cluster to switch to.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Choice {
    id: String,
    name: String,
    active: bool,
}

/// What the core tells.
enum News {
    Clusters(Box<ClusterList>),
    Incidents(IncidentSummary),
    Forwards(Vec<Forward>),
}

/// Puts the icon into the tray and keeps it true for as long as the app runs.
///
/// # Errors
/// When the desktop takes no icon.
pub fn install<R: Runtime>(app: &AppHandle<R>, core: Core) -> tauri::Result<()> {
    let shown = Shown::default();
    let tray = TrayIconBuilder::with_id("kubegraf")
        .menu(&menu(app, &shown)?)
        .on_menu_event(|app, event| chosen(app, event.id().as_ref()));
    let tray = match icon(app, shown.counts) {
        Some(icon) => tray.icon(icon),
        None => tray,
    };
    let tray = tray.build(app)?;
    tauri::async_runtime::spawn(follow(app.clone(), core, tray));
    Ok(())
}

async fn follow<R: Runtime>(app: AppHandle<R>, core: Core, tray: TrayIcon<R>) {
    let (tell, mut told) = mpsc::unbounded_channel();
    let clusters = tell.clone();
    let sink = Box::new(move |list| clusters.send(News::Clusters(Box::new(list))).is_ok());
    let key = StreamKey::new("tray", 0);
    if let Err(error) = core.watch_clusters(WatchClusters {}, key, sink).await {
        tracing::warn!(%error, "the tray cannot follow the clusters");
        return;
    }
    let forwards = tell.clone();
    let sink = Box::new(move |list| forwards.send(News::Forwards(list)).is_ok());
    let key = StreamKey::new("tray", 2);
    if let Err(error) = core.watch_forwards(WatchForwards {}, key, sink).await {
        tracing::warn!(%error, "the tray cannot follow the port-forwards");
    }
    let mut shown = Shown::default();
    let mut watched = None;
    while let Some(news) = told.recv().await {
        let before = shown.clone();
        match news {
            News::Clusters(list) => {
                (shown.clusters, shown.more) = choices(&list);
                if watched != list.current_cluster {
                    watched.clone_from(&list.current_cluster);
                    shown.counts = SeverityCounts::default();
                    if let Some(cluster) = list.current_cluster {
                        let incidents = tell.clone();
                        let sink =
                            Box::new(move |event: kubegraf_ipc::incident::IncidentsEvent| {
                                incidents.send(News::Incidents(event.summary)).is_ok()
                            });
                        // The key of before: the stream of the former cluster ends.
                        let key = StreamKey::new("tray", 1);
                        let opened = core.watch_incidents(WatchIncidents { cluster }, key, sink);
                        if let Err(error) = opened.await {
                            tracing::debug!(%error, "the tray cannot follow the incidents");
                        }
                    }
                }
            }
            News::Incidents(summary) => shown.counts = summary.by_severity,
            News::Forwards(list) => shown.forwards = open(list),
        }
        if shown != before
            && let Err(error) = show(&app, &tray, &shown, before.counts != shown.counts)
        {
            tracing::warn!(%error, "the tray cannot be drawn");
        }
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
        tray.set_icon(icon(app, shown.counts))?;
    }
    tray.set_tooltip(Some(format!("KubeGraf: {}", incidents(shown.counts))))
}

fn menu<R: Runtime>(app: &AppHandle<R>, shown: &Shown) -> tauri::Result<Menu<R>> {
    let item = |id: &str, text: &str| MenuItem::with_id(app, id, text, true, None::<&str>);
    let clusters = Submenu::with_id(app, "clusters", "Clusters", !shown.clusters.is_empty())?;
    for choice in &shown.clusters {
        let id = format!("cluster:{}", choice.id);
        let line =
            CheckMenuItem::with_id(app, id, &choice.name, true, choice.active, None::<&str>)?;
        clusters.append(&line)?;
    }
    if shown.more > 0 {
        clusters.append(&item("all", &format!("{} more…", shown.more))?)?;
    }
    let forwards = Submenu::with_id(
        app,
        "forwards",
        "Stop forwarding",
        !shown.forwards.is_empty(),
    )?;
    for open in &shown.forwards {
        let id = format!("stop:{}:{}", open.started_at, open.id);
        forwards.append(&item(&id, &open.label)?)?;
    }
    let (open, found) = (
        item("show", "Open KubeGraf")?,
        item("incidents", &incidents(shown.counts))?,
    );
    let (line, quit) = (
        PredefinedMenuItem::separator(app)?,
        item("quit", "Quit KubeGraf")?,
    );
    let items: [&dyn IsMenuItem<R>; 6] = [&open, &found, &clusters, &forwards, &line, &quit];
    Menu::with_items(app, &items)
}

/// Does what was chosen.
fn chosen<R: Runtime>(app: &AppHandle<R>, id: &str) {
    if let Some((started_at, forward)) = id.strip_prefix("stop:").and_then(|id| id.split_once(':'))
    {
        return stop(app, started_at, forward);
    }
    let script = match id {
        "quit" => return app.exit(0),
        "incidents" => "location.hash = '#/incidents'".to_owned(),
        "all" => "location.hash = '#/cluster-manager'".to_owned(),
        id => match id.strip_prefix("cluster:") {
            Some(cluster) => {
                let cluster = serde_json::Value::from(cluster);
                format!(
                    "window.dispatchEvent(new CustomEvent('kubegraf-switch', {{detail: {cluster}}}))"
                )
            }
            None => String::new(),
        },
    };
    focus(app);
    if let Some(window) = app.get_webview_window("main")
        && !script.is_empty()
        && let Err(error) = window.eval(script)
    {
        tracing::warn!(%error, "the window cannot be told");
    }
}

/// Stops a forward; the window need not come for that.
fn stop<R: Runtime>(app: &AppHandle<R>, started_at: &str, id: &str) {
    let request = StopForward {
        // A second click is the same wish.
        request_id: format!("tray-{id}-{started_at}"),
        id: id.to_owned(),
        forget: false,
    };
    let core = app.state::<Core>().inner().clone();
    tauri::async_runtime::spawn(async move {
        if let Err(error) = core.stop_forward(request).await {
            tracing::warn!(%error, "the forward cannot be stopped");
        }
    });
}

/// Brings the window to the front.
pub fn focus<R: Runtime>(app: &AppHandle<R>) {
    let Some(window) = app.get_webview_window("main") else {
        return;
    };
    let shown = window
        .show()
        .and_then(|()| window.unminimize())
        .and_then(|()| window.set_focus());
    if let Err(error) = shown {
        tracing::warn!(%error, "the window cannot be brought to the front");
    }
}

/// The forwards whose port is open.
fn open(list: Vec<Forward>) -> Vec<Open> {
    let is_open = |forward: &Forward| {
        matches!(
            forward.state,
            ForwardState::Active { .. } | ForwardState::Waiting { .. }
        )
    };
    let open = list.into_iter().filter(is_open).take(MOST);
    open.map(|forward| Open {
        label: format!(
            "localhost:{} → {} {}",
            forward.local_port, forward.object.kind, forward.object.name
        ),
        id: forward.id,
        started_at: forward.started_at,
    })
    .collect()
}

fn choices(list: &ClusterList) -> (Vec<Choice>, usize) {
    let mut all: Vec<Choice> = list
        .clusters
        .iter()
        .map(|entry| Choice {
            id: entry.id.clone(),
            name: entry.name.clone(),
            active: entry.is_active,
        })
        .collect();
    // The active one is never among those left out.
    all.sort_by_key(|choice| !choice.active);
    let more = all.len().saturating_sub(MOST);
    all.truncate(MOST);
    (all, more)
}

/// `2 critical, 1 high incidents`.
fn incidents(counts: SeverityCounts) -> String {
    let parts = [
        (counts.critical, "critical"),
        (counts.high, "high"),
        (counts.medium, "medium"),
        (counts.low, "low"),
    ];
    let mut text = String::new();
    let mut sum = 0;
    for (count, word) in parts.into_iter().filter(|(count, _)| *count > 0) {
        let comma = if text.is_empty() { "" } else { ", " };
        let _ = write!(text, "{comma}{count} {word}");
        sum += count;
    }
    match sum {
        0 => "No open incident".into(),
        1 => format!("{text} incident"),
        _ => format!("{text} incidents"),
    }
}

fn worst(counts: SeverityCounts) -> Option<Severity> {
    [
        (counts.critical, Severity::Critical),
        (counts.high, Severity::High),
        (counts.medium, Severity::Medium),
        (counts.low, Severity::Low),
    ]
    .into_iter()
    .find_map(|(count, severity)| (count > 0).then_some(severity))
}

/// The app's icon with a dot in the colour of the worst severity.
fn icon<R: Runtime>(app: &AppHandle<R>, counts: SeverityCounts) -> Option<Image<'static>> {
    let plain = app.default_window_icon()?;
    let (width, height) = (plain.width(), plain.height());
    let mut rgba = plain.rgba().to_vec();
    if let Some(severity) = worst(counts) {
        dot(&mut rgba, width, height, colour(severity));
    }
    Some(Image::new_owned(rgba, width, height))
}

const fn colour(severity: Severity) -> [u8; 3] {
    match severity {
        Severity::Critical => [0xf0, 0x56, 0x5b],
        Severity::High => [0xef, 0x83, 0x54],
        Severity::Medium => [0xd9, 0xa4, 0x41],
        Severity::Low => [0x9a, 0xa5, 0xb4],
    }
}

/// Draws a filled circle into the lower right quarter.
fn dot(rgba: &mut [u8], width: u32, height: u32, [red, green, blue]: [u8; 3]) {
    let radius = i64::from(width.min(height)) / 4;
    let (middle_x, middle_y) = (
        i64::from(width) - radius - 1,
        i64::from(height) - radius - 1,
    );
    for (index, pixel) in rgba.chunks_exact_mut(4).enumerate() {
        let index = u32::try_from(index).unwrap_or(u32::MAX);
        let (x, y) = (i64::from(index % width), i64::from(index / width));
        if (x - middle_x).pow(2) + (y - middle_y).pow(2) <= radius.pow(2) {
            pixel.copy_from_slice(&[red, green, blue, 0xff]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(critical: u32, high: u32) -> SeverityCounts {
        SeverityCounts {
            critical,
            high,
            ..SeverityCounts::default()
        }
    }

    #[test]
    fn the_incidents_are_said_worst_first() {
        assert_eq!(incidents(counts(0, 0)), "No open incident");
        assert_eq!(incidents(counts(1, 0)), "1 critical incident");
        assert_eq!(incidents(counts(2, 3)), "2 critical, 3 high incidents");
        assert_eq!(worst(counts(0, 3)), Some(Severity::High));
        assert_eq!(worst(counts(0, 0)), None);
    }

    #[test]
    fn the_dot_is_in_the_corner_and_leaves_the_rest() {
        let (width, height) = (32, 32);
        let mut rgba = vec![0; 32 * 32 * 4];
        dot(&mut rgba, width, height, colour(Severity::Critical));
        let at = |x: usize, y: usize| &rgba[(y * 32 + x) * 4..][..4];
        assert_eq!(at(23, 23), [0xf0, 0x56, 0x5b, 0xff]);
        assert_eq!(at(0, 0), [0; 4]);
        assert_eq!(at(31, 31), [0; 4]);
    }
}
