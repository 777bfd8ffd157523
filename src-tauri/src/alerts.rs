//! What happened is told on the desktop while nobody sees the window. Which notices are worth it is decided
//! here; what a notice is, is core's.

use std::time::Duration;

use kubegraf_core::{Core, StreamKey};
use kubegraf_ipc::{
    notice::{Notice, NoticeLevel, NoticeList, NoticeSource, WatchNotices},
    preferences::GetPreferences,
};
use notify_rust::Notification;
use tauri::{AppHandle, Runtime};
use tokio::sync::watch;

use crate::desk;

/// What comes together is told together.
const SETTLE: Duration = Duration::from_secs(1);
/// Lines of one alert; the rest is counted.
const LINES: usize = 4;
/// Alerts that wait for a click; more are shown, but lead nowhere.
#[cfg(target_os = "linux")]
const WAITING: usize = 8;

#[cfg(target_os = "linux")]
static WAIT: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);

/// What is shown on the desktop.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Alert {
    title: String,
    body: String,
    route: String,
}

/// Follows the notices for as long as the app runs.
pub(crate) async fn follow<R: Runtime>(app: AppHandle<R>, core: Core) {
    let (tell, mut told) = watch::channel(None::<NoticeList>);
    let sink = Box::new(move |list| tell.send(Some(list)).is_ok());
    let key = StreamKey::inside("alerts", 0);
    if let Err(error) = core.watch_notices(WatchNotices {}, key, sink).await {
        tracing::warn!(%error, "nothing will be told on the desktop");
        return;
    }
    let newest = |list: &NoticeList| list.notices.iter().map(|notice| notice.id).max();
    let mut known = None;
    while told.changed().await.is_ok() {
        // The first list is what happened before, and who sees the window sees what happens.
        let Some(since) = known.filter(|_| desk::is_unseen(&app)) else {
            known = told
                .borrow_and_update()
                .as_ref()
                .map(|list| newest(list).unwrap_or(0));
            continue;
        };
        tokio::time::sleep(SETTLE).await;
        let list = told.borrow_and_update().clone().unwrap_or_default();
        known = Some(newest(&list).unwrap_or(0));
        // Whoever passes by an unattended desk learns nothing.
        if !core.is_signed_in("main").await {
            continue;
        }
        let wanted = core.get_preferences(GetPreferences {}).await;
        let wanted = wanted.unwrap_or_default().alerts;
        if let Some(alert) = alert(&list.notices, since, &wanted) {
            raise(&app, alert);
        }
    }
}

/// What of the notices after `since` is worth an alert, as one.
fn alert(notices: &[Notice], since: u32, wanted: &[NoticeSource]) -> Option<Alert> {
    let worth = |notice: &&Notice| {
        let grave = notice.level == NoticeLevel::Error;
        notice.id > since
            && !notice.read
            && wanted.contains(&notice.source)
            // An execution ends once, and somebody waits for it.
            && (grave || notice.source == NoticeSource::Execution)
    };
    let news: Vec<&Notice> = notices.iter().filter(worth).collect();
    let first = *news.first()?;
    let place = |notice: &Notice| match notice.cluster.as_str() {
        "" => String::new(),
        cluster => format!(" ({cluster})"),
    };
    if news.len() == 1 {
        return Some(Alert {
            title: format!("{}{}", heading(first), place(first)),
            body: first.title.clone(),
            route: first.route.clone().unwrap_or_default(),
        });
    }
    let mut lines: Vec<String> = news
        .iter()
        .take(LINES)
        .map(|notice| format!("{}{}", notice.title, place(notice)))
        .collect();
    if let Some(more) = news.len().checked_sub(LINES).filter(|more| *more > 0) {
        lines.push(format!("and {more} more"));
    }
    let incidents = news.iter().all(|n| n.source == NoticeSource::Incident);
    Some(Alert {
        title: match incidents {
            true => format!("{} critical incidents", news.len()),
            false => format!("{} things happened", news.len()),
        },
        body: lines.join("\n"),
        route: match incidents {
            true => "#/incidents".into(),
            false => String::new(),
        },
    })
}

const fn heading(notice: &Notice) -> &'static str {
    match (notice.source, notice.level) {
        (NoticeSource::Incident, _) => "Critical incident",
        (NoticeSource::Execution, NoticeLevel::Error) => "A change failed",
        (NoticeSource::Execution, _) => "A change is done",
        (NoticeSource::Cluster, _) => "A cluster does not answer",
        (NoticeSource::Command, _) => "Something failed",
    }
}

/// Shows it; a click opens what it is about. A desktop that shows none is no error.
fn raise<R: Runtime>(app: &AppHandle<R>, alert: Alert) {
    let app = app.clone();
    // The desktop is asked, and waited for, on a thread of its own: it may take as long as it likes.
    std::thread::spawn(move || {
        let mut notification = Notification::new();
        notification
            .appname("KubeGraf")
            .icon("kubegraf")
            .summary(&alert.title)
            .body(&markup(&alert.body))
            .action("default", "Open");
        match notification.show() {
            Ok(shown) => wait(&app, shown, &alert.route),
            Err(error) => tracing::debug!(%error, "the desktop shows no notifications"),
        }
    });
}

#[cfg(target_os = "linux")]
fn wait<R: Runtime>(app: &AppHandle<R>, shown: notify_rust::NotificationHandle, route: &str) {
    use std::sync::atomic::Ordering;
    if WAIT.fetch_add(1, Ordering::Relaxed) < WAITING {
        shown.wait_for_action(|action| {
            if action == "default" {
                desk::open(app, route);
            }
        });
    }
    WAIT.fetch_sub(1, Ordering::Relaxed);
}

#[cfg(not(target_os = "linux"))]
fn wait<R: Runtime, T>(_: &AppHandle<R>, _: T, _: &str) {}

/// Desktops on Linux read a notification's body as markup.
fn markup(text: &str) -> String {
    if !cfg!(target_os = "linux") {
        return text.to_owned();
    }
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: &[NoticeSource] = &[
        NoticeSource::Incident,
        NoticeSource::Execution,
        NoticeSource::Cluster,
    ];

    fn notice(id: u32, source: NoticeSource, level: NoticeLevel) -> Notice {
        Notice {
            id,
            at: 0,
            level,
            source,
            cluster: "prod".into(),
            title: format!("title {id}"),
            detail: None,
            route: Some(format!("#/incidents/{id}")),
            read: false,
        }
    }

    /// Covers: NTF-04
    #[test]
    fn only_what_is_new_grave_and_wanted_is_told() {
        use NoticeLevel::{Error, Success, Warning};
        use NoticeSource::{Command, Execution, Incident};
        let one = [notice(7, Incident, Error)];
        let told = alert(&one, 6, ALL).expect("it is told");
        assert_eq!(told.title, "Critical incident (prod)");
        assert_eq!(
            (told.body.as_str(), told.route.as_str()),
            ("title 7", "#/incidents/7")
        );
        assert_eq!(alert(&one, 7, ALL), None, "it was told");
        assert_eq!(alert(&one, 6, &[Execution]), None, "it is not wanted");
        assert_eq!(
            alert(&[notice(7, Incident, Warning)], 6, ALL),
            None,
            "it can wait"
        );
        assert_eq!(alert(&[notice(7, Command, Error)], 6, ALL), None);
        let done = alert(&[notice(7, Execution, Success)], 6, ALL).expect("somebody waits");
        assert_eq!(done.title, "A change is done (prod)");
        let mut seen = notice(7, Incident, Error);
        seen.read = true;
        assert_eq!(alert(&[seen], 6, ALL), None, "somebody has seen it");
    }

    #[test]
    fn what_comes_together_is_one_alert() {
        let many: Vec<Notice> = (1..=6)
            .rev()
            .map(|id| notice(id, NoticeSource::Incident, NoticeLevel::Error))
            .collect();
        let told = alert(&many, 0, ALL).expect("it is told");
        assert_eq!(told.title, "6 critical incidents");
        assert!(told.body.starts_with("title 6 (prod)\n"));
        assert!(told.body.ends_with("and 2 more"));
        assert_eq!(told.route, "#/incidents");
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn no_name_is_read_as_markup() {
        assert_eq!(markup("<b>a & b"), "&lt;b&gt;a &amp; b");
    }
}
