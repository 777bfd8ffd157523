//! `kubegraf fix` on the embedded demo cluster: shown, refused, applied and seen to heal.

#![allow(
    clippy::unwrap_used,
    reason = "a test file: what is not there fails the test"
)]

use std::{path::Path, sync::Arc};

use kubegraf_core::{
    Options,
    clock::SystemClock,
    clusters::Sources,
    fix::{self, End},
    store::Store,
};
use serde_json::Value;
use time::OffsetDateTime;

async fn fix(data: &Path, arguments: &[&str], input: &str) -> (End, Value, String) {
    let options = Options {
        data_dir: data.into(),
        sources: Sources {
            kubeconfigs: Vec::new(),
            demo: false,
        },
        actor: "tester".into(),
        clock: Arc::new(SystemClock),
    };
    let (mut out, mut log) = (Vec::new(), Vec::new());
    let mut input = input.as_bytes();
    let arguments = ["--demo", "-o", "json"].iter().chain(arguments);
    let arguments = arguments.map(Into::into);
    let end = fix::run(arguments, options, &mut input, &mut out, &mut log)
        .await
        .unwrap();
    let answer = serde_json::from_slice(&out).unwrap();
    (end, answer, String::from_utf8(log).unwrap())
}

async fn audited(data: &Path) -> usize {
    let now = OffsetDateTime::now_utc();
    let (store, _) = Store::open(&data.join("kubegraf.db"), now).await.unwrap();
    let rows = store.audit(None, 100).await.unwrap();
    store.close().await;
    rows.len()
}

/// Covers: FIX-01, FIX-03, FIX-06, FIX-07, FIX-09
#[tokio::test(flavor = "multi_thread")]
async fn a_fix_is_shown_refused_and_applied() {
    let data = tempfile::tempdir().unwrap();
    let (end, answer, log) = fix(data.path(), &["--incident", "inc-none-1"], "").await;
    assert_eq!(end, End::Nothing, "{log}");
    let error = answer["error"].as_str().unwrap();
    let ids: Vec<&str> = error
        .split("there are: ")
        .nth(1)
        .unwrap()
        .split(", ")
        .collect();
    let pull = ids
        .into_iter()
        .find(|id| id.starts_with("inc-image_pull_error-"))
        .unwrap();

    let (end, answer, log) = fix(data.path(), &["--incident", pull, "--dry-run"], "").await;
    assert_eq!(end, End::Done, "{log}");
    assert_eq!(answer["fix"]["action"], "rollback_workload");
    assert_eq!(answer["plan"]["applicable"], true);
    assert!(answer["execution"].is_null() && answer["error"].is_null());

    let (end, answer, log) = fix(data.path(), &["--incident", pull], "no\n").await;
    assert_eq!(end, End::Failed);
    assert!(
        log.contains("[y/N]") && answer["execution"].is_null(),
        "{log}"
    );
    assert_eq!(audited(data.path()).await, 0, "nothing was sent");

    let (end, answer, log) = fix(data.path(), &["--incident", pull, "--yes"], "").await;
    assert_eq!(end, End::Done, "{log}: {answer:#}");
    assert_eq!(answer["execution"]["outcome"], "healed");
    assert_eq!(answer["execution"]["incident"], pull);
    assert!(!answer["output"].as_array().unwrap().is_empty());
    assert_eq!(audited(data.path()).await, 2, "one row before, one after");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_looked_at_is_said() {
    let data = tempfile::tempdir().unwrap();
    let (end, answer, log) = fix(data.path(), &["--frist"], "").await;
    assert_eq!(end, End::Blind);
    assert!(log.contains("--frist"), "{log}");
    assert!(answer["error"].as_str().unwrap().contains("--frist"));
}
