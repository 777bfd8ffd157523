//! One execution from the first request to its outcome.

use std::{sync::Arc, time::Duration};

use http::StatusCode;
use kubegraf_ipc::{
    execution::{ExecutionStatus, Outcome},
    object::ObjectRef,
};
use serde_json::Value;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{
    Pace,
    api::{ApiError, Named, Resource, get, read, send},
    diff::{authored, is_secret},
    intent::{Applied, Change, Intent, OutcomeCheck, Progress, Target},
    journal::Journal,
    plan::{self, Look},
    rollout::{Accepted, Gone, Rollout},
    undo::Undo,
};
use crate::{
    clock::Clock,
    store::{AuditEntry, AuditPhase, FinishedExecution, Store},
};

const SAVE_EVERY: Duration = Duration::from_millis(200);
/// A change that met another version of the object was not made: it may be sent again, bound to
/// the new version, as long as what it does is what was approved.
const SENDS: u32 = 5;

/// All that an execution needs.
pub(super) struct Run {
    pub store: Store,
    pub clock: Arc<dyn Clock>,
    pub pace: Pace,
    pub journal: Arc<Journal>,
    pub cancel: CancellationToken,
    pub target: Target,
    pub resource: Resource,
    pub intent: Intent,
    pub look: Look,
    /// Of the audit trail: who, and what in words without values.
    pub who: String,
    pub what: String,
}

/// How it ended, and how to go back.
struct Ending {
    outcome: Outcome,
    undo: Option<Undo>,
}

/// What sending came to.
enum Sent {
    Done(Option<Value>),
    NotDone,
    Unknown,
}

impl Run {
    /// Runs to the end and stores it. The way back, for this session, is returned.
    pub async fn run(mut self) -> Option<Undo> {
        let began = Instant::now();
        let ending = self.save_while_working().await;
        let mut execution = self.journal.execution();
        let (exit_code, status) = match ending.outcome {
            Outcome::Healed => (0, ExecutionStatus::Succeeded),
            Outcome::Cancelled => (130, ExecutionStatus::Failed),
            Outcome::AppliedNotHealed | Outcome::NotApplied | Outcome::Interrupted => {
                (1, ExecutionStatus::Failed)
            }
        };
        execution.status = status;
        execution.outcome = Some(ending.outcome);
        execution.exit_code = Some(exit_code);
        execution.duration = Some((began.elapsed().as_secs_f64() * 100.0).round() / 100.0);
        execution.revertible = ending.undo.is_some();
        if let Err(error) = self.journal.save(&self.store).await {
            self.trouble(format!("the output could not be stored: {error}"));
        }
        let finished = FinishedExecution {
            undo: self.storable(ending.undo.as_ref()),
            execution: execution.clone(),
        };
        let entry = self.audit(
            AuditPhase::After,
            Some(result_text(ending.outcome, exit_code)),
        );
        if let Err(error) = self.store.finish_execution(&finished, &entry).await {
            tracing::error!(execution = %execution.id, %error, "the result was not stored");
            self.trouble(format!("the result could not be stored: {error}"));
        }
        self.journal.finish(execution);
        ending.undo
    }

    pub fn audit(&self, phase: AuditPhase, result: Option<String>) -> AuditEntry {
        let execution = self.journal.execution();
        AuditEntry {
            at: self.now(),
            who: self.who.clone(),
            cluster: execution.cluster,
            action: execution.action,
            object: execution.target,
            phase,
            what: self.what.clone(),
            result,
            execution: Some(execution.id),
        }
    }

    async fn save_while_working(&mut self) -> Ending {
        let (journal, store) = (Arc::clone(&self.journal), self.store.clone());
        let saving = async {
            loop {
                tokio::time::sleep(SAVE_EVERY).await;
                if let Err(error) = journal.save(&store).await {
                    tracing::warn!(%error, "execution output is not stored yet");
                }
            }
        };
        tokio::select! {
            ending = self.work() => ending,
            () = saving => unreachable!("saving does not end"),
        }
    }

    async fn work(&mut self) -> Ending {
        if self.cancel.is_cancelled() {
            self.say("cancelled: nothing was sent");
            return Ending {
                outcome: Outcome::Cancelled,
                undo: None,
            };
        }
        let name = Named(&self.intent.target).to_string();
        let verb = match self.intent.change {
            Change::Patch(_) | Change::Subresource(..) => "patching",
            Change::Delete => "deleting",
            Change::Create(_) => "creating",
        };
        self.say(format!("{verb} {name}"));
        let object = match self.send().await {
            Sent::Done(object) => object,
            Sent::NotDone => {
                return Ending {
                    outcome: Outcome::NotApplied,
                    undo: None,
                };
            }
            Sent::Unknown => {
                return Ending {
                    outcome: Outcome::Interrupted,
                    undo: None,
                };
            }
        };
        let undo = match self.intent.change {
            Change::Subresource(..) => None,
            _ => Undo::between(self.look.live.as_ref(), object.as_ref()),
        };
        self.keep(object.as_ref(), undo.as_ref()).await;
        Ending {
            outcome: self.wait(object.as_ref()).await,
            undo,
        }
    }

    /// Sends the change: once, or again where the server has said that it did not do it.
    async fn send(&mut self) -> Sent {
        let name = Named(&self.intent.target).to_string();
        for _ in 0..SENDS {
            let request = self.look.mutation.request(false);
            match send(&self.target.client, request, self.pace.change).await {
                Ok(reply) => {
                    for warning in reply.warnings {
                        self.trouble(format!("warning: {warning}"));
                    }
                    return Sent::Done(self.accepted(&name, reply.body));
                }
                Err(error) if error.is(StatusCode::CONFLICT) && self.look.live.is_some() => {
                    let (before, after) = (self.look.before(), self.look.after());
                    match plan::look(&self.target, &self.resource, &self.intent).await {
                        Ok(again) if again.before() == before && again.after() == after => {
                            self.say(
                                "its status changed meanwhile, nothing was done; sending again",
                            );
                            self.look = again;
                        }
                        Ok(_) => {
                            self.trouble(format!(
                                "{name} has changed since the preview: nothing was done"
                            ));
                            return Sent::NotDone;
                        }
                        Err(error) => {
                            self.trouble(format!("nothing was done: {}", full(&error)));
                            return Sent::NotDone;
                        }
                    }
                }
                Err(refused @ ApiError::Refused { .. }) => {
                    let secret =
                        is_secret(&self.intent.target.api_version, &self.intent.target.kind);
                    let refused = if secret {
                        refused.without_values()
                    } else {
                        refused
                    };
                    self.trouble(format!("the server refused, nothing was done: {refused}"));
                    return Sent::NotDone;
                }
                Err(ApiError::Unclear { message }) => {
                    self.trouble(format!(
                        "the outcome is unknown: {message}; it is not sent again, looking at {name}"
                    ));
                    return self.find_out(&name).await;
                }
            }
        }
        self.trouble(format!("{name} changes too fast: nothing was done"));
        Sent::NotDone
    }

    fn accepted(&self, name: &str, body: Value) -> Option<Value> {
        match self.intent.change {
            Change::Delete => {
                self.say(format!("{name} is being deleted"));
                None
            }
            Change::Create(_) => {
                self.say(format!("{name} created"));
                Some(body)
            }
            Change::Patch(_) | Change::Subresource(..) => {
                match body["metadata"]["generation"].as_i64() {
                    Some(generation) => {
                        self.say(format!("{name} patched, generation {generation}"))
                    }
                    None => self.say(format!("{name} patched")),
                }
                Some(body)
            }
        }
    }

    /// After a request without a clear answer: what is there now?
    async fn find_out(&self, name: &str) -> Sent {
        let path = self.resource.object(&self.intent.target);
        let until = Instant::now() + self.pace.doubt;
        let mut same = 0;
        while Instant::now() < until && !self.cancel.is_cancelled() {
            match read(&self.target.client, || get(&path)).await {
                Ok(reply) => {
                    let now = authored(&reply.body, false);
                    let version = reply.body["metadata"]["resourceVersion"].as_str();
                    let uid = reply.body["metadata"]["uid"].as_str().map(str::to_owned);
                    let before = self.look.before();
                    if self.intent.change == Change::Delete
                        && (uid != self.look.uid()
                            || !reply.body["metadata"]["deletionTimestamp"].is_null())
                    {
                        self.say(format!("{name} was deleted"));
                        return Sent::Done(None);
                    }
                    let changed = before.as_ref() != Some(&now);
                    if changed && self.look.after().as_ref() == Some(&now) {
                        self.say(format!("{name} is as it should be: the change was made"));
                        return Sent::Done(Some(reply.body));
                    }
                    if changed {
                        self.trouble(format!(
                            "{name} is neither as it was nor as it should be: someone else changes it"
                        ));
                        return Sent::Unknown;
                    }
                    // Bound to a version that has passed, the request can do nothing any more.
                    same += 1;
                    if version != Some(self.look.version()) || same == 3 {
                        self.trouble(format!("{name} is as it was: nothing was done"));
                        return Sent::NotDone;
                    }
                }
                Err(error) if error.is(StatusCode::NOT_FOUND) => match self.intent.change {
                    Change::Delete => {
                        self.say(format!("{name} is gone"));
                        return Sent::Done(None);
                    }
                    Change::Create(_) => {
                        same += 1;
                        if same == 3 {
                            self.trouble(format!("{name} does not exist: nothing was done"));
                            return Sent::NotDone;
                        }
                    }
                    Change::Patch(_) | Change::Subresource(..) => {
                        self.trouble(format!("{name} is gone: someone has deleted it"));
                        return Sent::NotDone;
                    }
                },
                Err(error) => self.trouble(format!("cannot read {name}: {error}")),
            }
            tokio::time::sleep(self.pace.look).await;
        }
        self.trouble(format!(
            "what was sent for {name} may have been done, or may still be"
        ));
        Sent::Unknown
    }

    /// Notes at once what was changed and how to go back: the app may end while it waits.
    async fn keep(&self, object: Option<&Value>, undo: Option<&Undo>) {
        let uid = object
            .and_then(|object| object["metadata"]["uid"].as_str().map(str::to_owned))
            .or_else(|| self.look.uid());
        let changed = vec![ObjectRef {
            uid,
            ..self.intent.target.clone()
        }];
        let id = self.journal.execution().id;
        let stored = self.storable(undo);
        if let Err(error) = self.store.keep_undo(&id, &changed, stored.as_deref()).await {
            self.trouble(format!("the way back could not be stored: {error}"));
        }
        self.journal.update(|execution| {
            execution.resources_changed = changed;
            execution.revertible = undo.is_some();
        });
    }

    async fn wait(&self, object: Option<&Value>) -> Outcome {
        let check = self.check();
        let path = self.resource.object(&self.intent.target);
        let target = self.journal.execution().target;
        let applied = Applied {
            client: &self.target.client,
            target: &target,
            path: &path,
            object,
        };
        let until = Instant::now() + self.intent.deadline;
        let mut last = String::new();
        let mut lost = false;
        loop {
            let looked = tokio::select! {
                looked = check.look(&applied) => looked,
                () = self.cancel.cancelled() => return self.cancelled(),
                () = tokio::time::sleep_until(until) => return self.late(&last),
            };
            match looked {
                Ok(Progress::Healed(line)) => {
                    self.say(line);
                    return Outcome::Healed;
                }
                Ok(Progress::Stuck(line)) => {
                    self.trouble(line);
                    return Outcome::AppliedNotHealed;
                }
                Ok(Progress::NotYet(line)) => {
                    lost = false;
                    if line != last {
                        self.say(line.clone());
                        last = line;
                    }
                }
                Err(error) if !lost => {
                    lost = true;
                    self.trouble(format!("cannot see how it goes, trying on: {error}"));
                }
                Err(_) => {}
            }
            tokio::select! {
                () = tokio::time::sleep(self.pace.look) => {}
                () = self.cancel.cancelled() => return self.cancelled(),
                () = tokio::time::sleep_until(until) => return self.late(&last),
            }
        }
    }

    fn check(&self) -> Arc<dyn OutcomeCheck> {
        match (&self.intent.check, &self.intent.change) {
            (Some(check), _) => Arc::clone(check),
            (None, Change::Delete) => Arc::new(Gone),
            (None, _) => match self.intent.target.kind.as_str() {
                "Deployment" | "StatefulSet" | "DaemonSet" => Arc::new(Rollout),
                _ => Arc::new(Accepted),
            },
        }
    }

    fn cancelled(&self) -> Outcome {
        let name = Named(&self.intent.target);
        self.say(match self.intent.change {
            Change::Delete => {
                format!("cancelled: no longer waiting; {name} is still being deleted")
            }
            _ => format!("cancelled: no longer waiting; {name} keeps the change"),
        });
        Outcome::Cancelled
    }

    fn late(&self, last: &str) -> Outcome {
        let waited = self.intent.deadline.as_secs();
        self.trouble(match last {
            "" => format!("applied, but nothing could be seen of it for {waited} s"),
            last => format!("applied, but not there after {waited} s: {last}"),
        });
        Outcome::AppliedNotHealed
    }

    /// The way back as it may be stored: never with values of a Secret.
    fn storable(&self, undo: Option<&Undo>) -> Option<String> {
        if is_secret(&self.intent.target.api_version, &self.intent.target.kind) {
            return None;
        }
        undo.map(|undo| serde_json::to_string(undo).expect("an undo record is plain data"))
    }

    fn now(&self) -> i64 {
        self.clock.epoch_seconds()
    }

    fn say(&self, line: impl Into<String>) {
        self.journal.line(self.now(), false, line);
    }

    fn trouble(&self, line: impl Into<String>) {
        self.journal.line(self.now(), true, line);
    }
}

fn result_text(outcome: Outcome, exit_code: i32) -> String {
    let words = match outcome {
        Outcome::Healed => "applied and healed",
        Outcome::AppliedNotHealed => "applied, not healed",
        Outcome::NotApplied => "not applied",
        Outcome::Cancelled => "cancelled by the user",
        Outcome::Interrupted => "outcome unknown",
    };
    format!("{words}, exit code {exit_code}")
}

fn full(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}
