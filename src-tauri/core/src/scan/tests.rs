//! Scans as they are called: arguments in, text and exit code out.

mod hostile;

use std::{fs, path::PathBuf};

use serde_json::{Value, json};
use time::OffsetDateTime;

use super::*;

#[derive(Debug)]
struct Fixed;

impl Clock for Fixed {
    fn now(&self) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp(1_790_000_000).unwrap()
    }
}

pub(super) struct Ran {
    pub end: End,
    pub out: String,
    pub log: String,
}

impl Ran {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}", self.out))
    }
    pub fn types(&self) -> Vec<String> {
        let answer = self.json();
        let incidents = answer["incidents"].as_array().unwrap();
        let word = |value: &Value| value.as_str().unwrap().to_owned();
        incidents.iter().map(|i| word(&i["type"])).collect()
    }
}

async fn scan(arguments: &[&str], input: &str) -> Ran {
    let (mut out, mut log) = (Vec::new(), Vec::new());
    let arguments = arguments.iter().map(OsString::from);
    let mut input = input.as_bytes();
    let end = run(arguments, &mut input, &mut out, &mut log, &Fixed)
        .await
        .unwrap();
    Ran {
        end,
        out: String::from_utf8(out).unwrap(),
        log: String::from_utf8(log).unwrap(),
    }
}

pub(super) async fn of(text: &str) -> Ran {
    scan(&["-f", "-", "-o", "json"], text).await
}

const BROKEN: &str = r"
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, creationTimestamp: 2026-01-01T00:00:00Z}
spec: {nodeName: n1, containers: [{name: app, image: 'reg.io/web:v9'}]}
status:
  phase: Pending
  startTime: 2026-01-01T00:00:01Z
  containerStatuses:
  - {name: app, image: 'reg.io/web:v9', restartCount: 0, ready: false, state: {waiting: {reason: ImagePullBackOff, message: 'reg.io/web:v9: not found'}}}
---
# a comment alone
---
apiVersion: v1
kind: Event
metadata: {name: web.1, namespace: shop}
involvedObject: {kind: Pod, namespace: shop, name: web}
reason: Failed
type: Warning
message: 'Failed to pull image: reg.io/web:v9: not found'
count: 3
lastTimestamp: 2026-01-01T00:10:00Z
";

/// Covers: INC-09, INC-10
#[tokio::test]
async fn the_answer_has_the_catalogues_fields() {
    let ran = of(BROKEN).await;
    assert_eq!((ran.end, ran.log.as_str()), (End::Looked, ""));
    let answer = ran.json();
    assert_eq!(answer["findings"], json!([]));
    assert_eq!(answer["notes"], json!([]));
    let incident = &answer["incidents"][0];
    assert_eq!(incident["id"], "inc-image_pull_error-1767225601");
    assert_eq!(incident["timestamp"], "2026-01-01T00:10:00Z");
    assert_eq!(incident["type"], "image_pull_error");
    assert_eq!(incident["rootCause"]["cause"], "image_tag_not_found");
    assert!(incident["rootCause"]["confidence"].as_f64().unwrap() > 0.6);
    assert_eq!(
        incident["resource"],
        json!({"apiVersion": "v1", "kind": "Pod", "namespace": "shop", "name": "web"})
    );
    assert_eq!(incident["rootCause"]["target"], incident["resource"]);
    assert_eq!(incident["symptoms"][0]["type"], "image_pull_error");
    assert_eq!(
        incident["rootCause"]["evidence"][0]["observed"],
        "ImagePullBackOff"
    );
    let fix = &incident["recommendedFixes"][0];
    assert_eq!(fix["action"], "plan");
    assert_eq!(fix["patch"], json!({"type": "none", "body": null}));
    assert_eq!(
        of(BROKEN).await.out,
        ran.out,
        "the same input, the same bytes"
    );
}

const LEFTOVERS: &str = "
apiVersion: v1
kind: Service
metadata: {name: old, namespace: shop}
spec: {selector: {app: gone}, ports: [{port: 80}]}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: old, namespace: shop}
spec: {minAvailable: 1, selector: {matchLabels: {app: gone}}}
---
apiVersion: v1
kind: PersistentVolume
metadata: {name: pv-1}
spec: {persistentVolumeReclaimPolicy: Retain, claimRef: {namespace: shop, name: data}}
status: {phase: Released}
";

/// Covers: INC-09
#[tokio::test]
async fn leftovers_are_notes_and_only_where_their_kinds_were_read() {
    let names = |answer: &Value| -> Vec<(String, String)> {
        let notes = answer["notes"].as_array().unwrap().iter();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        notes
            .map(|note| (text(&note["note"]), text(&note["object"]["name"])))
            .collect()
    };
    let note = |sort: &str, name: &str| (sort.to_owned(), name.to_owned());
    let without_pods = of(LEFTOVERS).await.json();
    assert_eq!(names(&without_pods), [note("volume_released", "pv-1")]);
    let pods = "---\napiVersion: v1\nkind: PodList\nitems: []\n";
    let whole = of(&format!("{LEFTOVERS}{pods}")).await.json();
    assert_eq!(whole["incidents"], json!([]));
    assert_eq!(
        names(&whole),
        [
            note("service_unused", "old"),
            note("volume_released", "pv-1"),
            note("budget_covers_nothing", "old"),
        ]
    );
    let deployment = "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: shop}\n\
        spec: {replicas: 0, selector: {matchLabels: {app: gone}}, template: {metadata: {labels: {app: gone}}, \
        spec: {containers: [{name: a, image: a}]}}}\n";
    let used = of(&format!("{LEFTOVERS}{pods}{deployment}")).await.json();
    assert_eq!(names(&used), [note("volume_released", "pv-1")]);
}

#[tokio::test]
async fn lists_of_every_shape_hold_their_objects() {
    let pod = json!({"metadata": {"name": "web", "namespace": "shop"},
        "spec": {"nodeName": "n1", "containers": [{"name": "app", "image": "a"}]},
        "status": {"phase": "Pending", "containerStatuses": [{"name": "app",
            "state": {"waiting": {"reason": "ImagePullBackOff"}}}]}});
    let mut whole = pod.clone();
    whole["apiVersion"] = "v1".into();
    whole["kind"] = "Pod".into();
    for text in [
        json!({"apiVersion": "v1", "kind": "PodList", "items": [pod]}).to_string(),
        json!({"apiVersion": "v1", "kind": "List", "items": [whole]}).to_string(),
        json!({"kind": "PodList", "items": [pod, null]}).to_string(),
        json!([whole]).to_string(),
        format!("{whole}\n{whole}"),
        json!({"kind": "List", "items": [{"kind": "PodList", "items": [pod]}]}).to_string(),
    ] {
        let ran = of(&text).await;
        assert_eq!(ran.types(), ["image_pull_error"], "{text}\n{}", ran.log);
        assert_eq!(ran.json()["incidents"][0]["affected"], 1);
    }
}

#[tokio::test]
async fn what_cannot_be_used_is_named_and_the_rest_is_looked_at() {
    let text = format!(
        "{BROKEN}\n---\napiVersion: v1\nkind: Pod\nmetadata: {{name: half}}\nspec: 5\n---\n{}\n---\n{}\n---\n{}\n",
        "apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: w}",
        "apiVersion: apps/v2\nkind: Deployment\nmetadata: {name: d}",
        "metadata: {name: nobody}"
    );
    let ran = of(&text).await;
    assert_eq!(ran.end, End::Looked);
    assert_eq!(ran.types(), ["image_pull_error"]);
    for words in [
        "1 object of kind \"Widget\" (example.com/v1)",
        "Pod \"half\"",
        "\"d\" of API version \"apps/v2\"",
        "without kind",
    ] {
        assert!(ran.log.contains(words), "{words}: {}", ran.log);
    }
}

#[tokio::test]
async fn what_cannot_be_read_ends_in_two_with_json_on_standard_output() {
    for (arguments, input, word) in [
        (
            &["-f", "/no/such.yaml", "-o", "json"][..],
            "",
            "/no/such.yaml",
        ),
        (&["-f", "-", "-o", "json"], "a: [1\n", "document 1"),
        (&["-f", "-", "-o", "json"], "just words", "document 1"),
        (&["-f", "-", "-o", "json", "--now", "x"], "", "--now"),
        (&["--wat", "-o", "json"], "", "--wat"),
        (
            &["-f", "-", "-o", "json", "--checks", "all of them"],
            "",
            "security",
        ),
        (&["--kubeconfig", "/no/such", "-o", "json"], "", "/no/such"),
    ] {
        let ran = scan(arguments, input).await;
        assert_eq!(ran.end.code(), 2, "{arguments:?}");
        assert_eq!(ran.json()["incidents"], json!([]));
        assert!(ran.log.contains(word), "{word}: {}", ran.log);
    }
    let partly = of(&format!("{BROKEN}\n---\na: [1\n")).await;
    assert_eq!(partly.end.code(), 2);
    assert_eq!(partly.types(), ["image_pull_error"]);
}

#[tokio::test]
async fn files_and_directories_are_read_and_exit_codes_follow_severity() {
    let place = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| -> PathBuf {
        let path = place.path().join(name);
        fs::write(&path, text).unwrap();
        path
    };
    write("a.yaml", BROKEN);
    write("readme.txt", "not: [read");
    let directory = place.path().to_str().unwrap();
    for (limit, code) in [("high", 1), ("critical", 0)] {
        let ran = scan(&["-f", directory, "--fail-on", limit], "").await;
        assert_eq!(ran.end.code(), code, "{}", ran.log);
        assert!(ran.out.contains("does not exist"), "{}", ran.out);
    }
    let elsewhere = scan(&["-f", directory, "-n", "other"], "").await;
    assert_eq!(elsewhere.out, "No incidents.\n");
    let wide: Vec<u8> = std::iter::once(0xfeff_u16)
        .chain(BROKEN.encode_utf16())
        .flat_map(u16::to_le_bytes)
        .collect();
    fs::write(place.path().join("a.yaml"), wide).unwrap();
    let ran = scan(&["-f", directory, "-o", "json"], "").await;
    assert_eq!(ran.types(), ["image_pull_error"], "{}", ran.log);
}

#[tokio::test]
async fn nothing_makes_a_scan_panic() {
    for text in [
        "",
        "---\n---\n",
        "null",
        "[]",
        "{}",
        "[[[[[[[[]]]]]]]]",
        "kind: Pod",
        "kind: List\nitems: 3",
        "kind: PodList\napiVersion: v1\nitems: []",
        "apiVersion: v1\nkind: Pod\nmetadata: []",
        "apiVersion: v1\nkind: Pod\nmetadata: {name: x}\nstatus: {containerStatuses: [{restartCount: -1}]}",
        "apiVersion: v1\nkind: Node\nmetadata: {name: x}\nstatus: {conditions: [{type: Ready}]}",
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: x}\nspec: {template: {spec: {containers: [{}]}}}",
        "apiVersion: v1\nkind: Service\nmetadata: {name: x}\nspec: {ports: [{port: 99999}]}",
        "kind: {a: b}\n",
        "\u{0}\u{1}",
        "!!binary x",
        "&a *a",
        "? [a]\n: b",
    ] {
        let ran = of(text).await;
        let _ = ran.json();
    }
}

/// Covers: SEC-11
#[tokio::test]
async fn insecure_settings_are_findings_of_their_own() {
    let text = "kind: PodList\nitems:\n- metadata: {name: web, namespace: shop}\n  spec:\n    hostPID: true\n    containers: [{name: app, image: 'a:1'}]\n";
    let ran = scan(
        &[
            "-f",
            "-",
            "-o",
            "json",
            "--checks",
            "security",
            "--fail-on",
            "high",
        ],
        text,
    )
    .await;
    assert_eq!(ran.end.code(), 1, "{}", ran.log);
    let answer = ran.json();
    assert_eq!(answer["incidents"], json!([]));
    let first = &answer["findings"][0];
    assert_eq!(
        (&first["check"], &first["level"]),
        (&json!("hostNamespaces"), &json!("baseline"))
    );
    assert_eq!(first["severity"], json!("high"));
    assert_eq!(first["paths"], json!(["spec.hostPID"]));
    assert_eq!(
        first["fix"],
        json!([{"path": "spec.hostPID", "value": false}])
    );
    assert_eq!(first["resource"]["kind"], json!("Pod"));
    let incidents = scan(&["-f", "-", "-o", "json"], text).await.json();
    assert_eq!(incidents["findings"], json!([]));
    let table = scan(&["-f", "-", "--checks", "all", "-n", "shop"], text).await;
    assert!(
        table.out.contains("hostNamespaces: Pod/web in shop"),
        "{}",
        table.out
    );
    let elsewhere = scan(
        &["-f", "-", "-o", "json", "--checks", "all", "-n", "other"],
        text,
    )
    .await;
    assert_eq!(elsewhere.json()["findings"], json!([]));
}

#[tokio::test]
async fn a_program_for_credentials_runs_only_when_allowed() {
    let folder = tempfile::tempdir().unwrap();
    let (config, mark) = (folder.path().join("config"), folder.path().join("ran"));
    let text = json!({"apiVersion": "v1", "kind": "Config", "current-context": "c",
        "clusters": [{"name": "c", "cluster": {"server": "http://127.0.0.1:1"}}],
        "users": [{"name": "u", "user": {"exec": {"apiVersion": "client.authentication.k8s.io/v1",
            "command": "touch", "args": [mark.display().to_string()], "interactiveMode": "Never"}}}],
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}]});
    std::fs::write(&config, text.to_string()).unwrap();
    let config = config.display().to_string();
    let ran = scan(&["--kubeconfig", &config, "-o", "json"], "").await;
    assert_eq!(ran.end.code(), 2);
    assert!(
        ran.log.contains("\"touch\"") && ran.log.contains("--allow-exec"),
        "{}",
        ran.log
    );
    assert!(!mark.exists());
    let ran = scan(&["--kubeconfig", &config, "-o", "json", "--allow-exec"], "").await;
    assert_eq!(ran.end.code(), 2);
    assert!(mark.exists() || cfg!(windows), "{}", ran.log);
}
