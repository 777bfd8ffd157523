//! One container's log, followed through broken connections, rotations and restarts.
//!
//! A log can only be asked for from a whole second on. So what was read last is remembered exactly,
//! and what comes a second time is skipped: nothing is shown twice, and if the last line does not
//! come again, the log was cut in between and that is said.

mod place;
mod read;
mod seen;

use std::{sync::Arc, time::Duration};

use http::StatusCode;
use kube::Client;
use kubegraf_ipc::logs::{LogOptions, LogState};
use tokio::sync::Semaphore;

use super::Shelf;
use crate::{kinds::Pods, watch::Subscription};
use place::Place;
use seen::{Seen, judge};

/// A log that ended although its container still runs is asked for again after this.
const LAG: Duration = Duration::from_secs(3);
/// Status changes are believed to arrive; this often it is looked at anyway.
const LOOK: Duration = Duration::from_secs(30);
/// Pauses before a broken log is asked for again: the first, and the longest.
const PAUSE: (Duration, Duration) = (Duration::from_millis(300), Duration::from_secs(8));

/// Follows one container of one pod.
pub(super) struct Source {
    pub(super) client: Client,
    pub(super) shelf: Arc<Shelf>,
    pub(super) pods: Arc<Subscription<Pods>>,
    pub(super) opening: Arc<Semaphore>,
    pub(super) options: LogOptions,
    /// Its id in the book.
    pub(super) id: u32,
    pub(super) namespace: String,
    pub(super) pod: String,
    pub(super) uid: String,
    pub(super) container: String,
}

/// Which log is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ask {
    Follow,
    Once,
    Previous,
}

/// A log that could not be read to its end.
#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error("{message}")]
    Refused { code: StatusCode, message: String },
    #[error("{0}")]
    Broken(String),
}

impl Source {
    /// Runs until nothing more can come, or until it is dropped.
    pub(super) async fn run(self) {
        let mut place = Place::default();
        if !self.options.follow || self.options.previous || self.options.until.is_some() {
            return self.read_once(&mut place).await;
        }
        let mut run = None;
        let mut pause = PAUSE.0;
        let mut broken = false;
        loop {
            let seen = self.seen();
            let restarts = match &seen {
                Seen::Gone => break,
                Seen::Waiting(reason) => {
                    let reason = reason.clone();
                    self.shelf.state(self.id, LogState::Waiting { reason });
                    self.until(LOOK, |now| *now != seen).await;
                    continue;
                }
                Seen::Ran {
                    restarts, ended, ..
                } => {
                    if let Some(before) = run.filter(|before| before < restarts) {
                        self.restarted(&mut place, restarts - before, ended).await;
                    }
                    *restarts
                }
            };
            run = Some(restarts);
            let outcome = self.read(&mut place, Ask::Follow).await;
            broken = matches!(outcome, Err(Trouble::Broken(_)));
            match outcome {
                Ok(new) => {
                    pause = PAUSE.0;
                    self.after_the_end(restarts, new).await;
                }
                Err(Trouble::Refused { code, message }) if code == StatusCode::FORBIDDEN => {
                    return self
                        .shelf
                        .state(self.id, LogState::Failed { reason: message });
                }
                Err(trouble) => {
                    let reason = trouble.to_string();
                    self.shelf.state(self.id, LogState::Broken { reason });
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(PAUSE.1);
                }
            }
        }
        if broken {
            let text = "the log broke off and the pod is gone: its last lines may be missing";
            self.shelf.remark(self.id, text);
        }
        self.shelf.state(self.id, LogState::Ended);
    }

    async fn read_once(&self, place: &mut Place) {
        let ask = if self.options.previous {
            Ask::Previous
        } else {
            Ask::Once
        };
        let mut pause = PAUSE.0;
        for _ in 0..3 {
            match self.read(place, ask).await {
                Ok(_) => return self.shelf.state(self.id, LogState::Ended),
                Err(Trouble::Refused {
                    message: reason, ..
                }) => {
                    return self.shelf.state(self.id, LogState::Failed { reason });
                }
                Err(Trouble::Broken(reason)) => {
                    self.shelf.state(self.id, LogState::Broken { reason });
                    tokio::time::sleep(pause).await;
                    pause *= 2;
                }
            }
        }
    }

    /// A log has ended in good order: its run is over, or the kubelet has let go of it.
    async fn after_the_end(&self, run: u32, new: u64) {
        let runs_on = |now: &Seen| matches!(now, Seen::Ran { restarts, running: true, .. } if *restarts == run);
        self.until(LAG, |now| !runs_on(now)).await;
        // Lines may have been written between the last piece and the end: the next reading of the
        // same run gives nothing new before this rests.
        if let Seen::Ran {
            restarts,
            running: false,
            reason,
            ..
        } = self.seen()
            && restarts == run
            && new == 0
        {
            let state = match reason.as_str() {
                "" | "Completed" => LogState::Ended,
                _ => LogState::Waiting {
                    reason: reason.clone(),
                },
            };
            self.shelf.state(self.id, state);
            let over = |now: &Seen| matches!(now, Seen::Ran { restarts, running: false, .. } if *restarts == run);
            loop {
                let before = self.seen();
                if !over(&before) {
                    return;
                }
                self.until(LOOK, |now| *now != before).await;
                if let Seen::Ran { reason, .. } = self.seen()
                    && !reason.is_empty()
                    && reason != "Completed"
                {
                    self.shelf.state(self.id, LogState::Waiting { reason });
                }
            }
        }
    }

    /// Reads what the run before has written last, and says that there was a restart.
    async fn restarted(&self, place: &mut Place, times: u32, ended: &str) {
        if times > 1 {
            place.same_run = false;
            let text = format!(
                "the container was restarted {times} times at once: {} of its runs could not be read",
                times - 1
            );
            self.shelf.remark(self.id, &text);
        }
        // A kubelet keeps one earlier run, if that: none is no reason to stop.
        if let Err(trouble) = self.read(place, Ask::Previous).await {
            tracing::debug!(%trouble, pod = self.pod, "the run before the restart cannot be read");
        }
        place.same_run = false;
        self.shelf.remark(
            self.id,
            &format!("restarted; the run before ended with {ended}"),
        );
    }

    fn seen(&self) -> Seen {
        let pods = self.pods.objects();
        let key = (self.namespace.as_str(), self.pod.as_str());
        let Ok(index) = pods.binary_search_by(|pod| pod.metadata.key().cmp(&key)) else {
            return Seen::Gone;
        };
        let pod = &pods[index];
        if pod.metadata.uid != self.uid.as_str() {
            return Seen::Gone;
        }
        judge(pod, &self.container)
    }

    /// Waits until what is seen satisfies the test, or the time is over.
    async fn until(&self, limit: Duration, test: impl Fn(&Seen) -> bool) {
        let mut changes = self.pods.changes();
        let wait = async {
            loop {
                changes.borrow_and_update();
                if test(&self.seen()) || changes.changed().await.is_err() {
                    return;
                }
            }
        };
        let _ = tokio::time::timeout(limit, wait).await;
    }
}
