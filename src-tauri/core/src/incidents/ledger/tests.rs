use super::*;
use crate::incidents::{
    evaluate,
    fixtures::{Scene, deployment, pod, replica_set},
};

const CREATED: i64 = 1_790_000_123;

fn broken() -> Snapshot {
    Scene::of([
        deployment("web", 1).revision(2).into(),
        replica_set("web", 1).ready(1).into(),
        replica_set("web", 2).pods(1).into(),
        pod("web-2-a")
            .waiting("ImagePullBackOff", "manifest unknown")
            .of("web", 2)
            .into(),
    ])
    .snapshot()
}

fn healed() -> Snapshot {
    Scene::of([deployment("web", 1).revision(3).complete().into()]).snapshot()
}

/// Moves the snapshot on and takes it in.
fn step(ledger: &mut Ledger, snapshot: Snapshot, seconds: i64) -> Vec<StoredIncident> {
    let snapshot = Snapshot {
        now: snapshot.now + seconds,
        ..snapshot
    };
    let found = evaluate(&snapshot);
    ledger.observe(&snapshot, found, CREATED)
}

fn fix() -> AppliedFix {
    AppliedFix {
        action: "rollback_workload".into(),
        description: "roll Deployment \"web\" back".into(),
        at: 5,
    }
}

fn ledger() -> Ledger {
    Ledger::new("test", Quiet::default())
}

fn state(ledger: &Ledger) -> (IncidentState, Option<String>) {
    let rows = ledger.rows();
    let stored = ledger.get(&rows[0].id).unwrap();
    (rows[0].state, stored.incident.resolution.clone())
}

/// Covers: INC-09, INC-10
#[test]
fn an_incident_opens_resolves_and_reopens_under_one_id() {
    let mut ledger = ledger();
    assert_eq!(step(&mut ledger, broken(), 0).len(), 1);
    let id = ledger.rows()[0].id.clone();
    assert_eq!(id, "inc-image_pull_error-1790000123");
    assert_eq!(
        ledger.get(&id).unwrap().incident.timestamp,
        "2026-09-21T14:15:23Z"
    );
    step(&mut ledger, healed(), 10);
    assert_eq!(state(&ledger), (IncidentState::Resolving, None));
    step(&mut ledger, healed(), 299);
    assert_eq!(state(&ledger), (IncidentState::Resolving, None));
    step(&mut ledger, healed(), 301);
    assert_eq!(
        state(&ledger),
        (IncidentState::Resolved, Some("auto".into()))
    );
    step(&mut ledger, broken(), 1_000);
    assert_eq!(state(&ledger), (IncidentState::Open, None));
    assert_eq!(
        (
            ledger.rows()[0].id.clone(),
            ledger.get(&id).unwrap().reopened
        ),
        (id, 1)
    );
}

#[test]
fn after_a_day_it_is_another_incident() {
    let mut ledger = ledger();
    step(&mut ledger, broken(), 0);
    step(&mut ledger, healed(), 400);
    step(&mut ledger, broken(), 400 + REOPENS + 1);
    let rows = ledger.rows();
    assert_eq!(rows.len(), 1);
    assert_eq!(ledger.get(&rows[0].id).unwrap().reopened, 0);
}

#[test]
fn a_fix_resolves_at_once_when_its_rollout_is_complete() {
    let mut ledger = ledger();
    step(&mut ledger, broken(), 0);
    let id = ledger.rows()[0].id.clone();
    assert!(ledger.fix_applied(&id, fix()));
    assert!(!ledger.fix_applied("inc-x-1", fix()));
    let rolling = Scene::of([deployment("web", 1).revision(3).into()]).snapshot();
    step(&mut ledger, rolling, 6);
    assert_eq!(state(&ledger), (IncidentState::Resolving, None));
    step(&mut ledger, healed(), 8);
    assert_eq!(
        state(&ledger),
        (IncidentState::Resolved, Some("fix".into()))
    );
}

#[test]
fn an_unreadable_kind_freezes_and_a_gone_owner_resolves() {
    let mut ledger = ledger();
    step(&mut ledger, broken(), 0);
    let blind = Snapshot {
        pods: None,
        ..healed()
    };
    assert!(step(&mut ledger, blind, 90_000).is_empty());
    assert_eq!(state(&ledger), (IncidentState::Open, None));
    let mut ledger = Ledger::new("test", Quiet::default());
    step(&mut ledger, broken(), 0);
    let empty = Scene::of([]).snapshot();
    step(&mut ledger, empty.clone(), 30);
    assert_eq!(state(&ledger), (IncidentState::Resolving, None));
    step(&mut ledger, empty, 60);
    assert_eq!(
        state(&ledger),
        (IncidentState::Resolved, Some("object_gone".into()))
    );
}

#[test]
fn a_stored_incident_goes_on_after_a_restart() {
    let mut before = ledger();
    step(&mut before, broken(), 0);
    let id = before.rows()[0].id.clone();
    let seen = Attention {
        acknowledged_at: Some(7),
        acknowledged_by: Some("ada".into()),
        snoozed_until: None,
    };
    assert!(before.fix_applied(&id, fix()) && before.attend(&id, seen.clone()));
    let stored = step(&mut before, broken(), 1);
    let text = serde_json::to_string(&stored).unwrap();
    let read: Vec<StoredIncident> = serde_json::from_str(&text).unwrap();
    assert_eq!(read, stored);
    let mut after = ledger().restore(read);
    step(&mut after, broken(), 60);
    assert_eq!(after.rows().len(), 1);
    assert_eq!(after.rows()[0].id, id);
    assert_eq!(after.rows()[0].attention, seen);
    assert_eq!(after.get(&id).unwrap().incident.applied_fix, Some(fix()));
    step(&mut after, healed(), 2_000);
    step(&mut after, broken(), 3_000);
    let back = after.get(&id).unwrap();
    assert_eq!(back.incident.row.attention, Attention::default());
    assert_eq!(
        (back.incident.row.reopened, &back.incident.applied_fix),
        (1, &None)
    );
}

/// Covers: INC-14
#[test]
fn rows_carry_changes_only_and_the_summary_adds_up() {
    let mut ledger = ledger();
    step(&mut ledger, broken(), 0);
    let first = ledger.rows();
    assert!(matches!(&deltas(&[], &first)[..], [Delta::Apply { rows }] if rows.len() == 1));
    step(&mut ledger, broken(), 30);
    assert_eq!(deltas(&first, &ledger.rows()), []);
    assert_eq!(summary(&first).total, 1);
    assert_eq!(summary(&first).by_severity.high, 1);
    step(&mut ledger, healed(), 600);
    assert_eq!(summary(&ledger.rows()).total, 0);
    assert!(matches!(
        &deltas(&first, &ledger.rows())[..],
        [Delta::Apply { .. }]
    ));
    assert!(matches!(&deltas(&first, &[])[..], [Delta::Delete { ids }] if ids.len() == 1));
}

#[test]
fn two_incidents_of_one_type_and_second_have_two_ids() {
    let mut ledger = ledger();
    let two = Scene::of([
        pod("a").waiting("ErrImageNeverPull", "").into(),
        pod("b").waiting("ErrImageNeverPull", "").into(),
    ]);
    step(&mut ledger, two.snapshot(), 0);
    let mut ids: Vec<String> = ledger.rows().into_iter().map(|row| row.id).collect();
    ids.sort();
    assert_eq!(
        ids,
        [
            "inc-image_pull_error-1790000123",
            "inc-image_pull_error-1790000124"
        ]
    );
}
