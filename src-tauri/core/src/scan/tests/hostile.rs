//! Input that is too large, half there or of another age: named and left out, never the end of a scan.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::{BROKEN, End, of, scan};
use crate::incidents::Kind;

const MEGABYTE: usize = 1 << 20;

/// Covers: INC-09
#[tokio::test]
async fn a_hundred_megabytes_are_read_whole() {
    let mut text = String::with_capacity(101 * MEGABYTE);
    let line = format!("    {}\n", "x".repeat(250));
    for index in 0..100 {
        writeln!(
            text,
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c{index}, namespace: shop}}\ndata:\n  text: |"
        )
        .unwrap();
        let lines = MEGABYTE / line.len();
        (0..lines).for_each(|_| text.push_str(&line));
        text.push_str("---\n");
    }
    text.push_str("kind: Pod\nmetadata: [half]\n");
    text.push_str(BROKEN);
    assert!(text.len() > 100 * MEGABYTE - MEGABYTE, "{}", text.len());
    let ran = of(&text).await;
    assert_eq!(ran.types(), ["image_pull_error"], "{}", ran.log);
}

#[tokio::test]
async fn nonsense_by_the_megabyte_is_named_and_the_rest_is_looked_at() {
    for (piece, end) in [("x", 2), ("[", 2), ("- - - ", 2), ("\"", 2), ("# x\n", 0)] {
        let nonsense = piece.repeat(8 * MEGABYTE / piece.len());
        let ran = of(&format!("{BROKEN}\n---\n{nonsense}")).await;
        assert_eq!(ran.end.code(), end, "{piece:?}: {}", ran.log);
        assert_eq!(ran.types(), ["image_pull_error"], "{piece:?}");
        let named = ran.log.contains("document 3") && ran.log.len() < 4_096;
        assert!(named || end == 0, "{piece:?}: {}", ran.log);
    }
}

#[tokio::test]
async fn half_an_object_of_any_kind_is_looked_at_or_named() {
    for kind in Kind::ALL {
        let version = match kind.group() {
            "" => kind.version().to_owned(),
            group => format!("{group}/{}", kind.version()),
        };
        let whole =
            json!({"apiVersion": version, "kind": kind.name(), "metadata": {"name": "half"}});
        let with = |key: &str, value: Value| {
            let mut object = whole.clone();
            object[key] = value;
            object
        };
        for half in [
            whole.clone(),
            with("metadata", json!(null)),
            with(
                "metadata",
                json!({"name": "half", "creationTimestamp": "yesterday"}),
            ),
            with("spec", json!(null)),
            with(
                "spec",
                json!({"template": null, "containers": [null], "rules": [null], "ports": [{}]}),
            ),
            with(
                "spec",
                json!({"template": {"spec": {"containers": [{}], "volumes": [{}]}}}),
            ),
            with(
                "status",
                json!({"conditions": [{}], "containerStatuses": [{}]}),
            ),
            with("status", json!([])),
            with("webhooks", json!([{}])),
        ] {
            let ran = of(&half.to_string()).await;
            let answer = ran.json();
            assert_eq!(ran.end, End::Looked, "{half}: {}", ran.log);
            // What no controller has seen cannot be said to be down.
            let grave = answer["incidents"].as_array().unwrap().iter();
            let grave = grave.filter(|one| one["severity"] == "critical").count();
            assert_eq!(grave, 0, "{half}: {answer:#}");
        }
    }
}

#[tokio::test]
async fn what_a_newer_cluster_says_is_taken_as_far_as_it_is_known() {
    // Fields, reasons and phases nobody has heard of yet change nothing of what is known.
    let newer = BROKEN
        .replace(
            "phase: Pending",
            "phase: Pending\n  hibernation: {since: 5}\n  conditions: [{type: Levitating, status: Maybe}]",
        )
        .replace("nodeName: n1,", "nodeName: n1, teleport: [a, {b: c}],");
    let ran = of(&newer).await;
    assert_eq!(
        (ran.end, ran.types()),
        (End::Looked, vec!["image_pull_error".to_owned()])
    );
    let waits = newer.replace("ImagePullBackOff", "WaitingForMoonrise");
    let ran = of(&waits).await;
    assert_eq!(
        (ran.end, ran.types()),
        (End::Looked, Vec::<String>::new()),
        "{}",
        ran.log
    );
    for (version, kind) in [
        ("batch/v2", "CronJob"),
        ("autoscaling/v9", "HorizontalPodAutoscaler"),
        ("networking.k8s.io/v2alpha1", "Ingress"),
    ] {
        let text =
            format!("{BROKEN}---\napiVersion: {version}\nkind: {kind}\nmetadata: {{name: new}}\n");
        let ran = of(&text).await;
        assert_eq!(ran.types(), ["image_pull_error"]);
        let named = ran.log.contains("\"new\"") && ran.log.contains(version);
        assert!(named, "{version} {kind}: {}", ran.log);
    }
}

/// Covers: INC-09
#[tokio::test]
async fn now_is_what_is_given_else_the_newest_time_in_the_input_else_the_clock() {
    let at = |ran: &super::Ran| ran.json()["incidents"][0]["timestamp"].clone();
    assert_eq!(at(&of(BROKEN).await), "2026-01-01T00:10:00Z");
    let given = ["-f", "-", "-o", "json", "--now", "2026-01-01T02:00:00Z"];
    assert_eq!(at(&scan(&given, BROKEN).await), "2026-01-01T02:00:00Z");
    let timeless = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {nodeName: n1, containers: [{name: app, image: a}]}\n\
        status: {containerStatuses: [{name: app, state: {waiting: {reason: ImagePullBackOff}}}]}\n";
    // A time that is missing counts as elapsed; the clock of these tests stands.
    assert_eq!(at(&of(timeless).await), "2026-09-21T14:13:20Z");
}

/// Covers: INC-09
#[tokio::test]
async fn a_kind_that_is_not_in_the_input_is_unknown_and_an_empty_list_of_it_is_not() {
    let caller = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: shop}\n\
        spec: {selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, spec: {containers: \
        [{name: app, image: a, envFrom: [{secretRef: {name: gone}}]}]}}}\n";
    assert_eq!(of(caller).await.types(), [""; 0]);
    let ran = of(&format!(
        "{caller}---\nkind: SecretList\napiVersion: v1\nitems: []\n"
    ))
    .await;
    assert_eq!(ran.types(), ["dangling_reference"], "{}", ran.log);
    assert_eq!(
        ran.json()["incidents"][0]["rootCause"]["cause"],
        "secret_missing"
    );
}
