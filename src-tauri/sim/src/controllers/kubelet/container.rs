//! One container's way: pull, create, run, end, back off, and again.

use serde_json::{Value, json};

use super::{Runtime, Sync, checks, shape, started_at};
use crate::clock::{MINUTE, Millis, SECOND, parse_stamp, stamp};
use crate::images::{App, Pull, Reference};
use crate::object::{self, Fields};
use crate::rng::hash_of;

/// Where a container stands beyond what its status says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Stage {
    /// To be created; the image comes first.
    New,
    /// The image is being pulled.
    Pulling {
        since: Millis,
        until: Millis,
        tries: u32,
    },
    /// The pull failed at `at`; shown as back-off a little later, tried again later still.
    PullFailed {
        at: Millis,
        tries: u32,
        backing_off: bool,
    },
    /// The configuration is not complete; looked at again at `retry`.
    Misconfigured { retry: Millis },
    /// The program runs.
    Running {
        since: Millis,
        crashes: u32,
        probe_failures: u32,
        liveness_failures: u32,
    },
    /// It ended at `at`.
    Ended { at: Millis, crashes: u32 },
    /// Waiting to be started again.
    BackOff { until: Millis, crashes: u32 },
    /// It will not run again.
    Done,
}

/// From the image's failure to the status that says back-off.
const PULL_BACK_OFF_SHOWN: Millis = 13 * SECOND;
const MISCONFIGURED_RETRY: Millis = 12 * SECOND;
/// A run this long forgives earlier crashes.
const FORGIVEN: Millis = 10 * MINUTE;

/// Restart delay after so many crashes in a row.
fn delay(crashes: u32) -> Millis {
    match crashes {
        0 | 1 => 0,
        n => ((10 * SECOND) << (n - 2).min(5)).min(5 * MINUTE),
    }
}

/// Moves a container as far as it gets at this moment.
pub(super) fn advance(sync: &mut Sync<'_>, runtime: &mut Runtime, spec: &Value, init: bool) {
    let name = spec.text("/name").to_owned();
    let mut stage = match runtime.stages.get(&name) {
        Some(s) => s.clone(),
        None => recall(shape::status_of(&sync.pod, &name, init), sync.now),
    };
    let mut c = Container {
        sync,
        spec,
        name: &name,
        init,
    };
    // A stage leads to the next at once unless it waits for time; more than a handful in a row would be a bug.
    for _ in 0..16 {
        let next = c.step(stage.clone());
        if next == stage {
            break;
        }
        stage = next;
    }
    runtime.stages.insert(name, stage);
}

/// The stage a status tells of, for a kubelet that starts anew.
fn recall(status: &Value, now: Millis) -> Stage {
    let crashes = u32::try_from(status.int("/restartCount").unwrap_or(0)).unwrap_or(0);
    if let Some(since) = started_at(status) {
        return Stage::Running {
            since,
            crashes,
            probe_failures: 0,
            liveness_failures: 0,
        };
    }
    if let Some(at) = parse_stamp(status.text("/state/terminated/finishedAt")) {
        return Stage::Ended {
            at,
            crashes: crashes + 1,
        };
    }
    match status.text("/state/waiting/reason") {
        "ErrImagePull" | "ImagePullBackOff" => Stage::PullFailed {
            at: now,
            tries: 3,
            backing_off: true,
        },
        "CreateContainerConfigError" => Stage::Misconfigured { retry: now },
        "CrashLoopBackOff" => {
            let at = parse_stamp(status.text("/lastState/terminated/finishedAt")).unwrap_or(now);
            Stage::BackOff {
                until: at + delay(crashes + 1),
                crashes: crashes + 1,
            }
        }
        _ => Stage::New,
    }
}

struct Container<'s, 'w> {
    sync: &'s mut Sync<'w>,
    spec: &'s Value,
    name: &'s str,
    init: bool,
}

impl Container<'_, '_> {
    fn step(&mut self, stage: Stage) -> Stage {
        let now = self.sync.now;
        match stage {
            Stage::New => self.fetch(0),
            Stage::Pulling {
                since,
                until,
                tries,
            } if now >= until => self.pulled(since, tries),
            Stage::Pulling { until, .. } => self.wait(until, stage),
            Stage::PullFailed {
                at,
                tries,
                backing_off,
            } => self.pull_failed(at, tries, backing_off),
            Stage::Misconfigured { retry } if now >= retry => self.create(0),
            Stage::Misconfigured { retry } => self.wait(retry, stage),
            Stage::Running {
                since,
                crashes,
                probe_failures,
                liveness_failures,
            } => self.running(since, crashes, probe_failures, liveness_failures),
            Stage::Ended { at, crashes } => self.ended(at, crashes),
            Stage::BackOff { until, crashes } if now >= until => self.create(crashes),
            Stage::BackOff { until, .. } => self.wait(until, stage),
            Stage::Done => Stage::Done,
        }
    }

    fn wait(&mut self, until: Millis, stage: Stage) -> Stage {
        self.sync.wake(until);
        stage
    }

    fn state(&mut self, state: Value) {
        shape::change(&mut self.sync.pod, self.name, self.init, |s| {
            s["state"] = state
        });
    }

    fn note(&mut self, warning: bool, reason: &str, message: impl Into<String>) {
        self.sync.note(warning, self.name, reason, message);
    }

    fn image(&self) -> &str {
        self.spec.text("/image")
    }

    /// Makes sure the image is on the node.
    fn fetch(&mut self, tries: u32) -> Stage {
        let image = self.image().to_owned();
        let policy = self.spec.text("/imagePullPolicy");
        let here = self
            .sync
            .images
            .contains(&(self.sync.node.clone(), image.clone()));
        if here && policy != "Always" {
            self.note(false, "Pulled", format!("Container image {image:?} already present on machine and can be accessed by the pod"));
            return self.create(0);
        }
        if Reference::parse(&image).is_none() {
            let why = format!(
                "Failed to apply default image tag {image:?}: couldn't parse image name {image:?}: invalid reference format"
            );
            self.note(true, "InspectFailed", why.clone());
            self.note(true, "Failed", "Error: InvalidImageName");
            self.state(json!({"waiting": {"reason": "InvalidImageName", "message": why}}));
            return Stage::PullFailed {
                at: self.sync.now,
                tries: tries + 1,
                backing_off: true,
            };
        }
        if policy == "Never" {
            let why = format!("Container image {image:?} is not present with pull policy of Never");
            self.note(true, "ErrImageNeverPull", why.clone());
            self.note(true, "Failed", "Error: ErrImageNeverPull");
            self.state(json!({"waiting": {"reason": "ErrImageNeverPull", "message": why}}));
            return Stage::PullFailed {
                at: self.sync.now,
                tries: tries + 1,
                backing_off: true,
            };
        }
        self.note(false, "Pulling", format!("Pulling image {image:?}"));
        let takes = 500 + i64::try_from(hash_of(&[&image, &self.sync.node]) % 1900).unwrap_or(0);
        Stage::Pulling {
            since: self.sync.now,
            until: self.sync.now + takes,
            tries,
        }
    }

    fn pulled(&mut self, since: Millis, tries: u32) -> Stage {
        let image = self.image().to_owned();
        let Some(reference) = Reference::parse(&image) else {
            return Stage::New;
        };
        let full = reference.full();
        let why = match self.sync.w.images.pull(&reference) {
            Pull::Found => {
                let took = format!(
                    "{}.{:03}s",
                    (self.sync.now - since) / 1000,
                    (self.sync.now - since) % 1000
                );
                let size = 4_000_000 + hash_of(&[&image]) % 180_000_000;
                self.note(false, "Pulled", format!("Successfully pulled image {image:?} in {took} ({took} including waiting). Image size: {size} bytes."));
                self.sync.images.insert((self.sync.node.clone(), image));
                return self.create(0);
            }
            Pull::NoSuchTag => format!(
                "rpc error: code = NotFound desc = failed to pull and unpack image {full:?}: failed to resolve reference {full:?}: {full}: not found"
            ),
            Pull::NoSuchRepository => format!(
                "failed to pull and unpack image {full:?}: failed to resolve reference {full:?}: pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed"
            ),
        };
        self.note(
            true,
            "Failed",
            format!("Failed to pull image {image:?}: {why}"),
        );
        self.note(true, "Failed", "Error: ErrImagePull");
        self.state(json!({"waiting": {"reason": "ErrImagePull", "message": why}}));
        Stage::PullFailed {
            at: self.sync.now,
            tries: tries + 1,
            backing_off: false,
        }
    }

    fn pull_failed(&mut self, at: Millis, tries: u32, backing_off: bool) -> Stage {
        let now = self.sync.now;
        let retry = at + ((20 * SECOND) << tries.min(5)).min(5 * MINUTE);
        if now >= retry {
            return self.fetch(tries);
        }
        if backing_off {
            self.sync.wake(retry);
            return Stage::PullFailed {
                at,
                tries,
                backing_off,
            };
        }
        if now < at + PULL_BACK_OFF_SHOWN {
            self.sync.wake(at + PULL_BACK_OFF_SHOWN);
            return Stage::PullFailed {
                at,
                tries,
                backing_off,
            };
        }
        let image = self.image().to_owned();
        let before = shape::status_of(&self.sync.pod, self.name, self.init)
            .text("/state/waiting/message")
            .to_owned();
        let message = format!("Back-off pulling image {image:?}: ErrImagePull: {before}");
        self.note(
            false,
            "BackOff",
            format!("Back-off pulling image {image:?}"),
        );
        self.note(true, "Failed", "Error: ImagePullBackOff");
        self.state(json!({"waiting": {"reason": "ImagePullBackOff", "message": message}}));
        self.sync.wake(retry);
        Stage::PullFailed {
            at,
            tries,
            backing_off: true,
        }
    }

    /// Creates and starts the container, if its configuration is complete.
    fn create(&mut self, crashes: u32) -> Stage {
        let now = self.sync.now;
        let restart = crashes > 0;
        if restart {
            let image = self.image().to_owned();
            self.note(false, "Pulled", format!("Container image {image:?} already present on machine and can be accessed by the pod"));
        }
        if let Some(why) = checks::configuration_error(self.sync.w, &self.sync.pod, self.spec) {
            self.note(true, "Failed", format!("Error: {why}"));
            self.state(
                json!({"waiting": {"reason": "CreateContainerConfigError", "message": why}}),
            );
            self.sync.wake(now + MISCONFIGURED_RETRY);
            return Stage::Misconfigured {
                retry: now + MISCONFIGURED_RETRY,
            };
        }
        self.note(false, "Created", "Container created");
        self.note(false, "Started", "Container started");
        let image = self.image().to_owned();
        let digest = digest(&image);
        let repository = Reference::parse(&image).map_or_else(String::new, |r| r.repository);
        let full = Reference::parse(&image).map_or_else(|| image.clone(), |r| r.full());
        let uid = object::uid(&self.sync.pod).to_owned();
        let id = format!(
            "containerd://{}",
            digest_text(&[&uid, self.name, &now.to_string()])
        );
        let waits_for_startup = self.spec.has("/startupProbe");
        let init = self.init;
        shape::change(&mut self.sync.pod, self.name, init, |s| {
            if restart {
                s["restartCount"] = json!(s.int("/restartCount").unwrap_or(0) + 1);
            }
            if s.has("/state/terminated") {
                s["lastState"] = s["state"].clone();
            }
            s["state"] = json!({"running": {"startedAt": stamp(now)}});
            s["containerID"] = json!(id);
            s["image"] = json!(full);
            s["imageID"] = json!(format!("{repository}@sha256:{digest}"));
            s["started"] = json!(!waits_for_startup);
            s["ready"] = json!(false);
        });
        Stage::Running {
            since: now - now.rem_euclid(SECOND),
            crashes,
            probe_failures: 0,
            liveness_failures: 0,
        }
    }

    fn running(
        &mut self,
        since: Millis,
        crashes: u32,
        probe_failures: u32,
        liveness_failures: u32,
    ) -> Stage {
        let now = self.sync.now;
        let app = checks::app_of(self.sync.w, &self.sync.pod, self.spec);
        if let Some(end) = self.fate(&app, since) {
            if now >= end.at {
                return self.end(&end, since, crashes);
            }
            self.sync.wake(end.at);
        }
        let (liveness_failures, killed) = self.liveness(&app, since, liveness_failures);
        if killed {
            let end = End {
                at: now,
                code: 137,
                reason: "Error",
            };
            return self.end(&end, since, crashes);
        }
        let probe_failures = self.readiness(&app, since, probe_failures);
        Stage::Running {
            since,
            crashes,
            probe_failures,
            liveness_failures,
        }
    }

    /// How and when the program will end by itself, as things stand.
    fn fate(&self, app: &App, since: Millis) -> Option<End> {
        let jitter =
            i64::try_from(hash_of(&[object::uid(&self.sync.pod), &since.to_string()]) % 4000)
                .unwrap_or(0);
        let limit = crate::quantity::whole(self.spec.text("/resources/limits/memory"));
        if limit.is_some_and(|l| l < app.memory_mib * 1_048_576) {
            return Some(End {
                at: since + 2500 + jitter,
                code: 137,
                reason: "OOMKilled",
            });
        }
        let batch = self.sync.pod.text("/spec/restartPolicy") != "Always";
        let young = self.sync.now < since + 10 * SECOND;
        if young && checks::unreachable(self.sync.w, &self.sync.pod, self.spec, app).is_some() {
            return Some(End {
                at: since + 1500,
                code: 1,
                reason: "Error",
            });
        }
        if let Some(exit) = &app.exit {
            let reason = if exit.code == 0 { "Completed" } else { "Error" };
            return Some(End {
                at: since + exit.after_ms,
                code: exit.code,
                reason,
            });
        }
        if self.init && self.spec.text("/restartPolicy") != "Always" {
            return Some(End {
                at: since + 900,
                code: 0,
                reason: "Completed",
            });
        }
        batch.then_some(End {
            at: since + app.run_seconds * SECOND + jitter / 4,
            code: 0,
            reason: "Completed",
        })
    }

    fn end(&mut self, end: &End, since: Millis, crashes: u32) -> Stage {
        let now = self.sync.now;
        let (code, reason) = (end.code, end.reason);
        shape::change(&mut self.sync.pod, self.name, self.init, |s| {
            let id = s.text("/containerID").to_owned();
            s["state"] = json!({"terminated": {"exitCode": code, "reason": reason, "startedAt": stamp(since), "finishedAt": stamp(now), "containerID": id}});
            s["ready"] = json!(self.init && code == 0);
            s["started"] = json!(false);
        });
        let crashes = if now - since >= FORGIVEN {
            1
        } else {
            crashes + 1
        };
        Stage::Ended { at: now, crashes }
    }

    /// Decides about another run.
    fn ended(&mut self, at: Millis, crashes: u32) -> Stage {
        let status = shape::status_of(&self.sync.pod, self.name, self.init);
        let ok = status.int("/state/terminated/exitCode") == Some(0);
        let policy = match self.spec.text("/restartPolicy") {
            "" => self.sync.pod.text("/spec/restartPolicy"),
            own => own,
        };
        let again = match policy {
            "Never" => false,
            "OnFailure" => !ok,
            _ => !(ok && self.init && self.spec.text("/restartPolicy").is_empty()),
        };
        if !again {
            return Stage::Done;
        }
        if self.sync.now < at + SECOND {
            self.sync.wake(at + SECOND);
            return Stage::Ended { at, crashes };
        }
        let pause = delay(crashes);
        if pause == 0 {
            return self.create(crashes);
        }
        let pod = format!(
            "{}_{}({})",
            object::name(&self.sync.pod),
            object::namespace(&self.sync.pod),
            object::uid(&self.sync.pod)
        );
        let name = self.name.to_owned();
        self.note(
            true,
            "BackOff",
            format!("Back-off restarting failed container {name} in pod {pod}"),
        );
        let shown = if pause >= MINUTE {
            format!("{}m{}s", pause / MINUTE, pause % MINUTE / SECOND)
        } else {
            format!("{}s", pause / SECOND)
        };
        let message = format!("back-off {shown} restarting failed container={name} pod={pod}");
        shape::change(&mut self.sync.pod, &name, self.init, |s| {
            s["lastState"] = s["state"].take();
            s["state"] = json!({"waiting": {"reason": "CrashLoopBackOff", "message": message}});
        });
        self.sync.wake(at + pause);
        Stage::BackOff {
            until: at + pause,
            crashes,
        }
    }

    fn readiness(&mut self, app: &App, since: Millis, failures: u32) -> u32 {
        let now = self.sync.now;
        if shape::status_of(&self.sync.pod, self.name, self.init).flag("/ready") {
            return 0;
        }
        let probe = self.spec.get("readinessProbe").cloned();
        let (delay, period) = timing(probe.as_ref());
        let up = since
            + if probe.is_some() {
                app.start_ms.max(delay)
            } else {
                0
            };
        if now < up {
            self.sync.wake(up);
            return failures;
        }
        let error = probe
            .as_ref()
            .and_then(|p| checks::probe_error(&self.sync.pod, self.spec, app, p));
        let Some(error) = error else {
            shape::change(&mut self.sync.pod, self.name, self.init, |s| {
                s["ready"] = json!(true);
                s["started"] = json!(true);
            });
            return 0;
        };
        let due = up + i64::from(failures) * period;
        if now >= due {
            self.note(
                true,
                "Unhealthy",
                format!("Readiness probe failed: {error}"),
            );
            self.sync.wake(due + period);
            return failures + 1;
        }
        self.sync.wake(due);
        failures
    }

    /// Counts liveness failures; true when the container is to be killed.
    fn liveness(&mut self, app: &App, since: Millis, failures: u32) -> (u32, bool) {
        let Some(probe) = self.spec.get("livenessProbe").cloned() else {
            return (0, false);
        };
        let Some(error) = checks::probe_error(&self.sync.pod, self.spec, app, &probe) else {
            return (0, false);
        };
        let now = self.sync.now;
        let (delay, period) = timing(Some(&probe));
        let due = since + delay.max(period) + i64::from(failures) * period;
        if now < due {
            self.sync.wake(due);
            return (failures, false);
        }
        self.note(true, "Unhealthy", format!("Liveness probe failed: {error}"));
        let failures = failures + 1;
        if i64::from(failures) >= probe.int("/failureThreshold").unwrap_or(3) {
            let name = self.name.to_owned();
            self.note(
                false,
                "Killing",
                format!("Container {name} failed liveness probe, will be restarted"),
            );
            return (0, true);
        }
        self.sync.wake(due + period);
        (failures, false)
    }
}

/// How a run ends.
struct End {
    at: Millis,
    code: i64,
    reason: &'static str,
}

/// Initial delay and period of a probe.
fn timing(probe: Option<&Value>) -> (Millis, Millis) {
    let seconds =
        |at: &str, default: i64| probe.and_then(|p| p.int(at)).unwrap_or(default) * SECOND;
    (
        seconds("/initialDelaySeconds", 0),
        seconds("/periodSeconds", 10),
    )
}

fn digest(image: &str) -> String {
    digest_text(&[image])
}

/// 64 hex digits that look like a SHA-256.
fn digest_text(parts: &[&str]) -> String {
    (0..4)
        .map(|i| {
            let salt = i.to_string();
            let mut all = parts.to_vec();
            all.push(&salt);
            format!("{:016x}", hash_of(&all))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn restarts_back_off_as_the_kubelet_does() {
        let seconds: Vec<i64> = (1..=8).map(|n| delay(n) / SECOND).collect();
        assert_eq!(seconds, [0, 10, 20, 40, 80, 160, 300, 300]);
    }
}
