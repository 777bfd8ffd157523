//! The store on a real file: what is acknowledged survives, what is broken is said.

#![allow(
    clippy::unwrap_used,
    reason = "a test file: what is not there fails the test"
)]

#[path = "store/on_disk.rs"]
mod on_disk;

use std::path::{Path, PathBuf};

use kubegraf_core::incidents::Tried;
use kubegraf_core::store::{
    AuditEntry, AuditPhase, Durability, FinishedExecution, IncidentQuery, IncidentRecord, LineRow,
    NewExecution, Remedy, Retention, Store,
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
