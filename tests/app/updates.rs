//! Updates against a publisher of the test's own: signed rightly, signed by somebody else, signed for another
//! version, cut short, and not there at all. Nothing leaves this machine.

use std::{
    io::{Read, Write},
    net::TcpListener,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use ring::signature::{Ed25519KeyPair, KeyPair};
use serde_json::{Value, json};

use super::Shell;

/// What is published: it only has to begin like a program.
const PROGRAM: &[u8] =
    b"\x7fELF a newer version of the app, long enough to be taken for a program by who installs it";

/// A publisher's key, in minisign's form.
struct Publisher(Ed25519KeyPair);

impl Publisher {
    fn new(seed: u8) -> Self {
        Self(Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap())
    }

    fn public(&self) -> String {
        let mut key = b"Ed12345678".to_vec();
        key.extend_from_slice(self.0.public_key().as_ref());
        STANDARD.encode(format!(
            "untrusted comment: a test's\n{}\n",
            STANDARD.encode(key)
        ))
    }

    fn sign(&self, bytes: &[u8], version: &str) -> String {
        let signature = self.0.sign(bytes);
        let comment = format!("timestamp:1\tfile:kubegraf\tversion:{version}");
        let mut whole = signature.as_ref().to_vec();
        whole.extend_from_slice(comment.as_bytes());
        let global = STANDARD.encode(self.0.sign(&whole).as_ref());
        let mut line = b"Ed12345678".to_vec();
        line.extend_from_slice(signature.as_ref());
        STANDARD.encode(format!(
            "untrusted comment: a test's\n{}\ntrusted comment: {comment}\n{global}\n",
            STANDARD.encode(line)
        ))
    }
}

/// Answers `/latest.json` and everything else with a program; counts what it was asked.
fn serve(
    version: &'static str,
    signature: String,
    program: &'static [u8],
) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let asked = Arc::new(AtomicUsize::new(0));
    let (count, own) = (Arc::clone(&asked), address.clone());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            count.fetch_add(1, Ordering::SeqCst);
            let mut request = [0; 4096];
            let length = stream.read(&mut request).unwrap_or(0);
            let text = String::from_utf8_lossy(&request[..length]).into_owned();
            let body = match text.starts_with("GET /latest.json") {
                true => json!({
                    "version": version,
                    "notes": "Everything is <b>better</b>.",
                    "pub_date": "2026-11-01T10:00:00Z",
                    "url": format!("{own}/kubegraf"),
                    "signature": signature,
                })
                .to_string()
                .into_bytes(),
                false => program.to_vec(),
            };
            let head = format!(
                "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                body.len()
            );
            // A client that has gone wants no answer.
            let _ = stream
                .write_all(head.as_bytes())
                .and_then(|()| stream.write_all(&body));
        }
    });
    (address, asked)
}

fn shell(endpoint: &str, key: &str, program: &std::path::Path) -> Shell {
    let config = json!({"endpoints": [endpoint], "pubkey": key, "requireSignedVersion": true});
    Shell::open_with(Some(config), Some(program.to_owned()))
}

fn ask(shell: &Shell, command: &str, request: Value) -> Result<Value, Value> {
    shell.invoke(command, json!({"request": request}))
}

fn check(shell: &Shell) -> Value {
    ask(shell, "check_update", json!({})).unwrap()["phase"].clone()
}

fn install(shell: &Shell, version: &str) -> Value {
    let request = json!({"requestId": "a", "version": version});
    ask(shell, "install_update", request).unwrap()["phase"].clone()
}

/// Covers: UPD-01, UPD-02
#[test]
fn what_its_publisher_has_signed_is_installed_and_nothing_else() {
    let ours = Publisher::new(1);
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("kubegraf");
    let run = |signature: String, bytes: &'static [u8]| {
        std::fs::write(&program, b"\x7fELF what runs now").unwrap();
        let (address, _) = serve("9.9.9", signature, bytes);
        let shell = shell(&format!("{address}/latest.json"), &ours.public(), &program);
        let found = check(&shell);
        assert_eq!(found["phase"], "available", "{found}");
        assert_eq!(found["value"]["version"], "9.9.9");
        assert_eq!(found["value"]["notes"], "Everything is <b>better</b>.");
        let other = ask(
            &shell,
            "install_update",
            json!({"requestId": "b", "version": "1.0.0"}),
        );
        assert_eq!(other.unwrap_err()["code"], "not_found");
        let phase = install(&shell, "9.9.9");
        (phase, std::fs::read(&program).unwrap())
    };
    for (signature, bytes) in [
        (Publisher::new(2).sign(PROGRAM, "9.9.9"), PROGRAM),
        (ours.sign(PROGRAM, "0.0.1"), PROGRAM),
        (ours.sign(PROGRAM, "9.9.9"), &PROGRAM[..20]),
        ("nonsense".into(), PROGRAM),
    ] {
        let (phase, there) = run(signature, bytes);
        assert_eq!(phase["phase"], "failed", "{phase}");
        let why = phase["value"].as_str().unwrap();
        assert!(
            why.starts_with("its signature is not the publisher's"),
            "{why}"
        );
        assert_eq!(there, b"\x7fELF what runs now", "{why}");
    }
    let (phase, there) = run(ours.sign(PROGRAM, "9.9.9"), PROGRAM);
    assert_eq!(phase, json!({"phase": "installed", "value": "9.9.9"}));
    assert_eq!(there, PROGRAM);
}

/// Covers: UPD-06
#[test]
fn nobody_is_asked_unless_named_and_who_is_away_is_no_error() {
    let ours = Publisher::new(1);
    let (address, asked) = serve("0.0.1", ours.sign(PROGRAM, "0.0.1"), PROGRAM);
    let program = std::path::Path::new("/nowhere/kubegraf");
    let endpoint = format!("{address}/latest.json");
    for config in [
        None,
        Some(json!({"endpoints": [], "pubkey": ours.public()})),
        Some(json!({"endpoints": [endpoint], "pubkey": ""})),
    ] {
        let shell = Shell::open_with(config, None);
        let refused = ask(&shell, "check_update", json!({})).unwrap_err();
        assert_eq!(refused["code"], "switched_off", "{refused}");
    }
    assert_eq!(asked.load(Ordering::SeqCst), 0, "somebody was asked");

    let shell = shell(&endpoint, &ours.public(), program);
    assert_eq!(
        check(&shell)["phase"],
        "newest",
        "an older version is no update"
    );
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    drop(shell);

    // A port that nobody listens on.
    let free = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let shell = self::shell(
        &format!("http://{free}/latest.json"),
        &ours.public(),
        program,
    );
    assert_eq!(check(&shell)["phase"], "offline");
}
