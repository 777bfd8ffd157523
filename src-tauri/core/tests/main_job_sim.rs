//! The main job through the façade, on the embedded demo cluster: an incident is found with its
//! cause, its fix is previewed, applied and seen to work, and the incident resolves.

#![allow(
    clippy::unwrap_used,
    reason = "a test file: what is not there fails the test"
)]

#[path = "demo/stage.rs"]
mod stage;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use kubegraf_core::{Core, StreamKey};
use kubegraf_ipc::{
    Code,
    execution::{
        ApplyPlan, DryRun, ExecutionEvent, ExecutionStatus, ListExecutions, Outcome, PreviewFix,
        WatchExecution,
    },
    incident::{
        FixRecord, GetIncident, IncidentRow, IncidentState, IncidentsEvent, WatchIncidents,
    },
    lifecycle::{
        AcknowledgeIncident, GiveFeedback, ListFeedback, SimilarIncidents, SnoozeIncident, Verdict,
    },
    object::Delta,
};
use stage::{DEMO, start, until};

type Rows = Arc<Mutex<BTreeMap<String, IncidentRow>>>;

async fn incidents(core: &Core, channel: u32) -> Rows {
    let rows = Rows::default();
    let held = Arc::clone(&rows);
    let take = Box::new(move |event: IncidentsEvent| {
        let mut rows = held.lock().unwrap();
        for delta in event.deltas {
            match delta {
                Delta::Reset { rows: all } => {
                    *rows = all.into_iter().map(|row| (row.id.clone(), row)).collect();
                }
                Delta::Apply { rows: changed } => {
                    rows.extend(changed.into_iter().map(|row| (row.id.clone(), row)));
                }
                Delta::Delete { ids } => rows.retain(|id, _| !ids.contains(id)),
            }
        }
        true
    });
    let request = WatchIncidents {
        cluster: DEMO.into(),
    };
    core.watch_incidents(request, StreamKey::new("test", channel), take)
        .await
        .unwrap();
    rows
}

fn find(rows: &Rows, name: &str) -> Option<IncidentRow> {
    let rows = rows.lock().unwrap();
    rows.values().find(|row| row.resource.name == name).cloned()
}

/// Acknowledges, snoozes and judges an incident as a person would.
async fn attended(core: &Core, rows: &Rows, id: &str) {
    let (cluster, id) = (DEMO.to_owned(), id.to_owned());
    core.acknowledge_incident(AcknowledgeIncident {
        request_id: "ack".into(),
        cluster: cluster.clone(),
        id: id.clone(),
        acknowledged: true,
    })
    .await
    .unwrap();
    let snooze = |request: &str, seconds| SnoozeIncident {
        request_id: request.into(),
        cluster: cluster.clone(),
        id: id.clone(),
        seconds,
    };
    core.snooze_incident(snooze("s1", 3600)).await.unwrap();
    let refused = core.snooze_incident(snooze("s2", u32::MAX)).await;
    assert_eq!(refused.unwrap_err().code, Code::InvalidArgument);
    until("the acknowledgement in the list", async || {
        let attention = rows.lock().unwrap().get(&id)?.attention.clone();
        let by = attention.acknowledged_by.as_deref() == Some("tester");
        (by && attention.snoozed_until.is_some()).then_some(())
    })
    .await;
    let judge = |request: &str, verdict, note: &str| GiveFeedback {
        request_id: request.into(),
        cluster: cluster.clone(),
        id: id.clone(),
        verdict,
        correct_cause: None,
        note: note.into(),
    };
    let verdict = Some(Verdict::Correct);
    core.give_feedback(judge("f1", verdict, "as always"))
        .await
        .unwrap();
    let empty = core.give_feedback(judge("f2", None, " ")).await;
    assert_eq!(empty.unwrap_err().code, Code::InvalidArgument);
    let asked = ListFeedback {
        cluster: cluster.clone(),
        id: id.clone(),
    };
    let said = core.list_feedback(asked).await.unwrap();
    assert_eq!((said.len(), said[0].verdict), (1, verdict));
    let gone = core
        .similar_incidents(SimilarIncidents {
            cluster,
            id: "inc-none-1".into(),
        })
        .await;
    assert_eq!(gone.unwrap_err().code, Code::NotFound);
}

/// Covers: INC-07, INC-09, INC-10, FIX-01, FIX-03, FIX-05, FIX-06, EXE-02, EXE-07, LRN-06
#[tokio::test(flavor = "multi_thread")]
async fn the_demo_clusters_broken_rollout_is_found_and_healed() {
    let data = tempfile::tempdir().unwrap();
    let core = start(data.path()).await;
    let rows = incidents(&core, 1).await;
    let row = until("incident of checkout", async || find(&rows, "checkout")).await;
    assert_eq!(
        (row.cause.as_str(), row.resource.kind.as_str()),
        ("image_tag_not_found", "Deployment")
    );
    assert!(
        row.fix_ready && row.id.starts_with(&format!("inc-{}-", row.r#type)),
        "{row:?}"
    );

    let asked = GetIncident {
        cluster: DEMO.into(),
        id: row.id.clone(),
    };
    let incident = core.get_incident(asked.clone()).await.unwrap();
    let reason = incident
        .root_cause
        .evidence
        .iter()
        .find(|evidence| evidence.field.contains("state.waiting.reason"));
    assert!(
        reason.is_some(),
        "the evidence names the field: {:?}",
        incident.root_cause.evidence
    );
    assert_eq!(incident.recommended_fixes[0].action, "rollback_workload");

    attended(&core, &rows, &row.id).await;

    let preview = PreviewFix {
        cluster: DEMO.into(),
        incident: row.id.clone(),
        fix: 0,
    };
    let plan = core.preview_fix(preview).await.unwrap();
    assert_eq!(
        (plan.applicable, &plan.dry_run),
        (true, &DryRun::Accepted),
        "{plan:?}"
    );
    assert!(
        plan.diff.iter().any(|line| line.text.contains("image:")),
        "{:?}",
        plan.diff
    );

    let approve = |hash: &str| ApplyPlan {
        request_id: format!("r-{hash}"),
        plan: plan.id.clone(),
        hash: hash.into(),
        typed: None,
    };
    let other = core
        .apply_plan(approve("something else"))
        .await
        .unwrap_err();
    assert_eq!(
        other.code,
        Code::Conflict,
        "what was not shown is not applied: {other:?}"
    );
    let started = core.apply_plan(approve(&plan.hash)).await.unwrap();
    let resent = core.apply_plan(approve(&plan.hash)).await.unwrap();
    assert_eq!(started, resent, "a resent approval runs once");

    let said = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&said);
    let take = Box::new(move |event| {
        heard.lock().unwrap().push(event);
        true
    });
    let watch = WatchExecution {
        execution: started.execution.clone(),
    };
    core.watch_execution(watch, StreamKey::new("test", 2), take)
        .await
        .unwrap();
    until("end of the execution", async || {
        let said = said.lock().unwrap();
        said.iter()
            .any(|event| matches!(event, ExecutionEvent::Complete { .. }))
            .then_some(())
    })
    .await;
    let end = said.lock().unwrap().last().cloned();
    assert!(
        matches!(
            end,
            Some(ExecutionEvent::Complete {
                exit_code: 0,
                outcome: Outcome::Healed,
                ..
            })
        ),
        "{:#?}",
        said.lock().unwrap()
    );
    until("resolved incident", async || {
        (find(&rows, "checkout")?.state == IncidentState::Resolved).then_some(())
    })
    .await;
    let record = FixRecord {
        worked: 1,
        times: 1,
    };
    let resolved = until("a fix that is known to have worked", async || {
        let incident = core.get_incident(asked.clone()).await.unwrap();
        (incident.recommended_fixes[0].record == Some(record)).then_some(incident)
    })
    .await;
    assert_eq!(resolved.resolution.as_deref(), Some("fix"));
    let applied = resolved.applied_fix.map(|fix| fix.action);
    assert_eq!(applied.as_deref(), Some("rollback_workload"));

    let history = core
        .list_executions(ListExecutions {
            cluster: Some(DEMO.into()),
            limit: 10,
        })
        .await
        .unwrap();
    assert_eq!(
        (history.len(), history[0].status),
        (1, ExecutionStatus::Succeeded)
    );
    assert!(history[0].revertible && !history[0].resources_changed.is_empty());
    core.stop().await;
}

/// Covers: RTU-12
#[tokio::test(flavor = "multi_thread")]
async fn what_a_stream_started_ends_with_it() {
    let data = tempfile::tempdir().unwrap();
    let core = start(data.path()).await;
    let rows = incidents(&core, 1).await;
    until("incidents", async || {
        (!rows.lock().unwrap().is_empty()).then_some(())
    })
    .await;
    let watches = core.running_watches(DEMO).unwrap();
    let again = incidents(&core, 2).await;
    until("incidents again", async || {
        (!again.lock().unwrap().is_empty()).then_some(())
    })
    .await;
    assert_eq!(
        core.running_watches(DEMO).unwrap(),
        watches,
        "a second reader starts no watch"
    );
    assert_eq!(core.open_streams(), 2);
    core.end_streams("test");
    assert_eq!(core.open_streams(), 0);
    core.stop().await;
}

/// The demo cluster is ill in ten ways and no other: what is found more is noise.
#[tokio::test(flavor = "multi_thread")]
async fn the_demo_cluster_has_its_ten_incidents() {
    let data = tempfile::tempdir().unwrap();
    let core = start(data.path()).await;
    let rows = incidents(&core, 1).await;
    let seen = || -> Vec<String> {
        let rows = rows.lock().unwrap();
        let open = rows.values().filter(|row| row.state == IncidentState::Open);
        open.map(|row| format!("{} {}/{}", row.r#type, row.resource.kind, row.resource.name))
            .collect()
    };
    until("ten incidents", async || (seen().len() >= 10).then_some(())).await;
    tokio::time::sleep(Duration::from_secs(8)).await;
    assert_eq!(seen().len(), 10, "{:#?}", seen());
    core.stop().await;
}
