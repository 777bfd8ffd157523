//! Undo records at rest: the database never holds what they say, and gives it back.

#![allow(
    clippy::unwrap_used,
    reason = "a test file: what is not there fails the test"
)]

use std::{fs, path::Path};

use kubegraf_core::store::{
    AuditEntry, AuditPhase, FinishedExecution, NewExecution, SCHEMA_VERSION, Store,
};
use kubegraf_ipc::{
    execution::{Execution, ExecutionStatus},
    object::ObjectRef,
};
use sqlx::{Connection, SqliteConnection};
use time::OffsetDateTime;

const NOW: i64 = 1_800_000_000;
/// A plain variable of a pod template, as an undo record holds it.
const UNDO: &str = r#"{"way":"restore","with":[{"op":"add","path":"/spec","value":{"env":[{"name":"PASSWORD","value":"correct-horse"}]}}]}"#;

async fn open(path: &Path) -> Store {
    let now = OffsetDateTime::from_unix_timestamp(NOW).unwrap();
    let (store, notes) = Store::open(path, now).await.unwrap();
    assert_eq!(notes, []);
    store
}

async fn execute(store: &Store, undo: Option<&str>) {
    let target = ObjectRef {
        api_version: "apps/v1".into(),
        kind: "Deployment".into(),
        namespace: "shop".into(),
        name: "checkout".into(),
        uid: None,
    };
    let execution = Execution {
        id: "e1".into(),
        cluster: "prod".into(),
        title: "Roll back checkout".into(),
        action: "rollback_workload".into(),
        target: target.clone(),
        incident: None,
        status: ExecutionStatus::Running,
        outcome: None,
        started_at: NOW,
        duration: None,
        exit_code: None,
        resources_changed: Vec::new(),
        revertible: false,
    };
    let entry = |phase| AuditEntry {
        at: NOW,
        who: "ada".into(),
        cluster: "prod".into(),
        action: "rollback_workload".into(),
        object: target.clone(),
        phase,
        what: "patch spec.template".into(),
        result: None,
        execution: Some("e1".into()),
    };
    let new = NewExecution {
        request_id: "r1".into(),
        plan_hash: "hash".into(),
        reverts: None,
        execution: execution.clone(),
    };
    store
        .begin_execution(&new, &entry(AuditPhase::Before))
        .await
        .unwrap();
    store
        .keep_undo("e1", std::slice::from_ref(&target), undo)
        .await
        .unwrap();
    let finished = FinishedExecution {
        execution: Execution {
            status: ExecutionStatus::Succeeded,
            ..execution
        },
        undo: undo.map(str::to_owned),
    };
    store
        .finish_execution(&finished, &entry(AuditPhase::After))
        .await
        .unwrap();
}

/// Whether any file of the folder holds the text.
fn holds(folder: &Path, text: &str) -> bool {
    fs::read_dir(folder).unwrap().any(|file| {
        let bytes = fs::read(file.unwrap().path()).unwrap();
        bytes
            .windows(text.len())
            .any(|window| window == text.as_bytes())
    })
}

async fn undo(store: &Store) -> Option<String> {
    store.execution("e1").await.unwrap().unwrap().undo
}

#[tokio::test]
async fn what_an_undo_record_says_is_nowhere_in_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kubegraf.db");
    let store = open(&path).await;
    execute(&store, Some(UNDO)).await;
    // Also not in the log of what is not in the file yet.
    assert!(!holds(folder.path(), "correct-horse"));
    assert!(holds(folder.path(), "Roll back checkout"));
    assert_eq!(undo(&store).await.as_deref(), Some(UNDO));
    store.close().await;
    assert!(!holds(folder.path(), "correct-horse"));

    let store = open(&path).await;
    assert_eq!(undo(&store).await.as_deref(), Some(UNDO));
    assert_eq!(
        store.executions(None, 9).await.unwrap()[0].undo.as_deref(),
        Some(UNDO)
    );
    store.close().await;
    fs::remove_file(folder.path().join("kubegraf.db.key")).unwrap();

    // With another key there is no way back, and everything else is still there.
    let store = open(&path).await;
    let row = store.execution("e1").await.unwrap().unwrap();
    assert_eq!(row.undo, None);
    assert!(!row.execution.revertible);
    assert_eq!(row.execution.title, "Roll back checkout");
    store.close().await;
}

#[tokio::test]
async fn records_from_before_they_were_sealed_are_sealed_at_the_next_start() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kubegraf.db");
    let store = open(&path).await;
    execute(&store, None).await;
    store.close().await;
    let url = format!("sqlite://{}", path.display());
    let mut plain = SqliteConnection::connect(&url).await.unwrap();
    sqlx::query("UPDATE executions SET undo = ?")
        .bind(UNDO)
        .execute(&mut plain)
        .await
        .unwrap();
    plain.close().await.unwrap();
    assert!(holds(folder.path(), "correct-horse"));

    let store = open(&path).await;
    assert!(!holds(folder.path(), "correct-horse"));
    assert_eq!(undo(&store).await.as_deref(), Some(UNDO));
    store.close().await;
    assert!(!holds(folder.path(), "correct-horse"));
    let header = fs::read(&path).unwrap();
    let version = u32::from_be_bytes(header[60..64].try_into().unwrap());
    assert_eq!(version, SCHEMA_VERSION);
}
