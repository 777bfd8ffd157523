//! Snapshots as "kubectl get -o yaml" prints them, one file per cause: each names its type, cause and
//! target in exactly one incident, and what works gives none.

#![allow(
    clippy::unwrap_used,
    reason = "a test file: what is not there fails the test"
)]

#[path = "scan_files/rows.rs"]
mod rows;

use std::{collections::BTreeSet, ffi::OsString, fs, path::PathBuf};

use kubegraf_core::{
    clock::SystemClock,
    scan::{self, End},
};
use rows::{BROKEN, HEALED_BY, HEALTHY};
use serde_json::Value;

const NOW: &str = "2026-11-21T10:00:00Z";

fn folder() -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "tests", "scan"]
        .iter()
        .collect()
}

async fn incidents(name: &str) -> Vec<Value> {
    let file = folder().join(format!("{name}.yaml"));
    let arguments = [
        OsString::from("--file"),
        file.into(),
        "--now".into(),
        NOW.into(),
        "-o".into(),
        "json".into(),
    ];
    let (mut out, mut log) = (Vec::new(), Vec::new());
    let mut input: &[u8] = &[];
    let end = scan::run(
        arguments.into_iter(),
        &mut input,
        &mut out,
        &mut log,
        &SystemClock,
    )
    .await
    .unwrap();
    assert_eq!(
        end,
        End::Looked,
        "{name}: {}",
        String::from_utf8_lossy(&log)
    );
    let mut answer: Value = serde_json::from_slice(&out).unwrap();
    match answer["incidents"].take() {
        Value::Array(incidents) => incidents,
        other => panic!("{name}: {other}"),
    }
}

/// Covers: INC-05, INC-07, INC-09
#[tokio::test]
async fn what_is_broken_is_one_incident_with_its_cause_and_target() {
    let mut wrong = Vec::new();
    for [name, kind, cause, target] in BROKEN {
        let found = incidents(name).await;
        let seen: Vec<String> = found
            .iter()
            .map(|one| {
                let root = &one["rootCause"];
                let text = |value: &Value| value.as_str().unwrap().to_owned();
                let target = format!(
                    "{}/{}",
                    text(&root["target"]["kind"]),
                    text(&root["target"]["name"])
                );
                format!("{} {} {target}", text(&one["type"]), text(&root["cause"]))
            })
            .collect();
        if seen != [format!("{kind} {cause} {target}")] {
            wrong.push(format!("{name}: {seen:?}"));
        }
        let fixes = found.first().map(|one| &one["recommendedFixes"]);
        if fixes.and_then(Value::as_array).is_none_or(Vec::is_empty) {
            wrong.push(format!("{name}: nothing is recommended"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Covers: INC-12
#[tokio::test]
async fn the_first_fix_is_the_one_that_heals() {
    let mut wrong = Vec::new();
    for [name, action] in HEALED_BY {
        let found = incidents(name).await;
        let fix = &found[0]["recommendedFixes"][0];
        if fix["action"] != *action {
            wrong.push(format!("{name}: {fix:#}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Covers: INC-05, INC-07
#[tokio::test]
async fn what_works_is_no_incident() {
    for name in HEALTHY {
        let found = incidents(name).await;
        assert!(found.is_empty(), "{name}: {found:#?}");
    }
}

#[test]
fn every_file_has_its_row() {
    let files: BTreeSet<String> = fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    let rows = BROKEN
        .iter()
        .map(|[name, ..]| *name)
        .chain(HEALTHY.iter().copied());
    let rows: BTreeSet<String> = rows.map(str::to_owned).collect();
    assert_eq!(files, rows);
}
