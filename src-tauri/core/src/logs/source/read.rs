//! One answer of a server: asked for from the right second on, read to its end.

use std::time::Duration;

use http::{Request, StatusCode};
use http_body_util::BodyExt;
use kube::client::Body;
use kubegraf_ipc::logs::{LogOptions, LogState};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::{
    Ask, Source, Trouble,
    place::{Place, Reading, Taken},
};
use crate::logs::line::{Splitter, Written, level};

/// How long the first byte of an answer may take.
const ANSWER: Duration = Duration::from_secs(30);
/// The most of a refusal that is read, bytes.
const REFUSAL: usize = 64 << 10;
/// What a kubelet writes into the log instead of refusing.
const NO_LOG: &[u8] = b"unable to retrieve container logs";

impl Source {
    /// Reads a log to its end; answers how many lines were new.
    pub(super) async fn read(&self, place: &mut Place, ask: Ask) -> Result<u64, Trouble> {
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
            match reading.take(&line) {
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
}
