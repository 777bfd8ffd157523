//! The built program scans a file without a display.

use std::{
    fs,
    process::{Command, Output},
};

const BROKEN: &str = "\
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec: {nodeName: n1, containers: [{name: app, image: web}]}
status: {containerStatuses: [{name: app, state: {waiting: {reason: ImagePullBackOff}}}]}
";

fn scan(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_kubegraf"))
        .arg("scan")
        .args(arguments)
        .env_remove("DISPLAY")
        .env_remove("WAYLAND_DISPLAY")
        .output()
        .expect("the program starts")
}

#[test]
fn a_file_is_scanned_without_a_display() {
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("pod.yaml");
    fs::write(&file, BROKEN).unwrap();
    let file = file.to_str().unwrap();
    let found = scan(&["--file", file, "--output", "json", "--fail-on", "high"]);
    assert_eq!(found.status.code(), Some(1), "{found:?}");
    let answer: serde_json::Value = serde_json::from_slice(&found.stdout).unwrap();
    assert_eq!(answer["incidents"][0]["type"], "image_pull_error");
    let blind = scan(&["--file", "/no/such", "--output", "json"]);
    assert_eq!(blind.status.code(), Some(2));
    assert!(serde_json::from_slice::<serde_json::Value>(&blind.stdout).is_ok());
    assert!(String::from_utf8_lossy(&blind.stderr).contains("/no/such"));
}
