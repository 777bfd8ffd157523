//! What happened while nobody looked, as core keeps it, and what the window adds to it.

use kubegraf_ipc::{
    incident::{IncidentRow, IncidentState, Severity},
    notice::{
        AddNotice, DeleteNotices, MarkNotices, NoticeLevel, NoticeList, NoticeSource, WatchNotices,
    },
};
use leptos::{prelude::*, task::spawn_local};

use crate::{
    ipc::{self, WatchGuard},
    route::Route,
    state::toasts::Toasts,
};

/// An incident that began earlier than this before the window saw it is no news, in seconds.
const FRESH: i64 = 600;
/// Characters of a sentence and of a cause; the rest is cut.
const MOST: (usize, usize) = (500, 4_000);

/// The notices.
#[derive(Clone, Copy, Debug)]
pub struct Notices {
    /// The newest, and how many there are.
    pub list: RwSignal<NoticeList>,
    toasts: Toasts,
    guard: StoredValue<Option<WatchGuard>>,
}

/// What is added; the rest of a notice is core's.
#[derive(Clone, Debug)]
pub struct News {
    /// What must not be told twice; empty for what may.
    pub key: String,
    /// How good or bad.
    pub level: NoticeLevel,
    /// What it comes from.
    pub source: NoticeSource,
    /// What the cluster is called.
    pub cluster: String,
    /// What happened.
    pub title: String,
    /// The raw cause.
    pub detail: Option<String>,
    /// Where it leads.
    pub route: Option<Route>,
}

impl Notices {
    /// Follows them for the life of the window.
    pub fn provide(toasts: Toasts) -> Self {
        let notices = Self {
            list: RwSignal::new(NoticeList::default()),
            toasts,
            guard: StoredValue::new(None),
        };
        provide_context(notices);
        let opened = ipc::watch(
            &WatchNotices {},
            move |list| notices.list.set(list),
            move |error| toasts.complain("reading the notifications", &error),
        );
        match opened {
            Ok(guard) => notices.guard.set_value(Some(guard)),
            Err(error) => toasts.complain("reading the notifications", &error),
        }
        notices
    }

    /// The notices provided above.
    #[must_use]
    pub fn expect() -> Self {
        expect_context()
    }

    /// Marks some as read or unread; no id means all.
    pub fn mark(self, ids: Vec<u32>, read: bool) {
        spawn_local(async move {
            let request = MarkNotices {
                request_id: ipc::request_id(),
                ids,
                read,
            };
            if let Err(error) = ipc::call(request).await {
                self.toasts.complain("marking the notification", &error);
            }
        });
    }

    /// Deletes some; no id means all that are read.
    pub fn delete(self, ids: Vec<u32>) {
        spawn_local(async move {
            let request = DeleteNotices {
                request_id: ipc::request_id(),
                ids,
            };
            if let Err(error) = ipc::call(request).await {
                self.toasts.complain("deleting the notification", &error);
            }
        });
    }
}

/// Adds a notice; core drops one whose key it knows.
pub fn tell(news: News) {
    let cut = |text: String, most: usize| text.chars().take(most).collect::<String>();
    ipc::send(AddNotice {
        request_id: ipc::request_id(),
        key: news.key,
        level: news.level,
        source: news.source,
        cluster: news.cluster,
        title: cut(news.title, MOST.0),
        detail: news.detail.map(|detail| cut(detail, MOST.1)),
        route: news.route.map(|route| route.hash()),
    });
}

/// What is worth telling of an incident's line; `before` is what the window knew of it.
#[must_use]
pub fn of_incident(
    cluster: &str,
    before: Option<&IncidentRow>,
    row: &IncidentRow,
    now: i64,
) -> Option<News> {
    let asleep = row.attention.snoozed_until.is_some_and(|until| until > now);
    if asleep || !matches!(row.severity, Severity::Critical | Severity::High) {
        return None;
    }
    let was = before.map(|before| before.state);
    let (key, level, title) = match row.state {
        IncidentState::Open if was.is_none() && now - row.first_seen <= FRESH => {
            let level = match row.severity {
                Severity::Critical => NoticeLevel::Error,
                _ => NoticeLevel::Warning,
            };
            (
                format!("incident/{cluster}/{}/{}", row.id, row.reopened),
                level,
                row.title.clone(),
            )
        }
        IncidentState::Resolved if was.is_some_and(|was| was != IncidentState::Resolved) => {
            let title = format!("Resolved: {}", row.title);
            let key = format!("incident/{cluster}/{}/{}/end", row.id, row.reopened);
            (key, NoticeLevel::Success, title)
        }
        _ => return None,
    };
    Some(News {
        key,
        level,
        source: NoticeSource::Incident,
        cluster: cluster.to_owned(),
        title,
        detail: None,
        route: Some(Route::Incidents {
            id: Some(row.id.clone()),
        }),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use kubegraf_ipc::{lifecycle::Attention, object::ObjectRef};

    fn row(severity: Severity, state: IncidentState) -> IncidentRow {
        IncidentRow {
            id: "inc-oom_killed-1760000000".into(),
            r#type: "oom_killed".into(),
            severity,
            state,
            title: "checkout runs out of memory".into(),
            resource: ObjectRef {
                api_version: "apps/v1".into(),
                kind: "Deployment".into(),
                namespace: "shop".into(),
                name: "checkout".into(),
                uid: None,
            },
            cause: "memory_limit_too_low".into(),
            confidence: 0.9,
            first_seen: 1_000,
            last_seen: 1_000,
            fix_ready: true,
            reopened: 0,
            attention: Attention::default(),
        }
    }

    #[test]
    fn only_fresh_and_grave_incidents_are_news_and_their_end_too() {
        let open = row(Severity::Critical, IncidentState::Open);
        let told = of_incident("prod", None, &open, 1_100).expect("it is news");
        assert_eq!(
            (told.level, told.cluster.as_str()),
            (NoticeLevel::Error, "prod")
        );
        assert!(
            of_incident("prod", None, &open, 2_000).is_none(),
            "it is old"
        );
        assert!(
            of_incident("prod", Some(&open), &open, 1_100).is_none(),
            "it is known"
        );
        let low = row(Severity::Medium, IncidentState::Open);
        assert!(of_incident("prod", None, &low, 1_100).is_none());
        let over = row(Severity::Critical, IncidentState::Resolved);
        let end = of_incident("prod", Some(&open), &over, 9_000).expect("it is news");
        assert_eq!(end.level, NoticeLevel::Success);
        assert_ne!(end.key, told.key);
        assert!(
            of_incident("prod", None, &over, 9_000).is_none(),
            "it was over before"
        );
        let mut quiet = open;
        quiet.attention.snoozed_until = Some(1_200);
        assert!(of_incident("prod", None, &quiet, 1_100).is_none());
    }
}
