//! Executions: the one way anything changes a cluster.
//!
//! An [`Intent`] is planned ([`Executions::plan`]: live object, server-side dry run, permissions,
//! blast radius), approved by the hash of what was shown ([`Executions::apply`]), run as a task
//! whose lines anyone may follow from the first one ([`Executions::watch`]), and can be undone
//! ([`Executions::plan_revert`]). The audit trail has a row before anything is sent and one after.
//!
//! It knows nothing of why something should be changed: fixes, edits and bulk actions bring their
//! own intents and outcome checks. Dropping [`Executions`] ends every task; what they had stored
//! as running is told to be interrupted by the next [`Executions::recover`].

mod api;
mod approval;
mod blast;
mod diff;
mod error;
mod intent;
mod journal;
mod plan;
mod rollout;
mod run;
mod undo;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, atomic::AtomicBool},
    time::Duration,
};

use futures::stream::BoxStream;
use kubegraf_ipc::{
    execution::{
        ApplyPlan, Execution, ExecutionEvent, ExecutionStarted, ExecutionStatus, Outcome, Plan,
    },
    incident::{Impact, Safety},
};
use tokio_util::sync::CancellationToken;

pub use api::ApiError;
pub use approval::{MAX_PLANS, PLAN_LIFE};
pub use blast::{FromServer, Neighbourhood, Surroundings};
pub use error::Error;
pub use intent::{Applied, Change, DEADLINE, Intent, OutcomeCheck, Progress, Target};
pub use journal::MAX_LINES;
pub use rollout::{Accepted, Gone, Rollout, progress};

use api::{Named, Resource, Resources};
use approval::{Claim, Planned, Plans, check};
use journal::Journal;
use plan::Look;
use run::Run;
use undo::Undo;

use crate::{
    TaskGuard,
    clock::Clock,
    store::{
        AuditEntry, AuditPhase, Durability, ExecutionRow, FinishedExecution, LineRow, NewExecution,
        Store,
    },
};

/// Makes ids that are never made twice.
pub type Ids = Arc<dyn Fn() -> String + Send + Sync>;

/// What executions need from outside.
#[derive(Clone)]
pub struct Ports {
    /// The time of day.
    pub clock: Arc<dyn Clock>,
    /// New ids.
    pub ids: Ids,
    /// The user of this machine, for the audit trail.
    pub actor: String,
    /// Looks around a workload for the blast radius.
    pub neighbourhood: Arc<dyn Neighbourhood>,
    /// How patient to be.
    pub pace: Pace,
}

/// How patient executions are.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Between two looks at the outcome.
    pub look: Duration,
    /// For the answer to a change.
    pub change: Duration,
    /// For finding out what became of a change without an answer.
    pub doubt: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            look: Duration::from_secs(1),
            change: Duration::from_secs(60),
            doubt: Duration::from_secs(60),
        }
    }
}

/// Plans, runs and remembers changes. Cheap to clone; the last clone's drop ends what runs.
#[derive(Clone)]
pub struct Executions {
    inner: Arc<Inner>,
}

struct Inner {
    store: Store,
    ports: Ports,
    resources: Resources,
    plans: Mutex<Plans>,
    /// One admission at a time per request id.
    gates: Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>,
    running: Mutex<HashMap<String, Running>>,
    /// Ways back that may not be stored because they hold values of a Secret.
    unstored: Mutex<HashMap<String, Undo>>,
}

struct Running {
    journal: Arc<Journal>,
    cancel: CancellationToken,
    _task: TaskGuard,
}

impl Executions {
    /// Executions on a store.
    pub fn new(store: Store, ports: Ports) -> Self {
        Self {
            inner: Arc::new(Inner {
                store,
                ports,
                resources: Resources::default(),
                plans: Mutex::default(),
                gates: Mutex::default(),
                running: Mutex::default(),
                unstored: Mutex::default(),
            }),
        }
    }

    /// Whether one is being done now.
    pub(crate) fn are_running(&self) -> bool {
        !lock(&self.inner.running).is_empty()
    }

    /// Tells every execution that an earlier process left running to be interrupted, and gives
    /// their ids. Only the one process that may own running executions calls it, at its start.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn recover(&self) -> Result<Vec<String>, Error> {
        let inner = &self.inner;
        let now = inner.now();
        let mut ids = Vec::new();
        for ExecutionRow {
            mut execution,
            undo,
            ..
        } in inner.store.unfinished_executions().await?
        {
            if lock(&inner.running).contains_key(&execution.id) {
                continue;
            }
            let lines = inner.store.lines(&execution.id).await?.len();
            let note = LineRow {
                at: now,
                stderr: true,
                text: "the app ended while this ran; what was sent may have been applied".into(),
            };
            let from = u32::try_from(lines).unwrap_or(u32::MAX);
            inner.store.add_lines(&execution.id, from, &[note]).await?;
            execution.status = ExecutionStatus::Failed;
            execution.outcome = Some(Outcome::Interrupted);
            execution.exit_code = Some(1);
            let entry = AuditEntry {
                at: now,
                who: inner.ports.actor.clone(),
                cluster: execution.cluster.clone(),
                action: execution.action.clone(),
                object: execution.target.clone(),
                phase: AuditPhase::After,
                what: execution.title.clone(),
                result: Some("interrupted: the app ended while it ran".into()),
                execution: Some(execution.id.clone()),
            };
            ids.push(execution.id.clone());
            inner
                .store
                .finish_execution(&FinishedExecution { execution, undo }, &entry)
                .await?;
        }
        Ok(ids)
    }

    /// Plans a change; nothing changes in the cluster. The plan can be applied for 15 minutes.
    ///
    /// # Errors
    /// When the object cannot be read or the patch is malformed. A dry run the server refuses is
    /// no error but a plan that says so and cannot be applied.
    pub async fn plan(&self, target: &Target, intent: Intent) -> Result<Plan, Error> {
        let inner = &self.inner;
        let resource = inner.resource(target, &intent).await?;
        let look = plan::look(target, &resource, &intent).await?;
        inner
            .describe(target, resource, intent, look, None, None)
            .await
    }

    /// Plans the way back from an execution.
    ///
    /// # Errors
    /// [`Error::NoSuchExecution`], [`Error::NotRevertible`], [`Error::OtherCluster`], and as
    /// [`Self::plan`].
    pub async fn plan_revert(&self, target: &Target, execution: &str) -> Result<Plan, Error> {
        let inner = &self.inner;
        let id = || execution.to_owned();
        let row = inner
            .store
            .execution(execution)
            .await?
            .ok_or_else(|| Error::NoSuchExecution { id: id() })?;
        if row.execution.cluster != target.cluster {
            return Err(Error::OtherCluster { id: id() });
        }
        let stored = row
            .undo
            .as_deref()
            .and_then(|undo| serde_json::from_str(undo).ok());
        let undo: Undo = stored
            .or_else(|| lock(&inner.unstored).get(execution).cloned())
            .ok_or_else(|| Error::NotRevertible { id: id() })?;
        let mut intent = Intent {
            title: format!("Undo: {}", row.execution.title),
            action: "revert".into(),
            target: row
                .execution
                .resources_changed
                .first()
                .unwrap_or(&row.execution.target)
                .clone(),
            change: undo.change(None).0,
            impact: Impact::Medium,
            safety: Safety::NeedsApproval,
            preview: format!("puts back what \"{}\" changed", row.execution.title),
            incident: row.execution.incident,
            check: None,
            deadline: DEADLINE,
        };
        let resource = inner.resource(target, &intent).await?;
        let look = plan::look(target, &resource, &intent).await?;
        let (change, overtaken) = undo.change(look.live.as_ref());
        intent.change = change;
        inner
            .describe(target, resource, intent, look, overtaken, Some(id()))
            .await
    }

    /// The cluster of a plan that waits for its approval, and what it is for.
    ///
    /// # Errors
    /// [`Error::PlanGone`].
    pub(crate) fn planned(&self, plan: &str) -> Result<(String, Intent), Error> {
        let planned = lock(&self.inner.plans).get(plan, self.inner.now());
        let planned = planned.ok_or(Error::PlanGone)?;
        Ok((planned.target.cluster.clone(), planned.intent.clone()))
    }

    /// Starts an approved plan. The same request id again gives the same answer and runs nothing.
    ///
    /// # Errors
    /// When what was approved is not what is there now ([`Error::PlanGone`],
    /// [`Error::HashMismatch`], [`Error::ChangedSince`]), may not be applied, or cannot be written
    /// down. Nothing was sent then.
    pub async fn apply(&self, request: ApplyPlan) -> Result<ExecutionStarted, Error> {
        let actor = self.inner.ports.actor.clone();
        self.apply_as(request, actor).await
    }

    /// The same in somebody's name, which the audit trail has.
    ///
    /// # Errors
    /// As [`Executions::apply`].
    pub async fn apply_as(
        &self,
        request: ApplyPlan,
        actor: String,
    ) -> Result<ExecutionStarted, Error> {
        let inner = Arc::clone(&self.inner);
        // A task of its own: a caller that goes away must not leave a half-admitted execution.
        tokio::spawn(async move {
            let gate = Arc::clone(
                lock(&inner.gates)
                    .entry(request.request_id.clone())
                    .or_default(),
            );
            let held = gate.lock().await;
            let answer = inner.admit(&request, &actor).await;
            drop(held);
            let mut gates = lock(&inner.gates);
            // Ours and the map's: no one else waits for it.
            if Arc::strong_count(&gate) <= 2 {
                gates.remove(&request.request_id);
            }
            answer
        })
        .await?
    }

    /// Stops waiting for the outcome, or stops what has not been sent yet. Cancelling what has
    /// ended does nothing.
    ///
    /// # Errors
    /// [`Error::NoSuchExecution`], or when the store fails.
    pub async fn cancel(&self, execution: &str) -> Result<(), Error> {
        if let Some(running) = lock(&self.inner.running).get(execution) {
            running.cancel.cancel();
            return Ok(());
        }
        self.get(execution).await.map(drop)
    }

    /// Everything an execution says, from its first line, whenever one asks.
    ///
    /// # Errors
    /// [`Error::NoSuchExecution`], or when the store fails.
    pub async fn watch(
        &self,
        execution: &str,
    ) -> Result<BoxStream<'static, ExecutionEvent>, Error> {
        if let Some(running) = lock(&self.inner.running).get(execution) {
            return Ok(running.journal.events());
        }
        let past = self.get(execution).await?;
        let lines = self.inner.store.lines(execution).await?;
        Ok(Journal::of_the_past(past, lines).events())
    }

    /// One execution as it stands.
    ///
    /// # Errors
    /// [`Error::NoSuchExecution`], or when the store fails.
    pub async fn get(&self, execution: &str) -> Result<Execution, Error> {
        if let Some(running) = lock(&self.inner.running).get(execution) {
            return Ok(running.journal.execution());
        }
        let row = self.inner.store.execution(execution).await?;
        let row = row.ok_or_else(|| Error::NoSuchExecution {
            id: execution.to_owned(),
        })?;
        Ok(self.inner.shown(row))
    }

    /// Executions, newest first; with `cluster`, only its.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn list(&self, cluster: Option<&str>, limit: u32) -> Result<Vec<Execution>, Error> {
        let rows = self
            .inner
            .store
            .executions(cluster, limit.clamp(1, 500))
            .await?;
        Ok(rows.into_iter().map(|row| self.inner.shown(row)).collect())
    }
}

impl Inner {
    fn now(&self) -> i64 {
        self.ports.clock.epoch_seconds()
    }

    async fn resource(&self, target: &Target, intent: &Intent) -> Result<Resource, Error> {
        let object = &intent.target;
        self.resources
            .find(
                &target.cluster,
                &target.client,
                &object.api_version,
                &object.kind,
            )
            .await
    }

    async fn describe(
        &self,
        target: &Target,
        resource: Resource,
        intent: Intent,
        look: Look,
        refusal: Option<String>,
        reverts: Option<String>,
    ) -> Result<Plan, Error> {
        let plan = plan::describe(
            (self.ports.ids)(),
            target,
            &resource,
            &intent,
            &look,
            refusal,
            self.ports.neighbourhood.as_ref(),
        )
        .await?;
        let planned = Planned {
            plan: plan.clone(),
            made_at: self.now(),
            target: target.clone(),
            resource,
            intent,
            look,
            reverts,
            taken: AtomicBool::new(false),
        };
        lock(&self.plans).add(planned);
        Ok(plan)
    }

    /// Checks an approval, writes it down and starts it.
    async fn admit(
        self: &Arc<Self>,
        request: &ApplyPlan,
        actor: &str,
    ) -> Result<ExecutionStarted, Error> {
        if let Some(execution) = self.store.execution_of_request(&request.request_id).await? {
            return Ok(ExecutionStarted { execution });
        }
        let planned = lock(&self.plans)
            .get(&request.plan, self.now())
            .ok_or(Error::PlanGone)?;
        check(&planned, request)?;
        if self.store.durability() == Durability::Memory {
            return Err(Error::NoAuditTrail);
        }
        let Some(claim) = Claim::on(&planned) else {
            return Err(Error::PlanGone);
        };
        let look = plan::look(&planned.target, &planned.resource, &planned.intent).await?;
        if look.answer.is_err()
            || look.uid() != planned.look.uid()
            || look.before() != planned.look.before()
            || look.after() != planned.look.after()
        {
            lock(&self.plans).remove(&request.plan);
            return Err(Error::ChangedSince {
                object: Named(&planned.intent.target).to_string(),
            });
        }
        let run = self.prepare(&planned, look, actor);
        let new = NewExecution {
            request_id: request.request_id.clone(),
            plan_hash: planned.plan.hash.clone(),
            reverts: planned.reverts.clone(),
            execution: run.journal.execution(),
        };
        self.store
            .begin_execution(&new, &run.audit(AuditPhase::Before, None))
            .await?;
        claim.keep();
        lock(&self.plans).remove(&request.plan);
        Ok(self.start(run))
    }

    fn prepare(&self, planned: &Planned, look: Look, actor: &str) -> Run {
        let execution = Execution {
            id: (self.ports.ids)(),
            cluster: planned.target.cluster.clone(),
            title: planned.intent.title.clone(),
            action: planned.intent.action.clone(),
            target: planned.plan.target.clone(),
            incident: planned.intent.incident.clone(),
            status: ExecutionStatus::Running,
            outcome: None,
            started_at: self.now(),
            duration: None,
            exit_code: None,
            resources_changed: Vec::new(),
            revertible: false,
        };
        Run {
            store: self.store.clone(),
            clock: Arc::clone(&self.ports.clock),
            pace: self.ports.pace,
            journal: Journal::new(execution),
            cancel: CancellationToken::new(),
            target: planned.target.clone(),
            resource: planned.resource.clone(),
            intent: planned.intent.clone(),
            who: format!("{actor} as {}", planned.target.user),
            what: plan::what(&planned.intent, &look),
            look,
        }
    }

    fn start(self: &Arc<Self>, run: Run) -> ExecutionStarted {
        let execution = run.journal.execution().id;
        let (journal, cancel) = (Arc::clone(&run.journal), run.cancel.clone());
        let (id, home) = (execution.clone(), Arc::downgrade(self));
        // Held over the spawn, so that the task cannot leave before it has entered.
        let mut running = lock(&self.running);
        let task = TaskGuard::spawn(async move {
            let secret = diff::is_secret(&run.intent.target.api_version, &run.intent.target.kind);
            let undo = run.run().await;
            let Some(home) = home.upgrade() else { return };
            if let (true, Some(undo)) = (secret, undo) {
                lock(&home.unstored).insert(id.clone(), undo);
            }
            lock(&home.running).remove(&id);
        });
        running.insert(
            execution.clone(),
            Running {
                journal,
                cancel,
                _task: task,
            },
        );
        ExecutionStarted { execution }
    }

    /// A stored execution with what only memory knows.
    fn shown(&self, row: ExecutionRow) -> Execution {
        let mut execution = row.execution;
        if let Some(running) = lock(&self.running).get(&execution.id) {
            return running.journal.execution();
        }
        execution.revertible |= lock(&self.unstored).contains_key(&execution.id);
        execution
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex
        .lock()
        .expect("no code panics while it holds the lock")
}
