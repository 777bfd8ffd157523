//! What an execution has said so far: one writer, any number of readers who may come late, each of
//! whom gets every line once.

use std::sync::{Arc, Mutex, MutexGuard};

use futures::{StreamExt, stream::BoxStream};
use kubegraf_ipc::execution::{Execution, ExecutionEvent, Outcome};
use tokio::sync::watch;

use crate::store::{self, LineRow, Store};

/// Lines kept of one execution; one more says that the rest is cut.
pub const MAX_LINES: usize = 10_000;

/// The story of one execution.
#[derive(Debug)]
pub(super) struct Journal {
    state: Mutex<State>,
    /// Moves with every change of `state`.
    moved: watch::Sender<u64>,
    saved: tokio::sync::Mutex<usize>,
}

#[derive(Debug)]
struct State {
    execution: Execution,
    /// Counts the changes of `execution`.
    version: u64,
    lines: Vec<LineRow>,
    done: bool,
}

/// Where a reader stands.
struct Reader {
    journal: Arc<Journal>,
    moved: watch::Receiver<u64>,
    version: Option<u64>,
    line: usize,
    over: bool,
}

impl Journal {
    pub fn new(execution: Execution) -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::new(State {
                execution,
                version: 0,
                lines: Vec::new(),
                done: false,
            }),
            moved: watch::Sender::new(0),
            saved: tokio::sync::Mutex::new(0),
        })
    }

    /// A finished execution, read back from the store.
    pub fn of_the_past(execution: Execution, lines: Vec<LineRow>) -> Arc<Self> {
        let journal = Self::new(execution);
        {
            let mut state = journal.lock();
            state.lines = lines;
            state.done = true;
        }
        journal
    }

    pub fn line(&self, at: i64, stderr: bool, text: impl Into<String>) {
        let mut state = self.lock();
        let text = match state.lines.len() {
            MAX_LINES => "the output is cut here after 10,000 lines".into(),
            n if n > MAX_LINES => return,
            _ => text.into(),
        };
        state.lines.push(LineRow { at, stderr, text });
        drop(state);
        self.moved.send_modify(|count| *count += 1);
    }

    pub fn execution(&self) -> Execution {
        self.lock().execution.clone()
    }

    /// Changes the execution as it is shown.
    pub fn update(&self, change: impl FnOnce(&mut Execution)) {
        let mut state = self.lock();
        change(&mut state.execution);
        state.version += 1;
        drop(state);
        self.moved.send_modify(|count| *count += 1);
    }

    /// Says how it ended: readers get the last status and the end, nothing after.
    pub fn finish(&self, execution: Execution) {
        let mut state = self.lock();
        state.execution = execution;
        state.version += 1;
        state.done = true;
        drop(state);
        self.moved.send_modify(|count| *count += 1);
    }

    /// Stores the lines that are not stored yet.
    pub async fn save(&self, store: &Store) -> store::Result<()> {
        let mut saved = self.saved.lock().await;
        let (id, lines) = {
            let state = self.lock();
            (state.execution.id.clone(), state.lines[*saved..].to_vec())
        };
        if !lines.is_empty() {
            let from = u32::try_from(*saved).expect("there are at most 10,001 lines");
            store.add_lines(&id, from, &lines).await?;
            *saved += lines.len();
        }
        Ok(())
    }

    /// Everything from the first line, then what comes, to the end.
    pub fn events(self: &Arc<Self>) -> BoxStream<'static, ExecutionEvent> {
        let reader = Reader {
            moved: self.moved.subscribe(),
            journal: Arc::clone(self),
            version: None,
            line: 0,
            over: false,
        };
        futures::stream::unfold(reader, |mut reader| async move {
            reader.next().await.map(|event| (event, reader))
        })
        .boxed()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state
            .lock()
            .expect("no code panics while it holds the lock")
    }
}

impl Reader {
    async fn next(&mut self) -> Option<ExecutionEvent> {
        loop {
            if self.over {
                return None;
            }
            self.moved.mark_unchanged();
            if let Some(event) = self.pending() {
                return Some(event);
            }
            // The sender lives in the journal, which this reader holds.
            self.moved.changed().await.ok()?;
        }
    }

    /// What this reader has not seen. The status as it stands comes first of all; later ones come
    /// after the lines that led to them.
    fn pending(&mut self) -> Option<ExecutionEvent> {
        let state = self.journal.lock();
        if self.version.is_none() {
            self.version = Some(state.version);
            return Some(ExecutionEvent::Status {
                execution: state.execution.clone(),
            });
        }
        if let Some(line) = state.lines.get(self.line) {
            self.line += 1;
            let (data, at) = (line.text.clone(), line.at);
            return Some(if line.stderr {
                ExecutionEvent::Stderr { data, at }
            } else {
                ExecutionEvent::Stdout { data, at }
            });
        }
        if self.version != Some(state.version) {
            self.version = Some(state.version);
            return Some(ExecutionEvent::Status {
                execution: state.execution.clone(),
            });
        }
        if state.done {
            self.over = true;
            return Some(ExecutionEvent::Complete {
                exit_code: state.execution.exit_code.unwrap_or(1),
                duration: state.execution.duration.unwrap_or(0.0),
                outcome: state.execution.outcome.unwrap_or(Outcome::Interrupted),
            });
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use futures::StreamExt;
    use kubegraf_ipc::{execution::ExecutionStatus, object::ObjectRef};

    use super::*;

    fn running() -> Execution {
        Execution {
            id: "e1".into(),
            cluster: "c".into(),
            title: "t".into(),
            action: "a".into(),
            target: ObjectRef {
                api_version: "v1".into(),
                kind: "Pod".into(),
                namespace: "n".into(),
                name: "p".into(),
                uid: None,
            },
            incident: None,
            status: ExecutionStatus::Running,
            outcome: None,
            started_at: 0,
            duration: None,
            exit_code: None,
            resources_changed: vec![],
            revertible: false,
        }
    }

    #[tokio::test]
    async fn output_without_end_is_cut_and_says_so() {
        let journal = Journal::new(running());
        for n in 0..MAX_LINES + 50 {
            journal.line(0, false, format!("line {n}"));
        }
        journal.finish(Execution {
            exit_code: Some(0),
            ..running()
        });
        let events: Vec<_> = journal.events().collect().await;
        let lines: Vec<_> = events
            .iter()
            .filter_map(|event| match event {
                ExecutionEvent::Stdout { data, .. } => Some(data.as_str()),
                _ => None,
            })
            .collect();
        assert_eq!(lines.len(), MAX_LINES + 1);
        assert_eq!(lines[MAX_LINES - 1], "line 9999");
        assert_eq!(
            lines[MAX_LINES],
            "the output is cut here after 10,000 lines"
        );
    }

    /// Covers: EXE-06
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn readers_of_any_time_get_every_line_once_and_in_order() {
        let journal = Journal::new(running());
        let writer = {
            let journal = Arc::clone(&journal);
            tokio::spawn(async move {
                for n in 0..2_000 {
                    journal.line(n, false, "");
                    if n % 7 == 0 {
                        tokio::task::yield_now().await;
                    }
                }
                journal.finish(running());
            })
        };
        let mut readers = vec![];
        for _ in 0..20 {
            readers.push(tokio::spawn(journal.events().collect::<Vec<_>>()));
            tokio::task::yield_now().await;
        }
        writer.await.unwrap();
        readers.push(tokio::spawn(journal.events().collect::<Vec<_>>()));
        for reader in readers {
            let events = reader.await.unwrap();
            let at: Vec<_> = events
                .iter()
                .filter_map(|event| match event {
                    ExecutionEvent::Stdout { at, .. } => Some(*at),
                    _ => None,
                })
                .collect();
            assert_eq!(at, (0..2_000).collect::<Vec<_>>());
            assert!(matches!(
                events.last(),
                Some(ExecutionEvent::Complete { .. })
            ));
        }
    }
}
