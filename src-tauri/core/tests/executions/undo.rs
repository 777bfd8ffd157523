//! What stays of an execution: how it is put back, and what is never written down.

use std::time::Duration;

use futures::StreamExt;
use kubegraf_core::executions::{Change, Executions, Intent, Target};
use kubegraf_ipc::{
    Code,
    execution::{DiffTag, DryRun, ExecutionEvent, ExecutionStatus, Outcome},
};

use crate::fake::{CHECKOUT, PASSWORD};
use crate::stage::{
    Bench, Story, heals, image, open, ports, roll_back, roll_back_checked_by, rotate,
    waits_for_ever,
};

#[tokio::test]
async fn an_execution_the_app_did_not_survive_is_interrupted_and_can_be_undone() {
    let bench = Bench::new().await;
    let plan = bench.plan(roll_back_checked_by(waits_for_ever())).await;
    let execution = bench.apply(&plan).await;
    let mut events = bench.executions.watch(&execution).await.unwrap();
    while let Some(event) = events.next().await {
        if matches!(&event, ExecutionEvent::Stdout { data, .. } if data == "still waiting") {
            break;
        }
    }
    // Lines reach the disk a little later than the reader.
    tokio::time::sleep(Duration::from_millis(400)).await;
    drop(events);
    let Bench {
        directory,
        fake,
        store,
        clock,
        executions,
        target,
    } = bench;
    drop(executions);
    store.close().await;

    let store = open(directory.path()).await;
    let executions = Executions::new(store.clone(), ports(&clock));
    assert_eq!(
        executions.recover().await.unwrap(),
        std::slice::from_ref(&execution)
    );
    assert_eq!(executions.recover().await.unwrap(), [""; 0], "once");
    let done = executions.get(&execution).await.unwrap();
    assert_eq!(
        (done.status, done.outcome),
        (ExecutionStatus::Failed, Some(Outcome::Interrupted))
    );
    let story = Story(executions.watch(&execution).await.unwrap().collect().await);
    assert!(story.text().contains("still waiting"));
    assert!(
        story.lines().last().unwrap().1.contains("the app ended"),
        "{}",
        story.text()
    );
    assert_eq!(story.end(), (Outcome::Interrupted, 1));
    assert_eq!(store.audit(Some(&execution), 10).await.unwrap().len(), 2);
    let back = executions.plan_revert(&target, &execution).await.unwrap();
    assert!(back.applicable, "{back:?}");
    assert_eq!(fake.changes().len(), 1);
}

#[tokio::test]
async fn undo_puts_back_exactly_what_was_changed_and_can_be_undone_itself() {
    let bench = Bench::new().await;
    let execution = bench
        .apply(&bench.plan(roll_back_checked_by(heals())).await)
        .await;
    bench.story(&execution).await;
    assert_eq!(image(&bench.fake), "registry.local/checkout:1.9");
    // A change of another field stays.
    bench
        .fake
        .edit(CHECKOUT, |object| object["spec"]["replicas"] = 7.into());

    let back = bench
        .executions
        .plan_revert(&bench.target, &execution)
        .await
        .unwrap();
    assert!(back.applicable, "{back:?}");
    let changed: Vec<_> = back
        .diff
        .iter()
        .filter(|line| line.tag == DiffTag::Insert)
        .collect();
    assert_eq!(changed.len(), 1);
    assert!(
        changed[0]
            .text
            .ends_with("image: registry.local/checkout:2.0"),
        "{changed:?}"
    );
    let reverting = bench.apply_and_leave(&back).await;
    assert_eq!(image(&bench.fake), "registry.local/checkout:2.0");
    assert_eq!(bench.fake.object(CHECKOUT).unwrap()["spec"]["replicas"], 7);
    let row = bench.store.execution(&reverting).await.unwrap().unwrap();
    assert_eq!(row.reverts.as_deref(), Some(execution.as_str()));

    // A second time there is nothing to put back.
    let again = bench
        .executions
        .plan_revert(&bench.target, &execution)
        .await
        .unwrap();
    let DryRun::Refused { message } = &again.dry_run else {
        panic!("{again:?}")
    };
    assert!(
        message.contains("is no longer what this execution left there"),
        "{message}"
    );
    assert!(!again.applicable);
    let elsewhere = Target {
        cluster: "c-dev".into(),
        ..bench.target.clone()
    };
    let error = bench
        .executions
        .plan_revert(&elsewhere, &execution)
        .await
        .unwrap_err();
    assert_eq!(kubegraf_ipc::Error::from(error).code, Code::InvalidArgument);
}

#[tokio::test]
async fn a_deleted_object_can_be_made_again_and_a_made_one_deleted() {
    let bench = Bench::new().await;
    let delete = Intent {
        title: "Delete checkout".into(),
        change: Change::Delete,
        ..roll_back()
    };
    let plan = bench.plan(delete).await;
    assert!(plan.diff.iter().all(|line| line.tag == DiffTag::Delete));
    assert!(
        plan.blast_radius.contains(&"4 pods go with it".to_owned()),
        "{:?}",
        plan.blast_radius
    );
    let deleting = bench.apply(&plan).await;
    let story = bench.story(&deleting).await;
    assert_eq!(story.end(), (Outcome::Healed, 0), "{}", story.text());
    assert_eq!(bench.fake.object(CHECKOUT), None);

    let back = bench
        .executions
        .plan_revert(&bench.target, &deleting)
        .await
        .unwrap();
    assert!(
        back.applicable && back.diff.iter().all(|line| line.tag == DiffTag::Insert),
        "{back:?}"
    );
    let making = bench.apply_and_leave(&back).await;
    assert_eq!(image(&bench.fake), "registry.local/checkout:2.0");

    let away = bench
        .executions
        .plan_revert(&bench.target, &making)
        .await
        .unwrap();
    let story = bench.story(&bench.apply(&away).await).await;
    assert_eq!(story.end(), (Outcome::Healed, 0));
    assert_eq!(bench.fake.object(CHECKOUT), None);
}

/// Covers: SEC-11
#[tokio::test]
async fn a_secrets_values_are_nowhere_but_in_the_request() {
    let bench = Bench::new().await;
    let plan = bench.plan(rotate()).await;
    let changed: Vec<_> = plan
        .diff
        .iter()
        .filter(|line| matches!(line.tag, DiffTag::Delete | DiffTag::Insert))
        .collect();
    assert_eq!(changed.len(), 2, "{changed:?}");
    assert!(
        changed.iter().all(|line| line.text.contains("••••")),
        "{changed:?}"
    );
    let execution = bench.apply(&plan).await;
    let story = bench.story(&execution).await;
    assert_eq!(story.end(), (Outcome::Healed, 0));
    let trail = bench.store.audit(Some(&execution), 10).await.unwrap();
    assert_eq!(trail[1].entry.what, "patch data.current");
    assert!(
        bench.executions.get(&execution).await.unwrap().revertible,
        "in this session"
    );

    // Undo knows the old value, from memory only.
    let back = bench
        .executions
        .plan_revert(&bench.target, &execution)
        .await
        .unwrap();
    bench.story(&bench.apply(&back).await).await;
    assert_eq!(
        bench.fake.object(PASSWORD).unwrap()["data"]["current"],
        "b2xkLXNlY3JldA=="
    );

    let shown = format!("{plan:?}{back:?}{:?}{trail:?}", story.0);
    bench.store.close().await;
    let mut stored = Vec::new();
    for entry in std::fs::read_dir(bench.directory.path()).unwrap() {
        stored.extend(std::fs::read(entry.unwrap().path()).unwrap());
    }
    for value in [
        "bmV3LXNlY3JldA",
        "b2xkLXNlY3JldA",
        "new-secret",
        "old-secret",
    ] {
        assert!(!shown.contains(value), "{value} was shown");
        assert!(
            !stored
                .windows(value.len())
                .any(|window| window == value.as_bytes()),
            "{value} is on disk"
        );
    }
}
