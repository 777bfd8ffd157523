//! One container's log, followed through broken connections, rotations and restarts.
//!
//! A log can only be asked for from a whole second on. So what was read last is remembered exactly,
//! and what comes a second time is skipped: nothing is shown twice, and if the last line does not
//! come again, the log was cut in between and that is said.

use std::{sync::Arc, time::Duration};

use http::{Request, StatusCode};
use http_body_util::BodyExt;
use kube::{Client, client::Body};
use kubegraf_ipc::logs::{LogOptions, LogState};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use tokio::sync::Semaphore;

use super::{
    Shelf,
    line::{Splitter, Written, level},
};
use crate::{
    kinds::Pods,
    objects::{ContainerStatus, Pod},
    watch::Subscription,
};

/// How long the first byte of an answer may take.
const ANSWER: Duration = Duration::from_secs(30);
/// A log that ended although its container still runs is asked for again after this.
const LAG: Duration = Duration::from_secs(3);
/// Status changes are believed to arrive; this often it is looked at anyway.
const LOOK: Duration = Duration::from_secs(30);
/// Pauses before a broken log is asked for again: the first, and the longest.
const PAUSE: (Duration, Duration) = (Duration::from_millis(300), Duration::from_secs(8));
/// The most of a refusal that is read, bytes.
const REFUSAL: usize = 64 << 10;
/// What a kubelet writes into the log instead of refusing.
const NO_LOG: &[u8] = b"unable to retrieve container logs";

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

/// What the cluster says about the container.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Seen {
    /// The pod is gone.
    Gone,
    /// It has not run yet.
    Waiting(String),
    /// It runs, or has run.
    Ran {
        restarts: u32,
        running: bool,
        /// Why it does not run now.
        reason: String,
        /// How the run before ended.
        ended: String,
    },
}

/// How far the log was read.
#[derive(Clone, Debug, Default)]
struct Place {
    /// Time of the last line, nanoseconds.
    last: Option<i64>,
    /// How many lines have that time.
    same: u32,
    /// Whether the last line belongs to the run that is read next, so that it must come again.
    same_run: bool,
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

    /// Reads a log to its end; answers how many lines were new.
    async fn read(&self, place: &mut Place, ask: Ask) -> Result<u64, Trouble> {
        self.shelf.state(self.id, LogState::Opening);
        let request = Request::get(self.path(place, ask))
            .body(Body::empty())
            .map_err(|error| Trouble::Broken(error.to_string()))?;
        let permit = self.opening.acquire().await;
        let answer = tokio::time::timeout(ANSWER, self.client.send(request))
            .await
            .map_err(|_| Trouble::Broken(format!("no answer within {} s", ANSWER.as_secs())))?
            .map_err(|error| Trouble::Broken(error.to_string()))?;
        drop(permit);
        let status = answer.status();
        let mut body = answer.into_body();
        if !status.is_success() {
            let body = http_body_util::Limited::new(body, REFUSAL).collect().await;
            let body = body.map(|body| body.to_bytes()).unwrap_or_default();
            let said: Option<serde_json::Value> = serde_json::from_slice(&body).ok();
            let message = said.and_then(|said| said["message"].as_str().map(str::to_owned));
            let message = message.unwrap_or_else(|| format!("it answered {status}"));
            return if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
                Err(Trouble::Broken(message))
            } else {
                Err(Trouble::Refused {
                    code: status,
                    message,
                })
            };
        }
        if ask == Ask::Follow {
            self.shelf.state(self.id, LogState::Following);
        }
        let mut reading = Reading::of(place);
        let mut splitter = Splitter::default();
        loop {
            let frame = match body.frame().await {
                None => break,
                Some(Ok(frame)) => frame,
                Some(Err(error)) => {
                    self.keep(&mut reading, place, splitter.rest());
                    return Err(Trouble::Broken(format!("the log broke off: {error}")));
                }
            };
            let Ok(bytes) = frame.into_data() else {
                continue;
            };
            let mut lines = Vec::new();
            splitter.take(&bytes, |line| lines.push(line));
            self.keep(&mut reading, place, lines);
            if reading.over {
                return Ok(reading.new);
            }
        }
        self.keep(&mut reading, place, splitter.rest());
        if let Some(reason) = reading.no_log {
            return Err(Trouble::Broken(reason));
        }
        place.same_run |= reading.new > 0;
        Ok(reading.new)
    }

    fn keep(
        &self,
        reading: &mut Reading,
        place: &mut Place,
        lines: impl IntoIterator<Item = Written>,
    ) {
        let mut new = Vec::new();
        let bound = |time: Option<i64>| time.map(|time| time.saturating_mul(1_000_000));
        let (since, until) = (bound(self.options.since), bound(self.options.until));
        for line in lines {
            let is_before = |bound: Option<i64>| line.at.zip(bound).is_some_and(|(at, b)| at < b);
            if is_before(since) {
                continue;
            }
            if until.is_some() && line.at.is_some() && !is_before(until) {
                reading.over = true;
                break;
            }
            if line.at.is_none() && line.text.starts_with(NO_LOG) {
                reading.no_log = Some(String::from_utf8_lossy(&line.text).into_owned());
                continue;
            }
            match reading.take(&line, place) {
                Taken::Again => continue,
                Taken::New => {}
                Taken::AfterGap => {
                    let text = "lines may be missing here: the log was cut while it was not read";
                    self.shelf.remark(self.id, text);
                }
            }
            place.advance(line.at);
            let level = level(&line.text);
            new.push((line, level));
        }
        if !new.is_empty() {
            // From here on what comes next belongs to the same run as what was read last.
            place.same_run = true;
            reading.new += new.len() as u64;
            self.shelf.add(self.id, new);
        }
    }

    fn path(&self, place: &Place, ask: Ask) -> String {
        let mut path = format!(
            "/api/v1/namespaces/{}/pods/{}/log?container={}&timestamps=true",
            self.namespace, self.pod, self.container
        );
        match ask {
            Ask::Follow => path.push_str("&follow=true"),
            Ask::Previous => path.push_str("&previous=true"),
            Ask::Once => {}
        }
        let LogOptions {
            tail,
            since,
            since_seconds,
            until,
            ..
        } = self.options;
        let second = match (place.last, since) {
            (Some(last), _) => Some(last.div_euclid(1_000_000_000)),
            (None, Some(since)) => Some(since.div_euclid(1_000)),
            (None, None) => None,
        };
        if let (None, None, Some(tail)) = (place.last, until, tail) {
            path.push_str(&format!("&tailLines={tail}"));
        }
        // A server takes one of the two.
        if let Some(second) = second {
            let second = OffsetDateTime::from_unix_timestamp(second).ok();
            if let Some(second) = second.and_then(|second| second.format(&Rfc3339).ok()) {
                path.push_str("&sinceTime=");
                path.push_str(&second);
            }
        } else if let Some(seconds) = since_seconds {
            path.push_str(&format!("&sinceSeconds={}", seconds.max(1)));
        }
        path
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

fn judge(pod: &Pod, container: &str) -> Seen {
    let status = &pod.status;
    let mut statuses = status
        .container_statuses
        .iter()
        .chain(&status.init_container_statuses);
    let Some(status) = statuses.find(|status| status.name == container) else {
        let reason = match (&*status.reason, &*status.phase) {
            ("", phase) => phase.to_owned(),
            (reason, _) => reason.to_owned(),
        };
        return Seen::Waiting(reason);
    };
    let waiting = status.state.waiting.as_ref();
    let ran = status.state.running.is_some()
        || status.state.terminated.is_some()
        || status.last_state.terminated.is_some();
    if !ran {
        return Seen::Waiting(waiting.map_or_else(String::new, |w| w.reason.to_string()));
    }
    let reason = match (&status.state.terminated, waiting) {
        (Some(terminated), _) => terminated.reason.to_string(),
        (None, Some(waiting)) => waiting.reason.to_string(),
        (None, None) => String::new(),
    };
    Seen::Ran {
        restarts: status.restart_count,
        running: status.state.running.is_some(),
        reason,
        ended: how_it_ended(status),
    }
}

fn how_it_ended(status: &ContainerStatus) -> String {
    status.last_state.terminated.as_ref().map_or_else(
        || "no word of how".to_owned(),
        |end| match &*end.reason {
            "" => format!("exit code {}", end.exit_code),
            reason => format!("exit code {} ({reason})", end.exit_code),
        },
    )
}

impl Place {
    fn advance(&mut self, at: Option<i64>) {
        match (at, self.last) {
            (Some(at), Some(last)) if at == last => self.same += 1,
            // A clock that was set back must not make old lines look new.
            (Some(at), Some(last)) if at < last => {}
            (Some(at), _) => (self.last, self.same) = (Some(at), 1),
            (None, _) => {}
        }
    }
}

/// What one answer has given.
struct Reading {
    /// Up to here lines were read before, and how many of the last moment.
    again: Option<(i64, u32)>,
    /// Whether the last line must come again.
    must: bool,
    came: bool,
    /// Whether a line came that is beyond what was asked for.
    over: bool,
    new: u64,
    no_log: Option<String>,
}

/// What a line of an answer is.
#[derive(Debug, PartialEq, Eq)]
enum Taken {
    /// Read before.
    Again,
    /// Read for the first time.
    New,
    /// The same, and what stood before it is lost.
    AfterGap,
}

impl Reading {
    fn of(place: &Place) -> Self {
        Self {
            again: place.last.map(|last| (last, place.same)),
            must: place.same_run,
            came: false,
            over: false,
            new: 0,
            no_log: None,
        }
    }

    fn take(&mut self, line: &Written, _: &Place) -> Taken {
        let (Some((last, left)), Some(at)) = (&mut self.again, line.at) else {
            return Taken::New;
        };
        if at < *last {
            return Taken::Again;
        }
        if at == *last && *left > 0 {
            *left -= 1;
            self.came = true;
            return Taken::Again;
        }
        self.again = None;
        if self.must && !self.came {
            Taken::AfterGap
        } else {
            Taken::New
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(at: i64, text: &str) -> Written {
        Written {
            at: Some(at),
            text: text.as_bytes().into(),
            cut: 0,
        }
    }

    /// Reads answers one after another as a source does.
    fn read(place: &mut Place, answer: &[(i64, &str)], run_goes_on: bool) -> (Vec<String>, bool) {
        place.same_run = run_goes_on && place.last.is_some();
        let mut reading = Reading::of(place);
        let (mut kept, mut gap) = (Vec::new(), false);
        for (at, text) in answer {
            let line = line(*at, text);
            match reading.take(&line, place) {
                Taken::Again => continue,
                Taken::New => {}
                Taken::AfterGap => gap = true,
            }
            place.advance(line.at);
            kept.push((*text).to_owned());
        }
        (kept, gap)
    }

    #[test]
    fn what_comes_again_is_skipped_and_nothing_else() {
        let mut place = Place::default();
        let (kept, gap) = read(&mut place, &[(10, "a"), (20, "b"), (20, "c")], true);
        assert_eq!((kept.len(), gap), (3, false));
        // The server begins at the whole second: before what was read last.
        let again = [(10, "a"), (20, "b"), (20, "c"), (20, "d"), (30, "e")];
        assert_eq!(
            read(&mut place, &again, true),
            (vec!["d".into(), "e".into()], false)
        );
        assert_eq!(
            read(&mut place, &[(20, "d"), (30, "e")], true),
            (vec![], false)
        );
    }

    #[test]
    fn a_log_cut_in_between_is_told() {
        let mut place = Place::default();
        read(&mut place, &[(10, "a"), (20, "b")], true);
        assert_eq!(
            read(&mut place, &[(40, "z")], true),
            (vec!["z".into()], true)
        );
        // A new run does not begin with the last line of the old one.
        assert_eq!(
            read(&mut place, &[(50, "first")], false),
            (vec!["first".into()], false)
        );
    }

    #[test]
    fn a_clock_set_back_makes_nothing_new() {
        let mut place = Place::default();
        read(&mut place, &[(100, "a"), (50, "b"), (100, "c")], true);
        assert_eq!((place.last, place.same), (Some(100), 2));
    }
}
