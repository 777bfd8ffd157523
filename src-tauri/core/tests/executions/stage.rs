//! A store on disk, a fake cluster and executions on them; and the intents the tests plan.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU32, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use futures::StreamExt;
use kubegraf_core::{
    clock::Clock,
    executions::{
        ApiError, Applied, Change, Executions, FromServer, Intent, OutcomeCheck, Pace, Ports,
        Progress, Target,
    },
    store::Store,
};
use kubegraf_ipc::{
    execution::{ApplyPlan, ExecutionEvent, Outcome, Plan},
    incident::{Impact, Patch, PatchType, Safety},
    object::ObjectRef,
};
use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::fake::{CHECKOUT, Fake};

#[derive(Debug)]
pub struct TestClock(pub AtomicI64);

impl Clock for TestClock {
    fn now(&self) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp(self.0.load(Ordering::Relaxed)).unwrap()
    }
}

/// A store on disk, a fake cluster and executions on them.
pub struct Bench {
    pub directory: tempfile::TempDir,
    pub fake: Fake,
    pub store: Store,
    pub clock: Arc<TestClock>,
    pub executions: Executions,
    pub target: Target,
}

impl Bench {
    pub async fn new() -> Self {
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

    pub async fn plan(&self, intent: Intent) -> Plan {
        self.executions.plan(&self.target, intent).await.unwrap()
    }

    pub async fn apply(&self, plan: &Plan) -> String {
        self.executions
            .apply(approve(plan, &plan.id))
            .await
            .unwrap()
            .execution
    }

    pub async fn refused(&self, request: ApplyPlan) -> kubegraf_ipc::Error {
        let error = self.executions.apply(request).await.unwrap_err();
        assert_eq!(self.fake.changes(), [], "nothing is sent");
        assert_eq!(self.store.executions(None, 10).await.unwrap().len(), 0);
        error.into()
    }

    /// Waits until it is sent, then no longer for its outcome.
    pub async fn apply_and_leave(&self, plan: &Plan) -> String {
        let execution = self.apply(plan).await;
        let waits = |line: &str| line.starts_with("waiting") || line.contains("new replicas");
        self.follow(&execution, waits, async || {
            self.executions.cancel(&execution).await.unwrap();
        })
        .await;
        execution
    }

    /// Everything it says, to the end; at each such line something is done.
    pub async fn follow(
        &self,
        execution: &str,
        at: impl Fn(&str) -> bool,
        mut act: impl AsyncFnMut(),
    ) -> Story {
        let mut events = self.executions.watch(execution).await.unwrap();
        let mut story = Vec::new();
        while let Some(event) = events.next().await {
            if matches!(&event, ExecutionEvent::Stdout { data, .. } if at(data)) {
                act().await;
            }
            story.push(event);
        }
        Story(story)
    }

    /// Everything it says, to the end.
    pub async fn story(&self, execution: &str) -> Story {
        let events = self.executions.watch(execution).await.unwrap();
        let events = tokio::time::timeout(Duration::from_secs(20), events.collect::<Vec<_>>());
        Story(events.await.expect("it ends"))
    }
}

pub struct Story(pub Vec<ExecutionEvent>);

impl Story {
    pub fn lines(&self) -> Vec<(bool, String)> {
        self.0
            .iter()
            .filter_map(|event| match event {
                ExecutionEvent::Stdout { data, .. } => Some((false, data.clone())),
                ExecutionEvent::Stderr { data, .. } => Some((true, data.clone())),
                _ => None,
            })
            .collect()
    }

    pub fn text(&self) -> String {
        self.lines()
            .into_iter()
            .map(|(_, line)| line)
            .collect::<Vec<_>>()
            .join("\n")
    }

    pub fn end(&self) -> (Outcome, i32) {
        match self.0.last() {
            Some(ExecutionEvent::Complete {
                outcome, exit_code, ..
            }) => (*outcome, *exit_code),
            other => panic!("ends with {other:?}"),
        }
    }
}

pub async fn open(directory: &Path) -> Store {
    let now = OffsetDateTime::from_unix_timestamp(1_800_000_000).unwrap();
    Store::open(&directory.join("kubegraf.db"), now)
        .await
        .unwrap()
        .0
}

pub fn ports(clock: &Arc<TestClock>) -> Ports {
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

pub fn checkout() -> ObjectRef {
    ObjectRef {
        api_version: "apps/v1".into(),
        kind: "Deployment".into(),
        namespace: "shop".into(),
        name: "checkout".into(),
        uid: None,
    }
}

pub fn patch(r#type: PatchType, body: Value) -> Change {
    Change::Patch(Patch {
        r#type,
        body: body.to_string(),
    })
}

pub fn roll_back() -> Intent {
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

/// The same, followed by another check of its outcome.
pub fn roll_back_checked_by(check: Option<Arc<dyn OutcomeCheck>>) -> Intent {
    Intent {
        check,
        ..roll_back()
    }
}

pub fn rotate() -> Intent {
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

pub fn approve(plan: &Plan, request: &str) -> ApplyPlan {
    ApplyPlan {
        request_id: format!("request-{request}"),
        plan: plan.id.clone(),
        hash: plan.hash.clone(),
        typed: None,
    }
}

pub fn image(fake: &Fake) -> String {
    let object = fake.object(CHECKOUT).unwrap();
    object["spec"]["template"]["spec"]["containers"][0]["image"]
        .as_str()
        .unwrap()
        .to_owned()
}

/// Says what it is told, one look after the other; the last one stays.
pub struct Script(Vec<Progress>, AtomicU32);

impl Script {
    pub fn of(looks: impl IntoIterator<Item = Progress>) -> Option<Arc<dyn OutcomeCheck>> {
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

pub fn heals() -> Option<Arc<dyn OutcomeCheck>> {
    Script::of([Progress::Healed("done".into())])
}

pub fn waits_for_ever() -> Option<Arc<dyn OutcomeCheck>> {
    Script::of([Progress::NotYet("still waiting".into())])
}
