//! Notices on a real file: told once, marked, deleted, and there again after a restart.

#![allow(
    clippy::unwrap_used,
    reason = "a test file: what is not there fails the test"
)]

use std::path::Path;

use kubegraf_core::store::Store;
use kubegraf_ipc::notice::{AddNotice, NoticeLevel, NoticeList, NoticeSource};
use time::OffsetDateTime;

const NOW: i64 = 1_800_000_000;

async fn open(path: &Path) -> Store {
    let now = OffsetDateTime::from_unix_timestamp(NOW).unwrap();
    Store::open(path, now).await.unwrap().0
}

fn notice(key: &str, title: &str) -> AddNotice {
    AddNotice {
        request_id: "r".into(),
        key: key.into(),
        level: NoticeLevel::Warning,
        source: NoticeSource::Incident,
        cluster: "prod".into(),
        title: title.into(),
        detail: None,
        route: Some("#/incidents/a".into()),
    }
}

fn titles(list: &NoticeList) -> Vec<&str> {
    list.notices.iter().map(|n| n.title.as_str()).collect()
}

/// Covers: NTF-01, NTF-02, NTF-03
#[tokio::test]
async fn notices_are_told_once_marked_deleted_and_kept() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("kubegraf.db");
    let store = open(&path).await;
    for (key, title, added) in [
        ("a", "one", true),
        ("", "two", true),
        ("", "two", true),
        ("a", "one again", false),
    ] {
        assert_eq!(
            store.add_notice(&notice(key, title), NOW).await.unwrap(),
            added,
            "{title}"
        );
    }
    let list = store.notices().await.unwrap();
    assert_eq!(titles(&list), ["two", "two", "one"]);
    assert_eq!((list.total, list.unread), (3, 3));
    let [newest, _, oldest] = [0, 1, 2].map(|index| list.notices[index].id);

    store.mark_notices(&[oldest], true).await.unwrap();
    assert_eq!(store.notices().await.unwrap().unread, 2);
    store.mark_notices(&[oldest], false).await.unwrap();
    assert_eq!(store.notices().await.unwrap().unread, 3);
    store.mark_notices(&[newest, oldest], true).await.unwrap();
    store.delete_notices(&[]).await.unwrap();
    let list = store.notices().await.unwrap();
    assert_eq!(
        (titles(&list), list.total, list.unread),
        (vec!["two"], 1, 1)
    );

    store.close().await;
    let store = open(&path).await;
    assert_eq!(titles(&store.notices().await.unwrap()), ["two"]);
    let again = store.add_notice(&notice("a", "one"), NOW).await.unwrap();
    assert!(!again, "what was deleted is told again");
    store.mark_notices(&[], true).await.unwrap();
    assert_eq!(store.notices().await.unwrap().unread, 0);
}

#[tokio::test]
async fn the_newest_thousand_stay_and_two_hundred_are_shown() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(&dir.path().join("kubegraf.db")).await;
    for number in 0..1_010 {
        store
            .add_notice(&notice("", &number.to_string()), NOW)
            .await
            .unwrap();
    }
    let list = store.notices().await.unwrap();
    assert_eq!((list.total, list.notices.len()), (1_000, 200));
    assert_eq!(list.notices[0].title, "1009");
}
