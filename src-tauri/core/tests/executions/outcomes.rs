//! What an approved plan does, says and comes to.

use std::time::Duration;

use futures::StreamExt;
use kubegraf_core::{
    executions::{Executions, Intent, Progress},
    store::AuditPhase,
};
use kubegraf_ipc::{
    Code,
    execution::{Execution, ExecutionEvent, ExecutionStatus, Outcome},
};

use crate::fake::{CHECKOUT, Fault};
use crate::stage::{
    Bench, Script, Story, approve, heals, image, ports, roll_back, roll_back_checked_by,
    waits_for_ever,
};

/// Covers: EXE-01, EXE-02, EXE-05, EXE-07, FIX-04, FIX-05, FIX-06, SEC-11, DAT-16
#[tokio::test]
async fn an_approved_plan_is_sent_as_previewed_followed_to_its_outcome_and_audited() {
    let bench = Bench::new().await;
    let plan = bench.plan(roll_back()).await;
    let execution = bench.apply(&plan).await;
    let running = bench.executions.get(&execution).await.unwrap();
    assert_eq!(running.status, ExecutionStatus::Running);
    let waits = |line: &str| line.starts_with("waiting");
    let story = bench
        .follow(&execution, waits, async || bench.fake.roll_out())
        .await;
    assert_eq!(
        story.lines(),
        [
            (false, "patching deployment shop/checkout".to_owned()),
            (
                false,
                "deployment shop/checkout patched, generation 5".to_owned()
            ),
            (false, "waiting for the new spec to be noticed".to_owned()),
            (false, "rolled out: 3 of 3 replicas available".to_owned()),
        ]
    );
    assert_eq!(story.end(), (Outcome::Healed, 0));
    let statuses: Vec<_> = story
        .0
        .iter()
        .filter_map(|event| match event {
            ExecutionEvent::Status { execution } => Some(execution.status),
            _ => None,
        })
        .collect();
    assert_eq!(statuses.first(), Some(&ExecutionStatus::Running));
    assert_eq!(statuses.last(), Some(&ExecutionStatus::Succeeded));

    let changes = bench.fake.changes();
    assert_eq!(changes.len(), 1);
    let dry = bench.fake.dry_runs();
    assert_eq!(
        dry.last().unwrap().body,
        changes[0].body,
        "byte for byte what was dry-run"
    );
    let done: Execution = bench.executions.get(&execution).await.unwrap();
    assert_eq!(
        (done.status, done.exit_code),
        (ExecutionStatus::Succeeded, Some(0))
    );
    assert!(done.revertible && done.duration.is_some());
    assert_eq!(done.resources_changed, std::slice::from_ref(&plan.target));
    assert_eq!(
        bench.executions.list(Some("c-prod"), 10).await.unwrap(),
        [done]
    );

    let trail = bench.store.audit(Some(&execution), 10).await.unwrap();
    let [after, before] = trail.as_slice() else {
        panic!("{trail:?}")
    };
    assert_eq!(
        (before.entry.phase, after.entry.phase),
        (AuditPhase::Before, AuditPhase::After)
    );
    assert_eq!(before.entry.who, "ada as admin");
    assert_eq!(
        before.entry.what,
        "patch spec.template.spec.containers[0].image"
    );
    assert_eq!(
        after.entry.result.as_deref(),
        Some("applied and healed, exit code 0")
    );
    assert_eq!(after.entry.object, plan.target);
}

#[tokio::test]
async fn the_same_request_runs_once_at_once_later_and_after_a_restart() {
    let bench = Bench::new().await;
    let plan = bench.plan(roll_back_checked_by(waits_for_ever())).await;
    let request = approve(&plan, "a");
    let (first, second) = tokio::join!(
        bench.executions.apply(request.clone()),
        bench.executions.apply(request.clone())
    );
    let first = first.unwrap();
    assert_eq!(second.unwrap(), first);
    assert_eq!(
        bench.executions.apply(request.clone()).await.unwrap(),
        first
    );
    // Another request for a plan that is used up.
    let error = bench
        .executions
        .apply(approve(&plan, "b"))
        .await
        .unwrap_err();
    assert_eq!(kubegraf_ipc::Error::from(error).code, Code::Conflict);
    bench.executions.cancel(&first.execution).await.unwrap();
    bench.story(&first.execution).await;

    let restarted = Executions::new(bench.store.clone(), ports(&bench.clock));
    assert_eq!(restarted.apply(request).await.unwrap(), first);
    assert_eq!(bench.fake.changes().len(), 1);
}

/// Covers: EXE-06, EXE-07
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_attaches_late_gets_every_line_once() {
    let bench = Bench::new().await;
    let looks = (0..300)
        .map(|n| Progress::NotYet(format!("look {n}")))
        .chain([Progress::Healed("healed".into())]);
    let mut intent = roll_back();
    intent.check = Script::of(looks);
    let plan = bench.plan(intent).await;
    let execution = bench.apply(&plan).await;
    let mut readers = vec![];
    for _ in 0..5 {
        let events = bench.executions.watch(&execution).await.unwrap();
        readers.push(tokio::spawn(events.collect::<Vec<_>>()));
        tokio::time::sleep(Duration::from_millis(60)).await;
    }
    let expected: Vec<_> = [
        "patching deployment shop/checkout".to_owned(),
        "deployment shop/checkout patched, generation 5".to_owned(),
    ]
    .into_iter()
    .chain((0..300).map(|n| format!("look {n}")))
    .chain(["healed".to_owned()])
    .map(|line| (false, line))
    .collect();
    for reader in readers {
        let story = Story(reader.await.unwrap());
        assert!(matches!(story.0[0], ExecutionEvent::Status { .. }));
        assert_eq!(story.lines(), expected);
        assert_eq!(story.end(), (Outcome::Healed, 0));
    }
    let restarted = Executions::new(bench.store.clone(), ports(&bench.clock));
    let events = restarted
        .watch(&execution)
        .await
        .unwrap()
        .collect::<Vec<_>>()
        .await;
    assert!(
        matches!(&events[0], ExecutionEvent::Status { execution } if execution.status == ExecutionStatus::Succeeded)
    );
    assert_eq!(Story(events).lines(), expected, "and from the store");
}

#[tokio::test]
async fn cancel_stops_the_waiting_and_says_what_stays() {
    let bench = Bench::new().await;
    let plan = bench.plan(roll_back_checked_by(waits_for_ever())).await;
    let execution = bench.apply(&plan).await;
    let story = bench
        .follow(
            &execution,
            |line| line == "still waiting",
            async || {
                bench.executions.cancel(&execution).await.unwrap();
            },
        )
        .await;
    assert_eq!(story.end(), (Outcome::Cancelled, 130));
    assert!(
        story
            .text()
            .contains("deployment shop/checkout keeps the change"),
        "{}",
        story.text()
    );
    assert_eq!(image(&bench.fake), "registry.local/checkout:1.9");
    let done = bench.executions.get(&execution).await.unwrap();
    assert!(done.revertible, "what stays can be undone");
    bench.executions.cancel(&execution).await.unwrap();
}

#[tokio::test]
async fn what_does_not_heal_in_time_or_cannot_heal_is_applied_not_healed() {
    let bench = Bench::new().await;
    let plan = bench
        .plan(Intent {
            check: waits_for_ever(),
            deadline: Duration::from_millis(100),
            ..roll_back()
        })
        .await;
    let story = bench.story(&bench.apply(&plan).await).await;
    assert_eq!(story.end(), (Outcome::AppliedNotHealed, 1));
    assert!(
        story.lines().last().unwrap().1.ends_with("still waiting"),
        "{}",
        story.text()
    );

    let stuck = Script::of([Progress::Stuck("it has given up".into())]);
    let mut intent = roll_back();
    intent.check = stuck;
    let story = bench
        .story(&bench.apply(&bench.plan(intent).await).await)
        .await;
    assert_eq!(story.end(), (Outcome::AppliedNotHealed, 1));
    assert_eq!(
        story.lines().last().unwrap(),
        &(true, "it has given up".to_owned())
    );
}

/// Covers: ERR-04
#[tokio::test]
async fn a_change_without_an_answer_is_looked_after_and_never_sent_again() {
    for (fault, expected, says) in [
        (
            Fault::AnswerLost,
            (Outcome::Healed, 0),
            "is as it should be: the change was made",
        ),
        (
            Fault::RequestLost,
            (Outcome::NotApplied, 1),
            "is as it was: nothing was done",
        ),
    ] {
        let bench = Bench::new().await;
        let plan = bench.plan(roll_back_checked_by(heals())).await;
        bench.fake.fail_next_change(fault);
        let execution = bench.apply(&plan).await;
        let story = bench.story(&execution).await;
        assert_eq!(story.end(), expected, "{fault:?}: {}", story.text());
        assert!(
            story.text().contains("the outcome is unknown"),
            "{}",
            story.text()
        );
        assert!(story.text().contains(says), "{}", story.text());
        assert_eq!(bench.fake.changes().len(), 1, "{fault:?}");
        assert_eq!(
            bench.executions.get(&execution).await.unwrap().revertible,
            fault == Fault::AnswerLost
        );
    }
}

#[tokio::test]
async fn a_race_with_the_status_is_won_and_with_the_spec_is_left() {
    let bench = Bench::new().await;
    let plan = bench.plan(roll_back_checked_by(heals())).await;
    bench.fake.fail_next_change(Fault::StatusRace);
    let story = bench.story(&bench.apply(&plan).await).await;
    assert_eq!(story.end(), (Outcome::Healed, 0), "{}", story.text());
    assert!(story.text().contains("sending again"), "{}", story.text());

    let bench = Bench::new().await;
    let plan = bench.plan(roll_back()).await;
    bench.fake.fail_next_change(Fault::SpecRace);
    let story = bench.story(&bench.apply(&plan).await).await;
    assert_eq!(story.end(), (Outcome::NotApplied, 1), "{}", story.text());
    assert_eq!(image(&bench.fake), "registry.local/checkout:2.0");
}

#[tokio::test]
async fn a_servers_warning_and_its_refusal_are_lines_about_trouble() {
    let bench = Bench::new().await;
    let plan = bench.plan(roll_back_checked_by(heals())).await;
    bench.fake.fail_next_change(Fault::Warning);
    let story = bench.story(&bench.apply(&plan).await).await;
    assert!(
        story
            .lines()
            .contains(&(true, "warning: unknown field \"spec.imagee\"".into())),
        "{}",
        story.text()
    );

    let bench = Bench::new().await;
    let plan = bench.plan(roll_back()).await;
    bench.fake.fail_next_change(Fault::Refused);
    let story = bench.story(&bench.apply(&plan).await).await;
    assert_eq!(story.end(), (Outcome::NotApplied, 1));
    let refusal = "the server refused, nothing was done: the quota is used up";
    assert!(
        story.lines().contains(&(true, refusal.into())),
        "{}",
        story.text()
    );
}

#[tokio::test]
async fn an_object_that_goes_while_one_waits_ends_the_waiting() {
    let bench = Bench::new().await;
    let plan = bench.plan(roll_back()).await;
    let execution = bench.apply(&plan).await;
    let waits = |line: &str| line.starts_with("waiting");
    let story = bench
        .follow(&execution, waits, async || bench.fake.remove(CHECKOUT))
        .await;
    assert_eq!(story.end(), (Outcome::AppliedNotHealed, 1));
    assert!(story.text().contains("it is gone"), "{}", story.text());
}
