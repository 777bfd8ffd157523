//! Building into the cache: once, by one of several processes, and never half.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};

#[test]
fn two_builds_at_once_make_one_program() {
    if Command::new("go").arg("version").output().is_err() {
        assert_ne!(
            std::env::var("KG_REQUIRE_CLUSTER").as_deref(),
            Ok("1"),
            "go is required"
        );
        println!("SKIPPED tier-A: missing: go (install Go 1.26 or newer)");
        return;
    }
    let cache = tempfile::tempdir().expect("a temporary directory can be made");
    let both = [start(cache.path()), start(cache.path())].map(|child| {
        let output = child.wait_with_output().expect("a started program ends");
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{errors}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    });
    let built = both
        .iter()
        .filter(|said| said.contains("building node"))
        .count();
    assert_eq!(built, 1, "built by {built} of {both:?}");

    let program = find(cache.path(), "node").expect("the program is in the cache");
    let refusal = Command::new(&program).output().expect("it runs");
    assert!(String::from_utf8_lossy(&refusal.stderr).contains("usage:"));
    let beside = program
        .parent()
        .and_then(|parent| fs::read_dir(parent).ok());
    assert_eq!(
        beside.map(Iterator::count),
        Some(1),
        "something half built is left"
    );

    let again = start(cache.path())
        .wait_with_output()
        .expect("a started program ends");
    assert!(again.stdout.is_empty(), "what exists was built again");
}

#[test]
fn an_unknown_program_is_refused_with_the_known_ones() {
    let output = Command::new(BUILD)
        .arg("dockerd")
        .output()
        .expect("it runs");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(
        !output.status.success() && errors.contains("kube-apiserver"),
        "{errors}"
    );
}

const BUILD: &str = env!("CARGO_BIN_EXE_kubegraf-cluster-build");

fn start(cache: &Path) -> Child {
    Command::new(BUILD)
        .arg("node")
        .env("KUBEGRAF_CACHE", cache)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program was built with the test")
}

fn find(directory: &Path, name: &str) -> Option<std::path::PathBuf> {
    let entries = fs::read_dir(directory)
        .ok()?
        .flatten()
        .map(|entry| entry.path());
    entries.into_iter().find_map(|path| match path.is_dir() {
        true => find(&path, name),
        false => (path.file_name()? == name).then_some(path),
    })
}
