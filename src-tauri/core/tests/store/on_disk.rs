//! The file itself: its schema, what damages it, who may read it, and what a kill leaves.

use std::{
    path::Path,
    process::{Command, Stdio},
};

use kubegraf_core::store::{AuditPhase, Durability, LineRow, OpenNote, SCHEMA_VERSION, Store};

use crate::{NOW, audit, execution, file, now, open};

/// Covers: DAT-19
#[tokio::test]
async fn the_schema_version_is_the_number_of_the_last_migration() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations");
    let newest = std::fs::read_dir(directory)
        .unwrap()
        .map(|entry| {
            entry.unwrap().file_name().to_string_lossy()[..4]
                .parse::<u32>()
                .unwrap()
        })
        .max();
    assert_eq!(newest, Some(SCHEMA_VERSION));
    let data = tempfile::tempdir().unwrap();
    let path = file(&data);
    open(&path).await.close().await;
    assert_eq!(header_version(&path), SCHEMA_VERSION);
}

/// Covers: DAT-19
#[tokio::test]
async fn a_newer_schema_is_refused_and_not_touched() {
    let directory = tempfile::tempdir().unwrap();
    let path = file(&directory);
    open(&path).await.close().await;
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[60..64].copy_from_slice(&(SCHEMA_VERSION + 1).to_be_bytes());
    std::fs::write(&path, &bytes).unwrap();
    let error = Store::open(&path, now()).await.unwrap_err().to_string();
    for version in [SCHEMA_VERSION, SCHEMA_VERSION + 1] {
        assert!(error.contains(&version.to_string()), "{error}");
    }
    assert_eq!(std::fs::read(&path).unwrap(), bytes);
    let mut names: Vec<_> = std::fs::read_dir(path.parent().unwrap())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    names.sort();
    assert_eq!(names, ["kubegraf.db", "kubegraf.db.key"]);
}

#[tokio::test]
async fn a_damaged_file_is_moved_aside_and_said() {
    for (what, damage) in [
        (
            "not a database",
            Box::new(|bytes: &mut Vec<u8>| *bytes = b"hello".to_vec()) as Box<dyn Fn(&mut Vec<u8>)>,
        ),
        (
            "pages overwritten",
            Box::new(|bytes| bytes[4096..20_480].fill(0xa5)),
        ),
        ("cut short", Box::new(|bytes| bytes.truncate(9_000))),
    ] {
        let directory = tempfile::tempdir().unwrap();
        let path = file(&directory);
        let store = open(&path).await;
        store
            .begin_execution(&execution("e1"), &audit("e1", AuditPhase::Before))
            .await
            .unwrap();
        store.close().await;
        let mut bytes = std::fs::read(&path).unwrap();
        damage(&mut bytes);
        std::fs::write(&path, &bytes).unwrap();

        let (store, notes) = Store::open(&path, now()).await.unwrap();
        let [OpenNote::Quarantined { copy, reason }] = notes.as_slice() else {
            panic!("{what}: {notes:?}");
        };
        assert!(!reason.is_empty());
        assert_eq!(
            copy.file_name().unwrap(),
            "kubegraf.db.corrupt-20270115T080000Z",
            "{what}"
        );
        assert_eq!(std::fs::read(copy).unwrap(), bytes, "{what}");
        assert!(
            store.execution("e1").await.unwrap().is_none(),
            "{what}: a fresh start"
        );
        store
            .begin_execution(&execution("e2"), &audit("e2", AuditPhase::Before))
            .await
            .unwrap();
        store.close().await;
    }
}

#[cfg(unix)]
#[tokio::test]
async fn the_file_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let directory = tempfile::tempdir().unwrap();
    let path = file(&directory);
    let store = open(&path).await;
    for suffix in ["", "-wal", "-shm"] {
        let name = path.with_file_name(format!("kubegraf.db{suffix}"));
        let mode = std::fs::metadata(&name).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{}", name.display());
    }
    store.close().await;
}

#[tokio::test]
async fn where_no_file_can_be_made_the_store_lives_in_memory_and_says_so() {
    let directory = tempfile::tempdir().unwrap();
    // A file where the directory should be: refused for root as well.
    std::fs::write(directory.path().join("data"), "").unwrap();
    let (store, notes) = Store::open(&file(&directory), now()).await.unwrap();
    assert!(
        matches!(notes.as_slice(), [OpenNote::InMemory { reason }] if reason.contains("data")),
        "{notes:?}"
    );
    assert_eq!(store.durability(), Durability::Memory);
    store.set_setting("theme", &"dark", NOW).await.unwrap();
    assert_eq!(
        store.setting::<String>("theme").await.unwrap().as_deref(),
        Some("dark")
    );
    store.close().await;
}

/// A disk of 1 MiB stands for a full one; mounting it needs root.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_full_disk_refuses_the_write_and_keeps_what_was_there() {
    let directory = tempfile::tempdir().unwrap();
    let mount = directory.path().join("data");
    std::fs::create_dir(&mount).unwrap();
    let mounted = Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=1m", "tmpfs"])
        .arg(&mount)
        .stderr(Stdio::null())
        .status();
    if !mounted.is_ok_and(|status| status.success()) {
        eprintln!("skipped: mounting a small disk needs root");
        return;
    }
    let path = file(&directory);
    let store = open(&path).await;
    let mut kept = 0;
    let refused = loop {
        let value = "x".repeat(20_000);
        match store.set_setting(&format!("key-{kept}"), &value, NOW).await {
            Ok(()) => kept += 1,
            Err(error) => break error,
        }
        assert!(kept < 1_000, "1 MiB takes no 20 MB");
    };
    assert!(kept > 2);
    let source = std::error::Error::source(&refused).unwrap().to_string();
    assert!(source.contains("full"), "{source}");
    let wire = kubegraf_ipc::Error::from(refused);
    assert_eq!(wire.code, kubegraf_ipc::Code::Storage);
    let last: String = store
        .setting(&format!("key-{}", kept - 1))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(last.len(), 20_000);
    store.close().await;
    let (again, _) = Store::open(&path, now()).await.unwrap();
    assert!(again.setting::<String>("key-0").await.unwrap().is_some());
    again.close().await;
    assert!(
        Command::new("umount")
            .arg(&mount)
            .status()
            .unwrap()
            .success()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_see_whole_writes_and_are_not_kept_waiting() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(&file(&directory)).await;
    store
        .begin_execution(&execution("e1"), &audit("e1", AuditPhase::Before))
        .await
        .unwrap();
    let writer = {
        let store = store.clone();
        tokio::spawn(async move {
            for batch in 0..50_u32 {
                let line = |n| LineRow {
                    at: NOW,
                    stderr: false,
                    text: format!("{batch}.{n}"),
                };
                let lines: Vec<_> = (0..20).map(line).collect();
                store.add_lines("e1", batch * 20, &lines).await.unwrap();
            }
        })
    };
    let mut reads = 0_u32;
    while !writer.is_finished() {
        let lines = store.lines("e1").await.unwrap();
        assert_eq!(lines.len() % 20, 0, "half a batch was visible");
        reads += 1;
    }
    writer.await.unwrap();
    assert!(reads > 5, "{reads} reads beside 50 writes");
    assert_eq!(store.lines("e1").await.unwrap().len(), 1_000);
    store.close().await;
}

const CHILD: &str = "KUBEGRAF_TEST_STORE_TO_WRITE";

/// Not a test of its own: the process that the next test kills.
#[tokio::test]
async fn child_that_writes_until_it_is_killed() {
    let Some(path) = std::env::var_os(CHILD) else {
        return;
    };
    let store = open(Path::new(&path)).await;
    for n in 0.. {
        let id = format!("e{n}");
        store
            .begin_execution(&execution(&id), &audit(&id, AuditPhase::Before))
            .await
            .unwrap();
        println!("\nacknowledged {n}");
    }
}

/// Covers: DAT-16
#[cfg(unix)]
#[tokio::test]
async fn a_killed_process_loses_nothing_it_has_acknowledged() {
    use std::{
        io::{BufRead, BufReader},
        os::unix::process::ExitStatusExt,
    };
    let directory = tempfile::tempdir().unwrap();
    let path = file(&directory);
    let mut acknowledged = 0;
    for round in 0..3 {
        // Each round takes a new file name, so that ids begin at 0 again.
        let path = path.with_file_name(format!("kubegraf-{round}.db"));
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "--nocapture",
                "on_disk::child_that_writes_until_it_is_killed",
            ])
            .env(CHILD, &path)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut last = None;
        for line in lines.map_while(Result::ok) {
            if let Some(number) = line.strip_prefix("acknowledged ") {
                last = Some(number.parse::<u32>().unwrap());
                if last == Some(20 + round * 7) {
                    child.kill().unwrap();
                }
            }
        }
        assert_eq!(child.wait().unwrap().signal(), Some(9));
        let last = last.expect("the child wrote");
        let (store, notes) = Store::open(&path, now()).await.unwrap();
        assert_eq!(notes, []);
        for n in 0..=last {
            assert!(
                store.execution(&format!("e{n}")).await.unwrap().is_some(),
                "e{n} of {last}"
            );
            assert_eq!(
                store.audit(Some(&format!("e{n}")), 10).await.unwrap().len(),
                1
            );
        }
        acknowledged += last;
        store.close().await;
    }
    assert!(acknowledged >= 60);
}

#[tokio::test]
async fn audit_rows_cannot_be_changed() {
    use sqlx::Connection;
    let directory = tempfile::tempdir().unwrap();
    let path = file(&directory);
    let store = open(&path).await;
    store
        .add_audit(&audit("e1", AuditPhase::Before))
        .await
        .unwrap();
    store.close().await;
    let url = format!("sqlite://{}", path.display());
    let mut raw = sqlx::SqliteConnection::connect(&url).await.unwrap();
    let error = sqlx::query("UPDATE audit SET who = 'no one'")
        .execute(&mut raw)
        .await
        .unwrap_err();
    assert!(error.to_string().contains("never changed"), "{error}");
    raw.close().await.unwrap();
}

fn header_version(path: &Path) -> u32 {
    let bytes = std::fs::read(path).unwrap();
    u32::from_be_bytes(bytes[60..64].try_into().unwrap())
}
