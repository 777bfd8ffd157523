//! What a network and a tired API server do to a watch, against the simulated API with its time
//! paused: no ghost, no lost pod, a freshness that is honest meanwhile, and the way back.

#![allow(
    clippy::unwrap_used,
    reason = "a test file: what is not there fails the test"
)]

#[path = "faults/witness.rs"]
mod witness;

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use http::Request;
use kube::{Client, client::Body};
use kubegraf_core::{
    clock::SystemClock,
    kinds::Pods,
    watch::{Subscription, Watches},
};
use kubegraf_ipc::object::Freshness;
use kubegraf_sim::{Effect, Fault, Sim, SimOptions};
use serde_json::json;
use tokio::time::Instant;
use tower::ServiceExt;
use witness::{doubted, held, recovered, truth, until};

const SOON: Duration = Duration::from_secs(20);

/// Starts the one watch of the pods.
fn watched(client: Client) -> Arc<Subscription<Pods>> {
    Watches::new(client, Arc::new(SystemClock)).subscribe::<Pods>()
}

/// A simulated cluster with pods and nobody who changes them, and how often its pods were listed.
struct Stage {
    sim: Sim,
    client: Client,
    lists: Arc<AtomicUsize>,
}

impl Stage {
    fn new(pods: usize) -> Self {
        let sim = Sim::new(SimOptions::default());
        let lists = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&lists);
        let service = sim.service().map_request(move |request: Request<Body>| {
            let uri = request.uri();
            let watch = uri.query().is_some_and(|query| query.contains("watch="));
            // The witness reads metadata only.
            let accept = request.headers().get(http::header::ACCEPT);
            let witness = accept.is_some_and(|accept| accept.as_bytes().ends_with(b"=v1"));
            if uri.path() == "/api/v1/pods" && !watch && !witness {
                counted.fetch_add(1, Ordering::Relaxed);
            }
            request
        });
        let stage = Self {
            client: Client::new(service, "default"),
            sim,
            lists,
        };
        (0..pods).for_each(|index| stage.create(&format!("pod-{index}")));
        stage
    }

    fn create(&self, name: &str) {
        let made = self.sim.create(json!({"apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": name, "namespace": "default"},
            "spec": {"containers": [{"name": "app", "image": "registry.example/app:v1"}]}}));
        made.unwrap();
    }

    async fn delete(&self, name: &str) {
        let pods: kube::Api<k8s_openapi::api::core::v1::Pod> =
            kube::Api::namespaced(self.client.clone(), "default");
        let now = kube::api::DeleteParams::default().grace_period(0);
        pods.delete(name, &now).await.unwrap();
    }

    fn fault(&self, verb: &str, effect: Effect) -> Fault {
        let _ = self;
        Fault::new(effect).verb(verb).resource("pods")
    }
}

/// Covers: RTU-09
#[tokio::test(start_paused = true)]
async fn a_list_cut_mid_json_never_passes_for_whole() {
    let stage = Stage::new(40);
    for after_bytes in [0, 1, 900, 9_000] {
        let cut = stage.fault("list", Effect::Cut { after_bytes });
        stage.sim.faults().add(cut.times(1));
    }
    let pods = watched(stage.client.clone());
    let mut doubts = 0;
    until(
        &pods,
        "the whole list",
        Duration::from_secs(60),
        |freshness| {
            doubts += usize::from(doubted(freshness));
            if *freshness == Freshness::Live {
                assert_eq!(pods.len(), 40, "half a list passed for the whole");
            }
            *freshness == Freshness::Live
        },
    )
    .await;
    assert!(doubts > 0, "nobody was told that the list had broken");
    recovered(&pods, &stage.client, SOON).await;
}

/// Covers: RTU-09
#[tokio::test(start_paused = true)]
async fn a_watch_cut_mid_event_is_resumed_without_loss() {
    let stage = Stage::new(5);
    let pods = watched(stage.client.clone());
    recovered(&pods, &stage.client, SOON).await;
    for round in 0..12_usize {
        // The running watch ends by itself after half a minute; the next one breaks within an event.
        let cut = Effect::Cut {
            after_bytes: 100 + 97 * round,
        };
        stage.sim.faults().add(stage.fault("watch", cut).times(1));
        tokio::time::sleep(Duration::from_secs(31)).await;
        stage.create(&format!("new-{round}"));
        let gone = if round < 5 {
            format!("pod-{round}")
        } else {
            format!("new-{}", round - 5)
        };
        stage.delete(&gone).await;
        stage.create(&format!("more-{round}"));
        recovered(&pods, &stage.client, SOON).await;
    }
    assert_eq!(
        stage.lists.load(Ordering::Relaxed),
        1,
        "a cut watch was listed again"
    );
}

/// Covers: RTU-07, RTU-09
#[tokio::test(start_paused = true)]
async fn a_storm_of_410_is_no_storm_of_lists_and_leaves_no_gap() {
    let stage = Stage::new(30);
    let pods = watched(stage.client.clone());
    recovered(&pods, &stage.client, SOON).await;
    stage.lists.store(0, Ordering::Relaxed);
    let gone = Effect::Fail {
        code: 410,
        retry_after: None,
    };
    stage.sim.faults().add(stage.fault("watch", gone));
    stage.delete("pod-3").await;
    stage.sim.forget_history();
    let (since, mut doubts) = (Instant::now(), 0);
    while since.elapsed() < Duration::from_secs(120) {
        doubts += usize::from(doubted(&pods.freshness()));
        assert!(pods.len() >= 29, "a re-list showed {} pods", pods.len());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(
        doubts > 1000,
        "the pauses passed for live, {doubts} of 2400 looks"
    );
    let lists = stage.lists.load(Ordering::Relaxed);
    // Doubling pauses up to 20 s make about a dozen in two minutes.
    assert!((2..=40).contains(&lists), "{lists} lists in two minutes");
    stage.sim.faults().clear();
    recovered(&pods, &stage.client, Duration::from_secs(60)).await;
    assert!(
        pods.objects()
            .iter()
            .all(|pod| &*pod.metadata.name != "pod-3"),
        "a ghost"
    );
}

/// Covers: RTU-07
#[tokio::test(start_paused = true)]
async fn an_absurd_retry_after_is_capped_and_said() {
    let stage = Stage::new(3);
    let busy = Effect::Fail {
        code: 429,
        retry_after: Some(86_400),
    };
    stage.sim.faults().add(stage.fault("list", busy).times(3));
    let pods = watched(stage.client.clone());
    until(
        &pods,
        "the refusal is said",
        Duration::from_secs(5),
        doubted,
    )
    .await;
    let took = until(&pods, "the list", Duration::from_secs(150), |f| {
        *f == Freshness::Live
    })
    .await;
    assert!(
        took > Duration::from_secs(20),
        "the server's wish was ignored: {took:?}"
    );
    recovered(&pods, &stage.client, SOON).await;
}

/// Covers: RTU-07
#[tokio::test(start_paused = true)]
async fn a_burst_of_5xx_keeps_what_was_there_and_the_moment_it_broke() {
    let stage = Stage::new(10);
    let pods = watched(stage.client.clone());
    recovered(&pods, &stage.client, SOON).await;
    for (code, verb) in [
        (500, "watch"),
        (502, "watch"),
        (503, "watch"),
        (504, "watch"),
    ] {
        let fail = Effect::Fail {
            code,
            retry_after: None,
        };
        stage.sim.faults().add(stage.fault(verb, fail).times(3));
    }
    let before = held(&pods);
    // The running watch ends by itself after half a minute.
    until(&pods, "the break is said", Duration::from_secs(45), doubted).await;
    stage.create("meanwhile");
    let Freshness::Reconnecting { since: first, .. } = pods.freshness() else {
        panic!("it recovered at once")
    };
    until(
        &pods,
        "the recovery",
        Duration::from_secs(240),
        |freshness| {
            if let Freshness::Reconnecting { since, error, .. } = freshness {
                assert_eq!(*since, first, "the moment of the break moved");
                assert!(!error.is_empty());
                assert_eq!(held(&pods), before, "something was thrown away");
            }
            *freshness == Freshness::Live && pods.len() == 11
        },
    )
    .await;
    recovered(&pods, &stage.client, SOON).await;
}

/// Covers: RTU-07, RTU-09
#[tokio::test(start_paused = true)]
async fn a_silent_watch_is_doubted_within_45_seconds() {
    let stage = Stage::new(4);
    for _ in 0..2 {
        let stall = Effect::Stall { after_bytes: 0 };
        stage.sim.faults().add(stage.fault("watch", stall).times(1));
    }
    let pods = watched(stage.client.clone());
    until(&pods, "the list", SOON, |f| *f == Freshness::Live).await;
    stage.delete("pod-1").await;
    let noticed = until(
        &pods,
        "the silence is noticed",
        Duration::from_secs(45),
        doubted,
    )
    .await;
    assert!(
        noticed > Duration::from_secs(5),
        "nothing had broken yet: {noticed:?}"
    );
    recovered(&pods, &stage.client, Duration::from_secs(90)).await;
}

/// Covers: RTU-07
#[tokio::test(start_paused = true)]
async fn a_list_that_stands_still_is_given_up_within_45_seconds() {
    let stage = Stage::new(40);
    let stall = Effect::Stall { after_bytes: 5_000 };
    stage.sim.faults().add(stage.fault("list", stall).times(1));
    let pods = watched(stage.client.clone());
    until(
        &pods,
        "the silence is noticed",
        Duration::from_secs(45),
        doubted,
    )
    .await;
    recovered(&pods, &stage.client, SOON).await;
}

/// Covers: RTU-09
#[tokio::test(start_paused = true)]
async fn a_trickle_is_waited_for() {
    let stage = Stage::new(60);
    let slow = Effect::Slow {
        bytes_per_second: 2_000,
    };
    stage.sim.faults().add(stage.fault("list", slow).times(1));
    let pods = watched(stage.client.clone());
    let took = until(
        &pods,
        "the slow list",
        Duration::from_secs(600),
        |freshness| {
            assert!(
                !doubted(freshness),
                "a slow list was given up: {freshness:?}"
            );
            *freshness == Freshness::Live
        },
    )
    .await;
    assert!(took > Duration::from_secs(15), "it was not slow: {took:?}");
    assert_eq!(held(&pods), truth(&stage.client).await);
}

/// Covers: RTU-09
#[tokio::test(start_paused = true)]
async fn a_refused_connection_is_tried_again_and_nothing_shown_is_lost() {
    let stage = Stage::new(8);
    let pods = watched(stage.client.clone());
    recovered(&pods, &stage.client, SOON).await;
    stage.sim.faults().add(Fault::new(Effect::Refuse));
    until(&pods, "the break is said", Duration::from_secs(45), doubted).await;
    tokio::time::sleep(Duration::from_secs(600)).await;
    assert_eq!(pods.len(), 8);
    assert!(doubted(&pods.freshness()), "{:?}", pods.freshness());
    stage.sim.faults().clear();
    stage.delete("pod-0").await;
    stage.create("pod-0");
    recovered(&pods, &stage.client, Duration::from_secs(45)).await;
}
