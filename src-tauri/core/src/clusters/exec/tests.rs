//! Real programs: shell scripts in a directory of their own.

use std::{fs, os::unix::fs::PermissionsExt, path::Path, sync::Arc, time::Instant};

use super::*;
use crate::{
    clock::SystemClock,
    clusters::{
        client::calls::Calls,
        credentials::{Credentials, Source},
    },
};

const V1: &str = "client.authentication.k8s.io/v1";

fn plugin(dir: &Path, script: &str) -> Plugin {
    let file = dir.join("login");
    fs::write(&file, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
    Plugin {
        command: ExecCommand {
            command: "login".into(),
            args: vec!["--cluster".into(), "prod".into()],
            env: vec![("REGION".into(), "eu".into())],
            api_version: V1.into(),
            provide_cluster_info: true,
            needs_terminal: false,
            install_hint: Some("brew install login".into()),
        },
        allowed: true,
        cluster: Some(json!({"server": "https://a:1"})),
        path: SearchPath::of(format!("{}:/usr/bin:/bin", dir.display())),
        timeout: Duration::from_secs(10),
    }
}

fn gives(token: &str, expires: &str) -> String {
    format!(
        r#"printf '%s' '{{"apiVersion":"{V1}","kind":"ExecCredential","status":{{"token":"{token}","expirationTimestamp":"{expires}"}}}}'"#
    )
}

#[tokio::test]
async fn a_program_gets_what_the_protocol_promises_and_gives_a_token() {
    let dir = tempfile::tempdir().unwrap();
    let seen = dir.path().join("seen");
    let script = format!(
        "echo \"$@ $REGION $KUBERNETES_EXEC_INFO\" > {}; cat >> {0}; {}",
        seen.display(),
        gives("t", "2030-01-01T00:00:00Z")
    );
    let given = plugin(dir.path(), &script).run().await.unwrap();
    assert_eq!(given.token.as_deref(), Some("t"));
    assert_eq!(given.expires, Some(1_893_456_000));
    let seen = fs::read_to_string(seen).unwrap();
    let (args, info) = seen.split_once('{').unwrap();
    assert_eq!(args.trim(), "--cluster prod eu");
    let info: Value = serde_json::from_str(&format!("{{{}", info.trim())).unwrap();
    assert_eq!(
        info["spec"],
        json!({"interactive": false, "cluster": {"server": "https://a:1"}})
    );
    assert_eq!(info["apiVersion"], V1);
}

#[tokio::test]
async fn failures_say_which_binary_and_what_it_said() {
    let dir = tempfile::tempdir().unwrap();
    let error = plugin(
        dir.path(),
        "echo 'SSO session expired, token eyJhbGciOiJSUzI1NiJ9.e30.x' >&2; exit 1",
    )
    .run()
    .await
    .err()
    .unwrap();
    let binary = dir.path().join("login").display().to_string();
    assert_eq!(
        error.to_string(),
        format!("\"{binary}\" exited with 1: SSO session expired, token ***")
    );
    let mut absent = plugin(dir.path(), "");
    absent.command.command = "no-such-login".into();
    let error = absent.run().await.err().unwrap();
    assert_eq!(
        error.to_string(),
        "\"no-such-login\" was not found: brew install login"
    );
    for script in ["echo nonsense", "true", &gives("t", "soon"), &gives("", "")] {
        let error = plugin(dir.path(), script).run().await.err().unwrap();
        assert!(
            matches!(error, Error::Malformed { .. }),
            "{script}: {error}"
        );
    }
    let other = gives("t", "").replace("/v1", "/v1beta1");
    assert!(matches!(
        plugin(dir.path(), &other).run().await,
        Err(Error::Malformed { .. })
    ));
}

#[tokio::test]
async fn a_program_that_hangs_is_ended_with_its_children() {
    let dir = tempfile::tempdir().unwrap();
    let alive = dir.path().join("alive");
    let script = format!("(sleep 2; touch {}) & sleep 60", alive.display());
    let mut hangs = plugin(dir.path(), &script);
    hangs.timeout = Duration::from_millis(300);
    let began = Instant::now();
    assert!(matches!(hangs.run().await, Err(Error::TimedOut { .. })));
    assert!(began.elapsed() < Duration::from_secs(5));
    tokio::time::sleep(Duration::from_millis(2500)).await;
    assert!(!alive.exists(), "the child outlived its group");
}

#[tokio::test]
async fn endless_output_ends_the_program() {
    let dir = tempfile::tempdir().unwrap();
    let began = Instant::now();
    let error = plugin(dir.path(), "exec yes").run().await.err().unwrap();
    assert!(
        error.to_string().contains("more than 1048576 bytes")
            || matches!(error, Error::Failed { .. }),
        "{error}"
    );
    assert!(
        began.elapsed() < Duration::from_secs(9),
        "{:?}",
        began.elapsed()
    );
}

#[tokio::test]
async fn what_nobody_allowed_does_not_run() {
    let dir = tempfile::tempdir().unwrap();
    let ran = dir.path().join("ran");
    let mut unknown = plugin(dir.path(), &format!("touch {}", ran.display()));
    unknown.allowed = false;
    assert!(matches!(unknown.run().await, Err(Error::NotAllowed(_))));
    let mut old = plugin(dir.path(), &format!("touch {}", ran.display()));
    old.command.api_version = "client.authentication.k8s.io/v1alpha1".into();
    assert!(matches!(old.run().await, Err(Error::Version { .. })));
    let mut prompts = plugin(dir.path(), &format!("touch {}", ran.display()));
    prompts.command.needs_terminal = true;
    assert!(matches!(prompts.run().await, Err(Error::NeedsTerminal(_))));
    assert!(!ran.exists());
}

#[tokio::test]
async fn many_requests_run_it_once_and_a_refusal_once_more() {
    let dir = tempfile::tempdir().unwrap();
    let runs = dir.path().join("runs");
    let script = format!(
        "echo >> {}; sleep 0.2; {}",
        runs.display(),
        gives("t", "2090-01-01T00:00:00Z")
    );
    let source = Source::Exec(plugin(dir.path(), &script));
    let credentials = Credentials::new(source, Arc::new(SystemClock));
    let calls = Calls::default();
    let count = || fs::read_to_string(&runs).unwrap().lines().count();
    let all = (0..50).map(|_| credentials.current(&calls));
    let given = futures::future::try_join_all(all).await.unwrap();
    assert!(given.iter().all(|c| c.generation == 1));
    assert_eq!(count(), 1);

    assert!(credentials.refused(&given[0]) && credentials.refused(&given[1]));
    let all = (0..50).map(|_| credentials.current(&calls));
    let again = futures::future::try_join_all(all).await.unwrap();
    assert_eq!((count(), calls.figures().renewals), (2, 1));
    assert!(
        !credentials.refused(&again[0]),
        "a fresh one that is refused too is not renewed at once"
    );
    assert!(
        credentials.refused(&given[0]),
        "an older one was renewed meanwhile"
    );
    assert_eq!(count(), 2);
}

#[tokio::test]
async fn a_request_that_is_given_up_does_not_end_the_login_of_the_others() {
    let dir = tempfile::tempdir().unwrap();
    let (runs, go) = (dir.path().join("runs"), dir.path().join("go"));
    // Ends when it is told to, not before the first request was given up.
    let script = format!(
        "echo >> {}; while [ ! -e {} ]; do sleep 0.05; done; {}",
        runs.display(),
        go.display(),
        gives("t", "2090-01-01T00:00:00Z")
    );
    let source = Source::Exec(plugin(dir.path(), &script));
    let credentials = Credentials::new(source, Arc::new(SystemClock));
    let calls = Calls::default();
    {
        let first = credentials.current(&calls);
        tokio::pin!(first);
        while !runs.exists() {
            let pause = tokio::time::timeout(Duration::from_millis(20), &mut first);
            assert!(pause.await.is_err(), "it waits for the program");
        }
    }
    fs::write(&go, "").unwrap();
    credentials.current(&calls).await.unwrap();
    let started = fs::read_to_string(&runs).unwrap().lines().count();
    assert_eq!(started, 1, "it was started anew");
}

#[tokio::test]
async fn a_token_that_ends_soon_is_renewed() {
    let dir = tempfile::tempdir().unwrap();
    let runs = dir.path().join("runs");
    let script = format!(
        "echo >> {}; {}",
        runs.display(),
        gives("t", "2020-01-01T00:00:00Z")
    );
    let credentials = Credentials::new(
        Source::Exec(plugin(dir.path(), &script)),
        Arc::new(SystemClock),
    );
    let calls = Calls::default();
    credentials.current(&calls).await.unwrap();
    credentials.current(&calls).await.unwrap();
    assert_eq!(fs::read_to_string(&runs).unwrap().lines().count(), 2);
}

#[tokio::test]
async fn a_token_file_is_trimmed_and_an_absent_one_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("token");
    let calls = Calls::default();
    let credentials = || Credentials::new(Source::File(file.clone()), Arc::new(SystemClock));
    let error = credentials().current(&calls).await.unwrap_err();
    assert!(
        error.to_string().contains(&file.display().to_string()),
        "{error}"
    );
    fs::write(&file, "abc\n").unwrap();
    let given = credentials().current(&calls).await.unwrap();
    assert_eq!(given.header.as_ref().unwrap(), "Bearer abc");
}
