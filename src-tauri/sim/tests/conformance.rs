//! The sim against a real kube-apiserver: the same requests to both, every difference either listed with its reason
//! or a failure. `KUBEGRAF_CONFORMANCE_KUBECONFIG` names the real cluster; without it the test says it was skipped.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::needless_pass_by_value,
    reason = "helpers of tests: they fail by panicking and print what they measured"
)]

#[path = "conformance/compare.rs"]
mod compare;
#[path = "conformance/known.rs"]
mod known;
#[path = "conformance/scenarios.rs"]
mod scenarios;

use std::collections::BTreeMap;

use kube::{Client, Config, config};
use kubegraf_sim::{Sim, SimOptions};
use scenarios::{Request, Scenario};
use serde_json::{Value, json};

/// What one side answered: a code and the body as JSON (or the events of a watch, or plain text).
#[derive(Debug)]
struct Answer {
    code: u16,
    body: Value,
}

async fn send(
    client: &Client,
    r: &Request,
    namespace: &str,
    memory: &BTreeMap<&str, String>,
) -> Answer {
    let fill = |text: &str| {
        let mut text = text.replace("{ns}", namespace);
        for (key, value) in memory {
            text = text.replace(&format!("{{{key}}}"), value);
        }
        text
    };
    let mut builder = http::Request::builder()
        .method(r.method)
        .uri(fill(&r.path))
        .header("accept", r.accept);
    if !r.content_type.is_empty() {
        builder = builder.header("content-type", r.content_type);
    }
    let body = if r.body.is_null() {
        Vec::new()
    } else {
        fill(&r.body.to_string()).into_bytes()
    };
    let request = builder.body(kube::client::Body::from(body)).unwrap();
    let response = client.send(request).await.expect("the server answers");
    let code = response.status().as_u16();
    let bytes = http_body_util::BodyExt::collect(response.into_body())
        .await
        .expect("a whole body")
        .to_bytes();
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let body = serde_json::from_str(&text).unwrap_or_else(|_| {
        let lines: Result<Vec<Value>, _> = text.lines().map(serde_json::from_str).collect();
        lines.map_or_else(|_| json!(text), Value::from)
    });
    Answer { code, body }
}

async fn play(client: &Client, scenario: &Scenario, namespace: &str) -> Vec<Answer> {
    let mut memory: BTreeMap<&str, String> = BTreeMap::new();
    let mut answers = Vec::new();
    for r in &scenario.requests {
        let answer = send(client, r, namespace, &memory).await;
        for (key, pointer) in &r.remember {
            let found = answer
                .body
                .pointer(pointer)
                .and_then(Value::as_str)
                .unwrap_or_default();
            memory.insert(key, found.to_owned());
        }
        answers.push(answer);
    }
    answers
}

async fn prepare(client: &Client, namespace: &str) {
    let make = scenarios::post(
        "/api/v1/namespaces",
        json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}),
    );
    send(client, &make, namespace, &BTreeMap::new()).await;
    for _ in 0..100 {
        let account = send(
            client,
            &scenarios::get("/api/v1/namespaces/{ns}/serviceaccounts/default"),
            namespace,
            &BTreeMap::new(),
        )
        .await;
        let authority = send(
            client,
            &scenarios::get("/api/v1/namespaces/{ns}/configmaps/kube-root-ca.crt"),
            namespace,
            &BTreeMap::new(),
        )
        .await;
        if account.code == 200 && authority.code == 200 {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("no service account in {namespace}");
}

#[tokio::test]
async fn the_sim_answers_as_the_real_server_does() {
    let Ok(path) = std::env::var("KUBEGRAF_CONFORMANCE_KUBECONFIG") else {
        println!(
            "SKIPPED conformance: KUBEGRAF_CONFORMANCE_KUBECONFIG names no kubeconfig of a real cluster"
        );
        return;
    };
    let file = config::Kubeconfig::read_from(&path).expect("a kubeconfig");
    let config = Config::from_custom_kubeconfig(file, &config::KubeConfigOptions::default())
        .await
        .expect("a usable kubeconfig");
    let real = Client::try_from(config).expect("a client");
    let sim = Sim::new(SimOptions::default());
    let simulated = Client::new(sim.service(), "default");
    let run = std::process::id();
    let (mut failures, mut used, mut compared) = (Vec::new(), BTreeMap::new(), 0);
    for (i, scenario) in scenarios::all().iter().enumerate() {
        let namespace = format!("kgt-conformance-{run}-{i}");
        prepare(&real, &namespace).await;
        prepare(&simulated, &namespace).await;
        let (ours, theirs) = (
            play(&simulated, scenario, &namespace).await,
            play(&real, scenario, &namespace).await,
        );
        let gone = scenarios::delete("/api/v1/namespaces/{ns}", Value::Null);
        send(&real, &gone, &namespace, &BTreeMap::new()).await;
        for (step, (a, b)) in ours.iter().zip(&theirs).enumerate() {
            compared += 1;
            let mut differences = Vec::new();
            if a.code != b.code {
                differences.push(("code".to_owned(), json!(a.code), json!(b.code)));
            }
            compare::differences(
                &compare::normal(&a.body, &namespace),
                &compare::normal(&b.body, &namespace),
                "",
                &mut differences,
            );
            for (at, sim, real) in differences {
                let place = format!("{}#{step} {at}", scenario.name);
                match known::reason(scenario.name, step, &at) {
                    Some(reason) => used.entry(reason).or_insert_with(Vec::new).push(place),
                    None => failures.push(format!("{place}\n    sim:  {sim}\n    real: {real}")),
                }
            }
        }
    }
    println!(
        "conformance: {compared} answers compared, {} unlisted differences",
        failures.len()
    );
    for (reason, places) in &used {
        println!(
            "known difference: {reason} ({} places, e.g. {})",
            places.len(),
            places[0]
        );
    }
    assert!(
        failures.is_empty(),
        "{} unlisted differences:\n{}",
        failures.len(),
        failures.join("\n")
    );
}
