//! `pods/log`: which run of which container, how much of it, and following it.

use std::io;
use std::sync::Arc;

use bytes::Bytes;
use serde_json::Value;

use super::request::Request;
use super::{Answer, Shared, bytes_answer, with_body};
use crate::body::SimBody;
use crate::clock::{Millis, SECOND, parse_stamp};
use crate::controllers::kubelet;
use crate::kinds;
use crate::logs::{Line, Run, line_stamp};
use crate::object::{self, Fields};
use crate::rng::hash_of;
use crate::status::Status;
use crate::store::Key;
use crate::world::World;

const PLAIN: &str = "text/plain";

pub(super) fn answer(shared: &Arc<Shared>, request: &Request) -> Answer {
    let key = Key::new(request.namespace(), request.name());
    let q = &request.query;
    let stamps = q.flag("timestamps");
    let found = shared.with(|w| {
        let pod = w
            .store
            .get(kinds::PODS, &key)
            .ok_or_else(|| Status::not_found(w.kinds.get(kinds::PODS), request.name()))?;
        let container = choose(pod, q.text("container"))?;
        // Nothing was ever written by a pod that sits nowhere.
        if pod.text("/spec/nodeName").is_empty() {
            return Ok(None);
        }
        let run = find_run(w, pod, &container, q.flag("previous"))?;
        let now = w.now();
        let mut lines = run.lines(now);
        let since = q
            .number("sinceSeconds")
            .map(|s| now - s * SECOND)
            .or_else(|| parse_stamp(q.text("sinceTime")));
        if let Some(since) = since {
            lines.retain(|l| l.at >= since);
        }
        if let Some(tail) = q.number("tailLines").and_then(|n| usize::try_from(n).ok()) {
            lines.drain(..lines.len().saturating_sub(tail));
        }
        let mut text: String = lines.iter().map(|l| written(l, stamps)).collect();
        if let Some(limit) = q.number("limitBytes").and_then(|n| usize::try_from(n).ok()) {
            text.truncate(text.floor_char_boundary(limit));
        }
        Ok(Some((text, run, now)))
    })?;
    let Some((text, run, now)) = found else {
        return Ok(bytes_answer(204, PLAIN, ""));
    };
    if !q.flag("follow") || run.ended.is_some() {
        return Ok(bytes_answer(200, PLAIN, text));
    }
    let follow = Follow {
        shared: Arc::clone(shared),
        key,
        container: q.text("container").to_owned(),
        started: run.started,
        told: now,
        stamps,
    };
    let chunks = futures::stream::unfold((Some(text), follow), |(first, mut follow)| async move {
        if let Some(text) = first.filter(|t| !t.is_empty()) {
            return Some((Ok::<_, io::Error>(Bytes::from(text)), (None, follow)));
        }
        let text = follow.next().await?;
        Some((Ok(Bytes::from(text)), (None, follow)))
    });
    Ok(with_body(200, PLAIN, SimBody::flowing(Box::pin(chunks))))
}

fn written(line: &Line, stamps: bool) -> String {
    if stamps {
        format!("{} {}\n", line_stamp(line.at), line.text)
    } else {
        format!("{}\n", line.text)
    }
}

/// A log being followed: one run of one container, until it ends.
struct Follow {
    shared: Arc<Shared>,
    key: Key,
    container: String,
    started: Millis,
    /// Lines up to this moment have been sent.
    told: Millis,
    stamps: bool,
}

impl Follow {
    async fn next(&mut self) -> Option<String> {
        loop {
            let (run, clock) = self.shared.with(|w| (self.run(w), w.clock.clone()));
            let run = run?;
            let ended = run.ended.is_some();
            let now = clock.now();
            let fresh: String = run
                .lines_after(self.told, now)
                .iter()
                .map(|l| written(l, self.stamps))
                .collect();
            self.told = now;
            if !fresh.is_empty() {
                return Some(fresh);
            }
            if ended {
                return None;
            }
            // Looks in at least once a second, so that the end of the container ends the stream.
            let wake = run
                .next_after(now)
                .unwrap_or(now)
                .min(now + SECOND)
                .max(now + 50);
            tokio::time::sleep(clock.until(wake)).await;
        }
    }

    /// The followed run as it stands; `None` when it is gone.
    fn run(&self, w: &World) -> Option<Run> {
        let pod = w.store.get(kinds::PODS, &self.key)?;
        let container = choose(pod, &self.container).ok()?;
        [false, true]
            .into_iter()
            .filter_map(|previous| find_run(w, pod, &container, previous).ok())
            .find(|r| r.started == self.started)
    }
}

fn choose(pod: &Value, wanted: &str) -> Result<String, Status> {
    let names = |list: &str| -> Vec<String> {
        pod.items(list)
            .iter()
            .map(|c| c.text("/name").to_owned())
            .collect()
    };
    let (main, init) = (names("/spec/containers"), names("/spec/initContainers"));
    if wanted.is_empty() {
        return match main.as_slice() {
            [only] if init.is_empty() => Ok(only.clone()),
            _ => Err(Status::bad_request(format!(
                "a container name must be specified for pod {}, choose one of: [{}]{}",
                object::name(pod),
                main.join(" "),
                if init.is_empty() {
                    String::new()
                } else {
                    format!(" or one of the init containers: [{}]", init.join(" "))
                }
            ))),
        };
    }
    if main.iter().chain(&init).any(|n| n == wanted) {
        return Ok(wanted.to_owned());
    }
    Err(Status::bad_request(format!(
        "container {wanted} is not valid for pod {}",
        object::name(pod)
    )))
}

fn find_run(w: &World, pod: &Value, container: &str, previous: bool) -> Result<Run, Status> {
    let (name, uid) = (object::name(pod), object::uid(pod));
    let status = ["/status/containerStatuses", "/status/initContainerStatuses"]
        .iter()
        .flat_map(|list| pod.items(list))
        .find(|s| s.text("/name") == container);
    let not_available = || {
        Status::bad_request(format!(
            "container {container:?} in pod {name:?} is not available"
        ))
    };
    let status = status.ok_or_else(not_available)?;
    let spec = ["/spec/containers", "/spec/initContainers"]
        .iter()
        .flat_map(|list| pod.items(list))
        .find(|c| c.text("/name") == container)
        .ok_or_else(not_available)?;
    let state = if previous {
        status.pointer("/lastState/terminated")
    } else {
        [
            "/state/running",
            "/state/terminated",
            "/lastState/terminated",
        ]
        .iter()
        .find_map(|p| status.pointer(p))
    };
    let Some(state) = state else {
        let why = match (previous, status.text("/state/waiting/reason")) {
            (true, _) => {
                format!("previous terminated container {container:?} in pod {name:?} not found")
            }
            (_, "ErrImagePull") => format!(
                "container {container:?} in pod {name:?} is waiting to start: image can't be pulled"
            ),
            (_, "ImagePullBackOff") => format!(
                "container {container:?} in pod {name:?} is waiting to start: trying and failing to pull image"
            ),
            (_, reason) => {
                format!("container {container:?} in pod {name:?} is waiting to start: {reason}")
            }
        };
        return Err(Status::bad_request(why));
    };
    let app = kubelet::app_of(w, pod, spec);
    let started = parse_stamp(state.text("/startedAt")).unwrap_or(0);
    let ended = parse_stamp(state.text("/finishedAt"));
    let last_words = if ended.is_some() {
        kubelet::last_words(w, pod, spec, &app, state)
    } else {
        Vec::new()
    };
    let service = match object::label(pod, "app.kubernetes.io/name") {
        "" => container.to_owned(),
        label => label.to_owned(),
    };
    let id = hash_of(&[uid, container, &started.to_string()]);
    Ok(Run {
        id,
        name: service,
        style: app.log,
        started,
        ended,
        last_words,
    })
}
