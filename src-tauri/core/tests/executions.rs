//! Executions against an API server whose every fault the test decides.

#![allow(
    clippy::needless_pass_by_value,
    reason = "a json! literal is handed over as it is written"
)]
#![allow(
    clippy::unwrap_used,
    reason = "a test file: what is not there fails the test"
)]

#[path = "executions/fake.rs"]
mod fake;

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU32, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use fake::{CHECKOUT, Fake, Fault, PASSWORD};
use futures::StreamExt;
use kubegraf_core::{
    clock::Clock,
    executions::{
        ApiError, Applied, Change, Executions, FromServer, Intent, OutcomeCheck, PLAN_LIFE, Pace,
        Ports, Progress, Target,
    },
    store::{AuditPhase, Store},
};
use kubegraf_ipc::{
    Code,
    execution::{
        ApplyPlan, Consent, DiffTag, DryRun, Execution, ExecutionEvent, ExecutionStatus, Outcome,
        Plan,
    },
    incident::{Impact, Patch, PatchType, Safety},
    object::ObjectRef,
};
use serde_json::{Value, json};
use time::OffsetDateTime;

#[derive(Debug)]
struct TestClock(AtomicI64);

impl Clock for TestClock {
    fn now(&self) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp(self.0.load(Ordering::Relaxed)).unwrap()
    }
}

/// A store on disk, a fake cluster and executions on them.
struct Bench {
    directory: tempfile::TempDir,
    fake: Fake,
    store: Store,
    clock: Arc<TestClock>,
    executions: Executions,
    target: Target,
}

impl Bench {
    async fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let fake = Fake::new();
        let clock = Arc::new(TestClock(AtomicI64::new(1_800_000_000)));
        let store = open(directory.path()).await;
        let executions = Executions::new(store.clone(), ports(&clock));
        let target = Target {
            cluster: "c-prod".into(),
            cluster_name: "prod".into(),
            protected: false,
            user: "admin".into(),
            client: fake.client(),
        };
        Self {
            directory,
            fake,
            store,
            clock,
            executions,
            target,
        }
    }

    async fn plan(&self, intent: Intent) -> Plan {
        self.executions.plan(&self.target, intent).await.unwrap()
    }

    async fn apply(&self, plan: &Plan) -> String {
        self.executions
            .apply(approve(plan, &plan.id))
            .await
            .unwrap()
            .execution
    }

    async fn refused(&self, request: ApplyPlan) -> kubegraf_ipc::Error {
        let error = self.executions.apply(request).await.unwrap_err();
        assert_eq!(self.fake.changes(), [], "nothing is sent");
        assert_eq!(self.store.executions(None, 10).await.unwrap().len(), 0);
        error.into()
    }

    /// Waits until it is sent, then no longer for its outcome.
    async fn apply_and_leave(&self, plan: &Plan) -> String {
        let execution = self.apply(plan).await;
        let mut events = self.executions.watch(&execution).await.unwrap();
        while let Some(event) = events.next().await {
            if matches!(&event, ExecutionEvent::Stdout { data, .. } if data.starts_with("waiting") || data.contains("new replicas"))
            {
                self.executions.cancel(&execution).await.unwrap();
            }
        }
        execution
    }

    /// Everything it says, to the end.
    async fn story(&self, execution: &str) -> Story {
        let events = self.executions.watch(execution).await.unwrap();
        let events = tokio::time::timeout(Duration::from_secs(20), events.collect::<Vec<_>>());
        Story(events.await.expect("it ends"))
    }
}

struct Story(Vec<ExecutionEvent>);

impl Story {
    fn lines(&self) -> Vec<(bool, String)> {
        self.0
            .iter()
            .filter_map(|event| match event {
                ExecutionEvent::Stdout { data, .. } => Some((false, data.clone())),
                ExecutionEvent::Stderr { data, .. } => Some((true, data.clone())),
                _ => None,
            })
            .collect()
    }

    fn text(&self) -> String {
        self.lines()
            .into_iter()
            .map(|(_, line)| line)
            .collect::<Vec<_>>()
            .join("\n")
    }

    fn end(&self) -> (Outcome, i32) {
        match self.0.last() {
            Some(ExecutionEvent::Complete {
                outcome, exit_code, ..
            }) => (*outcome, *exit_code),
            other => panic!("ends with {other:?}"),
        }
    }
}

async fn open(directory: &Path) -> Store {
    let now = OffsetDateTime::from_unix_timestamp(1_800_000_000).unwrap();
    Store::open(&directory.join("kubegraf.db"), now)
        .await
        .unwrap()
        .0
}

fn ports(clock: &Arc<TestClock>) -> Ports {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    Ports {
        clock: Arc::clone(clock) as Arc<dyn Clock>,
        ids: Arc::new(|| format!("id-{}", NEXT.fetch_add(1, Ordering::Relaxed))),
        actor: "ada".into(),
        neighbourhood: Arc::new(FromServer),
        pace: Pace {
            look: Duration::from_millis(5),
            change: Duration::from_secs(5),
            doubt: Duration::from_secs(5),
        },
    }
}

fn checkout() -> ObjectRef {
    ObjectRef {
        api_version: "apps/v1".into(),
        kind: "Deployment".into(),
        namespace: "shop".into(),
        name: "checkout".into(),
        uid: None,
    }
}

fn patch(r#type: PatchType, body: Value) -> Change {
    Change::Patch(Patch {
        r#type,
        body: body.to_string(),
    })
}

fn roll_back() -> Intent {
    Intent {
        title: "Roll back checkout to revision 3".into(),
        action: "rollback_workload".into(),
        target: checkout(),
        change: patch(
            PatchType::Json,
            json!([{ "op": "replace", "path": "/spec/template/spec/containers/0/image",
                "value": "registry.local/checkout:1.9" }]),
        ),
        impact: Impact::Medium,
        safety: Safety::NeedsApproval,
        preview: "image 2.0 → 1.9".into(),
        incident: Some("inc-1".into()),
        check: None,
        deadline: Duration::from_secs(10),
    }
}

fn rotate() -> Intent {
    Intent {
        title: "Rotate password".into(),
        action: "edit".into(),
        target: ObjectRef {
            api_version: "v1".into(),
            kind: "Secret".into(),
            name: "password".into(),
            ..checkout()
        },
        change: patch(
            PatchType::Merge,
            json!({ "data": { "current": "bmV3LXNlY3JldA==" } }),
        ),
        ..roll_back()
    }
}

fn approve(plan: &Plan, request: &str) -> ApplyPlan {
    ApplyPlan {
        request_id: format!("request-{request}"),
        plan: plan.id.clone(),
        hash: plan.hash.clone(),
        typed: None,
    }
}

fn image(fake: &Fake) -> String {
    let object = fake.object(CHECKOUT).unwrap();
    object["spec"]["template"]["spec"]["containers"][0]["image"]
        .as_str()
        .unwrap()
        .to_owned()
}

/// Says what it is told, one look after the other; the last one stays.
struct Script(Vec<Progress>, AtomicU32);

impl Script {
    fn of(looks: impl IntoIterator<Item = Progress>) -> Option<Arc<dyn OutcomeCheck>> {
        Some(Arc::new(Self(
            looks.into_iter().collect(),
            AtomicU32::new(0),
        )))
    }
}

#[async_trait]
impl OutcomeCheck for Script {
    async fn look(&self, _: &Applied<'_>) -> Result<Progress, ApiError> {
        let look = self.1.fetch_add(1, Ordering::Relaxed) as usize;
        Ok(self.0[look.min(self.0.len() - 1)].clone())
    }
}

fn waits_for_ever() -> Option<Arc<dyn OutcomeCheck>> {
    Script::of([Progress::NotYet("still waiting".into())])
}

/// Covers: FIX-01, FIX-02, FIX-09
#[tokio::test]
async fn a_plan_shows_what_would_change_and_changes_nothing() {
    let bench = Bench::new().await;
    let before = bench.fake.object(CHECKOUT);
    let plan = bench.plan(roll_back()).await;
    let changed: Vec<_> = plan
        .diff
        .iter()
        .filter(|line| matches!(line.tag, DiffTag::Delete | DiffTag::Insert))
        .map(|line| (line.tag, line.text.trim_start_matches([' ', '-'])))
        .collect();
    assert_eq!(
        changed,
        [
            (DiffTag::Delete, "image: registry.local/checkout:2.0"),
            (DiffTag::Insert, "image: registry.local/checkout:1.9"),
        ]
    );
    let verbs: Vec<_> = plan
        .permissions
        .iter()
        .map(|p| (p.verb.as_str(), p.allowed))
        .collect();
    assert_eq!(verbs, [("get", true), ("patch", true)]);
    assert_eq!(plan.dry_run, DryRun::Accepted);
    assert_eq!(plan.consent, Consent::Click);
    assert_eq!(plan.preview, "image 2.0 → 1.9");
    assert_eq!(plan.target.uid.as_deref(), Some("uid-checkout"));
    assert!(plan.applicable);
    assert!(
        plan.blast_radius
            .iter()
            .any(|s| s == "Service \"checkout\" sends traffic to these pods"),
        "{plan:?}"
    );
    assert_eq!(plan.hash.len(), 64);
    assert_eq!(bench.fake.changes(), []);
    assert_eq!(bench.fake.object(CHECKOUT), before);
}

/// Covers: EXE-01, EXE-02, EXE-05, EXE-07, FIX-04, FIX-05, FIX-06, SEC-11, DAT-16
#[tokio::test]
async fn an_approved_plan_is_sent_as_previewed_followed_to_its_outcome_and_audited() {
    let bench = Bench::new().await;
    let plan = bench.plan(roll_back()).await;
    let execution = bench.apply(&plan).await;
    let running = bench.executions.get(&execution).await.unwrap();
    assert_eq!(running.status, ExecutionStatus::Running);
    let mut events = bench.executions.watch(&execution).await.unwrap();
    let mut story = vec![];
    while let Some(event) = events.next().await {
        if matches!(&event, ExecutionEvent::Stdout { data, .. } if data.starts_with("waiting")) {
            bench.fake.roll_out();
        }
        story.push(event);
    }
    let story = Story(story);
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
async fn a_change_that_cannot_be_written_down_is_not_sent() {
    let bench = Bench::new().await;
    let plan = bench.plan(roll_back()).await;
    bench.store.close().await;
    let error = kubegraf_ipc::Error::from(
        bench
            .executions
            .apply(approve(&plan, "a"))
            .await
            .unwrap_err(),
    );
    assert_eq!(error.code, Code::Storage);
    assert_eq!(
        bench.fake.changes(),
        [],
        "without its audit row nothing is sent"
    );
}

/// Covers: SEC-19
#[tokio::test]
async fn an_approval_of_something_else_is_refused() {
    let bench = Bench::new().await;
    let plan = bench.plan(roll_back()).await;
    let mut request = approve(&plan, "a");
    request.hash = "0".repeat(64);
    assert_eq!(bench.refused(request).await.code, Code::Conflict);
    let mut request = approve(&plan, "b");
    request.plan = "no-such-plan".into();
    assert_eq!(bench.refused(request).await.code, Code::Conflict);
    bench.clock.0.fetch_add(PLAN_LIFE + 1, Ordering::Relaxed);
    assert_eq!(
        bench.refused(approve(&plan, "c")).await.code,
        Code::Conflict
    );
}

#[tokio::test]
async fn what_has_changed_since_the_preview_is_not_touched_and_a_new_status_is_no_change() {
    let bench = Bench::new().await;
    let plan = bench.plan(roll_back()).await;
    bench
        .fake
        .edit(CHECKOUT, |object| object["spec"]["replicas"] = 5.into());
    let error = bench.refused(approve(&plan, "a")).await;
    assert_eq!(error.code, Code::Conflict);
    assert!(
        error.message.contains("deployment shop/checkout"),
        "{error}"
    );

    let plan = bench.plan(roll_back()).await;
    bench.fake.edit(CHECKOUT, |object| {
        object["status"]["readyReplicas"] = 2.into()
    });
    bench.apply_and_leave(&plan).await;
    assert_eq!(image(&bench.fake), "registry.local/checkout:1.9");

    // Another object of the same name is another object.
    let plan = bench.plan(roll_back()).await;
    bench.fake.edit(CHECKOUT, |object| {
        object["metadata"]["uid"] = "uid-of-another".into()
    });
    let error = bench
        .executions
        .apply(approve(&plan, "c"))
        .await
        .unwrap_err();
    assert_eq!(kubegraf_ipc::Error::from(error).code, Code::Conflict);
}

/// Covers: FIX-08, SEC-19
#[tokio::test]
async fn a_refused_dry_run_is_shown_and_cannot_be_applied() {
    let bench = Bench::new().await;
    bench
        .fake
        .refuse(422, "spec.replicas: must be greater than or equal to 0");
    let plan = bench.plan(roll_back()).await;
    assert!(!plan.applicable);
    assert_eq!(
        plan.dry_run,
        DryRun::Refused {
            message: "spec.replicas: must be greater than or equal to 0".into()
        }
    );
    assert_eq!(plan.diff, []);
    let error = bench.refused(approve(&plan, "a")).await;
    assert_eq!(error.code, Code::InvalidArgument);
    assert!(error.message.contains("must be greater"), "{error}");
}

#[tokio::test]
async fn a_missing_permission_is_shown_and_nothing_is_applied() {
    let bench = Bench::new().await;
    bench.fake.deny("patch");
    let plan = bench.plan(roll_back()).await;
    let denied: Vec<_> = plan.permissions.iter().filter(|p| !p.allowed).collect();
    assert_eq!(denied.len(), 1);
    assert_eq!(
        (
            denied[0].verb.as_str(),
            denied[0].group.as_str(),
            denied[0].resource.as_str()
        ),
        ("patch", "apps", "deployments")
    );
    assert!(!plan.applicable);
    assert!(
        bench
            .refused(approve(&plan, "a"))
            .await
            .message
            .contains("you may not patch deployments")
    );

    bench.fake.deny("get");
    let error = kubegraf_ipc::Error::from(
        bench
            .executions
            .plan(&bench.target, roll_back())
            .await
            .unwrap_err(),
    );
    assert_eq!(error.code, Code::Forbidden);
}

#[tokio::test]
async fn bad_input_is_named() {
    let bench = Bench::new().await;
    let plan = async |intent| {
        kubegraf_ipc::Error::from(
            bench
                .executions
                .plan(&bench.target, intent)
                .await
                .unwrap_err(),
        )
    };
    let with = |body: &str, r#type| Intent {
        change: Change::Patch(Patch {
            r#type,
            body: body.into(),
        }),
        ..roll_back()
    };
    for (body, r#type, word) in [
        ("{", PatchType::Merge, "merge"),
        ("[]", PatchType::Strategic, "strategic"),
        ("{}", PatchType::Json, "json"),
    ] {
        let error = plan(with(body, r#type)).await;
        assert_eq!(error.code, Code::InvalidArgument, "{body}");
        assert!(error.message.contains(word), "{error}");
    }
    let mut missing = roll_back();
    missing.target.name = "nothing".into();
    assert_eq!(plan(missing).await.code, Code::NotFound);
    let mut unknown = roll_back();
    unknown.target.kind = "Deploymint".into();
    let error = plan(unknown).await;
    assert_eq!(error.code, Code::NotFound);
    assert!(error.message.contains("Deploymint"), "{error}");
    for error in [
        bench
            .executions
            .watch("nothing")
            .await
            .map(drop)
            .unwrap_err(),
        bench.executions.cancel("nothing").await.unwrap_err(),
        bench
            .executions
            .plan_revert(&bench.target, "nothing")
            .await
            .map(drop)
            .unwrap_err(),
    ] {
        assert_eq!(kubegraf_ipc::Error::from(error).code, Code::NotFound);
    }
}

#[tokio::test]
async fn a_protected_cluster_wants_its_name_typed_and_a_plan_for_a_person_never_runs() {
    let mut bench = Bench::new().await;
    bench.target.protected = true;
    let plan = bench.plan(roll_back()).await;
    assert_eq!(
        plan.consent,
        Consent::Type {
            text: "prod".into()
        }
    );
    let mut request = approve(&plan, "a");
    assert_eq!(
        bench.refused(request.clone()).await.code,
        Code::InvalidArgument
    );
    request.typed = Some("Prod".into());
    assert_eq!(
        bench.refused(request.clone()).await.code,
        Code::InvalidArgument
    );
    let steps = bench
        .plan(Intent {
            safety: Safety::PlanOnly,
            ..roll_back()
        })
        .await;
    assert!(!steps.applicable);
    let mut refused = approve(&steps, "b");
    refused.typed = Some("prod".into());
    bench.refused(refused).await;
    request.typed = Some("prod".into());
    bench.executions.apply(request).await.unwrap();
}

#[tokio::test]
async fn the_same_request_runs_once_at_once_later_and_after_a_restart() {
    let bench = Bench::new().await;
    let plan = bench
        .plan(Intent {
            check: waits_for_ever(),
            ..roll_back()
        })
        .await;
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
    let plan = bench
        .plan(Intent {
            check: waits_for_ever(),
            ..roll_back()
        })
        .await;
    let execution = bench.apply(&plan).await;
    let mut events = bench.executions.watch(&execution).await.unwrap();
    while let Some(event) = events.next().await {
        if matches!(&event, ExecutionEvent::Stdout { data, .. } if data == "still waiting") {
            bench.executions.cancel(&execution).await.unwrap();
        }
    }
    let story = bench.story(&execution).await;
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

#[tokio::test]
async fn an_execution_the_app_did_not_survive_is_interrupted_and_can_be_undone() {
    let bench = Bench::new().await;
    let plan = bench
        .plan(Intent {
            check: waits_for_ever(),
            ..roll_back()
        })
        .await;
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
        .apply(
            &bench
                .plan(Intent {
                    check: Script::of([Progress::Healed("done".into())]),
                    ..roll_back()
                })
                .await,
        )
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
        let plan = bench
            .plan(Intent {
                check: Script::of([Progress::Healed("done".into())]),
                ..roll_back()
            })
            .await;
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
    let plan = bench
        .plan(Intent {
            check: Script::of([Progress::Healed("done".into())]),
            ..roll_back()
        })
        .await;
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
    let plan = bench
        .plan(Intent {
            check: Script::of([Progress::Healed("done".into())]),
            ..roll_back()
        })
        .await;
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
    let mut events = bench.executions.watch(&execution).await.unwrap();
    while let Some(event) = events.next().await {
        if matches!(&event, ExecutionEvent::Stdout { data, .. } if data.starts_with("waiting")) {
            bench.fake.remove(CHECKOUT);
        }
    }
    let story = bench.story(&execution).await;
    assert_eq!(story.end(), (Outcome::AppliedNotHealed, 1));
    assert!(story.text().contains("it is gone"), "{}", story.text());
}

#[tokio::test]
async fn without_a_durable_audit_trail_nothing_is_changed() {
    let mut bench = Bench::new().await;
    bench.executions = Executions::new(Store::in_memory().await.unwrap(), ports(&bench.clock));
    let plan = bench.plan(roll_back()).await;
    assert!(plan.applicable, "one may look");
    let error = bench.refused(approve(&plan, "a")).await;
    assert_eq!(error.code, Code::Storage);
    assert!(error.message.starts_with("nothing was changed"), "{error}");
}

#[tokio::test]
async fn only_the_newest_hundred_plans_can_be_applied() {
    let bench = Bench::new().await;
    let oldest = bench.plan(rotate()).await;
    for _ in 0..99 {
        bench.plan(rotate()).await;
    }
    let second = bench.plan(rotate()).await;
    assert_eq!(
        bench.refused(approve(&oldest, "a")).await.code,
        Code::Conflict
    );
    bench.apply(&second).await;
}
