//! The store on a real file: what is acknowledged survives, what is broken is said.

#![allow(
    clippy::unwrap_used,
    reason = "a test file: what is not there fails the test"
)]

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use kubegraf_core::incidents::Tried;
use kubegraf_core::store::{
    AuditEntry, AuditPhase, Durability, FinishedExecution, IncidentQuery, IncidentRecord, LineRow,
    NewExecution, OpenNote, Remedy, Retention, SCHEMA_VERSION, Store,
};
use kubegraf_ipc::{
    execution::{Execution, ExecutionStatus, Outcome},
    incident::{Cause, Facts, Incident, IncidentRow, IncidentState, Severity},
    lifecycle::{Attention, Feedback, Verdict},
    object::ObjectRef,
};
use time::OffsetDateTime;

const NOW: i64 = 1_800_000_000;

fn now() -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(NOW).unwrap()
}

fn checkout() -> ObjectRef {
    ObjectRef {
        api_version: "apps/v1".into(),
        kind: "Deployment".into(),
        namespace: "shop".into(),
        name: "checkout".into(),
        uid: Some("uid-1".into()),
    }
}

async fn open(path: &Path) -> Store {
    let (store, notes) = Store::open(path, now()).await.unwrap();
    assert_eq!(notes, []);
    assert_eq!(store.durability(), Durability::Disk);
    store
}

fn file(directory: &tempfile::TempDir) -> PathBuf {
    directory.path().join("data").join("kubegraf.db")
}

fn execution(id: &str) -> NewExecution {
    NewExecution {
        request_id: format!("request-{id}"),
        plan_hash: "hash".into(),
        reverts: None,
        execution: Execution {
            id: id.into(),
            cluster: "prod".into(),
            title: "Roll back checkout".into(),
            action: "rollback_workload".into(),
            target: checkout(),
            incident: Some("inc-1".into()),
            status: ExecutionStatus::Running,
            outcome: None,
            started_at: NOW,
            duration: None,
            exit_code: None,
            resources_changed: vec![],
            revertible: false,
        },
    }
}

fn audit(id: &str, phase: AuditPhase) -> AuditEntry {
    AuditEntry {
        at: NOW,
        who: "ada as admin".into(),
        cluster: "prod".into(),
        action: "rollback_workload".into(),
        object: checkout(),
        phase,
        what: "patch spec.template".into(),
        result: (phase == AuditPhase::After).then(|| "applied and healed".into()),
        execution: Some(id.into()),
    }
}

fn incident(id: &str, fingerprint: &str, state: IncidentState) -> IncidentRecord {
    IncidentRecord {
        cluster: "prod".into(),
        fingerprint: fingerprint.into(),
        resolved_at: (state == IncidentState::Resolved).then_some(NOW),
        reopened: 0,
        incident: Incident {
            row: IncidentRow {
                id: id.into(),
                r#type: "image_pull_error".into(),
                severity: Severity::High,
                state,
                title: "checkout cannot pull its image".into(),
                resource: checkout(),
                cause: "image_tag_not_found".into(),
                confidence: 0.9,
                first_seen: NOW - 60,
                last_seen: NOW,
                fix_ready: true,
                reopened: 0,
                attention: Attention::default(),
            },
            description: "…".into(),
            root_cause: Cause {
                cause: "image_tag_not_found".into(),
                target: checkout(),
                container: Some("app".into()),
                confidence: 0.9,
                explanation: "…".into(),
                evidence: vec![],
                alternatives: vec![],
            },
            chain: vec![],
            symptoms: vec![],
            facts: Facts::default(),
            trigger: None,
            recommended_fixes: vec![],
            timestamp: "2027-01-15T08:00:00Z".into(),
            resolution: None,
            applied_fix: None,
        },
    }
}

/// Covers: DAT-01, DAT-09, DAT-16, DAT-19, EXE-07
#[tokio::test]
async fn an_execution_its_lines_and_its_audit_rows_are_there_after_reopening() {
    let directory = tempfile::tempdir().unwrap();
    let path = file(&directory);
    let store = open(&path).await;
    store
        .begin_execution(&execution("e1"), &audit("e1", AuditPhase::Before))
        .await
        .unwrap();
    let lines: Vec<_> = (0..3)
        .map(|n| LineRow {
            at: NOW + n,
            stderr: n == 2,
            text: format!("line {n}"),
        })
        .collect();
    store.add_lines("e1", 0, &lines[..2]).await.unwrap();
    store.add_lines("e1", 2, &lines[2..]).await.unwrap();
    let mut done = execution("e1").execution;
    done.status = ExecutionStatus::Succeeded;
    done.outcome = Some(Outcome::Healed);
    done.exit_code = Some(0);
    done.duration = Some(2.5);
    done.resources_changed = vec![checkout()];
    let finished = FinishedExecution {
        execution: done.clone(),
        undo: Some("{}".into()),
    };
    store
        .finish_execution(&finished, &audit("e1", AuditPhase::After))
        .await
        .unwrap();
    store.close().await;

    let store = open(&path).await;
    let row = store.execution("e1").await.unwrap().unwrap();
    done.revertible = true;
    assert_eq!(row.execution, done);
    assert_eq!(store.lines("e1").await.unwrap(), lines);
    let trail = store.audit(Some("e1"), 10).await.unwrap();
    let phases: Vec<_> = trail.iter().map(|row| row.entry.phase).collect();
    assert_eq!(phases, [AuditPhase::After, AuditPhase::Before]);
    assert_eq!(trail[1].entry, audit("e1", AuditPhase::Before));
    assert_eq!(store.executions(Some("prod"), 10).await.unwrap().len(), 1);
    assert_eq!(store.executions(Some("dev"), 10).await.unwrap().len(), 0);
    assert!(store.unfinished_executions().await.unwrap().is_empty());
    store.close().await;
}

/// Covers: DAT-09
#[tokio::test]
async fn a_request_id_is_stored_once_and_leaves_nothing_of_the_second() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(&file(&directory)).await;
    store
        .begin_execution(&execution("e1"), &audit("e1", AuditPhase::Before))
        .await
        .unwrap();
    let mut again = execution("e2");
    again.request_id = "request-e1".into();
    let error = store
        .begin_execution(&again, &audit("e2", AuditPhase::Before))
        .await
        .unwrap_err();
    assert!(error.is_duplicate(), "{error:?}");
    assert_eq!(store.audit(Some("e2"), 10).await.unwrap(), []);
    assert_eq!(
        store
            .execution_of_request("request-e1")
            .await
            .unwrap()
            .as_deref(),
        Some("e1")
    );
    store.close().await;
}

/// Covers: DAT-05, LRN-06
#[tokio::test]
async fn incidents_keep_what_a_person_said_and_open_once_per_fingerprint() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(&file(&directory)).await;
    let first = incident("inc-1", "print", IncidentState::Open);
    store
        .save_incidents(std::slice::from_ref(&first))
        .await
        .unwrap();
    let attention = Attention {
        acknowledged_at: Some(NOW),
        acknowledged_by: Some("ada".into()),
        snoozed_until: Some(NOW + 3600),
    };
    assert!(
        store
            .set_attention("prod", "inc-1", &attention)
            .await
            .unwrap()
    );
    assert!(
        !store
            .set_attention("dev", "inc-1", &attention)
            .await
            .unwrap()
    );
    store
        .save_incidents(std::slice::from_ref(&first))
        .await
        .unwrap();
    let read = store.incident("prod", "inc-1").await.unwrap().unwrap();
    let mut kept = first.clone();
    kept.incident.row.attention = attention;
    assert_eq!(read, kept);
    let mut again = first.clone();
    again.reopened = 1;
    store
        .save_incidents(std::slice::from_ref(&again))
        .await
        .unwrap();
    let read = store.incident("prod", "inc-1").await.unwrap().unwrap();
    assert_eq!(read, again, "one that comes back is news");

    let said = |verdict, note: &str| Feedback {
        at: NOW,
        who: "ada".into(),
        verdict,
        correct_cause: None,
        note: note.into(),
    };
    let all = [said(Some(Verdict::WrongCause), ""), said(None, "was me")];
    for one in &all {
        store
            .add_feedback("prod", "inc-1", "image_tag_not_found", one)
            .await
            .unwrap();
    }
    assert_eq!(store.feedback("prod", "inc-1").await.unwrap(), all);
    assert!(store.feedback("dev", "inc-1").await.unwrap().is_empty());

    let second = incident("inc-2", "print", IncidentState::Open);
    assert!(
        store
            .save_incidents(std::slice::from_ref(&second))
            .await
            .unwrap_err()
            .is_duplicate()
    );
    // Resolved and reopened under a new id in one go, in the "wrong" order.
    let resolved = incident("inc-1", "print", IncidentState::Resolved);
    store.save_incidents(&[second, resolved]).await.unwrap();
    let open = IncidentQuery {
        unresolved: true,
        limit: 10,
        ..IncidentQuery::default()
    };
    let ids = |found: Vec<IncidentRecord>| -> Vec<String> {
        found
            .into_iter()
            .map(|record| record.incident.row.id)
            .collect()
    };
    assert_eq!(ids(store.incidents(&open).await.unwrap()), ["inc-2"]);
    let similar = IncidentQuery {
        cause: Some("image_tag_not_found".into()),
        limit: 10,
        ..IncidentQuery::default()
    };
    assert_eq!(
        ids(store.incidents(&similar).await.unwrap()),
        ["inc-1", "inc-2"]
    );
    store.close().await;
}

/// Covers: DAT-11
#[tokio::test]
async fn settings_are_replaced_and_forgotten() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(&file(&directory)).await;
    assert_eq!(store.setting::<Vec<String>>("pins").await.unwrap(), None);
    store.set_setting("pins", &vec!["pods"], NOW).await.unwrap();
    store
        .set_setting("pins", &vec!["nodes", "pods"], NOW)
        .await
        .unwrap();
    assert_eq!(
        store.setting::<Vec<String>>("pins").await.unwrap().unwrap(),
        ["nodes", "pods"]
    );
    assert!(
        store.setting::<u32>("pins").await.is_err(),
        "another shape is an error, not a default"
    );
    store.clear_setting("pins").await.unwrap();
    assert_eq!(store.setting::<Vec<String>>("pins").await.unwrap(), None);
    store.close().await;
}

/// Covers: DAT-06
#[tokio::test]
async fn a_fix_that_worked_long_ago_counts_less() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(&file(&directory)).await;
    let other = ObjectRef {
        name: "cart".into(),
        ..checkout()
    };
    for (n, (owner, cluster, worked, days)) in [
        (checkout(), "prod", true, 0),
        (checkout(), "prod", false, 90),
        (other, "prod", true, 0),
        (checkout(), "dev", true, 0),
    ]
    .into_iter()
    .enumerate()
    {
        let tried = Tried {
            cluster: cluster.into(),
            cause: "image_tag_not_found".into(),
            action: "rollback_workload".into(),
            owner,
            worked,
            at: NOW - days * 86_400,
        };
        let remedy = Remedy {
            execution: format!("e{n}"),
            tried,
        };
        store.add_remedy(&remedy).await.unwrap();
        store.add_remedy(&remedy).await.unwrap();
    }
    let tried = store.tried().await.unwrap();
    assert_eq!(tried.len(), 4);
    let worked = tried.iter().filter(|one| one.worked).count();
    let here = tried.iter().filter(|one| one.cluster == "prod").count();
    assert_eq!((worked, here), (3, 3));
    assert_eq!((tried[0].worked, tried[0].at), (false, NOW - 90 * 86_400));
    assert_eq!(tried[0].owner.name, checkout().name);
    store.close().await;
}

#[tokio::test]
async fn a_sweep_drops_what_is_old_and_finished_and_nothing_else() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(&file(&directory)).await;
    store
        .begin_execution(&execution("old"), &audit("old", AuditPhase::Before))
        .await
        .unwrap();
    store
        .add_lines(
            "old",
            0,
            &[LineRow {
                at: NOW,
                stderr: false,
                text: "x".into(),
            }],
        )
        .await
        .unwrap();
    store
        .begin_execution(&execution("running"), &audit("running", AuditPhase::Before))
        .await
        .unwrap();
    let mut done = execution("old").execution;
    done.status = ExecutionStatus::Failed;
    done.outcome = Some(Outcome::NotApplied);
    let finished = FinishedExecution {
        execution: done,
        undo: None,
    };
    store
        .finish_execution(&finished, &audit("old", AuditPhase::After))
        .await
        .unwrap();
    store
        .save_incidents(&[
            incident("inc-1", "a", IncidentState::Resolved),
            incident("inc-2", "b", IncidentState::Open),
        ])
        .await
        .unwrap();
    let retention = Retention::default();
    let just_before = store.sweep(retention, NOW + 90 * 86_400).await.unwrap();
    assert_eq!(
        (
            just_before.executions,
            just_before.incidents,
            just_before.audit
        ),
        (0, 0, 0)
    );
    let swept = store.sweep(retention, NOW + 90 * 86_400 + 1).await.unwrap();
    assert_eq!((swept.executions, swept.incidents, swept.audit), (1, 1, 0));
    assert!(store.lines("old").await.unwrap().is_empty());
    assert!(store.execution("running").await.unwrap().is_some());
    assert!(store.incident("prod", "inc-2").await.unwrap().is_some());
    assert_eq!(
        store
            .sweep(retention, NOW + 366 * 86_400)
            .await
            .unwrap()
            .audit,
        3
    );
    store.close().await;
}

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
                "child_that_writes_until_it_is_killed",
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
