//! The executions the user has open, and the dock they stand in.

use kubegraf_ipc::{
    Error,
    execution::{
        ApplyPlan, CancelExecution, Execution, ExecutionEvent, ExecutionStatus, ListExecutions,
        Outcome, Plan, WatchExecution,
    },
    notice::{NoticeLevel, NoticeSource},
};
use leptos::{prelude::*, task::spawn_local};

use crate::{
    ipc::{self, WatchGuard},
    model::words,
    state::{
        notices::{News, tell},
        session::Session,
        toasts::Toasts,
    },
};

/// How many executions the history shows.
const HISTORY: u32 = 100;

/// One line of output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its place in the output.
    pub number: usize,
    /// When, epoch seconds.
    pub at: i64,
    /// Whether it is about trouble.
    pub is_trouble: bool,
    /// The line.
    pub text: String,
}

/// An execution that is followed in a tab.
#[derive(Clone, Debug)]
pub struct Tab {
    /// [`Execution::id`].
    pub id: String,
    /// The execution; `None` until core has said.
    pub execution: ArcRwSignal<Option<Execution>>,
    /// Its output so far.
    pub lines: ArcRwSignal<Vec<Line>>,
    /// Why it cannot be followed.
    pub failure: ArcRwSignal<Option<Error>>,
}

/// What the dock shows.
#[derive(Clone, Copy, Debug)]
pub struct Dock {
    /// Whether its body is open.
    pub open: RwSignal<bool>,
    /// Id of the tab in front; `None` is the history.
    pub front: RwSignal<Option<String>>,
    /// Tabs in the order they were opened.
    pub tabs: RwSignal<Vec<Tab>>,
    /// What was run before, newest first.
    pub history: RwSignal<Vec<Execution>>,
    guards: StoredValue<Vec<(String, WatchGuard)>>,
    session: Session,
    toasts: Toasts,
}

impl Dock {
    /// Hands an empty dock to every component below; its history follows the cluster.
    pub fn provide(session: Session, toasts: Toasts) -> Self {
        let dock = Self {
            open: RwSignal::new(false),
            front: RwSignal::new(None),
            tabs: RwSignal::new(Vec::new()),
            history: RwSignal::new(Vec::new()),
            guards: StoredValue::new(Vec::new()),
            session,
            toasts,
        };
        provide_context(dock);
        Effect::new(move |_| {
            session.cluster.with(|_| ());
            dock.reload_history();
        });
        dock
    }

    /// The dock provided above.
    #[must_use]
    pub fn expect() -> Self {
        expect_context()
    }

    /// Approves a plan and follows what it starts.
    ///
    /// # Errors
    /// Why core did not accept it; nothing was changed then.
    pub async fn apply(self, plan: &Plan, typed: Option<String>) -> Result<(), Error> {
        let request = ApplyPlan {
            request_id: ipc::request_id(),
            plan: plan.id.clone(),
            hash: plan.hash.clone(),
            typed,
        };
        let started = ipc::call(request).await?;
        self.show(&started.execution);
        Ok(())
    }

    /// Asks a running execution to stop.
    pub fn cancel(self, execution: String) {
        spawn_local(async move {
            let request_id = ipc::request_id();
            let request = CancelExecution {
                request_id,
                execution,
            };
            if let Err(error) = ipc::call(request).await {
                self.toasts.complain("cancelling", &error);
            }
        });
    }

    /// Brings an execution to the front, following it if it is not followed yet.
    pub fn show(self, id: &str) {
        self.open.set(true);
        self.front.set(Some(id.to_owned()));
        if self
            .tabs
            .with_untracked(|tabs| tabs.iter().any(|tab| tab.id == id))
        {
            return;
        }
        let tab = Tab {
            id: id.to_owned(),
            execution: ArcRwSignal::new(None),
            lines: ArcRwSignal::default(),
            failure: ArcRwSignal::new(None),
        };
        self.tabs.update(|tabs| tabs.push(tab.clone()));
        let (follower, failure) = (tab.clone(), tab.failure.clone());
        let request = WatchExecution {
            execution: id.to_owned(),
        };
        let opened = ipc::watch(
            &request,
            move |event| self.heard(&follower, event),
            move |error| failure.set(Some(error)),
        );
        match opened {
            Ok(guard) => self
                .guards
                .update_value(|guards| guards.push((id.to_owned(), guard))),
            Err(error) => tab.failure.set(Some(error)),
        }
    }

    /// Closes a tab; the execution goes on.
    pub fn close(self, id: &str) {
        self.guards
            .update_value(|guards| guards.retain(|(guarded, _)| guarded != id));
        self.tabs.update(|tabs| tabs.retain(|tab| tab.id != id));
        if self.front.get_untracked().as_deref() == Some(id) {
            let last = self
                .tabs
                .with_untracked(|tabs| tabs.last().map(|tab| tab.id.clone()));
            self.front.set(last);
        }
    }

    /// Asks again what was run before.
    pub fn reload_history(self) {
        let Some(cluster) = self.session.cluster.get_untracked() else {
            return self.history.set(Vec::new());
        };
        spawn_local(async move {
            let request = ListExecutions {
                cluster: Some(cluster),
                limit: HISTORY,
            };
            match ipc::call(request).await {
                Ok(history) => self.history.set(history),
                Err(error) => self.toasts.complain("reading the history", &error),
            }
        });
    }

    fn heard(self, tab: &Tab, event: ExecutionEvent) {
        match event {
            ExecutionEvent::Status { execution } => tab.execution.set(Some(execution)),
            ExecutionEvent::Stdout { data, at } => push(tab, at, false, data),
            ExecutionEvent::Stderr { data, at } => push(tab, at, true, data),
            ExecutionEvent::Complete {
                exit_code,
                duration,
                outcome,
            } => self.ended(tab, exit_code, duration, outcome),
        }
    }

    fn ended(self, tab: &Tab, exit_code: i32, duration: f64, outcome: Outcome) {
        let was_running = tab.execution.with_untracked(|execution| {
            execution
                .as_ref()
                .is_some_and(|execution| execution.outcome.is_none())
        });
        tab.execution.update(|execution| {
            if let Some(execution) = execution {
                execution.status = match exit_code {
                    0 => ExecutionStatus::Succeeded,
                    _ => ExecutionStatus::Failed,
                };
                execution.exit_code = Some(exit_code);
                execution.duration = Some(duration);
                execution.outcome = Some(outcome);
            }
        });
        self.reload_history();
        if was_running {
            let title = tab
                .execution
                .with_untracked(|execution| execution.as_ref().map(|e| e.title.clone()))
                .unwrap_or_default();
            let text = format!("{}: {}", words::outcome(outcome), words::sentence(&title));
            tell(News {
                key: format!("execution/{}", tab.id),
                level: match outcome {
                    Outcome::Healed => NoticeLevel::Success,
                    Outcome::AppliedNotHealed | Outcome::Cancelled => NoticeLevel::Warning,
                    Outcome::NotApplied | Outcome::Interrupted => NoticeLevel::Error,
                },
                source: NoticeSource::Execution,
                cluster: self.session.cluster_name(),
                title: text.clone(),
                detail: None,
                route: None,
            });
            self.toasts.say(text);
        }
    }
}

fn push(tab: &Tab, at: i64, is_trouble: bool, text: String) {
    tab.lines.update(|lines| {
        lines.push(Line {
            number: lines.len(),
            at,
            is_trouble,
            text,
        });
    });
}
