//! What containers write. A line is a function of the container's identity and its number, so nothing is stored and
//! reading twice gives the same text.

use crate::clock::{Millis, SECOND, date, micro_stamp, stamp};
use crate::images::LogStyle;
use crate::rng::{Rng, hash_of};

/// The kubelet keeps about this many lines of a chatty container.
const KEPT: i64 = 5_000;

/// One run of one container, as its log file sees it.
#[derive(Debug, Clone)]
pub(crate) struct Run {
    /// Identity: the same run always logs the same.
    pub id: u64,
    /// The service's name, as it calls itself.
    pub name: String,
    pub style: LogStyle,
    pub started: Millis,
    /// `None` while it runs.
    pub ended: Option<Millis>,
    /// Written at the very end, when it ends by failing.
    pub last_words: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    pub at: Millis,
    pub text: String,
}

impl Run {
    /// The lines written up to `now`, oldest first, as far back as the log file reaches.
    pub(crate) fn lines(&self, now: Millis) -> Vec<Line> {
        self.lines_after(Millis::MIN, now)
    }

    /// The same without those up to `told`: what a follower asks for each second.
    pub(crate) fn lines_after(&self, told: Millis, now: Millis) -> Vec<Line> {
        let until = self.ended.unwrap_or(now).min(now);
        let last = (until - self.started - self.warm_up()) / self.pace();
        let first = (last - KEPT).max(0);
        let mut lines = Vec::new();
        if first == 0 {
            lines.extend(self.opening().into_iter().filter(|l| l.at <= until));
        }
        if until >= self.started + self.warm_up() {
            // A line may be half a pace late.
            let from = told
                .max(self.started)
                .saturating_sub(self.started + self.warm_up());
            let from = (from / self.pace() - 1).max(first);
            lines.extend(
                (from..=last)
                    .map(|i| self.line(i))
                    .filter(|l| l.at <= until),
            );
        }
        if self.ended.is_some_and(|e| e <= now) {
            lines.extend(self.last_words.iter().map(|w| Line {
                at: until,
                text: self.framed(until, "ERROR", w),
            }));
        }
        lines.retain(|l| l.at > told);
        lines
    }

    /// When the next line after `now` comes; `None` when the run is over.
    pub(crate) fn next_after(&self, now: Millis) -> Option<Millis> {
        if self.ended.is_some() {
            return None;
        }
        let i = ((now - self.started - self.warm_up()) / self.pace()).max(0);
        (i..i + 3).map(|i| self.line(i).at).find(|at| *at > now)
    }

    fn warm_up(&self) -> Millis {
        2 * SECOND
    }

    fn pace(&self) -> Millis {
        let spread = i64::try_from(self.id % 1500).unwrap_or(0);
        match self.style {
            LogStyle::HttpJson | LogStyle::Access => 1_500 + spread,
            LogStyle::Java | LogStyle::Worker => 3_000 + spread,
            LogStyle::Database => 20_000 + spread,
            LogStyle::Controller => 15_000 + spread,
        }
    }

    fn line(&self, i: i64) -> Line {
        let mut rng = Rng::new(self.id ^ hash_of(&[&i.to_string()]));
        let at = self.started + self.warm_up() + i * self.pace() + rng.between(0, self.pace() / 2);
        Line {
            at,
            text: self.text(at, &mut rng),
        }
    }

    fn opening(&self) -> Vec<Line> {
        let words: &[&str] = match self.style {
            LogStyle::HttpJson => &["configuration loaded", "listening on :8080"],
            LogStyle::Access => &["start worker processes", "start worker process 29"],
            LogStyle::Java => &[
                "Starting application using Java 21.0.4",
                "Tomcat initialized with port 8080 (http)",
                "Started application in 1.9 seconds",
            ],
            LogStyle::Worker => &["starting", "connected to broker, waiting for work"],
            LogStyle::Database => &[
                "starting server",
                "database system is ready to accept connections",
            ],
            LogStyle::Controller => &["Starting controller", "Caches are synced"],
        };
        words
            .iter()
            .enumerate()
            .map(|(i, w)| {
                let at = self.started + 200 + i64::try_from(i).unwrap_or(0) * 400;
                Line {
                    at,
                    text: self.framed(at, "INFO", w),
                }
            })
            .collect()
    }

    /// A message in the program's own frame.
    fn framed(&self, at: Millis, level: &str, message: &str) -> String {
        match self.style {
            LogStyle::HttpJson => serde_json::json!({"ts": iso(at), "level": level.to_lowercase(), "service": self.name, "msg": message}).to_string(),
            LogStyle::Access => format!("{} [{}] 1#1: {message}", stamp(at).replace(['T', 'Z'], " ").trim().replace('-', "/"), if level == "INFO" { "notice" } else { "error" }),
            LogStyle::Java => format!("{}  {level:5} 1 --- [{}] [main] c.shop.{}.Application : {message}", iso(at), self.name, self.name.replace('-', "")),
            LogStyle::Worker => format!("{} {level} {}: {message}", iso(at), self.name),
            LogStyle::Database => format!("{} UTC [1] LOG:  {message}", iso(at).replace('T', " ").trim_end_matches('Z')),
            LogStyle::Controller => {
                let d = date(at);
                let letter = if level == "INFO" { 'I' } else { 'E' };
                format!("{letter}{:02}{:02} {:02}:{:02}:{:02}.{:06}       1 controller.go:242] {message:?}", u8::from(d.month()), d.day(), d.hour(), d.minute(), d.second(), d.microsecond())
            }
        }
    }

    fn text(&self, at: Millis, rng: &mut Rng) -> String {
        let pick = |rng: &mut Rng, of: &[&'static str]| {
            of[usize::try_from(rng.below(of.len() as u64)).unwrap_or(0)]
        };
        match self.style {
            LogStyle::HttpJson => {
                let path = pick(
                    rng,
                    &[
                        "/v1/items",
                        "/v1/items/8213",
                        "/v1/cart",
                        "/v1/orders",
                        "/v1/search?q=lamp",
                        "/v1/prices",
                        "/healthz",
                    ],
                );
                let status = if rng.chance(0.015) {
                    502
                } else if rng.chance(0.03) {
                    404
                } else {
                    200
                };
                let level = if status >= 500 { "error" } else { "info" };
                serde_json::json!({
                    "ts": iso(at), "level": level, "service": self.name, "msg": "request", "method": pick(rng, &["GET", "GET", "GET", "POST"]),
                    "path": path, "status": status, "duration_ms": rng.between(2, 90), "trace_id": format!("{:016x}", rng.next()),
                })
                .to_string()
            }
            LogStyle::Access => format!(
                "10.244.{}.{} - - [{}] \"GET {} HTTP/1.1\" {} {} \"-\" \"Mozilla/5.0\"",
                rng.below(8),
                rng.between(2, 250),
                iso(at),
                pick(
                    rng,
                    &[
                        "/",
                        "/assets/app.js",
                        "/products/lamp",
                        "/api/v1/cart",
                        "/favicon.ico"
                    ]
                ),
                if rng.chance(0.02) { 404 } else { 200 },
                rng.between(300, 48_000)
            ),
            LogStyle::Java => {
                let message = match rng.below(4) {
                    0 => format!(
                        "Processed order {} in {} ms",
                        rng.between(100_000, 999_999),
                        rng.between(8, 140)
                    ),
                    1 => format!(
                        "HikariPool-1 - Pool stats (total=10, active={}, idle={}, waiting=0)",
                        rng.below(6),
                        10 - rng.below(6)
                    ),
                    2 => format!(
                        "Published event ORDER_CREATED partition={} offset={}",
                        rng.below(12),
                        rng.between(10_000, 900_000)
                    ),
                    _ => format!("Cache refreshed, {} entries", rng.between(800, 4_000)),
                };
                self.framed(at, if rng.chance(0.03) { "WARN" } else { "INFO" }, &message)
            }
            LogStyle::Worker => {
                let message = format!(
                    "processed batch id={} items={} in {} ms",
                    rng.between(1_000, 99_999),
                    rng.between(1, 500),
                    rng.between(20, 900)
                );
                self.framed(at, "INFO", &message)
            }
            LogStyle::Database => {
                let message = match rng.below(3) {
                    0 => format!(
                        "checkpoint complete: wrote {} buffers ({}.{}%)",
                        rng.between(20, 900),
                        rng.below(5),
                        rng.below(10)
                    ),
                    1 => format!(
                        "automatic vacuum of table \"shop.public.orders\": index scans: {}",
                        rng.below(3)
                    ),
                    _ => format!(
                        "duration: {}.{} ms  statement: SELECT 1",
                        rng.between(250, 900),
                        rng.below(999)
                    ),
                };
                self.framed(at, "INFO", &message)
            }
            LogStyle::Controller => self.framed(
                at,
                "INFO",
                pick(
                    rng,
                    &[
                        "Reconciled object",
                        "Successfully renewed lease",
                        "Resync finished",
                        "Watch closed, reconnecting",
                    ],
                ),
            ),
        }
    }
}

fn iso(at: Millis) -> String {
    format!(
        "{}.{:03}Z",
        stamp(at).trim_end_matches('Z'),
        at.rem_euclid(1000)
    )
}

/// The stamp `timestamps=true` puts before a line.
pub(crate) fn line_stamp(at: Millis) -> String {
    micro_stamp(at).replace('Z', "000Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run() -> Run {
        Run {
            id: 42,
            name: "web".into(),
            style: LogStyle::HttpJson,
            started: 1_000_000,
            ended: None,
            last_words: vec!["bye".into()],
        }
    }

    #[test]
    fn reading_twice_gives_the_same_and_later_reads_only_add() {
        let r = run();
        let early = r.lines(1_060_000);
        let late = r.lines(1_120_000);
        assert!(early.len() > 5);
        assert_eq!(late[..early.len()], early[..]);
        assert!(late.windows(2).all(|w| w[0].at <= w[1].at), "in order");
    }

    #[test]
    fn what_comes_after_a_moment_is_the_rest_of_all_there_is() {
        for ended in [None, Some(30_001_000)] {
            let r = Run { ended, ..run() };
            let now = 30_060_000;
            let all = r.lines(now);
            for told in (0..now + 10_000)
                .step_by(997_001)
                .chain([999_999, 1_000_200, now])
            {
                let rest: Vec<_> = all.iter().filter(|l| l.at > told).cloned().collect();
                assert_eq!(r.lines_after(told, now), rest, "after {told}");
            }
        }
    }

    #[test]
    fn the_next_line_is_the_one_that_appears() {
        let r = run();
        let now = 1_060_000;
        let next = r.next_after(now).expect("runs");
        assert_eq!(r.lines(next).len(), r.lines(now).len() + 1);
    }

    #[test]
    fn last_words_come_last_and_only_after_the_end() {
        let r = Run {
            ended: Some(1_030_000),
            ..run()
        };
        assert!(r.lines(1_029_000).iter().all(|l| !l.text.contains("bye")));
        assert!(
            r.lines(1_031_000)
                .last()
                .expect("lines")
                .text
                .contains("bye")
        );
    }
}
