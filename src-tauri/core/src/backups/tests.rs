use time::{Duration, macros::datetime};

use super::*;

const NOON: OffsetDateTime = datetime!(2026-03-01 12:00 UTC);

async fn opened(data: &Path) -> (Store, Backups) {
    let (store, notes) = Store::open(&data.join("kubegraf.db"), NOON).await.unwrap();
    assert_eq!(notes, []);
    (store.clone(), Backups::new(data, store))
}

async fn set(store: &Store, value: &str) {
    store.set_setting("colour", &value, 1).await.unwrap();
}

async fn colour(store: &Store) -> Option<String> {
    store.setting("colour").await.unwrap()
}

/// Covers: BAK-01, BAK-03
#[tokio::test]
async fn a_restore_brings_back_what_was_and_keeps_what_it_replaces() {
    let data = tempfile::tempdir().unwrap();
    let (store, backups) = opened(data.path()).await;
    backups.tidy();
    assert_eq!(backups.list().unwrap(), []);
    set(&store, "blue").await;
    let blue = backups.make(BackupReason::Asked, NOON).await.unwrap();
    assert_eq!(
        (blue.name.as_str(), blue.at),
        ("kubegraf-20260301T120000Z-asked.db", NOON.unix_timestamp())
    );
    set(&store, "red").await;
    let again = backups.make(BackupReason::Asked, NOON).await.unwrap();
    assert_eq!(again.name, "kubegraf-20260301T120001Z-asked.db");

    let replaced = backups
        .restore(&blue.name, NOON + Duration::HOUR)
        .await
        .unwrap();
    assert_eq!(colour(&store).await.as_deref(), Some("blue"));
    set(&store, "green").await;
    backups
        .restore(&replaced.name, NOON + Duration::HOUR * 2)
        .await
        .unwrap();
    assert_eq!(colour(&store).await.as_deref(), Some("red"));
    store.close().await;
    let (store, backups) = opened(data.path()).await;
    assert_eq!(colour(&store).await.as_deref(), Some("red"));
    assert_eq!(backups.list().unwrap().len(), 4);
    let names: Vec<_> = fs::read_dir(backups.folder())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| parse(name).is_none())
        .collect();
    assert_eq!(names, [""; 0], "something is left behind");
}

/// Covers: BAK-03
#[tokio::test]
async fn a_damaged_foreign_or_newer_file_replaces_nothing() {
    let data = tempfile::tempdir().unwrap();
    let (store, backups) = opened(data.path()).await;
    set(&store, "blue").await;
    let good = backups.make(BackupReason::Asked, NOON).await.unwrap();
    let bytes = fs::read(backups.folder().join(&good.name)).unwrap();
    let put = |day: u8, bytes: &[u8]| {
        let name = format!("kubegraf-202604{day:02}T000000Z-asked.db");
        fs::write(backups.folder().join(&name), bytes).unwrap();
        name
    };
    let mut torn = bytes.clone();
    for byte in &mut torn[4096..8192] {
        *byte = 0xa5;
    }
    let mut newer = bytes.clone();
    newer[60..64].copy_from_slice(&9_999_u32.to_be_bytes());
    let short = &bytes[..bytes.len() / 2];
    for (name, why) in [
        (put(1, &torn), "damaged"),
        (put(2, short), "damaged"),
        (put(3, b"kind: Config"), "damaged"),
        (put(4, &newer), "9999"),
        ("../kubegraf.db".to_owned(), "no backup"),
        ("kubegraf-20300101T000000Z-asked.db".to_owned(), "no backup"),
    ] {
        let error = backups.restore(&name, NOON).await.unwrap_err();
        let text = WireError::from(error).to_string();
        assert!(text.contains(why), "{name}: {text}");
        assert_eq!(colour(&store).await.as_deref(), Some("blue"));
    }
    let kept = backups.list().unwrap();
    assert!(kept.iter().all(|one| one.reason == BackupReason::Asked));
}

#[tokio::test]
async fn the_daily_one_is_made_once_a_day_and_the_oldest_go() {
    let data = tempfile::tempdir().unwrap();
    let (_store, backups) = opened(data.path()).await;
    let mine = backups.make(BackupReason::Asked, NOON).await.unwrap();
    let count = |reason| {
        let all = backups.list().unwrap().into_iter();
        all.filter(|one| one.reason == reason).count()
    };
    for hour in 0..24 * 5 {
        let now = NOON + Duration::hours(hour);
        let next = backups.daily(3, now).await.unwrap();
        assert!(next > now.unix_timestamp());
    }
    assert_eq!(count(BackupReason::Daily), 3);
    let newest = NOON + Duration::days(4);
    assert_eq!(backups.last_daily().unwrap(), Some(newest.unix_timestamp()));
    assert_eq!(count(BackupReason::Asked), 1, "what was asked for stays");
    backups.delete(&mine.name).await.unwrap();
    assert_eq!(count(BackupReason::Asked), 0);
    assert!(backups.delete(&mine.name).await.is_err());
}

#[tokio::test]
async fn what_a_kill_left_is_removed_and_nothing_else() {
    let data = tempfile::tempdir().unwrap();
    let (_store, backups) = opened(data.path()).await;
    let good = backups.make(BackupReason::Asked, NOON).await.unwrap();
    let half = backups
        .folder()
        .join("kubegraf-20260302T000000Z-daily.db.partial");
    fs::write(&half, "half").unwrap();
    fs::write(backups.folder().join("notes.txt"), "mine").unwrap();
    backups.tidy();
    assert!(!half.exists());
    assert!(backups.folder().join("notes.txt").exists());
    assert_eq!(backups.list().unwrap(), [good]);
}

#[tokio::test]
async fn a_store_in_memory_has_nothing_to_back_up() {
    let data = tempfile::tempdir().unwrap();
    let backups = Backups::new(data.path(), Store::in_memory().await.unwrap());
    let error = backups.make(BackupReason::Asked, NOON).await.unwrap_err();
    assert!(error.to_string().contains("memory"), "{error}");
    assert_eq!(backups.list().unwrap(), []);
}
