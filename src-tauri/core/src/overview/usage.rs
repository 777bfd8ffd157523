//! What the nodes use, from metrics.k8s.io: the one thing of an overview no watch carries. Asked at
//! most every fifteen seconds per cluster, however many look; remembered for an hour.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use http::Request;
use kube::Client;
use kubegraf_ipc::overview::{Usage, UsageSample};
use serde::Deserialize;

use super::load::{Amount, Metered};
use crate::quantity;

/// The metrics server measures no more often than this; seconds.
const EVERY: i64 = 15;
/// A cluster that serves no metrics is asked again after this; seconds.
const AGAIN: i64 = 60;
/// How long a chart looks back, seconds.
const KEPT: i64 = 3_600;
/// How long an answer may take: the rest of the overview waits for it.
const PATIENCE: Duration = Duration::from_secs(2);

/// One meter per cluster.
#[derive(Default)]
pub(crate) struct Meters(Mutex<HashMap<String, Arc<Meter>>>);

impl Meters {
    pub(super) fn of(&self, cluster: &str) -> Arc<Meter> {
        let mut meters = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(meters.entry(cluster.into()).or_default())
    }
}

/// What was measured of one cluster.
#[derive(Default)]
pub(super) struct Meter(Mutex<Measured>);

#[derive(Default)]
struct Measured {
    next: Option<i64>,
    samples: VecDeque<UsageSample>,
    nodes: Option<Metered>,
    failure: Option<String>,
}

/// A look at a meter.
pub(super) struct Reading {
    pub(super) usage: Usage,
    pub(super) nodes: Option<Metered>,
}

impl Meter {
    /// Asks the server if it is time to.
    pub(super) async fn read(&self, client: &Client, now: i64) {
        {
            let mut measured = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if measured
                .next
                .is_some_and(|next| now < next && now > next - AGAIN)
            {
                return;
            }
            measured.next = Some(now + EVERY);
        }
        let answer = match tokio::time::timeout(PATIENCE, ask(client)).await {
            Ok(answer) => answer,
            Err(_) => Err(format!("no answer within {} s", PATIENCE.as_secs())),
        };
        let mut measured = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        measured.take(answer, now);
    }

    pub(super) fn reading(&self) -> Reading {
        let measured = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let usage = match (&measured.failure, measured.samples.is_empty()) {
            (Some(reason), _) => Usage::Unmeasured {
                reason: reason.clone(),
            },
            (None, true) => Usage::Waiting,
            (None, false) => Usage::Measured {
                samples: measured.samples.iter().copied().collect(),
            },
        };
        Reading {
            usage,
            nodes: measured.nodes.clone(),
        }
    }
}

impl Measured {
    fn take(&mut self, answer: Result<Metered, String>, now: i64) {
        match answer {
            Ok(nodes) => {
                let all = nodes
                    .values()
                    .fold(Amount::default(), |all, node| all.plus(*node));
                self.samples.push_back(UsageSample {
                    at: now,
                    cpu: all.cpu,
                    memory: all.memory,
                });
                while self.samples.front().is_some_and(|s| now - s.at > KEPT) {
                    self.samples.pop_front();
                }
                self.nodes = Some(nodes);
                self.failure = None;
            }
            Err(reason) => {
                // Figures of a server that no longer answers are not what is used now.
                self.nodes = None;
                self.failure = Some(reason);
                self.next = Some(now + AGAIN);
            }
        }
    }
}

#[derive(Deserialize)]
struct List {
    items: Vec<Item>,
}

#[derive(Deserialize)]
struct Item {
    metadata: Named,
    usage: HashMap<String, String>,
}

#[derive(Deserialize)]
struct Named {
    name: String,
}

async fn ask(client: &Client) -> Result<Metered, String> {
    let request = Request::get("/apis/metrics.k8s.io/v1beta1/nodes")
        .body(Vec::new())
        .map_err(|error| error.to_string())?;
    let list: List = client.request(request).await.map_err(|error| match error {
        kube::Error::Api(status) if status.code == 404 => {
            "the cluster serves no metrics.k8s.io; a metrics server provides it".to_owned()
        }
        kube::Error::Api(status) => status.message.clone(),
        error => error.to_string(),
    })?;
    let amounts = list.items.into_iter().map(|item| {
        let cpu = item.usage.get("cpu").and_then(|q| quantity::millicores(q));
        let memory = item.usage.get("memory").and_then(|q| quantity::bytes(q));
        let amount = Amount {
            cpu: cpu.unwrap_or(0),
            memory: memory.unwrap_or(0),
        };
        (item.metadata.name, amount)
    });
    Ok(amounts.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nodes(cpu: u64) -> Metered {
        Metered::from([("n".to_owned(), Amount { cpu, memory: 1 })])
    }

    #[test]
    fn an_hour_is_kept_and_a_silent_server_shows_no_old_figures() {
        let mut measured = Measured::default();
        measured.take(Ok(nodes(5)), 0);
        measured.take(Ok(nodes(7)), KEPT + 1);
        assert_eq!(measured.samples.len(), 1);
        assert_eq!(measured.samples[0].cpu, 7);
        measured.take(Err("gone".into()), KEPT + 20);
        assert_eq!(measured.nodes, None);
        assert_eq!(measured.next, Some(KEPT + 20 + AGAIN));
        let meter = Meter(Mutex::new(measured));
        assert_eq!(
            meter.reading().usage,
            Usage::Unmeasured {
                reason: "gone".into()
            }
        );
    }
}
